"""滞納繰越の項目: what a closing of the books carries over, from the account alone, by the office's table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from schemas.provisions import provisions
from state.law.kaikei import kurikoshi_on
from state.law.movement import Movement
from state.law.uchiwake import Uchiwake
from state.receipt.account import ReceiptAccount
from state.receipt.kurikoshi import FIRST_NENDO, kurikoshi_of
from state.receipt.seisan import Seisan
from tests import given
from tests.state.scenario import World, read, table
from tests.state.stories import stories

ROWS = table(Path(__file__).parent / "kurikoshi.csv")


def account(notation: str) -> ReceiptAccount:
    return World().tell(*read(notation)).accounts[given.KEY]


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_滞納繰越(row: dict[str, str]) -> None:
    found = kurikoshi_of(account(row["出来事"]), date.fromisoformat(row["基準日"]))
    columns = ("年度", "繰越年月日", "繰越時調定額", "繰越時収納額", "繰越調定額")
    told = [str(value) for value in found] if found is not None else [""] * len(columns)
    assert told == [row[column] for column in columns]
    assert row["条項"] in provisions()


def test_what_procedures_moved_counts_by_its_day_where_that_is_told() -> None:
    """10,000円, written off in full on 2027-09-01: it was carried in 2027, and not again in 2028."""
    of = account("調定1 10000")._replace(seisan=Seisan(kesson=Uchiwake(10_000)))
    written_off = Movement(
        date(2027, 9, 1), given.KEY, 2026, 2026, 2027, "01", "01", "kesson", "honzei", "", 10_000
    )
    found = kurikoshi_of(of, date(2028, 6, 1), [written_off])
    assert found is not None and (found.nendo, found.kurikoshi_gaku) == (2027, 10_000)
    undated = kurikoshi_of(of, date(2028, 6, 1))
    assert undated is None, "without the day nothing is carried that is not owed now"


def test_the_first_year_is_that_of_the_table() -> None:
    assert kurikoshi_on(FIRST_NENDO) == date(2001, 6, 1)
    old = account("調定1 10000 異動=2001-05-01")._replace(choutei_nendo=1990)
    found = kurikoshi_of(old, date(2001, 6, 1))
    assert found is not None and found.nendo == 2001


@given.STABLE
@over(stories(), st.dates(date(2026, 6, 1), date(2030, 1, 1)))
def test_only_what_is_owed_on_the_closing_day_is_carried(told: list[object], day: date) -> None:
    for each in World().tell(*told).accounts.values():
        found = kurikoshi_of(each, day)
        if found is None:
            continue
        assert found.on <= day and found.on == kurikoshi_on(found.nendo - 1)
        assert found.kurikoshi_gaku == found.choutei_gaku - found.shuunou_gaku > 0
