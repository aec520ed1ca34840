"""引渡しの値: what the loop of `connectors.sinks` and its targets hand to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import schemas
from connectors.base import Terminal

CLUSTER = "cluster_id"
Place = tuple[str, int]
"""場所: topic and partition."""


class Moved(Exception):
    """位置が動いた: the stored position is not where the consumer stands; read on from what is stored."""


class Record(NamedTuple):
    """記録: one message as it lies in the topic; `value` is None for a deletion."""

    topic: str
    partition: int
    offset: int
    value: bytes | None


class Span(NamedTuple):
    """一区間: what was read of one partition. [begin, end) also covers transaction marks."""

    topic: str
    partition: int
    begin: int
    end: int
    records: list[Record]


class Problem(NamedTuple):
    """引き渡せない記録: where it lies and why it was passed over (reason code and kind, never its content)."""

    topic: str
    partition: int
    offset: int
    reason: str
    found: str


class Counts(NamedTuple):
    """件数: records kept, problems among them, and the seconds it took."""

    records: int
    problems: int
    seconds: float


class Status(NamedTuple):
    """状況: what an operator sees. `problems` is every one ever recorded, not those since the start.

    Problems and lag are None while broker or target do not answer; `waiting` then says why.
    """

    name: str
    records: int
    problems: int | None
    lag: int | None
    waiting: str


class Target(Protocol):
    """引渡し先: keeps records and position together. All methods may raise Transient or Terminal."""

    def begin(self, identity: Mapping[str, str], starts: Mapping[Place, int]) -> None:
        """Makes ready: checks that cluster and topics are those known before (`same_identity`), and gives
        each partition that has no position yet the one of `starts`."""

    def positions(self) -> dict[Place, int]:
        """The stored position of every place that has one."""

    def keep(self, spans: Sequence[Span]) -> None:
        """Keeps all of it or nothing. Raises Moved when the stored position is not where a span begins."""

    def problems(self) -> int:
        """How many records were ever passed over."""

    def close(self) -> None:
        """Lets go of what it holds; `begin` may take it again."""


def topics_of(sink: str) -> dict[str, tuple[str, ...]]:
    """購読するトピック: {topic: schemas that may come on it} of the sink, from `schemas/topics.toml`."""
    return {
        topic["name"]: tuple(topic["schemas"])
        for topic in schemas.load_toml("topics")["topic"]
        if sink in topic["consumers"]
    }


def same_identity(stored: Mapping[str, str], found: Mapping[str, str], where: str) -> None:
    """同じ Kafka か: raises Terminal when cluster or topics are others than those of the stored positions."""
    for name, value in found.items():
        if stored.get(name, value) != value:
            raise Terminal(
                f"{where}: expected {name} {stored[name]}, found {value}; the positions kept there belong "
                "to another Kafka or to a topic that was made anew: point to the former one, "
                "or begin with an empty target"
            )
