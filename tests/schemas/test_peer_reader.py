"""比べる相手の読み手: the peers' Java reads events field by field, and is compiled only when they are measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READER = (ROOT / "bench" / "peers" / "java" / "EventReader.java").read_text("utf-8")
EVENTS = ROOT / "schemas" / "avro" / "event"
READ = re.findall(r'id\(schemas, "(\w+)\.v(\d+)", (\w+)\)', READER)


def _listed(name: str) -> list[str]:
    body = re.search(rf"String\[\] {name} = \{{(.*?)\}};", READER, re.DOTALL)
    assert body, f"{name} is not in EventReader.java"
    return re.findall(r'"(\w+)"', body[1])


def test_it_reads_six_kinds() -> None:
    assert len(READ) == 6


@pytest.mark.parametrize(("event", "version", "fields"), READ)
def test_it_reads_the_newest_version_field_by_field(event: str, version: str, fields: str) -> None:
    """It read the first version of a 調定 while the load held the second: the comparison ended in an error."""
    newest = max(int(path.suffixes[0][2:]) for path in EVENTS.glob(f"{event}.v*.avsc"))
    schema = json.loads((EVENTS / f"{event}.v{newest}.avsc").read_text("utf-8"))
    assert int(version) == newest
    assert [*_listed("ENVELOPE"), *_listed(fields)] == [field["name"] for field in schema["fields"]]
