"""収納統計: read out of the projection, in slices, to the yen; and what the commands print of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase
from hypothesis import given as over
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine
from typer.testing import CliRunner

from connectors import read_side, toukei
from connectors.shoumei import person_rows
from connectors.tables import FACT
from connectors.toukei import Sa
from state.law.toukei import GekkeiKey, Tally, disagreements
from streams.cli import app
from streams.settings import settings
from tests import given
from tests.connectors.projected import projected
from tests.state.seiri.kaikei_histories import Turn, histories
from tests.state.seiri.kaikei_story import told
from tests.streams.memory_hub import Hub

EXACT = Sa(0, 0, 0)
STORY = (
    "調定1 100000 → 2期:調定1 20000 → 3期:調定1 30000"
    " → 確報甲 150000 領収=2026-07-10 → 充当還付決定1 2026-08-01 種別=sonota"
    " → 3期:更正2 25000 異動=2026-09-01 → 3期:確報乙 10000 領収=2027-06-10"
)
"""150,000 − 100,000 = 50,000 too much: 20,000 to the second 期別, 30,000 to the third. The 更正 then makes 5,000
too much there, and what is received after the closing of 2026 stands in the books of 2027."""


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The story in a database that the commands look at."""
    monkeypatch.setenv("SHUUNOU_DATABASE_URL", f"sqlite:///{tmp_path}/city.db")
    settings.cache_clear()
    with projected(told(STORY), f"sqlite:///{tmp_path}/city.db") as engine:
        yield engine
    settings.cache_clear()


def test_the_books_of_a_year_by_day(city: Engine) -> None:
    found = toukei.nikkei(city, 2026)
    assert found.sa == EXACT
    days = {
        (key.on, key.channel): tally._asdict() for key, tally in found.rows.items() if key.kamoku == "honzei"
    }
    assert days[date(2026, 6, 1), ""]["choutei"] == 150_000
    received = days[date(2026, 7, 10), "convenience"]
    assert (received["shuunou"], received["kensuu"]) == (150_000, 1)
    decided = days[date(2026, 8, 1), ""]
    assert (decided["juutou_out"], decided["juutou_in"], decided["kanpu"]) == (50_000, 50_000, 0)
    assert days[date(2026, 9, 1), ""]["kousei"] == -5_000
    assert {key.on for key in toukei.nikkei(city, 2027).rows} == {date(2027, 6, 10)}


def test_days_months_and_the_year_reconcile(city: Engine) -> None:
    for nendo in (2026, 2027):
        days, months = toukei.nikkei(city, nendo), toukei.gekkei(city, nendo)
        assert disagreements(days.rows, months.rows) == ()
        year = [sum(column) for column in zip(*toukei.nenkan(city, nendo).rows.values(), strict=True)]
        assert year == [sum(column) for column in zip(*days.rows.values(), strict=True)]
    first = next(iter(toukei.gekkei(city, 2027).rows))
    assert first == GekkeiKey(2027, 6, 2027, "taikuri", "01", "honzei", "convenience")


