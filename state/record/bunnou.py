"""分納情報の項目: what the hub knows of one plan; each function bears the name of its item.

Without a plan of our own (`bunnou` is None) the row is the former system's, and its record speaks.
"""

from __future__ import annotations

from datetime import date

from state.events import KirokuHeld
from state.record.known import UNSEEN, Unseen, flag
from state.seiri.values import BunnouKiroku


def edaban(bunnou: BunnouKiroku | None, kiroku: KirokuHeld | None) -> str | None:
    """枝番: the number under which the office knows the plan, or the former system did."""
    if bunnou is not None:
        return bunnou.bunnou.bunnou_bangou
    return kiroku.held.get("edaban") or kiroku.record_key if kiroku else None


def seiyakubi(bunnou: BunnouKiroku | None) -> date | Unseen:
    """誓約日: on which it was made."""
    return bunnou.bunnou.keiyaku_on if bunnou else UNSEEN


def seiyaku_kikan_kara(bunnou: BunnouKiroku | None) -> date | Unseen:
    """誓約期間自: the day of the first 回."""
    return bunnou.bunnou.kai[0].kijitsu if bunnou else UNSEEN


def seiyaku_kikan_made(bunnou: BunnouKiroku | None) -> date | Unseen:
    """誓約期間至: the day of the last 回, extensions included."""
    return bunnou.bunnou.kai[-1].kijitsu if bunnou else UNSEEN


def seiyaku_gessuu(bunnou: BunnouKiroku | None) -> int | Unseen:
    """誓約月数: the calendar months from the first 回's to the last's, both counted."""
    if bunnou is None:
        return UNSEEN
    first, last = bunnou.bunnou.kai[0].kijitsu, bunnou.bunnou.kai[-1].kijitsu
    return (last.year - first.year) * 12 + last.month - first.month + 1


def bunnou_tantousha(bunnou: BunnouKiroku | None) -> str | Unseen:
    """分納担当者: who took it."""
    return (bunnou.tantousha_code if bunnou else None) or UNSEEN


def bunnou_kingaku(bunnou: BunnouKiroku | None) -> int | Unseen:
    """分納金額: of the 回 that is to be paid next, of the last one when all are filled (円)."""
    if bunnou is None:
        return UNSEEN
    kai = bunnou.bunnou.kai
    return next((one.kingaku for one in kai if one.noufu_gaku < one.kingaku), kai[-1].kingaku)


def torikeshibi(bunnou: BunnouKiroku | None) -> date | Unseen | None:
    """取消日: on which it was cancelled."""
    return bunnou.bunnou.torikeshi_on if bunnou else UNSEEN


def noufu_seiyaku_gaku(bunnou: BunnouKiroku | None) -> int | Unseen:
    """納付誓約額: what the plan is to pay in all (円)."""
    return bunnou.bunnou.kingaku if bunnou else UNSEEN


def enchou_kubun(bunnou: BunnouKiroku | None) -> str | Unseen:
    """延長区分: 1 once the plan was extended."""
    return flag(bunnou.bunnou.enchou_kaisuu > 0) if bunnou else UNSEEN


def enchou_kikan_made(bunnou: BunnouKiroku | None) -> date | Unseen:
    """延長期間至: the day of the last 回 of a plan that was extended."""
    if bunnou is None or bunnou.bunnou.enchou_kaisuu == 0:
        return UNSEEN
    return bunnou.bunnou.kai[-1].kijitsu
