"""条文: what a dated rule cites by role, as a record of its application and in words for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.provisions import provisions
from state.facts import Applied
from state.law.rules import applied

Entry = Mapping[str, Any]


def by(entry: Entry, role: str, inputs: Mapping[str, object], outputs: Mapping[str, object]) -> Applied:
    """適用の記録: of the provision that `entry` names for `role`. Raises KeyError for a role it does not name."""
    return applied(entry["provision"][role], entry, inputs, outputs)


def cite(entry: Entry, role: str) -> str:
    """条項の表記: `地方税法 第17条の2第1項`, for the words of a refusal."""
    return provisions()[entry["provision"][role]].ja
