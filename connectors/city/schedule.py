"""日程: the days on which the city's sources deliver, and the 納期 of one 年度 from the master.

Stores report three times a month, the tax office sends corrections on the 15th, the resident register
sends its changes on the 1st, banks report four days after the debit. These are the synthetic city's
habits, not rules.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import NamedTuple

import schemas
from connectors.city.model import HOKEN, ZEIMU

ATENA_DAY, CORRECTION_DAY = 1, 15
STORE_DAYS = (10, 20)
BANK_DELAY = timedelta(days=4)
FIRST_MONTH = 4
_CHOUTEI_MONTH = {"02": 4, "03": 5, "01": 6, "04": 7}  # when each tax is assessed, on the 1st
_HOKEN_TOPIC = "ido.choutei-hoken.v1"


class Kibetsu(NamedTuple):
    """期: one 納期 of one tax."""

    kibetsu_code: str
    nouki_matsubi: date
    noukigen: date


class Zeimoku(NamedTuple):
    """税目: one tax of the 年度, with its 期 and the 課 that assesses it."""

    code: str
    producer: str
    choutei_on: date
    kibetsu: tuple[Kibetsu, ...]


def nendo_of(day: date) -> int:
    """年度: 4月1日 to 3月31日 (地方自治法208条)."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def zeimoku_of(nendo: int) -> tuple[Zeimoku, ...]:
    """その年度の税目と納期: from `schemas/code`. Raises ValueError for a 年度 that the master does not hold."""
    rows = [row for row in schemas.load_csv("code/kibetsu") if int(row["fuka_nendo"]) == nendo]
    if not rows:
        raise ValueError(
            f"納期 of 年度 {nendo}: expected rows in schemas/code/kibetsu.csv, found none; add them"
        )
    found = []
    for tax in schemas.load_csv("code/zeimoku"):
        kibetsu = tuple(
            Kibetsu(
                row["kibetsu_code"],
                date.fromisoformat(row["nouki_matsubi"]),
                date.fromisoformat(row["noukigen"]),
            )
            for row in rows
            if row["zeimoku_code"] == tax["code"]
        )
        producer = HOKEN if tax["producer_topic"] == _HOKEN_TOPIC else ZEIMU
        choutei_on = date(nendo, _CHOUTEI_MONTH[tax["code"]], 1)
        found.append(Zeimoku(tax["code"], producer, choutei_on, kibetsu))
    return tuple(found)


def month_end(day: date) -> date:
    """その月の末日。"""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def store_day_after(day: date) -> date:
    """次にコンビニの分が渡される日: strictly after the given one."""
    following = day + timedelta(days=1)
    for number in STORE_DAYS:
        if following.day <= number:
            return following.replace(day=number)
    return month_end(following)


def monthly_day_after(day: date, number: int) -> date:
    """次のその日: the first day of that number strictly after the given one."""
    if day.day < number:
        return day.replace(day=number)
    return (month_end(day) + timedelta(days=1)).replace(day=number)
