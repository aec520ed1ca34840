"""A hub of its own for the auditor's tests: stories of fifty persons, a worker as a process, and ways to
plant faults."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from connectors.auditor import audit, cut
from connectors.auditor.report import PASS, Report
from connectors.migrations import migrate
from connectors.secrets import create_key_file
from connectors.sink_projection import Projection
from state import wire
from streams import commands, topics
from streams.local.kafka import LocalKafka
from streams.local.process import leashed
from streams.settings import settings
from tests import given

ROOT = Path(__file__).parents[2]
PARTITIONS, APPLICATION, BILLS = 3, "audited", 4
DAYS = (date(2026, 7, 10), date(2026, 8, 1))
CONVENIENCE, GINKOU, SHOKUIN = "ido.shuunou-convenience.v1", "ido.shuunou-ginkou.v1", "ido.shokuin.v1"
ATENA, KIROKU = "ido.atena.v1", "ido.kiroku.v1"
Found = set[tuple[str, str, str]]


class Sent(NamedTuple):
    topic: str
    key: str | bytes
    value: bytes | None
    partition: int = -1


def key_of(person: int, kibetsu: int) -> str:
    return given.shuunou_key(kibetsu, zeimoku=f"{kibetsu:02d}", tsuuchisho=person)


def bill(person: int, kibetsu: int, make: Any = given.choutei, *args: Any, **over: Any) -> Sent:
    """調定 of a person's bill; a person has one of each 税目."""
    key = over.pop("key", key_of(person, kibetsu))
    event = make(*args, key=key, **{"atena_bangou": f"{person:010d}", **over})
    topic = "ido.choutei-hoken.v1" if event.zeimoku_code == "04" else "ido.choutei-zeimu.v1"
    return Sent(topic, key, wire.encode(event))


def paid(event: Any, topic: str = CONVENIENCE) -> Sent:
    return Sent(topic, event.shuunou_key, wire.encode(event))


def story(person: int) -> Iterator[Sent]:
    """What happens on the four bills of one person; ten different stories."""
    one, two, three, four = (key_of(person, kibetsu) for kibetsu in range(1, BILLS + 1))
    p, tale = f"{person}", person % 10
    yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(1, f"{person:010d}")))
    if tale == 3:  # paid before the bill is known
        yield paid(given.received(f"cvs:{p}early", 4_000, key=one))
    yield from (bill(person, kibetsu) for kibetsu in range(1, BILLS + 1))
    if tale in (0, 3):
        yield paid(given.confirmed(f"cvs:{p}full", 10_000, key=two))
    elif tale == 1:
        yield paid(given.received(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.confirmed(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.received(f"cvs:{p}b", 3_000, key=four))
    elif tale == 2:  # denied, and a 速報 that comes after its 確報
        yield paid(given.received(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.reversal(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.confirmed(f"cvs:{p}b", 6_000, key=four))
        yield paid(given.received(f"cvs:{p}b", 6_000, key=four))
    elif tale == 4:  # corrected both ways, after payment; then one that comes late
        yield paid(given.confirmed(f"cvs:{p}a", 10_000, key=one))
        yield bill(person, 1, given.corrected, 3, 7_000)
        yield bill(person, 1, given.corrected, 2, 12_000)
        yield bill(person, 4, given.corrected, 2, 15_000, noukigen=date(2026, 9, 30))
    elif tale == 5:
        yield bill(person, 2, given.cancelled, 2)
        yield paid(given.confirmed(f"cvs:{p}a", 10_000, key=two))
        yield paid(given.debit_failed(f"kfr:{p}a", key=three), GINKOU)
        yield paid(given.debit_failed(f"kfr:{p}a", key=three), GINKOU)
    elif tale == 6:  # said again, the second time with another 取込日; and what contradicts
        again = given.confirmed(f"cvs:{p}a", 9_000, key=one)
        yield from [paid(again), paid(again), paid(again._replace(torikomibi=date(2026, 7, 1)))]
        yield paid(again._replace(shuunou_kingaku=9_001))
        yield bill(person, 1)
        yield bill(person, 1, given.choutei, 1, 10_001)
        yield bill(person, 2, atena_bangou="0000999999")
    elif tale == 7:
        yield paid(given.received(f"cvs:{p}lost", 1_500, key=given.shuunou_key(9, tsuuchisho=person)))
        yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(3, f"{person:010d}")))
        yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(2, f"{person:010d}")))
        other = given.atena(3, f"{person:010d}", henshuuzumi_shimei_kanji="別人")
        yield Sent(ATENA, f"{person:010d}", wire.encode(other))
        yield Sent(KIROKU, f"{person:010d}", wire.encode(given.kiroku(1, f"{person:010d}")))
    elif tale == 8:  # what is refused at the door
        yield bill(person, 4, given.choutei, 2, -1)
        yield Sent(CONVENIENCE, one, b"\x01not ours")
        yield Sent(CONVENIENCE, one, None)
        yield paid(given.received(f"cvs:{p}a", key="12345"))
        yield Sent(GINKOU, one, wire.encode(given.atena()))
    else:
        yield paid(astray(person))


