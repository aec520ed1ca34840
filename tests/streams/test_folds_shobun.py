"""滞納処分の畳み込み: acts from 督促 to 配当 through the ledger's agent, with days, receipts and refusals between."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests import given
from tests.state.seiri.office import act
from tests.streams.memory_hub import TETSUZUKI, Hub

ISSUED, SEIZED, PAID = date(2026, 7, 17), date(2026, 7, 28), date(2026, 9, 1)
KEY = given.KEY


def seizure() -> list[Any]:
    """調定, 督促, then 差押 on the first day on which it is allowed."""
    return [
        given.choutei(),
        act("督促", "1", ISSUED),
        act("差押", "1", SEIZED, lines=[(KEY, 10_000)], kingaku=30_000),
    ]


def test_what_a_seizure_brings_in_pays_the_bill_and_its_release_becomes_due() -> None:
    paid = act("配当", "1", PAID, lines=[(KEY, 10_000)], kingaku=10_000, taishou_bangou="1")
    released = act("解除", "2", PAID + timedelta(1), taishou_bangou="1", code="kannou")
    hub = Hub().tell(*seizure(), given.kijunbi(SEIZED), paid)
    assert hub.letters == []
    kinds = ["TokusokuIssued", "JikouRenewed", "SashiosaeMade", "JikouRenewed", "HaitouReceived"]
    assert [fact.kind for fact in hub.seiri_facts] == [*kinds, "SashiosaeKaijoBecameDue"]
    of_ledger = [(fact.kind, fact.kingaku) for fact in hub.facts[-4:]]
    assert of_ledger == [
        ("SeisanBooked", -10_000), ("KannouReached", 0), ("TainouEnded", 0), ("TainouCaseClosed", -10_000),
    ]  # fmt: skip
    assert hub.accounts()[KEY].is_kannou and hub.case().tainou_kingaku == 0
    hub.tell(released)
    assert hub.seiri().shobun == () and hub.seiribo().shobun[0].kaijo_on == PAID + timedelta(1)


def test_a_receipt_through_the_agents_makes_the_release_due_once() -> None:
    hub = Hub().tell(*seizure(), given.received(on=SEIZED), given.confirmed(on=SEIZED))
    assert [fact.kind for fact in hub.seiri_facts].count("SashiosaeKaijoBecameDue") == 1
    due = hub.seiri_facts[-1]
    assert due.book == hub.seiribo() and due.bangou is None
    assert due.applied[0].inputs["bangou"] == "1"


def test_a_seizure_without_a_demand_is_refused_and_kept_whole() -> None:
    hub = Hub().tell(given.choutei())
    before = dict(hub.ledger.store.rows)
    hub.tell(act("差押", "1", SEIZED, lines=[(KEY, 0)], kingaku=30_000))
    (letter,) = hub.letters
    assert letter.reason == "R-519" and "地方税法 第331条第1項第1号" in letter.expected
    after = {k: v for k, v in hub.ledger.store.rows.items() if not k.startswith(b"\x00")}
    assert after == {k: v for k, v in before.items() if not k.startswith(b"\x00")}
    assert hub.seiri_facts == [] and hub.seiri() is None


def test_a_posted_notice_is_delivered_by_the_coming_of_its_day_once() -> None:
    hub = Hub().tell(
        given.choutei(),
        act("督促", "1", ISSUED),
        act("返戻", "2", date(2026, 7, 27)),
        act("不明", "3", date(2026, 8, 10)),
        act("公示", "4", date(2026, 8, 17)),
        *(given.kijunbi(date(2026, 8, day)) for day in (23, 24, 25)),
    )
    (delivered,) = [fact for fact in hub.seiri_facts if fact.kind == "TokusokuDelivered"]
    assert (delivered.on, delivered.shuunou_key) == (date(2026, 8, 24), KEY)
    assert delivered.seiri == hub.seiri() and hub.seiri().tokusoku.joutai == "soutatsu"
    assert [fact.kind for fact in hub.seiri_facts].count("JikouRenewalLost") == 1


def test_a_day_that_had_come_before_the_act_was_told_is_not_missed() -> None:
    hub = Hub().tell(given.choutei(), given.kijunbi(date(2026, 11, 30)))
    asked = {"shubetsu": "jittai"}
    hub.tell(act("照会", "1", date(2026, 10, 1), code="jichitai", made=date(2026, 10, 31), jouken=asked))
    hub.tell(given.kijunbi(date(2026, 12, 1)), given.kijunbi(date(2026, 12, 2)))
    assert [fact.kind for fact in hub.seiri_facts] == ["ChousaInquired", "ChousaKaitouOverdue"]
    hub.tell(act("回答", "1", date(2026, 12, 3), taishou_bangou="1", code="fumei"))
    (one,) = hub.seiribo().chousa
    assert (one.kaitou_code, one.is_okure) == ("fumei", True)


def test_an_answer_to_no_inquiry_is_refused_and_its_number_stays_free() -> None:
    answer = act("回答", "1", date(2026, 10, 20), taishou_bangou="1", code="ari")
    hub = Hub().tell(given.choutei(), answer)
    assert [letter.reason for letter in hub.letters] == ["R-555"]
    asked = {"shubetsu": "zaisan"}
    hub.tell(act("照会", "1", date(2026, 10, 1), code="kinyuu", made=date(2026, 10, 31), jouken=asked), answer)
    assert [fact.kind for fact in hub.seiri_facts] == ["ChousaInquired", "ChousaAnswered"]


def test_a_deadline_brought_forward_makes_arrears_on_its_morrow() -> None:
    hub = Hub().tell(given.choutei(), act("繰上徴収", "1", date(2026, 6, 10), made=date(2026, 6, 15)))
    hub.tell(given.kijunbi(date(2026, 6, 15)))
    assert not hub.accounts()[KEY].is_tainou
    hub.tell(given.kijunbi(date(2026, 6, 16)))
    assert hub.accounts()[KEY].is_tainou and hub.case().tainou_kingaku == 10_000


def test_an_assessment_told_again_after_that_is_a_repetition() -> None:
    hub = Hub().tell(given.choutei(), act("繰上徴収", "1", date(2026, 6, 10), made=date(2026, 6, 15)))
    hub.tell(given.choutei())
    assert hub.letters == [] and hub.facts[-1].kind == "RepetitionIgnored"
    hub.tell(given.choutei(noukigen=date(2026, 6, 14)))
    assert [letter.reason for letter in hub.letters] == ["R-401"]


def test_a_batch_leaves_what_the_acts_leave_one_by_one() -> None:
    acts = [
        act("督促", "1", ISSUED),
        act("差押", "1", SEIZED, lines=[(KEY, 0)], kingaku=30_000),
        act("差押", "1", SEIZED, lines=[(KEY, 0)], kingaku=30_000),
        act("処分費", "1", PAID, kingaku=1_500, taishou_bangou="1"),
        act("配当", "1", PAID, lines=[(KEY, 12_000)], kingaku=12_000, taishou_bangou="1"),
        act("配当", "2", PAID, lines=[(KEY, 11_500)], kingaku=11_500, taishou_bangou="1"),
    ]
    one_by_one, at_once = Hub().tell(given.choutei(), *acts), Hub().tell(given.choutei())
    at_once.batch(TETSUZUKI, acts)
    for hub in (one_by_one, at_once):
        assert [letter.reason for letter in hub.letters] == ["R-552"]
        assert hub.accounts()[KEY].minou_gaku == 0
    assert at_once.seiri_facts == one_by_one.seiri_facts
    assert (at_once.accounts(), at_once.seiribo(), at_once.seiri()) == (
        one_by_one.accounts(), one_by_one.seiribo(), one_by_one.seiri(),
    )  # fmt: skip
