"""繰上徴収の手続: the 納期限 of one 期別 is brought forward (地方税法13条の2), and stays so when the 調定 is corrected.

`kuriagemae_noukigen` is the 納期限 before the first such act, `kuriage_on` the one that counts since; the day
of the act itself is the last day of its counter.
"""

from __future__ import annotations

from state.events import ChouteiEstablished
from state.law import shobun as law
from state.law.rules import applied, rule
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step


def brought_forward(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """繰上徴収: refuses with R-553 a day that is not before the 納期限, or when nothing is owed."""
    account, seiri = person.accounts[event.shuunou_key or ""], person.seiri_of(event.shuunou_key or "")
    made = event.made or event.on
    basis = law.kuriage(account.noukigen, made, account.minou_gaku, event.on)
    if isinstance(basis, Refusal):
        return basis
    after = seiri._replace(
        kuriagemae_noukigen=seiri.kuriagemae_noukigen or account.noukigen, kuriage_on=made
    )
    told = SeiriHappened(event.kind, account.shuunou_key, account.minou_gaku, (basis,))
    return step(told, accounts=(account._replace(noukigen=made),), seiri=(after,))


def follow(person: Person, account: ReceiptAccount, event: object) -> SeiriStep:
    """調定の後: a correction that still states the 納期限 before 繰上徴収 does not undo it."""
    seiri = person.seiri.get(account.shuunou_key)
    if seiri is None or seiri.kuriage_on is None or not isinstance(event, ChouteiEstablished):
        return step()
    if account.noukigen != seiri.kuriagemae_noukigen:
        return step()
    law_on = rule(law.TABLE, event.occurred_on)
    inputs = {"noukigen": account.noukigen}
    basis = applied(law_on["kuriage"]["provision"], law_on, inputs, {"kuriage_on": seiri.kuriage_on})
    told = SeiriHappened("KuriageNoukigenKept", account.shuunou_key, 0, (basis,))
    return step(told, accounts=(account._replace(noukigen=seiri.kuriage_on),), seiri=(seiri,))


HANDLERS = {"KuriageChoushuuMade": brought_forward}
