"""The whole flow as a user runs it, from a city's files to transfers: to the yen what the city expects."""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from connectors.city import found_in_clear, make_city, write_city
from state.transfer import contracts
from streams.topics import STAGES
from tests.flow.conftest import Hub

PERSONS, SEED = 250, 7


@pytest.fixture(scope="module")
def ran(hub: Hub) -> str:
    return hub.command("run", "--persons", str(PERSONS), "--seed", str(SEED))


def _one(hub: Hub, asked: str) -> Any:
    with create_engine(f"sqlite:///{hub.home / 'projection.db'}").connect() as connection:
        return connection.execute(text(asked)).one()


def test_the_ledger_is_what_the_city_expects_to_the_yen(hub: Hub, ran: str) -> None:
    expected = make_city(PERSONS, SEED).expected()
    found = _one(
        hub,
        "SELECT count(*), sum(kibetsu_choutei_gaku), sum(shuunou_gaku), sum(minou_gaku), sum(kagonou_gaku),"
        " sum(minou_gaku > 0), sum(kagonou_gaku > 0), sum(koufuri_funou_kaisuu) FROM account",
    )
    assert tuple(found) == (
        expected.accounts,
        expected.choutei_gaku,
        expected.shuunou_gaku,
        expected.minou_gaku,
        expected.kagonou_gaku,
        expected.minou_accounts,
        expected.kagonou_accounts,
        expected.funou,
    )
    assert "0 yen, 0 accounts differ" in ran
    assert "every figure and refusal agrees" in ran


def test_cases_are_open_for_exactly_those_who_owe(hub: Hub, ran: str) -> None:
    expected = make_city(PERSONS, SEED).expected()
    summary = hub.json("show", "summary")
    assert summary["persons_in_tainou"] == expected.minou_persons
    assert summary["tainou_kingaku"] == expected.minou_gaku
    assert summary["persons"] == expected.persons
    assert summary["unmatched"] == expected.unmatched_receipts
    assert summary["unmatched_kingaku"] == expected.unmatched_gaku
    assert summary["sink_problems"] == 0


def test_the_office_s_acts_are_applied_and_their_yen_are_those_of_the_city(hub: Hub, ran: str) -> None:
    expected = make_city(PERSONS, SEED).expected()
    with create_engine(f"sqlite:///{hub.home / 'projection.db'}").connect() as connection:
        moved = dict(connection.execute(text("SELECT kind, sum(kingaku) FROM movement GROUP BY kind")).all())
        seen = dict(connection.execute(text("SELECT kind, count(*) FROM seiri_fact GROUP BY kind")).all())
    for name in ("kanpu", "juutou_out", "juutou_in"):
        assert moved[name] == expected.effects[name]
    # told under names of their own: why the duty ended, which way it was written off
    renamed = {"FunouKessonBooked", "SokujiShoumetsuDecided", "JikouNoted"}
    for kind in set(expected.acts) - renamed:
        assert seen[kind] == expected.acts[kind], kind
    assert moved["kesson"] >= expected.effects["kesson"] > 0


def test_statistics_and_a_certificate_say_what_the_ledger_says(hub: Hub, ran: str) -> None:
    nendo = hub.command("toukei", "nendo", "--nendo", "2026")
    assert "0円、収納 0円、未納−過誤納 0円" in nendo
    key = re.findall(r"期 (\d{18}) 納期限", ran)[0]
    (atena,) = _one(hub, f"SELECT atena_bangou FROM account WHERE shuunou_key = '{key}'")
    words = ("--nendo", key[:4], "--zeimoku", key[4:6], "--on", "2027-06-30")
    said = hub.command("certificate", "show", atena, *words)
    assert "納税証明" in said and "地方税法" in said
    (record,) = hub.json("record", "show", "shuutainou", "--key", key)
    shown = {item["item_no"]: item["value"] for item in record["items"]}
    assert shown[38] == key and record["record"] == "shuutainou"


def test_every_refusal_has_its_letter_and_nothing_else_has(hub: Hub, ran: str) -> None:
    expected = make_city(PERSONS, SEED).expected()
    letters = Counter(letter["reason"] for letter in hub.json("deadletter", "list", "--limit", "100000"))
    assert letters == Counter(expected.refused)


def test_no_number_of_the_city_is_left_on_disk(hub: Hub, ran: str, tmp_path: Path) -> None:
    city = make_city(PERSONS, SEED)
    numbers = frozenset(number.encode() for number in city.confidential_numbers())
    write_city(city, tmp_path / "city")
    delivered = sum(found_in_clear(path.read_bytes(), numbers) for path in (tmp_path / "city").iterdir())
    assert delivered > len(numbers) / 2, "the search must find what is there to find"
    left = {}
    for path in hub.home.rglob("*"):
        if path.is_file() and "jars" not in path.parts:
            left[path.name] = found_in_clear(path.read_bytes(), numbers)
    assert len(left) > 100
    assert {name: count for name, count in left.items() if count} == {}


