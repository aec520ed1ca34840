"""引渡しの輪: the one consumer loop of all sinks; a sink says only where its position lies and how it keeps.

A target keeps records and the position they reach in one step of its own (a database transaction, a
manifest), so a process may be killed anywhere: what was not kept is read again, what was kept is not. The
group's offsets are never asked. Reads are `read_committed`; the loop takes all partitions itself, so nobody
else can take one away.

Errors: `Transient` (broker or store out of reach) is tried again with growing pauses and moves no position;
`Terminal` (the topic is not the one that was being read) ends the loop; anything else propagates.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.base import Terminal, Transient
from connectors.delivery import CLUSTER, Counts, Moved, Place, Record, Span, Status, Target

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
ASK_S = 5.0
_log = structlog.get_logger(__name__)
_librdkafka = logging.getLogger("librdkafka")

# librdkafka mends these by itself and tells of them only so that one may know; to the admin client they are
# answers, and asking again helps: what the network does, and what Kafka calls retriable while leaders move
_MENDED = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._WAIT_COORD,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.REPLICA_NOT_AVAILABLE,
        KafkaError.KAFKA_STORAGE_ERROR,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
    }
)
_GONE = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNKNOWN_TOPIC_ID,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }
)
# librdkafka says so of records that are gone, but also when the network fails while it asks whether its
# place is still the broker's (its issue 4427): the place is looked up again; what is gone is seen there
_LOST = frozenset(
    {KafkaError._AUTO_OFFSET_RESET, KafkaError._LOG_TRUNCATION, KafkaError.OFFSET_OUT_OF_RANGE}
)


class Loop:
    """引渡しの輪: reads topics from the target's position on, in batches, until told to stop. One thread.

    `batch` records at most are kept in one step; `wait_s` is how long a step waits for more; `client` are
    settings of the Kafka client (security).
    """

    def __init__(
        self,
        name: str,
        bootstrap: str,
        topics: Sequence[str],
        target: Target,
        *,
        batch: int,
        wait_s: float = 0.2,
        client: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.topics, self.target = name, tuple(topics), target
        self.records = 0
        self.waiting = ""
        self._batch, self._wait_s = batch, wait_s
        self._client = {**(client or {}), "bootstrap.servers": bootstrap}
        self._consumer: Consumer | None = None
        self._admin: AdminClient | None = None
        self._places: dict[Place, int] = {}

    def run(self, stop: threading.Event) -> None:
        """動かす: until `stop` is set. Raises Terminal, or what is unknown; never Transient."""

        def patience(pause: float) -> bool:
            return not stop.wait(pause)

        try:
            self._patiently(self._open, patience)
            while not stop.is_set():
                self._step(patience)
        except Transient:
            if not stop.is_set():
                raise
        finally:
            self.close()

    def drain(self, timeout: float) -> Counts:
        """読み切る: up to the ends as they stand at the call; Transient when `timeout` seconds pass before."""
        began = time.monotonic()

        def patience(pause: float) -> bool:
            left = began + timeout - time.monotonic()
            time.sleep(max(min(pause, left), 0.0))
            return left > pause

        goals, problems = self._patiently(self._begin_drain, patience)
        records = self.records
        while behind := sum(max(goal - self._places[place], 0) for place, goal in goals.items()):
            if time.monotonic() - began > timeout:
                raise Transient(
                    f"{self.name}: expected to reach the end in {timeout:g} s, still {behind} behind"
                )
            self._step(patience)
        done = self.records - records, self.target.problems() - problems
        return Counts(*done, time.monotonic() - began)

    def lag(self) -> dict[str, int]:
        """遅れ: per topic, offsets between the stored position and the end. May be asked from any thread."""
        _, places = self._look()
        starts = self._offsets(places, OffsetSpec.earliest())
        ends = self._offsets(places, OffsetSpec.latest())
        stored = {**starts, **self.target.positions()}
        behind = {place: max(ends[place] - stored[place], 0) for place in places}
        return {topic: sum(n for place, n in behind.items() if place[0] == topic) for topic in self.topics}

    def status(self) -> Status:
        """状況: for the operator; asks broker and target, and never fails because they are away."""
        try:
            problems, lag = self.target.problems(), sum(self.lag().values())
        except Transient as error:
            return Status(self.name, self.records, None, None, self.waiting or str(error))
        return Status(self.name, self.records, problems, lag, self.waiting)

    def close(self) -> None:
        """閉じる: lets go of the broker; what was not kept will be read again."""
        if self._consumer is not None:
            self._consumer.close()
        self._consumer = None
        self.target.close()

    def _patiently(self, action: Callable[[], Any], patience: Callable[[float], bool]) -> Any:
        """Does it, again and again while it is out of reach and `patience(pause)` allows another try."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                done = action()
            except Transient as error:
                if not self.waiting:
                    _log.warning("sink.waiting", sink=self.name, why=str(error))
                self.waiting = str(error)
                if not patience(pause):
                    raise
                pause = min(pause * 2, LONGEST_PAUSE_S)
            else:
                if self.waiting:
                    _log.warning("sink.resumed", sink=self.name)
                self.waiting = ""
                return done

    def _begin_drain(self) -> tuple[dict[Place, int], int]:
        if self._consumer is None:
            self._open()
        return self._offsets(list(self._places), OffsetSpec.latest()), self.target.problems()

    def _open(self) -> None:
        """Takes every partition from the stored position on, having looked whether it can still be read."""
        identity, places = self._look()
        starts = self._offsets(places, OffsetSpec.earliest())
        ends = self._offsets(places, OffsetSpec.latest())
        self.target.begin(identity, starts)
        stored = self.target.positions()
        for place in places:
            _readable(place, stored[place], starts[place], ends[place])
        if self._consumer is None:
            self._consumer = Consumer(self._client | _settings(self.name), logger=_librdkafka)
        self._places = {place: stored[place] for place in places}
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in self._places.items()])

    def _step(self, patience: Callable[[float], bool]) -> None:
        """One batch: read, kept, position moved."""
        assert self._consumer is not None
        try:
            spans = self._spans(self._consumer.consume(self._batch, self._wait_s))
            if spans:
                self._patiently(lambda: self.target.keep(spans), patience)
        except Moved:
            self._patiently(self._open, patience)
            return
        except BaseException:
            self.close()  # the consumer has gone past what was not kept: the next try begins at the position
            raise
        for span in spans:
            self._places[span.topic, span.partition] = span.end
            self.records += len(span.records)

    def _spans(self, messages: Sequence[Any]) -> list[Span]:
        """Sorts one poll by partition. Its end is told by the consumer, past transaction marks."""
        records: dict[Place, list[Record]] = {}
        ends: dict[Place, int] = {}
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                _known(error, message)
                continue
            place, offset = (message.topic(), message.partition()), message.offset()
            if offset < self._places[place]:
                continue  # fetched before the consumer was sent elsewhere; that part is kept already
            if error is None:
                records.setdefault(place, []).append(Record(*place, offset, message.value()))
                offset += 1
            ends[place] = max(offset, ends.get(place, 0))
        return [
            Span(*place, self._places[place], end, records.get(place, []))
            for place, end in ends.items()
            if end > self._places[place]
        ]

    def _look(self) -> tuple[dict[str, str], list[Place]]:
        """Which cluster and topics these are, and all their partitions."""
        with _asking(self.name):
            if self._admin is None:
                self._admin = AdminClient(self._client, logger=_librdkafka)
            cluster = self._admin.describe_cluster(request_timeout=ASK_S).result()
            asked = self._admin.describe_topics(TopicCollection(list(self.topics)), request_timeout=ASK_S)
            found = {topic: answer.result() for topic, answer in asked.items()}
        identity = {CLUSTER: str(cluster.cluster_id)}
        identity |= {f"topic_id/{topic}": str(about.topic_id) for topic, about in found.items()}
        places = [(topic, part.id) for topic, about in sorted(found.items()) for part in about.partitions]
        return identity, places

    def _offsets(self, places: Sequence[Place], which: Any) -> dict[Place, int]:
        assert self._admin is not None
        with _asking(self.name):
            asked = self._admin.list_offsets(
                {TopicPartition(*place): which for place in places},
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=ASK_S,
            )
            return {(part.topic, part.partition): answer.result().offset for part, answer in asked.items()}