def test_slices_do_not_change_the_sums(city: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (toukei.nikkei(city, 2026), toukei.nenkan(city, 2026), toukei.ritsu(city, 2026))
    for size in (1, 2):
        monkeypatch.setattr(toukei, "SLICE", size)
        assert (toukei.nikkei(city, 2026), toukei.nenkan(city, 2026), toukei.ritsu(city, 2026)) == whole


def test_the_rate_of_collection(city: Engine) -> None:
    """調定 145,000; 収入 150,000 − 50,000 + 50,000, of which 5,000 is too much on the third 期別."""
    (rate,) = toukei.ritsu(city, 2026).rows
    assert (rate.kubun, rate.choutei_gaku, rate.shuunyuu_gaku, rate.kanpu_misai) == (
        "gennen", 145_000, 145_000, 5_000,
    )  # fmt: skip
    assert rate.hyouki == "現年課税分 100.00%"


def test_other_zeimoku_are_left_out(city: Engine) -> None:
    assert toukei.nikkei(city, 2026, "02").rows == {} and toukei.ritsu(city, 2026, "02").rows == ()
    assert toukei.nikkei(city, 2026, "01") == toukei.nikkei(city, 2026)


def test_a_fact_that_is_missing_is_told_as_a_difference(city: Engine) -> None:
    with city.begin() as connection:
        connection.execute(sa.delete(FACT).where(FACT.c.kind == "ChouteiRevised"))
    assert toukei.nikkei(city, 2026).sa == Sa(5_000, 0, 5_000)
    shown = CliRunner().invoke(app, ["toukei", "nikkei", "--nendo", "2026"])
    assert shown.exit_code == 1 and "調定 5,000円" in shown.stdout and "差が0円でない" in shown.stderr


def _json(*command: str) -> Any:
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.usefixtures("city")
def test_commands_print_totals_and_the_difference() -> None:
    for name in ("nikkei", "gekkei", "nendo"):
        shown = CliRunner().invoke(app, ["toukei", name, "--nendo", "2026"])
        assert shown.exit_code == 0 and "合計" in shown.stdout and "差: 調定 0円、収納 0円" in shown.stdout
        value = _json("toukei", name, "--nendo", "2026")
        assert value["goukei"]["shuunou"] == 150_000 and value["goukei"]["kousei"] == -5_000
        assert sum(row["shuunou"] for row in value["rows"]) == 150_000
        assert value["sa"] == {"choutei": 0, "shuunou": 0, "zandaka": 0}
    shown = CliRunner().invoke(app, ["toukei", "ritsu", "--nendo", "2026"])
    assert "145,000円" in shown.stdout and "100.00%" in shown.stdout
    assert _json("toukei", "ritsu", "--nendo", "2026")["rows"][0]["ritsu"] == 10_000


@pytest.mark.usefixtures("city")
def test_a_year_without_anything_is_an_empty_table() -> None:
    shown = CliRunner().invoke(app, ["toukei", "nikkei", "--nendo", "1999"])
    assert shown.exit_code == 0 and "合計" in shown.stdout
    assert _json("toukei", "nendo", "--nendo", "1999")["goukei"] == Tally()._asdict()


def test_the_difference_is_from_what_the_summary_shows(city: Engine) -> None:
    totals = read_side.summary(city).totals
    assert sum(total.choutei_gaku for total in totals) == 145_000
    assert sum(total.minou_gaku - total.kagonou_gaku for total in totals) == 145_000 - 160_000


def test_postgresql_gives_the_same_answers(city: Engine, database_url: str) -> None:
    with projected(told(STORY), database_url) as other:
        for ask in (toukei.nikkei, toukei.gekkei, toukei.nenkan, toukei.ritsu):
            assert ask(other, 2026) == ask(city, 2026)
        assert person_rows(other, given.PERSON) == person_rows(city, given.PERSON)
        assert read_side.conservation(other) == read_side.conservation(city)


# not shrunk: each example makes a database of its own
@hypothesis_settings(given.STABLE, max_examples=15, phases=[Phase.generate])
@over(histories())
def test_any_history_reconciles(tmp_path_factory: pytest.TempPathFactory, history: list[Any]) -> None:
    hub = Hub()
    for event in history:
        hub.tell(event.act(hub) if isinstance(event, Turn) else event)
    with projected(hub, f"sqlite:///{tmp_path_factory.mktemp('toukei')}/city.db") as engine:
        days = toukei.nikkei(engine, 2026)
        assert days.sa == EXACT and toukei.ritsu(engine, 2026).sa == EXACT
        assert read_side.conservation(engine).is_exact
        total = Tally(*(sum(column) for column in zip(*days.rows.values(), strict=True)))
    accounts = hub.accounts().values()
    assert total.choutei + total.kousei == sum(
        each.kibetsu_choutei_gaku + (each.seisan.fuzui.goukei if each.seisan else 0) for each in accounts
    )
    assert total.shuunou == sum(each.shuunou_gaku for each in accounts)
    assert total.juutou_out == total.juutou_in
