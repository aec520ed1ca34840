"""突合の畳み込み: the office's table, row by row, and what a table cannot show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from state import wire
from state.events import KouzaFurikaeFailed, ShuunouReceived, ShuunouReversed
from state.receipt.account import SOKUHOU
from streams import matching
from tests import given
from tests.state import scenario
from tests.streams.memory_hub import CHOUTEI, Hub
from tests.streams.memory_store import decoded


@pytest.fixture
def hub() -> Hub:
    """An empty hub."""
    return Hub()


MATCHING = scenario.table(Path(__file__).parents[1] / "state" / "matching" / "cases.csv")
_ASSIGNED = re.compile(r"(?:(\d+)期:)?指定(\S+) (\d+)期")
_OTHER_PERSON = re.compile(r" 宛名=(\d+)")
NOTICES = {"held": "保留", "released": "解放", "assigned": "指定"}


class Told(NamedTuple):
    """What an event is called in the tables."""

    bill: str
    name: str

    def __str__(self) -> str:
        return f"{self.bill}:{self.name}"


def _bill(key: str) -> str:
    return f"{int(key[16:])}期"


def _called(event: Any) -> Told:
    words = {
        ShuunouReceived: "速報" if getattr(event, "dankai", "") == SOKUHOU else "確報",
        ShuunouReversed: "速報取消",
        KouzaFurikaeFailed: "振替不能",
    }
    word = words.get(type(event))
    if word:
        return Told(_bill(event.shuunou_key), word + event.receipt_no.partition(":")[2])
    kinds = {"ChouteiEstablished": "調定", "ChouteiCorrected": "更正", "ChouteiCancelled": "取消"}
    return Told(_bill(event.shuunou_key), f"{kinds[type(event).__name__]}{event.rireki_bangou}")


def _read(hub: Hub, text: str) -> Any:
    """One event of the matching table: as in the others, and 指定 of what is held."""
    found = _ASSIGNED.fullmatch(text)
    if found is None:
        person = _OTHER_PERSON.search(text)
        (event,) = scenario.read(_OTHER_PERSON.sub("", text))
        return event._replace(atena_bangou=person[1]) if person else event
    key, target = given.shuunou_key(int(found[1] or 1)), given.shuunou_key(int(found[3]))
    return given.assigned(given.received(f"cvs:{found[2]}").event_id, target, key=key)


@pytest.mark.parametrize("cached", [True, False], ids=["覚えあり", "覚えなし"])
@pytest.mark.parametrize("case", MATCHING, ids=[case["名前"] for case in MATCHING])
def test_突合の事例(case: dict[str, str], cached: bool) -> None:
    hub = Hub(cached=cached)
    seen = {}
    for text in case["出来事"].split(" → "):
        event = _read(hub, text)
        seen[getattr(event, "event_id", "")] = event
        hub.tell(event)
    held = [wire.decode(value) for value in hub.rows(hub.matching, matching.HELD.tag).values()]
    notices = hub.matching.sent(matching.UNMATCHED)
    to_ledger = hub.matching.sent(matching.LEDGER_INPUT)
    found = {
        "台帳へ": [str(_called(event)) for event in to_ledger],
        "保留": [str(_called(event)) for event in held],
        "知らせ": [f"{NOTICES[n.kind]}:{_called(seen[n.event_id]).name}" for n in notices],
        "拒否": [letter.reason for letter in hub.letters],
    }
    expected = {name: case[name].split() for name in found}
    for unordered in ("台帳へ", "知らせ"):  # what was held together goes on together, in no stated order
        found[unordered].sort()
        expected[unordered].sort()
    assert found == expected


def test_a_released_payment_comes_after_its_bill_and_under_its_person(hub: Hub) -> None:
    hub.tell(given.received("cvs:a", 4_000), given.confirmed("cvs:b", 6_000), given.choutei())
    sent = [output for output in hub.matching.outputs if output.topic == matching.LEDGER_INPUT]
    assert {output.key for output in sent} == {given.PERSON.encode()}
    assert type(decoded(sent[0])).__name__ == "ChouteiEstablished"
    assert hub.accounts()[given.KEY].shuunou_gaku == 10_000
    assert not hub.letters


def test_what_matches_passes_untouched(hub: Hub) -> None:
    bill, paid = given.choutei(), given.received()
    hub.tell(bill, paid)
    values = [output.value for output in hub.matching.outputs if output.topic == matching.LEDGER_INPUT]
    assert values == [wire.encode(bill), wire.encode(paid)]


def test_a_held_payment_is_released_within_the_same_batch(hub: Hub) -> None:
    """Both in one batch: what the unit itself wrote is found, and what it deleted is not found again."""
    bills = [given.choutei(key=given.shuunou_key(n)) for n in (1, 2)]
    hub.tell(
        given.received("cvs:a", key=given.shuunou_key(1)), given.received("cvs:b", key=given.shuunou_key(2))
    )
    hub.batch(CHOUTEI, [*bills, *bills])
    assert [a.shuunou_gaku for a in hub.accounts().values()] == [10_000, 10_000]
    assert not hub.rows(hub.matching, matching.HELD.tag)


def test_a_contradicting_repetition_of_what_is_held_is_not_dropped(hub: Hub) -> None:
    """Under one id, another amount: nothing may vanish, so a letter says it, at once or from the ledger."""
    hub.tell(given.received("cvs:a", 4_000), given.received("cvs:a", 5_000), given.choutei())
    assert len(hub.letters) == 1
    assert hub.accounts()[given.KEY].shuunou_gaku == 4_000


def test_money_stays_one_when_a_bill_comes_after_its_payment_was_assigned(hub: Hub) -> None:
    """The 速報 was given to 2期 by staff; its 確報 is the same money and must not also be booked on 1期."""
    other = given.shuunou_key(2)
    paid = given.received()
    hub.tell(given.choutei(key=other), paid, given.assigned(paid.event_id, other))
    hub.tell(given.choutei(), given.confirmed())
    assert {key: account.shuunou_gaku for key, account in hub.accounts().items()} == {
        other: 10_000,
        given.KEY: 0,
    }


def test_what_staff_assigned_says_so(hub: Hub) -> None:
    paid = given.received()
    hub.tell(paid, given.assigned(paid.event_id, given.shuunou_key(2)))
    (moved,) = hub.matching.sent(matching.ASSIGNED)
    told = hub.matching.sent(matching.UNMATCHED)[1]
    assert "T001" in moved.basis and moved.event_id == paid.event_id
    assert (told.kind, told.tantousha_code, told.target_shuunou_key) == (
        "assigned",
        "T001",
        given.shuunou_key(2),
    )
