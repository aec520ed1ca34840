"""記憶上の置き場: what a fold needs of a partition, without a broker: rows in a dictionary, records, and a commit.

Only for folds; what commits, restores and fences is tested on a real broker (tests/engine).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from state import wire
from streams.engine.batch import Record
from streams.engine.unit import Output, Unit

Fold = Callable[[Unit, str, Sequence[Record]], None]


class MemoryStore:
    """Rows by key, read as the real store gives them."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(key for key in self.rows if begin <= key < end):
            yield key, self.rows[key]

    def write(self, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        for key, value in rows:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


@dataclass
class Message:
    """One record as the consumer would give it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Partition:
    """One partition of one stage: folds a batch, then commits it, as the owner does."""

    def __init__(self, fold: Fold, number: int = 0, *, cached: bool = True) -> None:
        self.fold, self.number, self.cached = fold, number, cached
        self.cache: dict[bytes, Any] = {}
        self.store: Any = MemoryStore()
        self.outputs: list[Output] = []
        self.commits = 0
        self._next: dict[str, int] = {}

    def run(self, topic: str, *messages: tuple[bytes | None, bytes | None]) -> list[Output]:
        """Fold keys and values as one batch and commit it; what it sent."""
        records: list[Any] = [self._record(topic, key, value) for key, value in messages]
        sent: list[Output] = []
        while records:
            unit = Unit(self.number, self)
            self.fold(unit, topic, records)
            self._commit(unit)
            sent += unit.outputs
            records = [] if unit.left_at is None else [r for r in records if r.offset >= unit.left_at]
        return sent

    def _commit(self, unit: Unit) -> None:
        self.commits += 1
        self.store.write(unit.rows())
        if self.cached:
            self.cache.update({key: value for key, (_, value) in unit.changed.items()})
        else:
            self.cache.clear()
        self.outputs += unit.outputs

    def _record(self, topic: str, key: bytes | None, value: bytes | None) -> Message:
        offset = self._next.get(topic, 0)
        self._next[topic] = offset + 1
        return Message(topic, self.number, offset, 1_780_000_000_000 + offset, key, value)

    def sent(self, topic: str) -> list[Any]:
        """Everything sent to a topic so far, decoded."""
        return [decoded(output) for output in self.outputs if output.topic == topic]


def decoded(output: Output) -> Any:
    """What an output says."""
    assert output.value is not None
    return wire.decode(output.value)
