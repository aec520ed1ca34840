"""遅れ: events sent one by one at a steady rate, until a read_committed reader sees an output of each."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec

from bench.load import careful, percentile
from bench.peers.jobs import Job, Paced
from bench.support import BenchError, Broker, Sent, reading

SETTLE_S, SILENCE_S = 0.5, 6.0


class Delays(NamedTuple):
    """遅れ: milliseconds of the events that count, and how late the sender itself was."""

    millis: list[float]
    late_p99_ms: float

    def at(self, share: float) -> float:
        """分位: 0.5 is the median."""
        return round(percentile(self.millis, share), 1)


def measure_delays(broker: Broker, job: Job, paced: Sequence[Paced], rate: int, warm: int) -> Delays:
    """遅れを測る: the first `warm` events are not counted. BenchError when the output of one never comes."""
    consumer = Consumer(reading(broker.bootstrap))
    consumer.assign(_ends(broker, job.work.out))
    consumer.poll(SETTLE_S)
    here, there = multiprocessing.Pipe()
    sent = [one.sent for one in paced]
    process = multiprocessing.get_context("spawn").Process(
        target=_send, args=(there, broker.bootstrap, sent, rate), daemon=True
    )
    process.start()
    try:
        seen, times, late = _receive(consumer, here, process, job.id_of, len(paced))
    finally:
        process.join(5)
        process.kill()
        consumer.close()
    missing = sum(one.id not in seen for one in paced)
    if missing:
        raise BenchError(f"latency: no output of {missing:,} of {len(paced):,} events")
    millis = [(seen[one.id] - at) * 1000 for one, at in zip(paced, times, strict=True)]
    return Delays(millis[warm:], round(percentile([lag * 1000 for lag in late[warm:]], 0.99), 2))


def _ends(broker: Broker, topic: str) -> list[TopicPartition]:
    wanted = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(broker.partitions)}
    answers = broker.admin.list_offsets(wanted, request_timeout=30)
    return [TopicPartition(at.topic, at.partition, f.result(30).offset) for at, f in answers.items()]


def _send(pipe: Connection, bootstrap: str, messages: list[Sent], rate: int) -> None:
    """送り手の過程: paced by the clock; gives back when each was sent, and how late that was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    producer = Producer(careful(bootstrap))
    producer.list_topics(timeout=30)
    times, late = [], []
    begun = time.monotonic() + SETTLE_S
    for index, (topic, key, value) in enumerate(messages):
        due = begun + index / rate
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        now = time.monotonic()
        producer.produce(topic, value, key)
        producer.poll(0)
        times.append(now)
        late.append(now - due)
    producer.flush(30)
    pipe.send((times, late))


def _receive(
    consumer: Consumer, pipe: Connection, sender: BaseProcess, id_of: Callable[[Message], bytes], count: int
) -> tuple[dict[bytes, float], list[float], list[float]]:
    """When the first output of each event was seen; until all are, or nothing more comes for a while."""
    seen: dict[bytes, float] = {}
    times: list[float] = []
    late: list[float] = []
    last = time.monotonic()
    while not times or (len(seen) < count and time.monotonic() - last < SILENCE_S):
        first = consumer.poll(0.1)
        if first is not None:
            messages = [first, *consumer.consume(1_000, timeout=0)]
            last = time.monotonic()
            for message in messages:
                if message.error() is None:
                    seen.setdefault(id_of(message), last)
        if not times and pipe.poll():
            times, late = pipe.recv()
        elif not times and not sender.is_alive():
            raise BenchError("the sender ended before it was done")
    return seen, times, late
