"""記帳: events and position in one transaction, on a real broker: missing topics, aborts, strangers."""

import os
import threading
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from connectors.base import Terminal, Transient
from connectors.journal import POSITIONS, Journal, Message
from tests.connectors.inbox import (
    BANK,
    Place,
    bank_records,
    committed,
    make_place,
)
from tests.connectors.source_files import (
    bank_file,
)


@pytest.fixture
def place(broker: str, topic_prefix: str, tmp_path: Path) -> Place:
    return make_place(broker, topic_prefix, tmp_path)


def test_topics_that_are_missing_are_named(
    broker: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.journal.SETTLE_S", 0.2)
    with pytest.raises(Terminal, match=f"{topic_prefix}{POSITIONS}"):
        Place(broker, topic_prefix, tmp_path).intake().scan_once()


def test_positions_are_read_behind_a_transaction_that_a_stranger_left_open(place: Place) -> None:
    intake = place.intake()
    intake.scan_once()
    stranger = Producer({"bootstrap.servers": place.broker, "transactional.id": f"{place.prefix}stranger"})
    stranger.init_transactions(30)
    stranger.begin_transaction()
    stranger.produce(place.prefix + POSITIONS, b"{}", b"another/source")
    stranger.flush(30)
    raw = bank_file(bank_records(3))
    place.put("kouza_furikae_0001_20260630.dat", raw)
    intake.scan_once()

    place.put("kouza_furikae_0001_20260630.dat", raw)
    ended = threading.Timer(2.0, stranger.commit_transaction)
    ended.start()
    (again,) = place.intake().scan_once()
    ended.join()
    assert again.state == "resent"
    assert len(place.committed(BANK)) == 3


def test_a_transaction_that_the_broker_ended_for_its_length_is_transient(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage, or a machine asleep: it looks as if another had followed, but nobody has."""
    monkeypatch.setattr("connectors.journal.TRANSACTION_S", 1.0)
    asleep = [20.0]  # the broker looks for those that are over every ten seconds

    def sleep(point: str) -> None:
        if point == "before-source-commit" and asleep:
            time.sleep(asleep.pop())

    name = f"{place.prefix}journal"
    journal = Journal(place.broker, name, topic_prefix=place.prefix, at_point=sleep)
    journal.open([BANK])
    with pytest.raises(Transient, match="the broker ended it"):
        journal.commit([Message(BANK, "key", b"once")], {"a/b": b"{}"})
    journal.open([BANK])
    assert journal.positions == {}
    journal.commit([Message(BANK, "key", b"once")], {"a/b": b"{}"})
    assert committed(place.broker, place.prefix + BANK) == [b"once"]


def test_a_broker_that_does_not_answer_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.journal.CALL_S", 0.2)
    monkeypatch.setattr("connectors.journal.GIVE_UP_S", 0.5)
    with pytest.raises(Transient, match="is it up"):
        Place("127.0.0.1:1", "t.", tmp_path).intake().scan_once()


def test_a_message_too_large_for_the_broker_is_terminal(place: Place) -> None:
    journal = Journal(place.broker, f"{place.prefix}journal", topic_prefix=place.prefix)
    journal.open([BANK])
    with pytest.raises(Terminal, match="MSG_SIZE_TOO_LARGE"):
        journal.commit([Message(BANK, "key", bytes(2_000_000))], {"a/b": b"{}"})
    assert committed(place.broker, place.prefix + BANK) == []


def test_a_transaction_that_was_aborted_is_tried_again(place: Place, broker: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker})
    narrow = f"{place.prefix}narrow"
    admin.create_topics([NewTopic(narrow, 1, 1, config={"max.message.bytes": "1000"})])[narrow].result(30)
    wider = ConfigResource(ResourceType.TOPIC, narrow)
    wider.add_incremental_config(
        ConfigEntry("max.message.bytes", "100000", incremental_operation=AlterConfigOpType.SET)
    )
    timer = threading.Timer(0.5, lambda: admin.incremental_alter_configs([wider])[wider].result(30))
    journal = Journal(broker, f"{place.prefix}journal", topic_prefix=place.prefix)
    journal.open(["narrow"])
    timer.start()
    large = os.urandom(10_000)  # does not compress
    journal.commit([Message(BANK, "key", b"with it"), Message("narrow", "key", large)], {"a/b": b"{}"})
    timer.join()
    assert committed(broker, narrow) == [large]
    assert committed(broker, place.prefix + BANK) == [b"with it"]
    assert committed(broker, place.prefix + POSITIONS) == [b"{}"]
    assert journal.positions == {"a/b": b"{}"}


def test_a_transaction_that_is_aborted_every_time_is_transient(
    place: Place, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.journal.ATTEMPTS", 2)
    admin = AdminClient({"bootstrap.servers": broker})
    narrow = f"{place.prefix}narrow"
    admin.create_topics([NewTopic(narrow, 1, 1, config={"max.message.bytes": "1000"})])[narrow].result(30)
    journal = Journal(broker, f"{place.prefix}journal", topic_prefix=place.prefix)
    journal.open(["narrow"])
    with pytest.raises(Transient, match="2 transactions in a row"):
        journal.commit([Message("narrow", "key", os.urandom(10_000))], {"a/b": b"{}"})
    journal.open()
    journal.commit([Message(BANK, "key", b"goes on")], {"a/b": b"{}"})
    assert committed(broker, place.prefix + BANK) == [b"goes on"]
