"""台帳の一歩: receipt and delinquency together, so that a case can never disagree with its 期別.

`apply` takes one event, `reach` the coming of a day; both give the new values and the facts. The account
stands on the first fact of a step about the account, the case on the first about the case: the state after
the step. Ids are the event's id and the kind, so whoever reads twice recognises it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from state.delinquency.apply import follow, next_on
from state.delinquency.case import DelinquencyCase
from state.events import (
    AtenaChanged,
    ChouteiEstablished,
    KijunbiAdvanced,
    KirokuHeld,
    KouzaFurikaeFailed,
    ShuunouReceived,
    ShuunouReversed,
)
from state.facts import LedgerFact
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.receipt.apply import Happened, apply_choutei, apply_nounyuu

Booked = ChouteiEstablished | ShuunouReceived | ShuunouReversed | KouzaFurikaeFailed


class Change(NamedTuple):
    """一歩の結果: the values after it (the same objects where nothing changed), and the facts."""

    account: ReceiptAccount
    case: DelinquencyCase | None
    facts: tuple[LedgerFact, ...]
    look_on: date | None
    """A day to look at the account again; None where none is needed or one is already noted."""


def apply(
    account: ReceiptAccount | None, case: DelinquencyCase | None, kijunbi: date | None, event: Booked
) -> Change | Refusal:
    """異動を記帳する: `account` and `case` are None when there are none yet."""
    if isinstance(event, ChouteiEstablished):
        outcome = apply_choutei(account, event)
    elif account is None:
        return refusal(
            "R-404",
            "納付",
            "台帳にある収納キー",
            "台帳にない",
            "突合の索引と台帳を `shuunou verify` で照らす",
        )
    else:
        outcome = apply_nounyuu(account, event)
    if isinstance(outcome, Refusal):
        return outcome
    booked, happened = outcome
    if booked is account:
        return Change(account, case, _facts(event, event.event_id, booked, None, happened, ()), None)
    return settle(account, booked, case, kijunbi, event, event.event_id, happened)


def reach(account: ReceiptAccount, case: DelinquencyCase | None, event: KijunbiAdvanced) -> Change:
    """日の到来: what the new 基準日 means for one account."""
    prefix = f"{event.event_id}/{account.shuunou_key}"
    return settle(account, account, case, event.kijunbi, event, prefix, ())


def settle(
    before: ReceiptAccount | None,
    booked: ReceiptAccount,
    case: DelinquencyCase | None,
    kijunbi: date | None,
    event: Any,
    prefix: str,
    happened: tuple[Happened, ...],
) -> Change:
    """精算を記帳する: an account as an event, a day or a procedure left it; its case follows."""
    followed = follow(before, booked, case, kijunbi)
    after = followed.account
    facts = _facts(event, prefix, after, followed.case, happened + followed.of_account, followed.of_case)
    look_on = next_on(after)
    if look_on is not None and before is not None and look_on == next_on(before):
        look_on = None
    return Change(after, followed.case, facts, look_on)


def _facts(
    event: Any,
    prefix: str,
    account: ReceiptAccount,
    case: DelinquencyCase | None,
    of_account: tuple[Happened, ...],
    of_case: tuple[Happened, ...],
) -> tuple[LedgerFact, ...]:
    facts = []
    minou, kagonou = account.minou_gaku, account.kagonou_gaku
    shown: ReceiptAccount | None = account
    for kind, kingaku, applied in of_account:
        facts.append(
            LedgerFact(
                f"{prefix}/{kind}", kind, event.event_id, event.source, account.atena_bangou,
                account.shuunou_key, kingaku, event.occurred_on, event.recorded_at, minou, kagonou,
                shown, None, applied,
            )
        )  # fmt: skip
        shown = None
    for kind, kingaku, applied in of_case:
        facts.append(
            LedgerFact(
                f"{prefix}/{kind}", kind, event.event_id, event.source, account.atena_bangou,
                account.shuunou_key, kingaku, event.occurred_on, event.recorded_at, minou, kagonou,
                None, case, applied,
            )
        )  # fmt: skip
    return tuple(facts)


def accept_atena(known: AtenaChanged | None, event: AtenaChanged) -> AtenaChanged | Refusal | None:
    """宛名を受ける: the highest 履歴番号 prevails. None when it is late or a repetition; R-405 when it differs."""
    if known is None or event.rireki_bangou > known.rireki_bangou:
        return event
    if event.rireki_bangou < known.rireki_bangou or _content(known) == _content(event):
        return None
    return _differs("宛名")


def accept_kiroku(known: KirokuHeld | None, event: KirokuHeld) -> KirokuHeld | Refusal | None:
    """記録を持つ: as `accept_atena`, for records that are held as given."""
    if known is None or event.rireki_bangou > known.rireki_bangou:
        return event
    if event.rireki_bangou < known.rireki_bangou or dict(known.held) == dict(event.held):
        return None
    return _differs("記録")


def _differs(what: str) -> Refusal:
    return refusal(
        "R-405", what, "同じ履歴番号なら同じ中身", "異なる中身", "出した課に正しい履歴番号での再送を依頼する"
    )


def _content(atena: AtenaChanged) -> tuple[object, ...]:
    """What an AtenaChanged says of the person, without the envelope of its delivery."""
    return (*atena[8:-1], dict(atena.held))
