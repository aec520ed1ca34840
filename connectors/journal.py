"""記帳: events and the positions of their sources, together in one Kafka transaction.

A source connector that dies anywhere finds, when it starts again, the position of its last committed
transaction; what it had sent beyond is not read by anyone. Starting a journal fences the one that held
its id before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from connectors.base import Terminal, Transient

POSITIONS = "state.connector.v1"
CALL_S, GIVE_UP_S, SETTLE_S = 30.0, 120.0, 15.0
TRANSACTION_S = 60.0
"""Beyond that the broker ends a transaction itself, and refuses its producer as it does one that another has
followed. Who was refused sooner was followed."""
PAUSE_FIRST_S, PAUSE_MOST_S, ATTEMPTS = 0.05, 5.0, 8
_FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}
_SETTLING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
}
_FORBIDDEN = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}


class Message(NamedTuple):
    """一通: where it goes, its key and its value."""

    topic: str
    key: str
    value: bytes


class Journal:
    """帳面: one transactional producer and the positions it committed. Not for several threads.

    `positions` holds what `state.connector.v1` holds for every source, by key. After any exception the next
    `open` makes a new producer and reads the positions again. `at_point` is called with
    the name of each fail point that is passed.
    """

    def __init__(
        self,
        bootstrap: str,
        transactional_id: str,
        client: Mapping[str, Any] | None = None,
        topic_prefix: str = "",
        at_point: Callable[[str], None] = lambda point: None,
    ) -> None:
        self._at_point = at_point
        self.positions: dict[str, bytes] = {}
        self._client = {**(client or {}), "bootstrap.servers": bootstrap, "log_level": 2}
        self._id, self._prefix = transactional_id, topic_prefix
        self._producer: Producer | None = None
        self._fenced: Terminal | None = None
        self._begun = 0.0

    def open(self, topics: Sequence[str] = ()) -> None:
        """開く: fence, check that the topics exist, read the positions; nothing when it is open already.

        Raises Terminal for a missing topic and what the broker forbids, Transient while it does not answer.
        """
        if self._fenced is not None:
            raise self._fenced  # never fence the other one in turn
        if self._producer is not None:
            return
        producer = Producer(self._settings())
        try:
            _until_done(producer.init_transactions)
            _await_topics(producer, {self._prefix + topic for topic in (*topics, POSITIONS)})
            self.positions = read_positions(self._client, self._prefix + POSITIONS)
        except KafkaException as error:
            raise self._judged(error) from None
        self._producer = producer

    def _settings(self) -> dict[str, Any]:
        return {
            **self._client,
            "transactional.id": self._id,
            "transaction.timeout.ms": int(TRANSACTION_S * 1000),
            "delivery.timeout.ms": int(TRANSACTION_S * 1000),
            "partitioner": "murmur2_random",  # as every writer of the hub, so that a key has one partition
            "compression.type": self._client.get("compression.type", "lz4"),
            "linger.ms": 20,
            "batch.size": 1 << 20,
        }

    def commit(self, messages: Sequence[Message], positions: Mapping[str, bytes]) -> None:
        """記帳する: all of it or nothing. A failed transaction is tried again; raises Transient or Terminal."""
        producer, self._producer = self._producer, None  # whatever is raised, the next open starts anew
        if producer is None:
            raise Transient(f"{self._id}: not open; open the journal first")
        try:
            reached = [Message(POSITIONS, key, position) for key, position in positions.items()]
            self._attempt(producer, [*messages, *reached])
        except KafkaException as error:
            raise self._judged(error, time.monotonic() - self._begun) from None
        self._at_point("after-source-commit")
        self.positions.update(positions)
        self._producer = producer

    def _attempt(self, producer: Producer, messages: Sequence[Message]) -> None:
        pause = PAUSE_FIRST_S
        for _ in range(ATTEMPTS):
            self._begun = time.monotonic()
            try:
                return _transact(producer, messages, self._prefix, self._at_point)
            except KafkaException as error:
                if not error.args[0].txn_requires_abort():
                    raise
            _until_done(producer.abort_transaction)
            time.sleep(pause)
            pause = min(pause * 2, PAUSE_MOST_S)
        raise Transient(f"{self._id}: {ATTEMPTS} transactions in a row were aborted; see the broker's log")

    def _judged(self, error: KafkaException, took_s: float = 0.0) -> Transient | Terminal:
        """Which of the two it is, in words; librdkafka's own are left out: they may quote what was sent."""
        cause = error.args[0]
        if cause.code() in _FENCED and took_s >= TRANSACTION_S:
            return Transient(f"{self._id}: a transaction was open for {took_s:.0f} s, the broker ended it")
        if cause.code() in _FENCED:
            self._fenced = Terminal(
                f"{self._id}: expected to be the only one of this id, found that another was started later "
                f"({cause.name()}); stop one of the two"
            )
            return self._fenced
        if cause.code() in _FORBIDDEN:
            return Terminal(f"{self._id}: expected to be allowed, found {cause.name()}; check user and ACLs")
        if cause.fatal() or cause.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return Terminal(f"{self._id}: expected a transaction to go through, found {cause.name()}")
        return Transient(f"{self._id}: the broker did not take it ({cause.name()}); is it up?")

    def close(self) -> None:
        """閉じる: nothing is left open, since every commit waits for its end."""
        self._producer = None


