"""延滞金の表の読み方: how the office writes a case, and what the calculation made of it in the same notation.

未納額の移り is `2025-09-10=40000 …` (from the next day on so much is owed), 減免・猶予 is
`genmen:2025-07-01~2025-12-31*1/2 …` or, for so many yen of what is owed,
`kanka_yuuyo:2025-09-01~2026-08-31@100000`; 設定 names what differs from
最後に一括・猶予特例・1月経過後だけ・全部で切捨て・猶予に係らない部分から. Of one day several parts follow one another
in 区分, the part that is waived most first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from state.law.entaikin_rules import (
    ATO,
    HANGAKU,
    HOKA_SAKI,
    KAKUJI,
    KUBUN,
    SAIGO,
    TOKUREI,
    YUUYO_SAKI,
    ZENKIKAN,
    ZENTAI,
    Law,
    entaikin_law,
)
from state.law.entaikin_value import Bill, Entaikin, Owed, Segment, Waiver
from state.law.tokurei_ritsu import percent


def bill_of(row: Mapping[str, str]) -> Bill:
    """対象: the bill of a row."""
    return Bill(
        row["税目"],
        int(row["税額"]),
        date.fromisoformat(row["納期限"]),
        tuple(_owed(text) for text in row["未納額の移り"].split()),
        tuple(_waiver(text) for text in row["減免・猶予"].split()),
    )


def law_of(settings: str = "", months: int = 1) -> Law:
    """設定: the law with every setting stated, so that a row does not hang on the defaults of the moment."""
    stated = set(settings.split())
    law = entaikin_law()
    return law._replace(
        rules=tuple(
            rule._replace(
                segment_rounding=KUBUN if KUBUN in stated else SAIGO,
                yuuyo_method=HANGAKU if HANGAKU in stated else TOKUREI,
                yuuyo_scope=ZENKIKAN if ZENKIKAN in stated else ATO,
                yuuyo_kiso=KAKUJI if KAKUJI in stated else ZENTAI,
                yuuyo_noufu=YUUYO_SAKI if YUUYO_SAKI in stated else HOKA_SAKI,
            )
            for rule in law.rules
        ),
        zeimoku=tuple(rule._replace(months=months) for rule in law.zeimoku),
    )


def segments_text(entaikin: Entaikin) -> str:
    """区分: as the table writes it."""
    return " ".join(_segment(segment) for segment in entaikin.segments)


def _segment(segment: Segment) -> str:
    if segment.kiso == 0:
        return f"{segment.days}日×なし"
    text = f"{segment.kiso}円×{percent(segment.rate)}%×{segment.days}日"
    whole = segment.share_bunshi == segment.share_bunbo
    return text if whole else f"{text}×{segment.share_bunshi}/{segment.share_bunbo}"


def _owed(text: str) -> Owed:
    on, after = text.split("=")
    return Owed(date.fromisoformat(on), int(after))


def _waiver(text: str) -> Waiver:
    kind, days = text.split(":")
    days, _, gendo = days.partition("@")
    days, _, share = days.partition("*")
    from_on, to_on = days.split("~")
    bunshi, _, bunbo = share.partition("/")
    return Waiver(
        kind, date.fromisoformat(from_on), date.fromisoformat(to_on), int(bunshi or 1), int(bunbo or 1),
        int(gendo) if gendo else None,
    )  # fmt: skip
