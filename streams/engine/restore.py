"""復元: bring a store up to the end of its changelog, in bulk, and read nothing that was not committed."""

from __future__ import annotations

import time
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition

from streams.engine import failpoints
from streams.engine.admin import admin
from streams.engine.store import Copied, Store

BULK, ASK_S, GLANCE_S = 20_000, 15.0, 0.05
"""`consume` waits until it has all that was asked for or the time is over, though the end be reached: with a
whole second, every restore was that second longer."""
STALE_AFTER_MS = 7 * 86_400_000
"""Tombstones stay 30 days in a changelog (streams/topics.py); a copy that slept for over a week is made
again rather than trusted to have seen them all."""


def restore(store: Store, bootstrap: str, client: dict[str, Any], topic: str, partition: int) -> int:
    """復元する: returns how many rows were read. Raises KafkaException when the changelog cannot be read."""
    failpoints.hit("before-restore")
    identity = identity_of(bootstrap, client, topic)
    store.belongs_to(identity)
    consumer = Consumer(
        {
            **client,
            "bootstrap.servers": bootstrap,
            # required by librdkafka, never joined: partitions are assigned by hand
            "group.id": "shuunou-restore",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "log_level": 2,
            "fetch.max.bytes": 32 << 20,
            "max.partition.fetch.bytes": 16 << 20,
            "queued.max.messages.kbytes": 64 << 10,
        }
    )
    try:
        return _read(store, consumer, TopicPartition(topic, partition), identity)
    finally:
        consumer.close()


def identity_of(bootstrap: str, client: dict[str, Any], topic: str) -> bytes:
    """トピックの同一性: the id that the broker gave the topic when it was made."""
    found = admin(bootstrap, client).describe_topics(TopicCollection([topic]), request_timeout=ASK_S)
    try:
        return str(found[topic].result(2 * ASK_S).topic_id).encode()
    except TimeoutError:  # never answered: the caller asks again
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from None


def _read(store: Store, consumer: Consumer, place: TopicPartition, identity: bytes) -> int:
    low, high = consumer.get_watermark_offsets(place, timeout=30)
    begin = _begin(store, low, high, identity)
    if begin >= high:
        return 0
    consumer.assign([TopicPartition(place.topic, place.partition, begin)])
    count = 0
    while True:
        messages = consumer.consume(BULK, timeout=GLANCE_S)
        rows, last, ended = _sort(messages)
        if last is not None:
            store.write(rows, Copied(last.offset() + 1, last.timestamp()[1]), logged=False)
            count += len(rows)
            failpoints.hit("half-restore")
        if ended:
            store.flush()
            return count


def _begin(store: Store, low: int, high: int, identity: bytes) -> int:
    """Where to read on; a copy ahead of its changelog, or one that slept too long, is thrown away first."""
    copied = store.copied()
    too_old = copied.next_offset > 0 and time.time() * 1000 - copied.at > STALE_AFTER_MS
    if copied.next_offset > high or too_old:
        store.wipe()
        store.open()
        store.belongs_to(identity)
        copied = Copied(0, 0)
    return max(copied.next_offset, low)


def _sort(messages: list[Any]) -> tuple[list[tuple[bytes, bytes | None]], Any, bool]:
    """Rows, the last message among them, and whether the end was reached."""
    records = [message for message in messages if message.error() is None]
    rows = [(record.key(), record.value()) for record in records]
    ended = False
    if len(records) < len(messages):
        errors = [error for message in messages if (error := message.error()) is not None]
        ended = any(error.code() == KafkaError._PARTITION_EOF for error in errors)
        for error in errors:
            if error.code() != KafkaError._PARTITION_EOF and not error.retriable():
                raise KafkaException(error)
    return rows, records[-1] if records else None, ended
