"""附随する調定: 督促手数料 and 滞納処分費 join what one 期別 owes, in the books of the year of its 本税."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.facts import Applied
from state.law import movement as movements
from state.law.kaikei import fuzui_nendo, kubun_on
from state.law.movement import Movement
from state.law.uchiwake import Uchiwake
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import minus, plus
from state.seiri.person import movement, seisan_of


class Joined(NamedTuple):
    """附随の結果: the account after it, the movement, and the provision that says its year."""

    account: ReceiptAccount
    movements: tuple[Movement, ...]
    applied: tuple[Applied, ...]


def joined(account: ReceiptAccount, kamoku: str, kingaku: int, on: date) -> Joined | Refusal:
    """附随を調定する: nothing moves for 0 yen. Refuses with R-433, as `state.law.kaikei.fuzui_nendo`."""
    if kingaku == 0:
        return Joined(account, (), ())
    nendo, _ = kubun_on(account.choutei_nendo, on)
    basis = fuzui_nendo(kamoku, nendo, nendo, on)
    if isinstance(basis, Refusal):
        return basis
    seisan = seisan_of(account)
    after = account._replace(seisan=seisan._replace(fuzui=plus(seisan.fuzui, Uchiwake(**{kamoku: kingaku}))))
    moved = movement(account, on, nendo, movements.CHOUTEI, kamoku, kingaku)
    return Joined(after, (moved,), (basis,) if basis is not None else ())


def taken_back(account: ReceiptAccount, kamoku: str, kingaku: int, on: date) -> Joined | Refusal:
    """附随を取り消す: as much of it as was not written off, extinct or gone to heirs: that is owed no more."""
    seisan = seisan_of(account)
    gone = plus(plus(seisan.kesson, seisan.shoumetsu), seisan.shoukei)
    left: int = getattr(minus(seisan.fuzui, gone), kamoku)
    back = max(min(kingaku, left), 0)
    if back == 0:
        return Joined(account, (), ())
    nendo, _ = kubun_on(account.choutei_nendo, on)
    basis = fuzui_nendo(kamoku, nendo, nendo, on)
    if isinstance(basis, Refusal):
        return basis
    fuzui = minus(seisan.fuzui, Uchiwake(**{kamoku: back}))
    moved = movement(account, on, nendo, movements.KOUSEI, kamoku, -back)
    after = account._replace(seisan=seisan._replace(fuzui=fuzui))
    return Joined(after, (moved,), (basis,) if basis is not None else ())
