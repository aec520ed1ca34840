"""状況: how far each stage is behind, from outside: the group's shown offsets against the ends of its topics."""

from __future__ import annotations

from typing import Any, NamedTuple

from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams import topics


class StageLag(NamedTuple):
    """段の遅れ: records (control records among them) between what was applied and the end."""

    stage: str
    lag: int
    has_position: bool


def admin(bootstrap: str, client: dict[str, Any]) -> AdminClient:
    """管理用の口。"""
    return AdminClient({**client, "bootstrap.servers": bootstrap, "log_level": 2})


def lags(bootstrap: str, client: dict[str, Any], application: str, stages: tuple[str, ...]) -> list[StageLag]:
    """段の遅れを測る: a stage that never showed a position counts all there is."""
    asked = admin(bootstrap, client)
    found = []
    for stage in stages:
        group = f"{application}-{stage}"
        shown = asked.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
        positions = {(p.topic, p.partition): p.offset for p in shown.topic_partitions if p.offset >= 0}
        ends = _ends(asked, topics.read_by(stage))
        behind = sum(max(end - positions.get(place, 0), 0) for place, end in ends.items())
        found.append(StageLag(stage, behind, bool(positions)))
    return found


def _ends(asked: AdminClient, names: tuple[str, ...]) -> dict[tuple[str, int], int]:
    existing = asked.list_topics(timeout=30).topics
    places = [TopicPartition(name, p) for name in names if name in existing for p in existing[name].partitions]
    if not places:
        return {}
    wanted = {place: OffsetSpec.latest() for place in places}
    answers = asked.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
    return {(place.topic, place.partition): answer.result().offset for place, answer in answers.items()}
