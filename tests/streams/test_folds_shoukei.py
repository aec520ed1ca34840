"""納税承継の畳み込み: a share that matching cannot take up comes back, whatever else happens on the way.

The act, the share and its return are messages between partitions: between any two of them anything may come.
"""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from state import wire
from state.receipt.seisan import Seisan
from state.seiri.fact import SeiriFact
from streams import ledger, matching, seiri
from streams.engine.unit import Output
from streams.ingest import DEADLETTER
from tests import given
from tests.state.seiri.shoukei_world import HEIR, OTHER_HEIR, OTHER_SHARE, SHARE, STRANGER
from tests.streams.memory_hub import CHOUTEI, CONVENIENCE, TETSUZUKI, Hub, message

ON = date(2026, 9, 1)


def heirs(first: int, second: int, bangou: str = "1", keys: tuple[str, str] = (SHARE, OTHER_SHARE)) -> Any:
    lines = (given.bubun(keys[0], first, atena=HEIR), given.bubun(keys[1], second, atena=OTHER_HEIR))
    return given.tetsuzuki("NouzeiShoukeiMade", ON, bangou=bangou, uchiwake=lines)


def taken(key: str, person: str = STRANGER) -> Any:
    return given.choutei(gaku=500, key=key, atena_bangou=person)


def owed(hub: Hub) -> dict[str, int]:
    return {key: account.minou_gaku - account.kagonou_gaku for key, account in hub.accounts().items()}


def told(hub: Hub, kind: str) -> list[SeiriFact]:
    return [fact for fact in hub.seiri_facts if fact.kind == kind]


@pytest.mark.parametrize("person", [STRANGER, HEIR])
def test_a_share_whose_key_is_taken_comes_back_with_a_letter(person: str) -> None:
    """By anybody: the heir's own 期別 is not the share either."""
    hub = Hub().tell(given.choutei(), taken(SHARE, person), given.kijunbi(date(2026, 7, 31)))
    hub.tell(heirs(6_000, 4_000))
    assert [letter.reason for letter in hub.letters] == ["R-303"]
    assert owed(hub) == {given.KEY: 6_000, SHARE: 500, OTHER_SHARE: 4_000}
    assert hub.seiri().shoukei_saki == (OTHER_SHARE,)
    (back,) = told(hub, "NouzeiShoukeiReturned")
    assert (back.kingaku, back.shuunou_key) == (6_000, given.KEY)
    assert [(one.kind, one.kamoku, one.kingaku) for one in back.movements] == [("kousei", "honzei", 6_000)]
    assert [one.provision for one in back.applied] == ["chihouzeihou-9-1"]
    assert (hub.case().tainou_kingaku, hub.case(OTHER_HEIR).tainou_kingaku) == (6_000, 4_000)
    moved = sum(one.change for fact in hub.seiri_facts for one in fact.movements)
    assert moved == -4_000, "what came to the other heir has left the deceased"


def test_the_office_corrects_the_key_and_sends_the_act_again() -> None:
    hub = Hub().tell(given.choutei(), taken(SHARE), heirs(6_000, 4_000))
    other = given.shuunou_key(3, tsuuchisho=9)
    line = (given.bubun(other, 6_000, atena=HEIR),)
    hub.tell(given.tetsuzuki("NouzeiShoukeiMade", ON, bangou="2", uchiwake=line))
    assert owed(hub) == {given.KEY: 0, SHARE: 500, OTHER_SHARE: 4_000, other: 6_000}


def test_a_key_that_an_heir_holds_already_is_refused_with_the_act() -> None:
    hub = Hub().tell(given.choutei(), heirs(6_000, 4_000), given.corrected(gaku=11_000))
    line = (given.bubun(SHARE, 1_000, atena=HEIR),)
    hub.tell(given.tetsuzuki("NouzeiShoukeiMade", ON, bangou="2", uchiwake=line))
    assert [letter.reason for letter in hub.letters] == ["R-560"]
    assert owed(hub) == {given.KEY: 1_000, SHARE: 6_000, OTHER_SHARE: 4_000}


def test_a_share_from_a_source_is_refused_for_it_is_the_ledgers() -> None:
    hub = Hub().tell(given.choutei(), heirs(6_000, 4_000))
    share = hub.ledger.sent(seiri.SHOUKEI_OUT)[0]
    forged = share._replace(event_id="forged", shuunou_key=given.shuunou_key(4, tsuuchisho=9))
    hub.batch(CHOUTEI, [forged])
    assert [letter.reason for letter in hub.letters] == ["R-202"]
    assert len(hub.accounts()) == 3


def test_a_payment_that_waited_for_the_share_is_released_to_the_heir() -> None:
    hub = Hub().tell(given.choutei(), given.received("cvs:h", 2_000, key=SHARE), heirs(6_000, 4_000))
    assert owed(hub) == {given.KEY: 0, SHARE: 4_000, OTHER_SHARE: 4_000}


def test_a_bill_that_comes_after_the_share_does_not_take_its_key() -> None:
    hub = Hub().tell(given.choutei(), heirs(6_000, 4_000), taken(SHARE), taken(OTHER_SHARE, OTHER_HEIR))
    assert [letter.reason for letter in hub.letters] == ["R-301", "R-401"]
    assert owed(hub) == {given.KEY: 0, SHARE: 6_000, OTHER_SHARE: 4_000}


