"""還付加算金の説明: the calculation in Japanese, as a clerk reads it to a citizen."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.provisions import provisions
from state.law.entaikin_text import wareki
from state.law.kanpu_kasankin import (
    KETTEI,
    KOUSEI_SEIKYUU,
    KUBUN,
    SHOTOKUZEI,
    SONOTA,
    KanpuKasankin,
    Segment,
)
from state.law.tokurei_ritsu import PERCENT, percent

_KISAN = {
    KETTEI: "納付の日の翌日から",
    KOUSEI_SEIKYUU: "更正の請求の翌日から3月を経過する日と、更正の翌日から1月を経過する日の、早い日の翌日から",
    SHOTOKUZEI: "所得税の更正の通知等の翌日から1月を経過する日の翌日から",
    SONOTA: "納付の日の翌日から1月を経過する日の翌日から",
}


def tell(kasankin: KanpuKasankin) -> tuple[str, ...]:
    """説明文: its lines, in the order of the calculation."""
    return tuple(_lines(kasankin))


def _lines(kasankin: KanpuKasankin) -> Iterator[str]:
    total = sum(part.kingaku for part in kasankin.bubun)
    yield f"過誤納金 {total:,}円の還付加算金"
    yield f"計算の始まり: {_KISAN[kasankin.kisan.kubun]}"
    for part, first in zip(kasankin.bubun, kasankin.kisanbi, strict=True):
        end = "充当" if part.is_juutou else "支出の決定"
        yield (
            f"  {wareki(part.noufu_on)}に納付した{part.kingaku:,}円: "
            f"{wareki(first)}から{wareki(part.shuuki_on)}({end})まで"
        )
    if kasankin.josan_from is not None and kasankin.josan_to is not None:
        yield (
            f"除く期間: {wareki(kasankin.josan_from)}から{wareki(kasankin.josan_to)}まで"
            "(通知から30日を過ぎて請求のなかった間)"
        )
    for segment in kasankin.segments:
        yield _segment(segment, kasankin.bunbo)
    if not kasankin.segments:
        yield "計算の対象になる額または期間がない"
    how = "区分ごとに1円未満を切り捨てて" if kasankin.hasuu == KUBUN else "合計の1円未満を切り捨てて"
    yield f"計: {how} {kasankin.goukei:,}円"
    yield f"還付加算金: {kasankin.kakutei:,}円(100円未満を切捨て、全額が1,000円未満のときは0円)"
    cited = dict.fromkeys(provisions()[basis.provision].ja for basis in kasankin.applied)
    yield f"根拠: {'、'.join(cited)}"


def _segment(segment: Segment, bunbo: int) -> str:
    sen, days = segment.bunshi * 100 // bunbo, bunbo // (100 * PERCENT)
    return (
        f"  {wareki(segment.from_on)}から{wareki(segment.to_on)}まで{segment.days}日: "
        f"{segment.kiso:,}円 × {percent(segment.ritsu)}% × {segment.days}日 ÷ {days} = "
        f"{sen // 100:,}円{sen % 100:02d}銭" + ("" if segment.kiso else "(2,000円未満のため計算しない)")
    )
