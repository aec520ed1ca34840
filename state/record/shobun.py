"""処分情報の項目: what the hub knows of one 処分; each function bears the name of its item.

Without a 処分 of our own (`shobun` is None) the row is the former system's, and its record speaks.
"""

from __future__ import annotations

from datetime import date

from state.events import KirokuHeld
from state.record.known import UNSEEN, Unseen
from state.seiri.values import Shobun

STANDS, HAS_HAITOU, RELEASED, ANNULLED = "shobunchuu", "haitou", "kaijo", "torikeshi"


def edaban(shobun: Shobun | None, kiroku: KirokuHeld | None) -> str | None:
    """枝番: the number under which the office knows the 処分, or the former system did."""
    if shobun is not None:
        return shobun.bangou
    return kiroku.held.get("edaban") or kiroku.record_key if kiroku else None


def zaisan_saiken_shurui(shobun: Shobun | None) -> str | Unseen:
    """財産債権種類: as the act told it."""
    return (shobun.code if shobun else None) or UNSEEN


def joutai_kubun(shobun: Shobun | None) -> str | Unseen:
    """状態区分: 処分中 "shobunchuu", 配当あり "haitou", 解除 "kaijo", 取消し "torikeshi"."""
    if shobun is None:
        return UNSEEN
    if shobun.kaijo_on is not None:
        return ANNULLED if shobun.is_torikeshi else RELEASED
    return HAS_HAITOU if shobun.haitou_on is not None else STANDS


def sashiosae_kubun(shobun: Shobun | None) -> str | Unseen:
    """差押区分: the kind of the 処分."""
    return shobun.kind if shobun else UNSEEN


def shobunbi(shobun: Shobun | None) -> date | Unseen:
    """処分日: on which it was made."""
    return shobun.on if shobun else UNSEEN


def shobun_tantousha(shobun: Shobun | None) -> str | Unseen:
    """処分担当者: who made it."""
    return (shobun.tantousha_code if shobun else None) or UNSEEN


def kaijobi(shobun: Shobun | None) -> date | Unseen | None:
    """解除日: on which it was released or annulled."""
    return shobun.kaijo_on if shobun else UNSEEN


def kaijo_riyuu(shobun: Shobun | None) -> str | Unseen | None:
    """解除理由: why."""
    return shobun.kaijo_riyuu if shobun else UNSEEN


def shobun_kingaku(shobun: Shobun | None) -> int | Unseen:
    """処分金額: for what it was made (円)."""
    return shobun.kingaku if shobun else UNSEEN


def haitou_kingaku(shobun: Shobun | None) -> int | Unseen:
    """配当金額: what was received from it (円)."""
    return shobun.haitou_gaku if shobun else UNSEEN


def tainou_shobunhi(shobun: Shobun | None) -> int | Unseen:
    """滞納処分費: what it cost (円)."""
    return shobun.shobunhi if shobun else UNSEEN
