"""行(置き場): 8 disk full, 9 clocks, 10 database outages, 12 slow sinks, 15 the key gone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bench.faults.crew import Member
from bench.faults.means import SmallDisk, small_disk
from bench.faults.preloaded import Exec, compiled
from bench.faults.world import INTAKE, SINKS, World
from connectors.city import found_in_clear
from connectors.migrations import migrate
from connectors.sink_projection import Projection
from streams.cityfiles import deliver
from streams.engine.stage import EXIT_STOPPED
from streams.local.postgres import LocalPostgres
from streams.local.process import wait_until

STORE_MIB, SINKS_MIB = 48, 64


# -- 8 -----------------------------------------------------------------------------------------------


def full_store(world: World) -> None:
    """8: the disk under the workers' stores is full while they work and when they start again."""
    disks: list[SmallDisk] = []
    for number in range(world.site.workers):
        path = world.home / f"worker{number}" / "state"
        disks.append(world.stack.enter_context(small_disk(path, STORE_MIB)))
    world.begin()
    world.during(0.3)
    for disk in disks:
        disk.fill()
    for member in world.workers:
        world.crew.kill(member.name)  # what is preallocated hides a full disk from a worker that goes on
    world.during(0.3)
    stops = world.crew.codes[f"worker {EXIT_STOPPED}"]
    for disk in disks:
        disk.free()
    world.crew.wait_ready()
    world.figures["stops for want of room"] = stops
    world.claim("workers without room stop", stops > 0, stops)
    world.during(0.2)


def full_sinks(world: World) -> None:
    """8: no room for the projection, the outbox, the archive: sinks and intake wait, and go on by
    themselves."""
    disk = world.stack.enter_context(small_disk(world.home / SINKS, SINKS_MIB))
    town = world.begin(files=True)
    pids = {name: world.crew.members[name].pid for name in (SINKS, INTAKE)}
    half = len(town.files) // 2
    for path in town.files[:half]:
        deliver(path.parent, [path.name], world.inbox())
    world.during(0.2)
    world.figures["free before bytes"] = disk.fill()
    world.during(0.4)
    disk.free()
    for path in town.files[half:]:
        deliver(path.parent, [path.name], world.inbox())
        time.sleep(world.seconds * 0.4 / len(town.files))
    world.rest()
    alive = {name: world.crew.members[name].pid == pid for name, pid in pids.items()}
    world.claim("sinks and intake waited and went on by themselves", all(alive.values()), alive)


# -- 9 -----------------------------------------------------------------------------------------------


def wrong_clocks(world: World) -> None:
    """9: clocks a day ahead and behind, at the year's end, in 2038, stepping back while they run."""
    library = compiled("clock.c", world.home)
    clock = world.home / "clock"
    clock.write_text("0")
    preloaded = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(clock), "PYTHONFAULTHANDLER": "1"}
    world.crew.nurse = Exec(preloaded)
    world.begin()
    shown = []
    for place, (name, offset) in enumerate(_clocks()):
        clock.write_text(str(offset))
        world.during(0.7 / len(_clocks()))
        shown.append(f"{name} ({_year(preloaded)})")
        if place == 1:
            world.advance(0)
        if place % 2:
            world.crew.kill(world.workers[place // 2 % len(world.workers)].name)
    clock.write_text("0")
    world.crew.wait_ready()
    world.figures["clocks and the years that processes saw"] = ", ".join(shown)
    world.claim("the library shows other clocks", "2038" in shown[3] and "2027" in shown[2], shown)


def _clocks() -> list[tuple[str, int]]:
    """Names of clocks and the seconds by which they are off now."""
    year_end = datetime(2027, 3, 31, 14, 59, 50, tzinfo=UTC)  # ten seconds before the new 年度 in Japan
    end_of_int = datetime(2038, 1, 19, 3, 14, 0, tzinfo=UTC)
    now = datetime.now(UTC)
    day = 86_400
    return [
        ("+1 day", day),
        ("-1 day", -day),
        ("31 March", int((year_end - now).total_seconds())),
        ("2038", int((end_of_int - now).total_seconds())),
        ("-8 days", -8 * day),
    ]


def _year(preloaded: dict[str, str]) -> str:
    """What a process sees."""
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.gmtime().tm_year)"],
        capture_output=True,
        text=True,
        env={**os.environ, **preloaded},
        check=False,
    )
    return told.stdout.strip()


# -- 10 ----------------------------------------------------------------------------------------------


