"""行(連続運転): 18 nothing breaks; load for as long as one likes, and whether anything grows with it."""

from __future__ import annotations

from bench.faults.world import ACTS, FIRST, YEAR, World
from bench.looks import PARTS, Looks, quarters

BOUNDS = {"SHUUNOU_CACHE_ROWS": "2000", "SHUUNOU_CACHE_MIB": "16", "SHUUNOU_BUFFER_MIB": "1"}
"""What a worker may keep: full within minutes, for a bound that is not reached yet looks like a leak."""
GROWTH = 1.1
"""The last quarter of the time beside the second, when everything is warm."""
SLACK_MIB, SLACK_FILES = 32.0, 8.0
"""What is less than that says nothing."""
SHOWN = 24


def soaked(world: World) -> None:
    """18: events at an even pace, days, acts; every process of the hub is looked at every few seconds.

    The year and the acts are judged each by itself, for they are different work and need different memory:
    from its second quarter on a part does nothing that it did not do before.
    """
    with Looks(lambda: _living(world)) as year:
        world.begin(seconds=world.seconds * YEAR, settings=BOUNDS)
        world.during(YEAR / PARTS)
        world.advance(FIRST)
        world.during(YEAR * (1 - 1 / PARTS))
    with Looks(lambda: _living(world)) as acts:
        world.act(share=ACTS)
        world.during(ACTS)
        world.rest()
    for part, looks in (("year", year), ("acts", acts)):
        _judge(world, f"{part}: MiB", looks.seen, SLACK_MIB)
        _judge(world, f"{part}: open files", looks.files, SLACK_FILES)


def _judge(world: World, what: str, seen: dict[str, list[float]], slack: float) -> None:
    for name, looks in sorted(seen.items()):
        found = quarters(looks)
        shown = world.figures[f"{what} of {name} by quarters"] = [round(each) for each in found]
        world.figures[f"{what} of {name}"] = [round(each) for each in looks[:: len(looks) // SHOWN + 1]]
        if name in world.crew.members:  # how much of its heap Java takes is Java's affair
            world.claim(f"{what} of {name}: flat", is_flat(found, slack), shown)


def is_flat(found: list[float], slack: float) -> bool:
    """平らか: whether the last quarter needs about what the second did."""
    return len(found) == PARTS and found[-1] < max(found[1] * GROWTH, found[1] + slack)


def _living(world: World) -> list[tuple[str, int]]:
    members = [*world.crew.members.items(), ("broker", world.kafka)]
    return [(name, each.pid) for name, each in members if each.pid is not None]
