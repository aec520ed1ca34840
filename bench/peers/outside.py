"""外から見る: topics made anew, what a group has reached, what a process used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic, OffsetSpec

from bench.support import BenchError, Broker, known_of
from streams.local.process import wait_until

INTERNAL = "__"
PATIENCE_S = 60.0
NOT_YET = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
"""What a new broker answers before its first group is known."""


def clear(broker: Broker) -> None:
    """まっさらにする: every topic is deleted but the broker's own."""
    doomed = [name for name in broker.admin.list_topics(timeout=30).topics if not name.startswith(INTERNAL)]
    for future in broker.admin.delete_topics(doomed, operation_timeout=30).values() if doomed else ():
        future.result(60)
    if not wait_until(lambda: not known_of(broker.admin, doomed), PATIENCE_S):
        raise BenchError(f"topics: expected to be deleted within {PATIENCE_S:.0f} s")


def make(broker: Broker, topics: Sequence[NewTopic]) -> None:
    """トピックを作る。"""
    for future in broker.admin.create_topics(list(topics)).values() if topics else ():
        future.result(60)


def is_assigned(broker: Broker, group: str) -> bool:
    """割り当てられたか: the group's members have as many partitions between them as a topic has."""
    try:
        found = broker.admin.describe_consumer_groups([group])[group].result(30)
    except KafkaException as error:
        if error.args[0].code() not in NOT_YET:
            raise
        return False
    given = sum(len(m.assignment.topic_partitions) for m in found.members if m.assignment is not None)
    return given >= broker.partitions


def is_through(broker: Broker, group: str, topic: str) -> bool:
    """読み終えたか: the group's committed offsets are at the end, but for the mark of the load's transaction."""
    places = [TopicPartition(topic, p) for p in range(broker.partitions)]
    asked = broker.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
    reached = {at.partition: at.offset for at in asked[group].result(30).topic_partitions}
    ends = broker.admin.list_offsets({place: OffsetSpec.latest() for place in places})
    return all(f.result(30).offset - max(reached[at.partition], 0) <= 1 for at, f in ends.items())


def cpu_s(pid: int) -> float:
    """使った処理装置の秒: user and system, of all threads of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
