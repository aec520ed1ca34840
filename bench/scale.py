"""規模の計測: whole cities of growing size from files to transfers, as `shuunou run` takes them.

`python -m bench.scale --persons 20000,200000 --workers 1 --json out.json`. Every size has a home, a broker
and a city of its own. While it runs, every process is looked at again and again; at the end the folders are
weighed. With more than one worker, the others join the first in its group and share the partitions.

The time is that of `shuunou run` itself: from the first file of the intake until no stage is behind. A run
whose ledger is not what the city's own books say is no figure: it fails here as it does there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from bench.looks import Looks
from bench.support import JARS, BenchError, Worker, environment, run, say, write_json
from streams import daemons
from streams.cityfiles import make_files
from streams.local.kafka import running
from streams.local.postgres import LASTING, LocalPostgres
from streams.local.process import leashed, tail, wait_until
from streams.run import FLOW, WORKER
from streams.settings import Settings

BROKER_S = 300.0
WEIGHED = ("state", "kafka", "outbox", "archive", "projection.db")
Figures = dict[str, Any]


def mib_of(path: Path) -> float:
    """重さ (MiB): what a file or folder takes on disk."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return round(sum(each.stat().st_blocks for each in files) * 512 / 2**20, 1)


def database_mib(url: str) -> float:
    """重さ (MiB): of the projection in PostgreSQL, indices among it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        size: int = connection.scalar(text("SELECT pg_database_size(current_database())")) or 0
    engine.dispose()
    return round(size / 2**20, 1)


class City:
    """一つの規模: a city, the hub that takes it in, and what was seen of it."""

    def __init__(self, given: argparse.Namespace, folder: Path, persons: int, workers: int) -> None:
        self.given, self.persons, self.workers = given, persons, workers
        self.home = folder / f"{persons}-{workers}"
        self.others: dict[str, int] = {}
        """Processes that are none of the home's own, by a name."""
        self.files = self.home / f"city-{persons}-{given.seed}"
        self.environment = environment({"SHUUNOU_HOME": str(self.home), "COLUMNS": "110"})
        if given.partitions:
            self.environment["SHUUNOU_PARTITIONS"] = str(given.partitions)

    def measure(self) -> Figures:
        """計る: BenchError when the run fails or its figures are not the city's."""
        with LocalPostgres(LASTING) if self.given.postgres else nullcontext() as database:
            if database is not None:
                self.environment["SHUUNOU_DATABASE_URL"] = database.url
            return self._measure(database)

    def _measure(self, database: LocalPostgres | None) -> Figures:
        self.home.mkdir(parents=True)
        (self.home / "jars").symlink_to((self.given.jars or JARS).resolve())
        made_s = self._make()
        city_mib = mib_of(self.files)
        try:
            with Looks(self._living) as looks:
                told = self._run()
                verified = self._verify() if self.given.verify else None
        finally:
            self._shuunou("stop", limit=120)
        weights = {name: mib_of(self.home / name) for name in WEIGHED} | {"city": city_mib}
        if database is not None:
            weights["postgresql"] = database_mib(database.url)
        return {
            "persons": self.persons,
            "workers": self.workers,
            "city_made_s": made_s,
            **told,
            "events_per_s": round(told["events"] / told["seconds_from_file_to_transfer"]),
            "processes": looks.figures(),
            "mib": weights,
            "verify": verified,
        }

    def _make(self) -> float:
        begun = time.monotonic()
        if self.given.city and (found := self.given.city / self.files.name).is_dir():
            shutil.copytree(found, self.files)
        else:
            make_files(self.persons, self.given.seed, self.files, Settings().jichitai_code, quiet=True)
        return round(time.monotonic() - begun, 1)

    def _living(self) -> list[tuple[str, int]]:
        broker = running(self.home)
        found = {name: daemons.pid_of(self.home, name) for name in daemons.names(self.home)}
        found |= {"broker": broker.pid if broker is not None else None, **self.others}
        return [(name, pid) for name, pid in found.items() if pid is not None]

    def _run(self) -> Figures:
        path, log = self.home / "run.json", self.home / "run.log"
        words = ["run", "--persons", str(self.persons), "--seed", str(self.given.seed), "--json", str(path)]
        with ExitStack() as stack, log.open("wb") as output:
            process = subprocess.Popen(
                leashed(self._command(*words)), env=self.environment, stdout=output, stderr=output
            )
            stack.callback(process.kill)
            self.others["run"] = process.pid
            joined = [stack.enter_context(self._join(number)) for number in range(1, self.workers)]
            self.others |= {worker.home.name: worker.pid for worker in joined}
            if process.wait() != 0:
                raise BenchError(f"run: expected 0, ended with {process.returncode}\n{tail(log)}")
            for worker in joined:
                worker.check()
        told: Figures = json.loads(path.read_text("utf-8"))
        return told

    def _join(self, number: int) -> Worker:
        """One more worker, with a home of its own, once the first is there: before that are no topics."""
        if not wait_until(lambda: daemons.pid_of(self.home, WORKER) is not None, BROKER_S, 0.1):
            raise BenchError(f"the first worker: expected within {BROKER_S:.0f} s")
        broker = running(self.home)
        assert broker is not None
        settings = {
            "SHUUNOU_HOME": str(self.home / f"worker{number}"),
            "SHUUNOU_KEY_FILE": str(self.home / "keys" / "kojin.key"),
            "SHUUNOU_BOOTSTRAP": broker.bootstrap,
        }
        stages = [word for stage in FLOW for word in ("--stage", stage)]
        return Worker(["-m", "streams", "worker", *stages], self.home / f"worker{number}", settings)

    def _verify(self) -> Figures:
        begun = time.monotonic()
        done = self._shuunou("verify", "--json", limit=7_200)
        if done.returncode != 0:
            raise BenchError(f"verify: expected 0, ended with {done.returncode}\n{done.stdout[-2000:]}")
        return {"seconds": round(time.monotonic() - begun, 1)}

    def _shuunou(self, *words: str, limit: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*words), env=self.environment, capture_output=True, text=True, timeout=limit
        )

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "streams", *words]


