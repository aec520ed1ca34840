"""記憶上の記録の段: the stage of the records beside the hub in memory, fed with what its ledger sent."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from state import wire
from state.events import KijunbiAdvanced
from streams.engine.unit import Output
from streams.records import KIJUNBI_IN, Records, topic_of
from streams.topics import read_by
from tests.streams.memory_hub import CIPHER, Hub, gate, message
from tests.streams.memory_store import Partition


def stage(*, cached: bool = True) -> Partition:
    """One partition of the stage."""
    return Partition(Records(gate("records", CIPHER)).fold, number=2, cached=cached)


def feed(records: Partition, sent: Sequence[Output]) -> None:
    """Give the stage what it reads of this, in its order, neighbours of one topic as one batch."""
    mine = [output for output in sent if output.topic in read_by("records")]
    for topic, outputs in groupby(mine, key=lambda output: output.topic):
        records.run(topic, *((output.key, output.value) for output in outputs))


def latest(records: Partition) -> dict[tuple[str, str], Any]:
    """What a compacted topic keeps: the last record of each row by topic and key, without deleted ones."""
    found: dict[tuple[str, str], Any] = {}
    for output in records.outputs:
        if output.topic.startswith("record."):
            place = output.topic, (output.key or b"").decode()
            found.pop(place, None)
            if output.value is not None:
                found[place] = wire.decode(output.value)
    return found


class Recorded:
    """The hub, and the records as they follow it, event by event."""

    def __init__(self, *, cached: bool = True) -> None:
        self.hub, self.records = Hub(cached=cached), stage(cached=cached)
        self._seen = 0

    def tell(self, *events: Any) -> Recorded:
        """Each event through the hub, then what came of it through the records."""
        for event in events:
            self.hub.tell(event)
            if isinstance(event, KijunbiAdvanced):
                self.records.run(KIJUNBI_IN, message(event))
            feed(self.records, self.hub.ledger.outputs[self._seen :])
            self._seen = len(self.hub.ledger.outputs)
        return self

    def record(self, record: str, key: str) -> Any:
        """The newest record of a row, None when there is none."""
        return latest(self.records).get((topic_of(record), key))

    def sent(self, record: str) -> int:
        """How many were sent of a record, deletions among them."""
        return sum(output.topic == topic_of(record) for output in self.records.outputs)
