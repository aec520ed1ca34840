"""版の違う符号: what an older version of a schema wrote reads as the newest."""

from __future__ import annotations

import io

import pytest
from fastavro import parse_schema, schemaless_writer

from schemas import registry
from schemas.codec import HEADER, MAGIC, base_name, version_of
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
    for field in type(value)._fields:
        old = next((f for f in _avsc(name)["fields"] if f["name"] == field), None)
        if old is None:
            assert getattr(decoded, field) is None
        elif field != "account":
            assert getattr(decoded, field) == getattr(value, field)


def test_there_are_older_versions() -> None:
    assert {"state/receipt_account.v1", "fact/ledger_fact.v1"} <= set(OLDER)


def test_names_have_versions() -> None:
    assert base_name("event/atena_changed.v12") == "event/atena_changed"
    assert version_of("event/atena_changed.v12") == 12
    with pytest.raises(ValueError, match="ends in"):
        version_of("event/atena_changed")


def test_every_schema_that_is_no_record_is_registered() -> None:
    assert len({_type_of(name) for name in NAMES}) == len({base_name(name) for name in NAMES})
