"""監査: a real hub on a broker of its own passes every measure; each fault planted in a topic is found, by
its key."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import connectors.auditor
from connectors.auditor import cut
from connectors.auditor.report import MOVING, PASS
from state import wire
from streams import cli_verify
from streams.settings import settings
from tests import given
from tests.connectors.audited_hub import (
    CONVENIENCE,
    DAYS,
    AuditedHub,
    Sent,
    afterwards,
    assert_sound,
    at_rest,
    bill,
    figures,
    key_of,
    kijunbi,
    last_row,
    named,
    paid,
    started_hub,
    statuses,
    story,
    transfer_of,
)

ROOT = Path(__file__).parents[2]
FOLDS = {"state.receipt.apply", "state.delinquency.apply", "state.ledger", "state.matching"}
FOLDS |= {"state.seiri.apply", "state.seiri.book"}
APART = {"state.receipt.record", "state.receipt.seisan", "state.law.movement", "state.transfer"}
"""What the auditor works out anew, though values that it reads are made of some of it."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditedHub]:
    """The hub at work."""
    with started_hub(tmp_path_factory.mktemp("audited")) as hub:
        hub.send(*(message for person in range(1, 31) for message in story(person)))
        hub.settle()
        for day in (DAYS[0], DAYS[1], DAYS[1], DAYS[0]):
            hub.send(*kijunbi(day))
            hub.settle()
        hub.send(*(message for person in (9, 19) for message in afterwards(person)))
        hub.send(*(message for person in range(31, 51) for message in story(person)))
        hub.settle()
        yield hub


@pytest.fixture
def hub(started: AuditedHub) -> AuditedHub:
    return at_rest(started)


def test_a_sound_hub_passes_every_measure(started: AuditedHub) -> None:
    report = started.verify()
    assert_sound(report)
    c1, c3 = figures(report, "C1"), figures(report, "C3")
    assert (c1["held"], c1["held yen"], c1["in motion"]) == (8, 5 * 1_500 + 3 * 2_500, 0)
    assert (c3["accounts"], c3["accounts in the projection"], c3["accounts in motion"]) == (200, 200, 0)
    assert report.total.choutei_gaku - report.total.shuunou_gaku == (
        report.total.minou_gaku - report.total.kagonou_gaku
    )
    letters = figures(report, "C5")
    assert (letters["ingest R-201"], letters["receipt R-403"], letters["matching R-302"]) == (10, 5, 2)
    assert figures(report, "C6")["provisions"] == len(started.read("audit.provision.v1"))


def test_a_hub_that_runs_is_audited_without_stopping_it(started: AuditedHub) -> None:
    """Money goes on coming in while it is audited; nothing differs, and what moved is left out."""
    done = threading.Event()

    def go_on() -> None:
        number = 0
        while not done.is_set():
            number += 1
            event = given.confirmed(f"cvs:more{number}", 100, key=key_of(number % 50 + 1, 1))
            started.send(paid(event))

    sender = threading.Thread(target=go_on)
    sender.start()
    try:
        reports = [started.verify(wait_s) for wait_s in (2.0, 0.0)]
    finally:
        done.set()
        sender.join()
    for report in reports:
        assert [f for m in report.measures for f in m.findings] == []
        assert set(statuses(report).values()) <= {PASS, MOVING}
    assert figures(reports[1], "C3")["accounts in motion"] > 0
    started.settle()
    assert started.verify().exit_code == 0


