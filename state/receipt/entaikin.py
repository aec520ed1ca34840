"""収納台帳の延滞金: what the account of a 期別 gives the calculation of `state.law.entaikin`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from state.law.entaikin_value import Bill, Owed
from state.receipt.account import TORIKESHI, Receipt


def bill_of(zeimoku_code: str, choutei_gaku: int, noukigen: date, receipts: Iterable[Receipt]) -> Bill:
    """延滞金の対象: what was owed when the 納期限 passed, and what each day's receipts left of it (円).

    A receipt counts on its 領収日 and goes to the tax itself first (地方税法 第20条の9の4★未); a denied one
    never. The 調定 is the one that prevails: 延滞金 on what a later correction added begins at that
    correction's own 納期限, which the account does not hold yet.
    """
    taken = sorted((r for r in receipts if r.dankai != TORIKESHI), key=lambda r: r.ryoushuu_nengappi)
    owed, zeigaku = choutei_gaku, choutei_gaku
    changes: list[Owed] = []
    for day, of_day in groupby(taken, key=lambda r: r.ryoushuu_nengappi):
        owed = max(owed - sum(receipt.kingaku for receipt in of_day), 0)
        if day <= noukigen:
            zeigaku = owed
        else:
            changes.append(Owed(day, owed))
    return Bill(zeimoku_code, zeigaku, noukigen, tuple(changes))