def _await_topics(producer: Producer, topics: set[str]) -> None:
    """Wait a little for topics: one that was just created takes a while to be known everywhere."""
    deadline = time.monotonic() + SETTLE_S
    while missing := sorted(topics - set(producer.list_topics(timeout=CALL_S).topics)):
        if time.monotonic() > deadline:
            named = ", ".join(missing)
            raise Terminal(f"topics {named}: expected on the broker, found none; create the topics first")
        time.sleep(PAUSE_FIRST_S)


def _transact(
    producer: Producer, messages: Sequence[Message], prefix: str, at_point: Callable[[str], None]
) -> None:
    producer.begin_transaction()
    for message in messages:
        _produce(producer, prefix + message.topic, message.key, message.value)
    at_point("before-source-commit")
    _until_done(producer.commit_transaction)


def _produce(producer: Producer, topic: str, key: str, value: bytes) -> None:
    """Queue one, waiting while the queue is full: messages of one key keep the order of the source."""
    deadline = 0.0
    while True:
        try:
            return producer.produce(topic, value, key)
        except BufferError:
            deadline = deadline or time.monotonic() + GIVE_UP_S
            if time.monotonic() > deadline:
                raise KafkaException(KafkaError(KafkaError._QUEUE_FULL)) from None
            producer.poll(0.1)


def _until_done(call: Callable[[float], Any]) -> None:
    """Ask again while the outcome is unknown: librdkafka takes up the same call, it begins no other."""
    deadline = time.monotonic() + GIVE_UP_S
    while True:
        try:
            call(CALL_S)
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise


def read_positions(client: Mapping[str, Any], topic: str = POSITIONS) -> dict[str, bytes]:
    """位置を読む: what was committed, by key, up to the very end of the topic.

    The end is asked for without isolation: while a stranger's transaction is open, a read_committed reader
    is told an earlier one, would miss what we committed after it, and the same file would be sent twice.
    """
    place = TopicPartition(topic, 0, 0)
    end = _end(client, place)
    consumer = _consumer(client, "read_committed")
    try:
        consumer.assign([place])
        return _read_to(consumer, topic, end)
    finally:
        consumer.close()


def _consumer(client: Mapping[str, Any], isolation: str) -> Consumer:
    return Consumer(
        {
            **client,
            "group.id": "shuunou-positions",  # librdkafka wants one; it is never joined
            "enable.auto.commit": False,
            "isolation.level": isolation,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 50,  # the end of the topic is told by an empty answer: do not wait for it
        }
    )


def _end(client: Mapping[str, Any], place: TopicPartition) -> int:
    consumer = _consumer(client, "read_uncommitted")
    deadline = time.monotonic() + SETTLE_S
    try:
        while True:
            try:
                return int(consumer.get_watermark_offsets(place, timeout=CALL_S)[1])
            except KafkaException as error:
                if error.args[0].code() not in _SETTLING or time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_FIRST_S)
    finally:
        consumer.close()


def _read_to(consumer: Consumer, topic: str, end: int) -> dict[str, bytes]:
    positions: dict[str, bytes] = {}
    deadline = time.monotonic() + GIVE_UP_S
    at = 0
    while at < end:
        first = consumer.poll(1.0)  # consume() alone would wait for all that it may take
        for message in [first, *consumer.consume(10_000, timeout=0)] if first is not None else []:
            error = message.error()
            if error is None:
                _keep(positions, message.key() or b"", message.value())
            elif error.code() != KafkaError._PARTITION_EOF and not error.retriable():
                raise KafkaException(error)
            at = max(at, message.offset() or 0)  # the mark of the end carries the offset after it
        if time.monotonic() > deadline:
            raise Transient(
                f"{topic}: expected to read to {end}, reached {at}; a transaction of another writer is open"
            )
    return positions


def _keep(positions: dict[str, bytes], key: bytes, value: bytes | None) -> None:
    if value is None:
        positions.pop(key.decode(), None)
    else:
        positions[key.decode()] = value
