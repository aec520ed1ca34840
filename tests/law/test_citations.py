"""条項の引用: what the modules of 督促・時効・執行停止・猶予・分納 can cite is in the list of provisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import schemas
from schemas.provisions import provisions
from tests.project_source import shipped

OURS = {
    f"state/law/{name}.py"
    for name in (
        "kyuujitsu", "tokusoku", "tokusokujou", "saikoku", "jikou", "jikou_count", "shikkou_teishi",
        "kesson", "yuuyo", "yuuyo_check", "bunnou", "bunnou_check", "shobun",
    )
}  # fmt: skip
TABLES = (
    "kyuujitsu", "tokusoku", "tokusoku_tesuuryou", "tokusoku_hassou", "jikou", "shikkou_teishi", "yuuyo",
    "bunnou", "shobun",
)  # fmt: skip
CITED = re.compile(r"(?:chihou(?:zei|jichi)hou|kokuzeichoushuuhou|minpou|shukujitsuhou|shi)-[0-9a-z_-]+")


def texts(value: Any) -> Iterator[str]:
    """Every text inside a table."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def test_every_provision_cited_is_known() -> None:
    in_code = {text for source in shipped() if source.name in OURS for text in source.strings()}
    in_tables = {text for table in TABLES for text in texts(schemas.load_toml(f"law/{table}"))}
    cited = {text for text in in_code | in_tables if CITED.fullmatch(text)}
    assert cited - set(provisions()) == set()
    assert {"chihouzeihou-18_2-1-2", "chihouzeihou-20_2-3", "minpou-150", "shi-toriatsukai"} <= cited


def test_every_dated_rule_has_its_reference_and_says_whether_it_was_checked() -> None:
    for table in TABLES:
        whole = schemas.load_toml(f"law/{table}")
        dated = [entry for part in whole.values() if isinstance(part, list) for entry in part]
        rules = [entry for entry in dated if "valid_from" in entry]
        assert rules and all(isinstance(entry["valid_from"], date) for entry in rules)
        if table != "kyuujitsu":
            assert all("reference" in entry and "checked_on" in entry for entry in rules)
