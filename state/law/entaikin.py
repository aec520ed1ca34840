"""延滞金: what is added to a tax paid after its 納期限, day by day, with the whole calculation kept.

The 延滞金 runs from the day after the 納期限 to the 基準日 (or the day of payment), both counted. Each day's
base is what was owed on that day: a payment takes effect on the day after it. Days that share base, calendar
year, rate and waiver form a segment; where a waiver is for a part of what is owed, its days form one segment
for each part (`state.law.entaikin_bubun`). Every sum is exact; what is cut, by which provision, is stated.

Amounts are yen. Rates are 1/1000 percent a year. Sources: 地方税法 第326条・第369条・第463条の24・第723条(延滞金)、
第20条の4の2(端数)、附則第3条の2(割合の特例)、第15条の9(免除)、民法 第143条(期間)。
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from state.law.entaikin_applied import applied_of
from state.law.entaikin_bubun import Part, kiso_of, parts_on
from state.law.entaikin_rules import KUBUN, WARIAI, Law, Rule, entaikin_law
from state.law.entaikin_value import Bill, Entaikin, Frame, Owed, Segment
from state.law.kikan import DAY, end_of
from state.law.tokurei_ritsu import PERCENT, no_ritsu
from state.reasons import Refusal, refusal


def calculate(bill: Bill, on: date, law: Law | None = None) -> Entaikin | Refusal:
    """延滞金の計算: for `bill` as of `on`. Refuses with R-411 to R-415; the rule is the one in force on `on`."""
    law = law or entaikin_law()
    wrong = _wrong_owed(bill) or _wrong_waiver(bill, law)
    if wrong is not None:
        return wrong
    kisanbi = bill.noukigen + DAY
    rule, zeimoku = law.rule_on(on), law.zeimoku_on(bill.zeimoku_code, kisanbi)
    if bill.zeimoku_code not in {known.code for known in law.zeimoku}:
        return refusal(
            "R-414",
            "税目",
            "地方税法に延滞金の定めがある税目(第326条など)",
            f"税目{bill.zeimoku_code}",
            "延滞金の定めの表を確かめる",
        )
    if rule is None or zeimoku is None:
        return no_ritsu(min(on, kisanbi).year, law.ritsu)
    frame = Frame(bill, on, law, rule, zeimoku, kisanbi, end_of(kisanbi, zeimoku.months))
    segments: list[Segment] = []
    for period in _periods(bill, on):
        found = _segments_of(period, frame)
        if isinstance(found, Refusal):
            return found
        segments += found
    return _total(frame, tuple(segments))


def kakutei_of(goukei: int, rule: Rule) -> int:
    """確定額: the sum without its odd yen; nothing when it is too little (20条の4の2第5項)."""
    return 0 if goukei < rule.kakutei_saitei else goukei - goukei % rule.kakutei_tani


# -- what is owed, and when ------------------------------------------------------------------------


def _changes(bill: Bill) -> list[Owed]:
    return sorted(bill.owed, key=lambda change: (change.on, -change.after))


def _wrong_owed(bill: Bill) -> Refusal | None:
    amounts = [bill.zeigaku, *(change.after for change in _changes(bill))]
    if min(amounts) < 0:
        found = "負の額"
    elif any(after > before for before, after in pairwise(amounts)):
        found = "途中で増えている"
    else:
        return None
    return refusal(
        "R-413",
        "未納額の移り",
        "0円以上で、納付により減るだけ(地方税法 第20条の9の4第1項)",
        found,
        "納付と更正を確かめる。増額した分は、その納期限から別に計算する",
    )


def _wrong_waiver(bill: Bill, law: Law) -> Refusal | None:
    for waiver in bill.waivers:
        known = law.waivers.get(waiver.kind)
        if known is None:
            found = f"種類{waiver.kind}"
        elif waiver.to_on < waiver.from_on:
            found = f"{known.ja}の終わりが始めより前"
        elif not 0 <= waiver.bunshi <= waiver.bunbo or waiver.bunbo == 0:
            found = f"{known.ja}の割合が0から1の間にない"
        elif known.effect != WARIAI and waiver.bunshi != waiver.bunbo:
            found = f"{known.ja}に割合が付いている"
        elif waiver.gendo_gaku is not None and waiver.gendo_gaku < 0:
            found = f"{known.ja}の限度額が負"
        else:
            continue
        return refusal(
            "R-415",
            "減免・猶予の期間",
            "定めのある種類と期間(地方税法 第15条の9、延滞金の減免の各条)",
            found,
            "減免・猶予の決定を確かめる",
        )
    return None


class _Period(NamedTuple):
    """Days on which the same amount is owed."""

    from_on: date
    to_on: date
    owed: int


def _periods(bill: Bill, on: date) -> Iterator[_Period]:
    """From the day after the 納期限 to `on`; the day of a payment still counts what was owed before it."""
    first, owed = bill.noukigen + DAY, bill.zeigaku
    for change in _changes(bill):
        if change.on >= on:
            break
        if change.on >= first and change.after != owed:
            yield _Period(first, change.on, owed)
            first = change.on + DAY
        owed = change.after
    if first <= on:
        yield _Period(first, on, owed)


# -- rates -----------------------------------------------------------------------------------------


def _segments_of(period: _Period, frame: Frame) -> list[Segment] | Refusal:
    """The period, cut where a year, the first months or a waiver ends; equal neighbours are one.

    Days of which only one part changes are cut for all its parts.
    """
    if period.owed == 0:
        return []
    if kiso_of(period.owed, frame.rule) == 0:
        days = (period.to_on - period.from_on).days + 1
        provision = frame.rule.provision.kiso_hasuu
        return [Segment(*period[:2], days, period.owed, 0, "", 0, 0, "", provision, 1, 1, 0, 1)]
    pieces: list[tuple[date, date, tuple[Part, ...]]] = []
    for from_on, to_on in _pieces(period, frame):
        ritsu = frame.law.ritsu.get(from_on.year)
        if ritsu is None:
            return no_ritsu(from_on.year, frame.law.ritsu)
        parts = parts_on(from_on, period.owed, ritsu, frame)
        if pieces and pieces[-1][1].year == to_on.year and pieces[-1][2] == parts:
            from_on = pieces.pop()[0]
        pieces.append((from_on, to_on, parts))
    return [
        _segment(from_on, to_on, period.owed, part, frame)
        for from_on, to_on, parts in pieces
        for part in parts
    ]


def _pieces(period: _Period, frame: Frame) -> Iterator[tuple[date, date]]:
    starts = {date(year, 1, 1) for year in range(period.from_on.year + 1, period.to_on.year + 1)}
    starts.add(frame.inai_to_on + DAY)
    for waiver in frame.bill.waivers:
        starts |= {waiver.from_on, waiver.to_on + DAY}
    inside = sorted(day for day in starts if period.from_on < day <= period.to_on)
    for first, following in pairwise([period.from_on, *inside, period.to_on + DAY]):
        yield first, following - DAY


def _segment(from_on: date, to_on: date, owed: int, part: Part, frame: Frame) -> Segment:
    days, rated = (to_on - from_on).days + 1, part.rated
    exact = Fraction(part.kiso * days * rated.rate, 100 * PERCENT * frame.rule.nen_nissuu) * rated.share
    return Segment(
        from_on,
        to_on,
        days,
        owed,
        part.kiso,
        rated.kikan,
        rated.usual,
        rated.rate,
        rated.waiver,
        rated.provision,
        rated.share.numerator,
        rated.share.denominator,
        exact.numerator,
        exact.denominator,
        part.gaku,
    )


# -- the sum ---------------------------------------------------------------------------------------


def _total(frame: Frame, segments: tuple[Segment, ...]) -> Entaikin:
    """Add the segments, by the setting exactly or each cut to whole yen, and settle the amount."""
    exact = sum((segment.exact for segment in segments), Fraction(0))
    is_cut = frame.rule.segment_rounding == KUBUN
    goukei = sum(segment.yen for segment in segments) if is_cut else int(exact)
    kakutei = kakutei_of(goukei, frame.rule)
    return Entaikin(
        frame.bill,
        frame.on,
        frame.kisanbi,
        frame.zeimoku.months,
        frame.inai_to_on,
        segments,
        frame.rule,
        exact.numerator,
        exact.denominator,
        goukei,
        kakutei,
        applied_of(frame, segments, goukei, kakutei),
    )
