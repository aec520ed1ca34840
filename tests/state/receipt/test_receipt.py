"""収納の事例: the office's table, row by row, and the bounds that a table cannot show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from state.reasons import Refusal
from state.receipt import record
from state.receipt.account import FUNOU_MAX, RECEIPTS_MAX, RIREKI_MAX
from tests import given
from tests.state.scenario import World, read, said, table

CASES = table(Path(__file__).parent / "cases.csv")


@pytest.mark.parametrize("case", CASES, ids=[case["名前"] for case in CASES])
def test_事例(case: dict[str, str]) -> None:
    world = World().tell(*read(case["出来事"]))
    account = world.accounts[given.KEY]
    found = {
        "調定額": account.kibetsu_choutei_gaku,
        "収納額": account.shuunou_gaku,
        "未納": account.minou_gaku,
        "過誤納": account.kagonou_gaku,
        "完納": "○" if account.is_kannou else "×",
        "収納回数": record.shuunou_kaisuu(account),
        "更正回数": account.kousei_kaisuu,
        "口振不能回数": account.koufuri_funou_kaisuu,
        "最後の知らせ": said(world.last),
    }
    assert {name: str(value) for name, value in found.items()} == {name: case[name] for name in found}


def test_a_refused_event_leaves_everything_as_it_was() -> None:
    world = World().tell(*read("調定1 10000 → 速報甲 4000"))
    before = dict(world.accounts)
    world.tell(given.choutei(1, 9_000), given.received("cvs:甲", 5_000))
    assert [refused.reason.code for refused in world.refusals] == ["R-401", "R-403"]
    assert world.accounts == before and world.accounts[given.KEY] is before[given.KEY]


def test_receipts_are_bounded() -> None:
    receipts = [given.received(f"cvs:{number}", 1) for number in range(RECEIPTS_MAX + 1)]
    world = World().tell(given.choutei(), *receipts)
    assert said(world.last) == "R-402"
    assert world.accounts[given.KEY].shuunou_gaku == RECEIPTS_MAX
    assert said(world.tell(receipts[0]).last) == "RepetitionIgnored", "what is known is still recognised"
    assert said(world.tell(given.confirmed("cvs:0", 1)).last) == "ShuunouConfirmed", "and can be confirmed"


def test_assessments_are_bounded() -> None:
    world = World().tell(given.choutei(1), *(given.corrected(n) for n in range(2, RIREKI_MAX + 1)))
    assert not world.refusals
    assert said(world.tell(given.corrected(RIREKI_MAX + 1)).last) == "R-406"
    assert said(world.tell(given.corrected(RIREKI_MAX)).last) == "RepetitionIgnored"


def test_the_memory_of_failed_debits_is_bounded_and_the_count_is_not() -> None:
    days = [given.NOUKIGEN + timedelta(days=number) for number in range(FUNOU_MAX + 6)]
    world = World().tell(
        given.choutei(), *(given.debit_failed(f"kfr:{day.isoformat()}", on=day) for day in days)
    )
    account = world.accounts[given.KEY]
    assert account.koufuri_funou_kaisuu == len(days)
    assert len(account.furikae_funou) == FUNOU_MAX
    assert said(world.tell(given.debit_failed(f"kfr:{days[-1].isoformat()}")).last) == "RepetitionIgnored"


def test_a_payment_without_its_bill_is_refused() -> None:
    for event in (given.received(), given.reversal(), given.debit_failed()):
        assert said(World().tell(event).last) == "R-404"


def test_the_first_fact_of_a_step_carries_the_account_and_only_the_first() -> None:
    world = World().tell(*read("調定1 10000 → 確報甲 12000"))
    first, *others = world.last
    assert not isinstance(first, Refusal) and first.account == world.accounts[given.KEY]
    for fact in others:
        assert not isinstance(fact, Refusal) and fact.account is None


def test_ids_of_facts_come_from_the_event_and_the_kind() -> None:
    event = given.confirmed("cvs:甲", 12_000)
    world = World().tell(given.choutei(), event)
    ids = [fact.fact_id for fact in world.facts]
    assert len(set(ids)) == len(ids)
    assert ids[1:] == [
        f"{event.event_id}/{kind}" for kind in ("ShuunouPosted", "KannouReached", "KagonouArose")
    ]
