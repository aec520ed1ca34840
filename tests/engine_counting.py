"""The smallest stage: counts by key, sends one output per event, refuses "poison". The tests run it:

python tests/engine_counting.py '{"bootstrap": …, "name": …, "sources": […], "directory": …}'
"""

from __future__ import annotations

import asyncio
import json
import signal
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from streams.engine.batch import Record
from streams.engine.owner import EngineSettings
from streams.engine.stage import Stage, StageWorker, WorkerSettings
from streams.engine.unit import Table, Unit
from streams.logs import configure_logging

COUNT: Table[int] = Table(
    "count", b"c", lambda n: struct.pack(">q", n), lambda data: int(struct.unpack(">q", data)[0])
)


PARTS = 5
"""A message "long" is folded in so many transactions."""


def stage_of(name: str, sources: Sequence[str], slow_s: float = 0.0) -> Stage:
    """A stage over topics named after the test."""

    def fold(unit: Unit, topic: str, records: Sequence[Record]) -> None:
        time.sleep(slow_s)
        for record in records:
            key = record.key or b""
            if record.value == b"poison":
                unit.send(f"{name}letters", key, f"{topic}/{record.partition}/{record.offset}".encode())
                continue
            if record.value == b"long":
                done = unit.get(COUNT, key + b"/parts") or 0
                unit.put(COUNT, key + b"/parts", done + 1)
                unit.send(f"{name}letters", key, b"part %d" % done)
                if done + 1 < PARTS:
                    return unit.leave(record.offset)
                continue
            unit.put(COUNT, key, (unit.get(COUNT, key) or 0) + 1)
            unit.send(f"{name}out", key, record.value)

    return Stage("count", tuple(sources), f"{name}log", fold)


def worker_of(given: dict[str, Any]) -> StageWorker:
    """The worker of one process, from the JSON that the test gave it."""
    directory = Path(given["directory"])
    engine = EngineSettings(given["name"], given["bootstrap"], directory / "state")
    settings = WorkerSettings(
        engine,
        given.get("instance"),
        session_timeout_s=given.get("session_timeout_s", 6.0),
        batch_records=given.get("batch_records", 200),
        faust_data_dir=directory / "faust",
    )
    return StageWorker(stage_of(given["name"], given["sources"], given.get("slow_s", 0.0)), settings)


async def _run(given: dict[str, Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = worker_of(given)
    await worker.start()
    while not worker.is_ready and not stop.is_set():
        await asyncio.sleep(0.05)
    print("ready", sum(lane.owner.restored_rows for lane in worker.lanes.values()), flush=True)
    while not stop.is_set():
        await asyncio.sleep(0.1)
    await worker.stop()


if __name__ == "__main__":
    configure_logging()
    asyncio.run(_run(json.loads(sys.argv[1])))
