"""レーン: the work of one partition. What waits is folded together; one transaction at a time.

Batches of all the source topics of a partition that came while a commit was in flight make one unit of work:
under load transactions grow by themselves instead of queueing, and one partition never waits for another.

A fold that has much to do for one record leaves it (`Unit.leave`): what it did is committed, and it is
given the record again before anything else of the partition. The position of its topic stays until the last
part, so whoever takes the partition meanwhile goes on with it; then another topic may come between, for no
order among topics is promised.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from streams.engine import failpoints, memory
from streams.engine.batch import Batch, Record
from streams.engine.owner import Owner, Work
from streams.engine.store import PARTS
from streams.engine.unit import Unit

GATHER_SECONDS = 0.05
"""How long a lane waits for a batch that was fetched together with those it has: it comes within a
millisecond or two, if Faust does not drop it. Without that the first topic's batch would be a transaction by
itself, and those behind it a second one."""
ROWS_IN_FLIGHT = 100_000
"""While the lanes of a stage hold more changed rows than this together, none folds any more."""
log = structlog.get_logger("shuunou.engine")
Fold = Callable[[Unit, str, Sequence[Record]], None]


class Budget:
    """持ち分: how many changed rows the lanes of one stage hold between them until they are committed."""

    def __init__(self, most: int = ROWS_IN_FLIGHT) -> None:
        self.most, self.rows = most, 0
        self._freed = asyncio.Condition()

    async def room(self) -> None:
        """空きを待つ。"""
        async with self._freed:
            await self._freed.wait_for(lambda: self.rows < self.most)

    def hold(self, rows: int) -> None:
        """使う: whatever a fold has come to; it cannot be known before."""
        self.rows += rows

    async def give_back(self, rows: int) -> None:
        """返す。"""
        async with self._freed:
            self.rows -= rows
            self._freed.notify_all()


class Lane:
    """レーン: made with its owner, and closed with it. `back_to` asks the consumer for a position again."""

    def __init__(
        self,
        owner: Owner,
        fold: Fold,
        most: int,
        threads: ThreadPoolExecutor,
        back_to: Callable[[str, int, int], Awaitable[None]],
        failed: Callable[[BaseException], None],
        budget: Budget | None = None,
    ) -> None:
        self.owner, self.fold, self.most = owner, fold, most
        self.budget = budget or Budget()
        self.events = 0
        self._threads, self._back_to, self._failed = threads, back_to, failed
        self._waiting: deque[Batch] = deque()
        self._records = 0
        self._room, self._whole = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """働いている: gathering, folding or committing."""
        return self._task is not None and not self._task.done()

    async def offer(self, batch: Batch) -> None:
        """渡す: returns at once unless as much waits as two transactions hold."""
        self._waiting.append(batch)
        self._records += len(batch.records)
        if not batch.is_followed:
            self._whole.set()
        if not self.is_busy:
            self._task = asyncio.create_task(self._work())
        while self._records > 2 * self.most and not self.owner.closed:
            self._room.clear()
            await self._room.wait()

    async def _work(self) -> None:
        try:
            while self._waiting and not self.owner.closed:
                await self._gather()
                await self.budget.room()
                await self._transact()
        except Exception as error:  # noqa: BLE001 -- whatever it is, nothing may be acknowledged after it
            if not self.owner.closed:
                self._failed(error)
        finally:
            self._room.set()

    async def _gather(self) -> None:
        if self._waiting[-1].is_followed:
            self._whole.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._whole.wait(), GATHER_SECONDS)

    async def _transact(self) -> None:
        unit, reached, events = self.owner.unit(), dict(self.owner.positions), 0
        while self._waiting and events < self.most and unit.left_at is None:
            batch = self._waiting.popleft()
            self._records -= len(batch.records)
            events += await self._add(unit, reached, batch)
        self._room.set()
        ends = {topic: end for topic, end in reached.items() if end != self.owner.positions.get(topic)}
        if unit.left_at is not None:
            ends |= {batch.topic: unit.left_at, PARTS: self.owner.positions.get(PARTS, 0) + 1}
        if not ends:
            return
        failpoints.hit("after-fold")
        changed = {key: value for key, (_, value) in unit.changed.items()}
        work = Work(unit.outputs, unit.rows(), changed, ends)
        loop = asyncio.get_running_loop()
        self.budget.hold(len(changed))
        try:
            await loop.run_in_executor(self._threads, self.owner.commit, work)
        finally:
            await self.budget.give_back(len(changed))
        self.events += events
        if unit.left_at is not None:  # a part of much work, whose memory is not needed for ordinary events
            del unit, work, changed
            await loop.run_in_executor(self._threads, memory.give_back)

    async def _add(self, unit: Unit, reached: dict[str, int], batch: Batch) -> int:
        """Fold one batch if it begins where the last one ended; how many events that were."""
        position = reached.get(batch.topic)
        if position is None or batch.end <= position:
            return 0  # not taken yet, or applied already
        if batch.begin > position:
            log.warning("gap", stage=self.owner.stage, topic=batch.topic, partition=batch.partition)
            await self._back_to(batch.topic, batch.partition, position)
            return 0
        failpoints.hit("before-read")
        records = batch.since(position)
        self.fold(unit, batch.topic, records)
        if unit.left_at is None:
            reached[batch.topic] = batch.end
            return len(records)
        reached[batch.topic] = unit.left_at
        return len(records) - self._put_back(batch, unit.left_at)

    def _put_back(self, batch: Batch, left_at: int) -> int:
        """What is left of a batch whose fold goes on in the next transaction; how many events that is."""
        rest = batch._replace(begin=left_at, records=batch.since(left_at), is_followed=False)
        self._waiting.appendleft(rest)
        self._records += len(rest.records)
        return len(rest.records)
