"""様式の関門: faults planted in transfers, contracts and the provenance of items."""

import pytest

from schemas.gate.base import fields_within
from streams import cli_schema
from tests.schemas.planted import (
    MATERIAL,
    TRANSFER,
    changed,
    codes,
    contract_changed,
    field_changed,
    provenance_changed,
    republished,
)

PIA_FAULTS = {
    "契約にない項目の移転": (
        changed(TRANSFER, lambda a: a["fields"].append({"name": "kessai_joutai", "type": "string"})),
        {"S-403"},
    ),
    "様式にない項目の移転": (
        changed(
            TRANSFER,
            lambda a: a["fields"].append({"name": "held", "type": {"type": "map", "values": "string"}}),
        ),
        {"S-403"},
    ),
    "個人番号の移転": (
        changed(
            TRANSFER,
            lambda a: a["fields"].append(
                {"name": "kojin_bangou", "type": "string", "confidential": "kojin_bangou"}
            ),
        ),
        {"S-404"},
    ),
    "印のついた項目の移転": (
        changed(
            TRANSFER,
            lambda a: a["fields"].append({"name": "x", "type": "string", "confidential": "kojin_bangou"}),
        ),
        {"S-403", "S-404"},
    ),
    "入れ子に隠れた個人番号": (
        changed(
            TRANSFER,
            lambda a: a["fields"][0].update(
                type={
                    "type": "record",
                    "name": "Inner",
                    "fields": [{"name": "kouza_bangou", "type": "string"}],
                }
            ),
        ),
        {"S-402", "S-404"},
    ),
    "移転の型が項目と違う": (field_changed(TRANSFER, "noukigen", type=["null", "string"]), {"S-405"}),
    "契約の欠け": (
        MATERIAL._replace(
            contracts={
                **MATERIAL.contracts,
                "zeimuka": {k: v for k, v in MATERIAL.contracts["zeimuka"].items() if k != "purpose"},
            }
        ),
        {"S-406"},
    ),
    "個人番号を含める契約": (contract_changed("zeimuka", kojin_bangou="include"), {"S-406"}),
    "契約に個人番号": (
        contract_changed("zeimuka", fields=[*MATERIAL.contracts["zeimuka"]["fields"], "kojin_bangou"]),
        {"S-406", "S-407"},
    ),
    "契約に様式にない項目": (
        contract_changed("zeimuka", fields=[*MATERIAL.contracts["zeimuka"]["fields"], "shumi"]),
        {"S-406", "S-407"},
    ),
    "契約の項目が様式から落ちる": (changed(TRANSFER, lambda a: a["fields"].pop()), {"S-407"}),
    "知られない税目": (contract_changed("zeimuka", zeimoku=["99"]), {"S-406"}),
    "根拠のない契約": (contract_changed("zeimuka", legal_basis=[]), {"S-408"}),
    "知られない根拠": (contract_changed("zeimuka", legal_basis=["bangouhou-99"]), {"S-408"}),
}


@pytest.mark.parametrize(("material", "expected"), PIA_FAULTS.values(), ids=PIA_FAULTS)
def test_faults_of_transfers_and_contracts(material, expected):
    assert codes(material) == expected


def test_a_transfer_without_a_contract_and_a_contract_without_a_transfer_are_found():
    contracts = {name: c for name, c in MATERIAL.contracts.items() if name != "zeimuka"}
    assert codes(MATERIAL._replace(contracts=contracts)) == {"S-403"}
    avscs = {name: avsc for name, avsc in MATERIAL.avsc.items() if name != TRANSFER}
    assert codes(republished(MATERIAL._replace(avsc=avscs))) == {"S-407"}


def test_no_confidential_item_stands_in_any_transfer_of_the_project():
    words_of_transfers = {
        field["name"]
        for name, avsc in MATERIAL.avsc.items()
        if name.startswith("transfer/")
        for field in fields_within(avsc)
    }
    assert words_of_transfers and not words_of_transfers & {"kojin_bangou", "kouza_bangou"}


ORIGIN_FAULTS = {
    "来歴のない項目": (None, "S-501"),
    "知られない種類": ({"kind": "guess", "from": ["kiroku"]}, "S-503"),
    "種類のない来歴": ({"from": ["kiroku"]}, "S-503"),
    "知られない出所": ({"kind": "held", "from": ["rumour"]}, "S-503"),
    "出所のない来歴": ({"kind": "held", "from": []}, "S-503"),
    "イベントにない項目": ({"kind": "event", "from": ["atena"], "field": "no_such"}, "S-503"),
    "項目を言わない来歴": ({"kind": "event", "from": ["atena"]}, "S-503"),
    "型の違う項目": ({"kind": "event", "from": ["atena"], "field": "seinengappi"}, "S-505"),
    "held のない出所": ({"kind": "held", "from": ["kijunbi"]}, "S-503"),
    "様式にない鍵": ({"kind": "held", "from": ["kiroku"], "key": "shumi"}, "S-503"),
    "イベントの項目を held という": ({"kind": "held", "from": ["atena"], "key": None}, "S-503"),
    "state の外の関数": ({"kind": "derived", "from": ["atena"], "function": "streams.app.f"}, "S-504"),
    "名のない関数": ({"kind": "derived", "from": ["atena"]}, "S-504"),
    "知られない代わりの出所": (
        {"kind": "event", "from": ["atena"], "field": "tsuushoumei", "otherwise": "rumour"},
        "S-503",
    ),
    "held のない代わりの出所": (
        {"kind": "event", "from": ["atena"], "field": "tsuushoumei", "otherwise": "kijunbi"},
        "S-503",
    ),
    "代わりの出所が同じ": ({"kind": "held", "from": ["kiroku"], "otherwise": "kiroku"}, "S-503"),
}


@pytest.mark.parametrize(("line", "expected"), ORIGIN_FAULTS.values(), ids=ORIGIN_FAULTS)
def test_faults_of_provenance(line, expected):
    assert codes(provenance_changed("tainou_kojin", "tsuushoumei", line)) == {expected}


def test_provenance_of_what_is_no_item_or_no_record_is_found():
    line = {"kind": "held", "from": ["kiroku"]}
    assert codes(provenance_changed("tainou_kojin", "shumi", line)) == {"S-502"}
    stated = {**MATERIAL.provenance, "record": {**MATERIAL.provenance["record"], "extra": {}}}
    assert codes(MATERIAL._replace(provenance=stated)) == {"S-502"}


def test_derived_functions_must_exist():
    assert codes(MATERIAL, can_import=lambda dotted: False) == {"S-504"}
    assert cli_schema.can_import("state.receipt.record.kannou_flag")
    assert not cli_schema.can_import("state.receipt.record.no_such")
    assert not cli_schema.can_import("state.no_such.kannou_flag")
