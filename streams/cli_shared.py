"""命令行の共通: the console, JSON output, exit codes, and errors that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, NoReturn

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from connectors.base import Terminal, Transient
from connectors.secrets import SecretError
from streams.engine.owner import Fenced, NoBroker, Stuck
from streams.local.jars import JarError
from streams.local.java import JavaNotFound
from streams.local.kafka import BrokerError, running
from streams.local.process import accepts
from streams.settings import Settings
from streams.topics import TopicsDiffer

FAILED, WRONG_USE = 1, 2
CONNECT_S, PORT_MAX = 3.0, 65_535
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
_KNOWN = (
    BrokerError, JarError, JavaNotFound, TopicsDiffer, SecretError, Terminal, Transient, Fenced, NoBroker,
    Stuck,
)  # fmt: skip


def fail(message: str, code: int = FAILED) -> NoReturn:
    """失敗を告げて終わる: on standard error; 1 for a failure, 2 for wrong use."""
    errors.print(message, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def readable_errors() -> Iterator[None]:
    """分かる誤り: known failures end the command in one line instead of a traceback."""
    try:
        yield
    except _KNOWN as error:
        fail(str(error))
    except KafkaException as error:
        fail(f"Kafka: {error.args[0].name()}; is the broker up? `shuunou broker status` tells")
    except Exception as error:
        if not _is_of_database(error):
            raise
        fail(
            f"database: {type(error).__name__};"
            " see `shuunou settings` for its URL, and whether it was migrated"
        )


def _is_of_database(error: Exception) -> bool:
    """Asked of what is loaded: a process that has no business with the database does not load SQLAlchemy."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return loaded is not None and isinstance(error, loaded.SQLAlchemyError)


def listing(title: str | None, *columns: str) -> Table:
    """表: cells are folded, never cut: what staff copy from it must be whole."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_json(value: Any) -> None:
    """JSON で出す: days as ISO strings, bytes as hex."""

    def plain(thing: Any) -> Any:
        if isinstance(thing, date):
            return thing.isoformat()
        if isinstance(thing, bytes):
            return thing.hex()
        return str(thing)

    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=plain)
    sys.stdout.write("\n")


def hub_bootstrap(conf: Settings) -> str:
    """ブローカーの住所: the one in the settings, else the local broker if it runs."""
    if conf.bootstrap:
        return conf.bootstrap
    broker = running(conf.home)
    if broker is None:
        fail(
            "broker: expected SHUUNOU_BOOTSTRAP or a local broker, found neither;"
            " `shuunou broker start` starts one"
        )
    return broker.bootstrap


def answering_bootstrap(conf: Settings) -> str:
    """答えるブローカーの住所: as `hub_bootstrap`, having looked whether anybody takes connections there.

    A Kafka client would try for half a minute before it told a person who waits. Raises NoBroker.
    """
    bootstrap = hub_bootstrap(conf)
    if not any(_takes_connections(address) for address in bootstrap.split(",")):
        raise NoBroker(bootstrap)
    return bootstrap


def _takes_connections(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    if not port.isdecimal() or int(port) > PORT_MAX:
        return True  # whatever that is, the Kafka client will say what is wrong with it
    return accepts(int(port), host.strip("[]"), CONNECT_S)
