"""計測の土台: one broker, topics made anew, a worker as a process of its own, and what tells that it is done.

Progress is read from outside, as the ends of topics for a read_committed reader, so that nothing in the
hub knows that it is being measured.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, IsolationLevel, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from connectors.secrets import create_key_file
from streams import topics
from streams.local.process import leashed, tail, wait_until
from streams.status import Lags

LOOK_S, QUIET_S, LIMIT_S = 0.05, 1.5, 600.0
PAGE = 20_000
JARS = Path(__file__).parents[1] / ".hub" / "jars"
Sent = tuple[str, bytes, bytes]
"""Topic, key, value."""


class BenchError(RuntimeError):
    """計測の失敗: a figure could not be taken; says why."""


def say(text: str) -> None:
    """進み具合: on standard error."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


class Look(NamedTuple):
    """一目: when, and how many records (control records among them) were visible."""

    at: float
    seen: int


class Broker:
    """計測用のブローカー: what the measurements ask of the one broker that they share."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self.bootstrap, self.partitions = bootstrap, partitions
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})

    def fresh(self, others: Iterable[str] = ()) -> None:
        """まっさらにする: every topic of the hub (and these others) is deleted and made anew."""
        others = tuple(others)
        known = set(self.admin.list_topics(timeout=30).topics)
        doomed = sorted(known & ({t.name for t in topics.topics()} | set(others)))
        for future in self.admin.delete_topics(doomed, operation_timeout=30).values() if doomed else ():
            future.result(60)
        if not wait_until(lambda: not known_of(self.admin, doomed), 60):
            raise BenchError("topics: expected to be deleted within 60 s")
        topics.create(self.bootstrap, self.partitions, {})
        made = [NewTopic(name, num_partitions=self.partitions, replication_factor=1) for name in others]
        for future in self.admin.create_topics(made).values() if made else ():
            future.result(60)

    def seen(self, names: Sequence[str], *, committed: bool = True) -> int:
        """見える記録の数: the sum of the ends of these topics, as a read_committed reader is told."""
        wanted = {TopicPartition(n, p): OffsetSpec.latest() for n in names for p in range(self.partitions)}
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
        answers = self.admin.list_offsets(wanted, isolation_level=level, request_timeout=30)
        return sum(answer.result(60).offset for answer in answers.values())

    def count(self, names: Sequence[str]) -> int:
        """数える: the committed records of these topics, read one by one."""
        return sum(1 for _ in records(self.bootstrap, names))


def known_of(admin: AdminClient, names: Iterable[str]) -> set[str]:
    """まだあるトピック。"""
    return set(names) & set(admin.list_topics(timeout=30).topics)


def reading(bootstrap: str, **more: Any) -> dict[str, Any]:
    """読み手の設定: a consumer that belongs to no group and sees only what was committed."""
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "bench",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "log_level": 2,
        **more,
    }


def records(bootstrap: str, names: Sequence[str], **more: Any) -> Iterator[Message]:
    """記録を読む: of these topics from beginning to end, those that were committed, each partition in its order.

    `more` are settings of the reader beyond those of `reading`.
    """
    consumer = Consumer(reading(bootstrap, **{"enable.partition.eof": True}, **more))
    known = consumer.list_topics(timeout=30).topics
    left = {(name, partition) for name in names for partition in known[name].partitions}
    consumer.assign([TopicPartition(*place, 0) for place in left])
    try:
        while left:
            for message in consumer.consume(PAGE, timeout=0.2):
                if message.error() is None:
                    yield message
                else:
                    left.discard((str(message.topic()), int(message.partition() or 0)))
    finally:
        consumer.close()


class Load:
    """仕込み: one transaction, written ahead; the worker sees all of it at once when it is committed."""

    def __init__(self, bootstrap: str, name: str, messages: Iterable[Sent]) -> None:
        self._producer = bulk_producer(bootstrap, **{"transactional.id": f"bench-{name}"})
        self._producer.init_transactions(60)
        self._producer.begin_transaction()
        self.count = send_all(self._producer, messages)

    def release(self) -> float:
        """放つ: the instant at which the commit was asked for."""
        at = time.monotonic()
        self._producer.commit_transaction(60)
        return at


def bulk_producer(bootstrap: str, **more: Any) -> Producer:
    """まとめて書く書き手: keys go to the partitions that every writer of the hub gives them."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "batch.size": 1 << 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 4_000_000,
            "queue.buffering.max.kbytes": 2 << 20,
            "log_level": 2,
            **more,
        }
    )


