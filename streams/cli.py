"""命令行: the `shuunou` command. Each group of commands is a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from streams import cli_explain, cli_hub, cli_kaikei, cli_look, cli_record, cli_verify, cli_work
from streams.cli_schema import app as schema_app
from streams.cli_shared import console, listing, print_json
from streams.settings import Settings, settings

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
cli_work.register(app)


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
