"""様式: the project's facts as data, and the one loader that opens them.

Record layouts, event and fact schemas (`avro/`), contracts (`contract/`), dated
numbers and provisions of the law (`law/`), code lists (`code/`) and file layouts
(`layout/`) live here. Everything else asks this module.
"""

from __future__ import annotations

import csv
import json
import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

ROOT: Traversable = files("schemas")
SEALED = "enc1:"
"""How a sealed 個人番号 or 口座番号 begins; nothing else may stand in a field that is tagged confidential."""


def _text(path: str) -> str:
    return ROOT.joinpath(path).read_text(encoding="utf-8")


@cache
def load_toml(path: str) -> dict[str, Any]:
    """様式の読み込み(TOML): `load_toml("law/tokusoku")` -> the parsed file. Raises FileNotFoundError."""
    return tomllib.loads(_text(f"{path}.toml"))


@cache
def load_csv(path: str) -> tuple[dict[str, str], ...]:
    """コード表の読み込み(CSV): `load_csv("code/zeimoku")` -> its rows as dictionaries, in file order."""
    return tuple(csv.DictReader(_text(f"{path}.csv").splitlines()))


@cache
def load_tsv(path: str) -> tuple[dict[str, str], ...]:
    """一覧の読み込み(TSV): `load_tsv("betten1")` -> its rows as dictionaries, in file order."""
    return tuple(csv.DictReader(_text(f"{path}.tsv").splitlines(), delimiter="\t"))


@cache
def load_avsc(name: str) -> dict[str, Any]:
    """Avro 様式の読み込み: `load_avsc("event/choutei_established.v1")` -> the schema as written."""
    loaded: dict[str, Any] = json.loads(_text(f"avro/{name}.avsc"))
    return loaded


@cache
def names(folder: str, suffix: str) -> tuple[str, ...]:
    """様式の一覧: names, without suffix, of the files of one folder, sorted (`names("contract", ".toml")`)."""
    found = (entry.name for entry in ROOT.joinpath(folder).iterdir() if entry.name.endswith(suffix))
    return tuple(sorted(name[: -len(suffix)] for name in found))


@cache
def avsc_names() -> tuple[str, ...]:
    """Avro 様式の一覧: every schema as `folder/name.vN`, sorted."""
    folders = sorted(entry.name for entry in ROOT.joinpath("avro").iterdir() if entry.is_dir())
    return tuple(f"{folder}/{name}" for folder in folders for name in names(f"avro/{folder}", ".avsc"))