def database_gone(world: World) -> None:
    """10: kill -9 of PostgreSQL, connections ended, tables locked, statements timed out, an empty
    replica."""
    server = world.stack.enter_context(LocalPostgres())
    world.database_url = server.url
    world.begin()
    pid = world.crew.members[SINKS].pid
    world.during(0.2)
    server.kill()
    world.crew.kills["postgresql"] += 1
    time.sleep(min(10.0, world.seconds / 6))
    server.start_again()
    world.during(0.1)
    engine = sa.create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        for _ in range(5):
            connection.execute(sa.text(others + " AND usename IS NOT NULL"))
            time.sleep(0.3)
        # two milliseconds for everybody but this connection, which must be able to end it again
        connection.execute(sa.text("SET statement_timeout = '60s'"))
        connection.execute(sa.text("ALTER SYSTEM SET statement_timeout = '2ms'"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
        world.during(0.1)
        connection.execute(sa.text("ALTER SYSTEM RESET statement_timeout"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        connection.execute(sa.text("LOCK TABLE account IN ACCESS EXCLUSIVE MODE"))
        world.during(0.1)
        connection.rollback()
    world.advance(0)
    world.claim("the sinks went on by themselves", world.crew.members[SINKS].pid == pid, world.crew.codes)
    _empty_replica(world, engine)
    engine.dispose()


def _empty_replica(world: World, engine: sa.Engine) -> None:
    """Failover to a database that has nothing: it is filled from the topics again."""
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE replica"))
    url = engine.url.set(database="replica").render_as_string(hide_password=False)
    migrate(url)
    world.crew.stop(SINKS)
    world.database_url = url
    world.crew.members[SINKS].settings["SHUUNOU_DATABASE_URL"] = url
    world.crew.start(SINKS)
    world.during(0.2)


# -- 12 ----------------------------------------------------------------------------------------------


def slow_sinks(world: World) -> None:
    """12: the projection's database locked, the sinks asleep, for a quarter of the time each; what they
    need of memory."""
    world.begin()
    sinks = world.crew.members[SINKS]
    world.during(0.2)
    lock = sqlite3.connect(world.database_url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    lock.execute("BEGIN IMMEDIATE")
    world.during(0.25)
    behind = _projection_lag(world)
    lock.execute("ROLLBACK")
    lock.close()
    world.during(0.1)
    world.crew.pause(SINKS)
    world.during(0.25)
    world.crew.resume(SINKS)
    before = sinks.memory_mib()
    world.during(0.2)
    world.rest()
    caught_up = wait_until(lambda: _projection_lag(world) == 0, 120, 0.2)
    world.figures |= {"most behind": behind, "peak MiB of sinks": round(sinks.memory_mib())}
    world.claim("the projection's lag returns to 0", caught_up, behind)
    grown = sinks.memory_mib() - before
    world.claim("catching up needs less than 256 MiB more", grown < 256, f"{grown:.0f} MiB")
    world.not_injected.append(
        "TCP stall to a database: the projection is a file here; row 13 stalls the broker's"
    )


def _projection_lag(world: World) -> int:
    projection = Projection(world.bootstrap, world.database_url)
    try:
        return sum(projection.lag().values())
    finally:
        projection.close()


# -- 15 ----------------------------------------------------------------------------------------------


def key_gone(world: World) -> None:
    """15: the key file is gone while everything is started anew: nothing starts, nothing is in clear;
    then it is back."""
    town = world.begin(files=True)
    half = len(town.files) // 2
    for path in town.files[:half]:
        deliver(path.parent, [path.name], world.inbox())
    world.during(0.3)
    away = world.key_path.with_name("away")
    world.key_path.rename(away)
    for member in (*world.workers, world.crew.members[INTAKE]):
        world.crew.kill(member.name)
    wait_until(lambda: _failed_closed(world.workers), 20)
    world.claim("no worker starts without the key", _failed_closed(world.workers), world.crew.codes)
    world.during(0.2)
    away.rename(world.key_path)
    world.crew.wait_ready()
    for path in town.files[half:]:
        deliver(path.parent, [path.name], world.inbox())
    world.rest()
    numbers = frozenset(number.encode() for number in town.city.confidential_numbers())
    looked, found = _in_clear(world, numbers)
    world.figures |= {"MiB searched": looked >> 20, "numbers searched for": len(numbers)}
    world.claim("no number in clear in any file of hub and broker", found == [], found[:5])
    world.not_injected.append("rotation: the key store that rotates comes later (design 8)")


def _failed_closed(members: list[Member]) -> bool:
    return all(m.births > 1 and m.ready_at is None and m.last_code in (1, None) for m in members) and any(
        m.last_code == 1 for m in members
    )


def _in_clear(world: World, numbers: frozenset[bytes]) -> tuple[int, list[str]]:
    """Every file of this hub and of its broker, but the city's own and the journal."""
    looked, found = 0, []
    own = {world.home / "city"}
    for root in (world.home, world.kafka.directory):
        for folder, _, names in os.walk(root):
            for path in (Path(folder) / name for name in names):
                if own.intersection(path.parents):
                    continue
                with suppress(FileNotFoundError):  # the broker removes logs of topics that are gone
                    data = path.read_bytes()
                    looked += len(data)
                    if found_in_clear(data, numbers):
                        found.append(str(path.relative_to(root)))
    return looked, found
