"""A written synthetic city and how its files are read again, for the tests of the city."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.city import City, Manifest
from connectors.city.files import Delivered
from connectors.fixed_width import load_layout

PERSONS, SEED = 2_000, 20260601
CSV_FILES = {"atena": "atena_*.csv", "choutei": "choutei_*.csv", "kiroku": "kiroku_*.csv"}


class Written(NamedTuple):
    city: City
    folder: Path
    manifest: Manifest
    seconds: float


def digests(manifest: Manifest) -> dict[str, str]:
    return {file.name: file.digest for file in manifest.files}


def rows(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def bank_records(folder: Path, file: Delivered) -> list[bytes]:
    found = load_layout("kouza_furikae").split((folder / file.name).read_bytes())
    assert isinstance(found, list)
    return [record for _, record in found]


def with_trouble(manifest: Manifest, trouble: str) -> Delivered:
    (file,) = [file for file in manifest.files if file.trouble == trouble]
    return file
