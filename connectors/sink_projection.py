"""照会用の表への書き込み: rows and the position that they reach, in one database transaction.

Account, case, 宛名, 記録 and held payment are the newest picture of each key; since a partition is applied in
order and its position is kept with the rows, a picture is never replaced by an older one. Facts, dead
letters and 提供記録 are logs: a repetition changes nothing. Reading again from any earlier position, or from
none, ends in the same rows.

A record that cannot be a row (undecodable, of another kind, beyond what a database keeps) is written to
`sink_problem` in the same transaction, with its place and reason, and the rest goes on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from connectors import migrations, tables
from connectors.base import Setting, Spec, Terminal, Transient
from connectors.delivery import Counts, Moved, Place, Problem, Record, Span, Status, same_identity, topics_of
from connectors.sinks import Loop
from connectors.tables import METADATA, POSITION, PROJECTION_META, SINK_PROBLEM, RowWriter, as_json
from schemas.codec import DecodeError, NewerRelease
from state.events import AtenaChanged, KirokuHeld
from state.facts import LedgerFact, Letter, MatchingNotice, Provision
from state.receipt.account import ReceiptAccount
from state.seiri.fact import SeiriFact
from state.wire import decode, encode

NAME = "sink_projection"
BATCH = 2_000
SPEC = Spec(
    name=NAME,
    ja="照会用の表",
    direction="sink",
    system="収納課",
    channel="データベース",
    formats=("SQLite", "PostgreSQL"),
    topics=tuple(topics_of(NAME)),
    guarantees="一度だけ: 行と読んだ位置を一つのトランザクションで書く",
    settings=(
        Setting(
            "database_url", "url", "sqlite:///.hub/projection.db", "SQLite or PostgreSQL, as SQLAlchemy URL"
        ),
        Setting("batch", "int", str(BATCH), "records per database transaction at most"),
    ),
)

Row = tuple[Table, tuple[Any, ...]]
# SQLite: busy, locked, I/O, full, cannot open, protocol; what else it calls operational is a mistake of ours
_SQLITE_PASSING = frozenset({5, 6, 10, 13, 14, 15})
_READ_ONLY, _LIMIT_CLASS = "25006", "54"


def _scalars(table: Table, kind: type[Any]) -> tuple[int, ...]:
    """Which fields of the value are columns of the table, in the columns' order."""
    fields: tuple[str, ...] = kind._fields
    return tuple(fields.index(column.name) for column in table.columns if column.name in fields)


_ACCOUNT = _scalars(tables.ACCOUNT, ReceiptAccount)[:-2]  # `seisan` and `held` are written as text
_FACT = _scalars(tables.FACT, LedgerFact)
_SEIRI_FACT = _scalars(tables.SEIRI_FACT, SeiriFact)[:-1]  # `applied` is written as text


def _fact_rows(fact: LedgerFact, record: Record) -> Iterator[Row]:
    yield tables.FACT, (*[fact[n] for n in _FACT], record.partition, record.offset)
    account, case = fact.account, fact.case
    if account is not None:
        seen = (account.minou_gaku, account.kagonou_gaku, fact.fact_id, record.offset)
        seisan = None if account.seisan is None else as_json(account.seisan)
        yield tables.ACCOUNT, (*[account[n] for n in _ACCOUNT], *seen, seisan, as_json(account.held))
        for receipt in account.receipts:
            yield tables.RECEIPT, (account.shuunou_key, *receipt)
    if case is not None:
        yield tables.DELINQUENCY_CASE, (*case, fact.fact_id, record.offset)


def _seiri_rows(fact: SeiriFact, record: Record) -> Iterator[Row]:
    applied = as_json([basis._asdict() | {"inputs": dict(basis.inputs), "outputs": dict(basis.outputs)}
                       for basis in fact.applied])  # fmt: skip
    yield tables.SEIRI_FACT, (*[fact[n] for n in _SEIRI_FACT], applied, record.partition, record.offset)
    for number, movement in enumerate(fact.movements):
        yield tables.MOVEMENT, (fact.fact_id, number, *movement)
    seiri, book = fact.seiri, fact.book
    if seiri is not None:
        row = (seiri.shuunou_key, seiri.atena_bangou, encode(seiri), fact.fact_id)
        yield tables.KIBETSU_SEIRI, row
    if book is not None:
        yield tables.SEIRIBO, (book.atena_bangou, encode(book), fact.fact_id)


def _as_it_is(table: Table, *as_text: str) -> Callable[[Any, Record], Iterator[Row]]:
    """Rows of a value whose fields are the table's columns; maps and lists become their JSON text."""
    places = [n for n, column in enumerate(table.columns) if column.name in as_text]

    def rows(value: tuple[Any, ...], _: Record) -> Iterator[Row]:
        row = list(value)
        for place in places:
            row[place] = as_json(row[place])
        yield table, tuple(row)

    return rows


