"""執行停止の手続: decision, cancellation, extinction at once, and after three years (地方税法15条の7・15条の8).

Extinction moves no yen by itself: the books change with the 不納欠損. From then on nothing may be demanded of
the 期別: its 分納, 猶予, 承継 and 時効 acts are refused by R-530 (`state.seiri.told.extinct`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from state.law import jikou, shikkou_teishi
from state.law.jikou_count import Jiyuu
from state.law.kikan import DAY
from state.law.rules import Outcome
from state.law.shikkou_teishi import STOPPED, ShikkouTeishi
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.kinds import is_true
from state.seiri.person import Person, SeiriStep, step
from state.seiri.told import nothing_owed, told
from state.seiri.values import KibetsuSeiri

Act = Callable[[ShikkouTeishi], Outcome[ShikkouTeishi] | Refusal]


def teishi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """停止する: noted beside the 時効 too, which goes on. Refuses with R-521, R-526, R-527 or R-564."""
    key = event.shuunou_key or ""
    account, seiri = person.accounts[key], person.seiri_of(key)
    if (refused := nothing_owed(event, account, "chihouzeihou-15_7-1-1")) is not None:
        return refused
    outcome = shikkou_teishi.start(
        seiri.shikkou_teishi, key, event.code or "", event.on, has_sashiosae=bool(seiri.shobun)
    )
    if isinstance(outcome, Refusal):
        return outcome
    noted = jikou_of.with_jiyuu(account, seiri, Jiyuu("shikkou_teishi", event.bangou, event.on))
    if isinstance(noted, Refusal):
        return noted
    after, more = noted
    return step(
        *told(outcome, key, account.minou_gaku),
        *more,
        seiri=(after._replace(shikkou_teishi=outcome.value),),
        look_on=(outcome.value.manryou_on + DAY,),
    )


def torikeshi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """停止を取り消す: within the three years (15条の8)."""
    return _changed(person, event, lambda now: shikkou_teishi.cancel(now, event.on))


def sokuji(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """即時に消滅させる: only on ground 1 and when clearly nothing can be collected (15条の7第5項)."""
    is_akiraka = is_true(event, "is_akiraka")
    return _changed(person, event, lambda now: shikkou_teishi.sokuji(now, event.on, is_akiraka))


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: after three years the duty is extinct."""
    steps = [
        look(account, person.seiri[key], kijunbi)
        for key, account in person.accounts.items()
        if key in person.seiri
    ]
    return step(
        *(happened for each in steps for happened in each.happened),
        seiri=tuple(seiri for each in steps for seiri in each.seiri.values()),
    )


def follow(person: Person, account: ReceiptAccount, event: object) -> SeiriStep:
    """収納・調定の後: what is owed again after three years of stop is extinct."""
    seiri = person.seiri.get(account.shuunou_key)
    if seiri is None or person.kijunbi is None:
        return step()
    return look(account, seiri, person.kijunbi)


def look(account: ReceiptAccount, seiri: KibetsuSeiri, on: date) -> SeiriStep:
    """三年の継続を見る: nothing is extinct where nothing is owed, or where the 時効 was complete before."""
    now = seiri.shikkou_teishi
    if now is None or now.joutai != STOPPED or on <= now.manryou_on or account.minou_gaku == 0:
        return step()
    if jikou.standing(jikou_of.jikou_of(account, seiri), now.manryou_on + DAY).is_kansei:
        return step()
    outcome = shikkou_teishi.reach(now, on)
    after = seiri._replace(shikkou_teishi=outcome.value)
    return step(*told(outcome, account.shuunou_key, account.minou_gaku), seiri=(after,))


def _changed(person: Person, event: TetsuzukiTaken, act: Act) -> SeiriStep | Refusal:
    key = event.shuunou_key or ""
    seiri = person.seiri_of(key)
    now = seiri.shikkou_teishi
    if now is None:
        expected = "停止中(地方税法 第15条の7、第15条の8)"
        return refusal("R-527", f"執行停止の手続({event.on})", expected, "停止がない", "執行停止の登録を確かめる")
    outcome = act(now)
    if isinstance(outcome, Refusal):
        return outcome
    after = seiri._replace(shikkou_teishi=outcome.value)
    return step(*told(outcome, key, person.accounts[key].minou_gaku), seiri=(after,))


HANDLERS = {
    "ShikkouTeishiDecided": teishi,
    "ShikkouTeishiCancelled": torikeshi,
    "SokujiShoumetsuDecided": sokuji,
}
