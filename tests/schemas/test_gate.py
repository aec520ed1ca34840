"""様式の関門: each fault planted in a schema or its versions is found by its code and by no other."""

import copy

import pytest

from tests.schemas.planted import (
    EXTRA,
    KAZOKU,
    MATERIAL,
    V2,
    changed,
    codes,
    field_changed,
    republished,
)


def _field_added(avsc):
    avsc["fields"].append(EXTRA)


def _field_removed(avsc):
    del avsc["fields"][10]


def _swapped(avsc):
    avsc["fields"][3], avsc["fields"][4] = avsc["fields"][4], avsc["fields"][3]


def _kept(avsc):
    avsc["fields"][0]["name"] = "期別"


def _twice(avsc):
    avsc["fields"].append(copy.deepcopy(avsc["fields"][0]))


RECORD_FAULTS = {
    "読みのない項目": (changed(KAZOKU, lambda avsc: avsc["fields"][0].pop("yomi")), {"S-100"}),
    "ファイル名のない記録": (changed(KAZOKU, lambda avsc: avsc.pop("subfile")), {"S-100"}),
    "ASCIIでない名": (changed("matching/match_entry.v1", _kept), {"S-101"}),
    "同じ名が二つ": (changed("matching/match_entry.v1", _twice), {"S-102"}),
    "読みにない外来語": (
        field_changed(V2, "ginkou_code", yomi="ぎんこう こーど"),
        {"S-103", "S-203", "S-401"},
    ),
    "読みと違う外来語": (
        field_changed(V2, "ginkou_code", yomi="ぎんこう key"),
        {"S-103", "S-104", "S-203", "S-401"},
    ),
    "読みと違う名": (field_changed(KAZOKU, "bikou", name="biko"), {"S-104", "S-501", "S-502"}),
    "名の衝突": (
        field_changed(KAZOKU, "bikou", name="gisei_setai"),
        {"S-102", "S-104", "S-105", "S-502"},
    ),
    "型の食い違い": (
        field_changed(KAZOKU, "setai_bangou", type="long"),
        {"S-106", "S-505"},
    ),
    "評価書にない項目": (changed(V2, _field_added), {"S-401", "S-501"}),
    "足りない項目": (changed(V2, _field_removed), {"S-202", "S-502"}),
    "順の違い": (changed(V2, _swapped), {"S-203"}),
    "番号の違い": (field_changed(V2, "zuiki_flag", item_no=84), {"S-203"}),
    "種類と違う型": (
        field_changed(V2, "sashiosae_counter", type=["null", "string"]),
        {"S-106", "S-204", "S-305"},
    ),
    "既定値が null でない": (field_changed(KAZOKU, "bikou", default=""), {"S-205"}),
    "印のない個人番号": (
        field_changed("event/atena_changed.v1", "kojin_bangou", confidential="no"),
        {"S-402"},
    ),
}


@pytest.mark.parametrize(("material", "expected"), RECORD_FAULTS.values(), ids=RECORD_FAULTS)
def test_faults_of_records(material, expected):
    assert codes(material) == expected


def test_version_1_must_be_the_form_of_its_day():
    """Item 109 in version 1 would say that it was recorded before the assessment listed it."""
    late = copy.deepcopy(next(f for f in MATERIAL.avsc[V2]["fields"] if f["item_no"] == 109))
    found = codes(changed("record/shuutainou.v1", lambda avsc: avsc["fields"].insert(108, late)))
    assert found == {"S-206"}


def test_an_item_may_not_hide_behind_the_label_of_another():
    hidden = {**EXTRA, "ja": "備考", "item_no": 11}
    assert codes(changed(KAZOKU, lambda avsc: avsc["fields"].append(hidden))) == {"S-203", "S-401", "S-501"}
    twin = {**EXTRA, "ja": "備考", "yomi": "びこう", "name": "bikou", "item_no": 11}
    assert codes(changed(KAZOKU, lambda avsc: avsc["fields"].append(twin))) >= {"S-102", "S-203"}


def test_an_old_transfer_may_have_what_its_contract_no_longer_lists_but_never_kojin_bangou():
    """Versions stay for ever, since old bytes do; the contract speaks of the newest."""

    def with_next(word, **attributes):
        avscs = copy.deepcopy(dict(MATERIAL.avsc))
        avscs["transfer/zeimuka.v2"] = copy.deepcopy(avscs["transfer/zeimuka.v1"])
        more = {"name": word, "type": ["null", "string"], "default": None, **attributes}
        avscs["transfer/zeimuka.v1"]["fields"].append(more)
        return codes(republished(MATERIAL._replace(avsc=avscs)))

    assert with_next("kessai_joutai") == set()
    assert with_next("kojin_bangou", confidential="kojin_bangou") == {"S-404"}


def test_a_file_without_a_record_is_found():
    avscs = {name: avsc for name, avsc in MATERIAL.avsc.items() if name != KAZOKU}
    assert codes(republished(MATERIAL._replace(avsc=avscs))) == {"S-201", "S-502"}


def test_a_changed_or_removed_or_unregistered_schema_is_found():
    avscs = copy.deepcopy(dict(MATERIAL.avsc))
    avscs[KAZOKU]["doc"] = "another"
    assert codes(MATERIAL._replace(avsc=avscs)) == {"S-301"}
    assert codes(MATERIAL._replace(ledger=MATERIAL.ledger[1:])) == {"S-302"}
    avscs = {name: avsc for name, avsc in MATERIAL.avsc.items() if name != "matching/match_entry.v1"}
    assert codes(MATERIAL._replace(avsc=avscs)) == {"S-301"}


def _next_version(name, change):
    avscs = copy.deepcopy(dict(MATERIAL.avsc))
    avscs["matching/match_entry.v2"] = copy.deepcopy(avscs[name])
    change(avscs["matching/match_entry.v2"])
    return republished(MATERIAL._replace(avsc=avscs))


def test_versions_must_read_each_other():
    entry = "matching/match_entry.v1"
    note = {"name": "note", "type": ["null", "string"], "default": None}
    assert codes(_next_version(entry, lambda avsc: avsc["fields"].append(note))) == set()
    bare = {"name": "note", "type": "string"}
    assert codes(_next_version(entry, lambda avsc: avsc["fields"].append(bare))) == {"S-305"}
    assert codes(_next_version(entry, lambda avsc: avsc["fields"].pop())) == {"S-305"}
    assert codes(_next_version(entry, lambda avsc: avsc.update(name="Other"))) == {"S-305"}


def test_a_gap_in_the_versions_and_broken_avro_are_found():
    avscs = {name: avsc for name, avsc in MATERIAL.avsc.items() if name != "record/shuutainou.v1"}
    assert codes(republished(MATERIAL._replace(avsc=avscs))) == {"S-303"}
    broken = changed("matching/match_entry.v1", lambda avsc: avsc["fields"][0].update(type="no_such_type"))
    assert codes(broken) == {"S-304"}
