"""行の書き手: whatever a column may hold comes back from every table of both databases as it was given."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.migrations import migrate
from connectors.tables import INT_END, LONG_END, METADATA, RowWriter, engine_for

TEXTS = (
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    ",",
    " 前後の空白 ",
    "一行目\n二行目\t\r",
    "'; DROP TABLE account; --",
    "%s %(name)s $1 :x",
    "\x01\x7f",
    "𠮷野家",
    "é",
)
GIVEN: dict[type[Any], tuple[Any, ...]] = {
    sa.Text: TEXTS,
    sa.LargeBinary: (b"", b"\\", b'"', b"NULL", bytes(range(256))),
    sa.Boolean: (True, False),
    sa.Date: (date(1, 1, 1), date(999, 12, 31), date(2026, 2, 28), date(9999, 12, 31)),
    sa.BigInteger: (-LONG_END, -1, 0, LONG_END - 1),
    sa.Integer: (-INT_END, -1, 0, INT_END - 1),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[sa.Engine]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'rows.db'}" if is_sqlite else request.getfixturevalue("database_url")
    migrate(url)
    engine = engine_for(url, writes=True)
    yield engine
    engine.dispose()


def _values(column: sa.Column[Any]) -> tuple[Any, ...]:
    found = next(values for kind, values in GIVEN.items() if isinstance(column.type, kind))
    return (*found, None) if column.nullable else found


def _rows(table: sa.Table) -> list[tuple[Any, ...]]:
    """Every value of every column at least once, in rows of different keys."""
    columns = [_values(column) for column in table.columns]
    made = [tuple(values[n % len(values)] for values in columns) for n in range(60)]
    keys = [n for n, column in enumerate(table.columns) if column.primary_key]
    return list({tuple(row[n] for n in keys): row for row in made}.values())


@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_what_a_column_may_hold_comes_back_as_it_was_given(engine: sa.Engine, name: str) -> None:
    table, writer = METADATA.tables[name], RowWriter(engine)
    rows = _rows(table)
    with engine.begin() as connection:
        connection.execute(table.delete())
        for _ in range(2):  # the second time as a repetition
            writer.write(connection, table, rows)
        found = [tuple(row) for row in connection.execute(sa.select(table)).all()]
    assert sorted(found, key=repr) == sorted(rows, key=repr)