def send_all(producer: Producer, messages: Iterable[Sent]) -> int:
    """すべて書く: returns how many, when the broker has them."""
    failed: list[Any] = []

    def delivered(error: Any, _: Any) -> None:
        if error is not None:
            failed.append(error)

    sent = 0
    for topic, key, value in messages:
        producer.produce(topic, value, key, on_delivery=delivered)
        sent += 1
        if sent % PAGE == 0:
            producer.poll(0)
    left = producer.flush(120)
    if left or failed:
        raise KafkaException(failed[0]) if failed else BenchError(f"{left} messages were not delivered")
    return sent


class Worker:
    """働き手の過程: `shuunou worker` (or another script) as a process of its own, and what it used."""

    def __init__(self, command: Sequence[str], home: Path, settings: dict[str, str]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.log = home, home / "worker.log"
        self.begun = time.monotonic()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                leashed([sys.executable, *command]),
                cwd=home,
                env=environment({**settings, "PYTHONPATH": str(Path(__file__).parents[1])}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_for(self, word: str, limit: float = 300.0) -> float:
        """言うまで待つ: seconds from the start of the process until its log holds `word`."""
        needle = word.encode()
        if not wait_until(lambda: self._ended() or needle in self.log.read_bytes(), limit, 0.02):
            raise BenchError(f"worker: expected {word!r} within {limit:.0f} s\n{tail(self.log)}")
        self.check()
        return time.monotonic() - self.begun

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def check(self) -> None:
        """生きているか: BenchError with the end of its log when it has ended."""
        if self._ended():
            raise BenchError(f"worker: ended with {self._process.returncode}\n{tail(self.log)}")

    @property
    def pid(self) -> int:
        """番号。"""
        return self._process.pid

    def cpu_s(self) -> float:
        """使った処理装置の秒: user and system, of all its threads."""
        return cpu_s(self.pid)

    def peak_mib(self) -> float:
        """最大の常駐記憶 (MiB)."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise BenchError("worker: /proc tells no VmHWM")

    def stop(self) -> None:
        """終える: SIGTERM, then SIGKILL."""
        if not self._ended():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(30)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """環境変数: those of this process without any setting of the hub, and these."""
    ours = ("SHUUNOU_", "DATABASE_URL")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | dict(settings)


def run(prefix: str, take: Callable[[Path], None]) -> int:
    """計測を通す: `take` with a temporary folder; 0, 1 when a figure could not be taken, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            take(Path(folder))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    return 0


def cpu_s(pid: int) -> float:
    """使った処理装置の秒: of one process, user and system. Raises FileNotFoundError when it is no more."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Hub(NamedTuple):
    """計測する収納ハブ: its home, and the stages that run in one process."""

    broker: Broker
    home: Path
    application: str
    stages: tuple[str, ...]

    def start(self) -> Worker:
        """始める: with an empty home; ready when `wait_for` returns."""
        create_key_file(self.home / "keys" / "kojin.key")
        words = [word for stage in self.stages for word in ("--stage", stage)]
        settings = {
            "SHUUNOU_HOME": str(self.home),
            "SHUUNOU_BOOTSTRAP": self.broker.bootstrap,
            "SHUUNOU_PARTITIONS": str(self.broker.partitions),
            "SHUUNOU_APPLICATION": self.application,
        }
        return Worker(["-m", "streams", "worker", *words], self.home, settings)

    def is_idle(self) -> bool:
        """遅れがないか: every stage has shown a position at the end of its topics."""
        lags = Lags(self.broker.bootstrap, {}, self.application).of(self.stages)
        return all(stage.lag == 0 and stage.has_position for stage in lags)


READY = '"event": "ready"'


def watch(broker: Broker, names: Sequence[str], worker: Worker, is_done: Callable[[], bool]) -> list[Look]:
    """見守る: the ends of these topics as they grow, until they rest and `is_done`; the last look is the last
    growth."""
    looks = [Look(time.monotonic(), broker.seen(names))]
    deadline = looks[0].at + LIMIT_S
    while True:
        time.sleep(LOOK_S)
        now, seen = time.monotonic(), broker.seen(names)
        if seen != looks[-1].seen:
            looks.append(Look(now, seen))
        elif now - looks[-1].at > QUIET_S:
            worker.check()
            if is_done():
                return looks
        if now > deadline:
            raise BenchError(f"{', '.join(names)}: not done within {LIMIT_S:.0f} s\n{tail(worker.log)}")


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """JSON に書く。"""
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
