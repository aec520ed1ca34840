"""An inbox with its folders and topics, for the tests of the intake; and ways to die while it is read."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from connectors.base import Arrived, FileFacts, FileReader
from connectors.ids import file_digest
from connectors.intake import LETTERS, Intake
from connectors.journal import POSITIONS
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_convenience import ConvenienceReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from state.facts import Letter
from state.wire import decode
from tests.connectors.source_files import ATENA, JICHITAI, RECEIVED_AT, debit, kojin_bangou, sample_cipher

CIPHER = sample_cipher()
PARTITIONS = 3
BANK, ATENA_TOPIC, CHOUTEI_TOPIC = "ido.shuunou-ginkou.v1", "ido.atena.v1", "ido.choutei-zeimu.v1"


def all_readers() -> list[FileReader]:
    choutei = [ChouteiReader(department, CIPHER) for department in ("zeimu", "hoken")]
    return [AtenaReader(CIPHER), *choutei, KouzaFurikaeReader(), ConvenienceReader()]


class Place(NamedTuple):
    """An intake's folders and topics, of one test."""

    broker: str
    prefix: str
    root: Path

    def intake(self, readers: list[FileReader] | None = None, **options: Any) -> Intake:
        return Intake(
            self.broker,
            all_readers() if readers is None else readers,
            CIPHER,
            **{
                "inbox": self.inbox,
                "archive": self.root / "archive",
                "held": self.root / "held",
                "jichitai_code": JICHITAI,
                "transactional_id": f"{self.prefix}intake",
                "topic_prefix": self.prefix,
                "settle_seconds": 0.0,
                **options,
            },
        )

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def put(self, name: str, raw: bytes, received_at: int = RECEIVED_AT) -> Path:
        self.inbox.mkdir(exist_ok=True)
        path = self.inbox / name
        path.write_bytes(raw)
        os.utime(path, ns=(received_at * 1_000_000,) * 2)
        return path

    def committed(self, topic: str) -> list[Any]:
        """Events of a topic by their place in the file: partitions are read as they come."""
        values = [decode(value) for value in committed(self.broker, self.prefix + topic)]
        return sorted(values, key=_line)

    def letters(self) -> list[Any]:
        return self.committed(LETTERS)

    def files(self) -> list[str]:
        """Every file that lies anywhere, beside the archive's."""
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())


def _line(value: Any) -> int:
    return int((value.origin if isinstance(value, Letter) else value.source_seq).rpartition(":")[2])


def committed(broker: str, topic: str) -> list[bytes]:
    """What a read_committed reader finds in a topic, to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "t",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    count = len(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(count)])
    values, ended = list[bytes](), set[int | None]()
    while len(ended) < count:
        message = consumer.poll(10)
        assert message is not None, "the broker does not answer"
        error = message.error()
        if error is None:
            values.append(message.value() or b"")
        else:
            assert error.code() == KafkaError._PARTITION_EOF
            ended.add(message.partition())
    consumer.close()
    return values


def make_place(broker: str, prefix: str, root: Path) -> Place:
    """The topics of one test, and its folders."""
    names = {LETTERS, *(topic for reader in all_readers() for topic in reader.spec.topics)}
    topics = [NewTopic(prefix + name, PARTITIONS, 1) for name in names]
    topics.append(NewTopic(prefix + POSITIONS, 1, 1, config={"cleanup.policy": "compact"}))
    admin = AdminClient({"bootstrap.servers": broker})
    for created in admin.create_topics(topics).values():
        created.result(30)
    return Place(broker, prefix, root)


def atena_rows(count: int) -> list[dict[str, str]]:
    return [{**ATENA, "宛名番号": f"{n:010d}", "個人番号": kojin_bangou(n)} for n in range(1, count + 1)]


def bank_records(count: int) -> list[bytes]:
    return [debit(kokyaku_bangou=f"202601{n:010d}01") for n in range(1, count + 1)]


class Interrupted(Exception):
    """What a test raises where a process might die."""


class Breaking:
    """A reader that fails at a line, as often as it is told."""

    def __init__(self, inner: FileReader, line: int, fail: Callable[[], None]) -> None:
        self.inner, self.line, self.fail, self.spec = inner, line, fail, inner.spec

    def matches(self, name: str) -> bool:
        return self.inner.matches(name)

    def check(self, raw: bytes, facts: FileFacts) -> Any:
        return self.inner.check(raw, facts)

    def lines(self, raw: bytes, facts: FileFacts) -> Iterator[Any]:
        for item in self.inner.lines(raw, facts):
            if item.line == self.line:
                self.fail()
            yield item


def raise_interrupted() -> None:
    raise Interrupted


def expected_ids(reader: FileReader, raw: bytes, name: str) -> list[str]:
    facts = FileFacts(name, file_digest(raw), RECEIVED_AT, JICHITAI)
    return sorted(item.event.event_id for item in reader.lines(raw, facts) if isinstance(item, Arrived))
