"""督促の手続: 発付, 返戻, 調査, 再発送, 公示送達, 取消し of the 督促状 of one 期別, and the delivery of what was posted.

The fee of the day, when there is one, joins what the 期別 owes. A 督促 renews the 時効 from the day on which it
was sent; one that came back does so only once it was sent again or posted (地方税法18条の2, 20条).
"""

from __future__ import annotations

from datetime import date

from state.law import tokusokujou
from state.law.jikou_count import Jiyuu
from state.law.rules import Outcome, applied, rule
from state.law.tokusoku import TABLE, Taishou
from state.law.tokusokujou import POSTED, WITHDRAWN, Tokusokujou
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from state.seiri.fuzui import Joined, joined, taken_back
from state.seiri.jikou_of import with_jiyuu
from state.seiri.kaijo import after_step
from state.seiri.kinds import is_true
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.samatage import samatage
from state.seiri.values import KibetsuSeiri

JIKOU, KAMOKU = "tokusoku", "tokusoku_tesuuryou"
Done = SeiriStep | Refusal


def issue(person: Person, event: TetsuzukiTaken) -> Done:
    """督促状の発付: refuses with R-512 or R-513, and with R-521 when the 時効 is complete."""
    account, seiri = _of(person, event)
    outcome = tokusokujou.issue(_taishou(person, account, event.on), event.on)
    if isinstance(outcome, Refusal):
        return outcome
    notice = outcome.value
    fee = joined(account, KAMOKU, notice.tesuuryou, event.on)
    renewed = with_jiyuu(account, seiri, Jiyuu(JIKOU, event.bangou, event.on))
    if isinstance(fee, Refusal):
        return fee
    if isinstance(renewed, Refusal):
        return renewed
    after, told = renewed
    happened = _told(outcome, account.shuunou_key, fee)
    changed = (after._replace(tokusoku=notice),)
    done = step(*happened, *told, accounts=_moved(account, fee), seiri=changed)
    return after_step(person, done, event.on)


def returned(person: Person, event: TetsuzukiTaken) -> Done:
    """督促状の返戻: it was not delivered, so it has not renewed the 時効."""
    account, seiri = _of(person, event)
    notice = _notice(seiri, "返戻")
    outcome = notice if isinstance(notice, Refusal) else tokusokujou.henrei(notice, event.on)
    if isinstance(outcome, Refusal):
        return outcome
    after, told = _unrenewed(seiri, event.on)
    return step(*_told(outcome, account.shuunou_key), *told, seiri=(after._replace(tokusoku=outcome.value),))


def investigated(person: Person, event: TetsuzukiTaken) -> Done:
    """返戻の調査: whether an address was found."""
    account, seiri = _of(person, event)
    notice = _notice(seiri, "返戻の調査")
    if isinstance(notice, Refusal):
        return notice
    outcome = tokusokujou.chousa(notice, event.on, is_true(event, "is_hanmei"))
    if isinstance(outcome, Refusal):
        return outcome
    return step(*_told(outcome, account.shuunou_key), seiri=(seiri._replace(tokusoku=outcome.value),))


def reissued(person: Person, event: TetsuzukiTaken) -> Done:
    """督促状の再発送: the 時効 is renewed from this day."""
    _, seiri = _of(person, event)
    notice = _notice(seiri, "再発送")
    outcome = notice if isinstance(notice, Refusal) else tokusokujou.saihassou(notice, event.on)
    return outcome if isinstance(outcome, Refusal) else _sent(person, event, outcome)


def posted(person: Person, event: TetsuzukiTaken) -> Done:
    """督促状の公示送達: the 時効 is renewed from this day; delivered by the coming of its day."""
    _, seiri = _of(person, event)
    notice = _notice(seiri, "公示送達")
    outcome = notice if isinstance(notice, Refusal) else tokusokujou.koujisoutatsu(notice, event.on)
    return outcome if isinstance(outcome, Refusal) else _sent(person, event, outcome)


