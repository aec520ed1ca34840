"""最小の畳み込み(収納ハブの機関): counts by key and sends one output per event, as one stage of the hub's
engine with the settings of a worker. Run by `python -m bench.peers` as a process of its own:
`python -m bench.peers.hub_count BOOTSTRAP SOURCE OUT CHANGELOG`, the rest by SHUUNOU_*.
"""

from __future__ import annotations

import asyncio
import signal
import struct
import sys
from collections.abc import Sequence

import structlog

from streams.engine.batch import Record
from streams.engine.stage import Stage, StageWorker
from streams.engine.unit import Table, Unit
from streams.logs import configure_logging
from streams.settings import Settings

STAGE = "count"
_LONG = struct.Struct(">q")


def _unpack(data: bytes) -> int:
    count: int = _LONG.unpack(data)[0]
    return count


COUNT: Table[int] = Table("count", b"c", _LONG.pack, _unpack)


def stage_of(source: str, out: str, changelog: str) -> Stage:
    """段を組み立てる。"""

    def fold(unit: Unit, topic: str, records: Sequence[Record]) -> None:
        for record in records:
            key = record.key or b""
            count = (unit.get(COUNT, key) or 0) + 1
            unit.put(COUNT, key, count)
            unit.send(out, key, _LONG.pack(count))

    return Stage(STAGE, (source,), changelog, fold)


async def run(bootstrap: str, source: str, out: str, changelog: str) -> None:
    """働く: until SIGTERM; says that it is ready when its partitions are restored."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    worker = StageWorker(stage_of(source, out, changelog), Settings().worker(bootstrap, STAGE))
    await worker.start()
    announced = False
    while not stop.is_set():
        await asyncio.sleep(0.05)
        if worker.is_ready and not announced:
            announced = True
            structlog.get_logger().info("ready")
    await worker.stop()


if __name__ == "__main__":
    configure_logging()
    asyncio.run(run(*sys.argv[1:]))
