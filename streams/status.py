"""状況: how far each stage is behind, from outside: the group's shown offsets against the ends of its topics.

Plain consumers ask, which never join: librdkafka's admin client crashed the process when it asked for the
offsets of a group whose coordinator was still being made (2.16.0, seen twice).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams import topics

PATIENCE_S, LOOK_S = 60.0, 5.0


class StageLag(NamedTuple):
    """段の遅れ: records (control records among them) between what was applied and the end."""

    stage: str
    lag: int
    has_position: bool


class Lags:
    """遅れの計り手: looks at one hub's groups; `close` when done."""

    def __init__(self, bootstrap: str, client: Mapping[str, Any], application: str) -> None:
        self._settings = {
            **client,
            "bootstrap.servers": bootstrap,
            "enable.auto.commit": False,
            "log_level": 2,
        }
        self._application = application
        self._consumers: dict[str, Consumer] = {}

    def of(self, stages: Iterable[str]) -> list[StageLag]:
        """段の遅れを測る: a stage that never showed a position counts all there is. Raises KafkaException."""
        return [self._of(stage) for stage in stages]

    def close(self) -> None:
        """閉じる。"""
        for consumer in self._consumers.values():
            consumer.close()

    def _of(self, stage: str) -> StageLag:
        group = f"{self._application}-{stage}"
        if group not in self._consumers:
            self._consumers[group] = Consumer({**self._settings, "group.id": group})
        consumer = self._consumers[group]
        shown = self._shown(consumer, self._places(consumer, topics.read_by(stage)))
        behind = 0
        for place in shown:
            _, end = consumer.get_watermark_offsets(place, timeout=30)
            behind += max(end - max(place.offset, 0), 0)
        return StageLag(stage, behind, any(place.offset >= 0 for place in shown))

    @staticmethod
    def _places(consumer: Consumer, names: Iterable[str]) -> list[TopicPartition]:
        existing = consumer.list_topics(timeout=30).topics
        return [
            TopicPartition(name, p) for name in names if name in existing for p in existing[name].partitions
        ]

    @staticmethod
    def _shown(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
        """Asked in short steps: a broker that has no coordinator yet leaves a single question unanswered."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return consumer.committed(places, timeout=LOOK_S)
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
