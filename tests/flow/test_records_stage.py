"""記録の段、本物のブローカーで: what the seven topics hold is what `record show` derives, whatever happens to the stage.

The flow is a process of its own; the stage of the records is another, which is killed in the middle of its
batches. Batches are small, so that what waits for it is several.
"""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

import schemas
from bench.faults.nursery import Nursery, Order
from connectors import records as read_side
from connectors.tables import engine_for
from schemas import records
from state import wire
from state.record import build
from streams.cli import app
from streams.local.process import wait_until
from streams.records import topic_of
from streams.topics import FLOW, STAGES
from tests import given
from tests.connectors.audited_hub import AuditedHub, Sent, bill, key_of, kijunbi, paid, started_hub
from tests.connectors.planted_acts import told, who
from tests.streams.memory_hub import message
from tests.streams.memory_hub import topic_of as topic_of_event

PERSONS = (1, 2, 3, 4, 5)
SEALED = f"{schemas.SEALED}00000000:synthetic"
FIRST, LAST = date(2026, 8, 31), date(2027, 6, 3)
KILLED_AT = ("after-outputs", "before-commit", "after-commit", "half-store")
ON = date(2026, 7, 20)
PATIENCE_S = 90.0
Held = dict[tuple[str, str], Any]


def plain(event: Any) -> Sent:
    key, value = message(event)
    return Sent(topic_of_event(event), key or b"", value)


def kiroku(person: int, record: str, key: str, **held: str) -> Sent:
    made = given.kiroku(1, who(person), event_id=f"{person}/{record}/{key}")
    return plain(made._replace(record=build.subfile(record), record_key=key, held=held))


def act(person: int, kind: str, on: date, key: str | None = None, **over: Any) -> Sent:
    return told(given.tetsuzuki(kind, on, key=key, person=who(person), **over))


def year(person: int) -> Iterator[Sent]:
    """A household, four bills, what the former system left, and a payment."""
    household = {"setai_bangou": f"S{person}", "kojin_bangou": SEALED, "kouza_bangou": SEALED}
    yield plain(given.atena(1, who(person), **household))
    yield from (bill(person, kibetsu) for kibetsu in range(1, 5))
    yield kiroku(person, "tainou_kojin", "1", denwa_bangou_1="000")
    yield kiroku(person, "shuutainou", key_of(person, 1), sashiosae_counter="4")
    yield kiroku(person, "tainou_shobun", "旧1", kianbi="2020-02-03", shobun_kingaku="900")
    yield kiroku(person, "tainou_kazoku", "2", setai_bangou=f"S{person}", kanji_shimei="試験 親族")
    yield paid(given.received(f"cvs:{person}a", 4_000, key=key_of(person, 2)))


def acts(person: int) -> Iterator[Sent]:
    """What makes a 処分, a plan and a 交渉経過 of our own."""
    one, three = key_of(person, 1), key_of(person, 3)
    keika = {"koudou_kiroku_naiyou": "約束", "busho": "収納課"}
    yield act(person, "TokusokuIssued", ON, one)
    yield act(person, "TokusokuIssued", ON, three, bangou="2")
    seized = {"kingaku": 10_000, "code": "yokin", "tantousha_code": "T1"}
    yield act(person, "SashiosaeMade", date(2026, 8, 20), uchiwake=(given.bubun(one, 10_000),), **seized)
    parts = [given.bubun(three, 10_000)]
    parts += [given.bubun(None, 5_000, on=date(2026, month, 30)) for month in (9, 10)]
    plan = {"kingaku": 10_000, "code": "seiyaku", "tantousha_code": "T2"}
    yield act(person, "BunnouPlanned", date(2026, 8, 20), uchiwake=tuple(parts), **plan)
    yield act(person, "KoushouRecorded", ON, code="denwa", held=keika)


def later(person: int) -> Iterator[Sent]:
    """What changes most of it: 調定取消 of the fourth bill, 更正, a payment; the household is left."""
    yield bill(person, 4, given.cancelled, 2)
    yield bill(person, 2, given.corrected, 2, 8_000)
    yield paid(given.confirmed(f"cvs:{person}a", 4_000, key=key_of(person, 2)))
    yield act(person, "RankSet", date(2026, 8, 21), code="A")
    if person % 2:
        yield plain(given.atena(2, who(person), kojin_bangou=SEALED))
    yield act(person, "NoutsuuReturned", date(2026, 8, 22), key_of(person, 1))


