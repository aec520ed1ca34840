"""版の違う符号: what an older version of a schema wrote reads as the newest."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer

from schemas import registry
from schemas.codec import HEADER, MAGIC, base_name, spelled_out, version_of
from state.wire import CODEC
from tests.schemas.test_codec import NAMES, NEWEST, _avsc, _example, _plain, _type_of

OLDER = tuple(name for name in NAMES if name not in NEWEST)


@pytest.mark.parametrize("name", OLDER)
def test_bytes_of_an_older_version_read_as_the_newest_with_its_defaults(name: str) -> None:
    """Topics are kept for ever: what was written by an older version stays readable."""
    newest = next(new for new in NEWEST if base_name(new) == base_name(name))
    value = _example(newest)
    plain = _plain(value)
    body = io.BytesIO()
    schemaless_writer(body, parse_schema(_avsc(name)), plain)
    decoded = CODEC.decode(HEADER.pack(MAGIC, registry.id_of(name)) + body.getvalue())
    _reads_as(decoded, value, spelled_out(_avsc(name)))


def _reads_as(found: Any, value: Any, old: Any) -> None:
    """What the older version states has come through, records inside it too; what it lacks is empty."""
    if isinstance(old, list):
        old = next(branch for branch in old if branch != "null")
    if not (isinstance(old, dict) and old["type"] == "record") or value is None:
        assert found == value
        return
    stated = {field["name"]: field["type"] for field in old["fields"]}
    for field in type(value)._fields:
        if field in stated:
            _reads_as(getattr(found, field), getattr(value, field), stated[field])
        else:
            assert getattr(found, field) is None


def test_there_are_older_versions() -> None:
    assert {"state/receipt_account.v1", "fact/ledger_fact.v1", "event/choutei_established.v1"} <= set(OLDER)


def test_names_have_versions() -> None:
    assert base_name("event/atena_changed.v12") == "event/atena_changed"
    assert version_of("event/atena_changed.v12") == 12
    with pytest.raises(ValueError, match="ends in"):
        version_of("event/atena_changed")


def test_every_schema_that_is_no_record_is_registered() -> None:
    assert len({_type_of(name) for name in NAMES}) == len({base_name(name) for name in NAMES})
