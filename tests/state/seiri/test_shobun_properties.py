"""督促から滞納処分まで、どの順でも: what holds whatever acts, receipts and days come, allowed or not."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

import state.law.tokusoku
from state.delinquency.apply import is_overdue
from state.events import KijunbiAdvanced
from state.law.movement import check_all
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from state.seiri.kaijo import FACT, KANNOU
from state.seiri.kinds import counter_of, kinds
from tests import given
from tests.state.seiri.office import ACTS, Office, act, balance, receipts

KEYS = tuple(given.shuunou_key(n) for n in (1, 2))
FEE = {"kijun": "hakkou_on", "gaku": 100, "valid_from": date(2000, 4, 1)}
FLAGS, YEN = ("tokusoku_teishi", "saikoku_teishi"), (1, 3_000, 10_000, 10_100, 11_600)
CODES = {
    "停止設定": FLAGS, "停止解除": FLAGS, "催告": ("bunsho", "denwa"), "その他処分": ("sousaku",),
    "解除": ("kanka",), "処分取消": ("ihou",), "照会": ("kinyuu", "nai"), "回答": ("ari", "nashi"),
}  # fmt: skip
CHAINS = (
    ("返戻", "判明", "再発送", "差押"), ("返戻", "不明", "公示", "参加差押"), ("督促取消", "督促", "督促取消"),
    ("停止設定", "停止解除"), ("照会", "回答", "回答"), ("移管", "返還"), ("処分費", "配当", "配当", "解除"),
    ("繰上徴収", "差押"), ("督促", "催告", "差押"), ("交付要求", "処分取消"), ("配当", "処分費", "督促取消"),
)  # fmt: skip
BEGIN = date(2026, 6, 1)


@pytest.fixture(autouse=True, scope="module")
def a_fee() -> Any:
    """A city with a 督促手数料, so that there is yen to move."""
    patch = pytest.MonkeyPatch()
    patch.setattr(state.law.tokusoku, "_line", lambda *of: FEE)
    yield
    patch.undo()


def an_act(of: Random, word: str, bangou: str, on: date) -> TetsuzukiTaken:
    """An act of this family, of a likely form but often one that the law does not allow."""
    over: dict[str, Any] = {"code": of.choice(CODES[word])} if word in CODES else {}
    named = of.sample(KEYS, of.randint(1, len(KEYS)))
    if word in ("差押", "参加差押", "交付要求", "その他処分", "移管"):
        over |= {"lines": [(key, 0) for key in named], "kingaku": 30_000}
    if word == "配当":
        lines = [(key, of.choice(YEN)) for key in named]
        over |= {"lines": lines, "kingaku": sum(yen for _, yen in lines) + of.choice((0, 0, 0, 1))}
    if word in ("解除", "処分取消", "配当", "処分費", "回答"):
        over["taishou_bangou"] = of.choice("33312")
    if word == "処分費":
        over["kingaku"] = of.choice((0, 1_500))
    if word in ("繰上徴収", "照会"):
        over["made"] = on + timedelta(days=of.randint(-1, 20))
    if word == "照会":
        over["jouken"] = {"shubetsu": of.choice(("zaisan", "jittai"))}
    return act(word, bangou, on, key=named[0], **over)


def a_receipt(of: Random) -> Any:
    """A receipt, or its denial."""
    make = of.choice((given.received, given.confirmed, given.reversal))
    key = of.choice(KEYS)
    return make(f"cvs:{of.choice('ab')}{key[-1]}", of.choice(YEN), key=key, on=a_day(of))


def a_day(of: Random) -> date:
    return BEGIN + timedelta(days=of.randint(0, 150))


def words(of: Random) -> list[str]:
    """The acts of a story: some that follow on one another, some that do not, mixed."""
    found: list[str] = []
    for chain in of.sample(CHAINS, of.randint(2, 6)):
        places = sorted(of.randint(0, len(found)) for _ in chain)
        for moved, (place, word) in enumerate(zip(places, chain, strict=True)):
            found.insert(place + moved, word)
    for _ in range(of.randint(0, 8)):
        found.insert(of.randint(0, len(found)), of.choice(sorted(ACTS)))
    return found


# A likely way through: what follows it is then often allowed.
opening = [given.choutei(key=key) for key in KEYS]
demanded = [act("督促", str(n), date(2026, 7, 17), key=key) for n, key in enumerate(KEYS, 7)]
seized = act("差押", "3", date(2026, 8, 1), lines=[(key, 0) for key in KEYS], kingaku=30_000)


def a_story(seed: int) -> list[Any]:
    """調定, perhaps 督促 and 差押, then acts, receipts, corrections and days."""
    of = Random(seed)
    begun = of.choice(([], demanded, [*demanded, seized]))
    named = words(of)
    day = BEGIN + timedelta(days=65 if begun else 0)
    told: list[Any] = []
    for number, word in enumerate(named):
        day += timedelta(days=of.choice((0, 1, 6, 12, -1)))
        told.append(an_act(of, word, str(of.choice((number + 20, number + 20, 3, 7))), day))
    others = [a_receipt(of) for _ in range(of.randint(0, 5))]
    if of.random() < 0.5:
        others.append(given.corrected(gaku=of.choice((0, 4_000, 12_000))))
    others += [given.kijunbi(a_day(of)) for _ in range(of.randint(0, 4))]
    for each in others:
        told.insert(of.randint(0, len(told)), each)
    coming = iter(sorted((each for each in told if _is_day(each)), key=lambda each: each.kijunbi))
    return [*opening, *begun, *(next(coming) if _is_day(each) else each for each in told)]


def _is_day(event: Any) -> bool:
    return isinstance(event, KijunbiAdvanced)


stories = st.integers(0, 2**32).map(a_story)
"""From a seed: a draw for every part of it would favour the smallest, and so acts that are refused."""


@given.STABLE
@examples(stories)
def test_money_is_conserved_and_refusals_change_nothing(story: list[Any]) -> None:
    office = Office()
    for event in story:
        before, owed = office.person, balance(office)
        office.tell(event)
        refused = any(isinstance(item, Refusal) for item in office.last)
        movements = [] if refused else [each for fact in office.last for each in fact.movements]
        assert check_all(movements) == ()
        if refused:
            assert office.person == before
        elif isinstance(event, TetsuzukiTaken):
            moved = balance(office) - owed + receipts(office, before)
            assert sum(each.change for each in movements) == moved
        assert all(
            min(account.wariate.minou) >= 0 and min(account.wariate.shuunou) >= 0
            for account in office.person.accounts.values()
        )


@given.STABLE
@examples(stories)
def test_an_act_told_again_changes_nothing(story: list[Any]) -> None:
    office = Office()
    for event in story:
        office.tell(event)
        if not isinstance(event, TetsuzukiTaken) or isinstance(office.last[0], Refusal):
            continue
        before = office.person
        office.tell(event._replace(source_seq="fedcba9876543210:9"))
        assert [fact.kind for fact in office.last] == ["RepetitionIgnored"]
        assert office.person == before


@given.STABLE
@examples(stories)
def test_counters_are_the_acts_that_were_accepted(story: list[Any]) -> None:
    office, counted = Office(), Counter[tuple[str, str]]()
    accepted = 0
    for event in story:
        office.tell(event)
        if not isinstance(event, TetsuzukiTaken) or isinstance(office.last[0], Refusal):
            continue
        if office.last[0].kind == "RepetitionIgnored":
            continue
        accepted += 1
        kind = kinds()[event.kind]
        named = {event.shuunou_key, *(line.shuunou_key for line in event.uchiwake)} - {None}
        for name in {counter_of(kind, event.code), kind.day} - {None}:
            counted.update((str(name), str(key)) for key in named)
    found = {
        (one.name, key): one.kaisuu for key, seiri in office.person.seiri.items() for one in seiri.kaisuu
    }
    assert found == dict(counted)
    assert office.person.book.tetsuzuki_kaisuu == accepted


@given.STABLE
@examples(stories)
def test_the_facts_tell_all_there_is(story: list[Any]) -> None:
    """Who reads the facts alone has every row: nothing changes in silence."""
    office = Office().tell(*story)
    rows: dict[str, Any] = {}
    books = [fact.book for fact in office.facts if fact.book is not None]
    accounts: dict[str, ReceiptAccount] = {}
    for fact in office.facts:
        if fact.seiri is not None and fact.shuunou_key is not None:
            rows[fact.shuunou_key] = fact.seiri
    for of_ledger in office.of_ledger:
        if of_ledger.account is not None:
            accounts[of_ledger.account.shuunou_key] = of_ledger.account
    assert rows == dict(office.person.seiri)
    assert (books[-1] if books else office.person.book) == office.person.book
    for key, account in office.person.accounts.items():
        told = accounts[key]
        assert told._replace(seisan=None) == account._replace(seisan=None)
        assert told.wariate == account.wariate
    ids = [fact.fact_id for fact in office.facts if fact.kind != "RepetitionIgnored"]
    assert len(set(ids)) == len(ids)


@given.STABLE
@examples(stories)
def test_the_book_the_bills_and_the_case_agree(story: list[Any]) -> None:
    office = Office().tell(*story)
    person = office.person
    for key, seiri in person.seiri.items():
        in_force = [one for one in person.book.shobun if one.kaijo_on is None and key in one.keys]
        assert seiri.shobun == tuple(one.bangou for one in in_force)
        holds = {(one.code, one.bangou) for one in seiri.jikou if one.code in FACT and one.until is None}
        assert holds == {(one.kind, one.bangou) for one in in_force if one.kind in FACT}
    for one in person.book.shobun:
        is_paid = all(person.accounts[key].minou_gaku == 0 for key in one.keys)
        if one.kind in FACT and one.kaijo_on is None:
            assert (one.kaijo_riyuu == KANNOU) == is_paid
    haitou = sum(
        receipt.kingaku
        for account in person.accounts.values()
        for receipt in account.receipts
        if receipt.shuunou_kubun == "haitou"
    )
    assert haitou == sum(one.haitou_gaku for one in person.book.shobun)
    shobunhi = sum(
        account.seisan.fuzui.shobunhi for account in person.accounts.values() if account.seisan is not None
    )
    assert shobunhi == sum(one.shobunhi for one in person.book.shobun)
    overdue = [account for account in person.accounts.values() if is_overdue(account, person.kijunbi)]
    counted = person.case.tainou_kingaku if person.case else 0
    assert counted == sum(account.minou_gaku for account in overdue)
