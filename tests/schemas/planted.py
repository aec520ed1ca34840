"""Faults planted in what `schemas/` states, and the codes under which the gate finds them."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from schemas import gate
from schemas.gate.base import Material

Change = Callable[[dict[str, Any]], object]

MATERIAL = gate.load_material()
V2 = "record/shuutainou.v2"
KAZOKU = "record/tainou_kazoku.v1"
TRANSFER = "transfer/zeimuka.v1"
EXTRA = {
    "name": "shumi",
    "type": ["null", "string"],
    "item_no": 129,
    "ja": "趣味",
    "yomi": "しゅみ",
    "default": None,
}


def codes(
    m: Material,
    can_import: Callable[[str], bool] = lambda dotted: True,
    identifiers: Iterable[tuple[str, str]] = (),
) -> set[str]:
    return {finding.code for finding in gate.check(m, can_import, identifiers)}


def changed(name: str, change: Change) -> Material:
    """The material with one schema changed, and the ids as if it had been published so."""
    avscs = copy.deepcopy(dict(MATERIAL.avsc))
    change(avscs[name])
    return republished(MATERIAL._replace(avsc=avscs))


def republished(m: Material) -> Material:
    fingerprint = gate.history.registry.fingerprint
    entries = [
        gate.history.registry.Entry(n, name, fingerprint(avsc))
        for n, (name, avsc) in enumerate(m.avsc.items())
    ]
    return m._replace(ledger=tuple(entries))


def field_changed(schema: str, word: str, /, **attributes: Any) -> Material:
    def change(avsc: dict[str, Any]) -> None:
        field = next(field for field in avsc["fields"] if field["name"] == word)
        field.update(attributes)

    return changed(schema, change)


def contract_changed(name: str, **keys: Any) -> Material:
    contracts = {**MATERIAL.contracts, name: {**MATERIAL.contracts[name], **keys}}
    return MATERIAL._replace(contracts=contracts)


def provenance_changed(record: str, item: str, line: dict[str, Any] | None) -> Material:
    stated = copy.deepcopy(dict(MATERIAL.provenance))
    if line is None:
        del stated["record"][record][item]
    else:
        stated["record"][record][item] = line
    return MATERIAL._replace(provenance=stated)
