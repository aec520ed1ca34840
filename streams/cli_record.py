"""命令行(記録): the records of 別添1, item by item, as the projection lets them be made."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import typer

from connectors import records as read_side
from connectors.records import RecordView
from schemas import records
from streams.cli_look import engine, yen
from streams.cli_shared import WRONG_USE, AsJson, console, fail, listing, print_json, readable_errors

JST = timezone(timedelta(hours=9))
record_app = typer.Typer(
    help="記録: the seven records of 別添1, with the number and name of every item.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    app.add_typer(record_app, name="record")


@record_app.command("show")
def record_show(
    record: Annotated[
        str, typer.Argument(help="shuutainou, tainou_kojin, …; the file's Japanese name serves too.")
    ],
    key: Annotated[str | None, typer.Option(help="収納キー: of a 期別.")] = None,
    person: Annotated[str | None, typer.Option(help="宛名番号: every row of a person.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The business day as of which 滞納繰越 is reckoned; today by default."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show empty items too.")] = False,
    as_json: AsJson = False,
) -> None:
    """記録: one record of 別添1 by item; exit code 1 when there is none. 個人番号 and 口座番号 are not shown."""
    name = _record_of(record)
    if (key is None) == (person is None):
        fail("record show: expected one of --key and --person", WRONG_USE)
    if key is not None and name not in read_side.BY_BILL:
        fail(f"record {name}: expected --person, found --key; it has no 収納キー", WRONG_USE)
    day = on.date() if on is not None else _today()
    with readable_errors():
        if key is not None:
            found = read_side.of_bill(engine(), name, key, day)
        else:
            found = read_side.of_person(engine(), name, str(person), day)
    if not found:
        fail(f"record {name} of {key or person}: expected a row, found none")
    if as_json:
        print_json([_plain(each) for each in found])
        return
    for each in found:
        _print(each, every)


def _record_of(word: str) -> str:
    """A record by its identifier or by its file's name, with or without ファイル."""
    for name in records.records():
        ja = records.items(name)[0].subfile
        if word in (name, ja, ja.removesuffix("ファイル")):
            return name
    fail(f"record {word}: expected one of {', '.join(records.records())}", WRONG_USE)


def _today() -> date:
    return datetime.now(UTC).astimezone(JST).date()


def _print(view: RecordView, every: bool) -> None:
    title = f"{records.items(view.record)[0].subfile} {view.key}"
    table = listing(title, "番号", "項目", "値")
    kinds = {item.name: item for item in records.items(view.record)}
    for item in view.items:
        if every or item.value is not None:
            table.add_row(str(item.item_no), item.ja, _shown(kinds[item.name], item.value))
    console.print(table)


def _shown(item: records.Item, value: Any) -> str:
    if value is None:
        return ""
    if item.type == "timestamp-millis":
        at = datetime.fromtimestamp(value / 1000, JST)
        return at.isoformat(sep=" ", timespec="seconds")
    return yen(value) if item.unit == "円" else str(value)


def _plain(view: RecordView) -> dict[str, Any]:
    return {**view._asdict(), "items": [item._asdict() for item in view.items]}
