"""一括り: what was fetched of one partition at once, as one message to an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Record(Protocol):
    """一件: one record as the consumer gives it (aiokafka's own class; nothing is copied)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Batch(NamedTuple):
    """一括り: records and the half-open range `[begin, end)` of positions that they cover.

    Topics written by transactions hold control records, so offsets have holes: only the range says whether
    two batches meet.
    """

    topic: str
    partition: int
    begin: int
    end: int
    records: Sequence[Record]
    is_followed: bool = False
    """Another topic's batch of the same partition, fetched together with this one, comes next."""

    def since(self, position: int) -> Sequence[Record]:
        """まだ適用していない記録: those at or after `position`."""
        if position <= self.begin:
            return self.records
        return [record for record in self.records if record.offset >= position]