def astray(person: int) -> Any:
    """A payment under a 収納キー that no bill has, of a person of story nine."""
    return given.received(f"cvs:{person}a", 2_500, key=given.shuunou_key(8, tsuuchisho=person))


def assignment(person: int, target: str) -> Sent:
    held = astray(person)
    return paid(given.assigned(held.event_id, target, key=held.shuunou_key), SHOKUIN)


def afterwards(person: int) -> Iterator[Sent]:
    """Staff give the payment to a bill (once too often), and the 確報 and a repetition follow it there."""
    yield assignment(person, key_of(person, 3))
    yield assignment(person, key_of(person, 4))
    yield paid(given.confirmed(f"cvs:{person}a", 2_500, key=astray(person).shuunou_key), GINKOU)
    yield paid(astray(person))


def kijunbi(on: date) -> list[Sent]:
    return [Sent(*message) for message in commands.kijunbi_messages(on, PARTITIONS, given.JICHITAI)]


class AuditedHub:
    """A hub of its own: broker, topics, a worker as a process, and its projection; and what the auditor
    says of it."""

    def __init__(self, broker: LocalKafka, home: Path) -> None:
        self.bootstrap, self.home, self.known = broker.bootstrap, home, set[tuple[str, str, str]]()
        self.url = f"sqlite:///{home / 'projection.db'}"
        self.broker = cut.Broker(self.bootstrap, {})
        self.environment = {
            "PYTHONPATH": str(ROOT),
            "SHUUNOU_HOME": str(home),
            "SHUUNOU_BOOTSTRAP": self.bootstrap,
            "SHUUNOU_APPLICATION": APPLICATION,
            "SHUUNOU_PARTITIONS": str(PARTITIONS),
            "SHUUNOU_DATABASE_URL": self.url,
        }
        self.process: subprocess.Popen[bytes] | None = None
        topics.create(self.bootstrap, PARTITIONS, {})
        create_key_file(home / "keys" / "kojin.key")
        migrate(self.url)
        self.sink = Projection(self.bootstrap, self.url)

    def start(self, *stages: str) -> None:
        """Of these stages, or of all."""
        words = (word for stage in stages for word in ("--stage", stage))
        command = leashed([sys.executable, "-m", "streams", "worker", *words])
        self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, cwd=self.home)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0
        self.process = None

    def send(self, *messages: Sent) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        for topic, key, value, partition in messages:
            producer.produce(topic, value, key, partition)
        assert producer.flush(30) == 0

    def settle(self, stages: Sequence[str] = cut.STAGES) -> None:
        """Waits until each of these stages has worked off everything, seen twice; then the projection."""
        give_up, quiet = time.monotonic() + 90, 0
        while quiet < 2:
            assert time.monotonic() < give_up, "the stages do not come to rest"
            left = 0
            for stage in stages:
                ends = self.broker.ends(cut.read_by(stage))
                left += cut.behind(ends, self.broker.shown(f"{APPLICATION}-{stage}", cut.read_by(stage)))
            quiet = quiet + 1 if left == 0 else 0
            time.sleep(0.2)
        self.sink.drain(30)

    def pretend_applied(self) -> None:
        """Shows positions at the ends, as if the stages had worked off what was planted."""
        for stage in cut.STAGES:
            group = {"bootstrap.servers": self.bootstrap, "group.id": f"{APPLICATION}-{stage}"}
            consumer = Consumer({**group, "enable.auto.commit": False})
            ends = self.broker.ends(cut.read_by(stage))
            places = [TopicPartition(*place, end) for place, end in ends.items()]
            consumer.commit(offsets=places, asynchronous=False)
            consumer.close()

    def read(self, *topics: str, isolation: str = "read_committed") -> list[Sent]:
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "t", "enable.partition.eof": True}
            | {"isolation.level": isolation, "enable.auto.commit": False}
        )
        consumer.assign([TopicPartition(topic, part, 0) for topic in topics for part in range(PARTITIONS)])
        found, ended = list[Sent](), 0
        while ended < PARTITIONS * len(topics):
            for m in consumer.consume(10_000, 0.2):
                if m.error() is None:
                    found.append(Sent(m.topic(), m.key(), m.value(), m.partition()))
                elif m.error().code() == KafkaError._PARTITION_EOF:
                    ended += 1
        consumer.close()
        return found

    def values(self, topic: str) -> list[tuple[Sent, Any]]:
        return [(message, wire.decode(message.value or b"")) for message in self.read(topic)]

    def verify(self, wait_s: float = 20.0, **options: Any) -> Report:
        hub = audit.Hub(self.bootstrap, APPLICATION, self.url, wait_s=wait_s)
        return audit.verify(hub._replace(**options))

    def new(self) -> tuple[Report, Found]:
        """The audit, and what it finds now that it did not find before; nobody works, so there is no use in
        waiting."""
        report = self.verify(0.0)
        all_of_it = {
            (m.id, f.what, d.key) for m in report.measures for f in m.findings for d in f.differences
        }
        new, self.known = all_of_it - self.known, all_of_it
        return report, new

    def settings(self, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
        """Commands that run inside the test work on this hub."""
        for name, value in {**self.environment, **more}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()

    def tamper(self, statement: str, *values: Any) -> None:
        """Changes what the projection shows."""
        with sqlite3.connect(self.home / "projection.db") as database:
            database.execute(statement, values)


@contextmanager
def started_hub(place: Path, *stages: str) -> Iterator[AuditedHub]:
    """The hub (or these stages of it) at work on a broker of its own; both end with it."""
    with LocalKafka(
        place / "kafka", jar_dir=ROOT / ".hub" / "jars", heap="512m", is_short_lived=True
    ) as broker:
        hub = AuditedHub(broker, place)
        hub.start(*stages)
        try:
            yield hub
        finally:
            hub.stop()


def at_rest(hub: AuditedHub) -> AuditedHub:
    """The hub after its worker was stopped, ready for something to be planted."""
    if hub.process is not None:
        hub.stop()
        hub.new()
    return hub


def audited(hub: AuditedHub) -> tuple[Report, Found]:
    """What is found anew once all stages and the projection are as far as the topics; C6 left out.

    Nobody gives the transfers that the planted facts demand, since no worker runs.
    """
    hub.pretend_applied()
    hub.sink.drain(30)
    report, found = hub.new()
    return report, {each for each in found if each[0] not in ("C6", "C7")}


def assert_sound(report: Report) -> None:
    """Every measure passes, and nothing at all was found."""
    assert [(f.what, f.differences[:3]) for m in report.measures for f in m.findings] == []
    assert (set(statuses(report).values()), report.exit_code) == ({PASS}, 0)


def last_row(hub: AuditedHub, tag: bytes, chosen: Any) -> tuple[Sent, Any]:
    """The last value of one row of the ledger's tables, and the message that holds it."""
    rows = {m.key: m for m in hub.read("state.ledger.v1") if bytes(m.key)[:1] == tag}
    return next((m, v) for m in rows.values() if m.value and chosen(v := wire.decode(m.value)))


def transfer_of(hub: AuditedHub, key: str) -> tuple[Sent, Any]:
    """The last transfer of a 期別 to 税務課."""
    facts = hub.values("ledger.fact.v1")
    mine = {fact.fact_id for _, fact in facts if fact.shuunou_key == key}
    return [(m, t) for m, t in hub.values("iten.zeimuka.v1") if t.fact_id in mine][-1]


def statuses(report: Report) -> dict[str, str]:
    return {measure.id: measure.status for measure in report.measures}


def figures(report: Report, measure: str) -> dict[str, int]:
    return dict(next(m.figures for m in report.measures if m.id == measure))


def named(found: Found) -> set[tuple[str, str]]:
    return {(measure, key) for measure, _, key in found}