def test_a_day_is_announced_to_every_partition_that_there_is_whatever_the_settings_say(
    hub: Hub, ran: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(hub.environment, "SHUUNOU_PARTITIONS", "5")
    assert "3 partitions" in hub.command("kijunbi", "advance", "2027-07-01")


def test_the_status_tells_how_far_every_stage_and_every_sink_is(
    hub: Hub, ran: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = hub.json("status")
    assert {stage["stage"]: stage["lag"] for stage in told["lag"]} == dict.fromkeys(STAGES, 0)
    assert [sink["sink"] for sink in told["sinks"]] == ["projection", *(f"iten/{c.id}" for c in contracts())]
    assert {(sink["lag"], sink["problems"], sink["waiting"]) for sink in told["sinks"]} == {(0, 0, "")}
    monkeypatch.setitem(hub.environment, "SHUUNOU_DATABASE_URL", f"sqlite:///{hub.home / 'none.db'}")
    projection = hub.json("status")["sinks"][0]
    assert projection["lag"] is None and "shuunou database migrate" in projection["waiting"]


def test_staff_assign_a_held_payment_and_its_bill_is_paid(hub: Hub, ran: str) -> None:
    held = hub.json("unmatched", "list")[0]
    target = _one(
        hub, "SELECT shuunou_key, shuunou_gaku FROM account WHERE minou_gaku > 0 ORDER BY 1 LIMIT 1"
    )
    words = (
        "unmatched",
        "assign",
        held["event_id"],
        target[0],
        "--staff",
        "T01",
        "--reason",
        "納付書の番号違い",
    )
    assert "nothing was done" in hub.command(*words)
    hub.command(*words, "--yes")
    after = target[1]
    for _ in range(60):
        after = hub.json("show", "account", target[0])["items"]["shuunou_gaku"]
        if after != target[1]:
            break
        time.sleep(0.5)
    assert after == target[1] + held["shuunou_kingaku"]
    assert held["event_id"] not in {payment["event_id"] for payment in hub.json("unmatched", "list")}


def test_the_entaikin_of_an_account_is_explained(hub: Hub, ran: str) -> None:
    sql = (  # 納期限 well before 2027: the rates known end with 2026
        "SELECT shuunou_key, minou_gaku, noukigen FROM account WHERE is_tainou AND shuunou_gaku = 0 "
        "AND minou_gaku > 60000 AND noukigen < '2026-09-01' ORDER BY 1 LIMIT 1"
    )
    key, owed, noukigen = _one(hub, sql)
    on = str(date.fromisoformat(str(noukigen)) + timedelta(days=100))
    made = hub.json("explain", "entaikin", key, "--on", on)
    assert sum(segment["days"] for segment in made["segments"]) == 100
    assert {segment["kiso"] for segment in made["segments"]} == {owed // 1000 * 1000}
    assert 0 < made["kakutei"] <= made["goukei"] < made["kakutei"] + 100
    said = hub.command("explain", "entaikin", key, "--on", on)
    assert f"延滞金 {made['kakutei']:,}円" in said and "地方税法" in said


def test_transfers_reach_their_folders_once_and_without_forbidden_columns(hub: Hub, ran: str) -> None:
    counted = hub.json("show", "summary")["transfers"]
    for contract in ("zeimuka", "hokennenkinka_zei", "hokennenkinka_kokuho"):
        lines = [
            line
            for path in sorted((hub.home / "outbox" / contract).glob("*.csv"))
            for line in path.read_text(encoding="utf-8").splitlines()[1:]
        ]
        assert len(lines) == counted[contract]
        assert len(set(lines)) == len(lines)
        headers = {
            p.read_text(encoding="utf-8").split("\n", 1)[0]
            for p in (hub.home / "outbox" / contract).glob("*.csv")
        }
        assert all("個人番号" not in header and "口座番号" not in header for header in headers)


def test_run_again_after_losing_every_store_changes_nothing(hub: Hub, ran: str) -> None:
    before = hub.json("show", "summary")
    hub.command("stop")
    shutil.rmtree(hub.home / "state")
    for path in hub.home.glob("projection.db*"):
        path.unlink()
    shutil.rmtree(hub.home / "outbox")
    hub.command("run", "--persons", str(PERSONS), "--seed", str(SEED))
    assert hub.json("show", "summary") == before


def test_the_auditor_finds_nothing(hub: Hub, ran: str) -> None:
    hub.command("verify")


def test_stop_leaves_nothing_running(hub: Hub, ran: str) -> None:
    hub.command("stop")
    assert hub.json("broker", "status", code=1)["running"] is False
    commands = [
        Path(f"/proc/{entry.name}/cmdline") for entry in Path("/proc").iterdir() if entry.name.isdigit()
    ]
    mine = [path for path in commands if path.exists() and str(hub.home).encode() in path.read_bytes()]
    assert mine == []
