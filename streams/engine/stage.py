"""段: one stage as a Faust app with one agent, over the engine.

The agent hands each batch to the lane of its partition and never lets an exception out: a transient
failure is retried in the owner, a bad record becomes a letter in the fold, an owner that was fenced writes
nothing more and the group is asked whose its partition is, and anything else stops the process before
anything is acknowledged. While one partition's commit runs in a thread, another partition is
folded; a partition has at most one commit in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import traceback
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import faust
import structlog
from aiokafka.errors import KafkaConnectionError
from faust.tables import TableManager
from faust.types import TP

from streams.engine.batch import Batch
from streams.engine.lane import Budget, Fold, Lane
from streams.engine.owner import EngineSettings, Fenced, NoBroker, Owner
from streams.engine.transport import BatchConsumer, BatchSchema, BatchTransport, topic_partitions
from streams.logs import shown

EXIT_STOPPED = 70
STALL_SECONDS = 5.0
FAUST_ENDS_SECONDS = 5.0
FENCED_MOST, FENCED_WITHIN_SECONDS = 5, 60.0
"""A partition fenced more often than that in so long: whoever insists does not ask the group; a person must
look."""
Behind = dict[TP, tuple[int, int, float]]
"""Where a position stood behind what was fetched: both, and since when."""
log = structlog.get_logger("shuunou.engine")


class Stage(NamedTuple):
    """段の定義: its name, the topics that feed it (one key, one partition count), its changelog and its fold.

    `gather_ms`: while events come, so long for each partition held a question to the broker gathers what
    comes. A transaction costs broker and worker several milliseconds of their processors however few events
    it holds, and each partition has its own: too many of them, and events wait for processors instead.
    """

    name: str
    sources: tuple[str, ...]
    changelog: str
    fold: Fold
    gather_ms: int = 0


class WorkerSettings(NamedTuple):
    """働き手の設定: what the consumer side needs beyond the engine's."""

    engine: EngineSettings
    instance_id: str | None = None
    session_timeout_s: float = 10.0
    batch_records: int = 5_000
    waiting_batches: int = 4
    faust_data_dir: Path = Path(".hub/faust")


def stop_process(stage: str, error: BaseException) -> None:
    """止まる: better to stop than to be wrong. Says where, never what the data held."""
    frames = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-6:]]
    at = " < ".join(reversed(frames))
    log.critical("stopped", stage=stage, error=type(error).__name__, detail=shown(error), at=at)
    os._exit(EXIT_STOPPED)


