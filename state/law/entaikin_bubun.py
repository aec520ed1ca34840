"""延滞金の部分: the rate of one day, and of how much of what is owed: a 猶予 is granted for so many yen.

地方税法15条の9 waives 延滞金 of the tax under 猶予, and 15条・15条の5・15条の6 grant it for an amount and not for what another
猶予 covers already: so each waiver with a limit has yen of its own, those that leave least before the others,
and what is beyond them all bears the usual rate. One without a limit takes all that those before it left.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from state.law.entaikin_rules import HANGAKU, KAKUJI, WARIAI, YUUYO, YUUYO_SAKI, ZENGAKU, ZENKIKAN, Rule
from state.law.entaikin_value import ATO, INAI, Bill, Frame, Waiver
from state.law.kikan import DAY
from state.law.tokurei_ritsu import Ritsu


class Rated(NamedTuple):
    """その日の割合: after any waiver."""

    kikan: str
    usual: int
    rate: int
    waiver: str
    share: Fraction
    provision: str


class Part(NamedTuple):
    """部分: yen of what is owed that bear one rate, None for all of it, and their base (円)."""

    gaku: int | None
    kiso: int
    rated: Rated


def kiso_of(owed: int, rule: Rule) -> int:
    """基礎の税額: what is owed without its odd yen; nothing when it is too little (20条の4の2第2項)."""
    return 0 if owed < rule.kiso_saitei else owed - owed % rule.kiso_tani


def owed_on(bill: Bill, day: date) -> int:
    """その日の未納額: in the morning, so without what is paid on the day itself (円)."""
    known = [change for change in bill.owed if change.on < day]
    return max(known, key=lambda change: (change.on, -change.after)).after if known else bill.zeigaku


def gendo_on(waiver: Waiver, bill: Bill, owed: int, rule: Rule) -> int:
    """その日の限度額: how much of `owed` a waiver may be for (円).

    A payment meets what is not under 猶予 first, so that the limit stays as it was granted; where the setting
    has it the other way round, what was paid since the first day is taken from the limit.
    """
    if waiver.gendo_gaku is None:
        return owed
    paid = 0
    if rule.yuuyo_noufu == YUUYO_SAKI:
        paid = owed_on(bill, max(waiver.from_on, bill.noukigen + DAY)) - owed
    return min(max(waiver.gendo_gaku - paid, 0), owed)


def parts_on(day: date, owed: int, ritsu: Ritsu, frame: Frame) -> tuple[Part, ...]:
    """その日の部分: what is owed, cut where the rate changes; the part that is waived most comes first."""
    kikan = INAI if day <= frame.inai_to_on else ATO
    usual = ritsu.ichigetsu_inai if kikan == INAI else ritsu.ichigetsu_ato
    plain = Rated(kikan, usual, usual, "", Fraction(1), ritsu.entaikin_provision)
    offers = [
        (_waived(plain, waiver, ritsu, frame), gendo_on(waiver, frame.bill, owed, frame.rule))
        for waiver in frame.bill.waivers
        if waiver.from_on <= day <= waiver.to_on
    ]
    offers = [offer for offer in offers if _cost(offer[0]) < _cost(plain)]
    offers.sort(key=lambda offer: (_cost(offer[0]), -offer[1]))
    found, left = list[tuple[Rated, int]](), owed
    for rated, gendo in (*offers, (plain, owed)):
        gaku = min(gendo, left)
        if gaku:
            found.append((rated, gaku))
        left -= gaku
    return _with_kiso(found, owed, frame.rule)


def _with_kiso(found: list[tuple[Rated, int]], owed: int, rule: Rule) -> tuple[Part, ...]:
    """The base of each part: its thousands within those of the whole, or by the setting its own."""
    if len(found) == 1:
        return (Part(None, kiso_of(owed, rule), found[0][0]),)
    parts, below = list[Part](), 0
    for rated, gaku in found:
        up_to = below + gaku
        within = (up_to - up_to % rule.kiso_tani) - (below - below % rule.kiso_tani)
        parts.append(Part(gaku, kiso_of(gaku, rule) if rule.yuuyo_kiso == KAKUJI else within, rated))
        below = up_to
    return tuple(parts)


def _cost(rated: Rated) -> Fraction:
    return rated.rate * rated.share


def _waived(usual: Rated, waiver: Waiver, ritsu: Ritsu, frame: Frame) -> Rated:
    known = frame.law.waivers[waiver.kind]
    named = usual._replace(waiver=waiver.kind, provision=known.provision or frame.zeimoku.genmen)
    if known.effect == ZENGAKU:
        return named._replace(share=Fraction(0))
    if known.effect == WARIAI:
        return named._replace(share=1 - Fraction(waiver.bunshi, waiver.bunbo))
    assert known.effect == YUUYO
    if usual.kikan == INAI and frame.rule.yuuyo_scope != ZENKIKAN:
        return usual
    if frame.rule.yuuyo_method == HANGAKU or ritsu.yuuyo is None or ritsu.yuuyo_provision is None:
        return named._replace(share=Fraction(1, 2))
    return named._replace(rate=ritsu.yuuyo, provision=ritsu.yuuyo_provision)
