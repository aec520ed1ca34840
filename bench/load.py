"""計測の荷: the synthetic city's changes as messages, and a sender and a receiver that tell the delay between
them.

The changes come out of the city's own files by the readers that the hub uses, in the order of delivery.
Both parts of a city (`Part`) are of different persons.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from bench.support import BenchError, Broker, Sent, reading
from connectors.base import Arrived, FileFacts, FileReader
from connectors.city import make_city, write_city
from connectors.ids import file_digest
from connectors.secrets import Cipher, KeyFile
from state import ledger, wire
from state.events import ChouteiEstablished
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from streams import topics
from streams.connecting import readers

LEDGER_INPUT = "ledger.input.v1"
CHANGES_PER_PERSON = 18  # somewhat fewer than the city makes, so that there are enough
SEED = 1
SETTLE_S = 0.5


class Change(NamedTuple):
    """異動一件: as it arrives (`topic`, `key`), and whose it is: None when its bill is unknown."""

    topic: str
    key: bytes
    value: bytes
    event_id: str
    atena: bytes | None
    is_first: bool
    """The first assessment of its 期別: what payments wait for."""


class Part(NamedTuple):
    """まちの一部: changes of some persons in the order of delivery."""

    arrivals: list[Change]

    def in_ledger_order(self, count: int | None = None) -> list[Change]:
        """突合の後の順: payments stand behind the bill that they waited for; those of unknown bills are left
        out."""
        through: list[Change] = []
        known: set[bytes] = set()
        waiting: dict[bytes, list[Change]] = {}
        for change in self.arrivals:
            if change.atena is None:
                continue
            if change.is_first:
                known.add(change.key)
                through += [change, *waiting.pop(change.key, ())]
            elif change.key in known:
                through.append(change)
            else:
                waiting.setdefault(change.key, []).append(change)
        return through[:count]

    def bills(self) -> list[Change]:
        """当初の調定。"""
        return [change for change in self.arrivals if change.is_first]

    def later(self) -> list[Change]:
        """その後の異動: payments, corrections and cancellations."""
        return [change for change in self.arrivals if not change.is_first]

    def of_persons(self, changes: int) -> Part:
        """先頭の何人か: so many persons that they have that many changes, or all."""
        counts: dict[bytes, int] = {}
        for change in self.arrivals:
            if change.atena is not None:
                counts[change.atena] = counts.get(change.atena, 0) + 1
        return Part(_of_persons(self.arrivals, *_persons(counts, changes)[:1]))


def to_ledger(changes: Iterable[Change]) -> Iterator[Sent]:
    """台帳への荷: keyed by 宛名番号, as matching hands on."""
    return ((LEDGER_INPUT, change.atena or b"", change.value) for change in changes)


def to_hub(changes: Iterable[Change]) -> Iterator[Sent]:
    """ハブへの荷: as the connectors send it."""
    return ((change.topic, change.key, change.value) for change in changes)


def city_parts(changes: int, parts: int = 2) -> list[Part]:
    """まちを作る: so many parts of at least so many changes each."""
    city = make_city(max(200, changes * parts // CHANGES_PER_PERSON), SEED)
    with tempfile.TemporaryDirectory(prefix="shuunou-bench-city-") as folder:
        manifest = write_city(city, Path(folder) / "city")
        names = [file.name for file in sorted(manifest.files, key=lambda file: file.delivered_on)]
        arrivals = _changes([Path(folder) / "city" / name for name in names], city.jichitai_code)
    counts: dict[bytes, int] = {}
    for change in arrivals:
        if change.atena is not None:
            counts[change.atena] = counts.get(change.atena, 0) + 1
    found = []
    for _ in range(parts):
        chosen, counts = _persons(counts, changes)
        found.append(Part(_of_persons(arrivals, chosen)))
    if any(len(part.in_ledger_order()) < changes for part in found):
        raise BenchError(f"the city: expected {parts} parts of {changes:,} changes, found fewer")
    return found


def _persons(counts: dict[bytes, int], changes: int) -> tuple[frozenset[bytes], dict[bytes, int]]:
    """The first persons that have so many changes together, and the others."""
    chosen: set[bytes] = set()
    total = 0
    for atena, count in counts.items():
        if total >= changes:
            break
        chosen.add(atena)
        total += count
    return frozenset(chosen), {atena: n for atena, n in counts.items() if atena not in chosen}


def _of_persons(arrivals: Iterable[Change], chosen: frozenset[bytes]) -> list[Change]:
    """Payments of unknown bills belong to nobody; every part has them in its proportion."""
    return [
        change
        for change in arrivals
        if (change.atena in chosen if change.atena is not None else int(change.key) % 2 == 0)
    ]


def _changes(paths: Sequence[Path], jichitai_code: str) -> list[Change]:
    """What the readers make of the files, without persons and held records, which do not pass through
    matching."""
    wanted = {t.name for t in topics.topics() if "matching" in t.consumers}
    chosen = [
        reader
        for reader in readers(Cipher(KeyFile("bench", bytes(32))))
        if set(reader.spec.topics) & wanted
    ]
    arrived = list(arrivals(paths, jichitai_code, chosen))
    whose = {
        a.key: a.event.atena_bangou.encode() for a in arrived if isinstance(a.event, ChouteiEstablished)
    }
    return [_change(item, whose.get(item.key)) for item in arrived]


def arrivals(paths: Sequence[Path], jichitai_code: str, chosen: Sequence[FileReader]) -> Iterator[Arrived]:
    """届く異動: what these readers make of those of the files that are theirs and not held by the intake."""
    seen: set[str] = set()
    for path in paths:
        reader = next((reader for reader in chosen if reader.matches(path.name)), None)
        if reader is None:
            continue
        raw = path.read_bytes()
        digest = file_digest(raw)
        facts = FileFacts(path.name, digest, int(path.stat().st_mtime * 1000), jichitai_code)
        if digest in seen or reader.check(raw, facts) is not None:
            continue  # sent again, or held as a whole
        seen.add(digest)
        yield from (line for line in reader.lines(raw, facts) if isinstance(line, Arrived))


def _change(item: Arrived, atena: bytes | None) -> Change:
    event = item.event
    is_first = type(event) is ChouteiEstablished
    return Change(item.topic, item.key.encode(), wire.encode(event), event.event_id, atena, is_first)


class Folded(NamedTuple):
    """畳み込んだ結果: what the pure core makes of changes, without Kafka, store or batches."""

    accounts: dict[bytes, ReceiptAccount]
    facts: int
    refused: int
    seconds: float


def fold(changes: Iterable[Change]) -> Folded:
    """純粋な畳み込み: the number of facts that a right ledger must announce."""
    accounts: dict[bytes, ReceiptAccount] = {}
    facts = refused = 0
    events = [(change.key, wire.decode(change.value)) for change in changes]
    gc.collect()
    gc.freeze()  # what was made so far, a whole city, is not to be looked through again and again
    begun = time.perf_counter()
    for key, event in events:
        after = ledger.apply(accounts.get(key), None, None, event)
        if isinstance(after, Refusal):
            refused += 1
        else:
            accounts[key] = after.account
            facts += len(after.facts)
    return Folded(accounts, facts, refused, time.perf_counter() - begun)


# -- delay -----------------------------------------------------------------------------------------


class Delays(NamedTuple):
    """遅れ: milliseconds from sending an event to its last transfer being visible; how late the sender itself
    was."""

    millis: list[float]
    sent: int
    late_p99_ms: float

    def at(self, share: float) -> float:
        """分位: 0.5 is the median."""
        return percentile(self.millis, share)


def percentile(values: Sequence[float], share: float) -> float:
    """分位点: the value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def interleave(first: Sequence[Change], second: Sequence[Change], count: int) -> list[Change]:
    """交ぜる: both in their own order and in proportion, the first so many."""
    places = [(index / len(one), change) for one in (first, second) for index, change in enumerate(one)]
    places.sort(key=lambda place: place[0])
    return [change for _, change in places][:count]


