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


class Ended(Exception):
    """What the end of the process is here."""


@pytest.fixture
def worker(tmp_path: Path) -> StageWorker:
    engine = EngineSettings("test", "127.0.0.1:1", tmp_path / "state")
    settings = WorkerSettings(engine, faust_data_dir=tmp_path / "faust")
    return StageWorker(stage_of("test", ["source"]), settings)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch looks often, and the end of the process is an exception."""

    def stop_process(name: str, error: BaseException) -> None:
        raise Ended(f"{name}: {type(error).__name__}: {error}")

    monkeypatch.setattr(stage, "stop_process", stop_process)
    monkeypatch.setattr(stage, "STALL_SECONDS", 0.04)


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


@pytest.mark.usefixtures("watched")
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
    with pytest.raises(Ended, match="count: LeftGroup: test"):
        asyncio.run(asyncio.wait_for(worker._watch_stalls(), 10))
    assert len(asked) == 3


@pytest.mark.usefixtures("watched")
def test_a_crash_of_faust_stops_the_process(worker: StageWorker) -> None:
    async def crashed() -> None:
        await worker.app.crash(ValueError("test"))
        await asyncio.wait_for(worker._watch_stalls(), 10)

    with pytest.raises(Ended, match="count: ValueError: test"):
        asyncio.run(crashed())
