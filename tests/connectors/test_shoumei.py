"""一人の台帳を読む: what the projection gives back of a person; 納税証明 and the explanation of 延滞金 by command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from connectors.shoumei import owner_of, person_rows
from streams.cli import app
from streams.settings import settings
from tests import given
from tests.connectors.projected import projected
from tests.connectors.synthetic_facts import notice
from tests.state.seiri.kaikei_story import told
from tests.streams.memory_hub import Hub

KEY2, KEY3, OTHER_BILL = given.shuunou_key(2), given.shuunou_key(3), given.shuunou_key(zeimoku="02")
STORY = (
    "調定1 10000 → 2期:調定1 1000000 → 3期:調定1 20000 納期限=2026-12-25 → 確報甲 410000 領収=2026-07-10"
    " → 充当還付決定1 2026-08-01 種別=sonota → 2期:確報乙 600000 領収=2026-12-01"
)
"""400,000円 of the first 期別 met the second on 2026-07-10, the rest of it was paid on 2026-12-01."""


def _hub() -> Hub:
    waiver = given.tetsuzuki(
        "EntaikinWaived", date(2026, 12, 5), key=KEY2, code="genmen", kara=date(2026, 7, 1),
        made=date(2026, 7, 31), jouken={"bunshi": "1", "bunbo": "2"},
    )  # fmt: skip
    return told(STORY, waiver, given.choutei(key=OTHER_BILL))


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("SHUUNOU_DATABASE_URL", f"sqlite:///{tmp_path}/city.db")
    settings.cache_clear()
    held = notice(1, "held")._replace(shuunou_key=OTHER_BILL[:-2] + "09")
    assigned = notice(2, "assigned")._replace(shuunou_key=given.KEY[:-2] + "08")
    with projected(_hub(), f"sqlite:///{tmp_path}/city.db", [held, assigned]) as engine:
        yield engine
    settings.cache_clear()


def test_the_values_of_the_core_come_back_out_of_the_tables(city: Engine) -> None:
    hub, rows = _hub(), person_rows(city, given.PERSON)
    accounts = {
        key: each._replace(choutei_rireki=(), furikae_funou=()) for key, each in hub.accounts().items()
    }
    assert rows.accounts == accounts
    assert rows.seiri == {key: left for key in accounts if (left := hub.seiri(key)) is not None}
    assert len(rows.seiri) == 2 and rows.held == {OTHER_BILL}
    assert owner_of(city, KEY2) == given.PERSON
    assert owner_of(city, "9" * 18) is None and person_rows(city, "9999999999").accounts == {}


def _run(*command: str) -> Any:
    return CliRunner().invoke(app, list(command))


def _certificate(*more: str, on: str = "2026-12-10", zeimoku: str = "01") -> Any:
    asked = ("certificate", "show", given.PERSON, "--nendo", "2026", "--zeimoku", zeimoku, "--on", on)
    return _run(*asked, *more)


@pytest.mark.usefixtures("city")
def test_a_certificate_in_japanese_with_its_grounds() -> None:
    shown = _certificate()
    assert shown.exit_code == 0
    for text in (
        "納税証明 宛名番号 0000000001 2026年度 市県民税 2026-12-10 現在",
        "  税額 1,030,000円",
        "  納付済額 1,010,000円",
        "  未納額 0円",
        "  納期未到来額 20,000円",
        "延滞金の減免",
        "地方税法 第20条の10",
    ):
        assert text in shown.stdout
    value = json.loads(_certificate("--json").stdout)
    assert value["goukei"]["zeigaku"] == 1_030_000 and value["goukei"]["mitourai_gaku"] == 20_000
    assert [line["shuunou_key"] for line in value["kibetsu"]] == [given.KEY, KEY2, KEY3]
    assert value["goukei"]["entaikin"] == value["kibetsu"][1]["keisan"]["kakutei"] > 0
    assert value["applied"][0]["provision"] == "chihouzeihou-20_10"


@pytest.mark.usefixtures("city")
def test_no_certificate_while_a_payment_is_held() -> None:
    refused = _certificate(zeimoku="02")
    assert refused.exit_code == 1 and "R-441" in refused.stderr and "保留" in refused.stderr
    assert "R-443" in _certificate(zeimoku="03").stderr


@pytest.mark.usefixtures("city")
def test_the_explanation_knows_充当_and_減免() -> None:
    """1,000,000円 10日 and 600,000円 21日 of 2.8%, both halved by the 減免; then 123日 of 9.1%."""
    made = json.loads(_run("explain", "entaikin", KEY2, "--on", "2026-12-01", "--json").stdout)
    told_ = [(each["days"], each["owed"], each["waiver"]) for each in made["segments"]]
    assert told_ == [(10, 1_000_000, "genmen"), (21, 600_000, "genmen"), (123, 600_000, "")]
    yen = [1_000_000 * 10 * 28 // 730_000, 600_000 * 21 * 28 // 730_000, 600_000 * 123 * 91 // 365_000]
    assert made["goukei"] == sum(yen) == 383 + 483 + 18_399
    assert made["kakutei"] == 19_200
    shown = _run("explain", "entaikin", KEY2, "--on", "2026-12-01")
    assert shown.exit_code == 0 and "減免" in shown.stdout and "調定済み" not in shown.stdout
    assert (made["choutei_gaku"], made["choutei_on"]) == (None, None)


def test_the_explanation_tells_what_is_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUUNOU_DATABASE_URL", f"sqlite:///{tmp_path}/fixed.db")
    settings.cache_clear()
    fixed = told("調定1 1000000 → 確報甲 1000000 領収=2026-12-01 → 延滞金調定1 2026-12-01")
    with projected(fixed, f"sqlite:///{tmp_path}/fixed.db"):
        shown = _run("explain", "entaikin", given.KEY, "--on", "2026-12-01")
    settings.cache_clear()
    assert shown.exit_code == 0 and "調定済みの延滞金 33,000円(2026-12-01 までの計算)" in shown.stdout


@pytest.mark.usefixtures("city")
def test_the_explanation_of_no_account_says_so() -> None:
    shown = _run("explain", "entaikin", "9" * 18, "--on", "2026-12-01")
    assert shown.exit_code == 1 and "expected an account, found none" in shown.stderr
