"""休日: 国民の祝日 by rule, and the days on which the office is closed.

Public holidays follow 国民の祝日に関する法律 2条・3条; the closed days of the city 地方自治法4条の2 (土曜・日曜・祝日・年末年始);
a 期限 that falls on one moves to the next day that is none (地方税法20条の5第2項).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import schemas
from state.facts import Applied
from state.law.kikan import DAY
from state.law.rules import applied, rule
from state.reasons import Refusal, refusal

SATURDAY, SUNDAY = 5, 6
KOKUMIN_NO_KYUUJITSU, FURIKAE_KYUUJITSU = "国民の休日", "振替休日"


class Moved(NamedTuple):
    """動かした期限: the day that counts, and why."""

    on: date
    applied: Applied


def years() -> tuple[int, int]:
    """表の年: the first and the last year that the table answers for."""
    table = schemas.load_toml("law/kyuujitsu")
    return table["first_year"], table["last_year"]


def outside(day: date) -> Refusal | None:
    """表の外か: R-511 for a day of a year that the table does not have."""
    first, last = years()
    if first <= day.year <= last:
        return None
    return refusal(
        "R-511",
        "休日かどうか",
        f"{first}年から{last}年まで(国民の祝日に関する法律 第2条、第3条)",
        f"{day.year}年",
        "schemas/law/kyuujitsu.toml に年を足す",
    )


@cache
def shukujitsu(year: int) -> Mapping[date, str]:
    """国民の祝日: the days of one year that the Act names, without 振替休日 and 国民の休日."""
    table = schemas.load_toml("law/kyuujitsu")
    found = dict(_named(table, year))
    for entry in table["tokurei"]:
        if entry["on"].year == year:
            found.pop(entry.get("nashi", entry["on"]), None)
            found[entry["on"]] = entry["ja"]
    return found


def _named(table: Mapping[str, Any], year: int) -> Iterator[tuple[date, str]]:
    for entry in table["shukujitsu"]:
        if _holds(entry, year):
            yield date(year, entry["month"], entry["day"]), entry["ja"]
    for entry in table["happy_monday"]:
        if _holds(entry, year):
            first = date(year, entry["month"], 1)
            monday = first + timedelta(days=-first.weekday() % 7 + 7 * (entry["nth"] - 1))
            yield monday, entry["ja"]
    for entry in table["bunten"]:
        yield date(year, entry["month"], entry["days"][year - table["first_year"]]), entry["ja"]


def _holds(entry: Mapping[str, Any], year: int) -> bool:
    return bool(entry.get("from_year", year) <= year <= entry.get("to_year", year))


@cache
def holidays(year: int) -> Mapping[date, str]:
    """休日となる祝日等: 国民の祝日, 振替休日 and 国民の休日 of one year, by day. Raises LookupError outside the table."""
    first, last = years()
    if not first <= year <= last:
        raise LookupError(f"no year {year} in schemas/law/kyuujitsu.toml")
    named = shukujitsu(year)
    found = dict(named)
    for day in sorted(named):
        if day.weekday() == SUNDAY:
            found.setdefault(_furikae(day, named), FURIKAE_KYUUJITSU)
    for day in sorted(named):
        between = day + DAY
        if between not in found and between + DAY in named and between.weekday() != SUNDAY:
            found[between] = KOKUMIN_NO_KYUUJITSU
    return found


def _furikae(sunday: date, named: Mapping[date, str]) -> date:
    """Until 2006 the next day; since 2007 the nearest day after that is no 祝日 (3条2項)."""
    moved = sunday + DAY
    if rule("kyuujitsu", sunday)["furikae"] == "saichoku":
        while moved in named:
            moved += DAY
    return moved


def closed_because(day: date) -> str | None:
    """閉庁の理由: in Japanese, None when the office is open. Raises LookupError outside the table."""
    heichou = schemas.load_toml("law/kyuujitsu")["heichou"]
    named = holidays(day.year).get(day)
    if named is not None:
        return named
    if f"{day:%m-%d}" in heichou["days"]:
        return str(heichou["ja"])
    return {SATURDAY: "土曜日", SUNDAY: "日曜日"}.get(day.weekday())


def is_closed(day: date) -> bool:
    """閉庁日か: raises LookupError outside the table (ask `outside` first)."""
    return closed_because(day) is not None


def next_business_day(day: date) -> Moved | Refusal:
    """期限の延長: `day` itself when the office is open, else the next day on which it is. Refuses with R-511."""
    return _moved(day, DAY)


def previous_business_day(day: date) -> Moved | Refusal:
    """前倒しの日: `day` itself when the office is open, else the last day before on which it was. R-511."""
    return _moved(day, -DAY)


def _moved(day: date, step: timedelta) -> Moved | Refusal:
    on, because = day, ""
    while (refused := outside(on)) is None and (why := closed_because(on)) is not None:
        because, on = because or why, on + step
    if refused is not None:
        return refused
    # Forward is the law of 期限; backward is our own choice, so as to keep within one.
    provision = "chihouzeihou-20_5-2" if step > timedelta() else "chihoujichihou-4_2"
    return Moved(on, applied(provision, rule("kyuujitsu", day), {"day": day, "riyuu": because}, {"on": on}))
