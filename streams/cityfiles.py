"""合成の市のファイル: written with progress shown; and handed over in the order in which the sources deliver them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import schemas
from connectors.base import Terminal
from connectors.city import MANIFEST, make_city, write_city
from connectors.city.model import KAITOU, TETSUZUKI
from state.delinquency.apply import tokusoku_rule
from streams.cli_shared import console

AFTER_ACTS = timedelta(days=90)
"""How far the day goes on after the acts of the office: 公示送達, 猶予 and 分納 come to their days."""
ACTS = (TETSUZUKI, KAITOU)
"""The families of files that answer to how the year ended, in their order: answers come last."""


class Days(NamedTuple):
    """基準日: on which a city's year and the acts on it are looked at."""

    first: date
    last: date
    after_acts: date


def days_of(nendo: int) -> Days:
    """年度の基準日: the day after the first 納期限, one past the 督促 of the last, and one long after the acts."""
    rows = [row for row in schemas.load_csv("code/kibetsu") if int(row["fuka_nendo"]) == nendo]
    due = sorted(date.fromisoformat(row["noukigen"]) for row in rows)
    last = due[-1] + timedelta(days=tokusoku_rule(due[-1]).days + 1)
    return Days(due[0] + timedelta(days=1), last, last + AFTER_ACTS)


def is_of(family: str) -> Callable[[str], bool]:
    """その種類のファイルか: by its name."""
    return lambda name: name.startswith(f"{family}_")


def is_of_the_year(name: str) -> bool:
    """年度中に渡されるファイルか: all but the acts of the office and the answers to them."""
    return not any(is_of(family)(name) for family in ACTS)


def bar(*, quiet: bool = False) -> Progress:
    """進み具合: one bar for each piece of work."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=quiet)


def make_files(
    persons: int, seed: int, folder: Path, jichitai_code: str, *, quiet: bool = False
) -> dict[str, Any]:
    """市を書く: into a new or empty folder; gives the manifest. Raises Terminal when the folder is not empty."""
    try:
        city = make_city(persons, seed, jichitai_code)
        with bar(quiet=quiet) as shown:
            task = shown.add_task("city: persons written", total=persons)
            manifest = write_city(city, folder, lambda done, total: shown.update(task, completed=done))
    except (FileExistsError, ValueError) as error:
        raise Terminal(str(error)) from None
    made: dict[str, Any] = json.loads(manifest.to_json())
    return made


def manifest_of(folder: Path) -> dict[str, Any]:
    """市の目録: raises Terminal when there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        raise Terminal(
            f"{path}: expected the manifest of a city, found none; `shuunou city make` writes one"
        )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def deliver(folder: Path, names: list[str], inbox: Path) -> None:
    """ファイルを渡す: moved into the inbox, their times kept; a move shows a file whole or not at all."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name in names:
        arriving = inbox / f".{name}"
        shutil.copy2(folder / name, arriving)
        arriving.rename(inbox / name)
        (folder / name).unlink()