def withdrawn(person: Person, event: TetsuzukiTaken) -> Done:
    """督促の取消し: its fee is owed no more, and it has not renewed the 時効."""
    account, seiri = _of(person, event)
    notice = _notice(seiri, "督促の取消し")
    if isinstance(notice, Refusal):
        return notice
    outcome = tokusokujou.torikeshi(notice, event.on)
    if isinstance(outcome, Refusal):
        return outcome
    fee = taken_back(account, KAMOKU, notice.tesuuryou, event.on)
    if isinstance(fee, Refusal):
        return fee
    after, told = _unrenewed(seiri, event.on)
    happened = _told(outcome, account.shuunou_key, fee)
    changed = (after._replace(tokusoku=outcome.value),)
    done = step(*happened, *told, accounts=_moved(account, fee), seiri=changed)
    return after_step(person, done, event.on)


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: each posted notice whose day has come counts as delivered."""
    happened: list[SeiriHappened] = []
    changed: list[KibetsuSeiri] = []
    waiting: list[date | None] = []
    for key, seiri in sorted(person.seiri.items()):
        if seiri.tokusoku is None or seiri.tokusoku.joutai != POSTED:
            continue
        outcome = tokusokujou.reach(seiri.tokusoku, kijunbi)
        if outcome.happened:
            happened += _told(outcome, key)
            changed.append(seiri._replace(tokusoku=outcome.value))
        else:
            waiting.append(seiri.tokusoku.soutatsu_on)
    return step(*happened, seiri=tuple(changed), look_on=tuple(waiting))


def _of(person: Person, event: TetsuzukiTaken) -> tuple[ReceiptAccount, KibetsuSeiri]:
    key = event.shuunou_key or ""
    return person.accounts[key], person.seiri_of(key)


def _taishou(person: Person, account: ReceiptAccount, on: date) -> Taishou:
    seiri = person.seiri_of(account.shuunou_key)
    has_tokusoku = seiri.tokusoku is not None and seiri.tokusoku.joutai != WITHDRAWN
    return Taishou(
        account.shuunou_key,
        account.jichitai_code,
        account.zeimoku_code,
        account.fuka_nendo,
        account.noukigen,
        account.minou_gaku,
        has_tokusoku,
        samatage(person, account, on),
    )


def _notice(seiri: KibetsuSeiri, what: str) -> Tokusokujou | Refusal:
    if seiri.tokusoku is not None:
        return seiri.tokusoku
    expected = "発付の後(地方税法 第20条、第20条の2)"
    return refusal("R-514", f"督促状の{what}", expected, "発付されていない", "登録の順と番号を確かめる")


def _sent(person: Person, event: TetsuzukiTaken, outcome: Outcome[Tokusokujou]) -> Done:
    account, seiri = _of(person, event)
    renewed = with_jiyuu(account, seiri, Jiyuu(JIKOU, event.bangou, event.on))
    if isinstance(renewed, Refusal):
        return renewed
    after, told = renewed
    return step(
        *_told(outcome, account.shuunou_key),
        *told,
        seiri=(after._replace(tokusoku=outcome.value),),
        look_on=(outcome.value.soutatsu_on,),
    )


def _unrenewed(seiri: KibetsuSeiri, on: date) -> tuple[KibetsuSeiri, tuple[SeiriHappened, ...]]:
    """The 整理 without the 事由 of the notice: there is one at most, for a 期別 has one notice in force."""
    kept = tuple(one for one in seiri.jikou if one.code != JIKOU)
    if kept == seiri.jikou:
        return seiri, ()
    gone = next(one for one in seiri.jikou if one.code == JIKOU)
    inputs = {"jiyuu": gone.code, "jiyuu_on": gone.on}
    basis = applied("chihouzeihou-18_2-1-2", rule(TABLE, on), inputs, {"is_koushin": False})
    return seiri._replace(jikou=kept), (SeiriHappened("JikouRenewalLost", seiri.shuunou_key, 0, (basis,)),)


def _told(outcome: Outcome[Tokusokujou], key: str, fee: Joined | None = None) -> tuple[SeiriHappened, ...]:
    """What happened, each with its provisions; the fee stands on the first."""
    told = [SeiriHappened(kind, key, 0, outcome.applied) for kind in outcome.happened]
    if fee is not None:
        yen = sum(moved.kingaku for moved in fee.movements)
        told[0] = SeiriHappened(told[0].kind, key, yen, outcome.applied + fee.applied, fee.movements)
    return tuple(told)


def _moved(account: ReceiptAccount, fee: Joined) -> tuple[ReceiptAccount, ...]:
    return () if fee.account is account else (fee.account,)


HANDLERS = {
    "TokusokuIssued": issue,
    "TokusokuReturned": returned,
    "TokusokuAddressInvestigated": investigated,
    "TokusokuReissued": reissued,
    "TokusokuPosted": posted,
    "TokusokuWithdrawn": withdrawn,
}
