"""滞納の畳み込み: what a changed 期別, or the coming of a day, means for the delinquency of its person.

A 期別 counts as 滞納 when the 基準日 is after its 納期限 and something is owed. The person's
case is open while any of them counts. Nothing here reads a clock: `kijunbi` is the
business day that has come, or None before the first.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import schemas
from state.delinquency.case import CLOSED, OPEN, DelinquencyCase
from state.facts import Applied
from state.receipt.account import ReceiptAccount
from state.receipt.apply import Happened

DAY = timedelta(days=1)


class TokusokuRule(NamedTuple):
    """督促の期限: within how many days of the 納期限, by which provision, in which version."""

    valid_from: date
    days: int
    provisions: dict[str, str]


class Followed(NamedTuple):
    """滞納の続き: the account and case as they follow, and what happened to each."""

    account: ReceiptAccount
    case: DelinquencyCase | None
    of_account: tuple[Happened, ...]
    of_case: tuple[Happened, ...]


@cache
def tokusoku_rules() -> tuple[TokusokuRule, ...]:
    """督促の定め: from `schemas/law/tokusoku.toml`, latest first."""
    rules = (
        TokusokuRule(rule["valid_from"], rule["days"], rule["provision"])
        for rule in schemas.load_toml("law/tokusoku")["rule"]
    )
    return tuple(sorted(rules, reverse=True))


def tokusoku_rule(on: date) -> TokusokuRule:
    """その日の定め: the rule in force on `on`. Raises LookupError before the first one."""
    for rule in tokusoku_rules():
        if rule.valid_from <= on:
            return rule
    raise LookupError(f"no 督促 rule in schemas/law/tokusoku.toml for {on}")


def is_overdue(account: ReceiptAccount, kijunbi: date | None) -> bool:
    """滞納か: owed, and the 納期限 is past."""
    return kijunbi is not None and account.noukigen < kijunbi and account.minou_gaku > 0


def next_on(account: ReceiptAccount) -> date | None:
    """次に見る日: the day whose coming may change this account; None when no day will."""
    if account.minou_gaku == 0:
        return None
    if not account.is_tainou:
        return account.noukigen + DAY
    if account.tokusoku_due_on is None:
        return account.noukigen + DAY * tokusoku_rule(account.noukigen).days
    return None


def follow(
    before: ReceiptAccount | None, after: ReceiptAccount, case: DelinquencyCase | None, kijunbi: date | None
) -> Followed:
    """滞納を追う: compare what the case counted of `before` with what it must count of `after` on this day."""
    counted = before.minou_gaku if before is not None and before.is_tainou else 0
    was = before is not None and before.is_tainou
    overdue = is_overdue(after, kijunbi)
    if not overdue and not was:
        return Followed(after, case, (), ())
    assert kijunbi is not None
    changed = after._replace(is_tainou=overdue)
    of_account: tuple[Happened, ...] = ()
    if overdue != was:
        of_account = (Happened("TainouStarted" if overdue else "TainouEnded", after.minou_gaku),)
    changed, due = _tokusoku(changed, kijunbi)
    owed = after.minou_gaku if overdue else 0
    new_case, of_case = _counted(case, after.atena_bangou, owed - counted, overdue - was, kijunbi)
    return Followed(changed, new_case, of_account + due, of_case)


def _tokusoku(account: ReceiptAccount, kijunbi: date) -> tuple[ReceiptAccount, tuple[Happened, ...]]:
    """督促状を発すべき期限: reached once per 期別, while it is owed."""
    if not account.is_tainou or account.tokusoku_due_on is not None:
        return account, ()
    rule = tokusoku_rule(account.noukigen)
    due_on = account.noukigen + DAY * rule.days
    if kijunbi < due_on:
        return account, ()
    applied = Applied(
        rule.provisions[account.zeimoku_code],
        rule.valid_from.isoformat(),
        {"noukigen": account.noukigen.isoformat(), "days": str(rule.days)},
        {"tokusoku_due_on": due_on.isoformat()},
    )
    return account._replace(tokusoku_due_on=due_on), (
        Happened("TokusokuBecameDue", account.minou_gaku, (applied,)),
    )


def _counted(
    case: DelinquencyCase | None, atena_bangou: str, yen: int, bills: int, kijunbi: date
) -> tuple[DelinquencyCase | None, tuple[Happened, ...]]:
    """The person's totals moved by so many yen and so many 期別."""
    if yen == 0 and bills == 0:
        return case, ()
    if case is None:
        case = DelinquencyCase(atena_bangou, CLOSED, kijunbi, None, 0, 0, 0)
    moved = case._replace(tainou_kingaku=case.tainou_kingaku + yen, tainou_kensuu=case.tainou_kensuu + bills)
    if moved.tainou_kensuu == 0:
        return moved._replace(joutai=CLOSED, closed_on=kijunbi), (Happened("TainouCaseClosed", yen),)
    if case.joutai == CLOSED:
        opened = moved._replace(joutai=OPEN, opened_on=kijunbi, closed_on=None, kaisuu=case.kaisuu + 1)
        return opened, (Happened("TainouCaseOpened", yen),)
    return moved, (Happened("TainouCaseChanged", yen),)
