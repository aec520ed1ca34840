"""Every fail point: listed, passed by a real run, and nothing in the way when it is not armed."""

from __future__ import annotations

import dis
import shutil
from collections.abc import Iterator

import pytest

from bench.faults import rows_workers
from bench.faults.world import INTAKE, SINKS, Site, World
from streams.cityfiles import deliver
from streams.engine import failpoints
from streams.local.process import wait_until

POINTS = [
    "before-read",
    "after-fold",
    "after-outputs",
    "before-commit",
    "after-commit",
    "half-store",
    "after-store",
    "before-restore",
    "half-restore",
    "before-database-commit",
    "after-database-commit",
    "before-source-commit",
    "after-source-commit",
]


@pytest.fixture
def unarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def test_all_of_them_are_listed_and_killed_at() -> None:
    assert list(failpoints.POINTS) == POINTS
    assert {point for points in rows_workers.POINTS_OF.values() for point in points} == set(POINTS)


def test_unarmed_nothing_is_in_the_way() -> None:
    assert not any(failpoints.is_armed(point) for point in POINTS)
    done = [step.opname for step in dis.get_instructions(failpoints.hit)]
    assert done == ["RESUME", "LOAD_CONST", "RETURN_VALUE"]


def test_an_armed_point_acts_at_its_passage_only(unarmed: None) -> None:
    failpoints.arm("after-fold=raise@2")
    failpoints.hit("after-fold")
    failpoints.hit("before-read")
    with pytest.raises(failpoints.FailPointRaised):
        failpoints.hit("after-fold")
    failpoints.hit("after-fold")
    failpoints.arm("")
    test_unarmed_nothing_is_in_the_way()


def test_a_point_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="before-lunch"):
        failpoints.parse("before-lunch=kill")


def test_a_real_run_passes_every_point(place: Site) -> None:
    world = World(place, "points")
    try:
        told = ",".join(f"{point}=tell" for point in POINTS)
        world.crew.arming = lambda member: told
        town = world.begin(files=True)
        for path in town.files[:5]:
            deliver(path.parent, [path.name], world.inbox())
        first = world.workers[0]
        assert wait_until(lambda: {"after-store"} <= _passed(world), 30)
        world.crew.stop(*(worker.name for worker in world.workers))
        shutil.rmtree(first.state_dir)  # so that there is something to restore
        world.crew.start()
        assert wait_until(lambda: _passed(world) == set(POINTS), 60), set(POINTS) - _passed(world)
        assert {SINKS, INTAKE} <= set(world.crew.members)
    finally:
        world.close()


def _passed(world: World) -> set[str]:
    """What the logs of all processes say of points passed."""
    word = "fail point "
    lines = [line for log in world.home.glob("*/*.log") for line in log.read_text().splitlines()]
    return {line.removeprefix(word) for line in lines if line.startswith(word)}
