"""上演: plays rows one after the other on one broker; each is judged whatever happened in it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.faults.nursery import Nursery
from bench.faults.report import BROKEN, Played, played, skipped
from bench.faults.rows import Row
from bench.faults.world import NotInjected, Site, World
from bench.support import say
from streams.local.kafka import LocalKafka

LONG_MINUTES = 10
"""From here on the broker's second compiler is worth its time: the first one's code needs a third more."""


@contextmanager
def site(folder: Path, jars: Path, seed: int, minutes: float, workers: int) -> Iterator[Site]:
    """現場を開く: a broker and a nursery, ended with it."""
    folder.mkdir(parents=True, exist_ok=True)
    is_short = minutes < LONG_MINUTES
    with (
        LocalKafka(folder / "kafka", jar_dir=jars, heap="1g", is_short_lived=is_short) as broker,
        Nursery(folder / "nursery.log") as nursery,
    ):
        yield Site(broker, nursery, folder, jars, seed, minutes, workers)


def play(row: Row, place: Site) -> Played:
    """一行を演じる。"""
    say(f"row {row.number} {row.scene}, {place.workers} workers: {row.fault}")
    begun = time.monotonic()
    world = World(place, f"{row.name}-w{place.workers}")
    checked, error = None, ""
    try:
        row.play(world)
        checked = world.conclude()
    except NotInjected as why:
        return skipped(row.number, row.scene, row.fault, place.workers, str(why))
    except Exception as failed:
        error = f"{type(failed).__name__}: {failed}"
        say(traceback.format_exc())
    finally:
        world.close()
        if place.broker.pid is None:
            place.broker.start()
    result = played(row.number, row.scene, row.fault, world, checked, error, time.monotonic() - begun)
    say(f"row {row.number} {row.scene}: {result.status} in {result.wall_s} s")
    if result.status == BROKEN:
        for what in (
            *result.wrong,
            *(f"{c['what']} ({c['found']})" for c in result.claims if not c["holds"]),
        ):
            say(f"  {what}")
    return result


def play_all(rows: Sequence[Row], place: Site) -> list[Played]:
    """順に演じる。"""
    return [play(row, place) for row in rows]
