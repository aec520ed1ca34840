"""For the tests of sinks: topics of their own, filled as the hub fills them, and what tables hold."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.delivery import Counts
from connectors.sink_projection import Projection
from connectors.tables import METADATA, engine_for
from state.wire import encode
from tests.connectors.synthetic_facts import SCHEMAS

SECONDS = 60.0
PARTITIONS = 3


def make(bootstrap: str, names: Sequence[str], partitions: int = PARTITIONS) -> None:
    """Creates topics and waits until the broker knows them."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for answer in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
        answer.result()
    soon(lambda: set(names) <= set(admin.list_topics(timeout=SECONDS).topics), "the topics are there")


def remove(bootstrap: str, names: Sequence[str]) -> None:
    """Deletes topics and waits until the broker has forgotten them."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for answer in admin.delete_topics(list(names)).values():
        answer.result()
    soon(lambda: not set(names) & set(admin.list_topics(timeout=SECONDS).topics), "the topics are gone")


def cut(bootstrap: str, name: str) -> None:
    """Removes every record that a topic has so far; its offsets go on."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    ends = [TopicPartition(name, partition, -1) for partition in range(PARTITIONS)]
    for answer in admin.delete_records(ends).values():
        answer.result()


def send(
    bootstrap: str,
    messages: Sequence[tuple[str, str, bytes | None]],
    *,
    aborted: bool = False,
    size: int = 200,
) -> None:
    """Sends (topic, key, value) in transactions of `size`; with `aborted` all of them are taken back."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"test-{messages[0][0]}", "linger.ms": 1}
    )
    producer.init_transactions()
    for start in range(0, len(messages), size):
        producer.begin_transaction()
        for topic, key, value in messages[start : start + size]:
            partition = zlib.crc32(key.encode()) % PARTITIONS
            producer.produce(topic, key=key, value=value, partition=partition)
        producer.flush()
        if aborted:
            producer.abort_transaction()
        else:
            producer.commit_transaction()


class Flow:
    """The six topics of one test on the shared broker."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.names = {schema: prefix + schema.replace("/", ".") for schema in SCHEMAS}
        self.topics = {name: [schema] for schema, name in self.names.items()}
        make(bootstrap, list(self.topics))

    def send(self, given: list[Any]) -> None:
        send(self.bootstrap, [(self.names[m.schema], m.key, encode(m.value)) for m in given])

    def send_raw(self, schema: str, values: list[bytes | None]) -> None:
        send(self.bootstrap, [(self.names[schema], "key", value) for value in values])

    def projection(self, url: str, batch: int = 500) -> Projection:
        return Projection(self.bootstrap, url, batch=batch, topics=self.topics)

    def drain(self, url: str, batch: int = 500) -> Counts:
        projection = self.projection(url, batch)
        try:
            return projection.drain(SECONDS)
        finally:
            projection.close()


def rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table, sorted."""
    engine = engine_for(url)
    with engine.connect() as connection:
        found = {
            name: sorted(map(repr, connection.execute(sa.select(table)).all()))
            for name, table in METADATA.tables.items()
        }
    engine.dispose()
    return found


def change(url: str, *statements: Any) -> None:
    """Does something to the database behind the sink's back."""
    engine = engine_for(url, writes=True)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement) if isinstance(statement, str) else statement)
    engine.dispose()


def soon(is_so: Callable[[], bool], what: str) -> None:
    """Waits until it is so."""
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.05)
