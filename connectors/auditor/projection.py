"""照会用の表の読み取り: the accounts that the projection shows, with the positions at which they stand."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from connectors.auditor.book import Book
from connectors.auditor.cut import FACT, LOOK_S, Cut, Place, Tell, behind, read_by
from connectors.base import Terminal
from connectors.tables import ACCOUNT, POSITION, SINK_PROBLEM, engine_for

SINK = "sink_projection"
BATCH, PROBLEMS_SHOWN = 10_000, 1_000
_COLUMNS = ("shuunou_key", "kibetsu_choutei_gaku", "shuunou_gaku", "minou_gaku", "kagonou_gaku", "is_tainou")


class Projected(NamedTuple):
    """照会用の表の姿: whether it came as far as the cut, how far behind it then was, what it could not take.

    `trouble` says why there is nothing to compare; empty where there is.
    """

    arrived: bool
    behind: int
    waited_s: float = 0.0
    problems: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


def take(book: Book, cut: Cut, url: str, until: float, tell: Tell) -> Projected:
    """読む: waits until `until` (monotonic) for the projection to reach the cut; then its accounts as they
    are."""
    try:
        engine = engine_for(url)
    except Terminal as error:
        return Projected(False, 0, trouble=f"the projection: {error}")
    try:
        names = read_by(SINK)
        goal = {place: end for place, end in cut.ends.items() if place[0] in names}
        began = time.monotonic()
        arrived = _await(engine, goal, until, tell)
        waited = time.monotonic() - began
        return _read(book, engine, goal, tell)._replace(arrived=arrived, waited_s=waited)
    except DBAPIError as error:
        return Projected(False, 0, trouble=f"the projection: its database gave {type(error.orig).__name__}")
    finally:
        engine.dispose()


def _await(engine: Engine, goal: Mapping[Place, int], until: float, tell: Tell) -> bool:
    most = behind(goal, {})
    while True:
        with engine.connect() as connection:
            left = behind(goal, _positions(connection))
        tell("waiting for the projection", most - left, most)
        if left == 0:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_S)


def _read(book: Book, engine: Engine, goal: Mapping[Place, int], tell: Tell) -> Projected:
    """Positions first: what they cover is in the rows, whatever is written meanwhile."""
    with engine.connect() as connection:
        positions = _positions(connection)
        total = connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar_one()
        asked = sa.select(*[ACCOUNT.c[name] for name in _COLUMNS])
        done = 0
        options: dict[str, Any] = {"stream_results": True, "yield_per": BATCH}
        for rows in connection.execution_options(**options).execute(asked).partitions(BATCH):
            book.add("projected", rows)
            done += len(rows)
            tell("reading the projection", done, total)
        problems = _problems(connection)
    book.make(
        "CREATE TABLE moving_projected (shuunou_key PRIMARY KEY)",
        "CREATE TABLE projected_to (part PRIMARY KEY, at)",
    )
    reached = [(part, positions.get((topic, part), 0)) for topic, part in goal if topic == FACT]
    book.db.executemany("INSERT INTO projected_to VALUES (?, ?)", reached)
    book.make(
        "INSERT OR IGNORE INTO moving_projected SELECT f.shuunou_key FROM fact f JOIN projected_to p "
        "ON p.part = f.part WHERE f.at >= p.at AND f.shuunou_key IS NOT NULL"
    )
    return Projected(False, behind(goal, positions), problems=problems)


def _positions(connection: Connection) -> dict[Place, int]:
    rows = connection.execute(
        sa.select(POSITION.c.topic, POSITION.c.partition, POSITION.c.next_offset)
    ).all()
    return {(topic, partition): offset for topic, partition, offset in rows}


def _problems(connection: Connection) -> tuple[tuple[str, str], ...]:
    own = SINK_PROBLEM.c
    asked = sa.select(own.topic, own.partition, own.offset, own.reason).limit(PROBLEMS_SHOWN)
    return tuple(
        (f"{topic}/{part}/{at}", reason) for topic, part, at, reason in connection.execute(asked).all()
    )
