"""休日の表: holidays, closed days, and the day to which a 期限 moves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from state.law.kyuujitsu import (
    Moved,
    closed_because,
    holidays,
    is_closed,
    next_business_day,
    outside,
    previous_business_day,
    years,
)
from state.reasons import Refusal
from tests.state.scenario import table

CASES = table(Path(__file__).parent / "kyuujitsu.csv")
FIRST, LAST = years()
# The number of 祝日・振替休日・国民の休日 of each year, 2000 to 2030, counted apart from the rule.
HOW_MANY = "15 19 18 15 15 16 16 19 17 17 16 15 18 17 17 17 17 17 20 22 18 17 16 17 21 19 18 17 16 19 19"
DAYS = st.dates(date(FIRST, 1, 10), date(LAST, 12, 20))


@pytest.mark.parametrize("row", CASES, ids=[row["名前"] for row in CASES])
def test_休日(row: dict[str, str]) -> None:
    day = date.fromisoformat(row["日"])
    refused = outside(day)
    assert (refused.reason.code if refused else closed_because(day) or "") == row["閉庁の理由"]
    moved = next_business_day(day)
    if isinstance(moved, Refusal):
        assert moved.reason.code == row["次の開庁日"]
        assert "国民の祝日に関する法律" in moved.expected
        return
    assert moved.on.isoformat() == row["次の開庁日"]
    assert (moved.applied.provision, moved.applied.version) == (row["条項"], row["版"])
    assert moved.applied.inputs == {"day": row["日"], "riyuu": row["閉庁の理由"]}
    assert moved.applied.outputs == {"on": row["次の開庁日"]}


def test_every_year_has_its_number_of_holidays() -> None:
    found = [len(holidays(year)) for year in range(FIRST, LAST + 1)]
    assert found == [int(number) for number in HOW_MANY.split()]


def test_the_equinoxes_are_those_of_the_known_approximation() -> None:
    """Between 1980 and 2099 the day follows from the year; the table was typed by hand."""
    by_name = {entry["ja"]: entry["days"] for entry in schemas.load_toml("law/kyuujitsu")["bunten"]}
    for name, base in (("春分の日", 20.8431), ("秋分の日", 23.2488)):
        expected = [
            int(base + 0.242194 * (year - 1980) - (year - 1980) // 4) for year in range(FIRST, LAST + 1)
        ]
        assert by_name[name] == expected


def test_a_year_outside_the_table_is_not_guessed() -> None:
    with pytest.raises(LookupError, match="no year 2031"):
        is_closed(date(2031, 1, 6))
    assert isinstance(previous_business_day(date(2000, 1, 2)), Refusal)


@given(DAYS)
@settings(max_examples=300, deadline=None)
def test_a_moved_day_is_the_nearest_open_one(day: date) -> None:
    for moved, step in ((next_business_day(day), 1), (previous_business_day(day), -1)):
        assert isinstance(moved, Moved) and not is_closed(moved.on)
        between = abs((moved.on - day).days)
        assert all(is_closed(day + timedelta(days=step * n)) for n in range(between))
        assert between <= 10


@given(st.integers(FIRST, LAST))
@settings(max_examples=31, deadline=None)
def test_no_sunday_holiday_is_lost(year: int) -> None:
    named = holidays(year)
    sundays = [day for day in named if day.weekday() == 6]
    assert sum(name == "振替休日" for name in named.values()) == len(sundays)
