"""分納の受領: what the receipts on the 期別 of a plan have filled of it, and which plan speaks for a 期別.

A plan is filled by what came in on its 期別 after it was made, of each 期別 no more than its part. That is
worked out from the accounts as they stand, so that a receipt told twice, its 確報 or its denial can neither
double it nor leave it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from state.law import bunnou
from state.law.bunnou import Haibun
from state.law.bunnou_check import ACTIVE, CANCELLED, COMPLETED, Bunnou
from state.law.kikan import DAY
from state.law.kyuujitsu import next_business_day
from state.law.rules import Outcome
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.told import is_extinct
from state.seiri.values import BunnouKiroku, KibetsuSeiri, Seiribo


def look_on(plan: Bunnou) -> tuple[date, ...] | Refusal:
    """見る日: the day after each 期日 that is not filled, as it moves on a closed day. Refuses with R-511."""
    days = []
    for one in plan.kai:
        if one.noufu_gaku == one.kingaku:
            continue
        moved = next_business_day(one.kijitsu)
        if isinstance(moved, Refusal):
            return moved
        days.append(moved.on + DAY)
    return tuple(days)


def speaking_for(book: Seiribo, key: str) -> BunnouKiroku | None:
    """期別の分納: the newest plan that names it and was not cancelled."""
    for kiroku in reversed(book.bunnou):
        if key in kiroku.keys and kiroku.bunnou.joutai != CANCELLED:
            return kiroku
    return None


def follow(person: Person, account: ReceiptAccount, event: Any) -> SeiriStep:
    """収納の後: fill the plan by what came in, or take back what was denied."""
    kiroku = speaking_for(person.book, account.shuunou_key)
    if kiroku is None:
        return step()
    plan = kiroku.bunnou
    more = _filled(person, kiroku) - plan.noufu_gaku
    if more == 0:
        days = look_on(plan) if plan.joutai == ACTIVE else ()
        return step(look_on=() if isinstance(days, Refusal) else days)
    day = max(event.occurred_on, plan.keiyaku_on)
    outcome = bunnou.receive(plan, more, day) if more > 0 else bunnou.take_back(plan, -more, day)
    assert isinstance(outcome, Outcome), "a plan that speaks for a 期別 takes what came in on it"
    return _written(person, kiroku, account.shuunou_key, outcome, abs(more))


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: a plan is in default after the missed 回 of the setting, while its 期別 still owe something."""
    book, happened, again = person.book, list[SeiriHappened](), list[date]()
    for kiroku in person.book.bunnou:
        if not any(_is_owed(person, key) for key in kiroku.keys):
            continue
        outcome = bunnou.reach(kiroku.bunnou, kijunbi)
        if isinstance(outcome, Refusal):
            again.append(kijunbi + DAY)  # until the table of holidays has the year
        elif outcome.happened:
            book = replaced(book, kiroku._replace(bunnou=outcome.value))
            happened += [
                SeiriHappened(kind, None, outcome.value.nokori_gaku, outcome.applied)
                for kind in outcome.happened
            ]
    return step(*happened, book=book if happened else None, look_on=tuple(again))


def replaced(book: Seiribo, after: BunnouKiroku) -> Seiribo:
    """整理簿の分納: with this plan as it is now."""
    number = after.bunnou.bunnou_bangou
    return book._replace(
        bunnou=tuple(after if one.bunnou.bunnou_bangou == number else one for one in book.bunnou)
    )


def marked(person: Person, kiroku: BunnouKiroku, is_open: bool) -> Iterator[KibetsuSeiri]:
    """期別の印: the number of the plan stands on its 期別 while it is in force or in default."""
    number = kiroku.bunnou.bunnou_bangou
    for key in kiroku.keys:
        seiri = person.seiri_of(key)
        kept = tuple(one for one in seiri.bunnou if one != number)
        yield seiri._replace(bunnou=(*kept, number) if is_open else kept)


def _written(
    person: Person, kiroku: BunnouKiroku, key: str, outcome: Outcome[Haibun], kingaku: int
) -> SeiriStep:
    after = kiroku._replace(bunnou=outcome.value.bunnou)
    was, now = kiroku.bunnou.joutai, after.bunnou.joutai
    turned: tuple[KibetsuSeiri, ...] = ()
    if COMPLETED in (was, now) and was != now:
        turned = tuple(
            seiri
            for seiri in marked(person, after, is_open=now == ACTIVE)
            if now == COMPLETED or speaking_for(person.book, seiri.shuunou_key) is kiroku
        )
    days = look_on(after.bunnou)
    again = (person.kijunbi + DAY,) if isinstance(days, Refusal) and person.kijunbi else ()
    return step(
        *(SeiriHappened(kind, key, kingaku, outcome.applied) for kind in outcome.happened),
        seiri=turned,
        book=replaced(person.book, after),
        look_on=again if isinstance(days, Refusal) else days,
    )


def _filled(person: Person, kiroku: BunnouKiroku) -> int:
    return sum(
        min(max(person.accounts[part.shuunou_key].shuunou_gaku - part.shuunou_gaku, 0), part.kingaku)
        for part in kiroku.bubun
    )


def _is_owed(person: Person, key: str) -> bool:
    account = person.accounts.get(key)
    return account is not None and account.minou_gaku > 0 and not is_extinct(person.seiri_of(key))
