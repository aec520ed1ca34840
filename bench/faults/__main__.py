"""命令: `python -m bench.faults`; exit code 0 only when everything that was injected was survived exactly."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.faults import kills
from bench.faults.playing import play_all, site
from bench.faults.report import BROKEN, Played, machine, summary, text
from bench.faults.rows import ROWS, chosen
from bench.support import JARS, say, write_json


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """引数を読む。"""
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--rows", default="1-17", help="numbers or scenes: 1-3,8,network (18: soak)")
    parser.add_argument("--seed", type=int, default=1, help="what is random is the same for the same seed")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the load of each row runs")
    parser.add_argument("--workers", default="1", help="how many workers: 1, 3 or 1,3 for both in turn")
    parser.add_argument(
        "--kills", type=int, default=0, help="instead of rows: so many kills at named points"
    )
    parser.add_argument(
        "--json", type=Path, help="where the report goes; for --kills also what is done already"
    )
    parser.add_argument("--folder", type=Path, help="where everything is kept (default: a temporary folder)")
    parser.add_argument("--list", action="store_true", help="say which rows there are")
    return parser.parse_args(words)


def _played(given: argparse.Namespace, folder: Path) -> list[Played]:
    rows, found = chosen(given.rows), list[Played]()
    for number in map(int, given.workers.split(",")):
        with site(folder / f"w{number}", JARS, given.seed, given.minutes, number) as place:
            if given.kills:
                done = (given.json or folder / "kills.json").with_suffix(".done.jsonl")
                found += [kills.as_played(entry) for entry in kills.play_kills(given.kills, place, done)]
            else:
                found += play_all(rows, place)
    return found


def _report(given: argparse.Namespace, found: Sequence[Played], begun: float) -> dict[str, Any]:
    figures = summary(
        found, machine=machine(JARS), seed=given.seed, minutes=given.minutes,
        wall_of_command_s=round(time.monotonic() - begun, 1),
    )  # fmt: skip
    if given.json:
        write_json(given.json, figures)
    for line in text(figures):
        print(line)
    return figures


def main(words: Sequence[str] | None = None) -> int:
    """試す。"""
    given = arguments(words)
    if given.list:
        for row in ROWS:
            print(f"{row.number:>2} {row.scene:<12}{row.fault}")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun = time.monotonic()
    JARS.mkdir(parents=True, exist_ok=True)
    say(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="shuunou-faults-", ignore_cleanup_errors=True) as temporary:
        found = _played(given, given.folder or Path(temporary))
        figures = _report(given, found, begun)
    return 1 if figures["statuses"].get(BROKEN) else 0


if __name__ == "__main__":
    sys.exit(main())