def shown(made: Figures) -> list[str]:
    """表: what one size cost, in words."""
    accounts, transfers = made["conservation"]["accounts"], sum(made["transfers"].values())
    lines = [
        f"{made['persons']:,} persons, {made['workers']} worker(s): {accounts:,} accounts, "
        f"{made['events']:,} events, {transfers:,} transfers",
        f"  from file to transfer {made['seconds_from_file_to_transfer']:,} s, {made['events_per_s']:,} /s, "
        f"in all {made['seconds']:,} s; the city was made in {made['city_made_s']:,} s",
        "  on disk (MiB): " + ", ".join(f"{name} {mib:,}" for name, mib in made["mib"].items()),
    ]
    for name, process in made["processes"].items():
        quarters = " → ".join(f"{mib:,}" for mib in process["median_mib_by_quarter"])
        lines.append(
            f"  {name}: peak {process['peak_mib']:,} MiB, by quarters {quarters}; "
            f"{process['cpu_s']:,} s of processor"
        )
    return lines


def growth(first: Figures, last: Figures) -> list[str]:
    """伸び: how what it costs grew beside the number of events; 1.00 is linear."""
    events = last["events"] / first["events"]
    seconds = last["seconds_from_file_to_transfer"] / first["seconds_from_file_to_transfer"]
    state = last["mib"]["state"] / first["mib"]["state"]
    return [
        f"growth from {first['persons']:,} to {last['persons']:,} persons: events {events:.2f} times, time "
        f"{seconds:.2f} times ({seconds / events:.2f} an event), state {state:.2f} times "
        f"({state / events:.2f})"
    ]


def arguments() -> argparse.Namespace:
    """引数。"""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--persons", default="20000,200000", help="sizes of cities, apart by commas")
    parser.add_argument("--workers", default="1", help="numbers of workers, apart by commas, for each size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--partitions", type=int, help="of every topic (default: 3)")
    parser.add_argument("--verify", action="store_true", help="C1–C7 after each run, and its time")
    parser.add_argument("--postgres", action="store_true", help="project into PostgreSQL, not SQLite")
    parser.add_argument("--city", type=Path, help="a folder of cities made before (city-<persons>-<seed>)")
    parser.add_argument("--folder", type=Path, help="where homes are kept (default: a temporary folder)")
    parser.add_argument("--jars", type=Path, help="where Kafka's jars are or go (.hub/jars)")
    parser.add_argument("--json", type=Path, help="write all figures to this file, after each size")
    return parser.parse_args()


def main() -> int:
    """入口: 0; 1 when a run failed; 130 after Ctrl-C."""
    given = arguments()

    def take(temporary: Path) -> None:
        made: list[Figures] = []
        for persons, workers in product(_numbers(given.persons), _numbers(given.workers)):
            say(f"{persons:,} persons, {workers} worker(s)")
            made.append(City(given, given.folder or temporary, persons, workers).measure())
            print("\n".join(shown(made[-1])), flush=True)
            if given.json:
                write_json(given.json, {"cores": os.cpu_count(), "runs": made})
        if len(made) > 1 and made[0]["workers"] == made[-1]["workers"]:
            print("\n".join(growth(made[0], made[-1])))

    return run("shuunou-scale-", take)


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


if __name__ == "__main__":
    raise SystemExit(main())
