"""突合の純粋な部分: the index and what staff assign. The flow of held payments is tested in tests/streams."""

from __future__ import annotations

from state import matching
from state.events import ShuunouReceived
from state.facts import MatchEntry
from state.reasons import Refusal
from tests import given


def test_a_bill_enters_the_index_once() -> None:
    entry = matching.match_choutei(None, given.choutei())
    assert entry == MatchEntry(given.PERSON, 1)
    assert matching.match_choutei(entry, given.corrected()) is entry


def test_a_bill_does_not_pass_to_another_person_by_an_assessment() -> None:
    refused = matching.match_choutei(
        MatchEntry(given.PERSON, 1), given.corrected(atena_bangou=given.OTHER_PERSON)
    )
    assert isinstance(refused, Refusal) and refused.reason.code == "R-301"
    assert given.PERSON not in repr(refused) and given.OTHER_PERSON not in repr(refused)


def test_what_is_assigned_changes_its_key_and_says_who_did_it() -> None:
    held, target = given.received(), given.shuunou_key(2)
    told = given.assigned(held.event_id, target)
    moved = matching.assign(held, told)
    assert isinstance(moved, ShuunouReceived)
    assert moved._replace(shuunou_key=held.shuunou_key, basis=None) == held
    assert moved.shuunou_key == target and "T001" in (moved.basis or "")


def test_what_is_not_held_cannot_be_assigned() -> None:
    refused = matching.assign(None, given.assigned("some-event", given.shuunou_key(2)))
    assert isinstance(refused, Refusal) and refused.reason.code == "R-302"


def test_only_money_that_came_in_counts_as_held() -> None:
    """A denial and a failed debit are held too, but no yen of the city lies in them."""
    assert matching.notice("held", given.received(gaku=700)).shuunou_kingaku == 700
    assert matching.notice("held", given.reversal(gaku=700)).shuunou_kingaku == 0
    assert matching.notice("held", given.debit_failed(gaku=700)).shuunou_kingaku == 0


def test_a_notice_is_recognised_by_its_id() -> None:
    event = given.received()
    by = given.assigned(event.event_id, given.shuunou_key(2))
    told = matching.notice("assigned", event, target=by.target_shuunou_key, by=by)
    assert told.notice_id == f"{event.event_id}/assigned/{event.shuunou_key}"
    assert (told.tantousha_code, told.riyuu) == (by.tantousha_code, by.riyuu)
