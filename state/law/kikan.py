"""期間: months and years by the calendar (民法143条を準用する地方税法20条の5第1項)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

DAY = timedelta(days=1)


def end_of(kisan_on: date, months: int) -> date:
    """満了日: the last day of `months` calendar months of which `kisan_on` is the first day.

    The day before the 応当日; where the last month has no such day, that month's last (民法143条2項).
    """
    years, month = divmod(kisan_on.month - 1 + months, 12)
    year, month = kisan_on.year + years, month + 1
    if kisan_on.day > monthrange(year, month)[1]:
        return date(year, month, monthrange(year, month)[1])
    return date(year, month, kisan_on.day) - DAY


def months_between(kisan_on: date, until: date) -> int:
    """月数: the fewest whole calendar months, from `kisan_on` on, that reach `until`."""
    months = (until.year - kisan_on.year) * 12 + until.month - kisan_on.month
    return months if end_of(kisan_on, months) >= until else months + 1
