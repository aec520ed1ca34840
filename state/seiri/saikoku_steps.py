"""催告と停止フラグ: asking a person for all that is in arrears, and the flags that keep such an act back.

A 催告 is for those 期別 in arrears that no flag stops and whose 時効 is not complete; only on these it puts the
completion off (民法150条). A person all of whose 期別 are stopped is not asked.
"""

from __future__ import annotations

from datetime import date

from state.law import jikou, saikoku
from state.law.jikou_count import Jiyuu
from state.law.rules import applied, rule
from state.law.saikoku import Saikoku
from state.law.tokusoku import TABLE
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from state.seiri.jikou_of import jikou_of, with_jiyuu
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.samatage import samatage
from state.seiri.values import KibetsuSeiri, Teishi

JIKOU = "saikoku"


def ask(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """催告: of the 期別 named, or of all in arrears. Refuses with R-516, R-517 or R-521."""
    arrears = _arrears(person, event)
    known = rule(TABLE, event.on, "saikoku")["shubetsu"]
    stops = known[event.code]["teishi"] if event.code in known else []
    flags = {account.shuunou_key: _stopped(person, account, stops, event.on) for account in arrears}
    free = [account for account in arrears if not flags[account.shuunou_key]]
    asked = [account for account in free if not _is_extinct(person, account, event.on)]
    tainou = sum(account.minou_gaku for account in asked or free or arrears)
    teishi = () if free else tuple(sorted({code for each in flags.values() for code in each}))
    outcome = saikoku.ask(Saikoku(person.atena_bangou, event.code or "", event.on, tainou), teishi)
    if isinstance(outcome, Refusal):
        return outcome
    happened: list[SeiriHappened] = []
    changed: list[KibetsuSeiri] = []
    for account in asked or free:
        added = with_jiyuu(
            account, person.seiri_of(account.shuunou_key), Jiyuu(JIKOU, event.bangou, event.on)
        )
        if isinstance(added, Refusal):
            return added
        changed.append(added[0])
        happened += added[1]
    book, said = person.book, outcome.value
    latest = said if book.saikoku is None or book.saikoku.on <= said.on else book.saikoku
    after = book._replace(saikoku=latest, saikoku_kaisuu=book.saikoku_kaisuu + 1)
    told = SeiriHappened(outcome.happened[0], None, tainou, outcome.applied)
    return step(told, *happened, seiri=tuple(changed), book=after)


def _arrears(person: Person, event: TetsuzukiTaken) -> list[ReceiptAccount]:
    """The 期別 that were due before the day and are owed; of those that the act names, if it names any."""
    named = {event.shuunou_key, *(line.shuunou_key for line in event.uchiwake)} - {None}
    return [
        account
        for key, account in sorted(person.accounts.items())
        if account.noukigen < event.on and account.minou_gaku > 0 and (not named or key in named)
    ]


def _stopped(person: Person, account: ReceiptAccount, stops: list[str], on: date) -> tuple[str, ...]:
    flags = samatage(person, account, on)
    return tuple(code for code in flags if code in stops)


def _is_extinct(person: Person, account: ReceiptAccount, on: date) -> bool:
    return jikou.standing(jikou_of(account, person.seiri_of(account.shuunou_key)), on).is_kansei


def set_teishi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """停止フラグの設定: refuses with R-518 a flag that is set already."""
    seiri, code = person.seiri_of(event.shuunou_key or ""), event.code or ""
    found = next((flag for flag in seiri.teishi if flag.code == code), None)
    if found is not None:
        return _not_now("停止フラグの設定", "設定されていない停止フラグ", f"{found.on} に設定されている")
    flags = tuple(sorted((*seiri.teishi, Teishi(code, event.on))))
    return step(_flagged(event, True), seiri=(seiri._replace(teishi=flags),))


def lift_teishi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """停止フラグの解除: refuses with R-518 a flag that is not set, or a day before that on which it was."""
    seiri, code = person.seiri_of(event.shuunou_key or ""), event.code or ""
    found = next((flag for flag in seiri.teishi if flag.code == code), None)
    if found is None or event.on < found.on:
        told = "設定されていない" if found is None else f"{found.on} に設定されている"
        return _not_now("停止フラグの解除", "設定されている停止フラグと、設定以後の日", told)
    flags = tuple(flag for flag in seiri.teishi if flag is not found)
    return step(_flagged(event, False), seiri=(seiri._replace(teishi=flags),))


def _flagged(event: TetsuzukiTaken, is_set: bool) -> SeiriHappened:
    outputs = {"code": event.code, "is_teishi": is_set}
    basis = applied("shi-toriatsukai", rule(TABLE, event.on), {"on": event.on}, outputs)
    return SeiriHappened(event.kind, event.shuunou_key, 0, (basis,))


def _not_now(what: str, expected: str, found: str) -> Refusal:
    return refusal("R-518", what, f"{expected}(市の取扱い)", found, "停止フラグの登録を確かめる")


HANDLERS = {
    "SaikokuIssued": ask,
    "TeishiSet": set_teishi,
    "TeishiLifted": lift_teishi,
}
