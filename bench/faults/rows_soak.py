"""行(連続運転): 0 nothing breaks; load for as long as one likes, and whether memory grows."""

from __future__ import annotations

from bench.faults.world import ACTS, FIRST, YEAR, World
from bench.looks import PARTS, Looks

CACHE_ROWS = "5000"
"""Fewer than a soak touches: a cache that still fills is no leak, and would look like one."""
GROWTH, GROWTH_MIB = 1.1, 32.0
"""Memory in the last quarter of the time beside the second, when everything is warm; what is less than so
many MiB says nothing."""


def soaked(world: World) -> None:
    """0: events at an even pace, days, acts; every process of the hub is looked at every few seconds."""
    with Looks(lambda: _living(world)) as looks:
        world.begin(seconds=world.seconds * YEAR, settings={"SHUUNOU_CACHE_ROWS": CACHE_ROWS})
        world.during(YEAR / 2)
        world.advance(FIRST)
        world.during(YEAR / 2)
        world.act(share=ACTS)
        world.during(ACTS)
        world.rest()
    for name in sorted(looks.seen):
        quarters = looks.quarters(name)
        shown = world.figures[f"MiB of {name} by quarters"] = [round(each) for each in quarters]
        if name in world.crew.members:  # how much of its heap Java takes is Java's affair
            world.claim(f"memory of {name} is flat", is_flat(quarters), shown)


def is_flat(quarters: list[float]) -> bool:
    """平らか: whether the last quarter needs about what the second did."""
    if len(quarters) < PARTS:
        return False
    return quarters[-1] < max(quarters[1] * GROWTH, quarters[1] + GROWTH_MIB)


def _living(world: World) -> list[tuple[str, int]]:
    members = [*world.crew.members.items(), ("broker", world.kafka)]
    return [(name, each.pid) for name, each in members if each.pid is not None]
