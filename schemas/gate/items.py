"""項目の検査 (S-1xx, S-2xx): names, readings, and the records against the list of 別添1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import zip_longest
from typing import Any

from schemas.gate.base import (
    RECORD,
    Finding,
    Material,
    avsc_file,
    families,
    newest,
    repeated,
    rows_as_of,
    schemas_within,
)
from schemas.records import Listed, core_type, type_word
from schemas.romaji import ReadingError, loans_in_label, loans_in_reading, name_of

AVRO_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
TYPE_BY_ENDING = {
    "年月日": "date",
    "日時": "timestamp-millis",
    "額": "long",
    "年度": "int",
    "回数": "int",
    "月数": "int",
    "カウンタ": "int",
    "コード": "string",
    "フラグ": "string",
    "区分": "string",
}
"""What the label of an item says of its type. 番号 is not here: 履歴番号 counts, the others are written."""
RECORD_KEYS, ITEM_KEYS = ("file", "subfile", "valid_from"), ("item_no", "ja", "yomi")


def check_attributes(m: Material) -> Iterator[Finding]:
    """記載の検査 (S-100): what the other checks rely on is stated on every record and item."""
    for name, avsc in _records(m):
        for key in RECORD_KEYS:
            if key not in avsc:
                yield Finding("S-100", avsc_file(name), "record", key, "none", "state it")
        for field in avsc["fields"]:
            for key in ITEM_KEYS:
                if key not in field:
                    yield Finding(
                        "S-100", avsc_file(name), f"field {field['name']}", key, "none", "state it"
                    )


def check_avro_names(m: Material) -> Iterator[Finding]:
    """Avro の名の検査 (S-101, S-102): fastavro accepts any field name; other readers of our topics do not."""
    for name, avsc in m.avsc.items():
        for schema in schemas_within(avsc):
            fields = [field["name"] for field in schema.get("fields", ())]
            words = [schema["name"], *schema.get("namespace", "").split("."), *fields]
            for word in (*words, *schema.get("symbols", ())):
                if word and not AVRO_NAME.match(word):
                    yield Finding(
                        "S-101",
                        avsc_file(name),
                        f"name {word!r}",
                        "ASCII letters, digits and _, no digit first",
                        repr(word),
                        "spell it by the reading (schemas/romaji.py)",
                    )
            for word in repeated(fields):
                yield Finding(
                    "S-102",
                    avsc_file(name),
                    f"field {word}",
                    "one of that name",
                    "several",
                    "remove the repetition",
                )


def check_readings(m: Material) -> Iterator[Finding]:
    """読みの検査 (S-103, S-104): the reading is kana, names the loan words of its label, and gives the name."""
    for name, avsc in _records(m):
        for field in avsc["fields"]:
            try:
                expected, loans = name_of(field["yomi"]), loans_in_label(field["ja"])
            except ReadingError as error:
                yield _reading(name, field, "kana, loan words of schemas/romaji.py and numbers", str(error))
                continue
            if loans != loans_in_reading(field["yomi"]):
                yield _reading(name, field, f"the loan words {loans}", f"{loans_in_reading(field['yomi'])}")
            if field["name"] != expected:
                yield Finding(
                    "S-104",
                    avsc_file(name),
                    f"name of {field['ja']} ({field['yomi']})",
                    expected,
                    field["name"],
                    "take the name that the reading gives",
                )


def _reading(name: str, field: dict[str, Any], expected: str, found: str) -> Finding:
    what = f"reading of {field['ja']}"
    return Finding("S-103", avsc_file(name), what, expected, found, "correct the reading")


def check_one_meaning(m: Material) -> Iterator[Finding]:
    """一語一義の検査 (S-105, S-106): one name has one reading in a file, and one type in all files."""
    types: dict[str, tuple[str, str]] = {}
    for name, avsc in _records(m):
        by_name: dict[str, set[str]] = {}
        for field in avsc["fields"]:
            by_name.setdefault(field["name"], set()).add(field["yomi"])
            known_type, where = types.setdefault(field["name"], (type_word(field["type"]), name))
            if known_type != type_word(field["type"]):
                yield Finding(
                    "S-106",
                    avsc_file(name),
                    f"type of {field['name']}",
                    f"{known_type}, as in {avsc_file(where)}",
                    type_word(field["type"]),
                    "give one item one type",
                )
        for word, readings in by_name.items():
            if len(readings) > 1:
                yield Finding(
                    "S-105",
                    avsc_file(name),
                    f"name {word}",
                    "one reading",
                    f"{sorted(readings)}",
                    "number the names apart",
                )


def check_list(m: Material) -> Iterator[Finding]:
    """別添1との照合 (S-201 to S-203, S-206): every file has its record, with the form's items in its order.

    A version is compared with the form as it was on its `valid_from`, the newest with the whole form.
    """
    subfiles = list(dict.fromkeys(row.subfile for row in m.listed))
    stated = [m.avsc[name].get("subfile") for name in newest(m, RECORD).values()]
    for subfile in subfiles:
        if stated.count(subfile) != 1:
            yield Finding(
                "S-201",
                "schemas/avro/record",
                f"records of {subfile}",
                "1",
                str(stated.count(subfile)),
                "make one record schema for each file of 別添1",
            )
    latest = set(newest(m, RECORD).values())
    for name, avsc in _records(m):
        valid_from = date.fromisoformat(avsc["valid_from"])
        form = rows_as_of(m, avsc["subfile"], date.max if name in latest else valid_from)
        yield from _compare(name, avsc, form)
        yield from _too_early(name, avsc, m, valid_from)


def _compare(name: str, avsc: dict[str, Any], rows: list[Listed]) -> Iterator[Finding]:
    expected = [(row.item_no, row.ja, row.yomi) for row in rows]
    found = [(field["item_no"], field["ja"], field["yomi"]) for field in avsc["fields"]]
    labels, stated = {row.ja for row in rows}, {field["ja"] for field in avsc["fields"]}
    for row in rows:
        if row.ja not in stated:
            yield Finding(
                "S-202",
                avsc_file(name),
                f"item {row.item_no} {row.ja}",
                "a field",
                "none",
                "add the field in its place",
            )
    if labels == stated:
        for place, (want, have) in enumerate(zip_longest(expected, found), 1):
            if want != have:
                yield Finding(
                    "S-203",
                    avsc_file(name),
                    f"field {place}",
                    f"{want or 'no more'}",
                    f"{have or 'none'}",
                    "take number, label, reading and order from schemas/betten1.tsv",
                )


def _too_early(name: str, avsc: dict[str, Any], m: Material, day: date) -> Iterator[Finding]:
    later = {row.ja: row.added_on for row in m.listed if row.subfile == avsc["subfile"] and row.added_on}
    for field in avsc["fields"]:
        added_on = later.get(field["ja"])
        if added_on is not None and added_on > day:
            yield Finding(
                "S-206",
                avsc_file(name),
                f"item {field['item_no']} {field['ja']}",
                f"in a version valid from {added_on} at the earliest",
                f"in one valid from {day}",
                "add it in a new version",
            )


def check_types(m: Material) -> Iterator[Finding]:
    """型の検査 (S-204, S-205): the type that the label says; what is no key may be null, and is by default."""
    for name, avsc in _records(m):
        for field in avsc["fields"]:
            word = next((w for ending, w in TYPE_BY_ENDING.items() if field["ja"].endswith(ending)), None)
            if word is not None and type_word(field["type"]) != word:
                yield Finding(
                    "S-204",
                    avsc_file(name),
                    f"type of {field['ja']}",
                    word,
                    type_word(field["type"]),
                    "give it the type of its kind",
                )
            optional = (
                field["type"] == ["null", core_type(field["type"])] and field.get("default", "") is None
            )
            required = not isinstance(field["type"], list) and "default" not in field
            if not optional and not required:
                yield Finding(
                    "S-205",
                    avsc_file(name),
                    f"{field['ja']}",
                    "a plain type for a key, else a union of null and one type with default null",
                    f"{field['type']}, default {field.get('default', 'none')}",
                    "mend the type",
                )


def _records(m: Material) -> Iterator[tuple[str, dict[str, Any]]]:
    for names in families(m, RECORD).values():
        for name in names:
            yield name, m.avsc[name]