def measure_delays(broker: Broker, changes: Sequence[Change], rate: int, warm_s: float) -> Delays:
    """遅れを測る: send at `rate` a second from a process of its own, one message a time; receive in this one.

    What is sent in the first `warm_s` seconds is not counted.
    """
    out = sorted(t.name for t in topics.topics() if t.name.startswith("iten."))
    consumer = Consumer(reading(broker.bootstrap))
    consumer.assign(_from_end(broker, out))
    consumer.poll(SETTLE_S)
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    sender = context.Process(target=_send, args=(there, broker.bootstrap, list(changes), rate), daemon=True)
    sender.start()
    try:
        received, times, late = _receive(consumer, here, sender)
    finally:
        sender.join(5)
        sender.kill()
        consumer.close()
    return _delays(changes, times, late, received, int(rate * warm_s))


def _from_end(broker: Broker, names: Sequence[str]) -> list[TopicPartition]:
    admin: AdminClient = broker.admin
    wanted = {TopicPartition(n, p): OffsetSpec.latest() for n in names for p in range(broker.partitions)}
    answers = admin.list_offsets(wanted, request_timeout=30)
    return [TopicPartition(at.topic, at.partition, f.result(30).offset) for at, f in answers.items()]


def _send(pipe: Connection, bootstrap: str, changes: list[Change], rate: int) -> None:
    """送り手の過程: paced by the clock; gives back when each was sent, and how late that was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    producer = Producer(careful(bootstrap))
    producer.list_topics(timeout=30)
    times, late = [], []
    begun = time.monotonic() + SETTLE_S
    for index, change in enumerate(changes):
        due = begun + index / rate
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        now = time.monotonic()
        producer.produce(change.topic, change.value, change.key)
        producer.poll(0)
        times.append(now)
        late.append(now - due)
    producer.flush(30)
    pipe.send((times, late))


def careful(bootstrap: str) -> dict[str, Any]:
    """送り手の設定: those of a careful source, which are also the defaults of Kafka's own producer.

    Without idempotence librdkafka sends every event as a request of its own, a thousand a second, however
    long the broker takes for each: the queue of these requests was measured instead of the hub.
    """
    return {
        "bootstrap.servers": bootstrap,
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "linger.ms": 5,
        "log_level": 2,
    }


def _receive(
    consumer: Consumer, pipe: Connection, sender: BaseProcess
) -> tuple[list[tuple[float, bytes]], list[float], list[float]]:
    """Take transfers as they become visible until the sender is done and nothing more comes."""
    received: list[tuple[float, bytes]] = []
    times: list[float] = []
    late: list[float] = []
    last = time.monotonic()
    while not times or time.monotonic() - last < 3:
        first = consumer.poll(0.1)
        if first is not None:
            messages = [first, *consumer.consume(1_000, timeout=0)]
            last = time.monotonic()
            received += [(last, m.value() or b"") for m in messages if m.error() is None]
        if not times and pipe.poll():
            times, late = pipe.recv()
            last = time.monotonic()
        elif not times and not sender.is_alive():
            raise BenchError("the sender ended before it was done")
    return received, times, late


def _delays(
    changes: Sequence[Change],
    times: Sequence[float],
    late: Sequence[float],
    received: Iterable[tuple[float, bytes]],
    skip: int,
) -> Delays:
    seen: dict[str, float] = {}
    for at, value in received:
        seen[wire.decode(value).fact_id.split("/", 1)[0]] = at
    counted = list(zip(changes, times, late, strict=True))[skip:]
    millis = [(seen[c.event_id] - sent) * 1000 for c, sent, _ in counted if c.event_id in seen]
    return Delays(millis, len(counted), percentile([lag * 1000 for _, _, lag in counted], 0.99))


# -- rows ------------------------------------------------------------------------------------------


def account_rows(accounts: Sequence[ReceiptAccount], count: int) -> Iterator[tuple[bytes, bytes]]:
    """台帳の行: so many rows of `state.ledger.v1`, of as many 期別: those given, again under other 宛名番号."""
    bodies = [(a.atena_bangou.encode(), a.shuunou_key.encode(), wire.encode(a)) for a in accounts]
    for index in range(count):
        round_, at = divmod(index, len(bodies))
        atena, key, body = bodies[at]
        other = b"%02d" % round_ + atena[2:]
        yield b"r" + other + b"|" + key, body.replace(atena, other, 1)


def load_average() -> tuple[float, ...]:
    """計算機の混み具合: of the last 1, 5 and 15 minutes."""
    return tuple(round(load, 2) for load in os.getloadavg())
