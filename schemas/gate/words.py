"""用語の検査 (S-6xx): one word, one meaning; code lists and provisions that can be relied on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from itertools import pairwise
from typing import Any

from schemas.gate.base import Finding, Material, avsc_file, fields_within
from schemas.romaji import ReadingError, name_of

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CODE_COLUMNS = {"code", "ja", "valid_from", "valid_to", "source"}
Identifiers = Iterable[tuple[str, str]]


def tokens(identifier: str) -> tuple[str, ...]:
    """語に分ける: `dueDate`, `due_date` and `DueDate` -> ("due", "date")."""
    return tuple(part.lower() for part in _TOKEN.findall(identifier))


def schema_identifiers(m: Material) -> Iterator[tuple[str, str]]:
    """様式の識別子: every field of every schema, with its file."""
    for name, avsc in m.avsc.items():
        for field in fields_within(avsc):
            yield avsc_file(name), field["name"]


def python_identifiers(folder: Traversable, where: str) -> Iterator[tuple[str, str]]:
    """Python の識別子: the functions and classes defined under a package folder, with their file."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{where}/{entry.name}"
        if entry.is_dir():
            yield from python_identifiers(entry, path)
        elif entry.name.endswith(".py"):
            for node in ast.walk(ast.parse(entry.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield path, node.name


def check_glossary(m: Material) -> Iterator[Finding]:
    """用語集の検査 (S-601): the name of a word is its reading's, unless it is a bridge word for a stage."""
    for word in m.glossary:
        try:
            expected = word.get("bridge") or name_of(word["yomi"])
        except ReadingError as error:
            expected = str(error)
        if word["name"] != expected:
            yield Finding(
                "S-601",
                "schemas/glossary.toml",
                word["ja"],
                expected,
                word["name"],
                "take the name that the reading gives",
            )


def check_synonyms(m: Material, identifiers: Identifiers) -> Iterator[Finding]:
    """類義語の検査 (S-602): a forbidden synonym in an identifier, alone or as a part of it."""
    forbidden = {tokens(bad): word for word in m.glossary for bad in word["forbidden"]}
    for file, identifier in identifiers:
        parts = tuple(part.removesuffix("s") for part in tokens(identifier))
        for bad, word in forbidden.items():
            single = tuple(part.removesuffix("s") for part in bad)
            if any(parts[at : at + len(single)] == single for at in range(len(parts))):
                yield Finding(
                    "S-602",
                    file,
                    f"identifier {identifier}",
                    f"{word['name']} ({word['ja']})",
                    "_".join(bad),
                    "use the word of schemas/glossary.toml",
                )


def check_codes(m: Material) -> Iterator[Finding]:
    """コード表の検査 (S-603): every row has its source, the columns are there, no code means two things on one day.

    A table without a column `code` (期別 by 年度) needs only its sources.
    """
    for name, rows in m.codes.items():
        file = f"schemas/code/{name}.csv"
        columns = set(rows[0]) if rows else set()
        wanted = _CODE_COLUMNS if "code" in columns else {"ja", "source"}
        if not wanted <= columns:
            yield Finding("S-603", file, "columns", f"{sorted(wanted)}", f"{sorted(columns)}", "add them")
            continue
        for row in rows:
            if not all(row[key] for key in wanted - {"valid_from", "valid_to"}):
                yield Finding(
                    "S-603", file, f"row {row['ja']}", "code, ja and source", "an empty one", "fill it in"
                )
        if "code" in columns:
            yield from _overlaps(file, rows)


def _overlaps(file: str, rows: Iterable[Mapping[str, str]]) -> Iterator[Finding]:
    periods: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        periods.setdefault(row["code"], []).append((row["valid_from"], row["valid_to"] or "9999"))
    for code, spans in periods.items():
        for (_, end), (start, _) in pairwise(sorted(spans)):
            if start <= end:
                yield Finding(
                    "S-603",
                    file,
                    f"code {code}",
                    "one meaning on each day",
                    f"one until {end}, another from {start or 'the beginning'}",
                    "end the earlier one first",
                )


def check_provisions(m: Material) -> Iterator[Finding]:
    """条項の検査 (S-604): what `schemas/law` cites is listed with a source; successors leave no gap."""
    for name, law in m.law.items():
        for cited in _cited(law):
            if cited not in m.provisions:
                yield _provision(f"schemas/law/{name}.toml", cited, "a provision of provisions.toml", "none")
    for provision in m.provisions.values():
        file = "schemas/law/provisions.toml"
        if not provision.source or not provision.ja:
            yield _provision(file, provision.id, "ja and source", "an empty one")
        after = m.provisions.get(provision.succeeded_by or "")
        if provision.succeeded_by and (
            after is None or provision.valid_to is None or (after.valid_from - provision.valid_to).days != 1
        ):
            yield _provision(
                file,
                provision.id,
                "a successor in force on the day after valid_to",
                f"{provision.succeeded_by}",
            )


def _provision(file: str, what: str, expected: str, found: str) -> Finding:
    return Finding("S-604", file, f"provision {what}", expected, found, "correct the law file")


def _cited(law: Any) -> Iterator[str]:
    """Every provision id under a key `provision` whose value is an id or a table of ids."""
    if isinstance(law, list):
        for part in law:
            yield from _cited(part)
    elif isinstance(law, Mapping):
        for key, value in law.items():
            if key == "provision" and isinstance(value, str):
                yield value
            elif key == "provision" and isinstance(value, Mapping):
                yield from (text for text in value.values() if isinstance(text, str))
            else:
                yield from _cited(value)
