"""作業単位: what the fold of one batch reads, changes, sends and refuses; nothing counts until committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from streams.engine.store import Store

T = TypeVar("T")
SEPARATOR, AFTER = b"|", b"}"
"""What stands between the parts of a key, and the byte that follows it in ASCII."""


class Table(NamedTuple, Generic[T]):
    """表: one kind of row in a stage's store. `tag` keeps its keys apart from those of other tables."""

    name: str
    tag: bytes
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


class Output(NamedTuple):
    """送り出すもの: one message; partition -1 leaves the choice to the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = -1


class Reader(Protocol):
    """読み手: where rows are read that the unit did not change itself."""

    cache: dict[bytes, Any]
    store: Store


class Unit:
    """作業単位: a private layer over the rows of one partition.

    A value is decoded when first read, kept decoded in the owner's bounded cache, and encoded once per batch
    however often it changed.
    """

    __slots__ = ("_cache", "_groups", "_store", "changed", "left_at", "outputs", "partition")

    def __init__(self, partition: int, reader: Reader) -> None:
        self.partition = partition
        self._cache = reader.cache
        self._store = reader.store
        self.changed: dict[bytes, tuple[Table[Any], Any]] = {}
        self._groups: defaultdict[bytes, set[bytes]] = defaultdict(set)
        """Changed keys by what stands before the first bar: most ranges are of one such group."""
        self.outputs: list[Output] = []
        self.left_at: int | None = None

    def get(self, table: Table[T], key: bytes) -> T | None:
        """一行を読む: the value as this unit left it, else as it was committed; None when there is none."""
        full = table.tag + key
        mine = self.changed.get(full)
        if mine is not None:
            return mine[1]
        cache = self._cache
        if full in cache:
            return cache[full]
        data = self._store.get(full)
        value = cache[full] = None if data is None else table.decode(data)
        return value

    def put(self, table: Table[T], key: bytes, value: T | None) -> None:
        """一行を書く: None deletes it."""
        full = table.tag + key
        self.changed[full] = (table, value)
        self._groups[full.partition(SEPARATOR)[0]].add(full)

    def scan(self, table: Table[T], begin: bytes, end: bytes) -> Iterator[tuple[bytes, T]]:
        """範囲を読む: rows with begin <= key < end as this unit sees them, in the order of their keys."""
        low, high, skip = table.tag + begin, table.tag + end, len(table.tag)
        keys = sorted(key for key in self._near(low, high) if low <= key < high)
        mine = [(key, self.changed[key][1]) for key in keys]
        stored = self._store.scan(low, high)
        for full, value in _merge(stored, mine, table.decode):
            yield full[skip:], value

    def _near(self, low: bytes, high: bytes) -> Iterable[bytes]:
        """Changed keys, among them all of the range; not every one of the thousands that a batch changes."""
        group, bar, _ = low.partition(SEPARATOR)
        is_of_one = bar and high <= group + AFTER
        return self._groups.get(group, ()) if is_of_one else self.changed

    def send(self, topic: str, key: bytes | None, value: bytes | None, partition: int = -1) -> None:
        """送る: part of the transaction that commits this unit."""
        self.outputs.append(Output(topic, key, value, partition))

    def leave(self, offset: int) -> None:
        """残す: the fold of this record is not over. What it has done is committed, then it is given again,
        before anything else; the fold sees from its rows what is left to do.
        """
        self.left_at = offset

    def rows(self) -> list[tuple[bytes, bytes | None]]:
        """変わった行: each key once, encoded."""
        return [
            (key, None if value is None else table.encode(value))
            for key, (table, value) in self.changed.items()
        ]


def _merge(
    stored: Iterator[tuple[bytes, bytes]], mine: list[tuple[bytes, Any]], decode: Callable[[bytes], Any]
) -> Iterator[tuple[bytes, Any]]:
    """Both in the order of their keys; mine hide stored ones, and a deleted one is left out."""
    at = 0
    for key, data in stored:
        while at < len(mine) and mine[at][0] < key:
            if mine[at][1] is not None:
                yield mine[at]
            at += 1
        if at < len(mine) and mine[at][0] == key:
            if mine[at][1] is not None:
                yield mine[at]
            at += 1
        else:
            yield key, decode(data)
    for key, value in mine[at:]:
        if value is not None:
            yield key, value
