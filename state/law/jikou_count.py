"""時効の数え方: from what happened to the day on which the time is complete.

A renewal moves the 起算日; a hold (差押, 交付要求) keeps it from completing and renews at its end; a stop (猶予) does
not count its days; a grace (催告, annulled 差押) puts completion off but renews nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from state.law.kikan import DAY, end_of


class Jiyuu(NamedTuple):
    """時効の事由: `on` is its first day (督促: 発した日; 交付要求: 滞納者への通知の日), `until` its last, None while open.

    `bangou` tells one from another of the same code (the number of the 差押, of the notice, of the receipt).
    """

    code: str
    bangou: str
    on: date
    until: date | None = None
    is_torikeshi: bool = False


class Run(NamedTuple):
    """進行: `kisan_on` and `kansei_on` are None while a hold is open; `jiyuu` is what it now rests on."""

    kisan_on: date | None
    kansei_on: date | None
    shinkou: str
    jiyuu: Jiyuu | None
    teishi_days: int


class _Tally(NamedTuple):
    """What has been counted so far: stops and graces are pairs of (first, last day)."""

    kisan_on: date
    by: Jiyuu | None
    holds: tuple[Jiyuu, ...]
    stops: tuple[tuple[date, date, Jiyuu], ...]
    graces: tuple[tuple[date, date, Jiyuu], ...]
    has_tokusoku: bool


def count(
    moto_on: date,
    jiyuu: Iterable[Jiyuu],
    on: date,
    setting: Mapping[str, Any],
    kinds: Mapping[str, Any],
) -> Run:
    """進行を数える: what was known by `on`, in the order of the days; after completion nothing counts."""
    tally = _Tally(moto_on + DAY, None, (), (), (), False)
    for one in sorted(jiyuu, key=lambda each: (each.on, each.code, each.bangou)):
        if one.on > on:
            break
        tally = _released(tally, one.on, setting)
        complete_on = _complete_on(tally, setting)
        if complete_on is not None and complete_on < one.on:
            break
        tally = _take(tally, one, kinds[one.code]["kouka"], setting)
    return _run(_released(tally, on, setting), on, setting)


def _take(tally: _Tally, one: Jiyuu, kouka: str, setting: Mapping[str, Any]) -> _Tally:
    if kouka == "shobun":
        return tally._replace(holds=(*tally.holds, one))
    if kouka == "koushin":
        return _renewed(tally, one.on + DAY, one)
    if kouka == "kokuchi":
        return _renewed(tally, (one.until or one.on) + DAY, one)
    if kouka == "tokusoku":
        if tally.has_tokusoku and setting["is_tokusoku_once"]:
            return tally
        renewed = _renewed(tally, one.on + timedelta(days=setting["tokusoku_days"]) + DAY, one)
        return renewed._replace(has_tokusoku=True)
    if kouka == "teishi":
        return tally._replace(stops=(*tally.stops, (one.on, one.until or one.on, one)))
    return _graced(tally, one, setting) if kouka == "yuuyo" else tally


def _graced(tally: _Tally, one: Jiyuu, setting: Mapping[str, Any]) -> _Tally:
    """催告: no effect while an earlier one still has its own (民法150条2項)."""
    if setting["is_saikoku_once"] and _is_again(tally, one):
        return tally
    last = end_of(one.on + DAY, setting["saikoku_months"])
    return tally._replace(graces=(*tally.graces, (one.on, last, one)))


def _is_again(tally: _Tally, one: Jiyuu) -> bool:
    return any(by.code == one.code and first <= one.on <= last for first, last, by in tally.graces)


def _renewed(tally: _Tally, kisan_on: date, by: Jiyuu) -> _Tally:
    """The later start prevails: a renewal inside the days of another does not bring its start forward."""
    return tally._replace(kisan_on=kisan_on, by=by) if kisan_on > tally.kisan_on else tally


def _released(tally: _Tally, on: date, setting: Mapping[str, Any]) -> _Tally:
    """The holds that had ended before `on` renew the time from the next day, or only put it off."""
    for hold in tally.holds:
        if hold.until is None or hold.until >= on:
            continue
        tally = tally._replace(holds=tuple(one for one in tally.holds if one is not hold))
        if hold.is_torikeshi:
            grace = (hold.on, end_of(hold.until + DAY, setting["torikeshi_months"]), hold)
            tally = tally._replace(graces=(*tally.graces, grace))
        else:
            tally = _renewed(tally, hold.until + DAY, hold)
    return tally


def _complete_on(tally: _Tally, setting: Mapping[str, Any]) -> date | None:
    """The last day of the time; None while a hold is open."""
    if tally.holds:
        return None
    last = end_of(tally.kisan_on, setting["years"] * 12)
    ends = (last + timedelta(days=_stopped(tally, last)), *(end for _, end, _ in tally.graces))
    return max(ends)


def _stopped(tally: _Tally, last: date) -> int:
    """The days from the 起算日 on that do not count, until the time is full: each moves the end by a day."""
    days: set[date] = set()
    for first, until, _ in tally.stops:
        begin = max(first, tally.kisan_on)
        days.update(begin + timedelta(days=n) for n in range((until - begin).days + 1))
    stopped = 0
    for day in sorted(days):
        if day > last + timedelta(days=stopped):
            break
        stopped += 1
    return stopped


def _run(tally: _Tally, on: date, setting: Mapping[str, Any]) -> Run:
    if tally.holds:
        return Run(None, None, "kanseiyuuyo", tally.holds[-1], 0)
    complete_on = _complete_on(tally, setting)
    stopped = _stopped(tally, end_of(tally.kisan_on, setting["years"] * 12))
    stopping = [one for first, last, one in tally.stops if first <= on <= last and last >= tally.kisan_on]
    full_on = end_of(tally.kisan_on, setting["years"] * 12) + timedelta(days=stopped)
    grace = max((one for one in tally.graces if one[1] > full_on), key=lambda one: one[1], default=None)
    by = stopping[-1] if stopping else tally.by
    if on < tally.kisan_on:
        is_held = tally.by is not None and tally.by.on < tally.kisan_on - DAY
        shinkou = "kisan_mae" if tally.by is None else "kanseiyuuyo" if is_held else "shinkou"
        return Run(tally.kisan_on, complete_on, shinkou, by, stopped)
    if stopping:
        return Run(tally.kisan_on, complete_on, "teishi", by, stopped)
    if grace is not None:
        is_on = full_on < on
        return Run(tally.kisan_on, complete_on, "kanseiyuuyo" if is_on else "shinkou", grace[2], stopped)
    return Run(tally.kisan_on, complete_on, "shinkou", by, stopped)