class NoTables(TableManager):
    """表の管理: there are none (rows live in our own store), so nobody waits a second for late ones."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class HubApp(faust.App):
    """Faust のアプリ: with the transport that delivers batches."""

    gather_ms = 0

    def _new_transport(self) -> Any:
        return BatchTransport(self.conf.broker_consumer, self)


class StageWorker:
    """段の働き手: owns the partitions that the group gives it, and runs the stage's agent over them."""

    def __init__(self, stage: Stage, settings: WorkerSettings) -> None:
        self.stage, self.settings = stage, settings
        self.lanes: dict[int, Lane] = {}
        self._taking: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[None]] = set()
        self._budget = Budget()
        self._fenced_at: dict[int, deque[float]] = {}
        self._threads = ThreadPoolExecutor(16, thread_name_prefix=f"{stage.name}-commit")
        self.app = self._new_app()
        self._connect()

    def _new_app(self) -> HubApp:
        engine, settings = self.settings.engine, self.settings
        app = HubApp(
            f"{engine.application}-{self.stage.name}",
            broker=f"kafka://{engine.bootstrap}",
            datadir=str(settings.faust_data_dir / self.stage.name),
            consumer_group_instance_id=settings.instance_id,
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.session_timeout_s / 4,
            broker_request_timeout=90.0,
            broker_rebalance_timeout=60.0,
            broker_max_poll_interval=1000.0,
            broker_max_poll_records=settings.batch_records,
            consumer_max_fetch_size=4 << 20,
            broker_commit_interval=1.0,
            stream_buffer_maxsize=settings.waiting_batches,
            stream_wait_empty=False,
            stream_recovery_delay=0.0,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            autodiscover=False,
            TableManager=NoTables,
        )
        app.gather_ms = self.stage.gather_ms
        return app

    def _connect(self) -> None:
        app, stage = self.app, self.stage
        consumer = cast(BatchConsumer, app.consumer)
        consumer.on_seek = self._take_partitions
        consumer.shown_positions = self._positions
        consumer.shown_notes = self._changelogs
        app.on_partitions_revoked.connect(cast(Any, self._give_up), weak=False)
        topic = app.topic(*stage.sources, schema=BatchSchema(), acks=True)

        async def agent(batches: Any) -> None:
            async for batch in batches:
                await self._offer(batch)

        app.agent(topic, name=f"{stage.name}.{stage.name}", concurrency=1)(agent)

    # -- ownership -------------------------------------------------------------------------------------

    async def _take_partitions(self, assigned: Iterable[TP]) -> None:
        numbers = sorted({tp.partition for tp in assigned if tp.topic in self.stage.sources})
        if not numbers:
            return
        earliest = asyncio.create_task(self._earliest(numbers))
        for number in numbers:
            task = asyncio.create_task(self._take(number, earliest))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _earliest(self, numbers: Iterable[int]) -> dict[TP, int]:
        """Asked once, while nothing is read yet: a broker answers nothing on a connection on which a fetch
        waits for records, so that each partition that was resumed held up the next by half a second."""
        places = [place for number in numbers for place in topic_partitions(self.stage.sources, number)]
        return dict(await cast(BatchConsumer, self.app.consumer).earliest_offsets(*places))

    async def _take(self, number: int, earliest: asyncio.Task[dict[TP, int]]) -> None:
        owner = Owner(self.settings.engine, self.stage.name, self.stage.changelog, number)
        lane = self.lanes[number] = Lane(
            owner,
            self.stage.fold,
            self.settings.batch_records,
            self._threads,
            self._back_to,
            partial(self._failed, number),
            self._budget,
        )
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, owner.take)
            if self.lanes.get(number) is lane:
                await self._resume(owner, await asyncio.shield(earliest))
        except Exception as error:  # noqa: BLE001 -- whatever it is, another process must take the partition
            if self.lanes.get(number) is lane:
                self._failed(number, error)

    def _failed(self, number: int, error: BaseException) -> None:
        """A partition can go no further: fenced, its owner asks the group whose it is; else all stops."""
        if not isinstance(error, Fenced) or self._is_fenced_too_often(number):
            stop_process(self.stage.name, error)
        log.warning("fenced", stage=self.stage.name, partition=number, error="Fenced", detail=str(error))
        lane = self.lanes.pop(number)
        lane.owner.give_up()  # whoever waits for room in it is let go
        task = asyncio.create_task(self._ask_group(lane.owner))
        self._asking.add(task)  # not among those that a rebalance ends: its store must be closed in any case
        task.add_done_callback(self._asking.discard)

    def _is_fenced_too_often(self, number: int) -> bool:
        now = asyncio.get_running_loop().time()
        seen = self._fenced_at.setdefault(number, deque(maxlen=FENCED_MOST))
        is_full = len(seen) == FENCED_MOST and now - seen[0] < FENCED_WITHIN_SECONDS
        seen.append(now)
        return is_full

    async def _ask_group(self, owner: Owner) -> None:
        """The broker fences an owner whose transaction outlived its time limit as it does one that another
        has followed; only the group knows which. It is joined again, and every partition that it gives is
        taken anew: from what was committed, by producers that fence whoever else there is."""
        await asyncio.get_running_loop().run_in_executor(None, owner.close)
        await cast(BatchConsumer, self.app.consumer).join_again()

    async def _resume(self, owner: Owner, earliest: Mapping[TP, int]) -> None:
        """Read on where the position stands; a topic that was never read begins at its first record."""
        consumer = cast(BatchConsumer, self.app.consumer)
        places = topic_partitions(self.stage.sources, owner.partition)
        owner.check_changelog((await consumer.notes(places)).values())
        positions = {}
        for tp in places:
            position = owner.position(tp.topic)
            if position is not None and position < earliest[tp]:
                raise RuntimeError(
                    f"{tp.topic}-{tp.partition}: records before {earliest[tp]} are gone unread"
                )
            positions[tp] = earliest[tp] if position is None else position
            owner.positions.setdefault(tp.topic, positions[tp])
        await consumer.seek_to(positions)
        consumer.resume_partitions(set(places))

    async def _give_up(self, app: Any, revoked: Iterable[TP], **options: Any) -> None:
        """Called while the group rebalances, before anybody else can take over."""
        for task in list(self._taking):
            task.cancel()
        lanes, self.lanes = list(self.lanes.values()), {}
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(None, lane.owner.close) for lane in lanes))

    # -- work ------------------------------------------------------------------------------------------

    async def _offer(self, batch: Batch) -> None:
        lane = self.lanes.get(batch.partition)
        if lane is not None:  # else given up since it was fetched; whoever has it now reads it again
            await lane.offer(batch)

    async def _back_to(self, topic: str, partition: int, position: int) -> None:
        await cast(BatchConsumer, self.app.consumer).seek_to({TP(topic, partition): position})

    @property
    def events(self) -> int:
        """処理した件数: of the partitions held now."""
        return sum(lane.events for lane in self.lanes.values())

    def _positions(self) -> dict[TP, int]:
        shown = {}
        for owner in [lane.owner for lane in self.lanes.values()]:
            shown.update({TP(topic, owner.partition): at for topic, at in owner.positions.items()})
        return shown

    def _changelogs(self) -> dict[int, str]:
        """Of each partition held: which changelog its position stands in."""
        owners = [lane.owner for lane in self.lanes.values()]
        return {owner.partition: owner.changelog_id for owner in owners}

    # -- life ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """始める: raises NoBroker when nobody answers; waits as long as one does who says nothing."""
        (self.settings.faust_data_dir / self.stage.name).mkdir(parents=True, exist_ok=True)
        # before: Faust starts for ever where the group does not let it in
        self._watch = asyncio.create_task(self._watch_over())
        self._watch.add_done_callback(self._unwatched)
        self._starting = asyncio.create_task(self.app.start())
        try:
            await self._starting
        except KafkaConnectionError:
            raise NoBroker(self.settings.engine.bootstrap) from None

    def _unwatched(self, watch: asyncio.Task[None]) -> None:
        """It saw what must stop the process, or failed; unwatched, a stage could stand still unseen."""
        if not watch.cancelled() and (error := watch.exception()) is not None:
            stop_process(self.stage.name, error)

    async def stop(self) -> None:
        """終える: commits in flight are finished; then the partitions are given up.

        Faust has a few seconds for the rest: where the broker says nothing, its threads go on for minutes.
        """
        self._watch.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._give_up(self.app, ())
        self._threads.shutdown(wait=True)
        if self._starting.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.app.stop(), FAUST_ENDS_SECONDS)
        else:  # Faust cannot be stopped in order before it has started
            self._starting.cancel()

    @property
    def is_ready(self) -> bool:
        """用意ができた: it has partitions and each is restored."""
        return bool(self.lanes) and not self._taking and not self._asking

    async def _watch_over(self) -> None:
        """Looks for what nobody else would see, even before all has started; raises what must stop all."""
        consumer = cast(BatchConsumer, self.app.consumer)
        behind: Behind = {}
        while True:
            await asyncio.sleep(STALL_SECONDS / 4)
            if self.app.crashed:  # Faust cannot stop it in order; nothing was acknowledged, nothing is lost
                raise self.app.crash_reason or RuntimeError("Faust crashed")
            await consumer.check_group()
            stalled = self._stalled(consumer, behind)
            for tp in stalled:
                log.warning("stalled", stage=self.stage.name, topic=tp.topic, partition=tp.partition)
            if stalled:
                await consumer.seek_to(stalled)

    def _stalled(self, consumer: BatchConsumer, behind: Behind) -> dict[TP, int]:
        """A batch that Faust dropped is noticed by the next one; where none comes, it is noticed here."""
        now, found = asyncio.get_running_loop().time(), {}
        for tp, position in self._positions().items():
            fetched = consumer.fetched_to(tp, position)
            if fetched <= position or self._is_busy(tp.partition):
                behind.pop(tp, None)
                continue
            seen = behind.get(tp)
            if seen is None or seen[:2] != (position, fetched):
                behind[tp] = (position, fetched, now)
            elif now - seen[2] > STALL_SECONDS:
                del behind[tp]
                found[tp] = position
        return found

    def _is_busy(self, partition: int) -> bool:
        lane = self.lanes.get(partition)
        return lane is not None and lane.is_busy
