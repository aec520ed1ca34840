"""様式の関門: what `shuunou schema check` runs. A finding fails the build; there are no warnings.

S-1xx names and readings, S-2xx the list of 別添1, S-3xx versions and compatibility, S-4xx the assessment
(PIA): records, confidential items, transfers, contracts; S-5xx provenance, S-6xx words, code lists and
provisions. A code is never renumbered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.gate import history, items, origins, pia, words
from schemas.gate.base import Finding, Material, load_material

__all__ = ["CHECKS", "Finding", "Material", "check", "load_material"]

CHECKS: tuple[Callable[[Material], Iterable[Finding]], ...] = (
    items.check_avro_names,
    items.check_readings,
    items.check_one_meaning,
    items.check_list,
    items.check_types,
    history.check_published,
    history.check_versions,
    pia.check_records_listed,
    pia.check_confidential,
    pia.check_transfers,
    pia.check_contracts,
    pia.check_legal_basis,
    words.check_glossary,
    words.check_codes,
    words.check_provisions,
)


def check(
    m: Material, can_import: Callable[[str], bool], identifiers: Iterable[tuple[str, str]]
) -> list[Finding]:
    """関門: every finding, in the order of the checks.

    `can_import` says whether a dotted name is a function (the gate itself imports nothing above `schemas`);
    `identifiers` are the Python names to hold against the glossary, each with its file.
    """
    unstated = list(items.check_attributes(m))
    if unstated:
        return unstated  # the other checks rely on them
    found = [finding for run in CHECKS for finding in run(m)]
    found += origins.check_provenance(m, can_import)
    found += words.check_synonyms(m, [*words.schema_identifiers(m), *identifiers])
    return found