def _settings(name: str) -> dict[str, Any]:
    return {
        "group.id": f"shuunou.{name}",  # the client insists on one; nothing is committed to it
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "reconnect.backoff.max.ms": 2_000,
        "fetch.wait.max.ms": 100,  # only the news that there is nothing more waits for this
    }


def _readable(place: Place, position: int, start: int, end: int) -> None:
    if start <= position <= end:
        return
    lost = "records that were never read are gone" if position < start else "the topic was cut or made anew"
    raise Terminal(
        f"topic {place[0]}, partition {place[1]}: expected the position between {start} and {end}, "
        f"found {position}; {lost}: restore the topic, or begin with an empty target"
    )


def _known(error: Any, message: Any) -> None:
    """An error told in place of a record: what mends itself is left, what never will is raised.

    Raises Moved where the consumer has lost its place.
    """
    if error.code() in _LOST:
        _log.warning(
            "sink.place_lost", topic=message.topic(), partition=message.partition(), why=error.str()
        )
        raise Moved
    if error.code() in _GONE:
        raise Terminal(
            f"topic {message.topic()}, partition {message.partition()}: expected it readable, "
            f"found {error.name()}; restore the topic or the right to read it, then start again"
        )
    if error.fatal() or error.code() not in _MENDED:
        raise KafkaException(error)


@contextlib.contextmanager
def _asking(name: str) -> Iterator[None]:
    """What the broker answers: silence, or a topic not made yet, is Transient; the rest propagates."""
    try:
        yield
    except KafkaException as failed:
        error = failed.args[0]
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise Transient(
                f"{name}: expected its topics on the broker, found that one is missing; "
                "make them with `shuunou topics create`"
            ) from None
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise Terminal(
                f"{name}: expected the right to read its topics, found {error.str()}; grant it"
            ) from None
        if error.retriable() or error.code() in _MENDED:
            raise Transient(f"{name}: the broker does not answer ({error.name()})") from None
        raise
