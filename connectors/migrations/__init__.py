"""表の移行: brings the projection's database to the tables of this release, by Alembic, from inside the program.

A revision is never edited once released; a change of `connectors.tables` needs a new one (`drift` shows
what is missing, and a test keeps it empty).
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from connectors.tables import METADATA, engine_for

PACKAGE = "connectors.migrations"


def migrate(url: str) -> str:
    """表を最新にする: upgrades the database to head and returns its revision. Doing it again changes nothing."""
    engine = engine_for(url, writes=True)
    try:
        with as_file(files(PACKAGE)) as folder, engine.begin() as connection:
            config = _config(str(folder), connection)
            command.upgrade(config, "head")
            return str(current(connection))
    finally:
        engine.dispose()


def head() -> str:
    """最新の版: the revision that this program writes to."""
    with as_file(files(PACKAGE)) as folder:
        return str(ScriptDirectory.from_config(_config(str(folder), None)).get_current_head())


def current(connection: Connection) -> str | None:
    """データベースの版: None when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def drift(engine: Engine) -> list[Any]:
    """表の差: what a new revision would have to do to reach `connectors.tables`; empty when nothing is."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))


def _config(folder: str, connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
