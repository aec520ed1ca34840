"""別添1の記録: the 324 items of the published assessment as seven records, and what is known of each item.

`schemas/betten1.tsv` states the list (files, numbers, labels, readings), `schemas/avro/record/*.avsc` gives
every item its type, `schemas/provenance.toml` where its value comes from, `schemas/contract/*.toml` who
receives it.

Only the key of a record is mandatory; every other item is a union with null that defaults to null. A
mandatory field can never leave its record, nor a new one join it: under FULL compatibility, which the gate
demands of every version, whatever comes or goes must have a default. So a version may add an item, as
納税計画対象額 (109) joined 収滞納 on 令和2年9月24日, and old and new bytes still read both ways.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

import schemas
from schemas.codec import base_name, version_of
from schemas.romaji import without_remarks

FOLDER = "record/"


class Listed(NamedTuple):
    """様式の一項目: one line of 別添1. `added_on` is the day it joined the form (別添2), None if always there."""

    file: str
    subfile: str
    item_no: int
    ja: str
    yomi: str
    added_on: date | None


class Item(NamedTuple):
    """記録の一項目: one field of the newest version of a record, with the versions that have it."""

    record: str
    subfile: str
    item_no: int
    name: str
    ja: str
    yomi: str
    type: str
    unit: str | None
    is_required: bool
    confidential: str | None
    doc: str | None
    versions: tuple[int, ...]


class Provenance(NamedTuple):
    """来歴: kind (event, held or derived), the sources by name, the fields, the held key or the function.

    `otherwise` is the source whose `held` speaks while no event of the others has said anything.
    """

    kind: str
    sources: tuple[str, ...]
    fields: tuple[str, ...] = ()
    key: str | None = None
    function: str | None = None
    otherwise: str | None = None


@cache
def betten1() -> tuple[Listed, ...]:
    """別添1の一覧: all items in the order of the assessment."""
    text = schemas.ROOT.joinpath("betten1.tsv").read_text(encoding="utf-8")
    return tuple(
        Listed(
            row["file"],
            row["subfile"],
            int(row["no"]),
            row["item"],
            row["yomi"],
            date.fromisoformat(row["added_on"]) if row["added_on"] else None,
        )
        for row in csv.DictReader(text.splitlines(), delimiter="\t")
    )


@cache
def versions(record: str) -> tuple[int, ...]:
    """版: the versions of one record, ascending. Empty for what is no record."""
    found = (name for name in schemas.avsc_names() if base_name(name) == FOLDER + record)
    return tuple(sorted(map(version_of, found)))


def avsc(record: str, version: int | None = None) -> dict[str, Any]:
    """記録の様式: the schema of one version, the newest by default."""
    return schemas.load_avsc(f"{FOLDER}{record}.v{version or versions(record)[-1]}")


@cache
def records() -> tuple[str, ...]:
    """記録の名: the seven records in the order of 別添1."""
    order = [row.subfile for row in betten1()]
    found = {base_name(name)[len(FOLDER) :] for name in schemas.avsc_names() if name.startswith(FOLDER)}
    return tuple(sorted(found, key=lambda record: order.index(avsc(record)["subfile"])))


def core_type(kind: Any) -> Any:
    """null を除いた型: the type of an optional field is that of its value."""
    if isinstance(kind, list):
        rest = [branch for branch in kind if branch != "null"]
        return rest[0] if len(rest) == 1 else rest
    return kind


def type_word(kind: Any) -> str:
    """型の名: `date`, `timestamp-millis`, `long`, `string`, ... of a type, null apart."""
    core = core_type(kind)
    return str(core.get("logicalType", core["type"]) if isinstance(core, dict) else core)


@cache
def items(record: str) -> tuple[Item, ...]:
    """記録の全項目: of the newest version, in order. Raises IndexError for what is no record."""
    schema = avsc(record)
    has = {v: {field["name"] for field in avsc(record, v)["fields"]} for v in versions(record)}
    return tuple(
        Item(
            record,
            schema["subfile"],
            field["item_no"],
            field["name"],
            field["ja"],
            field["yomi"],
            type_word(field["type"]),
            field.get("unit"),
            "default" not in field,
            field.get("confidential"),
            field.get("doc"),
            tuple(version for version, names in has.items() if field["name"] in names),
        )
        for field in schema["fields"]
    )


@cache
def confidential_items() -> dict[str, str]:
    """秘匿項目: item name -> tag, for every item that is ciphertext wherever it stands, `held` maps included."""
    every = (item for record in records() for item in items(record))
    return {item.name: item.confidential for item in every if item.confidential}


def provenance(record: str, name: str) -> Provenance:
    """来歴: of one item. Raises KeyError when none is stated, which the gate reports."""
    return provenance_of(schemas.load_toml("provenance")["record"][record][name])


def provenance_of(entry: Mapping[str, Any]) -> Provenance:
    """来歴の読み取り: one line of `provenance.toml` as a value."""
    fields = entry.get("fields", [entry["field"]] if "field" in entry else [])
    return Provenance(
        entry["kind"],
        tuple(entry["from"]),
        tuple(fields),
        entry.get("key"),
        entry.get("function"),
        entry.get("otherwise"),
    )


def contract_items(contract: Mapping[str, Any]) -> dict[str, str]:
    """契約の項目: field -> the record whose item it is (the first of the contract's records that has it)."""
    found: dict[str, str] = {}
    for record in reversed(contract["records"]):
        names = {item.name for item in items(record)}
        found |= {field: record for field in contract["fields"] if field in names}
    return {field: found[field] for field in contract["fields"] if field in found}


def contracts_of(item: Item) -> tuple[str, ...]:
    """移転する契約: ids of the contracts that transfer this item of this record."""
    return tuple(
        name
        for name in schemas.names("contract", ".toml")
        if contract_items(schemas.load_toml(f"contract/{name}")).get(item.name) == item.record
    )


def find(query: str) -> tuple[Item, ...]:
    """項目を探す: by identifier, Japanese name or number, alone or after a file and a slash (`収滞納/65`).

    A name of three files gives three items; what is not there gives none.
    """
    where, _, what = query.rpartition("/")
    return tuple(
        item
        for record in records()
        for item in items(record)
        if _is_file(item, where)
        and what in (item.name, item.ja, without_remarks(item.ja), str(item.item_no))
    )


def _is_file(item: Item, where: str) -> bool:
    return where in ("", item.record, item.subfile, item.subfile.removesuffix("ファイル"))


def near(query: str) -> list[str]:
    """近い名: identifiers and Japanese names that a mistyped query may have meant, nearest first."""
    every = [item for record in records() for item in items(record)]
    labels = dict.fromkeys(text for item in every for text in (item.name, item.ja))
    what = query.rpartition("/")[2]
    close = get_close_matches(what, labels, n=5, cutoff=0.5)
    parts = [label for label in labels if what and what in label]
    return list(dict.fromkeys([*close, *parts]))[:8]
