"""様式台帳: schema ids of the Confluent wire format, kept in an append-only file.

`avro/ids.tsv` gives every published schema its number: id, name, fingerprint of its content. A line is never
edited or removed: whoever holds old bytes must still find their schema. `missing()` and `changed()` are what
`shuunou schema check` reports.
"""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cache
from typing import Any, NamedTuple

import schemas

FIRST_ID = 1001


class Entry(NamedTuple):
    """台帳の一行: the id of one version of one schema and the fingerprint of its content."""

    schema_id: int
    name: str
    fingerprint: str


def fingerprint(avsc: dict[str, Any]) -> str:
    """指紋: SHA-256 of the schema with its keys sorted; documentation counts, since consumers read it."""
    text = json.dumps(avsc, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def entries() -> tuple[Entry, ...]:
    """台帳の全行: in the order in which they were added."""
    text = schemas.ROOT.joinpath("avro/ids.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return tuple(Entry(int(row["id"]), row["name"], row["fingerprint"]) for row in rows)


@cache
def id_of(name: str) -> int:
    """様式の番号: raises KeyError for a schema that is not in the ledger."""
    for entry in entries():
        if entry.name == name:
            return entry.schema_id
    raise KeyError(f"{name}: not in schemas/avro/ids.tsv; run `shuunou schema register`")


def last_id() -> int:
    """最後の番号: the newest schema that this release knows."""
    return max((entry.schema_id for entry in entries()), default=FIRST_ID - 1)


def missing() -> list[str]:
    """未登録の様式: schemas that have no id yet."""
    known = {entry.name for entry in entries()}
    return [name for name in schemas.avsc_names() if name not in known]


def changed() -> list[str]:
    """登録後に変わった様式: a published schema must not change; a new version must be made instead."""
    present = set(schemas.avsc_names())
    return [
        entry.name
        for entry in entries()
        if entry.name not in present or fingerprint(schemas.load_avsc(entry.name)) != entry.fingerprint
    ]


def additions() -> list[Entry]:
    """追記すべき行: ids for the schemas that are missing, continuing after the last one."""
    following = last_id() + 1
    return [
        Entry(following + step, name, fingerprint(schemas.load_avsc(name)))
        for step, name in enumerate(missing())
    ]
