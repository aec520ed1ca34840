"""千回の強制終了: workers and sinks killed at named points, in segments, each judged by itself.

Every incarnation is born with one point armed and dies by itself when it passes it; the supervisor
starts the next
at once. A segment has a town and topics of its own, so that judging it does not take longer and longer.
Finished
segments are written down: the same seed and count go on after the last one.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.faults.playing import play
from bench.faults.report import Played
from bench.faults.rows import Row
from bench.faults.rows_workers import arming, kill_the_patient, killed_so_far, turn_to_acts
from bench.faults.world import SINKS, YEAR, Site, World
from bench.support import BenchError, say

SEGMENT = 100
RATE, SECONDS_PER_KILL = 120.0, 1.0
PATIENCE_S = 900.0
SHOWN_EVERY_S = 15.0


class Segment:
    """一区切り: plays so many kills on one town; its year, and then the acts of its office, are spread over
    them."""

    def __init__(self, number: int, kills: int, *, dynamic: bool) -> None:
        self.number, self.kills = number, kills
        self.settings = {"SHUUNOU_INSTANCE_ID": "", "SHUUNOU_SESSION_TIMEOUT_S": "3"} if dynamic else {}

    def play(self, world: World) -> None:
        """演じる。"""
        of_the_year = round(self.kills * YEAR)
        world.begin(rate=RATE, seconds=of_the_year * SECONDS_PER_KILL, settings=self.settings)
        feed, crew = world.sending, world.crew
        names = (*(m.name for m in world.workers), SINKS)
        crew.arming = arming(world.random)
        for name in names:
            crew.kill(name)
        begun = time.monotonic()
        self._kill(world, names, Spread(0, len(feed.items), 0, of_the_year))
        feed.limit = year = len(feed.items)
        turn_to_acts(world, names, share=0.0)
        self._kill(world, names, Spread(year, len(feed.items), of_the_year, self.kills))
        feed.limit = None
        world.figures |= {
            "seconds per kill": round((time.monotonic() - begun) / self.kills, 2),
            "kills while acts came": killed_so_far(crew.kills) - of_the_year,
            "static membership": not self.settings,
        }

    def _kill(self, world: World, names: tuple[str, ...], spread: Spread) -> None:
        begun = shown = time.monotonic()
        while (done := killed_so_far(world.crew.kills)) < spread.kills_to:
            world.sending.limit = spread.limit(done)
            kill_the_patient(world, names)
            if time.monotonic() - shown > SHOWN_EVERY_S:
                shown = time.monotonic()
                say(f"segment {self.number}: {done} of {self.kills} kills, {world.sending.at:,} messages")
            if time.monotonic() - begun > PATIENCE_S:
                raise BenchError(f"expected {spread.kills_to} kills within {PATIENCE_S:.0f} s, {done} done")
            time.sleep(0.05)


class Spread(NamedTuple):
    """配分: messages `items_from` to `items_to` over the kills `kills_from` to `kills_to`."""

    items_from: int
    items_to: int
    kills_from: int
    kills_to: int

    def limit(self, done: int) -> int:
        """そこまで送ってよい数: a little ahead of the kills, so that the next one has something to break."""
        share = (done - self.kills_from + 2) / (self.kills_to - self.kills_from)
        return self.items_from + int((self.items_to - self.items_from) * share)


def segment_row(number: int, kills: int) -> Row:
    """区切りを行として: names that stay, and in every fourth one names that the group gives."""
    segment = Segment(number, kills, dynamic=number % 4 == 3)
    return Row(1, f"kills{number:03d}", f"{kills} kills at named points", segment.play)


def play_kills(total: int, place: Site, done_path: Path) -> list[dict[str, Any]]:
    """続きから演じる: what the file has of this seed and these workers is not played again."""
    known = _known(done_path, place)
    for number in range((total + SEGMENT - 1) // SEGMENT):
        if number in known:
            continue
        kills = min(SEGMENT, total - number * SEGMENT)
        result = play(segment_row(number, kills), place)
        known[number] = _noted(number, place, result)
        with done_path.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(known[number], ensure_ascii=False) + "\n")
        killed = sum(killed_so_far(entry["played"]["kills"]) for entry in known.values())
        say(f"{killed:,} of {total:,} kills")
    return [known[number] for number in sorted(known)]


def as_played(entry: dict[str, Any]) -> Played:
    """書き留めたものから。"""
    return Played(**entry["played"])


def _noted(number: int, place: Site, result: Played) -> dict[str, Any]:
    return {"segment": number, "seed": place.seed, "workers": place.workers, "played": result._asdict()}


def _known(path: Path, place: Site) -> dict[int, dict[str, Any]]:
    if not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    mine = [e for e in entries if (e["seed"], e["workers"]) == (place.seed, place.workers)]
    return {entry["segment"]: entry for entry in mine}
