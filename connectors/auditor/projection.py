"""照会用の表の読み取り: what the projection shows of accounts, movements and 整理, and the positions at which it
stands.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from connectors.auditor.book import Book, mark, text
from connectors.auditor.cut import FACT, LOOK_S, SEIRI_FACT, Cut, Place, Tell, behind, read_by
from connectors.auditor.ledger import state_mark
from connectors.auditor.report import Difference, Finding
from connectors.base import Terminal
from connectors.tables import (
    ACCOUNT,
    KIBETSU_SEIRI,
    MOVEMENT,
    POSITION,
    SEIRIBO,
    SINK_PROBLEM,
    engine_for,
)

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
        _read_seiri(book, connection)
        problems = _problems(connection)
    book.make("CREATE TABLE moving_projected (shuunou_key PRIMARY KEY)")
    for table, topic in (("projected_to", FACT), ("seiri_projected_to", SEIRI_FACT)):
        book.make(f"CREATE TABLE {table} (part PRIMARY KEY, at)")
        reached = [(part, positions.get((name, part), 0)) for name, part in goal if name == topic]
        book.db.executemany(f"INSERT INTO {table} VALUES (?, ?)", reached)
    book.make(
        "INSERT OR IGNORE INTO moving_projected SELECT f.shuunou_key FROM fact f JOIN projected_to p "
        "ON p.part = f.part WHERE f.at >= p.at AND f.shuunou_key IS NOT NULL",
        "CREATE TABLE not_projected AS SELECT f.fact, f.atena_bangou FROM seiri_fact f "
        "JOIN seiri_projected_to p ON p.part = f.part WHERE f.at >= p.at",
    )
    return Projected(False, behind(goal, positions), problems=problems)


def _read_seiri(book: Book, connection: Connection) -> None:
    """Movements and 整理 as the projection has them; ids and values as their marks."""
    own = MOVEMENT.c
    moved = sa.select(own.fact_id, own.number, own.shuunou_key, own.kind, own.kamoku, own.kingaku)
    options: dict[str, Any] = {"stream_results": True, "yield_per": BATCH}
    for rows in connection.execution_options(**options).execute(moved).partitions(BATCH):
        book.add("projected_movement", [(mark(row[0].encode()), *row[1:]) for row in rows])
    for name, table in (("期別の整理", KIBETSU_SEIRI), ("整理簿", SEIRIBO)):
        key = next(iter(table.primary_key))
        asked = sa.select(key, table.c.atena_bangou, table.c.fact_id, table.c.encoded)
        for found in connection.execution_options(**options).execute(asked).partitions(BATCH):
            shown = [(name, *row[:2], mark(row[2].encode()), state_mark(bytes(row[3]))) for row in found]
            book.add("projected_seiri", shown)


_KNOWN = "(a.part IS NOT NULL OR NOT EXISTS (SELECT 1 FROM moving_part))"
_RESTS = f"COALESCE(a.part, -1) NOT IN (SELECT part FROM moving_part) AND {_KNOWN}"


def shown_apart(book: Book) -> list[Finding]:
    """照会用の表との食い違い: movements and 整理 that are not as `seiri.fact.v1` told them."""
    return [_movements_apart(book), _seiri_apart(book)]


def _movements_apart(book: Book) -> Finding:
    def show(side: str, key: str, kind: str, kamoku: str, yen: int) -> Difference:
        said = f"{kind} of {kamoku}, {yen}"
        return Difference(key, *((said, "missing") if side == "e" else ("none such", said)), abs(yen))

    columns = "fact, number, shuunou_key, kind, kamoku, kingaku"
    told = f"SELECT {columns} FROM movement WHERE fact NOT IN (SELECT fact FROM not_projected)"
    shown, seen = f"SELECT {columns} FROM projected_movement", f"SELECT {columns} FROM movement"
    sql = (
        "SELECT side, m.shuunou_key, kind, kamoku, kingaku FROM "
        f"(SELECT 'e' AS side, * FROM ({told} EXCEPT {shown}) UNION ALL "
        f"SELECT 'p', * FROM ({shown} EXCEPT {seen})) m "
        "LEFT JOIN account a ON a.shuunou_key = m.shuunou_key "
        f"WHERE m.shuunou_key NOT IN (SELECT shuunou_key FROM moving) AND {_RESTS}"
    )
    return book.finding("movements that the projection shows otherwise", sql, show)


def _seiri_apart(book: Book) -> Finding:
    def show(name: str, key: str, told: int | None, shown: int | None) -> Difference:
        expected = name if told is not None else "none"
        return Difference(key, expected, text(None) if shown is None else "another")

    sql = (
        "SELECT k.name, k.key, a.body, p.body FROM (SELECT name, key, atena_bangou FROM told UNION "
        "SELECT name, key, atena_bangou FROM projected_seiri) k "
        "LEFT JOIN told a ON (a.name, a.key) = (k.name, k.key) "
        "LEFT JOIN projected_seiri p ON (p.name, p.key) = (k.name, k.key) "
        "WHERE (a.body IS NOT p.body OR a.fact IS NOT p.fact) "
        "AND k.atena_bangou NOT IN (SELECT atena_bangou FROM not_projected) "
        f"AND k.atena_bangou NOT IN (SELECT atena_bangou FROM moving_atena) AND {_RESTS}"
    )
    return book.finding("整理 that the projection shows otherwise", sql, show)


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
