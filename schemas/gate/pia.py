"""評価書の検査 (S-4xx): the PIA gate.

No item is recorded that the assessment does not list, none is transferred that its contract does not list,
and 個人番号 is transferred to no one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.gate.base import (
    RECORD,
    TRANSFER,
    Finding,
    Material,
    avsc_file,
    families,
    fields_within,
    newest,
)
from schemas.provisions import in_force
from schemas.records import type_word

_CONTRACT_KEYS = {
    "id", "version", "valid_from", "to", "legal_basis", "purpose", "information", "subjects", "zeimoku",
    "channels", "timing", "kojin_bangou", "records", "fields",
}  # fmt: skip


def check_records_listed(m: Material) -> Iterator[Finding]:
    """記録項目の検査 (S-401): a field that the assessment does not list under its file."""
    for names in families(m, RECORD).values():
        for name in names:
            avsc = m.avsc[name]
            listed = {(row.ja, row.yomi) for row in m.listed if row.subfile == avsc["subfile"]}
            for field in avsc["fields"]:
                if (field["ja"], field["yomi"]) not in listed:
                    yield Finding(
                        "S-401",
                        avsc_file(name),
                        f"field {field['name']} ({field['ja']}, {field['yomi']})",
                        f"an item that the assessment lists under {avsc['subfile']}",
                        "an item that it does not list",
                        "remove it; it may be recorded once an assessment that lists it is published",
                    )


def check_confidential(m: Material) -> Iterator[Finding]:
    """秘匿項目の検査 (S-402): 個人番号 and 口座番号 carry their tag wherever they stand, and hold ciphertext."""
    tags = _confidential(m)
    for name, avsc in m.avsc.items():
        for field in fields_within(avsc):
            want = tags.get(field["name"])
            if want is None or (field.get("confidential") == want and type_word(field["type"]) == "string"):
                continue
            yield Finding(
                "S-402",
                avsc_file(name),
                f"field {field['name']}",
                f'"confidential": "{want}", a string of ciphertext',
                f"{field.get('confidential', 'no tag')}, {type_word(field['type'])}",
                "tag the field",
            )


def check_transfers(m: Material) -> Iterator[Finding]:
    """移転項目の検査 (S-403 to S-405): a transfer is its envelope and the items of its contract, no more.

    Contract and newest version agree; no version, old ones included, has a column for 個人番号.
    """
    tags = _confidential(m)
    for base, names in families(m, TRANSFER).items():
        for name in names:
            yield from _without_kojin_bangou(name, m.avsc[name], tags)
        contract = m.contracts.get(base[len(TRANSFER) :])
        if contract is None:
            yield Finding(
                "S-403",
                avsc_file(names[-1]),
                "transfer",
                "a contract of its name",
                "none",
                "state the contract",
            )
            continue
        types = _types(m, contract)
        for field in fields_within(m.avsc[names[-1]]):
            yield from _transferred(names[-1], field, types, {*m.envelope, *tags})


def _without_kojin_bangou(name: str, avsc: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[Finding]:
    for field in fields_within(avsc):
        if "confidential" in field or field["name"] in tags:
            yield Finding(
                "S-404",
                avsc_file(name),
                f"field {field['name']}",
                "no 個人番号 and no 口座番号 in a transfer",
                "a column for it",
                "remove it",
            )


def _transferred(
    name: str, field: Mapping[str, Any], types: Mapping[str, str], known: set[str]
) -> Iterator[Finding]:
    word, found = field["name"], type_word(field["type"])
    if word in types and found != types[word]:
        yield Finding(
            "S-405", avsc_file(name), f"type of {word}", types[word], found, "take the item's type"
        )
    elif word not in types and word not in known:
        yield Finding(
            "S-403",
            avsc_file(name),
            f"field {word}",
            "an item that the contract lists, or a field of schemas/transfer_envelope.toml",
            "neither",
            "remove it, or have the contract changed first",
        )


def check_contracts(m: Material) -> Iterator[Finding]:
    """契約の検査 (S-406, S-407): complete, of official items, without 個人番号, with its own schema."""
    for contract_id, contract in m.contracts.items():
        file = f"schemas/contract/{contract_id}.toml"
        for key in sorted(_CONTRACT_KEYS ^ set(contract)):
            found = "none" if key in _CONTRACT_KEYS else "a key that no contract has"
            yield _contract(file, f"key {key}", f"{sorted(_CONTRACT_KEYS)}", found)
        if set(contract) >= _CONTRACT_KEYS:
            yield from _terms(m, file, contract_id, contract)
            yield from _fields(m, file, contract_id, contract)


def _contract(file: str, what: str, expected: str, found: str) -> Finding:
    return Finding("S-406", file, what, expected, found, "correct the contract")


def _terms(m: Material, file: str, contract_id: str, contract: Mapping[str, Any]) -> Iterator[Finding]:
    if contract["id"] != contract_id:
        yield _contract(file, "id", contract_id, contract["id"])
    if contract["kojin_bangou"] != "exclude":
        yield _contract(
            file, "kojin_bangou", "exclude: it is transferred to no one", contract["kojin_bangou"]
        )
    zeimoku = {row["code"] for row in m.codes.get("zeimoku", ())}
    for code in contract["zeimoku"]:
        if code != "*" and code not in zeimoku:
            yield _contract(file, f"zeimoku {code}", 'a code of schemas/code/zeimoku.csv, or "*"', "neither")


def _fields(m: Material, file: str, contract_id: str, contract: Mapping[str, Any]) -> Iterator[Finding]:
    tags, types, present = _confidential(m), _types(m, contract), newest(m, TRANSFER)
    avsc = m.avsc[present[contract_id]] if contract_id in present else {"fields": []}
    columns = {field["name"] for field in avsc["fields"]}
    for word in contract["fields"]:
        if word not in types or word in tags:
            found = "confidential" if word in tags else "no such item"
            yield _contract(
                file, f"field {word}", f"an item of {contract['records']}, not a confidential one", found
            )
        if word not in columns:
            yield Finding(
                "S-407",
                file,
                f"field {word}",
                f"a field of the newest schemas/avro/transfer/{contract_id}",
                "none",
                "add it in a new version of the transfer schema",
            )


def check_legal_basis(m: Material) -> Iterator[Finding]:
    """法令上の根拠の検査 (S-408): every contract rests on provisions in force from its first day."""
    for contract_id, contract in m.contracts.items():
        try:
            basis = in_force(contract.get("legal_basis", ()), contract["valid_from"], m.provisions)
            found = "none" if not basis else ""
        except LookupError as error:
            found = str(error.args[0])
        if found:
            yield Finding(
                "S-408",
                f"schemas/contract/{contract_id}.toml",
                "legal_basis",
                "provisions of schemas/law/provisions.toml, in force on valid_from",
                found,
                "cite a provision, or add it with its source",
            )


def _confidential(m: Material) -> dict[str, str]:
    every = (field for name in newest(m, RECORD).values() for field in m.avsc[name]["fields"])
    return {field["name"]: field["confidential"] for field in every if "confidential" in field}


def _types(m: Material, contract: Mapping[str, Any]) -> dict[str, str]:
    """The contract's fields that are official items, with their types."""
    present = newest(m, RECORD)
    types: dict[str, str] = {}
    for record in reversed([r for r in contract["records"] if r in present]):
        types |= {field["name"]: type_word(field["type"]) for field in m.avsc[present[record]]["fields"]}
    return {word: types[word] for word in contract["fields"] if word in types}
