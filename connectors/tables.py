"""照会用の表: the SQL tables of the projection, the engine that opens them, and the statements that fill them.

Columns come from the Avro schemas (names, kinds and whether null is allowed), so that an item is stated
once; the migrations are written out, and a test compares the two. Days are DATE, yen BIGINT, instants
milliseconds since 1970 (BIGINT), maps and lists their JSON text. The same tables stand on SQLite and
PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    make_url,
)

import schemas
from connectors.base import Terminal
from schemas.codec import base_name, version_of
from state.law.movement import Movement

METADATA = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"}
)
BUSY_TIMEOUT_MS = 10_000
INT_END, LONG_END = 2**31, 2**63
KEY_LENGTH = 200
"""索引に入る文字列の上限: index pages of every database bear it; our own keys are far below (64 at most)."""

_KINDS: Mapping[str, type[Any]] = {
    "string": Text,
    "bytes": LargeBinary,
    "int": Integer,
    "long": BigInteger,
    "boolean": Boolean,
    "date": Date,
    "timestamp-millis": BigInteger,
    "map": Text,
    "array": Text,
}


def newest(base: str) -> str:
    """最新の版: `event/atena_changed` -> `event/atena_changed.v1`. Raises ValueError when there is none."""
    return max((name for name in schemas.avsc_names() if base_name(name) == base), key=version_of)


def _columns(base: str, keys: Sequence[str], leave_out: Sequence[str] = ()) -> list[Column[Any]]:
    """One column per field of the newest schema, in its order; the keys make the primary key.

    `leave_out` names fields, or kinds of fields (`array`, `map`), that have no column.
    """
    found: list[Column[Any]] = []
    for field in schemas.load_avsc(newest(base))["fields"]:
        is_optional = isinstance(field["type"], list)
        kind = field["type"][1] if is_optional else field["type"]
        word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
        if field["name"] not in leave_out and word not in leave_out:
            found.append(_column(field["name"], _KINDS[word], field["name"] in keys, is_optional))
    return found


def _column(name: str, kind: type[Any], is_key: bool = False, is_optional: bool = False) -> Column[Any]:
    return Column(name, kind, primary_key=is_key, nullable=is_optional, autoincrement=False)


def _key(name: str, kind: type[Any] = Text) -> Column[Any]:
    return _column(name, kind, is_key=True)


ACCOUNT = Table(
    "account",
    METADATA,
    *_columns("state/receipt_account", ["shuunou_key"], ["array", "map", "record"]),
    _column("minou_gaku", BigInteger),
    _column("kagonou_gaku", BigInteger),
    _column("fact_id", Text),
    _column("fact_offset", BigInteger),
    _column("seisan", Text, is_optional=True),
    _column("held", Text),
    Index(None, "atena_bangou"),
)
RECEIPT = Table(
    "receipt",
    METADATA,
    _key("shuunou_key"),
    _key("receipt_no"),
    _column("dankai", Text),
    _column("kingaku", BigInteger),
    _column("ryoushuu_nengappi", Date),
    _column("shuunou_nengappi", Date),
    _column("nikkeibi", Date),
    _column("torikomibi", Date),
    _column("shuunou_kubun", Text),
)
DELINQUENCY_CASE = Table(
    "delinquency_case",
    METADATA,
    *_columns("state/delinquency_case", ["atena_bangou"]),
    _column("fact_id", Text),
    _column("fact_offset", BigInteger),
)
ATENA = Table("atena", METADATA, *_columns("event/atena_changed", ["atena_bangou"]))
KIROKU = Table("kiroku", METADATA, *_columns("event/kiroku_held", ["record", "atena_bangou", "record_key"]))
FACT = Table(
    "fact",
    METADATA,
    *_columns("fact/ledger_fact", ["fact_id"], ["minou_gaku", "kagonou_gaku", "record", "array"]),
    _column("partition", Integer),
    _column("offset", BigInteger),
    Index(None, "atena_bangou"),
    Index(None, "shuunou_key"),
)
SEIRI_FACT = Table(
    "seiri_fact",
    METADATA,
    *_columns("fact/seiri_fact", ["fact_id"], ["record", "array"]),
    _column("applied", Text),
    _column("partition", Integer),
    _column("offset", BigInteger),
    Index(None, "atena_bangou"),
    Index(None, "shuunou_key"),
    Index(None, "kind", "on"),
)
MOVEMENT = Table(
    "movement",
    METADATA,
    _key("fact_id"),
    _key("number", Integer),
    *(
        _column(name, Date if name == "on" else Integer if name.endswith("_nendo") else Text)
        for name in Movement._fields[:-1]
    ),
    _column("kingaku", BigInteger),
    Index(None, "shuunou_key"),
    Index(None, "kaikei_nendo", "zeimoku_code"),
)
KIBETSU_SEIRI = Table(
    "kibetsu_seiri",
    METADATA,
    _key("shuunou_key"),
    _column("atena_bangou", Text),
    _column("encoded", LargeBinary),  # the value itself, as `state.wire` decodes it
    _column("fact_id", Text),
    Index(None, "atena_bangou"),
)
SEIRIBO = Table(
    "seiribo", METADATA, _key("atena_bangou"), _column("encoded", LargeBinary), _column("fact_id", Text)
)
UNMATCHED = Table(
    "unmatched",
    METADATA,
    # The key of the topic is part of the key of the row: a payment that staff assigned goes on under another
    # 収納キー, in another partition, and two partitions must never write one row.
    *(
        Column("status", Text, nullable=False) if column.name == "kind" else column
        for column in _columns("matching/matching_notice", ["shuunou_key", "event_id"])
    ),
    Index(None, "status"),
)
LETTER = Table(
    "letter", METADATA, *_columns("deadletter/letter", ["letter_id"]), Index(None, "reason", "recorded_at")
)
PROVISION = Table(
    "provision",
    METADATA,
    # The hash is part of the key: should a chain ever fork, both branches are kept and can be seen.
    *_columns("audit/provision", ["chain", "seq", "hash"]),
    Index(None, "contract"),
    Index(None, "atena_bangou"),
)
SINK_PROBLEM = Table(
    "sink_problem",
    METADATA,
    _key("topic"),
    _key("partition", Integer),
    _key("offset", BigInteger),
    _column("reason", Text),
    _column("found", Text),
)
POSITION = Table(
    "position", METADATA, _key("topic"), _key("partition", Integer), _column("next_offset", BigInteger)
)
PROJECTION_META = Table("projection_meta", METADATA, _key("name"), _column("value", Text))

APPEND_ONLY = frozenset({"fact", "seiri_fact", "movement", "letter", "provision", "sink_problem"})
"""Tables whose rows never change once written: a repetition leaves the first one as it is."""


def as_json(value: Any) -> str:
    """JSON の文: one spelling per value. Control characters are escaped, so a database takes any text."""
    if isinstance(value, Mapping):
        value = dict(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def engine_for(url: str, *, writes: bool = False) -> Engine:
    """データベースを開く: SQLite or PostgreSQL by URL; Terminal for another kind, or for nothing there to read.

    SQLite is set to WAL (readers and the one writer do not hinder each other); `writes` takes its write
    lock at the beginning of a transaction, so that a lock is waited for there and not found out at the end.
    No message shows the values of a statement.
    """
    kind = make_url(url).get_backend_name()
    if kind == "sqlite":
        engine = create_engine(url, hide_parameters=True)
        _set_up_sqlite(engine, writes)
        return engine
    if kind == "postgresql":
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, paramstyle="format")
    raise Terminal(f"database: expected sqlite or postgresql, found {kind}; set DATABASE_URL to one of them")


def _set_up_sqlite(engine: Engine, writes: bool) -> None:
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    file = Path(engine.url.database or ":memory:")
    if writes:
        file.parent.mkdir(parents=True, exist_ok=True)
    elif not file.exists():
        raise Terminal(
            f"database: expected the file {file}, found none; `shuunou database migrate` makes it"
        )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own idea of transactions is off; `begin` is ours
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        # 64 MiB of pages kept, copied back from the log each 40 MiB: a batch's rows lie all over the tables
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA wal_autocheckpoint=10000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def upsert_sql(table: Table, engine: Engine) -> str:
    """登録または更新の文: for rows by their columns' order; append-only tables leave the row that is there.

    SQLite takes one row at a time; PostgreSQL takes one array per column, which spares it a statement per
    row.
    """
    quote = engine.dialect.identifier_preparer.quote
    names = [quote(column.name) for column in table.columns]
    keys = [quote(column.name) for column in table.primary_key]
    if engine.dialect.name == "sqlite":
        given = f"VALUES ({', '.join('?' for _ in names)})"
    else:
        arrays = [f"%s::{column.type.compile(engine.dialect)}[]" for column in table.columns]
        given = f"SELECT * FROM unnest({', '.join(arrays)})"
    changed = [f"{name} = excluded.{name}" for name in names if name not in keys]
    action = "NOTHING" if table.name in APPEND_ONLY else f"UPDATE SET {', '.join(changed)}"
    into = f"INSERT INTO {quote(table.name)} ({', '.join(names)})"
    return f"{into} {given} ON CONFLICT ({', '.join(keys)}) DO {action}"


def array_text(column: Column[Any], values: Iterable[Any]) -> str:
    """配列の文: values of one column as PostgreSQL reads an array (its manual, 8.15.6)."""
    write: Callable[[Any], str] = str
    if isinstance(column.type, Text):
        write = _quoted
    elif isinstance(column.type, LargeBinary):
        write = _hex
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def _hex(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class RowWriter:
    """行の書き手: checks rows and writes them, given as tuples in the order of the table's columns.

    The statements go to the driver as they are, and to PostgreSQL each column as the text of an array:
    SQLAlchemy's handling of each parameter, and psycopg's of each element (regular expressions, 3.3.9),
    cost more than the database's own work. SQLite has no DATE of its own, so days become ISO text here, as
    SQLAlchemy reads them.
    """

    def __init__(self, engine: Engine) -> None:
        self._sql = {name: upsert_sql(table, engine) for name, table in METADATA.tables.items()}
        self._limits = {name: _Limits.of(table) for name, table in METADATA.tables.items()}
        self._days: dict[str, tuple[int, ...]] | None = None
        if engine.dialect.name == "sqlite":
            self._days = {name: _places(table, Date) for name, table in METADATA.tables.items()}

    def violation(self, table: Table, row: tuple[Any, ...]) -> str | None:
        """表の約束に反するか: what no database could keep, or only one of them; never the value itself."""
        return self._limits[table.name].violation(row)

    def write(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """行を書く: upserts all rows, or raises SQLAlchemy's error and leaves the transaction to the caller."""
        if not rows:
            return
        if self._days is None:
            columns = zip(table.columns, zip(*rows, strict=True), strict=True)
            arrays = tuple(array_text(column, values) for column, values in columns)
            connection.exec_driver_sql(self._sql[table.name], arrays)
            return
        places = self._days[table.name]
        if places:
            rows = [_with_text_days(row, places) for row in rows]
        connection.exec_driver_sql(self._sql[table.name], list(rows))


