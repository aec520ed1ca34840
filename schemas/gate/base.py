"""検査の材料: what the gate looks at, and what it says.

A check is a function from `Material` to findings. It opens no file: a test plants a fault by replacing a
part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import schemas
from schemas import records, registry
from schemas.codec import base_name, version_of
from schemas.provisions import Provision, provisions

RECORD, TRANSFER = "record/", "transfer/"


class Finding(NamedTuple):
    """指摘: one thing that is wrong: its code, the file, what, what was expected and found, and what to do."""

    code: str
    file: str
    what: str
    expected: str
    found: str
    todo: str


class Material(NamedTuple):
    """検査の材料: all that `schemas/` states, read once."""

    avsc: Mapping[str, dict[str, Any]]
    ledger: tuple[registry.Entry, ...]
    listed: tuple[records.Listed, ...]
    provenance: Mapping[str, Any]
    contracts: Mapping[str, dict[str, Any]]
    envelope: tuple[str, ...]
    provisions: Mapping[str, Provision]
    law: Mapping[str, dict[str, Any]]
    codes: Mapping[str, tuple[dict[str, str], ...]]
    glossary: tuple[dict[str, Any], ...]


def load_material() -> Material:
    """材料を読む: the project as it stands."""
    return Material(
        {name: schemas.load_avsc(name) for name in schemas.avsc_names()},
        registry.entries(),
        records.betten1(),
        schemas.load_toml("provenance"),
        {name: schemas.load_toml(f"contract/{name}") for name in schemas.names("contract", ".toml")},
        tuple(schemas.load_toml("transfer_envelope")["fields"]),
        provisions(),
        {name: schemas.load_toml(f"law/{name}") for name in schemas.names("law", ".toml")},
        {name: schemas.load_csv(f"code/{name}") for name in schemas.names("code", ".csv")},
        tuple(schemas.load_toml("glossary")["word"]),
    )


def avsc_file(name: str) -> str:
    """様式のファイル: `record/shuutainou.v1` -> `schemas/avro/record/shuutainou.v1.avsc`."""
    return f"schemas/avro/{name}.avsc"


def families(m: Material, folder: str = "") -> dict[str, list[str]]:
    """様式の系列: name without version -> the names of its versions, ascending."""
    found: dict[str, list[str]] = {}
    for name in sorted(m.avsc, key=version_of):
        if name.startswith(folder):
            found.setdefault(base_name(name), []).append(name)
    return found


def newest(m: Material, folder: str) -> dict[str, str]:
    """最新の版: name without folder and version -> name of the newest version."""
    return {base[len(folder) :]: names[-1] for base, names in families(m, folder).items()}


def schemas_within(avsc: Any) -> Iterator[dict[str, Any]]:
    """入れ子の様式: every named schema in this one, itself first."""
    if isinstance(avsc, list):
        for branch in avsc:
            yield from schemas_within(branch)
    elif isinstance(avsc, dict):
        if "name" in avsc:
            yield avsc
        for field in avsc.get("fields", ()):
            yield from schemas_within(field["type"])
        for part in ("items", "values", "type"):
            yield from schemas_within(avsc.get(part))


def fields_within(avsc: Any) -> Iterator[dict[str, Any]]:
    """入れ子の項目: every field of every record in this schema."""
    for schema in schemas_within(avsc):
        yield from schema.get("fields", ())


def rows_as_of(m: Material, subfile: str, day: date) -> list[records.Listed]:
    """その日の様式: the items of one file that the form had on that day."""
    return [r for r in m.listed if r.subfile == subfile and (r.added_on is None or r.added_on <= day)]


def repeated(values: Iterable[str]) -> list[str]:
    """重なり: the values that occur more than once, in their order."""
    seen: dict[str, int] = {}
    for value in values:
        seen[value] = seen.get(value, 0) + 1
    return [value for value, count in seen.items() if count > 1]
