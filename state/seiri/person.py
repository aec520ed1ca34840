"""一人の姿: all that a procedure may look at, and what one step of it changes.

A procedure sees every 期別 of the person, so that what touches several of them (充当, 分納, 差押, 催告) is one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.delinquency.case import DelinquencyCase
from state.facts import Applied
from state.law.movement import Movement
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import Seisan
from state.seiri.shoukei_moto import ShoukeiMoto
from state.seiri.values import KibetsuSeiri, Seiribo


class Person(NamedTuple):
    """一人の姿: rows as they stand, by 収納キー; `kijunbi` is the business day that has come."""

    atena_bangou: str
    accounts: Mapping[str, ReceiptAccount]
    seiri: Mapping[str, KibetsuSeiri]
    book: Seiribo
    case: DelinquencyCase | None
    kijunbi: date | None

    def seiri_of(self, shuunou_key: str) -> KibetsuSeiri:
        """期別の整理: an empty one where no procedure has touched the 期別 yet."""
        return self.seiri.get(shuunou_key) or KibetsuSeiri(shuunou_key, self.atena_bangou)


class SeiriHappened(NamedTuple):
    """起きたこと: kind (past tense), 期別 if it is about one, yen, provisions, and movements of money."""

    kind: str
    shuunou_key: str | None = None
    kingaku: int = 0
    applied: tuple[Applied, ...] = ()
    movements: tuple[Movement, ...] = ()


class Shoukei(NamedTuple):
    """承継する期別: a share that goes on under a 収納キー of its own, to another person.

    `honzei` is the 調定 of the share (円), `account` the 期別 of the deceased, `moto` what goes on with it.
    """

    shuunou_key: str
    atena_bangou: str
    honzei: int
    account: ReceiptAccount
    moto: ShoukeiMoto


class SeiriStep(NamedTuple):
    """一歩の結果: only what changed; `look_on` the days on which the person must be looked at again."""

    accounts: Mapping[str, ReceiptAccount]
    seiri: Mapping[str, KibetsuSeiri]
    book: Seiribo | None
    happened: tuple[SeiriHappened, ...]
    look_on: tuple[date, ...] = ()
    shoukei: tuple[Shoukei, ...] = ()


def step(
    *happened: SeiriHappened,
    accounts: tuple[ReceiptAccount, ...] = (),
    seiri: tuple[KibetsuSeiri, ...] = (),
    book: Seiribo | None = None,
    look_on: tuple[date | None, ...] = (),
    shoukei: tuple[Shoukei, ...] = (),
) -> SeiriStep:
    """一歩を作る: what changed, as values."""
    return SeiriStep(
        {account.shuunou_key: account for account in accounts},
        {each.shuunou_key: each for each in seiri},
        book,
        happened,
        tuple(day for day in look_on if day is not None),
        shoukei,
    )


def seisan_of(account: ReceiptAccount) -> Seisan:
    """精算: of an account that may have none yet."""
    return account.seisan or Seisan()


def movement(
    account: ReceiptAccount, on: date, nendo: int, kind: str, kamoku: str, kingaku: int, channel: str = ""
) -> Movement:
    """収納の動き: one movement on this 期別 in the books of `nendo`."""
    return Movement(
        on,
        account.shuunou_key,
        account.fuka_nendo,
        account.choutei_nendo,
        nendo,
        account.zeimoku_code,
        account.kibetsu_code,
        kind,
        kamoku,
        channel,
        kingaku,
    )
