"""猶予の手続: application, decision, extension, cancellation, and the end of the period (地方税法15条から15条の6の3).

An act speaks of the newest 猶予 of its 種別 on the 期別. An application acknowledges the debt; the days granted
stop the 時効 (of the whole 期別, also where the 猶予 is for a part of it), and a cancellation ends that stop the
day before. 延滞金 is waived by whoever works it out, from `KibetsuSeiri.yuuyo` by `state.law.yuuyo.effects`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from state.law import jikou, yuuyo
from state.law.jikou_count import Jiyuu
from state.law.kikan import DAY
from state.law.rules import Outcome
from state.law.yuuyo import APPLIED_FOR, GRANTED, Yuuyo
from state.law.yuuyo_check import Jouken, Shinsei
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.kinds import is_true
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.told import extinct, told
from state.seiri.values import KibetsuSeiri

SHOKKEN = "kanka_shokken"
_PROVISION = "地方税法 第15条から第15条の6の3まで"


def shinsei(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """申請する: one at a time of a 種別, for no more than is owed. It acknowledges the debt (時効)."""
    account, seiri = _place(person, event)
    refused = extinct(event, seiri) or _pending(event, seiri) or _beyond(event, account)
    if refused is not None:
        return refused
    asked = Shinsei(
        account.shuunou_key,
        event.code or "",
        event.jouken["jiyuu"],
        event.kingaku or 0,
        account.noukigen,
        event.on,
    )
    outcome = yuuyo.apply_for(asked)
    if isinstance(outcome, Refusal):
        return outcome
    noted = jikou_of.with_jiyuu(account, seiri, Jiyuu("yuuyo_shinsei", event.bangou, event.on))
    if isinstance(noted, Refusal):
        return noted
    after, renewed = noted
    return _step(event, _added(after, outcome.value), told_of(outcome) + renewed)


def kyoka(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """許可する: the newest application, or 職権による換価の猶予 without one. Its days stop the 時効."""
    account, seiri = _place(person, event)
    if (refused := extinct(event, seiri)) is not None:
        return refused
    outcome = _granted(event, account, seiri)
    if isinstance(outcome, Refusal):
        return outcome
    is_new = event.code == SHOKKEN
    after = (_added if is_new else _replaced)(seiri, outcome.value)
    stopped = jikou_of.with_jiyuu(account, after, _stop(outcome.value))
    if isinstance(stopped, Refusal):
        return stopped
    after, noted = stopped
    return _step(event, after, told_of(outcome) + noted)


def fukyoka(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """許可しない: the application stays an acknowledgement of the debt."""
    _, seiri = _place(person, event)
    outcome = _on_newest(event, seiri, lambda one: yuuyo.deny(one, event.on))
    if isinstance(outcome, Refusal):
        return outcome
    return _step(event, _replaced(seiri, outcome.value), told_of(outcome))


def enchou(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """延長する: the stop of the 時効 goes on to the new last day."""
    account, seiri = _place(person, event)
    made = event.made or event.on
    refused = extinct(event, seiri)
    outcome = refused or _on_newest(
        event, seiri, lambda one: yuuyo.extend(one, made, _jouken(event), event.on)
    )
    if isinstance(outcome, Refusal):
        return outcome
    after = _stopped_until(_replaced(seiri, outcome.value), outcome.value, made)
    now = jikou.standing(jikou_of.jikou_of(account, after), event.on)
    happened = tuple(each._replace(applied=(*each.applied, now.applied)) for each in told_of(outcome))
    return _step(event, after, happened)


def torikeshi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """取り消す: the stop of the 時効 ends the day before; on the first day there was none."""
    account, seiri = _place(person, event)
    outcome = _on_newest(event, seiri, lambda one: yuuyo.cancel(one, event.jouken["jiyuu"], event.on))
    if isinstance(outcome, Refusal):
        return outcome
    after, stop = _replaced(seiri, outcome.value), _stop(outcome.value)
    if yuuyo.effects(outcome.value) is None:
        after = _stopped_until(after, outcome.value, None)
        return _step(event, after, told_of(outcome))
    held = jikou_of.ended(account, after, stop.code, stop.bangou, event.on - DAY, False)
    if isinstance(held, Refusal):
        return held
    after, noted = held
    return _step(event, after, told_of(outcome) + noted)


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: a period that is over ends."""
    changed: list[KibetsuSeiri] = []
    happened: tuple[SeiriHappened, ...] = ()
    for seiri in person.seiri.values():
        outcomes = [yuuyo.reach(one, kijunbi) for one in seiri.yuuyo]
        if any(outcome.happened for outcome in outcomes):
            changed.append(seiri._replace(yuuyo=tuple(outcome.value for outcome in outcomes)))
            happened += tuple(one for outcome in outcomes for one in told_of(outcome))
    return step(*happened, seiri=tuple(changed))


def told_of(outcome: Outcome[Yuuyo]) -> tuple[SeiriHappened, ...]:
    """猶予に起きたこと: on its 期別, for its yen."""
    return told(outcome, outcome.value.shuunou_key, outcome.value.kingaku)


