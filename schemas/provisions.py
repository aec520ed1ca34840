"""条項: the provisions that contracts and rules cite, with the time in which each is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import schemas


class Provision(NamedTuple):
    """条項: one cited provision. `checked_on` is None until someone has read the official text."""

    id: str
    ja: str
    summary: str
    valid_from: date
    valid_to: date | None
    succeeded_by: str | None
    checked_on: date | None
    source: str


def read(entry: Mapping[str, Any]) -> Provision:
    """条項の読み取り: one table of `law/provisions.toml` as a value."""
    return Provision(
        entry["id"],
        entry["ja"],
        entry["summary"],
        entry["valid_from"],
        entry.get("valid_to"),
        entry.get("succeeded_by"),
        date.fromisoformat(entry["checked_on"]) if entry["checked_on"] else None,
        entry["source"],
    )


@cache
def provisions() -> dict[str, Provision]:
    """全条項: by id."""
    return {entry["id"]: read(entry) for entry in schemas.load_toml("law/provisions")["provision"]}


def in_force(ids: Iterable[str], day: date, known: Mapping[str, Provision] | None = None) -> tuple[str, ...]:
    """その日の根拠: what the cited provisions are on `day`, each replaced by its successor where it has ended.

    Raises LookupError for an unknown id, or one not in force on that day and without a successor that is.
    """
    table = provisions() if known is None else known
    return tuple(_on(provision_id, day, table) for provision_id in ids)


def _on(provision_id: str, day: date, table: Mapping[str, Provision]) -> str:
    at: str | None = provision_id
    for _ in table:
        if at is None or at not in table:
            break
        found = table[at]
        if found.valid_from <= day and (found.valid_to is None or day <= found.valid_to):
            return at
        at = found.succeeded_by
    raise LookupError(f"{provision_id}: nothing in schemas/law/provisions.toml is in force for it on {day}")
