"""別添1の記録: the list, the seven schemas and their versions, provenance, and `shuunou schema explain`."""

import copy
import hashlib
import io
import json
from datetime import date, datetime
from pathlib import Path

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import SchemaParseException
from typer.testing import CliRunner

import schemas
from schemas import records
from schemas.compatibility import conflicts
from schemas.provisions import in_force, provisions
from streams.cli_schema import app

DATA = Path(__file__).parent / "data"
COUNTS = {
    "shuutainou": 128,
    "tainou_kojin": 50,
    "tainou_kazoku": 10,
    "tainou_kazei_shuunou": 55,
    "tainou_koushou_keika": 15,
    "tainou_shobun": 32,
    "tainou_bunnou": 34,
}
PUBLISHED = "4d764f3d8c7372208ee7eb8e981e66728da4feba8db2a61dc7aa6ee153d6bbef"


def test_list_is_the_one_published_on_2023_09_30():
    """The PIA gate compares with this list, so the list itself does not change unseen."""
    lines = [f"{row.file}/{row.subfile}/{row.item_no}/{row.ja}" for row in records.betten1()]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == PUBLISHED


def test_seven_records_in_the_order_of_the_assessment():
    assert {record: len(records.items(record)) for record in records.records()} == COUNTS
    assert list(COUNTS) == list(records.records())


@pytest.mark.parametrize("record", COUNTS)
def test_numbers_have_no_gap(record):
    assert [item.item_no for item in records.items(record)] == list(range(1, COUNTS[record] + 1))


def test_109_joined_in_version_2():
    """別添2: 令和2年9月24日 納税計画対象額. The numbers of version 1 are those of today's form."""
    first, second = (records.avsc("shuutainou", version)["fields"] for version in (1, 2))
    assert [field["item_no"] for field in first] == [*range(1, 109), *range(110, 129)]
    assert [field for field in second if field["item_no"] != 109] == first
    assert records.avsc("shuutainou", 2)["valid_from"] == "2020-09-24"
    joined = [row for row in records.betten1() if row.added_on]
    assert [(row.ja, row.item_no, row.added_on) for row in joined] == [
        ("納税計画対象額", 109, date(2020, 9, 24))
    ]


def test_only_keys_are_mandatory():
    keys = {record: [i.name for i in records.items(record) if i.is_required] for record in COUNTS}
    assert keys == {
        "shuutainou": ["jichitai_code", "atena_bangou", "shuunou_key_1"],
        "tainou_kojin": ["atena_bangou", "jichitai_code"],
        "tainou_kazoku": ["setai_bangou", "atena_bangou"],
        "tainou_kazei_shuunou": ["kibetsu_meisai_key", "atena_bangou"],
        "tainou_koushou_keika": ["atena_bangou", "kiroku_hizuke"],
        "tainou_shobun": ["shobun_atena_bangou", "edaban"],
        "tainou_bunnou": ["shobun_atena_bangou", "edaban"],
    }


def test_confidential_items():
    assert records.confidential_items() == {
        "kojin_bangou": "kojin_bangou",
        "kouza_bangou": "kouza_bangou",
        "tsuuchou_bangou_matsuban": "kouza_bangou",
    }


def _stored(version):
    data = bytes.fromhex("".join((DATA / f"shuutainou.v{version}.hex").read_text().split()))
    values = json.loads((DATA / f"shuutainou.v{version}.json").read_text(encoding="utf-8"))
    return data, values


def _read(data, written_with, read_with):
    writer, reader = (
        parse_schema(copy.deepcopy(records.avsc("shuutainou", version)))
        for version in (written_with, read_with)
    )
    buffer = io.BytesIO(data)
    value = schemaless_reader(buffer, writer, reader)
    assert buffer.read() == b""
    plain = {
        name: found.isoformat(timespec="milliseconds") if isinstance(found, datetime) else str(found)
        for name, found in value.items()
        if found is not None
    }
    return set(value), plain


@pytest.mark.parametrize("written_with", [1, 2])
@pytest.mark.parametrize("read_with", [1, 2])
def test_stored_bytes_are_read_by_either_version(written_with, read_with):
    data, stated = _stored(written_with)
    names, plain = _read(data, written_with, read_with)
    assert names == {field["name"] for field in records.avsc("shuutainou", read_with)["fields"]}
    assert plain == {name: str(value) for name, value in stated.items() if name in names}
    assert ("nouzei_keikaku_taishou_gaku" in plain) == (written_with == read_with == 2)


