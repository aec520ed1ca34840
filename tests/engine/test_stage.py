"""The owner of a stage's partitions, without a broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.engine import stage
from streams.engine.owner import EngineSettings, Fenced
from streams.engine.stage import StageWorker, WorkerSettings
from streams.engine.transport import LeftGroup
from tests.engine_counting import stage_of


@pytest.fixture
def worker(tmp_path: Path) -> StageWorker:
    engine = EngineSettings("test", "127.0.0.1:1", tmp_path / "state")
    settings = WorkerSettings(engine, faust_data_dir=tmp_path / "faust")
    return StageWorker(stage_of("test", ["source"]), settings)


def _held(worker: StageWorker, partition: int) -> list[str]:
    """A partition of the worker's; what happens to its owner is written down."""
    said: list[str] = []
    owner: Any = SimpleNamespace(give_up=lambda: said.append("gave up"), close=lambda: said.append("closed"))
    lane: Any = SimpleNamespace(owner=owner)
    worker.lanes[partition] = lane
    return said


def test_a_fenced_owner_lets_go_of_its_store_though_a_rebalance_comes_at_once(
    worker: StageWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever takes the partition next in this process waits for the store until it gives up."""
    joined: list[int] = []

    async def join_again() -> None:
        joined.append(1)

    async def fenced_and_revoked() -> None:
        worker._failed(0, Fenced("test"))
        await worker._give_up(worker.app, ())
        while worker._asking:
            await asyncio.sleep(0.01)

    monkeypatch.setattr(worker.app.consumer, "join_again", join_again)
    first, other = _held(worker, 0), _held(worker, 1)
    asyncio.run(asyncio.wait_for(fenced_and_revoked(), 10))
    assert (first, other, joined) == (["gave up", "closed"], ["closed"], [1])


def _ended(worker: StageWorker, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the process ends of, told by the watch of a worker that Faust lets start for ever."""
    told: list[str] = []

    def stop_process(name: str, error: BaseException) -> None:
        told.append(f"{name}: {type(error).__name__}: {error}")

    async def until_told() -> None:
        starting = asyncio.create_task(worker.start())
        while not told:
            await asyncio.sleep(0.01)
        starting.cancel()

    monkeypatch.setattr(stage, "stop_process", stop_process)
    monkeypatch.setattr(stage, "STALL_SECONDS", 0.04)
    monkeypatch.setattr(worker.app, "start", asyncio.Event().wait)
    asyncio.run(asyncio.wait_for(until_told(), 10))
    return told[0]


def test_a_consumer_that_left_its_group_stops_the_process(
    worker: StageWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no partition any more, so nobody waits for records of it and learns what became of it."""
    asked: list[int] = []

    async def check_group() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise LeftGroup("test")

    monkeypatch.setattr(worker.app.consumer, "check_group", check_group)
    assert _ended(worker, monkeypatch) == "count: LeftGroup: test"
    assert len(asked) == 3


def test_a_crash_of_faust_stops_the_process(worker: StageWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(worker.app.crash(ValueError("test")))
    assert _ended(worker, monkeypatch) == "count: ValueError: test"


def test_a_watch_that_fails_stops_the_process(worker: StageWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_group() -> None:
        raise KeyError("test")

    monkeypatch.setattr(worker.app.consumer, "check_group", check_group)
    assert _ended(worker, monkeypatch) == "count: KeyError: 'test'"