def test_the_command_says_it_in_figures_and_in_its_exit_code(
    started: AuditedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    cli_verify.register(app)
    started.settings(monkeypatch)
    shown = CliRunner().invoke(app, ["verify"])
    assert (shown.exit_code, "欠落なし" in shown.stdout) == (0, True)
    listed = CliRunner().invoke(app, ["verify", "--json", "--no-projection"])
    values = json.loads(listed.stdout)
    assert (values["exit_code"], [m["id"] for m in values["measures"]]) == (
        0,
        [f"C{n}" for n in range(1, 8)],
    )
    assert values["total"]["sa_gaku"] == 0
    assert CliRunner().invoke(app, ["verify", "--paused", "nobody"]).exit_code == 2
    started.settings(monkeypatch, SHUUNOU_DATABASE_URL=f"sqlite:///{started.home / 'none.db'}")
    assert CliRunner().invoke(app, ["verify"]).exit_code == 3
    started.settings(monkeypatch, SHUUNOU_BOOTSTRAP="127.0.0.1:1")
    monkeypatch.setattr(cut, "ASK_S", 0.5)
    unreachable = CliRunner().invoke(app, ["verify"])
    assert (unreachable.exit_code, unreachable.stdout) == (3, "")
    settings.cache_clear()


def test_what_is_not_worked_off_is_in_motion_and_what_was_passed_over_is_lost(hub: AuditedHub) -> None:
    key = key_of(10, 2)
    hub.send(paid(given.confirmed("cvs:lost", 700, key=key)), bill(60, 1), Sent(CONVENIENCE, key, b"\x00"))
    report, new = hub.new()
    assert (new, report.exit_code) == (set(), 3)
    assert statuses(report) == dict.fromkeys(("C1", "C2", "C3", "C4", "C6", "C7"), MOVING) | {"C5": PASS}
    assert (figures(report, "C1")["in motion"], figures(report, "C7")["matching behind"]) == (3, 3)
    hub.pretend_applied()
    report, new = hub.new()
    assert report.exit_code == 1
    lost = {("C1", key), ("C1", key_of(60, 1)), ("C3", key), ("C3", key_of(60, 1)), ("C4", key)}
    assert lost <= named(new)
    assert any(m == "C1" and "cannot be read" in what for m, what, _ in new)
    assert (report.total.sa_gaku, report.total.sa_kensuu) == (10_700, 2)


def test_a_fact_that_comes_twice_is_found(hub: AuditedHub) -> None:
    message, chosen = next((m, f) for m, f in hub.values("ledger.fact.v1") if f.kind == "ShuunouPosted")
    hub.send(message)
    hub.pretend_applied()
    _, new = hub.new()
    assert named(new) == {("C2", chosen.shuunou_key)}
    assert {what for _, what, _ in new} >= {
        "effects that took place more than once",
        "accounts whose facts do not add up",
    }


def test_a_row_with_one_yen_more_is_found(hub: AuditedHub) -> None:
    message, account = last_row(hub, b"r", lambda a: a.shuunou_key == key_of(11, 4))
    changed = wire.encode(account._replace(shuunou_gaku=account.shuunou_gaku + 1))
    before = hub.verify(0.0).total
    hub.send(message._replace(value=changed))
    report, new = hub.new()
    assert named(new) == {("C3", account.shuunou_key), ("C4", account.shuunou_key)}
    differ = report.total.sa_gaku - before.sa_gaku, report.total.sa_kensuu - before.sa_kensuu
    assert differ == (1, 1)
    assert any("projection" in what for _, what, _ in new)


def test_rows_of_another_content_are_found(hub: AuditedHub) -> None:
    message, account = last_row(hub, b"r", lambda a: a.shuunou_key == key_of(12, 4))
    receipts = tuple(r._replace(torikomibi=date(2026, 1, 1)) for r in account.receipts)
    assert receipts
    hub.send(message._replace(value=wire.encode(account._replace(receipts=receipts))))
    message, case = last_row(hub, b"d", lambda c: c.atena_bangou == "0000000013")
    changed = case._replace(tainou_kingaku=case.tainou_kingaku - 5, tainou_kensuu=case.tainou_kensuu - 1)
    hub.send(message._replace(value=wire.encode(changed)))
    message, person = last_row(hub, b"a", lambda a: a.atena_bangou == "0000000017")
    hub.send(message._replace(value=wire.encode(person._replace(event_id="another"))))
    _, new = hub.new()
    assert named(new) == {
        ("C4", account.shuunou_key),
        ("C2", case.atena_bangou),
        ("C4", case.atena_bangou),
        ("C4", person.atena_bangou),
    }


def test_a_transfer_of_another_content_and_one_without_its_record_are_found(hub: AuditedHub) -> None:
    message, sent = transfer_of(hub, key_of(14, 1))
    changed = sent._replace(minou_kingaku=sent.minou_kingaku + 1, transfer_id="another/zeimuka")
    hub.send(message._replace(value=wire.encode(changed)))
    _, new = hub.new()
    assert {m for m, _, _ in new} == {"C6"} and ("C6", key_of(14, 1)) in named(new)
    assert {what for _, what, key in new if key == key_of(14, 1)} >= {
        "transfers of another content than the account had",
        "transfers without their one provision",
        "期別 of which zeimuka was last given something else",
    }


def test_a_record_that_was_tampered_with_is_found(hub: AuditedHub) -> None:
    message, provision = hub.values("audit.provision.v1")[-1]
    changed = provision._replace(
        seq=provision.seq + 1, previous_hash=provision.hash, atena_bangou="0000000099"
    )
    hub.send(message._replace(value=wire.encode(changed)))
    _, new = hub.new()
    assert {what for _, what, _ in new} == {
        "breaks in the chain of provisions",
        "transfers without their one provision",
    }
    assert ("C6", provision.shuunou_key) in named(new)


def test_a_transfer_that_is_missing_is_found_unless_its_contract_is_paused(hub: AuditedHub) -> None:
    facts = hub.values("ledger.fact.v1")
    message, fact = next((m, f) for m, f in facts if f.account and f.shuunou_key == key_of(15, 3))
    owing = fact.account._replace(kibetsu_choutei_gaku=1)
    invented = fact._replace(fact_id="none/Invented", event_id="none", kind="Invented", account=owing)
    hub.send(message._replace(value=wire.encode(invented)))
    hub.pretend_applied()
    _, new = hub.new()
    assert named(new) == {("C1", fact.shuunou_key), ("C6", fact.shuunou_key)}
    report = hub.verify(0.0, paused=("zeimuka",))
    assert figures(report, "C6")["left out while paused"] > 0
    found = {f.what for m in report.measures if m.id == "C6" for f in m.findings}
    assert "transfers to zeimuka that are missing" not in found


def test_a_projection_that_shows_something_else_is_found(hub: AuditedHub) -> None:
    key = key_of(16, 2)
    hub.tamper("UPDATE account SET minou_gaku = minou_gaku + 1 WHERE shuunou_key = ?", key)
    report, new = hub.new()
    assert named(new) == {("C3", key)}
    assert hub.verify(0.0, database_url=None).total == report.total


def test_the_latest_state_of_a_person_must_be_passed_on(hub: AuditedHub) -> None:
    message, person = hub.values("ledger.atena.v1")[-1]
    hub.send(message._replace(value=wire.encode(person._replace(henshuuzumi_shimei_kanji="別人"))))
    _, new = hub.new()
    assert named(new) == {("C1", person.atena_bangou)}


def test_a_letter_without_its_record_is_found(hub: AuditedHub) -> None:
    message, letter = hub.values("deadletter.v1")[-1]
    hub.send(message, message._replace(value=wire.encode(letter._replace(offset=1_000_000))))
    _, new = hub.new()
    place = f"{letter.topic}/{letter.partition}"
    assert named(new) == {("C5", f"{place}/{letter.offset}"), ("C5", f"{place}/1000000")}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    return names | {n.module or "" for n in froms} | {f"{n.module}.{a.name}" for n in froms for a in n.names}


def test_the_auditor_uses_none_of_the_folds() -> None:
    """Neither by name nor by way of another module: a fault of theirs must not be repeated here."""
    folder = Path(connectors.auditor.__file__).parent
    files = sorted(folder.glob("*.py"))
    assert len(files) > 5
    assert [f for f in files if imported(f) & (FOLDS | APART)] == []
    loaded = (
        "import sys, connectors.auditor.audit; "
        "print(*sorted(m for m in sys.modules if m.startswith('state')))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert not FOLDS & set(shown.stdout.split())
