"""Batches and their ranges: control records, dropped and doubled batches. In-process, on the real broker."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from streams.engine.batch import Batch
from streams.engine.stage import StageWorker
from streams.engine.transport import GATHER_MOST_MS
from tests.engine.conftest import PARTITIONS, Bench
from tests.engine_counting import worker_of


async def _until_done(worker: StageWorker, events: int) -> None:
    await worker.start()
    for _ in range(600):
        if worker.events >= events:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)  # positions are shown once a second
    await worker.stop()


def _seen(worker: StageWorker) -> list[Batch]:
    """Every batch that reaches the agent, in order."""
    seen: list[Batch] = []
    offer = worker._offer

    async def watched(batch: Batch) -> None:
        seen.append(batch)
        await offer(batch)

    worker._offer = watched  # type: ignore[method-assign]
    return seen


def test_ranges_meet_across_control_records_and_aborted_transactions(bench: Bench) -> None:
    bench.produce(600, per_transaction=7)
    bench.produce(50, per_transaction=10, aborted=True)
    bench.produce(600, per_transaction=13)

    async def run() -> list[Batch]:
        worker = worker_of(bench.given(batch_records=100))
        seen = _seen(worker)
        await _until_done(worker, 1200)
        return seen

    by_partition: dict[int, list[Batch]] = defaultdict(list)
    for batch in asyncio.run(run()):
        by_partition[batch.partition].append(batch)
    assert len(by_partition) == 3
    for batches in by_partition.values():
        ends = [0, *(batch.end for batch in batches)]
        assert [batch.begin for batch in batches] == ends[:-1], (
            "each batch begins where the one before ended"
        )
        records = sum(len(batch.records) for batch in batches)
        assert batches[-1].end > records, "control records take places of their own"
        assert all(b.begin <= r.offset < b.end for b in batches for r in b.records)
    bench.assert_exact()


def test_a_dropped_batch_is_read_again_and_a_doubled_one_left_out(bench: Bench) -> None:
    bench.produce(3000)
    dropped: list[int] = []
    doubled: list[int] = []

    async def run() -> None:
        worker = worker_of(bench.given(batch_records=100))
        consumer: Any = worker.app.consumer
        deliver = consumer.callback
        count = 0

        async def tampered(message: Any) -> None:
            nonlocal count
            count += 1
            if count in (3, 8, 9):
                dropped.append(len(message.value.records))
                return
            await deliver(message)
            if count in (5, 12):
                doubled.append(len(message.value.records))
                await deliver(consumer._message(message.value))

        consumer.callback = tampered
        await _until_done(worker, 3000)

    asyncio.run(run())
    assert sum(dropped) > 0
    assert sum(doubled) > 0
    bench.assert_exact()


def test_the_last_batch_dropped_is_noticed_without_a_following_one(bench: Bench) -> None:
    bench.produce(90)

    async def run() -> None:
        worker = worker_of(bench.given(batch_records=1000))
        consumer: Any = worker.app.consumer
        deliver, dropped = consumer.callback, set()

        async def tampered(message: Any) -> None:
            if message.partition not in dropped:
                dropped.add(message.partition)
                return
            await deliver(message)

        consumer.callback = tampered
        await _until_done(worker, 90)

    asyncio.run(run())
    bench.assert_exact()


def test_at_rest_the_shown_offset_is_the_end(bench: Bench) -> None:
    from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
    from confluent_kafka.admin import AdminClient, OffsetSpec

    bench.produce(300, per_transaction=10)

    async def run() -> None:
        await _until_done(worker_of(bench.given()), 300)

    asyncio.run(run())
    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    group = f"{bench.name}-count"
    shown = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result()
    places = [TopicPartition(bench.sources[0], p) for p in range(3)]
    latest = admin.list_offsets({place: OffsetSpec.latest() for place in places})
    ends = {p.partition: f.result().offset for p, f in latest.items()}
    assert {p.partition: p.offset for p in shown.topic_partitions} == ends


def test_while_events_come_those_of_a_moment_are_fetched_together(bench: Bench) -> None:
    """Else a stage commits each few events by themselves, and its transactions take all processors."""
    window_s, events = GATHER_MOST_MS / 1000, 150

    def dribble() -> float:
        begun = time.monotonic()
        for _ in range(events):
            bench.produce(1)
            time.sleep(0.01)
        return time.monotonic() - begun

    async def run() -> tuple[int, float]:
        worker = worker_of(bench.given())
        worker.app.gather_ms = GATHER_MOST_MS  # type: ignore[attr-defined]
        seen = _seen(worker)
        sending = asyncio.create_task(asyncio.to_thread(dribble))
        await _until_done(worker, events)
        return len(seen), await sending

    batches, seconds = asyncio.run(run())
    assert batches <= PARTITIONS * (seconds / window_s + 2)
    bench.assert_exact()
