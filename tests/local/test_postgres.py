"""ローカルPostgreSQL: the shared server answers, and every test has an empty database."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from streams.local import process
from streams.local.postgres import VERSION, LocalPostgres


def test_the_database_is_postgresql_of_the_pinned_version(database_url: str) -> None:
    assert database_url.startswith("postgresql+psycopg://")
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert str(connection.scalar(text("select version()"))).startswith(f"PostgreSQL {VERSION}.")
        assert connection.scalar(text("show server_encoding")) == "UTF8"
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_every_test_has_an_empty_database(database_url: str, turn: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("create table left_behind (turn integer)"))
    engine.dispose()


def test_a_stop_leaves_no_process_and_no_files() -> None:
    with LocalPostgres() as server:
        child, directory = server._child, server._directory
        assert child is not None
        assert child.poll() is None
        assert directory.exists()
    assert process.command_line(child.pid) == ""
    assert not directory.exists()


def test_what_was_never_started_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").touch()
    LocalPostgres().stop()
    assert (tmp_path / "kept").exists()