class _Kind(NamedTuple):
    """What a schema's values are and how they become rows."""

    type: type[Any]
    rows: Callable[[Any, Record], Iterator[Row]]


KINDS: Mapping[str, _Kind] = {
    "fact/ledger_fact": _Kind(LedgerFact, _fact_rows),
    "fact/seiri_fact": _Kind(SeiriFact, _seiri_rows),
    "event/atena_changed": _Kind(AtenaChanged, _as_it_is(tables.ATENA, "held")),
    "event/kiroku_held": _Kind(KirokuHeld, _as_it_is(tables.KIROKU, "held")),
    "matching/matching_notice": _Kind(MatchingNotice, _as_it_is(tables.UNMATCHED)),
    "deadletter/letter": _Kind(Letter, _as_it_is(tables.LETTER)),
    "audit/provision": _Kind(Provision, _as_it_is(tables.PROVISION, "legal_basis", "fields", "left_out")),
}


class _Pending:
    """The rows of a batch by table and key: of pictures the last one stays, of logs the first one."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[Any, ...], tuple[Any, ...]]] = {
            name: {} for name in METADATA.tables
        }

    def add(self, found: Iterable[Row]) -> None:
        for table, row in found:
            rows, key = self._rows[table.name], tuple([row[n] for n in _KEYS[table.name]])
            if table.name in tables.APPEND_ONLY:
                rows.setdefault(key, row)
            else:
                rows[key] = row

    def write(self, connection: Connection, writer: RowWriter) -> None:
        for name, rows in self._rows.items():
            # in order of key: two writers then lock rows in one order, and pages are touched once
            writer.write(connection, METADATA.tables[name], [rows[key] for key in sorted(rows)])


_KEYS = {
    name: tuple(n for n, column in enumerate(table.columns) if column.primary_key)
    for name, table in METADATA.tables.items()
}


class Store:
    """照会用の表の置き場: the database as the target of the loop."""

    def __init__(
        self,
        url: str,
        topics: Mapping[str, Sequence[str]],
        at_point: Callable[[str], None] = lambda point: None,
    ) -> None:
        self._at_point = at_point
        self.engine: Engine = tables.engine_for(url, writes=True)
        self._reading = tables.engine_for(
            url
        )  # asking how it stands must not take the lock of the one who writes
        self._writer = RowWriter(self.engine)
        self._kinds = {topic: [KINDS[base] for base in bases] for topic, bases in topics.items()}

    def begin(self, identity: Mapping[str, str], starts: Mapping[Place, int]) -> None:
        with _database(), self.engine.begin() as connection:
            _migrated(connection)
            known = connection.execute(sa.select(PROJECTION_META.c.name, PROJECTION_META.c.value)).all()
            stored = {name: value for name, value in known}
            same_identity(stored, identity, NAME)
            self._writer.write(connection, PROJECTION_META, sorted((stored | dict(identity)).items()))
            present = _positions(connection)
            absent = [(*place, start) for place, start in sorted(starts.items()) if place not in present]
            self._writer.write(connection, POSITION, absent)

    def positions(self) -> dict[Place, int]:
        with _database(), self._reading.connect() as connection:
            return _positions(connection)

    def problems(self) -> int:
        with _database(), self._reading.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(SINK_PROBLEM)).scalar_one()

    def keep(self, spans: Sequence[Span]) -> None:
        pending = _Pending()
        for record in _records(spans):
            pending.add(self._rows_of(record))
        try:
            with self._transaction(spans) as connection:
                pending.write(connection, self._writer)
        except _RefusedByDatabase:
            self._keep_one_by_one(spans)

    def close(self) -> None:
        self.engine.dispose()
        self._reading.dispose()

    def _keep_one_by_one(self, spans: Sequence[Span]) -> None:
        """Something among these rows was refused: each record by itself, so that only it is left out."""
        with self._transaction(spans) as connection:
            for record in _records(spans):
                pending = _Pending()
                pending.add(self._rows_of(record))
                try:
                    with _database(), connection.begin_nested():
                        pending.write(connection, self._writer)
                except _RefusedByDatabase as refused:
                    self._writer.write(connection, SINK_PROBLEM, [_problem(record, "R-204", str(refused))])

    @contextlib.contextmanager
    def _transaction(self, spans: Sequence[Span]) -> Iterator[Connection]:
        """One database transaction: asks the positions first, under lock, and moves them last."""
        with _database(), self.engine.begin() as connection:
            stored = _positions(connection, lock=True)
            if any(stored.get((span.topic, span.partition)) != span.begin for span in spans):
                raise Moved
            yield connection
            reached = [(span.topic, span.partition, span.end) for span in spans]
            self._writer.write(connection, POSITION, reached)
            self._at_point("before-database-commit")
        self._at_point("after-database-commit")

    def _rows_of(self, record: Record) -> list[Row]:
        """The rows of one record, or the one row that tells why there are none."""
        try:
            value = decode(record.value or b"")
        except NewerRelease:  # a newer release of this sink can write its rows
            raise
        except DecodeError as error:
            return [(SINK_PROBLEM, _problem(record, "R-201", str(error)))]
        kind = next((kind for kind in self._kinds[record.topic] if type(value) is kind.type), None)
        if kind is None:
            return [(SINK_PROBLEM, _problem(record, "R-202", type(value).__name__))]
        rows = list(kind.rows(value, record))
        for table, row in rows:
            violation = self._writer.violation(table, row)
            if violation is not None:
                return [(SINK_PROBLEM, _problem(record, "R-204", f"{table.name}: {violation}"))]
        return rows


class Projection:
    """照会用の表への引渡し: one thread that keeps the tables of `database_url` up with the topics.

    `topics` ({topic: schemas}) is that of `schemas/topics.toml` unless given; `client` are settings of the
    Kafka client (security); `at_point` is called with the name of each fail point that is passed.
    """

    def __init__(
        self,
        bootstrap: str,
        database_url: str,
        *,
        batch: int = BATCH,
        topics: Mapping[str, Sequence[str]] | None = None,
        client: Mapping[str, Any] | None = None,
        at_point: Callable[[str], None] = lambda point: None,
    ) -> None:
        chosen = topics_of(NAME) if topics is None else topics
        self.store = Store(database_url, chosen, at_point)
        self.loop = Loop(NAME, bootstrap, tuple(chosen), self.store, batch=batch, client=client)

    def run(self, stop: threading.Event) -> None:
        """動かす: until `stop` is set; see `Loop.run` for what it raises."""
        self.loop.run(stop)

    def drain(self, timeout: float) -> Counts:
        """読み切る: up to the ends as they stand at the call; Transient when `timeout` seconds pass before."""
        return self.loop.drain(timeout)

    def lag(self) -> dict[str, int]:
        """遅れ: offsets per topic between the database and the end."""
        return self.loop.lag()

    def status(self) -> Status:
        """状況: records kept since the start, problems in the database, lag, and what it waits for."""
        return self.loop.status()

    def close(self) -> None:
        """閉じる: lets go of broker and database."""
        self.loop.close()


class _RefusedByDatabase(Exception):
    """The database refuses a row: says of what kind and where, never the value."""


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """What the database says, in our words: its own may quote the row."""
    try:
        yield
    except DBAPIError as error:
        raise _meaning(error) from None


def _meaning(error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None) or ""
    code = getattr(error.orig, "sqlite_errorcode", None)
    named = (
        f"{NAME}: {type(error.orig).__name__} {state or getattr(error.orig, 'sqlite_errorname', '')}".strip()
    )
    if error.statement is None:  # before any statement: it could not connect, and no row is in the words
        return Transient(f"{named}: {error.orig}")
    if isinstance(error, (DataError, IntegrityError)) or state.startswith(_LIMIT_CLASS):
        return _RefusedByDatabase(named)
    is_passing = code & 0xFF in _SQLITE_PASSING if code is not None else isinstance(error, OperationalError)
    if (
        is_passing
        or error.connection_invalidated
        or isinstance(error, InterfaceError)
        or state == _READ_ONLY
    ):
        return Transient(f"{named}: the database is out of reach or busy")
    return Terminal(
        f"{named}: expected the tables of this program; "
        "run `shuunou database migrate`, and if it stays so, report it"
    )


def _migrated(connection: Connection) -> None:
    found, wanted = migrations.current(connection), migrations.head()
    if found != wanted:
        raise Terminal(
            f"{NAME}: expected the database at revision {wanted}, found {found or 'none'}; "
            "run `shuunou database migrate`, or use the program that wrote it"
        )


def _positions(connection: Connection, *, lock: bool = False) -> dict[Place, int]:
    asked = sa.select(POSITION.c.topic, POSITION.c.partition, POSITION.c.next_offset)
    rows = connection.execute(asked.with_for_update() if lock else asked).all()
    return {(topic, partition): offset for topic, partition, offset in rows}


def _records(spans: Sequence[Span]) -> Iterator[Record]:
    return (record for span in spans for record in span.records)


def _problem(record: Record, reason: str, found: str) -> Problem:
    return Problem(record.topic, record.partition, record.offset, reason, found)
