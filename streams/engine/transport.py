"""受け渡し: Faust's consumer, reading batches with their ranges instead of single messages.

Every seek and every fetch goes through the consumer's own thread, which remembers per partition where the
next batch must begin; that makes `[begin, end)` meet whatever control records lie between. Faust's
bookkeeping of single acknowledgements is not used: the committed offset is written for people who watch
lag, no position is ever taken from it. Beside it stands which changelog it was reached with, so that a stage
whose changelog was lost is not taken for one that has never read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast

import aiokafka
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.serializers.schemas import Schema
from faust.transport.drivers.aiokafka import (
    AIOKafkaConsumerThread,
    Consumer,
    Transport,
    credentials_to_aiokafka_auth,
    server_list,
)
from faust.types import TP, ConsumerMessage, Message

from streams.engine.batch import Batch

IDLE_WAIT_MS, GATHER_MOST_MS, GATHER_BYTES = 500, 200, 1 << 20
"""How long a question to the broker may wait for a first event; and, where a stage gathers, how long at most
and for how many bytes while events come (`Stage.gather_ms`). What was fetched is worked on at once."""
FETCH_SECONDS = 0.5
Positions = Mapping[TP, int]


class LeftGroup(Exception):
    """群れを離れた: the group takes this consumer for a member no longer, and it does not ask again."""


class BatchSchema(Schema):
    """様式: leaves a batch as it is; decoding is the fold's, where bad input becomes a letter."""

    def loads_key(self, app: Any, message: Message, **options: Any) -> Any:
        return None

    def loads_value(self, app: Any, message: Message, **options: Any) -> Any:
        return message.value