@pytest.mark.parametrize("record", COUNTS)
def test_a_record_of_its_key_alone_can_be_written_and_read(record):
    avsc = records.avsc(record)
    key = {
        item.name: date(2025, 6, 10) if item.type == "date" else "1"
        for item in records.items(record)
        if item.is_required
    }
    schema, buffer = parse_schema(copy.deepcopy(avsc)), io.BytesIO()
    schemaless_writer(buffer, schema, key)
    read = schemaless_reader(io.BytesIO(buffer.getvalue()), schema, None)
    assert {name: value for name, value in read.items() if value is not None} == key


A, B = {"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"], "default": None}
DATE = {"type": "int", "logicalType": "date"}
PAIRS = {
    "同じ": ([A], [A], True),
    "既定値のある項目が増える": ([A], [A, B], True),
    "項目が減る": ([A, B], [A], True),
    "既定値のない項目が増える": ([A], [A, {"name": "c", "type": "string"}], False),
    "int が long になる": ([A], [{"name": "a", "type": "long"}], True),
    "long が int になる": ([{"name": "a", "type": "long"}], [A], False),
    "文字列が数になる": ([{"name": "a", "type": "string"}], [A], False),
    "任意になる": ([A], [{"name": "a", "type": ["null", "int"], "default": None}], True),
    "必須になる": ([{"name": "a", "type": ["null", "int"], "default": None}], [A], False),
    "配列の中の型が変わる": (
        [{"name": "a", "type": {"type": "array", "items": "string"}}],
        [{"name": "a", "type": {"type": "array", "items": "int"}}],
        False,
    ),
    "写像の中の型が変わる": (
        [{"name": "a", "type": {"type": "map", "values": "int"}}],
        [{"name": "a", "type": {"type": "map", "values": "long"}}],
        True,
    ),
    "固定長が変わる": (
        [{"name": "a", "type": {"type": "fixed", "name": "F", "size": 2}}],
        [{"name": "a", "type": {"type": "fixed", "name": "F", "size": 3}}],
        False,
    ),
    "列挙が減る": (
        [{"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"]}}],
        [{"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["x"]}}],
        False,
    ),
}
SAMPLES = {
    "int": 7,
    "long": 2**40,
    "string": "x",
    "array": ["x"],
    "map": {"k": 7},
    "fixed": b"xy",
    "enum": "y",
}


def _record(fields):
    return {"type": "record", "name": "R", "fields": copy.deepcopy(fields)}


def _sample(field):
    kind = records.core_type(field["type"])
    return SAMPLES[kind["type"] if isinstance(kind, dict) else kind]


def _fastavro_reads(written, read, values):
    buffer = io.BytesIO()
    schemaless_writer(buffer, parse_schema(_record(written)), values)
    buffer.seek(0)
    try:
        schemaless_reader(buffer, parse_schema(_record(written)), parse_schema(_record(read)))
    except (SchemaParseException, ValueError, TypeError, KeyError):
        return False
    except Exception as error:
        if type(error).__name__ == "SchemaResolutionError":
            return False
        raise
    return True


@pytest.mark.parametrize(("written", "read", "compatible"), PAIRS.values(), ids=PAIRS)
def test_compatibility_agrees_with_fastavro(written, read, compatible):
    assert (conflicts(_record(written), _record(read)) == []) is compatible
    values = [{field["name"]: _sample(field) for field in written}]
    if any(isinstance(field["type"], list) for field in written):  # the branch that a reader may not know
        values.append({field["name"]: None for field in written if isinstance(field["type"], list)})
        values[-1] |= {f["name"]: _sample(f) for f in written if not isinstance(f["type"], list)}
    assert all(_fastavro_reads(written, read, value) for value in values) is compatible


def test_a_changed_meaning_is_a_conflict_though_the_bytes_would_read():
    day, number = _record([{"name": "a", "type": DATE}]), _record([A])
    assert conflicts(day, number) == ["a: date would be taken for int"]
    assert conflicts(number, day) == ["a: int would be taken for date"]


def test_a_conflict_says_where():
    inner = {"type": "record", "name": "I", "fields": [A]}
    outer = {"type": "record", "name": "I", "fields": [{"name": "a", "type": "string"}]}
    written, read = (
        _record([{"name": "list", "type": {"type": "array", "items": kind}}]) for kind in (inner, outer)
    )
    assert conflicts(written, read) == ["list[].a: int cannot be read as string"]


def test_provenance_of_every_item_names_what_exists():
    kinds = {"event": 0, "held": 0, "derived": 0}
    for record in COUNTS:
        for item in records.items(record):
            kinds[records.provenance(record, item.name).kind] += 1
    assert sum(kinds.values()) == 324 and min(kinds.values()) > 0