class Apart:
    """The stages with everything between them in our hands: nothing moves on before it is told to."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.on_the_way: dict[str, list[tuple[bytes | None, bytes]]] = {
            seiri.SHOUKEI_OUT: [], ledger.LEDGER_INPUT: []
        }  # fmt: skip

    def give(self, topic: str, *events: Any) -> None:
        self._take(self.hub.ledger if topic == TETSUZUKI else self.hub.matching, topic, map(message, events))

    def move(self, topic: str, times: int = 1) -> None:
        """What waits on this topic goes on; `times` twice is a reader that reads again."""
        waiting, self.on_the_way[topic] = self.on_the_way[topic], []
        stage = self.hub.ledger if topic == ledger.LEDGER_INPUT else self.hub.matching
        for _ in range(times):
            self._take(stage, topic, waiting)

    def settle(self) -> None:
        while any(self.on_the_way.values()):
            for topic in self.on_the_way:
                self.move(topic)

    def _take(self, stage: Any, topic: str, messages: Any) -> None:
        for each in list(messages):
            sent: list[Output] = stage.run(topic, each)
            for output in sent:
                if output.topic in self.on_the_way:
                    self.on_the_way[output.topic].append((output.key, output.value))


def between() -> list[tuple[str, list[Any]]]:
    """What else happens to the deceased's 期別 meanwhile, each on its topic."""
    late = given.received("cvs:late", 7_000, on=date(2026, 8, 20))
    return [
        (CONVENIENCE, [late]),
        (CHOUTEI, [given.corrected(gaku=12_000)]),
        (TETSUZUKI, [given.tetsuzuki("KoushouRecorded", ON, key=None)]),
    ]


@pytest.mark.parametrize("order", list(permutations(range(6)))[::7])
def test_in_any_order_the_end_is_the_same(order: tuple[int, ...]) -> None:
    """The share, its return, a late payment, a correction and another act interleave in every way."""
    apart = Apart()
    apart.give(CHOUTEI, given.choutei(), taken(SHARE))
    apart.settle()
    apart.give(TETSUZUKI, heirs(6_000, 4_000))
    steps = [
        lambda: apart.move(seiri.SHOUKEI_OUT),
        lambda: apart.move(ledger.LEDGER_INPUT),
        lambda: apart.move(seiri.SHOUKEI_OUT),
        *(lambda topic=topic, events=events: apart.give(topic, *events) for topic, events in between()),
    ]
    for place in order:
        steps[place]()
    apart.settle()
    account = apart.hub.accounts()[given.KEY]
    assert owed(apart.hub) == {given.KEY: 12_000 - 4_000 - 7_000, SHARE: 500, OTHER_SHARE: 4_000}
    assert (account.seisan or Seisan()).shoukei.goukei == 4_000
    assert apart.hub.seiri().shoukei_saki == (OTHER_SHARE,)
    assert len(told(apart.hub, "NouzeiShoukeiReturned")) == 1


def test_what_is_read_again_moves_nothing_again() -> None:
    apart = Apart()
    apart.give(CHOUTEI, given.choutei(), taken(SHARE))
    apart.settle()
    apart.give(TETSUZUKI, heirs(6_000, 4_000))
    apart.move(seiri.SHOUKEI_OUT, times=2)
    apart.move(ledger.LEDGER_INPUT, times=2)
    apart.settle()
    assert owed(apart.hub) == {given.KEY: 6_000, SHARE: 500, OTHER_SHARE: 4_000}
    assert len(told(apart.hub, "NouzeiShoukeiReturned")) == 1
    assert len(told(apart.hub, "NouzeiShoukeiTakenOver")) == 1
    back = [e for e in apart.hub.matching.sent(ledger.LEDGER_INPUT) if type(e).__name__ == "ShoukeiReturned"]
    assert len(back) == 1, "judged once"


def test_a_return_to_nobody_is_a_letter() -> None:
    hub = Hub().tell(given.choutei(), taken(SHARE), heirs(6_000, 4_000))
    back = next(e for e in hub.matching.sent(ledger.LEDGER_INPUT) if type(e).__name__ == "ShoukeiReturned")
    stray = back._replace(shuunou_key=given.shuunou_key(9), event_id="stray")
    hub.ledger.run(ledger.LEDGER_INPUT, (stray.atena_bangou.encode(), wire.encode(stray)))
    assert [letter.reason for letter in hub.ledger.sent(DEADLETTER)] == ["R-502"]
    assert owed(hub)[given.KEY] == 6_000


def test_shares_of_the_version_before_are_matched_as_they_were() -> None:
    """On their way while the hub was renewed: they carry nothing, so nothing can be sent back."""
    hub = Hub().tell(given.choutei())
    plain = given.choutei(key=SHARE, atena_bangou=HEIR)
    sent = hub.matching.run(matching.SHOUKEI, (SHARE.encode(), wire.encode(plain)))
    assert [output.topic for output in sent] == [ledger.LEDGER_INPUT]
