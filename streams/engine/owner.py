"""持ち主: who holds one partition of one stage: its transactional producers, its store, its position.

Taking a partition initialises the producers, which fences whoever held it before and aborts what that one
left open, and only then restores the store and reads the position. Committing is one Kafka transaction; the
store is written after it. A fenced owner never retries; whoever the group names takes the partition anew.

Two producers take turns. A commit is decided when it returns, but its markers are still being written, and
until they are, the broker refuses the same producer's next transaction as concurrent; librdkafka then waits
20 ms before it asks again. With turns the next one begins at once. A transaction begins only when the one
before is decided, so the order of rows and positions is that of a single producer.

A producer that can do nothing more, though nobody has fenced it (a topic of its transaction was denied,
say), is made anew under its name. What became of its last transaction is then not guessed but read: the
changelog holds the position, and nobody else can have written it.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.engine import failpoints
from streams.engine.restore import restore
from streams.engine.store import (
    BUFFER_MIB,
    Copied,
    Row,
    Store,
    StoreBusy,
    StoreDamaged,
    pack_offset,
    position_key,
)
from streams.engine.unit import Output, Unit

T = TypeVar("T")
log = structlog.get_logger("shuunou.engine")
CACHE_ROWS = 50_000
RETRY_FIRST_S, RETRY_MOST_S, RETRY_TOTAL_S = 0.05, 5.0, 600.0
SILENT_S = 1.0
"""What is tried again after a longer pause than that is told of each time: a stage that waits is seen."""
RESTORE_TOTAL_S = 120.0
BROKEN = frozenset({KafkaError._STATE, KafkaError.INVALID_TXN_STATE})
"""What a producer says whose transaction went wrong in a way that leaves it unable to begin another. The
broker asks for the epoch first, so whoever is told this was not fenced."""
TRANSACTION_TIMEOUT_S = 60
TURNS = 2
MESSAGE_MAX_BYTES = 16 << 20
"""The largest message of the hub; what arrives may be half as large (streams/topics.py), for a letter adds
to it."""


class Fenced(Exception):
    """締め出された: another owner has the partition; this process must stop and write nothing more."""


class NoBroker(Exception):
    """繋がらない: nobody answers at the broker's addresses."""

    def __init__(self, bootstrap: str) -> None:
        asked = "is the broker up, is SHUUNOU_BOOTSTRAP right?"
        super().__init__(f"Kafka: nobody answers at {bootstrap}; {asked}")


class Stuck(Exception):
    """続けられない: what was retried long enough, or what no retry can mend."""


class EngineSettings(NamedTuple):
    """機関の設定: how to reach the broker, and where stores live."""

    application: str
    bootstrap: str
    state_dir: Path
    client: dict[str, Any] = {}  # noqa: RUF012 -- librdkafka settings of security; never changed
    linger_ms: float = 2.0
    cache_rows: int = CACHE_ROWS
    compression: str = "lz4"
    buffer_mib: int = BUFFER_MIB


class Work(NamedTuple):
    """仕上げるもの: what a folded batch asks to be committed."""

    outputs: list[Output]
    rows: list[Row]
    changed: dict[bytes, Any]
    ends: dict[str, int]
    """How far each source topic is applied by it."""


