"""収納台帳の延滞金: what the account of a 期別 gives the calculation of `state.law.entaikin`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from state.law.entaikin_value import Bill, Owed, Waiver
from state.receipt.account import TORIKESHI, Receipt, ReceiptAccount
from state.receipt.noufu import Noufu, remaining
from state.receipt.seisan import Seisan


def bill_of(zeimoku_code: str, choutei_gaku: int, noukigen: date, receipts: Iterable[Receipt]) -> Bill:
    """延滞金の対象: what was owed when the 納期限 passed, and what each day's receipts left of it (円).

    A receipt counts on its 領収日 and goes to the tax itself first (地方税法 第20条の9の4★未); a denied one
    never. The 調定 is the one that prevails: 延滞金 on what a later correction added begins at that
    correction's own 納期限, which the account does not hold yet.
    """
    taken = [(r.ryoushuu_nengappi, r.kingaku) for r in receipts if r.dankai != TORIKESHI]
    return _bill(zeimoku_code, choutei_gaku, noukigen, taken)


def bill_for(
    account: ReceiptAccount,
    on: date,
    juutou: Iterable[Noufu] = (),
    kettei_on: date | None = None,
    ended_on: date | None = None,
    waivers: tuple[Waiver, ...] = (),
    shoukei: Iterable[tuple[date, int]] = (),
) -> Bill:
    """期別の延滞金の対象: as `bill_of`, with what 充当 brought and what went out of the account, up to `on`.

    `juutou` counts on its 充当適状日 (地方税法 第17条の2第4項); `ended_on` is the day from which what was written off
    is extinct; what heirs took over runs on in their own 期別, and not here. `shoukei` are payments before
    that, with their days: the heirs' parts of them count there (positive), and here no more (negative).
    """
    seisan = account.seisan or Seisan()
    left = remaining(account, juutou, kettei_on)
    met = [(each.on, each.kingaku) for each in left if each.kamoku in (None, "honzei") and each.on <= on]
    extinct = seisan.kesson.honzei + seisan.shoumetsu.honzei
    if extinct and (ended_on is None or ended_on <= on):
        met.append((ended_on or account.noukigen, extinct))
    moved = tuple(shoukei)
    met += moved
    choutei_gaku = account.kibetsu_choutei_gaku - seisan.shoukei.honzei + sum(yen for _, yen in moved)
    choutei_gaku = max(choutei_gaku, 0)
    return _bill(account.zeimoku_code, choutei_gaku, account.noukigen, met)._replace(waivers=waivers)


def owed_after(bill: Bill) -> int:
    """残る本税: what is owed after the last change (円)."""
    return bill.owed[-1].after if bill.owed else bill.zeigaku


def _bill(zeimoku_code: str, choutei_gaku: int, noukigen: date, met: Iterable[tuple[date, int]]) -> Bill:
    owed, zeigaku = choutei_gaku, choutei_gaku
    changes: list[Owed] = []
    for day, of_day in groupby(sorted(met), key=lambda each: each[0]):
        change = sum(kingaku for _, kingaku in of_day)
        if change == 0:  # what the person paid, and the heirs now have
            continue
        owed = max(owed - change, 0)
        if day <= noukigen:
            zeigaku = owed
        else:
            changes.append(Owed(day, owed))
    return Bill(zeimoku_code, zeigaku, noukigen, tuple(changes))