def test_legal_basis_is_that_of_the_day():
    stated = schemas.load_toml("contract/hokennenkinka_kokuho")["legal_basis"]
    assert in_force(stated, date(2023, 9, 30)) == ("bangouhou-9-1", "bangouhou-beppyou1-30")
    assert in_force(stated, date(2024, 5, 27)) == ("bangouhou-9-1", "bangouhou-beppyou-44")
    with pytest.raises(LookupError, match="2015"):
        in_force(stated, date(2015, 12, 31))
    with pytest.raises(LookupError, match="no-such"):
        in_force(["no-such"], date(2024, 1, 1))


def test_a_circle_of_successors_ends():
    one = provisions()["bangouhou-beppyou1-16"]
    table = {"a": one._replace(succeeded_by="b"), "b": one._replace(succeeded_by="a")}
    with pytest.raises(LookupError):
        in_force(["a"], date(2030, 1, 1), table)


CONTRACTS = {
    "zeimuka": ("税務課", ["*"], {"clear"}),
    "hokennenkinka_zei": ("保険年金課", ["04"], {"clear"}),
    "hokennenkinka_kokuho": ("保険年金課", ["04"], {"clear", "unclear"}),
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_are_those_of_the_assessment(name):
    to, zeimoku, marks = CONTRACTS[name]
    contract = schemas.load_toml(f"contract/{name}")
    assert (contract["to"], contract["zeimoku"]) == (to, zeimoku)
    assert {channel["mark"] for channel in contract["channels"]} == marks
    assert [channel["ja"] for channel in contract["channels"]] == ["庁内連携システム", "紙"]
    assert contract["information"] == "税込納関係情報" and contract["timing"] == "異動情報を随時連携"
    assert set(records.contract_items(contract)) == set(contract["fields"])
    assert len(contract["fields"]) <= 18


def test_benefits_are_told_less_than_assessment_and_nothing_of_other_files():
    tax, benefits = (
        schemas.load_toml(f"contract/{n}") for n in ("hokennenkinka_zei", "hokennenkinka_kokuho")
    )
    assert len(benefits["fields"]) < len(tax["fields"])
    for contract in (tax, benefits):
        assert set(records.contract_items(contract).values()) <= {"shuutainou", "tainou_kazei_shuunou"}


@pytest.mark.parametrize(
    "query", ["65", "収滞納/65", "収滞納ファイル/65", "shuutainou/65", "期別調定額", "kibetsu_choutei_gaku"]
)
def test_an_item_is_found_by_number_and_name(query):
    assert [(item.record, item.item_no) for item in records.find(query)] == [("shuutainou", 65)]


def test_an_item_of_several_files_is_found_in_each():
    found = [(item.record, item.item_no) for item in records.find("宛名番号")]
    assert found == [
        ("shuutainou", 3),
        ("tainou_kojin", 1),
        ("tainou_kazoku", 2),
        ("tainou_kazei_shuunou", 6),
        ("tainou_koushou_keika", 1),
        ("tainou_shobun", 5),
    ]
    assert {item.name for item in records.find("個人番号")} == {"kojin_bangou"}
    assert [item.record for item in records.find("課税収納情報/宛名番号")] == ["tainou_kazei_shuunou"]


def _run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_explain_prints_what_is_known():
    result = _run("explain", "収滞納/65")
    assert result.exit_code == 0
    for said in (
        "期別調定額",
        "きべつ ちょうてい がく",
        "v1, v2",
        "long (円)",
        "state.receipt.record",
        "税務課",
        "別表第一の16の項",
    ):
        assert said in result.stdout
    assert "nobody" in _run("explain", "個人番号").stdout
    assert "暗号文" in _run("explain", "口座番号").stdout


def test_explain_as_json():
    found = json.loads(_run("explain", "納税計画対象額", "--json").stdout)
    assert [(one["item_no"], one["versions"], one["given_to"]) for one in found] == [(109, [2], [])]


@pytest.mark.parametrize("query", ["kibetsu_choutei_gak", "期別調定", "999"])
def test_explain_of_an_unknown_item_helps(query):
    result = _run("explain", query)
    assert result.exit_code == 2 and "near it" in result.stderr
    assert query == "999" or "期別調定額" in result.stderr or "kibetsu_choutei_gaku" in result.stderr


def test_list_shows_every_schema_with_its_versions():
    rows = {row["schema"]: row for row in json.loads(_run("list", "--json").stdout)}
    assert [v["fields"] for v in rows["record/shuutainou"]["versions"]] == [127, 128]
    assert sum(len(row["versions"]) for row in rows.values()) == len(schemas.avsc_names())
    assert "record/tainou_bunnou" in _run("list").stdout


def test_every_item_can_be_explained():
    for record in COUNTS:
        for number in range(1, COUNTS[record] + 1):
            assert _run("explain", f"{record}/{number}", "--json").exit_code == 0