def _places(table: Table, kind: type[Any]) -> tuple[int, ...]:
    return tuple(n for n, column in enumerate(table.columns) if isinstance(column.type, kind))


class _Limits(NamedTuple):
    """What a row must keep to so that SQLite and PostgreSQL store the very same."""

    texts: tuple[int, ...]
    keys: tuple[int, ...]
    ints: tuple[int, ...]
    longs: tuple[int, ...]

    @classmethod
    def of(cls, table: Table) -> _Limits:
        longs = _places(table, BigInteger)
        indexed = {column.name for index in table.indexes for column in index.columns}
        indexed |= {column.name for column in table.primary_key}
        texts = _places(table, Text)
        keys = tuple(n for n in texts if list(table.columns)[n].name in indexed)
        return cls(texts, keys, tuple(n for n in _places(table, Integer) if n not in longs), longs)

    def violation(self, row: tuple[Any, ...]) -> str | None:
        for place in self.texts:
            if (text := row[place]) and "\0" in text:
                return "a text with NUL"
        for place in self.keys:
            if (text := row[place]) and len(text) > KEY_LENGTH:
                return f"a key of {len(text)} characters"
        for place in self.ints:
            if (number := row[place]) and not -INT_END <= number < INT_END:
                return "a number beyond 32 bits"
        for place in self.longs:
            if (number := row[place]) and not -LONG_END <= number < LONG_END:
                return "a number beyond 64 bits"
        return None


_iso: dict[date | None, str | None] = {None: None}


def _with_text_days(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    written = list(row)
    for place in places:
        day = written[place]
        text = _iso.get(day)
        if text is None and day is not None:
            text = _iso[day] = day.isoformat()
        written[place] = text
    return tuple(written)
