"""様式の関門: the project passes, and each planted fault is found by its code and by no other."""

import copy
import json
from importlib.resources import files

import pytest
from typer.testing import CliRunner

from schemas import gate
from schemas.gate import words
from schemas.gate.base import fields_within
from streams import cli_schema

MATERIAL = gate.load_material()
V2 = "record/shuutainou.v2"
EXTRA = {
    "name": "shumi",
    "type": ["null", "string"],
    "item_no": 129,
    "ja": "趣味",
    "yomi": "しゅみ",
    "default": None,
}


def codes(m, can_import=lambda dotted: True, identifiers=()):
    return {finding.code for finding in gate.check(m, can_import, identifiers)}


def changed(name, change):
    """The material with one schema changed, and the ids as if it had been published so."""
    avscs = copy.deepcopy(dict(MATERIAL.avsc))
    change(avscs[name])
    return republished(MATERIAL._replace(avsc=avscs))


def republished(m):
    fingerprint = gate.history.registry.fingerprint
    entries = [
        gate.history.registry.Entry(n, name, fingerprint(avsc))
        for n, (name, avsc) in enumerate(m.avsc.items())
    ]
    return m._replace(ledger=tuple(entries))


def field_changed(schema, word, /, **attributes):
    def change(avsc):
        field = next(field for field in avsc["fields"] if field["name"] == word)
        field.update(attributes)

    return changed(schema, change)


def contract_changed(name, **keys):
    contracts = {**MATERIAL.contracts, name: {**MATERIAL.contracts[name], **keys}}
    return MATERIAL._replace(contracts=contracts)


def provenance_changed(record, item, line):
    stated = copy.deepcopy(dict(MATERIAL.provenance))
    if line is None:
        del stated["record"][record][item]
    else:
        stated["record"][record][item] = line
    return MATERIAL._replace(provenance=stated)


def test_the_project_passes():
    assert cli_schema.findings() == []


def test_command_passes_and_says_what_it_looked_at():
    result = CliRunner().invoke(cli_schema.app, ["check"])
    assert result.exit_code == 0 and "324 items" in result.stdout
    assert json.loads(CliRunner().invoke(cli_schema.app, ["check", "--json"]).stdout) == []


def test_command_fails_on_a_finding(monkeypatch):
    finding = gate.Finding("S-401", "a file", "what", "this", "that", "do so")
    monkeypatch.setattr(cli_schema, "findings", lambda: [finding])
    result = CliRunner().invoke(cli_schema.app, ["check"])
    assert result.exit_code == 1
    assert "S-401 a file: what" in result.stdout and "1 finding" in result.stdout
    as_json = CliRunner().invoke(cli_schema.app, ["check", "--json"])
    assert as_json.exit_code == 1 and json.loads(as_json.stdout) == [finding._asdict()]


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


KAZOKU = "record/tainou_kazoku.v1"
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


TRANSFER = "transfer/zeimuka.v1"
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
    "移転の型が項目と違う": (field_changed(TRANSFER, "noukigen", type="string"), {"S-405"}),
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


@pytest.mark.parametrize(
    "identifier", ["payment", "receive_payments", "PaymentReceived", "dueDate", "write_off_on", "MyNumber"]
)
def test_a_forbidden_synonym_is_found_alone_or_as_a_part(identifier):
    assert codes(MATERIAL, identifiers=[("a.py", identifier)]) == {"S-602"}


@pytest.mark.parametrize(
    "identifier",
    ["receipt", "offset", "shuunou_received", "due", "number", "repayment_free", "koushin_user_id"],
)
def test_other_words_are_free(identifier):
    assert codes(MATERIAL, identifiers=[("a.py", identifier)]) == set()


def test_python_identifiers_are_functions_and_classes_with_their_file():
    found = set(words.python_identifiers(files("schemas"), "schemas"))
    assert ("schemas/romaji.py", "romaji") in found
    assert ("schemas/gate/base.py", "Finding") in found
    assert ("schemas/romaji.py", "LOANS") not in found


def test_a_glossary_word_must_have_the_name_of_its_reading():
    wrong = {**MATERIAL.glossary[0], "name": "shuno"}
    assert codes(MATERIAL._replace(glossary=(wrong, *MATERIAL.glossary[1:]))) == {"S-601"}


ROW = {"code": "1", "ja": "明治", "valid_from": "", "valid_to": "", "source": "x"}
CODE_FAULTS = {
    "空の表": (),
    "出所の列がない": ({"code": "1", "ja": "明治"},),
    "出所が空": ({**ROW, "source": ""},),
    "一日に二つの意味": ({**ROW, "valid_to": "2000-01-01"}, {**ROW, "valid_from": "2000-01-01"}),
    "終わりのない前の意味": (ROW, {**ROW, "valid_from": "2000-01-01"}),
}


@pytest.mark.parametrize("rows", CODE_FAULTS.values(), ids=CODE_FAULTS)
def test_faults_of_code_lists(rows):
    assert codes(MATERIAL._replace(codes={**MATERIAL.codes, "gengou": rows})) == {"S-603"}


def test_a_code_may_change_its_meaning_from_a_day():
    rows = ({**ROW, "valid_to": "2000-01-01"}, {**ROW, "ja": "大正", "valid_from": "2000-01-02"})
    assert codes(MATERIAL._replace(codes={**MATERIAL.codes, "gengou": rows})) == set()


def test_cited_provisions_are_listed_and_successors_follow_without_a_gap():
    cited = {"rule": [{"provision": {"01": "chihouzeihou-9999-1"}}, {"provision": "no-such"}]}
    found = gate.check(MATERIAL._replace(law={"tokusoku": cited}), lambda dotted: True, ())
    assert [finding.what for finding in found] == ["provision chihouzeihou-9999-1", "provision no-such"]
    old = MATERIAL.provisions["bangouhou-beppyou1-16"]
    gap = {**MATERIAL.provisions, old.id: old._replace(valid_to=old.valid_to.replace(day=25))}
    assert codes(MATERIAL._replace(provisions=gap)) == {"S-604"}
    lost = {**MATERIAL.provisions, old.id: old._replace(succeeded_by="no-such")}
    assert codes(MATERIAL._replace(provisions=lost)) == {"S-604"}


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """An empty ids.tsv, with one schema waiting for its id and none changed."""
    file = tmp_path / "avro" / "ids.tsv"
    file.parent.mkdir()
    file.write_text("id\tname\tfingerprint\n", encoding="utf-8")
    monkeypatch.setattr(cli_schema.schemas, "ROOT", tmp_path)
    monkeypatch.setattr(
        cli_schema.registry, "additions", lambda: [cli_schema.registry.Entry(1001, "a/b.v1", "f")]
    )
    monkeypatch.setattr(cli_schema.registry, "changed", list)
    return file


def test_register_appends_ids(ledger):
    result = CliRunner().invoke(cli_schema.app, ["register"])
    assert result.exit_code == 0 and "1001  a/b.v1" in result.stdout
    assert ledger.read_text(encoding="utf-8").splitlines() == ["id\tname\tfingerprint", "1001\ta/b.v1\tf"]


def test_register_refuses_when_a_published_schema_was_changed(ledger, monkeypatch):
    monkeypatch.setattr(cli_schema.registry, "changed", lambda: ["a/old.v1"])
    result = CliRunner().invoke(cli_schema.app, ["register"])
    assert result.exit_code == 1 and "a/old.v1" in result.stderr
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 1
