"""命令行: the `shuunou` command. Each group of commands is a module of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Annotated

import typer

from streams import cli_explain, cli_hub, cli_kaikei, cli_look, cli_record, cli_verify
from streams.cli_schema import app as schema_app
from streams.cli_shared import console, fail, hub_bootstrap, listing, print_json, readable_errors
from streams.settings import Settings, settings
from streams.worker import STAGES, configure_logging, run_worker

app = typer.Typer(
    name="shuunou",
    help="収納ハブ: receives changes (異動情報), keeps the ledger of receipts and delinquency, "
    "and hands transfers (移転) to the departments that the law allows.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(
    schema_app,
    name="schema",
    help="様式: the official records, events and transfers, and the gate they pass.",
)
cli_hub.register(app)
cli_look.register(app)
cli_explain.register(app)
cli_kaikei.register(app)
cli_record.register(app)
cli_verify.register(app)


@app.command()
def worker(
    stage: Annotated[
        list[str] | None,
        typer.Option(help=f"A stage to run; may be repeated. All of {', '.join(STAGES)} by default."),
    ] = None,
) -> None:
    """働き手: run the stages (all, or those named) until SIGTERM; exit code 70 when it stopped itself."""
    configure_logging()
    chosen = tuple(stage or STAGES)
    unknown = set(chosen) - set(STAGES)
    if unknown:
        fail(f"stage {', '.join(sorted(unknown))}: expected one of {', '.join(STAGES)}", code=2)
    with readable_errors():
        conf = settings()
        raise typer.Exit(asyncio.run(run_worker(conf, hub_bootstrap(conf), chosen)))


@app.command("settings")
def show_settings(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """設定: every setting, its value and what it is for."""
    conf = settings()
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"SHUUNOU_{name.upper()}"
        rows.append((variable, str(getattr(conf, name)), field.description or ""))
    if as_json:
        print_json([dict(zip(("variable", "value", "purpose"), row, strict=True)) for row in rows])
        return
    table = listing(None, "variable", "value", "purpose")
    for row in rows:
        table.add_row(*row)
    console.print(table)


@app.command("connectors")
def run_connectors(
    sinks: Annotated[bool, typer.Option(help="Run the projection and the file sinks.")] = True,
    sources: Annotated[bool, typer.Option(help="Watch the inbox.")] = True,
) -> None:
    """コネクタ: run the source connectors over the inbox and the sinks until SIGTERM."""
    from streams.connecting import run_all

    configure_logging(logging.WARNING)
    with readable_errors():
        conf = settings()
        raise typer.Exit(
            run_all(conf, hub_bootstrap(conf), sources=sources, sinks=sinks, stop=threading.Event())
        )


def main() -> None:
    """入口: what the installed `shuunou` calls."""
    app()


if __name__ == "__main__":
    main()