def newest(seiri: KibetsuSeiri, shubetsu: str | None) -> Yuuyo | None:
    """最も新しい猶予: of a 種別, in the order in which they came."""
    return next((one for one in reversed(seiri.yuuyo) if one.shubetsu == shubetsu), None)


def _place(person: Person, event: TetsuzukiTaken) -> tuple[ReceiptAccount, KibetsuSeiri]:
    key = event.shuunou_key or ""
    return person.accounts[key], person.seiri_of(key)


def _step(
    event: TetsuzukiTaken, after: KibetsuSeiri, happened: tuple[SeiriHappened, ...]
) -> SeiriStep:
    """Look again on the day after the last of the period."""
    now = newest(after, event.code)
    ends_on = now.kikan_made + DAY if now and now.joutai == GRANTED and now.kikan_made else None
    return step(*happened, seiri=(after,), look_on=(ends_on,))


def _granted(
    event: TetsuzukiTaken, account: ReceiptAccount, seiri: KibetsuSeiri
) -> Outcome[Yuuyo] | Refusal:
    kara, made, jouken = event.kara or event.on, event.made or event.on, _jouken(event)
    if event.code != SHOKKEN:
        return _on_newest(event, seiri, lambda one: yuuyo.grant(one, kara, made, jouken, event.on))
    refused = _pending(event, seiri) or _beyond(event, account)
    kingaku = account.minou_gaku if event.kingaku is None else event.kingaku
    return refused or yuuyo.grant_shokken(
        account.shuunou_key, event.jouken.get("jiyuu", ""), kingaku, kara, made, jouken, event.on
    )


def _on_newest(
    event: TetsuzukiTaken,
    seiri: KibetsuSeiri,
    act: Callable[[Yuuyo], Outcome[Yuuyo] | Refusal],
) -> Outcome[Yuuyo] | Refusal:
    now = newest(seiri, event.code)
    if now is not None:
        return act(now)
    expected = f"申請または許可のある猶予({_PROVISION})"
    return refusal("R-542", f"猶予の手続({event.on})", expected, "この種別の猶予がない", "猶予の登録を確かめる")


def _pending(event: TetsuzukiTaken, seiri: KibetsuSeiri) -> Refusal | None:
    """A 猶予 of the 種別 that is asked for or in force: extend or cancel it, there cannot be two."""
    now = newest(seiri, event.code)
    if now is None or now.joutai not in (APPLIED_FOR, GRANTED):
        return None
    if now.joutai == GRANTED and now.kikan_made is not None and now.kikan_made < event.on:
        return None
    expected = f"申請中・猶予中でない期別({_PROVISION})"
    found = "申請中" if now.joutai == APPLIED_FOR else f"{now.kikan_made} まで猶予中"
    return refusal("R-542", f"猶予の申請・許可({event.on})", expected, found, "延長または取消しとして送る")


def _beyond(event: TetsuzukiTaken, account: ReceiptAccount) -> Refusal | None:
    kingaku = account.minou_gaku if event.kingaku is None else event.kingaku
    if kingaku <= account.minou_gaku and account.minou_gaku > 0:
        return None
    expected = f"1円から未納額 {account.minou_gaku} 円まで({_PROVISION})"
    return refusal("R-539", f"猶予の額({event.on})", expected, f"{kingaku} 円", "額を確かめる")


def _jouken(event: TetsuzukiTaken) -> Jouken:
    return Jouken(
        is_true(event, "has_seii"),
        is_true(event, "has_hoka_no_tainou"),
        is_true(event, "is_tanpo"),
        event.jouken.get("tanpo_fuyou_riyuu") or None,
    )


def _added(seiri: KibetsuSeiri, one: Yuuyo) -> KibetsuSeiri:
    return seiri._replace(yuuyo=(*seiri.yuuyo, one))


def _replaced(seiri: KibetsuSeiri, after: Yuuyo) -> KibetsuSeiri:
    """The newest of the 種別 as it is now."""
    now = newest(seiri, after.shubetsu)
    return seiri._replace(yuuyo=tuple(after if one is now else one for one in seiri.yuuyo))


def _stop(one: Yuuyo) -> Jiyuu:
    """時効の進行の停止: by the days that were granted; its number is the 種別 and the first day."""
    assert one.kikan_kara is not None and one.kikan_made is not None, "only what was granted stops the time"
    code = "choushuu_yuuyo" if one.shubetsu == "choushuu_yuuyo" else "kanka_yuuyo"
    return Jiyuu(code, f"{one.shubetsu}/{one.kikan_kara}", one.kikan_kara, one.kikan_made)


def _stopped_until(seiri: KibetsuSeiri, one: Yuuyo, until: date | None) -> KibetsuSeiri:
    """The stop of this 猶予 with another last day, or without effect from the beginning."""
    stop = _stop(one)
    kept = (
        known._replace(until=until) if (known.code, known.bangou) == stop[:2] else known
        for known in seiri.jikou
        if until is not None or (known.code, known.bangou) != stop[:2]
    )
    return seiri._replace(jikou=tuple(kept))


HANDLERS = {
    "YuuyoApplied": shinsei,
    "YuuyoGranted": kyoka,
    "YuuyoDenied": fukyoka,
    "YuuyoExtended": enchou,
    "YuuyoCancelled": torikeshi,
}
