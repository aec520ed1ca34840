"""読み取り: the committed records of some topics, from the beginning up to given ends, in chunks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.auditor.cut import Broker, Place, Tell
from connectors.base import Transient

CHUNK, WAIT_S, STALL_S = 5_000, 0.2, 60.0
_GONE = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }
)
Take = Callable[[Sequence[Message]], None]


def read(
    broker: Broker, ends: Mapping[Place, int], takers: Mapping[str, Take], what: str, tell: Tell
) -> int:
    """読む: hands each topic's records, in the order of their partitions, to its taker; how many there were.

    Raises KafkaException, and Transient when the broker gives nothing for a minute.
    """
    reading = _Reading(broker, {place: end for place, end in ends.items() if end > 0 and place[0] in takers})
    try:
        total = sum(reading.ends.values())
        stall_at = time.monotonic() + STALL_S
        while reading.left:
            found = reading.more()
            for topic, messages in found.items():
                takers[topic](messages)
            if found:
                stall_at = time.monotonic() + STALL_S
            elif time.monotonic() > stall_at and reading.left:
                raise Transient(f"{what}: the broker gave nothing for {STALL_S:.0f} s; is it up?")
            tell(what, sum(reading.at.values()), total)
        return reading.messages
    finally:
        reading.consumer.close()


class _Reading:
    """One consumer over several partitions; a partition that was read to its end is paused."""

    def __init__(self, broker: Broker, ends: dict[Place, int]) -> None:
        self.ends, self.left, self.at, self.messages = ends, set(ends), dict.fromkeys(ends, 0), 0
        self.consumer = Consumer(_settings(broker.settings))
        self.consumer.assign([TopicPartition(*place, 0) for place in ends])

    def more(self) -> dict[str, list[Message]]:
        """The next records by topic, and what their coming says about how far each partition was read."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self.consumer.consume(CHUNK, WAIT_S):
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                if error.fatal() or error.code() in _GONE:
                    raise KafkaException(error)
                # librdkafka mends it by itself; where it cannot, nothing comes any more and that is noticed
                continue
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None
            place = (topic, partition)
            # a consumer that lost its place in a network failure begins again at the first record
            if error is None and self.at[place] <= offset < self.ends[place]:
                found[topic].append(message)
                self.messages += 1
            self._reached(place, offset if error else offset + 1)
        return found

    def _reached(self, place: Place, offset: int) -> None:
        end = self.ends[place]
        self.at[place] = min(max(offset, self.at[place]), end)
        if offset >= end and place in self.left:
            self.left.discard(place)
            self.consumer.pause([TopicPartition(*place)])


def _settings(client: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **client,
        # the client insists on one; it is never joined, nothing is committed to it
        "group.id": "shuunou.auditor",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,  # an end is told by an empty answer: do not wait for it
        # what waits unread is bounded in bytes as it was sent; unpacked it is several times as large
        "queued.max.messages.kbytes": 8 << 10,
        "queued.min.messages": CHUNK,
        "fetch.max.bytes": 8 << 20,
        "max.partition.fetch.bytes": 512 << 10,
    }
