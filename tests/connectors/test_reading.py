"""監査の読み取り: each committed record once, whatever the consumer does to find its place again."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from connectors.auditor.cut import Broker
from connectors.auditor.reading import _Reading

PLACE = ("topic", 0)


def _fetched(offsets: Iterable[int]) -> list[Any]:
    where = {"error": lambda: None, "topic": lambda: PLACE[0], "partition": lambda: PLACE[1]}
    return [SimpleNamespace(**where, offset=lambda at=at: at) for at in offsets]


def test_a_consumer_that_begins_again_gives_no_record_twice() -> None:
    """auto.offset.reset, which a network failure can bring about too."""
    polls = [_fetched(range(3)), _fetched(range(2)), _fetched(range(2, 6))]
    broker = cast(Broker, SimpleNamespace(settings={"bootstrap.servers": "127.0.0.1:1"}))
    reading = _Reading(broker, {PLACE: 5})
    reading.consumer = cast(Any, SimpleNamespace(consume=lambda *_: polls.pop(0), pause=lambda places: None))
    given = []
    while reading.left:
        given += [message.offset() for message in reading.more()["topic"]]
    assert (given, reading.messages) == (list(range(5)), 5)
