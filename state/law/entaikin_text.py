"""延滞金の説明: the whole calculation in Japanese, as a clerk reads it out to a citizen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

import schemas
from schemas.provisions import provisions
from state.law.entaikin_rules import KUBUN, entaikin_law
from state.law.entaikin_value import INAI, Entaikin, Segment
from state.law.tokurei_ritsu import percent


def tell(entaikin: Entaikin) -> tuple[str, ...]:
    """延滞金の説明: lines of Japanese; what was counted, at which rate, how it was cut, by which provisions."""
    if not entaikin.segments:
        return (*_opening(entaikin), _none(entaikin), "延滞金 0円")
    return (
        *_opening(entaikin),
        *_owed(entaikin),
        "計算",
        *(f"  {_segment(entaikin, segment)}" for segment in entaikin.segments),
        *_closing(entaikin),
        "根拠",
        *(f"  {line}" for line in _provisions(entaikin)),
    )


def wareki(day: date) -> str:
    """和暦: 2026-01-01 -> 令和8年1月1日. Raises LookupError before the first 元号 of the list."""
    for row in reversed(schemas.load_csv("code/gengou")):
        first = date.fromisoformat(row["valid_from"])
        if first <= day:
            year = day.year - first.year + 1
            return f"{row['ja']}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    raise LookupError(f"no 元号 in schemas/code/gengou.csv for {day}")


def _opening(entaikin: Entaikin) -> Iterator[str]:
    bill = entaikin.bill
    names = {row["code"]: row["ja"] for row in schemas.load_csv("code/zeimoku")}
    yield f"{names.get(bill.zeimoku_code, bill.zeimoku_code)} 税額{bill.zeigaku:,}円"
    yield f"納期限 {wareki(bill.noukigen)} / 計算する日 {wareki(entaikin.on)}"


def _none(entaikin: Entaikin) -> str:
    if entaikin.on <= entaikin.bill.noukigen:
        return "納期限までの納付であるため、延滞金はかかりません。"
    return "納期限の翌日から後に未納の税額がないため、延滞金はかかりません。"


def _owed(entaikin: Entaikin) -> Iterator[str]:
    """The amounts owed, the parts paid in between, and the base that each makes."""
    yield (
        f"納期限の翌日({wareki(entaikin.kisanbi)})から計算します。"
        f"{entaikin.months}月を経過する日は{wareki(entaikin.inai_to_on)}です。"
    )
    yield _base(entaikin.segments[0], entaikin)
    ichibu = provisions()[entaikin.rule.provision.ichibu_noufu].ja
    for before, after in pairwise(entaikin.segments):
        if before.owed != after.owed:
            yield (
                f"{wareki(before.to_on)}に{before.owed - after.owed:,}円が納付などにより減り、"
                f"{wareki(after.from_on)}から未納額は{after.owed:,}円です({ichibu})。"
            )
            yield _base(after, entaikin)
    if entaikin.segments[-1].to_on < entaikin.on:
        yield f"{wareki(entaikin.segments[-1].to_on)}に未納の税額はなくなりました。"


def _base(segment: Segment, entaikin: Entaikin) -> str:
    rule = entaikin.rule
    by = provisions()[rule.provision.kiso_hasuu].ja
    if segment.kiso == 0:
        return (
            f"未納額{segment.owed:,}円は{rule.kiso_saitei:,}円未満のため全額を切り捨て、"
            f"延滞金はかかりません({by})。"
        )
    if segment.kiso == segment.owed:
        return f"計算の基礎は{segment.kiso:,}円です。"
    return (
        f"未納額{segment.owed:,}円の{rule.kiso_tani:,}円未満を切り捨て、"
        f"計算の基礎は{segment.kiso:,}円です({by})。"
    )


def _segment(entaikin: Entaikin, segment: Segment) -> str:
    days = f"{wareki(segment.from_on)}から{wareki(segment.to_on)}まで {segment.days}日"
    if segment.kiso == 0:
        return f"{days} 0円(計算の基礎なし)"
    after = "を経過する日まで" if segment.kikan == INAI else "を経過した後"
    reason = f"{entaikin.months}月{after}"
    sum_of = f"{segment.kiso:,}円×年{percent(segment.rate)}%×{segment.days}日÷{entaikin.rule.nen_nissuu}"
    if segment.waiver:
        reason += f"、{entaikin_law().waivers[segment.waiver].ja}"
        reason += f"(本来は年{percent(segment.usual)}%)" if segment.rate != segment.usual else ""
    if segment.share_bunbo != 1:
        sum_of += f"×{segment.share_bunshi}/{segment.share_bunbo}"
    elif segment.share_bunshi == 0:
        return f"{days} 全額免除 0円({reason})"
    yen = f"{segment.yen:,}円" if entaikin.rule.segment_rounding == KUBUN else _sen(segment.exact)
    return f"{days} {sum_of}={yen}({reason})"


def _sen(exact: Fraction) -> str:
    """Yen with two decimals, what is beyond them cut: 250.72円. 余りがあるときは「余」を付ける."""
    hundredths = int(exact * 100)
    rest = "余" if exact * 100 != hundredths else ""
    whole, part = divmod(hundredths, 100)
    return f"{whole:,}.{part:02d}円{rest}" if part or rest else f"{whole:,}円"


def _closing(entaikin: Entaikin) -> Iterator[str]:
    if entaikin.rule.segment_rounding == KUBUN:
        yield f"合計 {entaikin.goukei:,}円(区分ごとに1円未満を切捨て)"
    else:
        yield f"合計 {_sen(entaikin.exact)}(区分ごとの端数は切り捨てずに足す)"
    rule = entaikin.rule
    by = provisions()[rule.provision.kakutei_hasuu].ja
    if entaikin.kakutei > 0:
        yield f"延滞金 {entaikin.kakutei:,}円({rule.kakutei_tani:,}円未満を切捨て。{by})"
    else:
        yield f"延滞金 0円({rule.kakutei_saitei:,}円未満のため全額を切捨て。{by})"


def _provisions(entaikin: Entaikin) -> Iterator[str]:
    """Every provision once, in the order of the calculation."""
    known = provisions()
    for cited in dict.fromkeys(applied.provision for applied in entaikin.applied):
        yield f"{known[cited].ja}: {known[cited].summary}"
