"""命令行(常駐): what works in the background until it is told to end: the stages, the connectors.

Such a process is started again after every fault, so it loads what it needs and nothing else
(streams/entry.py): without the database's libraries it is ready in half the time.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Annotated, NoReturn

import typer

from streams.cli_shared import fail, hub_bootstrap, readable_errors
from streams.logs import configure_logging
from streams.settings import settings
from streams.topics import STAGES

app = typer.Typer(name="shuunou", pretty_exceptions_enable=False)
"""These commands alone, under the same name; the whole has them among its others."""


def register(whole: typer.Typer) -> None:
    """命令を加える。"""
    whole.command("worker")(run_stages)
    whole.command("connectors")(run_connectors)


def run_stages(
    stage: Annotated[
        list[str] | None,
        typer.Option(help=f"A stage to run; may be repeated. All of {', '.join(STAGES)} by default."),
    ] = None,
) -> None:
    """働き手: run the stages (all, or those named) until SIGTERM; exit code 70 when it stopped itself."""
    from streams.worker import run_worker

    configure_logging()
    chosen = tuple(stage or STAGES)
    unknown = set(chosen) - set(STAGES)
    if unknown:
        fail(f"stage {', '.join(sorted(unknown))}: expected one of {', '.join(STAGES)}", code=2)
    with readable_errors():
        conf = settings()
        _leave(asyncio.run(run_worker(conf, hub_bootstrap(conf), chosen)))


def _leave(code: int) -> NoReturn:
    """去る: without waiting for threads that a silent broker keeps, Faust's or a connector's.

    What was to be finished is; a kill at any point loses nothing, so neither does this.
    """
    sys.stderr.flush()
    os._exit(code)


def run_connectors(
    sinks: Annotated[bool, typer.Option(help="Run the projection and the file sinks.")] = True,
    sources: Annotated[bool, typer.Option(help="Watch the inbox.")] = True,
) -> None:
    """コネクタ: run the source connectors over the inbox and the sinks until SIGTERM."""
    from streams.connecting import run_all

    configure_logging()
    with readable_errors():
        conf = settings()
        bootstrap, stop = hub_bootstrap(conf), threading.Event()
        _leave(run_all(conf, bootstrap, has_sources=sources, has_sinks=sinks, stop=stop))


register(app)
