"""解除すべき処分: when all 期別 of a 処分 are paid in full, its release is due (国税徴収法79条1項1号, 84条, 88条).

That it is due stands on the 処分 as its reason without its day, so that it is told once; it ceases when
something is owed again, and is replaced by what the office gives when the release is made.
"""

from __future__ import annotations

from datetime import date

from state.law import shobun as law
from state.receipt.account import ReceiptAccount
from state.seiri.person import Person, SeiriHappened, SeiriStep, seisan_of, step
from state.seiri.values import Seiribo, Shobun

KANNOU = "kannou"
FACT = {
    "sashiosae": "SashiosaeKaijo",
    "sanka_sashiosae": "SankaSashiosaeKaijo",
    "koufu_youkyuu": "KoufuYoukyuuKaijo",
}
"""By the kind of the 処分, how its facts begin; of any other kind there is nothing to release."""


def find(book: Seiribo, bangou: str | None) -> Shobun | None:
    """処分を探す: by its number, in force or not."""
    return next((one for one in book.shobun if one.bangou == bangou), None)


def replaced(book: Seiribo, after: Shobun) -> Seiribo:
    """処分を書き換える: in its place in the 整理簿."""
    return book._replace(shobun=tuple(after if one.bangou == after.bangou else one for one in book.shobun))


def due_of(person: Person, keys: tuple[str, ...], on: date) -> SeiriStep:
    """解除すべき処分: those in force that name one of `keys`, as the accounts of the person now stand."""
    happened: list[SeiriHappened] = []
    book = person.book
    for one in person.book.shobun:
        if one.kind not in FACT or one.kaijo_on is not None or not set(keys) & set(one.keys):
            continue
        is_paid = all(_is_paid(person.accounts[key]) for key in one.keys)
        if is_paid == (one.kaijo_riyuu == KANNOU):
            continue
        book = replaced(book, one._replace(kaijo_riyuu=KANNOU if is_paid else None))
        inputs = {"bangou": one.bangou, "shubetsu": one.kind, "on": on}
        basis = law.kaijo(one.kind, one.on, True, inputs, {"is_kaijo": is_paid})
        kind = FACT[one.kind] + ("BecameDue" if is_paid else "DueCeased")
        happened.append(SeiriHappened(kind, None, 0, (basis,)))
    return step(*happened, book=book if happened else None)


def _is_paid(account: ReceiptAccount) -> bool:
    """What went to heirs is not paid by that: the 処分 goes on against them (国税徴収法139条1項)."""
    return account.minou_gaku == 0 and seisan_of(account).shoukei.goukei == 0


def after_step(person: Person, done: SeiriStep, on: date) -> SeiriStep:
    """一歩の後: a step that moved accounts, with what follows for the 処分 on them."""
    then = person._replace(accounts={**person.accounts, **done.accounts}, book=done.book or person.book)
    due = due_of(then, tuple(done.accounts), on)
    return done._replace(happened=done.happened + due.happened, book=due.book or done.book)


def follow(person: Person, account: ReceiptAccount, event: object) -> SeiriStep:
    """収納・調定の後: the same for what was booked without a procedure."""
    on = getattr(event, "occurred_on", None)
    return step() if on is None else due_of(person, (account.shuunou_key,), on)
