"""整理の畳み込み: acts of the office on the ledger's agent: applied once, refused whole, seen by their facts."""

from __future__ import annotations

from datetime import date

from state.reasons import REASONS
from tests import given
from tests.streams.memory_hub import Hub

ON = date(2026, 7, 20)


def test_an_act_leaves_its_rows_its_fact_and_its_count() -> None:
    hub = Hub().tell(given.choutei(), given.tetsuzuki("NoutsuuReturned", ON))
    (fact,) = hub.seiri_facts
    assert (fact.kind, fact.shuunou_key, fact.bangou, fact.on) == ("NoutsuuReturned", given.KEY, "1", ON)
    (kaisuu,) = [k for k in hub.seiri().kaisuu if k.name == "noutsuu_henrei_settei_counter"]
    assert (kaisuu.kaisuu, kaisuu.last_on) == (1, ON)
    assert fact.seiri == hub.seiri() and fact.book == hub.seiribo()
    assert hub.seiribo().tetsuzuki_kaisuu == 1
    assert hub.accounts()[given.KEY].seisan is not None, "the ledger must know of it without looking"


def test_an_act_told_twice_changes_nothing_and_is_reported() -> None:
    act = given.tetsuzuki("NoutsuuReturned", ON)
    hub = Hub().tell(given.choutei(), act)
    before = dict(hub.ledger.store.rows)
    hub.tell(act._replace(source_seq="fedcba9876543210:9"))
    assert [fact.kind for fact in hub.seiri_facts] == ["NoutsuuReturned", "RepetitionIgnored"]
    after = {k: v for k, v in hub.ledger.store.rows.items() if not k.startswith(b"\x00")}
    assert after == {k: v for k, v in before.items() if not k.startswith(b"\x00")}


def test_another_act_under_the_same_number_is_refused() -> None:
    hub = Hub().tell(given.choutei(), given.tetsuzuki("NoutsuuReturned", ON))
    hub.tell(given.tetsuzuki("NoutsuuReturned", date(2026, 7, 21)))
    assert [letter.reason for letter in hub.letters] == ["R-504"]
    assert hub.seiribo().tetsuzuki_kaisuu == 1


def test_an_act_on_a_bill_of_nobody_is_refused_and_its_number_stays_free() -> None:
    act = given.tetsuzuki("NoutsuuReturned", ON)
    hub = Hub().tell(act)
    assert [letter.reason for letter in hub.letters] == ["R-502"]
    hub.tell(given.choutei(), act)
    assert [fact.kind for fact in hub.seiri_facts] == ["NoutsuuReturned"]


def test_an_answer_comes_on_its_own_topic_alone() -> None:
    hub = Hub().tell(given.choutei())
    answer = given.tetsuzuki("ChousaAnswered", ON, key=None, taishou_bangou="7", code="ari")
    hub.batch("ido.tetsuzuki.v1", [answer])
    assert [letter.reason for letter in hub.letters] == ["R-202"]


def test_what_has_no_right_form_is_refused() -> None:
    wrong = {
        "R-211": given.tetsuzuki("NoSuchAct", ON),
        "R-203": given.tetsuzuki("TantouAssigned", ON, key=None),
        "R-206": given.tetsuzuki("NoutsuuSent", ON, kingaku=-1),
        "R-204": given.tetsuzuki("NoutsuuSent", ON, bangou="1|2"),
        "R-208": given.tetsuzuki("NoutsuuSent", date(1900, 1, 1)),
    }
    for reason, act in wrong.items():
        assert reason in REASONS
        assert [letter.reason for letter in Hub().tell(given.choutei(), act).letters] == [reason]


def test_the_newest_assignment_prevails_whatever_the_order() -> None:
    acts = [
        given.tetsuzuki("TantouAssigned", date(2026, 8, n), bangou=str(n), key=None, tantousha_code=f"T{n}")
        for n in (1, 2)
    ]
    forth, back = Hub().tell(*acts), Hub().tell(*reversed(acts))
    assert forth.seiribo().tantousha_code == back.seiribo().tantousha_code == "T2"
    assert [fact.kind for fact in back.seiri_facts] == ["TantouAssigned", "TantouSuperseded"]


def test_an_act_of_a_day_before_the_law_s_tables_is_refused_and_stops_nothing() -> None:
    """A stranger's date must not stop the stage: what has no rule is told by a letter."""
    early = date(1960, 1, 1)
    assessed = given.choutei(noukigen=date(2026, 6, 30))
    for kind in ("TokusokuIssued", "EntaikinAssessed", "ShikkouTeishiDecided", "KagonouDecided"):
        hub = Hub().tell(assessed, given.tetsuzuki(kind, early, code="1"))
        assert len(hub.letters) == 1 and hub.seiribo() is None
