"""トピック: every topic of the hub, as `schemas/topics.toml` states it, and how they are made.

Nothing creates a topic but `create`: a topic that a broker made by itself would have
the wrong partition count and retention. Logs are kept for ever; changelogs are
compacted only, their tombstones kept thirty days.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic, OffsetSpec

import schemas
from streams.engine.admin import admin
from streams.engine.owner import MESSAGE_MAX_BYTES

FLOW = ("matching", "ledger", "transfer")
STAGES = (*FLOW, "records")
"""FLOW is the way of an event to its transfer; the records of 別添1 follow it at their own pace, so a hub
under load gives them a process of their own."""
TOMBSTONES_MS = 30 * 86_400_000


class Topic(NamedTuple):
    """トピック: its name, key, the schemas it carries, who writes and who reads it."""

    name: str
    ja: str
    key: str
    schemas: tuple[str, ...]
    producer: str
    consumers: tuple[str, ...]
    is_compacted: bool
    partitions: int | None  # None: the count of the whole hub


@cache
def topics() -> tuple[Topic, ...]:
    """トピックの一覧: in the order of the flow."""
    return tuple(
        Topic(
            entry["name"],
            entry["ja"],
            entry["key"],
            tuple(entry["schemas"]),
            entry["producer"],
            tuple(entry["consumers"]),
            entry.get("cleanup") == "compact",
            entry.get("partitions"),
        )
        for entry in schemas.load_toml("topics")["topic"]
    )


def read_by(consumer: str) -> tuple[str, ...]:
    """ある段が読むトピック: the changelog of a stage is its own and not among them."""
    return tuple(t.name for t in topics() if consumer in t.consumers and not t.name.startswith("state."))


def allowed(topic: str) -> frozenset[str]:
    """トピックに来てよい様式の名: without their versions."""
    return frozenset(next(t.schemas for t in topics() if t.name == topic))


def is_incoming(topic: str) -> bool:
    """外から来るトピックか。"""
    return topic.startswith("ido.")


def _config(topic: Topic) -> dict[str, str]:
    largest = MESSAGE_MAX_BYTES // 2 if is_incoming(topic.name) else MESSAGE_MAX_BYTES
    config = {"max.message.bytes": str(largest), "retention.ms": "-1"}
    if topic.is_compacted:
        config["cleanup.policy"] = "compact"
        config["delete.retention.ms"] = str(TOMBSTONES_MS)
    return config


class TopicsDiffer(Exception):
    """トピックの食い違い: a topic exists with another partition count than the hub's."""


def create(bootstrap: str, partitions: int, client: dict[str, Any], replication: int = 1) -> list[str]:
    """トピックを作る: those that are missing; returns their names. Raises TopicsDiffer for a wrong count."""
    asked = admin(bootstrap, client)
    existing = asked.list_topics(timeout=30).topics
    for topic in topics():
        found = existing.get(topic.name)
        expected = topic.partitions or partitions
        if found is not None and len(found.partitions) != expected:
            raise TopicsDiffer(
                f"topic {topic.name}: expected {expected} partitions (SHUUNOU_PARTITIONS), found "
                f"{len(found.partitions)}; the count is fixed for life: set it to what is there"
            )
    missing = [
        NewTopic(
            t.name,
            num_partitions=t.partitions or partitions,
            replication_factor=replication,
            config=_config(t),
        )
        for t in topics()
        if t.name not in existing
    ]
    for name, future in asked.create_topics(missing).items() if missing else ():
        _created(name, future)
    return [new.topic for new in missing]


def partition_count(bootstrap: str, client: dict[str, Any], name: str) -> int:
    """区画の数: of a topic as it is, whatever the settings say. Raises TopicsDiffer when there is none."""
    found = admin(bootstrap, client).list_topics(timeout=30).topics.get(name)
    if found is None:
        raise TopicsDiffer(
            f"topic {name}: expected on the broker, found none; `shuunou topics create` makes it"
        )
    return len(found.partitions)


def _created(name: str, future: Any) -> None:
    try:
        future.result(30)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise


class Counted(NamedTuple):
    """トピックの大きさ: its partitions and how many records (control records among them) they hold."""

    topic: Topic
    exists: bool
    partitions: int
    records: int


def count(bootstrap: str, client: dict[str, Any]) -> list[Counted]:
    """トピックを数える: end offsets less beginning offsets, of every topic in the list."""

    asked = admin(bootstrap, client)
    existing = asked.list_topics(timeout=30).topics
    places = [
        TopicPartition(t.name, p)
        for t in topics()
        if t.name in existing
        for p in existing[t.name].partitions
    ]
    ends = asked.list_offsets({place: OffsetSpec.latest() for place in places})
    begins = asked.list_offsets({place: OffsetSpec.earliest() for place in places})
    sums: dict[str, int] = {}
    for place in places:
        held = ends[place].result().offset - begins[place].result().offset
        sums[place.topic] = sums.get(place.topic, 0) + held
    return [
        Counted(
            t,
            t.name in existing,
            len(existing[t.name].partitions) if t.name in existing else 0,
            sums.get(t.name, 0),
        )
        for t in topics()
    ]
