"""符号: our bytes are those that fastavro writes, what is valid comes back, and no bytes break the reader."""

from __future__ import annotations

import io
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

import schemas
from schemas import registry
from schemas.bodies import NATIVE, PYTHON
from schemas.codec import (
    HEADER,
    MAGIC,
    Codec,
    DecodeError,
    base_name,
    spelled_out,
    version_of,
    without_instants,
)
from schemas.compiled import LONG_MAX, write_number
from state.wire import CODEC
from tests import given
from tests.given import STABLE

BODIES = {bodies.name: bodies for bodies in (PYTHON, NATIVE) if bodies is not None}
NESTED: dict[str, type[Any]] = CODEC._nested
# the records of 別添1 are layouts: no message carries them yet
FEWER = settings(STABLE, max_examples=20)
NAMES = tuple(name for name in schemas.avsc_names() if not name.startswith("record/"))

texts = st.text(st.characters(codec="utf-8"), max_size=40)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "bytes": st.binary(max_size=80),
    "int": st.integers(-(2**31), 2**31 - 1) | st.integers(-70, 70),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 20_000),
    "boolean": st.booleans(),
    "date": st.dates(),
    "map": st.dictionaries(texts, texts, max_size=3),
}


@pytest.fixture(scope="module", params=list(BODIES))
def codec(request: pytest.FixtureRequest) -> Codec:
    """The hub's codec, once with the Python readers and writers and once with those in C."""
    return Codec(CODEC._types, CODEC._nested, BODIES[request.param])


def test_the_codec_in_c_is_there_where_a_compiler_is() -> None:
    assert (NATIVE is not None) == (shutil.which("cc") is not None or shutil.which("gcc") is not None)
    assert CODEC.bodies is (NATIVE or PYTHON)


def _avsc(name: str) -> Any:
    return without_instants(schemas.load_avsc(name))


def _type_of(name: str) -> type[Any]:
    (cls,) = CODEC.types_of([base_name(name)])
    return cls


def _values(kind: Any, cls: type[Any] | None = None) -> st.SearchStrategy[Any]:
    """Values of one kind of our schemas; records become `cls`, or the type that bears their name."""
    if isinstance(kind, list):
        return st.none() | _values(kind[1])
    word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
    if word == "array":
        return st.lists(_values(kind["items"]), max_size=3).map(tuple)
    if word == "record":
        made = cls or NESTED[kind["name"]]
        return st.tuples(*(_values(field["type"]) for field in kind["fields"])).map(made._make)
    return PLAIN[word]


def _plain(value: Any) -> Any:
    """The value as fastavro wants it: records are dictionaries, arrays are lists."""
    if hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _by_fastavro(name: str, value: Any) -> bytes:
    body = io.BytesIO()
    schemaless_writer(body, parse_schema(_avsc(name)), _plain(value))
    return HEADER.pack(MAGIC, registry.id_of(name)) + body.getvalue()


NEWEST = tuple(
    max((n for n in NAMES if base_name(n) == base), key=version_of)
    for base in dict.fromkeys(map(base_name, NAMES))
)
VALUES = {name: _values(spelled_out(_avsc(name)), _type_of(name)) for name in NEWEST}
HUGE = tuple(write_number(n, 2**70) for n in (2**31, 2**40, 2**63, -(2**63) - 1, 2**65))


@st.composite
def _damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """Some bytes changed, perhaps a huge number in place of one, perhaps cut short or made longer."""
    damaged = bytearray(good)
    places = st.integers(HEADER.size, len(good) - 1)
    for place, value in draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=3)):
        damaged[place] = value
    if draw(st.booleans()):
        place = draw(places)
        damaged[place : place + 1] = draw(st.sampled_from(HUGE))
    if draw(st.booleans()):
        del damaged[draw(st.integers(0, len(damaged))) :]
        damaged += draw(st.binary(max_size=8))
    return bytes(damaged)


