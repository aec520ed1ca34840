"""定め: the dated rules of `schemas/law`, and what a step of a procedure under them comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar

import schemas
from state.facts import Applied

Value = TypeVar("Value")


class NoRule(LookupError):
    """定めがない: `on` is before `first`, the day from which a table of `schemas/law` rules."""

    def __init__(self, where: str, on: date, first: date) -> None:
        super().__init__(f"no rule in schemas/law/{where} for {on}; the first is of {first}")
        self.on, self.first = on, first


class Outcome(NamedTuple, Generic[Value]):
    """結果: the value that follows, the facts to announce (past tense), and the provisions they rest on."""

    value: Value
    happened: tuple[str, ...]
    applied: tuple[Applied, ...]


def rule(table: str, on: date, part: str = "rule") -> Mapping[str, Any]:
    """その日の定め: the entry of `schemas/law/<table>.toml` in force on `on`.

    Raises NoRule when there is none: the table says from when it rules.
    """
    entries = schemas.load_toml(f"law/{table}")[part]
    known = [entry for entry in entries if entry["valid_from"] <= on]
    if not known:
        raise NoRule(f"{table}.toml [[{part}]]", on, min(entry["valid_from"] for entry in entries))
    found: Mapping[str, Any] = max(known, key=lambda entry: entry["valid_from"])
    return found


def version(entry: Mapping[str, Any]) -> str:
    """定めの版: the day from which it is in force."""
    return str(entry["valid_from"].isoformat())


def applied(
    provision: str, entry: Mapping[str, Any], inputs: Mapping[str, object], outputs: Mapping[str, object]
) -> Applied:
    """適用の記録: every value as text, a day as ISO 8601, what is absent as an empty text."""
    return Applied(provision, version(entry), _texts(inputs), _texts(outputs))


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
