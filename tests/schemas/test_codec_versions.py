"""版の違う符号: what an older version of a schema wrote reads as the newest."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer

from schemas import registry
from schemas.codec import AHEAD, HEADER, MAGIC, DecodeError, NewerRelease, base_name, spelled_out, version_of
from schemas.registry import last_id
from state.seiri.values import KibetsuBubun, Seiribo
from state.wire import CODEC
from tests import given
from tests.schemas.test_codec import NAMES, NEWEST, _avsc, _example, _plain, _type_of

OLDER = tuple(name for name in NAMES if name not in NEWEST)


@pytest.mark.parametrize("name", OLDER)
def test_bytes_of_an_older_version_read_as_the_newest_with_its_defaults(name: str) -> None:
    """Topics are kept for ever: what was written by an older version stays readable."""
    newest = next(new for new in NEWEST if base_name(new) == base_name(name))
    plain = _plain(_example(newest))
    decoded = CODEC.decode(_written(name, _left_of(plain, _whole(newest), _whole(name))))
    assert _plain(decoded) == _left_of(plain, _whole(name), _whole(newest))


def test_an_id_just_beyond_ours_is_of_a_newer_release() -> None:
    body = CODEC.encode(given.choutei())[5:]
    newer = {last_id() + 1: True, last_id() + AHEAD: True, last_id() + AHEAD + 1: False, 1000: False}
    for schema_id, is_newer in newer.items():
        with pytest.raises(DecodeError, match=f"found {schema_id}") as caught:
            CODEC.decode(HEADER.pack(MAGIC, schema_id) + body)
        assert isinstance(caught.value, NewerRelease) is is_newer
        assert caught.value.kind == "unknown-schema"


def _whole(name: str) -> Any:
    return spelled_out(_avsc(name))


def _written(name: str, plain: Any) -> bytes:
    body = io.BytesIO()
    schemaless_writer(body, parse_schema(_avsc(name)), plain)
    return HEADER.pack(MAGIC, registry.id_of(name)) + body.getvalue()


def _left_of(plain: Any, writer: Any, reader: Any) -> Any:
    """What of a value `reader` shows when only the fields of `writer` are told: else its defaults."""
    if plain is None or isinstance(reader, str):
        return plain
    if isinstance(reader, list):
        return _left_of(plain, writer[1], reader[1])
    if reader["type"] == "array":
        return [_left_of(part, writer["items"], reader["items"]) for part in plain]
    if reader["type"] != "record":
        return plain
    told = {field["name"]: field["type"] for field in writer["fields"]}
    return {
        field["name"]: _left_of(plain[field["name"]], told[field["name"]], field["type"])
        if field["name"] in told and field["name"] in plain
        else field.get("default")
        for field in reader["fields"]
    }


def test_there_are_older_versions() -> None:
    assert {"state/receipt_account.v1", "event/choutei_established.v1", "state/seiribo.v1"} <= set(OLDER)


@pytest.mark.parametrize("name", ["state/seiribo.v1", "fact/seiri_fact.v1"])
def test_the_parts_of_a_plan_that_stood_among_the_held_items_are_taken_over(name: str) -> None:
    plain = _plain(_example(name.replace(".v1", ".v2")))
    book = plain if name.startswith("state") else plain["book"]
    for plan in book["bunnou"]:
        plan["held"] = {"bunnou_riyuu": "失業", "hub/1": "12000/3000", "hub/2": "8000/0"}
    older = _left_of(plain, _whole(name.replace(".v1", ".v2")), _whole(name))
    older_book = older if name.startswith("state") else older["book"]
    assert "bubun" not in older_book["bunnou"][0]
    decoded = CODEC.decode(_written(name, older))
    read = decoded if isinstance(decoded, Seiribo) else decoded.book
    for plan in read.bunnou:
        assert plan.held == {"bunnou_riyuu": "失業"}
        assert plan.bubun == (KibetsuBubun("1", 12_000, 3_000), KibetsuBubun("2", 8_000, 0))
    assert CODEC.decode(CODEC.encode(decoded)) == decoded, "once taken over it stays as it is"


def test_a_part_that_is_no_number_is_a_body_that_cannot_be_read() -> None:
    plain = _plain(_example("state/seiribo.v2"))
    for plan in plain["bunnou"]:
        plan["held"] = {"hub/1": "多額"}
    older = _left_of(plain, _whole("state/seiribo.v2"), _whole("state/seiribo.v1"))
    with pytest.raises(DecodeError, match="bad-body"):
        CODEC.decode(_written("state/seiribo.v1", older))


def test_names_have_versions() -> None:
    assert base_name("event/atena_changed.v12") == "event/atena_changed"
    assert version_of("event/atena_changed.v12") == 12
    with pytest.raises(ValueError, match="ends in"):
        version_of("event/atena_changed")


def test_every_schema_that_is_no_record_is_registered() -> None:
    assert len({_type_of(name) for name in NAMES}) == len({base_name(name) for name in NAMES})