each_schema = pytest.mark.parametrize("name", NEWEST)


@each_schema
@STABLE
@examples(st.data())
def test_bytes_are_those_of_fastavro_and_come_back(codec: Codec, name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    encoded = codec.encode(value)
    assert encoded == _by_fastavro(name, value)
    decoded = codec.decode(encoded)
    assert decoded == value and type(decoded) is type(value)
    assert codec.encode(decoded) == encoded


@each_schema
@STABLE
@examples(st.data())
def test_damaged_bytes_are_refused_or_give_a_value_that_can_be_written(
    codec: Codec, name: str, data: st.DataObject
) -> None:
    """The second half matters as much: what was let in is written again to tables and topics."""
    damaged = data.draw(_damaged(codec.encode(data.draw(VALUES[name]))))
    try:
        value = codec.decode(damaged)
    except DecodeError as error:
        assert error.kind in {"too-short", "no-magic", "unknown-schema", "bad-body", "bad-length"}
    else:
        codec.encode(value)


@each_schema
def test_every_truncation_and_every_extension_is_refused(codec: Codec, name: str) -> None:
    encoded = codec.encode(_example(name))
    for length in range(len(encoded)):
        with pytest.raises(DecodeError):
            codec.decode(encoded[:length])
    for more in (b"\x00", b"\x02", b"\xff" * 20):
        with pytest.raises(DecodeError):
            codec.decode(encoded + more)


def _example(name: str) -> Any:
    """One value with everything present."""
    return _filled(spelled_out(_avsc(name)), _type_of(name))


def _filled(kind: Any, cls: type[Any] | None = None) -> Any:
    if isinstance(kind, list):
        return _filled(kind[1])
    word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
    if word == "array":
        return (_filled(kind["items"]),) * 2
    if word == "record":
        return (cls or NESTED[kind["name"]])._make([_filled(field["type"]) for field in kind["fields"]])
    return {
        "string": "試験",
        "bytes": b"\x00\xff",
        "int": 300,
        "long": 9_999_999_999,
        "boolean": True,
        "date": date(2026, 6, 30),
        "map": {"鍵": "値"},
    }[word]


def test_bytes_of_other_kinds_are_refused_with_their_kind(codec: Codec) -> None:
    good = codec.encode(given.choutei())
    kinds = {
        b"": "too-short",
        b"\x00\x00\x00\x03": "too-short",
        b"{" + good[1:]: "no-magic",
        HEADER.pack(MAGIC, 999_999) + good[5:]: "unknown-schema",
        good[:5]: "bad-body",
        good + b"\x00": "bad-length",
    }
    for data, kind in kinds.items():
        with pytest.raises(DecodeError) as caught:
            codec.decode(data)
        assert caught.value.kind == kind


def test_refusals_show_nothing_of_what_the_bytes_hold(codec: Codec) -> None:
    secret = "123456789018"
    good = codec.encode(given.atena(kojin_bangou=secret))
    for data in (good[:-3], good + b"1", good.replace(b"\x18" + secret.encode(), b"\x19" + secret.encode())):
        with pytest.raises(DecodeError) as caught:
            codec.decode(data)
        assert secret not in str(caught.value) and caught.value.__cause__ is None


BEYOND = (
    ("recorded_at", LONG_MAX + 1), ("recorded_at", 2**65), ("kibetsu_choutei_gaku", -(2**63) - 1),
    ("rireki_bangou", 2**31), ("fuka_nendo", -(2**31) - 1), ("kaikei_nendo", 2**40),
)  # fmt: skip


@pytest.mark.parametrize(("field", "number"), BEYOND)
def test_numbers_beyond_their_type_do_not_decode(codec: Codec, field: str, number: int) -> None:
    """Were they let in, writing the row would fail and stop the stage for ever."""
    mark = 1_234_567
    good = codec.encode(given.choutei()._replace(**{field: mark}))
    assert good.count(write_number(mark)) == 1
    forged = good.replace(write_number(mark), write_number(number, 2**70))
    with pytest.raises(DecodeError) as caught:
        codec.decode(forged)
    assert caught.value.kind == "bad-body"


def test_numbers_beyond_their_type_are_not_written(codec: Codec) -> None:
    for wrong in (given.choutei(rireki=2**31), given.choutei(recorded_at=2**63)):
        with pytest.raises(OverflowError):
            codec.encode(wrong)
    for field, value in (
        ("kibetsu_choutei_gaku", "10000"),
        ("rireki_bangou", 0.5),
        ("noukigen", "2026-06-30"),
    ):
        with pytest.raises(TypeError):
            codec.encode(given.choutei()._replace(**{field: value}))


def test_lengths_and_counts_beyond_the_data_are_refused_at_once(codec: Codec) -> None:
    name = "event/kiroku_held.v1"
    good = codec.encode(_example(name)._replace(held={}))
    assert good.endswith(b"\x00")
    for forged in (
        write_number(2**40),  # so many entries
        write_number(-(2**40)) + b"\x02",  # so many, with the size of their block
        write_number(1) + write_number(2**40),  # a key so long
        write_number(1) + write_number(-5),  # a key of negative length
        b"\xff" * 12,  # a number without an end
    ):
        with pytest.raises(DecodeError):
            codec.decode(good[:-1] + forged)


def test_a_negative_length_does_not_read_the_same_bytes_again(codec: Codec) -> None:
    """Were -1 a length, its own byte would be read once more, as the number that follows."""
    value = _example("event/kiroku_held.v1")._replace(record_key="", rireki_bangou=-1, held={})
    good = codec.encode(value)
    assert good.endswith(b"\x00\x01\x00")
    with pytest.raises(DecodeError) as caught:
        codec.decode(good[:-3] + b"\x01\x00")
    assert caught.value.kind == "bad-body"


def test_blocks_with_their_size_are_read_as_the_specification_allows(codec: Codec) -> None:
    """Other writers may split a map into blocks and give the size of each."""
    value = _example("event/kiroku_held.v1")._replace(held={})
    start = codec.encode(value)[:-1]
    entries = [b"\x02a\x021", b"\x02b\x022"]
    blocks = b"".join(write_number(-1) + write_number(len(entry)) + entry for entry in entries)
    assert codec.decode(start + blocks + b"\x00").held == {"a": "1", "b": "2"}


# -- versions --------------------------------------------------------------------------------------

VERSIONS = ("record/shuutainou.v1", "record/shuutainou.v2")


def _tuple_of(name: str) -> Any:
    """A named tuple with the fields of one version."""
    return namedtuple("Shuutainou", [field["name"] for field in _avsc(name)["fields"]])


Older, Shuutainou = (_tuple_of(name) for name in VERSIONS)
TWO_VERSIONS = Codec({"record/shuutainou": Shuutainou}, {})


@FEWER
@examples(st.data())
def test_an_older_version_is_read_as_the_newest(data: st.DataObject) -> None:
    fields = Older._fields
    value = data.draw(_values(_avsc(VERSIONS[0]), Older))
    read = TWO_VERSIONS.decode(_by_fastavro(VERSIONS[0], value))
    assert type(read) is Shuutainou
    assert {name: getattr(read, name) for name in fields} == value._asdict()
    assert {name: getattr(read, name) for name in set(Shuutainou._fields) - set(fields)} == {
        "nouzei_keikaku_taishou_gaku": None
    }


@FEWER
@examples(st.data())
def test_damage_to_an_older_version_is_refused_too(data: st.DataObject) -> None:
    good = _by_fastavro(VERSIONS[0], data.draw(_values(_avsc(VERSIONS[0]), Older)))
    try:
        value = TWO_VERSIONS.decode(data.draw(_damaged(good)))
    except DecodeError as error:
        assert error.kind in {"too-short", "bad-body", "bad-length"}
    else:
        TWO_VERSIONS.encode(value)


def test_an_older_version_with_bytes_left_over_is_refused() -> None:
    encoded = _by_fastavro(VERSIONS[0], _filled(_avsc(VERSIONS[0]), Older))
    TWO_VERSIONS.decode(encoded)
    with pytest.raises(DecodeError) as caught:
        TWO_VERSIONS.decode(encoded + b"\x00")
    assert caught.value.kind == "bad-length"


def test_the_newest_version_is_what_is_written() -> None:
    encoded = TWO_VERSIONS.encode(_filled(_avsc(VERSIONS[1]), Shuutainou))
    assert HEADER.unpack_from(encoded) == (MAGIC, registry.id_of(VERSIONS[1]))
    assert encoded == _by_fastavro(VERSIONS[1], _filled(_avsc(VERSIONS[1]), Shuutainou))


# -- building a codec ------------------------------------------------------------------------------


def test_a_type_that_differs_from_its_schema_is_refused() -> None:
    wrong = namedtuple("wrong", ["atena_bangou"])
    with pytest.raises(TypeError, match="differ from its schema"):
        Codec({"matching/match_entry": wrong}, {})


def test_a_schema_that_does_not_exist_is_an_error(codec: Codec) -> None:
    with pytest.raises(KeyError, match="no such schema"):
        Codec({"event/nothing": CODEC._nested["Receipt"]}, {})
    with pytest.raises(KeyError):
        codec.encode(_example("state/receipt_account.v2").receipts[0])


def test_a_standard_reader_with_the_published_schema_reads_our_bytes(codec: Codec) -> None:
    """As a consumer does: by the schema as published, with its instants as instants."""
    event = given.choutei()
    body = io.BytesIO(codec.encode(event)[HEADER.size :])
    found: Any = schemaless_reader(
        body, parse_schema(schemas.load_avsc("event/choutei_established.v2")), None
    )
    assert found["recorded_at"].timestamp() * 1000 == event.recorded_at
    assert found["noukigen"] == event.noukigen and found["shuunou_key"] == event.shuunou_key


# -- the ledger of ids -----------------------------------------------------------------------------


def test_every_schema_has_its_id_and_none_changed_since() -> None:
    assert (registry.missing(), registry.changed(), registry.additions()) == ([], [], [])


def test_ids_are_appended_and_never_given_twice() -> None:
    entries = registry.entries()
    ids = [entry.schema_id for entry in entries]
    assert ids == list(range(registry.FIRST_ID, registry.FIRST_ID + len(ids)))
    assert len({entry.name for entry in entries}) == len(entries)
    assert all(registry.id_of(entry.name) == entry.schema_id for entry in entries)
    with pytest.raises(KeyError, match="shuunou schema register"):
        registry.id_of("event/nothing.v1")


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Callable[[tuple[registry.Entry, ...]], None]:
    """Puts another ledger of ids in place of the project's."""
    return lambda entries: monkeypatch.setattr(registry, "entries", lambda: entries)


def test_what_is_new_follows_the_last_id(ledger: Callable[[tuple[registry.Entry, ...]], None]) -> None:
    whole = registry.entries()
    ledger(whole[:-2])
    assert registry.missing() == sorted(entry.name for entry in whole[-2:])
    assert registry.additions() == list(whole[-2:])


def test_a_schema_that_changed_or_went_is_found(
    ledger: Callable[[tuple[registry.Entry, ...]], None],
) -> None:
    whole = registry.entries()
    gone = registry.Entry(whole[-1].schema_id + 1, "event/gone.v1", "0" * 64)
    ledger((whole[0]._replace(fingerprint="0" * 64), *whole[1:], gone))
    assert registry.changed() == [whole[0].name, "event/gone.v1"]
