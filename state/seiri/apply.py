"""整理の一歩: one act of the office applied to one person, or why the law does not allow it.

`apply` and `reach` (the coming of a day) give only what changed. An act that is told again under its number
changes nothing; another act under the same number is refused. Each kind has one function in `HANDLERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date

from state.law.rules import NoRule
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri import (
    chousa_steps,
    entaikin_steps,
    haitou_steps,
    hikitsugi,
    jikou_of,
    kagonou_steps,
    kaijo,
    kumiai_steps,
    kuriage_steps,
    memo_steps,
    saikoku_steps,
    shobun_steps,
    tainou_steps,
    tokusoku_steps,
)
from state.seiri.event import TetsuzukiTaken
from state.seiri.kaisuu import counted
from state.seiri.kinds import Kind, counter_of, kinds
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.told import day_of
from state.seiri.values import TETSUZUKI_MAX

Handler = Callable[[Person, TetsuzukiTaken], SeiriStep | Refusal]
Reach = Callable[[Person, date], SeiriStep]
HANDLERS: Mapping[str, Handler] = {
    **memo_steps.HANDLERS,
    **tokusoku_steps.HANDLERS,
    **saikoku_steps.HANDLERS,
    **shobun_steps.HANDLERS,
    **haitou_steps.HANDLERS,
    **kuriage_steps.HANDLERS,
    **kumiai_steps.HANDLERS,
    **chousa_steps.HANDLERS,
    **tainou_steps.HANDLERS,
    **entaikin_steps.HANDLERS,
    **kagonou_steps.HANDLERS,
}
REACHES: tuple[Reach, ...] = (
    tokusoku_steps.reach,
    chousa_steps.reach,
    *tainou_steps.REACHES,
)
"""What the coming of a day means, in this order, each on what the one before left."""

FOLLOWS: tuple[Callable[[Person, ReceiptAccount, object], SeiriStep], ...] = (
    hikitsugi.follow,
    kuriage_steps.follow,
    *tainou_steps.FOLLOWS,
    kaijo.follow,
)
"""What a booked receipt or 調定 means for the procedures on its 期別, in this order."""

REPEATED = "RepetitionIgnored"


def digest(event: TetsuzukiTaken) -> bytes:
    """手続の指紋: of what an act says, without the envelope of its delivery."""
    said = (*event[8:-2], sorted(event.jouken.items()), sorted(event.held.items()))
    return hashlib.blake2b(repr(said).encode(), digest_size=16).digest()


def apply(person: Person, event: TetsuzukiTaken, known: bytes | None) -> SeiriStep | Refusal:
    """手続を適用する: `known` is the digest of the act that came under this kind and number before, if any."""
    kind = kinds()[event.kind]
    if known is not None:
        return step(SeiriHappened(REPEATED, event.shuunou_key)) if known == digest(event) else _differs(kind)
    refused = _foreign(person, event, kind) or _too_many(person, kind)
    if refused is not None:
        return refused
    try:
        outcome = HANDLERS[event.kind](person, event)
        return outcome if isinstance(outcome, Refusal) else _counted(person, event, kind, outcome)
    except NoRule as none:
        return _before_the_law(kind, event, none)


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: what the new 基準日 means for the procedures of this person."""
    done = step()
    for each in REACHES:
        more = each(after(person, done), kijunbi)
        done = _joined(done, more)
    return done


def follow(person: Person, account: ReceiptAccount, event: object) -> SeiriStep:
    """収納・調定の後: `account` has been booked already, and `person` shows it so."""
    done = step()
    for each in FOLLOWS:
        then = after(person, done)
        done = _joined(done, each(then, then.accounts.get(account.shuunou_key, account), event))
    return done


def after(person: Person, done: SeiriStep) -> Person:
    """その後の一人: the person as a step leaves it."""
    return person._replace(
        accounts={**person.accounts, **done.accounts},
        seiri={**person.seiri, **done.seiri},
        book=done.book or person.book,
    )


def _joined(one: SeiriStep, other: SeiriStep) -> SeiriStep:
    return SeiriStep(
        {**one.accounts, **other.accounts},
        {**one.seiri, **other.seiri},
        other.book or one.book,
        one.happened + other.happened,
        one.look_on + other.look_on,
        one.shoukei + other.shoukei,
    )


def _foreign(person: Person, event: TetsuzukiTaken, kind: Kind) -> Refusal | None:
    """R-502 for a 期別 that the ledger does not have under this person."""
    named = [event.shuunou_key, *(line.shuunou_key for line in event.uchiwake)]
    if kind.name == "NouzeiShoukeiMade":
        named = [event.shuunou_key]  # its lines name the shares that are to be made
    missing = sorted({key for key in named if key is not None and key not in person.accounts})
    if not missing:
        return None
    found = f"{len(missing)}件がない"
    return refusal(
        "R-502", f"{kind.ja}の期別", "この人の台帳にある収納キー", found, "収納キーと宛名番号を確かめる"
    )


def _too_many(person: Person, kind: Kind) -> Refusal | None:
    if person.book.tetsuzuki_kaisuu < TETSUZUKI_MAX:
        return None
    expected = f"一人{TETSUZUKI_MAX}件まで"
    return refusal("R-503", f"{kind.ja}の登録", expected, "上限に達している", "古い経過の整理を依頼する")


def _differs(kind: Kind) -> Refusal:
    return refusal(
        "R-504", kind.ja, "同じ番号なら同じ中身", "異なる中身", "番号を確かめ、訂正なら取消しと新しい番号で送る"
    )


def _before_the_law(kind: Kind, event: TetsuzukiTaken, none: NoRule) -> Refusal:
    """An act on a day, or from a day, for which a table of the law has no rule: data, never a crash."""
    expected, todo = f"{none.first} 以後(定めの表の始まり)", "日を確かめる。定めがあれば表に足す"
    return refusal("R-565", f"{kind.ja}({event.on})", expected, str(none.on), todo)


def _counted(person: Person, event: TetsuzukiTaken, kind: Kind, done: SeiriStep) -> SeiriStep:
    """回数を数える: the official counters of the 期別 that the act names, and the acts of the person."""
    seiri = dict(done.seiri)
    counter = counter_of(kind, event.code)
    for key in _named_keys(event):
        before = seiri.get(key) or person.seiri_of(key)
        after_ = counted(before, counter, kind.counts, event.on) if counter else before
        after_ = counted(after_, kind.day, 1, event.on) if kind.day else after_
        if after_ is not before:
            seiri[key] = after_
    book = done.book or person.book
    book = book._replace(tetsuzuki_kaisuu=book.tetsuzuki_kaisuu + 1)
    return done._replace(seiri=seiri, book=book, look_on=done.look_on + _jikou_days(person, event, done))


def _jikou_days(person: Person, event: TetsuzukiTaken, done: SeiriStep) -> tuple[date, ...]:
    """The next day of the 時効 of each 期別 that the act changed: warnings, and completion.

    Looked for here alone, for every kind; no handler adds it to its `look_on`.
    """
    found = []
    for key, seiri in done.seiri.items():
        account = done.accounts.get(key) or person.accounts.get(key)
        if account is not None:
            found.append(jikou_of.next_on(account, seiri, day_of(person, event.on)))
    return tuple(day for day in found if day is not None)


def _named_keys(event: TetsuzukiTaken) -> tuple[str, ...]:
    if event.shuunou_key is not None:
        return (event.shuunou_key,)
    return tuple(dict.fromkeys(line.shuunou_key for line in event.uchiwake if line.shuunou_key is not None))
