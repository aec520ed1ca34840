"""行の一覧: every row of the matrix, in its order; a row may have several scenes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bench.faults import rows_broker, rows_input, rows_release, rows_soak, rows_stores, rows_workers
from bench.faults.world import World


class Row(NamedTuple):
    """行: its number in the matrix, the scene, the fault in words, what plays it."""

    number: int
    scene: str
    fault: str
    play: Callable[[World], None]

    @property
    def name(self) -> str:
        return f"row{self.number:02d}-{self.scene}"


ROWS = (
    Row(1, "workers", "workers and sinks killed with -9 at named points and at random", rows_workers.killed),
    Row(1, "intake", "intake and sinks killed with -9 while files arrive", rows_workers.killed_intake),
    Row(2, "rolling", "SIGTERM to one worker after the other", rows_workers.rolled),
    Row(3, "outage", "broker killed with -9, away, back; then asleep", rows_broker.outage),
    Row(4, "duplicates", "5 % sent again; groups set back to the beginning", rows_input.doubled),
    Row(5, "order", "everything in any order", rows_input.shuffled_load),
    Row(6, "poison", "messages that nobody can use, on every topic", rows_input.poisoned),
    Row(7, "schema", "messages of schemas that the reader does not know", rows_input.mismatched),
    Row(8, "store", "the workers' disk full", rows_stores.full_store),
    Row(8, "sinks", "the disk of projection, outbox and inbox full", rows_stores.full_sinks),
    Row(8, "broker", "the broker's disk full", rows_broker.full_broker),
    Row(9, "clock", "workers whose clocks are days off and jump", rows_stores.wrong_clocks),
    Row(
        10,
        "database",
        "PostgreSQL killed, locked, cut off, replaced by an empty one",
        rows_stores.database_gone,
    ),
    Row(11, "storm", "workers come and go; one asleep past its session", rows_workers.stormed),
    Row(12, "slow", "a projection that is locked, sinks that sleep, a slow network", rows_stores.slow_sinks),
    Row(13, "network", "delay, cut, half-open and closed connections", rows_broker.network),
    Row(13, "names", "the broker's name is not found, every connection cut", rows_broker.nameless),
    Row(14, "state", "state directories deleted, a stale copy put back", rows_workers.lost),
    Row(15, "key", "the key gone while processes start", rows_stores.key_gone),
    Row(16, "audit", "the audit topic takes nothing", rows_broker.audit_denied),
    Row(17, "operator", "offsets reset, a worker started twice", rows_workers.erred),
    Row(17, "release", "a newer release beside an older, taken back, put in again", rows_release.released),
    Row(18, "soak", "nothing breaks; do memory and open files grow? (--minutes 60)", rows_soak.soaked),
)


def chosen(text: str) -> list[Row]:
    """選ぶ: "1-3,8" or names of scenes; ValueError for what there is none of."""
    found: list[Row] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            numbers = range(int(first), int(last or first) + 1)
            matching = [row for row in ROWS if row.number in numbers]
        else:
            matching = [row for row in ROWS if row.scene == part]
        if not matching:
            raise ValueError(
                f"rows {part!r}: expected numbers 1-18 or scenes {', '.join(r.scene for r in ROWS)}"
            )
        found += [row for row in matching if row not in found]
    return found