class Owner:
    """持ち主: made when a partition is assigned, closed when given up. Its methods block: call in a thread."""

    def __init__(self, settings: EngineSettings, stage: str, changelog: str, partition: int) -> None:
        self.settings, self.stage, self.changelog, self.partition = settings, stage, changelog, partition
        is_compressed = settings.compression != "none"
        place = settings.state_dir / stage / str(partition)
        self.store = Store(place, is_compressed=is_compressed, buffer_mib=settings.buffer_mib)
        self.cache: dict[bytes, Any] = {}
        self.positions: dict[str, int] = {}
        self.restored_rows = 0
        self._given_up = threading.Event()
        self._is_broken = False
        self._changelog_id, self._has_rows = "", False
        self._producers: list[Producer] = []
        self._written: Message | None = None
        self._lock = threading.Lock()

    @property
    def transactional_id(self) -> str:
        return f"{self.settings.application}-{self.stage}-{self.partition}"

    @property
    def closed(self) -> bool:
        """手放した: or about to; what is being committed still ends well or not at all."""
        return self._given_up.is_set()

    def take(self) -> None:
        """引き受ける: fence, open, restore, read the position. Raises Fenced or Stuck."""
        with self._lock:
            if self.closed:
                return
            self._producers = self._new_producers()
            for producer in self._producers:
                self._retry(partial(producer.init_transactions, 30))
            self.restored_rows = self._restore()
            self._changelog_id = self.store.identity()
            self.positions = self.store.positions()
            self._has_rows = bool(self.positions)

    def _renew(self, work: Work) -> bool:
        """作り直す: new producers under the old names; whether the transaction of `work` was committed.

        Raises Fenced when the changelog holds what neither this owner nor its last transaction wrote: the
        partition was another's meanwhile. Stuck when the changelog is another one.
        """
        producers = self._new_producers()
        for producer in producers:
            producer.init_transactions(30)
        self._producers, self._is_broken = producers, False
        self._restore()
        self.check_changelog([self.changelog_id], found=self.store.identity())
        found, mine = self.store.positions(), self.positions
        if all(mine.get(topic) == at for topic, at in found.items()):
            return False
        if {**mine, **found} == {**mine, **work.ends}:
            return True
        raise Fenced(f"{self.transactional_id}: the changelog has rows of another owner")

    def _restore(self) -> int:
        """Reading may fail while the broker starts or moves leaders, and a store be held by a process that
        is just ending; what was read is kept, and the rest read again."""
        settings, deadline, pause = self.settings, time.monotonic() + RESTORE_TOTAL_S, RETRY_FIRST_S
        while True:
            try:
                if not self.store.is_open:
                    self.store.open()
                return restore(
                    self.store, settings.bootstrap, settings.client, self.changelog, self.partition
                )
            except StoreDamaged:
                self.store.wipe()
                log.warning("store made anew", stage=self.stage, partition=self.partition)
            except StoreBusy as error:
                if time.monotonic() > deadline:
                    raise Stuck(f"{self.transactional_id}: {error}") from None
            except KafkaException as error:
                if error.args[0].fatal() or time.monotonic() > deadline:
                    raise Stuck(f"{self.transactional_id}: restore: {error.args[0].name()}") from None
            time.sleep(pause)
            pause = min(pause * 2, RETRY_MOST_S)

    def _new_producers(self) -> list[Producer]:
        return [Producer(self._producer_settings(turn)) for turn in range(TURNS)]

    def _producer_settings(self, turn: int) -> dict[str, Any]:
        return {
            **self.settings.client,
            "bootstrap.servers": self.settings.bootstrap,
            "transactional.id": self.transactional_id + (f".{turn}" if turn else ""),
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_S * 1000,
            "partitioner": "murmur2_random",
            "linger.ms": self.settings.linger_ms,
            "batch.size": 1 << 20,
            "message.max.bytes": MESSAGE_MAX_BYTES,
            "compression.type": self.settings.compression,
            "queue.buffering.max.messages": 2_000_000,
            "queue.buffering.max.kbytes": 1 << 20,
            "delivery.timeout.ms": TRANSACTION_TIMEOUT_S * 1000,
            "log_level": 2,
        }

    @property
    def _live(self) -> Producer:
        """The producer whose turn it is."""
        if not self._producers:
            raise Fenced(f"{self.transactional_id}: given up")
        return self._producers[0]

    def _turned(self) -> Producer:
        """The other producer, whose last transaction has had the time of this one's to be finished."""
        producer = self._live
        self._producers.append(self._producers.pop(0))
        return producer

    def position(self, topic: str) -> int | None:
        """位置: how far `topic` was applied; None when it never was."""
        return self.positions.get(topic)

    @property
    def changelog_id(self) -> str:
        """変更記録の同一性: which topic of that name this is a copy of; "" while nothing stands in it."""
        return self._changelog_id if self._has_rows else ""

    def check_changelog(self, noted: Iterable[str], found: str = "") -> None:
        """確かめる: `noted` is which changelog positions stood in, `found` which is there now (this copy's).

        Raises Stuck when it is another: all that was read would be booked and sent a second time.
        """
        found = found or self._changelog_id
        lost = {each for each in noted if each} - {found}
        if lost:
            raise Stuck(
                f"{self.changelog}: expected topic {min(lost)}, in which this stage's state stood, found "
                f"{found} of the same name; bring the topic back from its copy first"
            )

    def unit(self) -> Unit:
        """新しい作業単位。"""
        return Unit(self.partition, self)

    def commit(self, work: Work) -> None:
        """仕上げる: one transaction, then the store. Raises Fenced or Stuck; retries a transient failure."""
        with self._lock:
            if self.closed:
                raise Fenced(f"{self.transactional_id}: given up before its commit")
            is_stored = self._retry(partial(self._attempt, work))
            failpoints.hit("after-commit")
            if not is_stored:
                self.store.write([*work.rows, *self._position_rows(work)], self._copied())
            failpoints.hit("after-store")
            self._has_rows = True
            self.positions.update(work.ends)
            self._remember(work.changed)

    def _position_rows(self, work: Work) -> list[Row]:
        return [(position_key(topic), pack_offset(end)) for topic, end in work.ends.items()]

    def _attempt(self, work: Work) -> bool:
        """Commit; whether the store has the rows already, because the changelog told of them."""
        try:
            if self._is_broken and self._renew(work):
                return True
            self._transact(work)
        except KafkaException as error:
            self._is_broken = self._is_broken or error.args[0].code() in BROKEN
            raise
        return False

    def _transact(self, work: Work) -> None:
        producer = self._turned()
        self._written = None
        try:
            producer.begin_transaction()
            self._produce(producer, work)
            failpoints.hit("after-outputs")
            if failpoints.is_armed("before-commit"):
                producer.flush(10)  # so that what fails here has reached the broker
            failpoints.hit("before-commit")
            self._finish(producer)
        except (KafkaException, failpoints.FailPointRaised) as error:
            self._abort(producer, error)
            raise

    def _produce(self, producer: Producer, work: Work) -> None:
        # produce_batch takes one partition for all of its messages: one given in a message is not heeded
        # (2.16.1).
        by_place: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
        for topic, key, value, partition in work.outputs:
            by_place[topic, partition].append({"key": key, "value": value})
        by_place[self.changelog, self.partition] += [
            {"key": key, "value": value} for key, value in work.rows
        ]
        for (topic, partition), messages in by_place.items():
            if messages:
                producer.produce_batch(topic, messages, partition)
                _all_queued(messages)
        for key, value in self._position_rows(work):
            producer.produce(self.changelog, value, key, self.partition, on_delivery=self._delivered)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._written = message

    def _copied(self) -> Copied:
        if self._written is None:
            raise Stuck(f"{self.transactional_id}: committed, but the place of the position row is unknown")
        return Copied((self._written.offset() or 0) + 1, self._written.timestamp()[1])

    def _finish(self, producer: Producer) -> None:
        """Commit; an outcome that is not known yet is asked for again, never guessed."""
        deadline = time.monotonic() + RETRY_TOTAL_S
        while True:
            try:
                return producer.commit_transaction(30)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise

    def _abort(self, producer: Producer, cause: Exception) -> None:
        """Undo what was begun, asking again while the broker does not answer."""
        if isinstance(cause, KafkaException) and cause.args[0].fatal():
            return
        deadline = time.monotonic() + RETRY_TOTAL_S
        while True:
            try:
                return producer.abort_transaction(30)
            except KafkaException as error:
                if error.args[0].code() == KafkaError._STATE:
                    return  # there was nothing to undo
                if not error.args[0].retriable() or time.monotonic() > deadline:
                    raise

    def _retry(self, attempt: Callable[[], T]) -> T:
        """Transient failures: again with back-off and a cap, until given up. What fences: stop."""
        begun, pause, why = time.monotonic(), RETRY_FIRST_S, ""
        while True:
            try:
                return attempt()
            except failpoints.FailPointRaised:
                pass  # an armed fail point stands for a transient failure: tried again below
            except KafkaException as error:
                self._judge(error.args[0])
                why = error.args[0].name()
            if pause > SILENT_S:
                waited = round(time.monotonic() - begun, 1)
                log.warning(
                    "retrying", stage=self.stage, partition=self.partition, error=why, waited_s=waited
                )
            if time.monotonic() - begun > RETRY_TOTAL_S:
                raise Stuck(
                    f"{self.transactional_id}: no success in {RETRY_TOTAL_S:.0f} s; is the broker up?"
                )
            if self._given_up.wait(pause):
                raise Fenced(f"{self.transactional_id}: given up while it tried again")
            pause = min(pause * 2, RETRY_MOST_S)

    def _judge(self, error: KafkaError) -> None:
        """Raise unless trying again can help."""
        if error.code() in (
            KafkaError._FENCED,
            KafkaError.PRODUCER_FENCED,
            KafkaError.INVALID_PRODUCER_EPOCH,
        ):
            raise Fenced(f"{self.transactional_id}: {error.name()}")
        if self._is_broken:
            return  # tried again by producers made anew
        if error.fatal():
            raise Stuck(f"{self.transactional_id}: {error.name()}")
        if not (error.retriable() or error.txn_requires_abort()):
            raise Stuck(f"{self.transactional_id}: {error.name()}")

    def _remember(self, changed: dict[bytes, Any]) -> None:
        """Keep what was written decoded; beyond the bound the oldest half goes."""
        cache = self.cache
        cache.update(changed)
        if len(cache) > self.settings.cache_rows:
            for key in list(cache)[: len(cache) // 2]:
                del cache[key]

    def give_up(self) -> None:
        """手放すと決める: nothing more begins; `close` waits for what is in flight."""
        self._given_up.set()

    def close(self) -> None:
        """手放す: waits for a commit in flight, not for what is tried again; writes nothing more."""
        self.give_up()
        with self._lock:
            self._producers.clear()
            self.store.close()


def _all_queued(messages: list[dict[str, Any]]) -> None:
    """produce_batch marks what it could not take instead of raising."""
    for message in messages:
        error = message.get("_error")
        if error is not None:
            raise KafkaException(error)
