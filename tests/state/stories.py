"""物語: changes for property tests: what may happen on the 期別 of one invented person, in any order."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from state.receipt.account import KAKUHOU, SOKUHOU, TORIKESHI
from tests import given
from tests.state.scenario import held_until_assessed

BILLS = (1, 2, 3)

yen = st.integers(1, 30_000)
days = st.dates(date(2026, 6, 1), date(2026, 9, 30))
dankai_sets = st.sets(st.sampled_from((SOKUHOU, TORIKESHI, KAKUHOU)), min_size=1)


@st.composite
def assessments(draw: st.DrawFn, key: str) -> list[Any]:
    """調定, 更正 and 取消 of one 期別, each 履歴番号 once, not always beginning with the first."""
    made = []
    for rireki in sorted(draw(st.sets(st.integers(1, 5), min_size=1))):
        kind = draw(st.sampled_from(("更正", "更正", "取消"))) if rireki > 1 else "調定"
        noukigen = draw(days)
        if kind == "取消":
            made.append(given.cancelled(rireki, key=key, noukigen=noukigen))
        else:
            make = given.choutei if kind == "調定" else given.corrected
            made.append(make(rireki, draw(st.integers(0, 30_000)), key=key, noukigen=noukigen))
    return made


@st.composite
def payments(draw: st.DrawFn, key: str) -> list[Any]:
    """Receipts in any of their stages, the 確報 not always of the same amount, and failed debits."""
    made: list[Any] = []
    for number in range(draw(st.integers(0, 4))):
        receipt, gaku, on = f"cvs:{key}{number}", draw(yen), draw(days)
        for dankai in sorted(draw(dankai_sets)):
            if dankai == TORIKESHI:
                made.append(given.reversal(receipt, gaku, key=key, on=on))
            else:
                paid = draw(yen) if dankai == KAKUHOU else gaku
                made.append(given.received(receipt, paid, dankai=dankai, key=key, on=on))
    for number in range(draw(st.integers(0, 2))):
        made.append(given.debit_failed(f"kfr:{key}{number}", draw(yen), key=key))
    return made


@st.composite
def bills(draw: st.DrawFn, kibetsu: int) -> list[Any]:
    """Everything that happens on one 期別, in some order."""
    key = given.shuunou_key(kibetsu)
    return draw(st.permutations([*draw(assessments(key)), *draw(payments(key))]))


@st.composite
def segments(draw: st.DrawFn) -> list[dict[int, list[Any]]]:
    """What happens on each of three 期別 between one 基準日 and the next."""
    parts: list[dict[int, list[Any]]] = [{}, {}, {}]
    for kibetsu in BILLS:
        events = held_until_assessed(draw(bills(kibetsu)))
        cuts = sorted(draw(st.tuples(st.integers(0, len(events)), st.integers(0, len(events)))))
        for part, (begin, end) in zip(
            parts, zip((0, *cuts), (*cuts, len(events)), strict=True), strict=True
        ):
            part[kibetsu] = events[begin:end]
    return parts


@st.composite
def stories(draw: st.DrawFn) -> list[Any]:
    """Three 期別 of one person, mixed, with 基準日 that come one after another."""
    mixed = draw(st.permutations([event for kibetsu in BILLS for event in draw(bills(kibetsu))]))
    told = held_until_assessed(mixed)
    for day in sorted(draw(st.lists(days, max_size=4)), reverse=True):
        told.insert(draw(st.integers(0, len(told))), day)
    return _in_order_of_days(told)


def _in_order_of_days(told: list[Any]) -> list[Any]:
    """The 基準日 never goes back: the days, wherever they stand, in their own order."""
    ordered = iter(sorted(item for item in told if isinstance(item, date)))
    return [given.kijunbi(next(ordered)) if isinstance(item, date) else item for item in told]
