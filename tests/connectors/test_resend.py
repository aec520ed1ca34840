"""再送: the same bytes under the same key, once, with who decided and why beside them."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic
from typer.testing import CliRunner

from connectors.base import Terminal
from streams.cli import app
from streams.cli_resend import SENT, Shown
from streams.engine.admin import admin
from streams.resend import (
    HEADER_LETTER,
    HEADER_REASON,
    HEADER_STAFF,
    Original,
    Resender,
    Resent,
    letter_id_of,
    open_original,
    why_not,
)
from tests.connectors.source_files import sample_cipher

CIPHER = sample_cipher()
KEY, VALUE = b"0000000001", b"\x00what was refused"


class Place:
    """A topic of three partitions, with a refused message and others after it in one of them."""

    def __init__(self, broker: str, prefix: str) -> None:
        self.broker, self.topic = broker, f"{prefix}ido.x"
        (made,) = admin(broker, {}).create_topics([NewTopic(self.topic, 3, 1)]).values()
        made.result(30)
        producer = Producer({"bootstrap.servers": broker})
        for key, value in ((b"x", b"before"), (KEY, VALUE), (KEY, b"after"), (b"y", None)):
            producer.produce(self.topic, value, key, 1)
        assert producer.flush(30) == 0
        self.letter = Original(letter_id_of(self.topic, 1, 1), self.topic, 1, 1, KEY, VALUE)
        self.resender = Resender(broker, {}, f"{prefix}resend")

    def messages(self) -> list[Any]:
        consumer = Consumer(
            {"bootstrap.servers": self.broker, "group.id": "t", "enable.auto.commit": False}
            | {"isolation.level": "read_committed", "enable.partition.eof": True}
        )
        consumer.assign([TopicPartition(self.topic, 1, 0)])
        found = []
        while (message := consumer.poll(30)) is not None and message.error() is None:
            found.append(message)
        consumer.close()
        return found


@pytest.fixture
def place(broker: str, topic_prefix: str) -> Place:
    return Place(broker, topic_prefix)


def test_the_same_bytes_go_to_the_same_partition_with_the_decision(place: Place) -> None:
    assert place.resender.find(place.letter) is None
    sent = place.resender.send(place.letter, "T001", "期別を登録した")
    last = place.messages()[-1]
    assert (last.key(), last.value(), last.partition()) == (KEY, VALUE, 1)
    assert (sent.topic, sent.partition, sent.offset) == (place.topic, 1, last.offset())
    assert dict(last.headers()) == {
        HEADER_LETTER: place.letter.letter_id.encode(),
        HEADER_STAFF: b"T001",
        HEADER_REASON: "期別を登録した".encode(),
    }
    assert sent.letter_id == letter_id_of(place.topic, 1, last.offset())


def test_it_is_sent_once_whoever_asks(place: Place, topic_prefix: str) -> None:
    sent = place.resender.send(place.letter, "T001", "一度目")
    again = Resender(place.broker, {}, f"{topic_prefix}resend")
    assert place.resender.find(place.letter) == again.find(place.letter) == sent
    with pytest.raises(Terminal, match="was not sent before"):
        again.send(place.letter, "T002", "二度目")
    assert [m.value() for m in place.messages()].count(VALUE) == 2


def test_a_letter_that_is_not_of_this_broker_is_not_sent(place: Place) -> None:
    for other in ({"value": b"another"}, {"key": b"another"}, {"offset": 2}, {"offset": 4}):
        letter = place.letter._replace(**other)  # type: ignore[arg-type]
        with pytest.raises(Terminal, match="found another"):
            place.resender.send(letter, "T001", "理由")
    assert len(place.messages()) == 4


def test_whether_its_stage_has_come_past_it(place: Place, topic_prefix: str) -> None:
    sent, group = place.resender.send(place.letter, "T001", "理由"), f"{topic_prefix}ledger"
    assert not place.resender.is_worked_off(group, sent)
    for reached, expected in ((sent.offset, False), (sent.offset + 1, True)):
        consumer = Consumer({"bootstrap.servers": place.broker, "group.id": group})
        consumer.commit(offsets=[TopicPartition(place.topic, 1, reached)], asynchronous=False)
        consumer.close()
        assert place.resender.is_worked_off(group, sent) is expected


@pytest.mark.parametrize(
    ("topic", "said"),
    [(None, "inbox"), ("ledger.input.v1", "only a stage may write"), ("matching.assigned.v1", "stage")],
)
def test_what_cannot_be_sent_again_says_what_to_do_instead(topic: str | None, said: str) -> None:
    assert said in str(why_not(topic))
    assert why_not("ido.tetsuzuki.v1") is None


def test_the_original_opens_with_its_letter_alone() -> None:
    context = "letter/1"
    row = {
        "letter_id": "1",
        "topic": "ido.tetsuzuki.v1",
        "partition": 0,
        "offset": 7,
        "original_key": CIPHER.seal(KEY, context),
        "original": CIPHER.seal(VALUE, context),
    }
    assert open_original(row, CIPHER) == Original("1", "ido.tetsuzuki.v1", 0, 7, KEY, VALUE)
    assert open_original({**row, "original_key": None}, CIPHER).key is None


@pytest.mark.parametrize("words", [("--staff", ""), ("--staff", "T" * 65), ("--reason", "a\nb")])
def test_who_decides_and_why_must_be_said_in_print(words: tuple[str, str]) -> None:
    stated = {"--staff": "T001", "--reason": "理由"} | {words[0]: words[1]}
    shown = CliRunner().invoke(
        app, ["deadletter", "resend", "0", "--json", *(each for pair in stated.items() for each in pair)]
    )
    assert (shown.exit_code, shown.stdout) == (2, "") and words[0] in shown.stderr


def test_what_json_says_is_the_place_and_the_letter_to_come() -> None:
    at = Resent("ido.tetsuzuki.v1", 2, 9)
    shown = Shown("1", "ido.tetsuzuki.v1", 2, 7, "R-502", "督促状の発付", SENT, at)
    assert shown.plain() == {
        "letter_id": "1", "topic": "ido.tetsuzuki.v1", "partition": 2, "offset": 7, "reason": "R-502",
        "what": "督促状の発付", "outcome": "sent",
        "sent_to": {
            "topic": "ido.tetsuzuki.v1", "partition": 2, "offset": 9, "letter_id": letter_id_of(*at),
        },
    }  # fmt: skip
    assert shown._replace(sent_to=None).plain()["sent_to"] is None
