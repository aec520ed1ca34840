"""納付の並び: on which day each yen came to one 期別, which of it went out again, and what of it is too much.

What was paid back or moved away came out of the last payments before that decision, and what is too much is
found from the last payment backwards (地方税法施行令 第6条の15★未): so each yen that goes back has a day of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from state.receipt.account import TORIKESHI, ReceiptAccount
from state.receipt.seisan import Seisan


class Noufu(NamedTuple):
    """納付: yen that count from a day; `known_on` is when the hub had it, `kamoku` is None for a receipt."""

    on: date
    kingaku: int
    known_on: date
    kamoku: str | None = None


class Beyond(NamedTuple):
    """過誤納の部分: yen of one payment, and the day on which they became too much."""

    noufu_on: date
    kingaku: int
    hassei_on: date


def noufu_of(account: ReceiptAccount, juutou: Iterable[Noufu] = ()) -> list[Noufu]:
    """納付の並び: receipts that were not denied, and what 充当 brought, in the order of their days.

    充当 of which the day is no longer known counts on the 納期限, the day that costs the person least.
    """
    brought = list(juutou)
    missing = (account.seisan or Seisan()).juutou_in.goukei - sum(each.kingaku for each in brought)
    if missing > 0:
        brought.append(Noufu(account.noukigen, missing, account.noukigen, "honzei"))
    receipts = [
        Noufu(each.ryoushuu_nengappi, each.kingaku, max(each.torikomibi, each.ryoushuu_nengappi))
        for each in account.receipts
        if each.dankai != TORIKESHI
    ]
    return sorted((*receipts, *brought), key=lambda each: each.on)


def remaining(
    account: ReceiptAccount, juutou: Iterable[Noufu] = (), kettei_on: date | None = None
) -> list[Noufu]:
    """残る納付: without what was paid back or moved away up to the last decision, `kettei_on`."""
    seisan = account.seisan or Seisan()
    gone = seisan.kanpu.goukei + seisan.juutou_out.goukei
    paid = noufu_of(account, juutou)
    if not gone:
        return paid
    early = [each for each in paid if kettei_on is None or each.known_on <= kettei_on]
    late = [each for each in paid if each not in early]
    taken, left = _from_the_last(early, gone)
    still = gone - sum(each.kingaku for each in taken)
    return sorted((*left, *_from_the_last(late, still)[1]), key=lambda each: each.on)


def beyond(
    account: ReceiptAccount, juutou: Iterable[Noufu] = (), kettei_on: date | None = None
) -> tuple[Beyond, ...]:
    """過誤納の内訳: the payments that are too much, the earliest first.

    They add up to less than the 過誤納額 where no payment stands behind it (a 更正 of what was written off).
    """
    left = remaining(account, juutou, kettei_on)
    parts, _ = _from_the_last(left, account.kagonou_gaku)
    levels = _levels(account, left)
    found, below = [], 0
    for part in parts:
        found.append(Beyond(part.on, part.kingaku, _reached(levels, below + 1)))
        below += part.kingaku
    return tuple(found)


def _from_the_last(paid: Sequence[Noufu], kingaku: int) -> tuple[list[Noufu], list[Noufu]]:
    """So many yen, from the last payment backwards, and what is left of all; both in order."""
    taken: list[Noufu] = []
    left: list[Noufu] = []
    for each in reversed(paid):
        part = min(each.kingaku, max(kingaku, 0))
        kingaku -= part
        if part:
            taken.append(each._replace(kingaku=part))
        if part < each.kingaku:
            left.append(each._replace(kingaku=each.kingaku - part))
    return taken[::-1], left[::-1]


def _levels(account: ReceiptAccount, paid: Sequence[Noufu]) -> list[tuple[date, int]]:
    """By how much the payments were beyond what was owed, after each day on which either changed."""
    seisan = account.seisan or Seisan()
    beside = seisan.fuzui.goukei - seisan.kesson.goukei - seisan.shoumetsu.goukei - seisan.shoukei.goukei
    days = sorted({each.on for each in paid} | {entry.occurred_on for entry in account.choutei_rireki})
    return [
        (day, sum(each.kingaku for each in paid if each.on <= day) - choutei_on(account, day) - beside)
        for day in days
    ]


def choutei_on(account: ReceiptAccount, day: date) -> int:
    """その日の調定額: of the highest 履歴番号 up to a day; before the first, that of the first (円)."""
    history = account.choutei_rireki
    if not history:
        return account.kibetsu_choutei_gaku
    known = [entry for entry in history if entry.occurred_on <= day]
    return known[-1].kibetsu_choutei_gaku if known else history[0].kibetsu_choutei_gaku


def _reached(levels: Sequence[tuple[date, int]], level: int) -> date:
    """Since which day without a break that much has been too much; the last day when it never shows."""
    since = levels[-1][0]
    for day, amount in reversed(levels):
        if amount < level:
            break
        since = day
    return since
