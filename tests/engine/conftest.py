"""What the engine's tests share: topics of their own, load, workers as processes, what a reader finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

sys.path.insert(0, str(Path(__file__).parents[1]))

PARTITIONS = 3
SCRIPT = Path(__file__).parents[1] / "engine_counting.py"
PATIENCE_S = 90.0


class Bench:
    """One test's topics on the shared broker, and the processes that work on them."""

    def __init__(self, bootstrap: str, name: str, directory: Path, sources: int = 1) -> None:
        self.bootstrap, self.name, self.directory = bootstrap, name, directory
        self.sources = [f"{name}in{number}" for number in range(sources)]
        self.sent: Counter[bytes] = Counter()
        self.processes: list[subprocess.Popen[str]] = []
        admin = AdminClient({"bootstrap.servers": bootstrap})
        plain = [*self.sources, f"{name}out", f"{name}letters"]
        new = [NewTopic(topic, PARTITIONS, 1) for topic in plain]
        new.append(NewTopic(f"{name}log", PARTITIONS, 1, config={"cleanup.policy": "compact"}))
        for future in admin.create_topics(new).values():
            future.result(30)

    def given(self, **more: Any) -> dict[str, Any]:
        return {
            "bootstrap": self.bootstrap,
            "name": self.name,
            "sources": self.sources,
            "directory": str(self.directory / "worker"),
            **more,
        }

    def produce(
        self, count: int, *, source: int = 0, per_transaction: int = 0, aborted: bool = False
    ) -> None:
        """Numbered events over 50 keys; with `per_transaction` in transactions, so offsets have holes."""
        settings = {"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random", "linger.ms": 5}
        if per_transaction:
            settings["transactional.id"] = f"{self.name}-load-{time.monotonic_ns()}"
        producer = Producer(settings)
        if per_transaction:
            producer.init_transactions(30)
            producer.begin_transaction()
        begin = 0 if aborted else sum(self.sent.values())
        for number in range(begin, begin + count):
            value = b"lost-%d" % number if aborted else b"%d" % number
            producer.produce(self.sources[source], value, b"k%d" % (number % 50))
            if not aborted:
                self.sent[value] += 1
            if per_transaction and (number - begin) % per_transaction == per_transaction - 1:
                producer.abort_transaction(30) if aborted else producer.commit_transaction(30)
                producer.begin_transaction()
        if per_transaction:
            producer.abort_transaction(30) if aborted else producer.commit_transaction(30)
        producer.flush(30)

    def send(self, value: bytes, key: bytes) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        producer.produce(self.sources[0], value, key)
        producer.flush(30)

    def start(self, failpoints: str = "", **more: Any) -> subprocess.Popen[str]:
        """A worker as a process; `ready` waits for it."""
        environment = {**os.environ, "SHUUNOU_FAILPOINTS": failpoints}
        with self._log(len(self.processes)).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, str(SCRIPT), json.dumps(self.given(**more))],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                text=True,
            )
        self.processes.append(process)
        return process

    def _log(self, number: int) -> Path:
        return self.directory / f"worker{number}.log"

    def said(self, process: subprocess.Popen[str]) -> str:
        """What it logged so far."""
        return self._log(self.processes.index(process)).read_text("utf-8")

    @staticmethod
    def ready(process: subprocess.Popen[str]) -> int:
        """Waits until it owns partitions; how many rows it restored."""
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready"), f"the worker ended with {process.wait(10)} before it was ready"
        return int(line.split()[1])

    def read(self, topic: str, isolation: str = "read_committed") -> list[Any]:
        """Every message of a topic up to its end."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": f"{self.name}-reader",
                "enable.auto.commit": False,
                "isolation.level": isolation,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        found, ended = [], 0
        while ended < PARTITIONS:
            for message in consumer.consume(5000, 1.0):
                if message.error() is None:
                    found.append(message)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended += 1
        consumer.close()
        return found

    def outputs(self) -> Counter[bytes]:
        return Counter(message.value() for message in self.read(f"{self.name}out"))

    def rows(self) -> dict[bytes, bytes]:
        """The table as its changelog has it."""
        table: dict[bytes, bytes] = {}
        for message in self.read(f"{self.name}log"):
            if message.value() is None:
                table.pop(message.key(), None)
            else:
                table[message.key()] = message.value()
        return table

    def table_sum(self) -> int:
        return sum(int.from_bytes(value, "big") for key, value in self.rows().items() if key[:1] == b"c")

    def wait_done(self) -> Counter[bytes]:
        """Waits until every event sent has an output; fails when that takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            outputs = self.outputs()
            if sum(outputs.values()) >= sum(self.sent.values()) or time.monotonic() > deadline:
                return outputs
            time.sleep(0.5)

    def assert_exact(self) -> None:
        """Each event once in the outputs and once in the table; nothing lost, nothing doubled."""
        outputs = self.wait_done()
        assert outputs == self.sent
        assert self.table_sum() == sum(self.sent.values())

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(20)


@pytest.fixture
def bench(broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(broker, topic_prefix, tmp_path)
    yield made
    made.close()


@pytest.fixture
def two_sources(broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(broker, topic_prefix, tmp_path, sources=2)
    yield made
    made.close()


def owner_settings(bench: Bench, directory: str = "owner") -> Sequence[Any]:
    """What an Owner is made with, outside of a worker."""
    from streams.engine.owner import EngineSettings

    return (
        EngineSettings(bench.name, bench.bootstrap, bench.directory / directory),
        "count",
        f"{bench.name}log",
    )
