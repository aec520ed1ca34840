"""調査の手続: 財産調査 and 実態調査: whom the office asked, by when, what came back, and what has not come in time.

Of several answers to one inquiry the latest prevails. An answer to no inquiry is refused, and kept as such.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import schemas
from state.law.kikan import DAY
from state.law.rules import applied, rule
from state.law.tokusoku import TABLE
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.values import Chousa, Seiribo

SHUBETSU = {"zaisan": "財産調査", "jittai": "実態調査"}
SAKI, KAITOU = "chousa_saki", "chousa_kaitou"


def inquired(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """照会: refuses with R-211 unknown codes, with R-555 a deadline before the day of the inquiry."""
    kind, made = event.jouken["shubetsu"], event.made or event.on
    if kind not in SHUBETSU:
        listed = "、".join(f"{code}({ja})" for code, ja in SHUBETSU.items())
        return refusal("R-211", "調査の種類", listed, "ない種類", "送り元に確かめる")
    if event.code not in codes(SAKI, event.on):
        return _unknown("照会先", SAKI)
    if made < event.on:
        return _not_now("照会の回答期限", f"照会の日 {event.on} 以後", str(made))
    one = Chousa(event.bangou, kind, event.code or "", event.on, made, None, None, False)
    book = person.book._replace(chousa=(*person.book.chousa, one))
    return step(_told(event, one), book=book, look_on=(made + DAY,))


def answered(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """回答: late when its day is after the deadline. Refuses with R-211 or, for what nobody asked, R-555."""
    one = next((each for each in person.book.chousa if each.bangou == event.taishou_bangou), None)
    if event.code not in codes(KAITOU, event.on):
        return _unknown("調査の回答", KAITOU)
    if one is None or event.on < one.on:
        found = "番号の合う照会がない" if one is None else f"{one.on} の照会"
        return _not_now("調査の回答", "照会の後", found)
    if event.on < (one.kaitou_on or event.on):
        return step(SeiriHappened("ChousaKaitouSuperseded"))
    is_okure = one.kigen_on is not None and one.kigen_on < event.on
    after = one._replace(kaitou_on=event.on, kaitou_code=event.code, is_okure=is_okure)
    return step(_told(event, after), book=_replaced(person.book, after))


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: an inquiry whose deadline has passed without an answer, told once."""
    book, happened = person.book, []
    waiting: list[date | None] = []
    for one in person.book.chousa:
        if one.kigen_on is None or one.kaitou_on is not None or one.is_okure:
            continue
        if kijunbi <= one.kigen_on:
            waiting.append(one.kigen_on + DAY)
            continue
        book = _replaced(book, one._replace(is_okure=True))
        inputs = {"bangou": one.bangou, "kigen_on": one.kigen_on}
        basis = applied("shi-toriatsukai", rule(TABLE, kijunbi), inputs, {"is_okure": True})
        happened.append(SeiriHappened("ChousaKaitouOverdue", None, 0, (basis,)))
    return step(*happened, book=book if happened else None, look_on=tuple(waiting))


@cache
def codes(name: str, on: date) -> frozenset[str]:
    """コードの一覧: of a list in `schemas/code`, those that hold on a day."""
    day = on.isoformat()
    return frozenset(
        row["code"]
        for row in schemas.load_csv(f"code/{name}")
        if row["valid_from"] <= day and (not row["valid_to"] or day <= row["valid_to"])
    )


def _told(event: TetsuzukiTaken, one: Chousa) -> SeiriHappened:
    inputs = {"bangou": one.bangou, "shubetsu": one.kind, "saki": one.saki, "kigen_on": one.kigen_on}
    outputs = {"kaitou_code": one.kaitou_code, "is_okure": one.is_okure}
    basis = applied("shi-toriatsukai", rule(TABLE, event.on), inputs, outputs)
    return SeiriHappened(event.kind, None, 0, (basis,))


def _replaced(book: Seiribo, after: Chousa) -> Seiribo:
    return book._replace(chousa=tuple(after if one.bangou == after.bangou else one for one in book.chousa))


def _unknown(what: str, name: str) -> Refusal:
    listed = "、".join(f"{row['code']}({row['ja']})" for row in schemas.load_csv(f"code/{name}"))
    return refusal("R-211", what, listed, "ないコード", f"schemas/code/{name}.csv を確かめる")


def _not_now(what: str, expected: str, found: str) -> Refusal:
    return refusal("R-555", what, f"{expected}(市の取扱い)", found, "照会の番号と日を確かめる")


HANDLERS = {"ChousaInquired": inquired, "ChousaAnswered": answered}
