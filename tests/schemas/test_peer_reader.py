"""比べる相手の読み手: the peers' Java reads events field by field, and is compiled only when they are measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import schemas
from connectors.tables import newest
from schemas.codec import base_name

JAVA = Path(__file__).parents[2] / "bench" / "peers" / "java"
READER = (JAVA / "EventReader.java").read_text("utf-8")
READ = re.findall(r'id\(schemas, "(\w+\.v\d+)", (\w+)\)', READER)


def _listed(name: str) -> list[str]:
    body = re.search(rf"String\[\] {name} = \{{(.*?)\}};", READER, re.DOTALL)
    assert body, f"{name} is not in EventReader.java"
    return re.findall(r'"(\w+)"', body[1])


def test_it_reads_six_kinds() -> None:
    assert len(READ) == 6


@pytest.mark.parametrize(("event", "fields"), READ)
def test_it_reads_the_newest_version_field_by_field(event: str, fields: str) -> None:
    """It read the first version of a 調定 while the load held the second: the comparison ended in an error."""
    name = f"event/{event}"
    stated = [field["name"] for field in schemas.load_avsc(name)["fields"]]
    assert name == newest(base_name(name))
    assert [*_listed("ENVELOPE"), *_listed(fields)] == stated
