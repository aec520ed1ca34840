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
from typing import Any

from bench.faults.playing import play
from bench.faults.report import Played
from bench.faults.rows import Row
from bench.faults.rows_workers import arming, kill_the_patient
from bench.faults.world import SINKS, Site, World
from bench.support import BenchError, say

SEGMENT = 100
RATE, SECONDS_PER_KILL = 120.0, 1.0
PATIENCE_S = 900.0
SHOWN_EVERY_S = 15.0


class Segment:
    """一区切り: plays so many kills on one town; the load is spread over them."""

    def __init__(self, number: int, kills: int, *, dynamic: bool) -> None:
        self.number, self.kills = number, kills
        self.settings = {"SHUUNOU_INSTANCE_ID": "", "SHUUNOU_SESSION_TIMEOUT_S": "3"} if dynamic else {}

    def play(self, world: World) -> None:
        """演じる。"""
        world.begin(rate=RATE, seconds=self.kills * SECONDS_PER_KILL, settings=self.settings)
        feed, crew = world.sending, world.crew
        names = (*(m.name for m in world.workers), SINKS)
        crew.arming = arming(world.random)
        begun = shown = time.monotonic()
        for name in names:
            crew.kill(name)
        while (done := crew.kills.total()) < self.kills:
            feed.limit = int(len(feed.items) * (done + 2) / self.kills)
            kill_the_patient(world, names)
            if time.monotonic() - shown > SHOWN_EVERY_S:
                shown = time.monotonic()
                say(f"segment {self.number}: {done} of {self.kills} kills, {feed.at:,} messages")
            if time.monotonic() - begun > PATIENCE_S:
                raise BenchError(f"expected {self.kills} kills within {PATIENCE_S:.0f} s, {done} done")
            time.sleep(0.05)
        feed.limit = None
        seconds = time.monotonic() - begun
        world.figures |= {
            "seconds per kill": round(seconds / done, 2),
            "static membership": not self.settings,
        }


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
        killed = sum(sum(entry["played"]["kills"].values()) for entry in known.values())
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
