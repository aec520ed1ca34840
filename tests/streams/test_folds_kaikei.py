"""会計の畳み込み: 延滞金 and 過誤納 on the ledger's agent: rows, facts on both sides, nothing done by halves."""

from __future__ import annotations

from datetime import date

from tests import given
from tests.state.seiri.kaikei_story import balance, read, rows, told
from tests.streams.memory_hub import Hub

KEY2 = given.shuunou_key(2)
STORY = "調定1 10000 → 2期:調定1 5000 → 確報甲 18000 領収=2026-07-10"
DECIDED = "充当還付決定1 2026-08-01 種別=sonota"


def test_both_sides_of_a_充当_are_announced_with_their_rows() -> None:
    hub = told(f"{STORY} → {DECIDED}")
    arose, decided, received = hub.seiri_facts
    assert (arose.kind, decided.kind, received.kind) == ("KagonouArose", "KagonouDecided", "JuutouReceived")
    assert arose.seiri == hub.seiri() and received.seiri == hub.seiri(KEY2)
    assert decided.bangou == received.bangou == "1" and received.shuunou_key == KEY2
    booked = [fact for fact in hub.facts if fact.kind == "SeisanBooked"]
    assert {fact.shuunou_key: fact.kingaku for fact in booked} == {given.KEY: 8_000, KEY2: -5_000}
    assert [account.minou_gaku for account in hub.accounts().values()] == [0, 0]


def test_what_goes_back_to_nothing_is_announced_too() -> None:
    """With the withdrawal the 精算 is empty again, as if nothing had been: the accounts must be told so."""
    hub = told(f"{STORY} → {DECIDED} → 決定取消1 2026-08-05")
    last = {fact.shuunou_key: fact for fact in hub.facts if fact.kind == "SeisanBooked"}
    assert {key: fact.kingaku for key, fact in last.items()} == {given.KEY: -8_000, KEY2: 5_000}
    assert {key: fact.account for key, fact in last.items()} == hub.accounts()
    assert [(a.minou_gaku, a.kagonou_gaku) for a in hub.accounts().values()] == [(0, 8_000), (5_000, 0)]


def test_a_batch_is_as_good_as_one_by_one() -> None:
    acts = [read(DECIDED), read("通知書発送1 2026-08-02"), read("還付請求1 2026-08-03")]
    one, all_at_once = told(STORY, *acts), told(STORY)
    all_at_once.batch("ido.tetsuzuki.v1", acts)
    assert rows(one) == rows(all_at_once)
    assert [f.fact_id for f in one.seiri_facts] == [f.fact_id for f in all_at_once.seiri_facts]


def test_a_receipt_after_the_decision_is_a_過誤納_of_its_own() -> None:
    hub = told(f"{STORY} → {DECIDED}", given.confirmed("cvs:later", 700, on=date(2026, 8, 10)))
    assert hub.accounts()[given.KEY].kagonou_gaku == 700
    assert hub.seiri().kagonou.kagonou.goukei == 8_000, "what was decided stays as it was decided"


def test_the_arrears_of_the_person_follow() -> None:
    hub = told("調定1 10000 → 2期:調定1 5000 → 確報甲 18000 領収=2026-06-20", given.kijunbi(date(2026, 7, 2)))
    before = balance(hub)
    assert hub.case().tainou_kingaku == 5_000
    hub.tell(read(DECIDED))
    assert hub.case().tainou_kingaku == 0
    hub.tell(read("決定取消1 2026-08-05"))
    assert hub.case().tainou_kingaku == 5_000 and balance(hub) == before


def test_an_empty_hub_refuses_every_kind() -> None:
    assert [letter.reason for letter in Hub().tell(read(DECIDED)).letters] == ["R-502"]
