"""版の検査 (S-3xx): published schemas do not change, versions follow one another, and all read each other."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

from fastavro.schema import SchemaParseException, UnknownType, expand_schema

from schemas import registry
from schemas.codec import version_of
from schemas.compatibility import conflicts
from schemas.gate.base import Finding, Material, avsc_file, families


def check_published(m: Material) -> Iterator[Finding]:
    """公表済みの様式の検査 (S-301, S-302): what has an id stays as it is, and everything has an id."""
    known = {entry.name: entry.fingerprint for entry in m.ledger}
    for name, fingerprint in known.items():
        if name not in m.avsc or registry.fingerprint(m.avsc[name]) != fingerprint:
            yield Finding(
                "S-301",
                avsc_file(name),
                "a published schema",
                "unchanged since it got its id",
                "changed" if name in m.avsc else "removed",
                "restore it, and make a new version instead",
            )
    for name in m.avsc:
        if name not in known:
            yield Finding(
                "S-302",
                avsc_file(name),
                "schema id",
                "a line in schemas/avro/ids.tsv",
                "none",
                "run `shuunou schema register`",
            )


def check_versions(m: Material) -> Iterator[Finding]:
    """版の互換の検査 (S-303 to S-305): FULL and transitive, since old bytes stay in the topics for ever."""
    for base, names in families(m).items():
        numbers = [version_of(name) for name in names]
        if numbers != list(range(1, len(names) + 1)):
            yield Finding(
                "S-303",
                avsc_file(base + ".v*"),
                "versions",
                "1, 2, 3, ... without a gap",
                str(numbers),
                "restore the missing version: old bytes are read with it",
            )
        readable: dict[str, Any] = {}
        for name in names:
            try:
                readable[name] = expand_schema(copy.deepcopy(m.avsc[name]))
            except (SchemaParseException, UnknownType, KeyError, TypeError, ValueError) as error:
                found = f"{type(error).__name__}: {error}"
                yield Finding("S-304", avsc_file(name), "schema", "valid Avro", found, "correct the schema")
        yield from _conflicts(readable)


def _conflicts(readable: Mapping[str, Any]) -> Iterator[Finding]:
    for writer, reader in permutations(readable, 2):
        for conflict in conflicts(readable[writer], readable[reader]):
            yield Finding(
                "S-305",
                avsc_file(reader),
                f"reading bytes of {writer}",
                "FULL compatibility",
                conflict,
                "give what comes or goes a default, and change no type",
            )
