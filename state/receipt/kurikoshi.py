"""滞納繰越の項目: what of a 期別 was carried over when the books were last closed on it (収滞納 76〜79).

A derivation, not a row: a 期別 that no procedure ever touched is carried over like any other, and what is
received late with an earlier 領収日 is in it from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from state.law.kaikei import heisa_on, kurikoshi_on, nendo_of
from state.law.movement import CHOUTEI, KOUSEI, SHUUNOU, TORIKESHI, Movement
from state.receipt.account import TORIKESHI as DENIED
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import without_fuzui

FIRST_NENDO = 2000
"""The year from which `schemas/law/kaikei.toml` rules."""


class Kurikoshi(NamedTuple):
    """滞納繰越: into which year a 期別 was last carried, when, and what stood in the books then (円)."""

    nendo: int
    on: date
    choutei_gaku: int
    shuunou_gaku: int
    kurikoshi_gaku: int


def kurikoshi_of(
    account: ReceiptAccount, kijunbi: date, movements: Iterable[Movement] = ()
) -> Kurikoshi | None:
    """滞納繰越: the last one up to `kijunbi`, of the 本税; None while nothing has been carried (円).

    調定 as it stood on the day of closing, receipts by 領収日 up to it. What procedures moved on the 本税 counts
    by the days of `movements`; what of it they do not tell counts at every closing, so that nothing is
    carried that is not owed now.
    """
    moved = [
        (each.on, each.change)
        for each in movements
        if each.kamoku == "honzei" and each.kind not in (CHOUTEI, KOUSEI, SHUUNOU, TORIKESHI)
    ]
    beside = 0 if account.seisan is None else without_fuzui(account.seisan)
    undated = beside - sum(change for _, change in moved)
    for nendo in range(nendo_of(kijunbi), max(account.choutei_nendo, FIRST_NENDO) - 1, -1):
        if kurikoshi_on(nendo) <= kijunbi:
            found = _carried(account, nendo, undated, moved)
            if found.kurikoshi_gaku > 0:
                return found
    return None


def _carried(account: ReceiptAccount, nendo: int, undated: int, moved: list[tuple[date, int]]) -> Kurikoshi:
    """What the closing of `nendo` carries into the next year; 0円 where it carries nothing."""
    closed = heisa_on(nendo)
    known = [entry for entry in account.choutei_rireki if entry.occurred_on <= closed]
    choutei_gaku = known[-1].kibetsu_choutei_gaku if known else 0
    if not account.choutei_rireki:  # known only as it stands today: a projection keeps no history
        choutei_gaku = account.kibetsu_choutei_gaku
    received = sum(
        each.kingaku
        for each in account.receipts
        if each.dankai != DENIED and each.ryoushuu_nengappi <= closed
    )
    beside = undated + sum(change for on, change in moved if on <= closed)
    owed = choutei_gaku - received + (beside if choutei_gaku else 0)
    return Kurikoshi(nendo + 1, kurikoshi_on(nendo), choutei_gaku, received, max(owed, 0))
