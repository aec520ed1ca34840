"""Fixed-width layouts: positions as their sources state them, reading, writing, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from connectors import kana
from connectors.fixed_width import DIGITS, DUMMY, Field, Layout, LayoutError, Record, load_layout
from state.reasons import Refusal
from tests.golden.compare import lines_of, same_as_golden

NAMES = ("kouza_furikae", "convenience", "gs1_128")

# first and last byte, counted from 1, as the tables of the sources have them
POSITIONS = {
    ("kouza_furikae", "header"): "1-1 2-3 4-4 5-14 15-54 55-58 59-62 63-77 78-80 81-95 96-96 97-103 104-120",
    ("kouza_furikae", "data"): (
        "1-1 2-5 6-20 21-23 24-38 39-42 43-43 44-50 51-80 81-90 91-91 92-111 112-112 113-120"
    ),
    ("kouza_furikae", "trailer"): "1-1 2-7 8-19 20-25 26-37 38-43 44-55 56-120",
    ("kouza_furikae", "end"): "1-1 2-120",
    ("convenience", "header"): "1-1 2-120",
    ("convenience", "detail"): (
        "1-1 2-3 4-11 12-15 16-16 17-60 61-63 64-70 71-72 73-80 81-88 89-96 97-102 103-120"
    ),
    ("gs1_128", "barcode"): "1-2 3-8 9-29 30-30 31-36 37-37 38-43 44-44",
}

BARCODE = b"91321100" + b"001202601123412341101" + b"0" + b"260630" + b"0" + b"012300" + b"7"
RECORDS = {
    "kouza_furikae": [
        b"1" b"91" b"0" b"1321100001"
        + "ﾐﾎﾝｼ ｼﾕｳﾉｳｶ".encode("cp932").ljust(40)
        + b"0630" b"0991"
        + "ｶｸｳｷﾞﾝｺｳ".encode("cp932").ljust(15)
        + b" " * 43,
        b"2" b"0991"
        + "ｶｸｳｷﾞﾝｺｳ".encode("cp932").ljust(15)
        + b"101"
        + "ﾎﾝﾃﾝ".encode("cp932").ljust(15)
        + b"0000" b"1" b"9012345"
        + "ﾐﾎﾝ ﾊﾅｺ".encode("cp932").ljust(30)
        + b"0000012300" b"0" b"00202601123412341101" b"0"
        + b" " * 8,
        b"8" b"000001" b"000000012300" b"000001" b"000000012300" b"000000" b"000000000000" + b" " * 65,
        b"9" + b" " * 119,
    ],
    "convenience": [
        b"1" + b" " * 119,
        b"2" b"02" b"20260610" b"0912" b"1" + BARCODE + b" " * 3 + b"1000001" b"01" b"20260620"
        b"20260625" b"20260625" b"000011" + b" " * 18,
    ],
    "gs1_128": [BARCODE],
}  # fmt: skip


def positions(fields: tuple[Field, ...]) -> list[str]:
    return [f"{field.start + 1}-{field.end}" for field in fields]


def read(layout: Layout, raw: bytes) -> Record:
    record = layout.parse(raw)
    assert isinstance(record, Record), record
    return record


def refused(outcome: object) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_those_of_the_source(name: str) -> None:
    layout = load_layout(name)
    stated = {kind: wanted for (of, kind), wanted in POSITIONS.items() if of == name}
    assert {kind.kind: " ".join(positions(kind.fields)) for kind in layout.kinds.values()} == stated
    assert layout.sources


@pytest.mark.parametrize("name", NAMES)
def test_golden_records(name: str) -> None:
    layout = load_layout(name)
    lines = []
    for raw in RECORDS[name]:
        record = read(layout, raw)
        kind = layout.kinds[record.kind]
        fields = {
            f"{place} {field.name} {field.ja}": f"'{record.fields[field.name]}'"
            for field, place in zip(kind.fields, positions(kind.fields), strict=True)
            if field.type != DUMMY
        }
        lines += lines_of(f"{layout.ja}: {kind.ja}", fields)
        assert layout.write(record.kind, record.fields) == raw
    assert same_as_golden(name, lines)


def field_values(field: Field) -> st.SearchStrategy[str]:
    if field.value is not None:
        return st.just(field.value)
    if field.type == DIGITS:
        digits = st.text("0123456789", min_size=1, max_size=field.length)
        return digits | st.just("") if field.blank else digits
    return st.text(sorted(kana.ZENGIN), max_size=field.length)


@st.composite
def written(draw: st.DrawFn) -> tuple[Layout, str, dict[str, str]]:
    layout = load_layout(draw(st.sampled_from(NAMES)))
    kind = draw(st.sampled_from(sorted(layout.kinds)))
    fields = [field for field in layout.kinds[kind].fields if field.type != DUMMY]
    return layout, kind, {field.name: draw(field_values(field)) for field in fields}


@given(written())
def test_what_is_written_is_read(given_fields: tuple[Layout, str, dict[str, str]]) -> None:
    layout, kind, fields = given_fields
    raw = layout.write(kind, fields)
    record = read(layout, raw)
    assert (len(raw), record.kind) == (layout.record_length, kind)
    for field in layout.kinds[kind].by_name.values():
        value = fields[field.name]
        filled = value.zfill(field.length) if field.type == DIGITS and value else value.rstrip(" ")
        assert record.fields[field.name] == filled == layout.take(raw, field.name)
    assert layout.write(kind, record.fields) == raw


@given(
    st.lists(written().filter(lambda chosen: chosen[0].name == "kouza_furikae"), min_size=1, max_size=5),
    st.sampled_from([b"", b"\n", b"\r\n"]),
    st.sampled_from([b"", b"\n", b"\r\n", b"\x1a", b"\r\n\x1a", b"\x1a\r\n"]),
)
def test_line_ends_do_not_matter(
    chosen: list[tuple[Layout, str, dict[str, str]]], between: bytes, at_end: bytes
) -> None:
    records = [layout.write(kind, fields) for layout, kind, fields in chosen]
    found = load_layout("kouza_furikae").split(between.join(records) + at_end)
    assert found == list(enumerate(records, 1))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    layout = load_layout(name)
    found = layout.split(data)
    for _, record in [] if isinstance(found, Refusal) else found:
        assert isinstance(layout.parse(record), Record | Refusal)
    assert isinstance(layout.parse(data), Record | Refusal)


@given(st.binary(min_size=119, max_size=119), st.sampled_from([b"1", b"2", b"8", b"9"]))
def test_any_record_is_read_or_refused(data: bytes, mark: bytes) -> None:
    outcome = load_layout("kouza_furikae").parse(mark + data)
    assert isinstance(outcome, Record | Refusal)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"", "ファイル全体"),
        (b"1" * 119, "1行目"),
        (b"1" * 240 + b"2", "3行目"),
        (b"1" * 120 + b"\r\n2\r\n", "2行目"),
    ],
    ids=["empty", "short", "one more", "short line"],
)
def test_a_wrong_length_refuses_the_file(raw: bytes, line: str) -> None:
    said = refused(load_layout("kouza_furikae").split(raw))
    assert said.reason.code == "R-102"
    assert line in said.what


def spoiled(name: str, kind: str, field: str, wrong: bytes) -> bytes:
    layout = load_layout(name)
    raw = next(raw for raw in RECORDS[name] if read(layout, raw).kind == kind)
    start = layout.kinds[kind].by_name[field].start
    return raw[:start] + wrong + raw[start + len(wrong) :]


@pytest.mark.parametrize(
    ("field", "wrong", "code", "where"),
    [
        ("data_kubun", b"7", "R-106", "1バイト目"),
        ("yokinsha_mei", b"\xd0\x8e\x88", "R-101", "51-80バイト の2文字目"),
        ("hikiotoshi_kingaku", b"00000-1000", "R-204", "81-90バイト"),
        ("hikiotoshi_kingaku", b"0000 12300", "R-204", "81-90バイト"),
        ("hikiotoshi_kingaku", b" " * 10, "R-204", "81-90バイト"),
        ("shinki_code", b"\t", "R-204", "91-91バイト"),
        ("kouza_bangou", b"90A2345", "R-204", "44-50バイト"),
    ],
    ids=repr,
)
def test_a_refusal_says_where_and_not_what(field: str, wrong: bytes, code: str, where: str) -> None:
    said = refused(load_layout("kouza_furikae").parse(spoiled("kouza_furikae", "data", field, wrong)))
    assert said.reason.code == code
    assert where in said.what
    words = " ".join(said[1:])
    assert all(secret not in words for secret in ("ﾐﾎﾝ", "9012345", "90A2345", "12300"))


def test_another_shubetsu_is_refused() -> None:
    said = refused(
        load_layout("kouza_furikae").parse(spoiled("kouza_furikae", "header", "shubetsu_code", b"21"))
    )
    assert (said.reason.code, said.expected) == ("R-106", "91")


def test_one_field_is_taken_from_a_record_whose_name_does_not_read() -> None:
    layout = load_layout("kouza_furikae")
    raw = spoiled("kouza_furikae", "data", "yokinsha_mei", b"\x8b\x67")
    assert layout.take(raw, "hikiotoshi_kingaku") == "0000012300"
    assert refused(layout.take(raw, "yokinsha_mei")).reason.code == "R-101"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"yokinsha_mei": "ﾐﾎﾝ" * 11}, "yokinsha_mei: expected at most 30 characters, found 33"),
        ({"yokinsha_mei": "見本"}, "yokinsha_mei: a character outside JIS X 0201 at place 1"),
        ({"yokinsha_mei": "ﾐﾎｰ"}, "yokinsha_mei: a character that 全銀 does not allow at place 3"),
        ({"hikiotoshi_kingaku": "-1"}, "hikiotoshi_kingaku: expected digits"),
        ({"hikiotoshi_kingaku": "１２"}, "hikiotoshi_kingaku: expected digits"),
        ({"hikiotoshi_kingaku": ""}, "hikiotoshi_kingaku: expected digits"),
        ({"data_kubun": "1"}, "data_kubun: expected the constant 2"),
        ({"bikou": "1"}, "no such field: bikou"),
    ],
)
def test_writing_refuses_what_does_not_fit(changed: dict[str, str], message: str) -> None:
    layout = load_layout("kouza_furikae")
    fields = read(layout, RECORDS["kouza_furikae"][1]).fields | changed
    with pytest.raises(ValueError, match="kouza_furikae data") as raised:
        layout.write("data", fields)
    assert str(raised.value).endswith(message)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(KeyError, match="itakusha_code"):
        load_layout("kouza_furikae").write("header", {})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"length": 118}, "lengths add up to 119, not 120"),
        ({"seq": 7}, "expected seq 2"),
        ({"type": "X"}, "type N, C or D"),
    ],
)
def test_a_layout_that_contradicts_itself_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, spoil: dict[str, Any], message: str
) -> None:
    fields = [
        {"seq": 1, "name": "kubun", "ja": "区分", "type": "N", "length": 1},
        {"seq": 2, "name": "rest", "ja": "残り", "type": "C", "length": 119} | spoil,
    ]
    stated = {
        "ja": "試し",
        "record_length": 120,
        "verified": False,
        "sources": ["test"],
        "record": [{"kind": "only", "ja": "一種", "fields": fields}],
    }
    monkeypatch.setattr(schemas, "load_toml", lambda path: stated)
    with pytest.raises(LayoutError, match=message):
        load_layout.__wrapped__("broken")
