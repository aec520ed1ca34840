"""引渡しの輪: what it waits for, and what makes it stop; tried with the projection as its target."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
from confluent_kafka import Consumer, KafkaError

from connectors import tables
from connectors.base import Terminal, Transient
from connectors.migrations import migrate
from connectors.sink_projection import Projection
from connectors.tables import METADATA, POSITION, PROJECTION_META, engine_for
from state.wire import encode
from streams.local.kafka import LocalKafka
from tests.connectors import sink_topics
from tests.connectors.sink_topics import PARTITIONS, SECONDS, Flow, change, rows, soon
from tests.connectors.synthetic_facts import SCHEMAS, letter, messages

CITY = messages(persons=60, seed=7)


@pytest.fixture
def flow(broker: str, topic_prefix: str) -> Flow:
    return Flow(broker, topic_prefix)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/projection.db"


def test_a_locked_database_is_waited_for(
    flow: Flow, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BUSY_TIMEOUT_MS", 50)
    migrate(sqlite_url)
    flow.send(CITY[:200])
    projection, stop = flow.projection(sqlite_url), threading.Event()
    engine = engine_for(sqlite_url, writes=True)
    with engine.begin():
        thread = threading.Thread(target=projection.run, args=(stop,))
        thread.start()
        soon(lambda: "SQLITE_BUSY" in projection.loop.waiting, "it says that it waits")
        assert not any(rows(sqlite_url).values()), "nothing is written meanwhile"
    places = PARTITIONS * len(SCHEMAS)
    soon(lambda: len(rows(sqlite_url)["position"]) == places and not projection.loop.waiting, "it goes on")
    soon(lambda: sum(projection.lag().values()) == 0, "it catches up")
    stop.set()
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert projection.status().records == 200


def test_a_server_that_drops_its_clients_is_waited_for(
    flow: Flow, database_url: str, postgres_url: str
) -> None:
    migrate(database_url)
    name = sa.make_url(database_url).database
    server = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    flow.send(CITY[:300])
    projection, stop = flow.projection(database_url, batch=40), threading.Event()
    thread = threading.Thread(target=projection.run, args=(stop,))
    thread.start()
    soon(lambda: sum(projection.lag().values()) == 0, "it keeps up")
    with server.connect() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(sa.text(ends), {"name": name})
        flow.send(CITY[300:])
        soon(lambda: projection.loop.waiting != "", "it says that it waits")
        assert projection.status()[2:4] == (None, None)
        connection.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()
    soon(lambda: projection.status().lag == 0, "it catches up")
    stop.set()
    thread.join(SECONDS)
    before = rows(database_url)
    change(database_url, *[sa.delete(table) for table in METADATA.tables.values()])
    flow.drain(database_url)
    assert rows(database_url) == before


def test_a_broker_that_comes_back_is_waited_for(
    local_kafka: Callable[..., LocalKafka], sqlite_url: str, topic_prefix: str
) -> None:
    migrate(sqlite_url)
    broker = local_kafka()
    flow = Flow(broker.bootstrap, topic_prefix)
    flow.send(CITY[:300])
    projection, stop = flow.projection(sqlite_url), threading.Event()
    thread = threading.Thread(target=projection.run, args=(stop,))
    thread.start()
    soon(lambda: projection.status().lag == 0, "it keeps up")
    broker.kill()
    assert projection.status()[2:4] == (None, None)
    broker.start()
    flow.send(CITY[300:])
    soon(lambda: projection.status().lag == 0, "it goes on")
    stop.set()
    thread.join(SECONDS)
    assert projection.status().records == len(CITY)


class Lost:
    """A consumer that says once that it has lost its place in a partition."""

    def __init__(self, consumer: Any, topic: str) -> None:
        self._consumer, self._topic, self.told = consumer, topic, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def consume(self, *most: Any) -> list[Any]:
        self.told += 1
        if self.told > 1:
            return list(self._consumer.consume(*most))
        error = KafkaError(KafkaError._AUTO_OFFSET_RESET, "Unable to validate offset and epoch")
        self._consumer.consume(*most)  # what it fetched meanwhile is of no use
        return [SimpleNamespace(error=lambda: error, topic=lambda: self._topic, partition=lambda: 0)]


def test_a_consumer_that_lost_its_place_goes_on_where_the_projection_stands(
    flow: Flow, sqlite_url: str
) -> None:
    """librdkafka says so too when the network fails while it asks the broker whether its place is right."""
    migrate(sqlite_url)
    flow.send(CITY[:300])
    projection = flow.projection(sqlite_url, batch=40)
    projection.drain(SECONDS)
    lost = Lost(projection.loop._consumer, flow.names["deadletter/letter"])
    projection.loop._consumer = cast(Consumer, lost)
    flow.send(CITY[300:])
    assert projection.drain(SECONDS).records == len(CITY) - 300
    assert lost.told > 1
    projection.loop.close()


def test_another_topic_of_the_same_name_stops_it(flow: Flow, sqlite_url: str) -> None:
    migrate(sqlite_url)
    flow.send(CITY[:50])
    flow.drain(sqlite_url)
    sink_topics.remove(flow.bootstrap, list(flow.topics))
    sink_topics.make(flow.bootstrap, list(flow.topics))
    with pytest.raises(Terminal, match=r"expected topic_id/.* found .* made anew"):
        flow.drain(sqlite_url)


@pytest.mark.parametrize(("position", "why"), [(10_000, "was cut or made anew"), (0, "never read are gone")])
def test_a_position_that_is_not_there_stops_it(flow: Flow, sqlite_url: str, position: int, why: str) -> None:
    migrate(sqlite_url)
    topic = flow.names["deadletter/letter"]
    flow.send_raw("deadletter/letter", [encode(letter(n)) for n in range(9)])
    flow.drain(sqlite_url)
    sink_topics.cut(flow.bootstrap, topic)
    change(sqlite_url, sa.update(POSITION).where(POSITION.c.topic == topic).values(next_offset=position))
    with pytest.raises(Terminal, match=f"found {position}; .*{why}"):
        flow.drain(sqlite_url)


def test_another_cluster_or_an_unknown_database_stops_it(flow: Flow, sqlite_url: str) -> None:
    with pytest.raises(Terminal, match=r"expected the file .*, found none"):
        flow.drain(sqlite_url)
    engine_for(sqlite_url, writes=True).connect().close()
    with pytest.raises(Terminal, match="expected sqlite or postgresql, found mysql"):
        flow.drain("mysql://localhost/projection")
    with pytest.raises(Terminal, match=r"expected the database at revision .*, found none"):
        flow.drain(sqlite_url)
    migrate(sqlite_url)
    change(sqlite_url, sa.insert(PROJECTION_META).values(name="cluster_id", value="another"))
    with pytest.raises(Terminal, match="expected cluster_id another"):
        flow.drain(sqlite_url)


def test_a_missing_topic_and_a_missing_broker_are_waited_for(
    broker: str, topic_prefix: str, sqlite_url: str
) -> None:
    migrate(sqlite_url)
    topic = f"{topic_prefix}late"
    late = Projection(broker, sqlite_url, topics={topic: ["deadletter/letter"]})
    with pytest.raises(Transient, match="shuunou topics create"):
        late.drain(0.5)
    sink_topics.make(broker, [topic])
    assert late.drain(SECONDS).records == 0
    late.close()
    silent = Projection("127.0.0.1:1", sqlite_url, topics={topic: ["deadletter/letter"]})
    with pytest.raises(Transient, match="does not answer"):
        silent.drain(1.0)


def test_a_broken_table_is_terminal_and_shows_no_row(flow: Flow, sqlite_url: str) -> None:
    migrate(sqlite_url)
    flow.send(CITY[:100])
    change(sqlite_url, "ALTER TABLE letter DROP COLUMN what", "ALTER TABLE atena DROP COLUMN zenjuusho")
    with pytest.raises(Terminal) as raised:
        flow.drain(sqlite_url)
    assert "試験" not in str(raised.value) and raised.value.__cause__ is None
    assert _positions(sqlite_url) == {0}, "no position moved"


def _positions(url: str) -> set[int]:
    with engine_for(url).connect() as connection:
        return set(connection.execute(sa.select(POSITION.c.next_offset)).scalars())
