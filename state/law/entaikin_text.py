"""延滞金の説明: the whole calculation in Japanese, as a clerk reads it out to a citizen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

import schemas
from schemas.provisions import provisions
from state.law.entaikin_bubun import kiso_of
from state.law.entaikin_rules import HOKA_SAKI, KAKUJI, KUBUN, YUUYO_SAKI, entaikin_law
from state.law.entaikin_value import INAI, Entaikin, Segment, by_days, parts_of
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
    groups = tuple(by_days(entaikin.segments))
    yield from _base(groups[0], entaikin)
    ichibu = provisions()[entaikin.rule.provision.ichibu_noufu].ja
    for earlier, after in pairwise(groups):
        before = earlier[0]
        if before.owed != after[0].owed:
            yield (
                f"{wareki(before.to_on)}に{before.owed - after[0].owed:,}円が納付などにより減り、"
                f"{wareki(after[0].from_on)}から未納額は{after[0].owed:,}円です({ichibu})。"
            )
            yield from _base(after, entaikin)
        elif parts_of(earlier) != parts_of(after):
            yield from _parts(after, entaikin)
    if any(segment.bubun is not None for segment in entaikin.segments):
        yield _NOUFU[entaikin.rule.yuuyo_noufu]
    if entaikin.segments[-1].to_on < entaikin.on:
        yield f"{wareki(entaikin.segments[-1].to_on)}に未納の税額はなくなりました。"


_NOUFU = {
    HOKA_SAKI: "猶予などの限度額のある間の納付は、その限度額の外の部分から充てて計算しています。",
    YUUYO_SAKI: "猶予などの限度額のある間の納付は、その限度額の中の部分から充てて計算しています。",
}


def _base(parts: tuple[Segment, ...], entaikin: Entaikin) -> Iterator[str]:
    """The base of an amount owed, and where it has parts, that of each."""
    rule, owed = entaikin.rule, parts[0].owed
    by, kiso = provisions()[rule.provision.kiso_hasuu].ja, kiso_of(owed, rule)
    if kiso == 0:
        yield (
            f"未納額{owed:,}円は{rule.kiso_saitei:,}円未満のため全額を切り捨て、延滞金はかかりません({by})。"
        )
    elif len(parts) > 1 and rule.yuuyo_kiso == KAKUJI:
        pass  # each part has a base of its own, told with it
    elif kiso == owed:
        yield f"計算の基礎は{kiso:,}円です。"
    else:
        yield f"未納額{owed:,}円の{rule.kiso_tani:,}円未満を切り捨て、計算の基礎は{kiso:,}円です({by})。"
    yield from _parts(parts, entaikin)


def _parts(parts: tuple[Segment, ...], entaikin: Entaikin) -> Iterator[str]:
    """From a day on: how much of what is owed is under 猶予, how much is not, and the base of each."""
    if len(parts) == 1:
        return
    waivers, by = entaikin_law().waivers, provisions()[entaikin.rule.provision.kiso_hasuu].ja
    told = "、".join(
        f"{waivers[part.waiver].ja + 'に係る' if part.waiver else 'そのほかの'}部分は{part.bubun:,}円"
        f"(基礎{part.kiso:,}円)"
        for part in parts
    )
    yield f"{wareki(parts[0].from_on)}から、未納額{parts[0].owed:,}円のうち{told}です({by})。"


def _segment(entaikin: Entaikin, segment: Segment) -> str:
    days = f"{wareki(segment.from_on)}から{wareki(segment.to_on)}まで {segment.days}日"
    if segment.bubun is not None:
        days += f" 未納額のうち{segment.bubun:,}円の部分"
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
