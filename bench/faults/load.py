"""荷と控え: messages sent at a pace, and the journal of what was accepted.

The journal is the generator's own: what the broker acknowledged to it, written down when it was
acknowledged,
never read back from the hub. The city says beside it what a perfect hub ends with (`City.expected`).
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer

from bench.support import BenchError
from streams import commands
from streams.local.process import wait_until

TICK_S = 0.02
PATIENCE_S = 300.0


class Item(NamedTuple):
    """一件: a message to be sent; partition -1 leaves the choice to the key."""

    topic: str
    key: bytes
    value: bytes | None
    partition: int = -1


def mark(topic: str, value: bytes | None) -> bytes:
    """印: what a message is known by in the journal."""
    return hashlib.sha256(topic.encode() + b"\0" + (b"" if value is None else b"\1" + value)).digest()[:16]


class Journal:
    """控え: how often each message was sent, and how often the broker acknowledged it; a line on disk for
    each."""

    def __init__(self, path: Path) -> None:
        self.sent: Counter[bytes] = Counter()
        self.acknowledged: Counter[bytes] = Counter()
        self.failed: Counter[str] = Counter()
        self.answered = 0
        self._file = path.open("a", encoding="ascii")

    def send(self, item: Item) -> Callable[[Any, Any], None]:
        """送った: gives what to call when the broker has answered."""
        known = mark(item.topic, item.value)
        self.sent[known] += 1

        def answered(error: Any, message: Any) -> None:
            self.answered += 1
            if error is not None:
                self.failed[error.name()] += 1
                return
            self.acknowledged[known] += 1
            self._file.write(f"{item.topic}/{message.partition()}/{message.offset()} {known.hex()}\n")

        return answered

    def close(self) -> None:
        """閉じる。"""
        self._file.close()


class Feed:
    """給送: sends items in their order at a rate, from a thread of its own, until told to send the rest at
    once.

    `rate` is messages a second, `limit` how many may have been sent by now (None: no limit). Nothing
    that was not
    acknowledged counts as accepted: the producer asks again for as long as a broker may be away.
    """

    def __init__(self, bootstrap: str, journal: Journal, items: Sequence[Item], rate: float) -> None:
        self.journal, self.items, self.rate = journal, items, rate
        self.limit: int | None = None
        self.at = 0
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "acks": "all",
                "delivery.timeout.ms": 900_000,
                "message.max.bytes": 16 << 20,
                "linger.ms": 5,
                "log_level": 2,
            }
        )
        self._extra: list[Item] = []
        self._is_hurrying = threading.Event()
        self._is_paused = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """始める。"""
        self._thread.start()

    def add(self, items: Iterable[Item]) -> None:
        """加える: sent next, in their order, whatever the rate; part of the journal."""
        with self._lock:
            self._extra += items

    def follow(self, items: Sequence[Item], rate: float) -> None:
        """続ける: with what comes after, at a pace of its own."""
        with self._lock:
            self._is_hurrying.clear()
            self.items, self.rate = [*self.items, *items], rate

    def pause(self, is_paused: bool = True) -> None:
        """休ませる。"""
        (self._is_paused.set if is_paused else self._is_paused.clear)()

    def finish(self) -> None:
        """終わらせる: the rest at once; returns when the broker has acknowledged all. More may be added after
        it."""
        self._is_hurrying.set()
        self._is_paused.clear()
        if not wait_until(self._is_done, PATIENCE_S):
            left = len(self.items) - self.at + len(self._producer)
            raise BenchError(f"the load: expected to be taken within {PATIENCE_S:.0f} s, {left} left")

    def _is_done(self) -> bool:
        with self._lock:  # what was added is either still there or was sent
            sent, answered = self.journal.sent.total(), self.journal.answered
            return self.at >= len(self.items) and not self._extra and sent == answered

    def stop(self) -> None:
        """やめる: what was not sent stays unsent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(10)

    def _run(self) -> None:
        begun, given = time.monotonic(), 0.0
        while not self._stop.is_set():
            self._producer.poll(0)
            with self._lock:
                for item in self._extra:
                    self._send(item)
                self._extra = []
            now = time.monotonic()
            given, begun = given + (now - begun) * self.rate, now
            if self._is_paused.is_set():
                given = 0.0
            ready = min(self._allowed(given), len(self.items) - self.at)
            for item in self.items[self.at : self.at + ready]:
                self._send(item)
            self.at += ready
            given = max(given - ready, 0.0) if not self._is_hurrying.is_set() else 0.0
            given = min(given, self.rate)
            self._stop.wait(TICK_S)

    def _allowed(self, given: float) -> int:
        if self._is_hurrying.is_set():
            return 2_000
        most = int(given)
        return most if self.limit is None else max(min(most, self.limit - self.at), 0)

    def _send(self, item: Item) -> None:
        answered = self.journal.send(item)
        while True:
            try:
                return self._producer.produce(
                    item.topic, item.value, item.key, item.partition, on_delivery=answered
                )
            except BufferError:
                self._producer.poll(0.5)


def day_items(on: date, partitions: int, jichitai_code: str) -> list[Item]:
    """基準日の一式: one for each partition."""
    return [
        Item(sent.topic, sent.key.encode(), sent.value, sent.partition)
        for sent in commands.kijunbi_messages(on, partitions, jichitai_code)
    ]


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """並べ替えた一式: every order that no sender promises, across accounts and within them."""
    mixed = list(items)
    random.Random(seed).shuffle(mixed)
    return mixed
