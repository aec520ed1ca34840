"""様式の命令: `shuunou schema check | list | explain | register`.

`check` is the gate of the build; `list` and `explain` read what `schemas/` states; `register` gives new
schemas their ids.
"""

from __future__ import annotations

import json
import re
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import schemas
from schemas import gate, records, registry
from schemas.codec import base_name, version_of
from schemas.gate.words import python_identifiers
from schemas.provisions import provisions

PACKAGES = ("schemas", "state", "connectors", "streams")
app = typer.Typer(
    name="schema",
    no_args_is_help=True,
    help="様式: check the schemas, list them, explain an item of 別添1, register new ones.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def can_import(dotted: str) -> bool:
    """取り込めるか: is this dotted name a function that exists?"""
    module, _, name = dotted.rpartition(".")
    try:
        return callable(getattr(import_module(module), name, None))
    except ModuleNotFoundError:
        return False


def findings() -> list[gate.Finding]:
    """指摘: what the gate says of the project as it stands."""
    identifiers = (pair for package in PACKAGES for pair in python_identifiers(files(package), package))
    return gate.check(gate.load_material(), can_import, identifiers)


@app.command()
def check(as_json: Json = False) -> None:
    """関門: names, 別添1, compatibility, the PIA gate, provenance, words. Exit code 1 when anything is found."""
    found = findings()
    if as_json:
        _print_json([finding._asdict() for finding in found])
    else:
        for finding in found:
            typer.echo(f"{finding.code} {finding.file}: {finding.what}")
            typer.echo(f"      expected {finding.expected}; found {finding.found}; {finding.todo}")
        typer.echo(_summary(len(found)))
    if found:
        raise typer.Exit(1)


def _summary(count: int) -> str:
    names = records.records()
    items = sum(len(records.items(record)) for record in names)
    contracts = len(schemas.names("contract", ".toml"))
    looked = (
        f"{len(schemas.avsc_names())} schemas, {len(names)} records, {items} items, {contracts} contracts"
    )
    return f"{looked}: {count or 'no'} finding{'' if count == 1 else 's'}"


@app.command("list")
def list_schemas(as_json: Json = False) -> None:
    """一覧: every schema with its versions, ids and number of fields."""
    rows = [_row(base) for base in dict.fromkeys(map(base_name, schemas.avsc_names()))]
    if as_json:
        _print_json(rows)
        return
    table = Table(box=None)
    for title in ("schema", "versions", "ids", "fields"):
        table.add_column(title, no_wrap=True)
    table.add_column("用語")
    for row in rows:
        counts = ", ".join(str(version["fields"]) for version in row["versions"])
        ids = ", ".join(str(version["id"] or "none") for version in row["versions"])
        versions = ", ".join(f"v{version['version']}" for version in row["versions"])
        table.add_row(row["schema"], versions, ids, counts, row["ja"])
    Console().print(table)


def _row(base: str) -> dict[str, Any]:
    ids = {entry.name: entry.schema_id for entry in registry.entries()}
    names = sorted((name for name in schemas.avsc_names() if base_name(name) == base), key=version_of)
    versions = [
        {"version": version_of(name), "id": ids.get(name), "fields": len(schemas.load_avsc(name)["fields"])}
        for name in names
    ]
    newest = schemas.load_avsc(names[-1])
    ja = newest.get("subfile") or re.split("[:((]", newest["doc"])[0]
    return {"schema": base, "ja": ja, "versions": versions}


@app.command()
def explain(
    item: Annotated[
        str,
        typer.Argument(help="An identifier, a Japanese name or a number: `65`, `収滞納/65`, `期別調定額`."),
    ],
    as_json: Json = False,
) -> None:
    """項目の説明: where an item of 別添1 stands, its type, where its value comes from and who receives it.

    An item of several files is shown in each. Exit code 2 when there is none of that name.
    """
    found = records.find(item)
    if not found:
        near = "、".join(records.near(item)) or "`shuunou schema list` で記録の名を確かめる"
        typer.echo(
            f"no item {item!r} in 別添1; expected an identifier, a Japanese name or a number", err=True
        )
        typer.echo(f"near it: {near}", err=True)
        raise typer.Exit(2)
    if as_json:
        _print_json([_explained(one) for one in found])
        return
    for one in found:
        _print_item(one)


def _print_item(item: records.Item) -> None:
    said = _explained(item)
    typer.echo(f"{item.subfile} {item.item_no}  {item.ja}  {item.name}  ({item.yomi})")
    unit = f" ({item.unit})" if item.unit else ""
    lines = {
        "record": [f"{item.record}, {', '.join(f'v{version}' for version in item.versions)}"],
        "type": [f"{item.type}{unit}, {'key' if item.is_required else 'optional'}"],
        "note": [item.doc] if item.doc else [],
        "confidential": [f"{item.confidential}: 暗号文だけが流れる"] if item.confidential else [],
        "comes from": [said["comes_from"]],
        "given to": said["given_to"] or ["nobody"],
    }
    for label, texts in lines.items():
        for at, text in enumerate(texts):
            typer.echo(f"  {'' if at else label:<13} {text}")
    typer.echo("")


def _explained(item: records.Item) -> dict[str, Any]:
    return {
        **item._asdict(),
        "comes_from": _comes_from(item),
        "given_to": [_receiver(contract) for contract in records.contracts_of(item)],
    }


def _comes_from(item: records.Item) -> str:
    origin = records.provenance(item.record, item.name)
    stated = schemas.load_toml("provenance")["source"]
    events = [event for source in origin.sources for event in stated[source]["events"]]
    names = ", ".join(schemas.load_avsc(f"{event}.v1")["name"] for event in events)
    whence = "; ".join(f"{stated[s]['ja']} ({stated[s]['nyuushumoto']})" for s in origin.sources)
    until = ""
    if origin.otherwise:
        until = f"; until one has come: {item.name} as held: {stated[origin.otherwise]['ja']}"
    match origin.kind:
        case "event":
            return f"event: {' + '.join(origin.fields)} of {names}: {whence}{until}"
        case "held":
            return f"held as given: {origin.key or item.name} in `held` of {names}: {whence}{until}"
        case _:
            return f"derived: {origin.function} from {names}: {whence}{until}"


def _receiver(contract_id: str) -> str:
    contract = schemas.load_toml(f"contract/{contract_id}")
    basis = "、".join(_basis(provision) for provision in contract["legal_basis"])
    return f"{contract['to']} ({basis}) by contract {contract_id} version {contract['version']}"


def _basis(provision_id: str) -> str:
    cited = provisions()[provision_id]
    if cited.succeeded_by is None:
        return cited.ja
    after = provisions()[cited.succeeded_by]
    unread = "" if after.checked_on else ", 未確認"
    return f"{cited.ja}[{after.valid_from} から{after.ja}{unread}]"


@app.command()
def register() -> None:
    """登録: give new schemas their ids in schemas/avro/ids.tsv. Exit code 1 if a published one was changed."""
    changed = registry.changed()
    if changed:
        typer.echo(f"changed since they were published: {', '.join(changed)}", err=True)
        typer.echo("restore them, and make new versions instead; nothing was registered", err=True)
        raise typer.Exit(1)
    added = registry.additions()
    with Path(str(schemas.ROOT.joinpath("avro/ids.tsv"))).open("a", encoding="utf-8") as ledger:
        for entry in added:
            ledger.write(f"{entry.schema_id}\t{entry.name}\t{entry.fingerprint}\n")
            typer.echo(f"{entry.schema_id}  {entry.name}")
    if not added:
        typer.echo("every schema has its id")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
