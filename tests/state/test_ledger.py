"""台帳の一歩: persons and held records; the steps of accounts are in the tables of receipt and delinquency."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from state.ledger import accept_atena, accept_kiroku
from state.reasons import REASONS, Refusal
from tests import given
from tests.state.scenario import World, read, said


def test_the_person_with_the_highest_number_prevails() -> None:
    first, second = given.atena(1), given.atena(2, zenjuusho="架空市中町1")
    assert accept_atena(None, first) is first
    assert accept_atena(first, second) is second
    assert accept_atena(second, first) is None


def test_a_person_told_twice_is_told_once() -> None:
    first = given.atena(1, held={"a": "1"})
    again = first._replace(source_seq="ffffffffffffffff:9", recorded_at=1, held=MappingProxyType({"a": "1"}))
    assert accept_atena(first, again) is None


def test_a_person_told_differently_under_one_number_is_refused() -> None:
    first = given.atena(1)
    for other in (first._replace(seibetsu_kubun="2"), first._replace(held={"a": "1"})):
        refused = accept_atena(first, other)
        assert isinstance(refused, Refusal) and refused.reason.code == "R-405"


def test_held_records_follow_the_same_rule() -> None:
    first, second = given.kiroku(1), given.kiroku(2)
    assert accept_kiroku(None, first) is first
    assert accept_kiroku(first, second) is second
    assert accept_kiroku(second, first) is None
    assert accept_kiroku(first, first._replace(source_seq="ffffffffffffffff:9")) is None
    refused = accept_kiroku(first, first._replace(held={"zokugara": "妻"}))
    assert isinstance(refused, Refusal) and refused.reason is REASONS["R-405"]
    assert "妻" not in repr(refused) and "子" not in repr(refused)


def test_what_changes_nothing_gives_back_the_same_objects() -> None:
    world = World().tell(*read("調定1 10000 → 基準日 2026-07-01"))
    account, case = world.accounts[given.KEY], world.case
    assert said(world.tell(given.choutei()).last) == "RepetitionIgnored"
    assert world.accounts[given.KEY] is account and world.case is case


def test_facts_say_what_is_left_after_the_step() -> None:
    world = World().tell(*read("調定1 10000 → 速報甲 12000"))
    assert {(fact.minou_gaku, fact.kagonou_gaku) for fact in world.facts[1:]} == {(0, 2_000)}
    assert {fact.occurred_on for fact in world.facts[1:]} == {given.PAID_ON}


def test_the_first_day_may_come_before_the_first_bill() -> None:
    world = World().tell(given.kijunbi(date(2026, 7, 1)))
    assert not world.facts and world.case is None