class BatchThread(AIOKafkaConsumerThread):
    """受け手の糸: aiokafka's consumer in a thread of its own; knows where each partition's next batch begins."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._next: dict[TP, int] = {}

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        auth = credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context)
        self._assignor = RangePartitionAssignor  # equal counts, so equal ranges: partitions stay together
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=IDLE_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            isolation_level="read_committed",
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            connections_max_idle_ms=conf.consumer_connections_max_idle_ms,
            check_crcs=conf.broker_check_crcs,
            **auth,
        )

    async def seek_to(self, positions: Positions) -> None:
        """移る: the next batch of each of these partitions begins there."""
        await self.call_thread(self._seek_to, positions)

    async def _seek_to(self, positions: Positions) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in positions.items():
            if tp in consumer.assignment():
                consumer.seek(tp, offset)
                self._next[tp] = offset

    async def fetch(self, active: set[TP], limit: int, timeout: float) -> list[Batch]:
        """取る: what is there of these partitions, a batch each."""
        batches = await self.call_thread(self._fetch, active, limit, timeout)
        return cast(list[Batch], batches)

    async def _fetch(self, active: set[TP], limit: int, timeout: float) -> list[Batch]:
        consumer = self._ensure_consumer()
        try:
            found = await self._fetch_records(consumer, active, timeout=timeout, max_records=limit)
        except KafkaError as error:
            raise self._left(error) from error
        self._gather_next(consumer, len({tp.partition for tp in active}) if found else 0)
        batches: list[Batch] = []
        for tp, records in sorted(found.items(), key=_by_partition):
            place = TP(tp.topic, tp.partition)
            begin, end = self._next.get(place), self._position(consumer, tp)
            if begin is None or end is None:
                continue  # fetched before its position was set: it will be fetched again from there
            self._next[place] = end
            if batches and batches[-1].partition == tp.partition:
                batches[-1] = batches[-1]._replace(is_followed=True)
            batches.append(Batch(tp.topic, tp.partition, begin, end, records))
        return batches

    def _gather_next(self, consumer: aiokafka.AIOKafkaConsumer, partitions: int) -> None:
        """Whether the next question waits for more than a first event: longer for more partitions, 0 not."""
        gather_ms = min(cast(Any, self.app).gather_ms * partitions, GATHER_MOST_MS)
        fetcher = consumer._fetcher
        fetcher._fetch_max_wait_ms = gather_ms or IDLE_WAIT_MS
        fetcher._fetch_min_bytes = GATHER_BYTES if gather_ms else 1

    @staticmethod
    def _position(consumer: aiokafka.AIOKafkaConsumer, tp: Any) -> int | None:
        subscription = consumer._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return None
        state = subscription.assignment.state_value(tp)
        return None if state is None else cast(int, state.position)

    async def join_again(self) -> None:
        """入り直す: the group says anew which partitions are whose, as after any rebalance."""
        await self.call_thread(self._join_again)

    async def _join_again(self) -> None:
        self._ensure_consumer()._coordinator.request_rejoin()

    async def check_group(self) -> None:
        """群れにいるか: raises LeftGroup.

        aiokafka tells whoever waits for records that it cannot go on with the group; between two assignments
        nobody does, and the consumer would stand still for ever. A second process of the same instance id is
        such a case: the broker's word for it (FENCED_INSTANCE_ID) is unknown to aiokafka.
        """
        await self.call_thread(self._check_group)

    async def _check_group(self) -> None:
        if self._consumer is None:  # not started yet
            return
        try:
            self._consumer._coordinator.check_errors()
        except KafkaError as error:
            raise self._left(error) from error

    def _left(self, error: KafkaError) -> LeftGroup:
        name = self.app.conf.consumer_group_instance_id
        guess = f"; does another process run as {name}?" if name else ""
        return LeftGroup(f"group {self.app.conf.id}: {error}{guess}")

    async def forget(self) -> None:
        """忘れる: after a rebalance every position is set anew."""
        await self.call_thread(self._forget)

    async def _forget(self) -> None:
        self._next.clear()

    async def notes(self, places: Iterable[TP]) -> dict[TP, str]:
        """添え書き: what stands beside the offset that was shown last of each of these, "" where none does."""
        noted = await self.call_thread(self._notes, list(places))
        return cast(dict[TP, str], noted)

    async def _notes(self, places: list[TP]) -> dict[TP, str]:
        wanted = [aiokafka.TopicPartition(*tp) for tp in places]
        found = await self._ensure_consumer()._coordinator.fetch_committed_offsets(wanted)
        return {TP(*tp): shown.metadata or "" for tp, shown in found.items()}

    async def show_positions(self, positions: Positions, notes: Mapping[int, str]) -> None:
        """見せる: write offsets for people who watch lag; failure changes nothing and is tried again later."""
        await self.call_thread(self._show_positions, positions, notes)

    async def _show_positions(self, positions: Positions, notes: Mapping[int, str]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        shown: dict[Any, OffsetAndMetadata] = {}
        for tp, offset in positions.items():
            if tp not in assigned:
                continue
            if self._next.get(tp) == offset:  # nothing outstanding: control records at the end count as read
                offset = max(offset, self._position(consumer, tp) or 0)
            shown[aiokafka.TopicPartition(*tp)] = OffsetAndMetadata(offset, notes.get(tp.partition, ""))
        if shown:
            try:
                await consumer.commit(shown)
            except KafkaError as error:
                self.log.info("Positions not shown: %s", type(error).__name__)


class BatchConsumer(Consumer):
    """受け手: asks the stage where to begin, delivers batches, and shows positions."""

    on_seek: Callable[[set[TP]], Awaitable[None]]
    shown_positions: Callable[[], Positions]
    shown_notes: Callable[[], Mapping[int, str]]
    _thread: BatchThread

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """A rebalance is over, says Faust: the stage takes its partitions and resumes each when ready."""
        assigned = self.assignment()
        self.pause_partitions(assigned)
        await self._thread.forget()
        await self.on_seek(assigned)

    async def seek_to(self, positions: Positions) -> None:
        """移る。"""
        await self._thread.seek_to(positions)

    async def notes(self, places: Iterable[TP]) -> dict[TP, str]:
        """添え書き。"""
        return await self._thread.notes(places)

    async def join_again(self) -> None:
        """入り直す。"""
        await self._thread.join_again()

    async def check_group(self) -> None:
        """群れにいるか。"""
        await self._thread.check_group()

    def fetched_to(self, tp: TP, otherwise: int) -> int:
        """どこまで取ったか: where the next batch of a partition will begin."""
        return self._thread._next.get(tp, otherwise)

    async def _drain_messages(self, fetcher: Any) -> None:
        def stopping() -> bool:
            return bool(self.should_stop or fetcher.should_stop)

        limit = self.app.conf.broker_max_poll_records
        while not stopping():
            if not self.flow_active:
                await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
                continue
            for batch in await self._thread.fetch(self._get_active_partitions(), limit, FETCH_SECONDS):
                if stopping() or not self.flow_active:
                    break
                await self.wait_first(self.callback(self._message(batch)), self.suspend_flow.wait())

    def _message(self, batch: Batch) -> Message:
        return ConsumerMessage(
            batch.topic,
            batch.partition,
            batch.begin,
            0.0,
            0,
            [],
            None,
            batch,  # type: ignore[arg-type]
            None,
            0,
            0,
            TP(batch.topic, batch.partition),
            generation_id=self.app.consumer_generation_id,
        )

    def ack(self, message: Message) -> bool:
        """Nothing is decided from acknowledgements; the message is only let go."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Called by Faust's timer: show positions to people who watch lag."""
        positions = self.shown_positions()
        if positions:
            await self._thread.show_positions(positions, self.shown_notes())
        return True

    async def wait_empty(self) -> None:
        """The stage itself waits for its commits when it gives partitions up."""

    async def on_stop(self) -> None:
        cast(Any, self.transport)._topic_waiters.clear()

    async def verify_all_partitions_active(self) -> None:
        """Faust's livelock warnings count acknowledgements: there are none. Lag is watched from outside."""


class BatchTransport(Transport):
    """運び手: Faust's Kafka transport with the consumer above."""

    Consumer = BatchConsumer


def topic_partitions(topics: Iterable[str], partition: int) -> list[TP]:
    """同じ番号の区画: the partitions of several topics that one owner holds together."""
    return [TP(topic, partition) for topic in topics]


def _by_partition(found: tuple[Any, Any]) -> tuple[int, str]:
    return found[0].partition, found[0].topic
