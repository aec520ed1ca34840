"""働き手: the composition root. Builds the stages and runs those that this process was asked for.

One process runs all stages by default; each is a Faust app of its own, so any
stage can also run elsewhere, or twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from connectors.secrets import Cipher, load_key_file
from state import wire
from streams import topics
from streams.engine.stage import Stage, StageWorker
from streams.engine.store import BLOCKS
from streams.ingest import Gate
from streams.ledger import Ledger
from streams.matching import Matching
from streams.records import Records
from streams.settings import Settings
from streams.topics import STAGES
from streams.transfer import Transfers

GATHER_MS, RECORDS_GATHER_MS = 4, 30
"""For each partition held, and each stage of the process. With 12 ms for each of four partitions, two cores
that the broker and all stages share keep a fifth of their time free at a thousand events a second; with less
nothing was left, and events waited longer; with more they waited as long. The records are in no hurry."""
GC_THRESHOLD = (50_000, 20, 1_000)
log = structlog.get_logger("shuunou.worker")


def _gate(stage: str, settings: Settings, cipher: Cipher, sources: Iterable[str]) -> Gate:
    allowed = {topic: wire.CODEC.types_of(topics.allowed(topic)) for topic in sources}
    return Gate(stage, settings.jichitai_code, cipher, allowed)


def build_stage(name: str, settings: Settings, beside: int = 1) -> Stage:
    """段を組み立てる: one of `beside` in its process; raises KeyError for a name that is none of STAGES."""
    cipher = Cipher(load_key_file(settings.key_path))
    sources = topics.read_by(name)
    gate = _gate(name, settings, cipher, sources)
    folds: dict[str, Callable[[], Any]] = {
        "matching": lambda: Matching(gate),
        "ledger": lambda: Ledger(gate),
        "transfer": lambda: Transfers(gate, frozenset(settings.paused_contracts)),
        "records": lambda: Records(gate),
    }
    gather_ms = RECORDS_GATHER_MS if name == "records" else GATHER_MS * beside
    return Stage(name, sources, f"state.{name}.v1", folds[name]().fold, gather_ms)


class Worker:
    """働き手: the stages of one process, in one event loop."""

    def __init__(self, settings: Settings, bootstrap: str, stages: Iterable[str] = STAGES) -> None:
        names = tuple(stages)
        self.stages = [
            StageWorker(build_stage(name, settings, len(names)), settings.worker(bootstrap, name))
            for name in names
        ]

    async def start(self) -> None:
        """始める: all stages; returns when each has been asked to join its group."""
        await asyncio.gather(*(stage.start() for stage in self.stages))

    async def stop(self) -> None:
        """終える: commits in flight are finished first."""
        await asyncio.gather(*(stage.stop() for stage in self.stages))

    @property
    def is_ready(self) -> bool:
        return all(stage.is_ready for stage in self.stages)


def _spare_collections() -> None:
    """What a worker makes are rows and messages, which hold no cycles: looking through the hundreds of
    thousands that it remembers, again and again, took a quarter of its time. The young are still looked at.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    sys.setswitchinterval(0.0005)


async def run_worker(settings: Settings, bootstrap: str, stages: Iterable[str] = STAGES) -> int:
    """働く: until SIGTERM or SIGINT, 0 then; a stage that fails ends the process with 70."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    BLOCKS.set_capacity(settings.cache_mib << 20)
    worker = Worker(settings, bootstrap, stages)
    _spare_collections()
    starting = asyncio.create_task(worker.start())
    announced = False
    while not stop.is_set():  # from the first moment: a broker that says nothing lets no stage start
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)
        if starting.done():
            starting.result()
        if worker.is_ready and not announced:
            announced = True
            log.info("ready", stages=[stage.stage.name for stage in worker.stages])
    await worker.stop()
    return 0
