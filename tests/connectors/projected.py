"""投影された台帳: what the stages in memory announced, kept by the real projection in a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from connectors.migrations import migrate
from connectors.sink_projection import Store
from connectors.tables import engine_for
from streams import ledger, seiri
from tests.connectors.synthetic_facts import Message, as_spans
from tests.streams.memory_hub import Hub

TOPICS = {
    "fact/ledger_fact": ledger.FACT,
    "fact/seiri_fact": seiri.SEIRI_FACT,
    "matching/matching_notice": "matching.unmatched.v1",
}


@contextmanager
def projected(hub: Hub, url: str, notices: Sequence[Any] = ()) -> Iterator[Engine]:
    """A database that has kept every fact of the hub."""
    migrate(url)
    store = Store(url, {topic: [schema] for schema, topic in TOPICS.items()})
    starts = {(topic, 0): 0 for topic in TOPICS.values()}
    store.begin({"cluster_id": "test"}, starts)
    told = [Message("fact/ledger_fact", fact.atena_bangou, fact) for fact in hub.facts]
    told += [Message("fact/seiri_fact", fact.atena_bangou, fact) for fact in hub.seiri_facts]
    told += [Message("matching/matching_notice", each.shuunou_key, each) for each in notices]
    store.keep(as_spans(told, TOPICS, starts))
    assert store.problems() == 0
    store.close()
    engine = engine_for(url)
    yield engine
    engine.dispose()
