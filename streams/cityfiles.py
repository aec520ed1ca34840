"""合成の市のファイル: written with progress shown; and handed over in the order in which the sources deliver them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from connectors.base import Terminal
from connectors.city import MANIFEST, make_city, write_city
from streams.cli_shared import console


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
