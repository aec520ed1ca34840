"""レーン: what waits for a partition is folded together, in one transaction at a time. Without a broker."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from streams.engine.batch import Batch
from streams.engine.lane import Budget, Lane
from streams.engine.store import PARTS
from streams.engine.unit import Table, Unit

TOPICS = ("bills", "receipts")


class Held:
    """An owner whose commits wait until they are let go, and are written down."""

    def __init__(self) -> None:
        self.stage, self.partition, self.closed = "test", 0, False
        self.positions = dict.fromkeys(TOPICS, 0)
        self.cache: dict[bytes, Any] = {}
        self.store = SimpleNamespace(get=lambda key: None)
        self.gate, self.works = threading.Semaphore(0), list[Any]()

    def unit(self) -> Unit:
        return Unit(0, self)  # type: ignore[arg-type]

    def commit(self, work: Any) -> None:
        assert self.gate.acquire(timeout=10)
        self.works.append(work)
        self.positions.update(work.ends)


def _batch(topic: str, begin: int, count: int, *, is_followed: bool = False) -> Batch:
    records: Any = [SimpleNamespace(offset=begin + n) for n in range(count)]
    return Batch(topic, 0, begin, begin + count, records, is_followed)


def _fold(unit: Unit, topic: str, records: Any) -> None:
    for record in records:
        unit.send("out", None, f"{topic}/{record.offset}".encode())


class Rig:
    """A lane over a held owner."""

    def __init__(self, most: int = 100, fold: Any = None, budget: Budget | None = None) -> None:
        self.owner, self.sought, self.failures = Held(), list[tuple[str, int]](), list[BaseException]()
        self.threads = ThreadPoolExecutor(2)
        owner: Any = self.owner
        self.lane = Lane(
            owner, fold or _fold, most, self.threads, self._back_to, self.failures.append, budget
        )

    async def _back_to(self, topic: str, partition: int, position: int) -> None:
        self.sought.append((topic, position))

    async def settle(self) -> None:
        self.owner.gate.release(100)
        while self.lane.is_busy:
            await asyncio.sleep(0.005)

    def sent(self) -> list[list[str]]:
        return [[output.value.decode() for output in work.outputs] for work in self.owner.works]


ROW: Table[bytes] = Table("row", b"r", bytes, bytes)


def test_no_lane_folds_while_others_hold_more_rows_than_a_stage_may() -> None:
    folded: list[str] = []

    def fold(unit: Unit, topic: str, records: Any) -> None:
        folded.append(topic)
        for record in records:
            unit.put(ROW, b"%d" % record.offset, b"x")

    async def run() -> tuple[list[str], Rig, Rig]:
        budget = Budget(most=3)
        large, other = Rig(fold=fold, budget=budget), Rig(fold=fold, budget=budget)
        await large.lane.offer(_batch("bills", 0, 5))
        await asyncio.sleep(0.02)  # its commit is in flight, with five rows
        await other.lane.offer(_batch("receipts", 0, 1))
        await asyncio.sleep(0.05)
        meanwhile = list(folded)
        await large.settle()
        await other.settle()
        return meanwhile, large, other

    meanwhile, large, other = asyncio.run(run())
    assert meanwhile == ["bills"]
    assert (len(large.owner.works), len(other.owner.works)) == (1, 1)
    assert large.failures == other.failures == [] and large.lane.budget.rows == 0


def test_a_fold_that_leaves_a_record_is_given_it_again_before_anything_else() -> None:
    """Three transactions over one record; the position of its topic stays, another place counts them."""
    parts: list[int] = []

    def fold(unit: Unit, topic: str, records: Any) -> None:
        for record in records:
            unit.send("out", None, f"{topic}/{record.offset}".encode())
            if topic == "bills" and record.offset == 2:
                parts.append(record.offset)
                if len(parts) < 3:
                    return unit.leave(record.offset)

    async def run() -> Rig:
        rig = Rig(fold=fold)
        await rig.lane.offer(_batch("bills", 0, 4, is_followed=True))
        await rig.lane.offer(_batch("receipts", 0, 1))
        await rig.settle()
        return rig

    rig = asyncio.run(run())
    assert rig.sent() == [
        ["bills/0", "bills/1", "bills/2"],
        ["bills/2"],
        ["bills/2", "bills/3", "receipts/0"],
    ]
    assert [work.ends for work in rig.owner.works] == [
        {"bills": 2, PARTS: 1},
        {"bills": 2, PARTS: 2},
        {"bills": 4, "receipts": 1},
    ]
    assert rig.lane.events == 5 and not rig.failures


def test_rows_of_a_commit_that_failed_are_given_back() -> None:
    async def run() -> Rig:
        rig = Rig(fold=lambda unit, topic, records: unit.put(ROW, b"1", b"x"))
        rig.owner.commit = None  # type: ignore[assignment,method-assign]
        await rig.lane.offer(_batch("bills", 0, 1))
        await rig.settle()
        return rig

    rig = asyncio.run(run())
    assert len(rig.failures) == 1 and rig.lane.budget.rows == 0


def test_what_comes_during_a_commit_is_one_transaction_with_a_position_per_topic() -> None:
    async def run() -> Rig:
        rig = Rig()
        await rig.lane.offer(_batch("bills", 0, 1))
        await asyncio.sleep(0.02)  # its commit is in flight
        for batch in (_batch("receipts", 0, 2), _batch("bills", 1, 1), _batch("receipts", 2, 1)):
            await rig.lane.offer(batch)
        await rig.settle()
        return rig

    rig = asyncio.run(run())
    assert rig.sent() == [["bills/0"], ["receipts/0", "receipts/1", "bills/1", "receipts/2"]]
    assert rig.owner.works[1].ends == {"bills": 2, "receipts": 3}
    assert (rig.lane.events, rig.failures, rig.sought) == (5, [], [])


def test_what_was_fetched_together_is_one_transaction_even_when_the_lane_was_idle() -> None:
    async def run() -> Rig:
        rig = Rig()
        await rig.lane.offer(_batch("bills", 0, 1, is_followed=True))
        await asyncio.sleep(0)  # on its way through Faust
        await rig.lane.offer(_batch("receipts", 0, 1))
        await rig.settle()
        return rig

    assert asyncio.run(run()).sent() == [["bills/0", "receipts/0"]]


def test_a_batch_that_never_follows_keeps_nothing_waiting() -> None:
    async def run() -> Rig:
        rig = Rig()
        await rig.lane.offer(_batch("bills", 0, 1, is_followed=True))
        await rig.settle()
        return rig

    assert asyncio.run(run()).sent() == [["bills/0"]]


def test_a_gap_goes_back_and_a_repetition_is_left_out() -> None:
    async def run() -> Rig:
        rig = Rig()
        for batch in (_batch("bills", 0, 2), _batch("bills", 3, 1), _batch("bills", 1, 2)):
            await rig.lane.offer(batch)
        await rig.settle()
        await rig.lane.offer(_batch("bills", 0, 3))
        await rig.settle()
        return rig

    rig = asyncio.run(run())
    assert rig.sent() == [["bills/0", "bills/1", "bills/2"]]
    assert rig.sought == [("bills", 2)]


def test_no_more_waits_than_two_transactions_hold() -> None:
    async def run() -> int:
        rig, taken = Rig(most=10), 0

        async def offer() -> None:
            nonlocal taken
            for number in range(10):
                await rig.lane.offer(_batch("bills", number * 10, 10))
                taken += 1

        offering = asyncio.create_task(offer())
        await asyncio.sleep(0.1)
        waiting = taken
        await rig.settle()
        await offering
        await rig.settle()
        assert [len(work.outputs) for work in rig.owner.works] == [10] * 10
        return waiting

    assert asyncio.run(run()) == 3, "one in flight, two transactions' worth behind it"


@pytest.mark.parametrize(("is_closed", "told"), [(False, 1), (True, 0)])
def test_a_failure_is_told_unless_the_partition_was_given_up(is_closed: bool, told: int) -> None:
    async def run() -> Rig:
        rig = Rig()

        def fail(work: Any) -> None:
            rig.owner.closed = is_closed
            raise RuntimeError("fenced")

        rig.owner.commit = fail  # type: ignore[method-assign]
        await rig.lane.offer(_batch("bills", 0, 1))
        await rig.settle()
        return rig

    assert len(asyncio.run(run()).failures) == told
