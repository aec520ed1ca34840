"""行(連続運転): 18 nothing breaks; load for as long as one likes, and whether anything grows with it."""

from __future__ import annotations

from bench.faults.world import ACTS, FIRST, YEAR, World
from bench.looks import PARTS, Looks, quarters

CACHES = {"SHUUNOU_CACHE_ROWS": "2000", "SHUUNOU_CACHE_MIB": "16"}
"""Less than a soak touches in its first minutes: a cache that still fills is no leak, and looks like one."""
GROWTH = 1.1
"""The last quarter of the time beside the second, when everything is warm."""
SLACK_MIB, SLACK_FILES = 32.0, 8.0
"""What is less than that says nothing."""


def soaked(world: World) -> None:
    """18: events at an even pace, days, acts; every process of the hub is looked at every few seconds."""
    with Looks(lambda: _living(world)) as looks:
        world.begin(seconds=world.seconds * YEAR, settings=CACHES)
        world.during(YEAR / 2)
        world.advance(FIRST)
        world.during(YEAR / 2)
        world.act(share=ACTS)
        world.during(ACTS)
        world.rest()
    for what, seen, slack in (("MiB", looks.seen, SLACK_MIB), ("open files", looks.files, SLACK_FILES)):
        for name in sorted(seen):
            found = quarters(seen[name])
            shown = world.figures[f"{what} of {name} by quarters"] = [round(each) for each in found]
            if name in world.crew.members:  # how much of its heap Java takes is Java's affair
                world.claim(f"{what} of {name}: flat", is_flat(found, slack), shown)


def is_flat(found: list[float], slack: float) -> bool:
    """平らか: whether the last quarter needs about what the second did."""
    return len(found) == PARTS and found[-1] < max(found[1] * GROWTH, found[1] + slack)


def _living(world: World) -> list[tuple[str, int]]:
    members = [*world.crew.members.items(), ("broker", world.kafka)]
    return [(name, each.pid) for name, each in members if each.pid is not None]