class Watched:
    """The hub, and the stage of the records as a process that may be killed; the nursery forks it."""

    def __init__(self, hub: AuditedHub, nursery: Nursery) -> None:
        self.hub, self.nursery = hub, nursery
        self.pid: int | None = None

    def start(self, failpoints: str = "") -> None:
        own = {
            "SHUUNOU_INSTANCE_ID": "records",
            "SHUUNOU_BATCH_RECORDS": "10",
            "SHUUNOU_FAILPOINTS": failpoints,
        }
        words, home = ("worker", "--stage", "records"), str(self.hub.home)
        log = str(self.hub.home / "records.log")
        self.pid = self.nursery.spawn(Order(words, {**self.hub.environment, **own}, home, log))

    def ended(self) -> int | None:
        """How it ended; None when it did not in time."""
        pid, self.pid = self.pid or 0, None
        wait_until(lambda: self.nursery.code(pid) is not None, PATIENCE_S)
        return self.nursery.code(pid)

    def stop(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)
            assert self.ended() == 0

    def tell(self, *legs: Sequence[Sent]) -> None:
        """Each leg through the flow before the next."""
        for leg in legs:
            self.hub.send(*leg)
            self.hub.settle(FLOW)

    def published(self, isolation: str = "read_committed") -> list[Sent]:
        """All of each key in its order; keys in whatever order."""
        return self.hub.read(*map(topic_of, records.records()), isolation=isolation)

    def assert_exact(self, on: date) -> Held:
        """The topics keep what `record show` derives, and nothing was published that was there already."""
        kept: dict[tuple[str, str], bytes | None] = {}
        for each in self.published():
            place = each.topic, bytes(each.key).decode()
            assert place not in kept or kept[place] != each.value, f"{place} was published twice alike"
            kept[place] = each.value
        found = {place: wire.decode(value) for place, value in kept.items() if value is not None}
        assert {place: masked(*place, value) for place, value in found.items()} == derived(self.hub, on)
        return found


def masked(topic: str, key: str, value: Any) -> dict[str, Any]:
    """As staff see it: what is sealed only as being there."""
    items = records.items(next(record for record in records.records() if topic_of(record) == topic))
    return {
        item.name: read_side.SEALED if item.confidential and one else one
        for item, one in zip(items, value, strict=True)
    }


def derived(hub: AuditedHub, on: date) -> Held:
    """What `record show` shows of everybody, by topic and key."""
    engine = engine_for(hub.url)
    views = [
        view
        for record in records.records()
        for person in PERSONS
        for view in read_side.of_person(engine, record, who(person), on)
    ]
    engine.dispose()
    return {(topic_of(v.record), v.key): {item.name: item.value for item in v.items} for v in views}


ROUND = (
    [each for person in PERSONS for each in year(person)],
    kijunbi(FIRST),
    [each for person in PERSONS for each in acts(person)],
)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    place = tmp_path_factory.mktemp("records")
    with started_hub(place, *FLOW) as hub, Nursery(place / "nursery.log") as nursery:
        yield Watched(hub, nursery)


def test_the_topics_hold_what_record_show_derives(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.start()
    watched.tell(*ROUND)
    watched.hub.settle(STAGES)
    found = watched.assert_exact(FIRST)
    assert watched.hub.values("deadletter.v1") == []
    assert {topic for topic, _ in found} == {topic_of(record) for record in records.records()}
    assert len([topic for topic, _ in found if topic == topic_of("shuutainou")]) == 4 * len(PERSONS)
    assert found[topic_of("shuutainou"), key_of(1, 1)].kojin_bangou == SEALED

    watched.hub.settings(monkeypatch)
    key = key_of(2, 2)
    words = ("record", "show", "shuutainou", "--key", key, "--on", FIRST.isoformat(), "--json")
    (shown,) = json.loads(CliRunner().invoke(app, words).stdout)
    as_told = json.loads(
        json.dumps(masked(topic_of("shuutainou"), key, found[topic_of("shuutainou"), key]), default=str)
    )
    assert {item["name"]: item["value"] for item in shown["items"]} == as_told


def test_the_same_events_again_publish_nothing(watched: Watched) -> None:
    before = watched.published()
    facts = len(watched.hub.read("ledger.fact.v1"))
    watched.tell(*ROUND)
    watched.hub.settle(STAGES)
    assert len(watched.hub.read("ledger.fact.v1")) > facts, "the repetitions were told"
    assert Counter(watched.published()) == Counter(before)


def test_killed_in_mid_batch_it_goes_on_with_nothing_lost_or_doubled(watched: Watched) -> None:
    watched.stop()
    before = watched.published()
    watched.tell([each for person in PERSONS for each in later(person)], kijunbi(LAST))
    for point in KILLED_AT:
        watched.start(f"{point}=kill@1")
        assert watched.ended() == -signal.SIGKILL, point
    thrown_away = len(watched.published("read_uncommitted")) - len(watched.published())
    assert thrown_away > 0, "it died with records under way"
    watched.start()
    watched.hub.settle(STAGES)
    watched.assert_exact(LAST)
    assert len(watched.published()) > len(before)


def test_what_is_no_more_is_deleted_and_a_cancelled_bill_stays_at_nothing(watched: Watched) -> None:
    """調定取消 leaves the record, with 0円; who left the household has no row of the family any more."""
    found = watched.assert_exact(LAST)
    cancelled = found[topic_of("shuutainou"), key_of(1, 4)]
    assert (cancelled.kibetsu_choutei_gaku, cancelled.kibetsu_shuunou_gaku) == (0, 0)
    assert found[topic_of("tainou_kazei_shuunou"), key_of(1, 4)].minou_kingaku == 0
    kazoku = topic_of("tainou_kazoku")
    assert {key for topic, key in found if topic == kazoku and "/" not in key} == {who(2), who(4)}
    deleted = [each.key for each in watched.hub.read(kazoku) if each.value is None]
    assert sorted(bytes(key).decode() for key in deleted) == [who(1), who(3), who(5)]
