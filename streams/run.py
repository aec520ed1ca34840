"""通し運転: everything on one machine, from the broker to a synthetic city's files through every stage.

What it starts in the background (broker, worker, connectors) goes on until `shuunou stop`; when it is
interrupted or fails, it ends all of it again.
"""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from connectors.base import Terminal
from connectors.city import Expected
from connectors.intake import FileResult
from connectors.migrations import migrate
from connectors.secrets import create_key_file
from streams import commands, daemons, status, topics
from streams.cityfiles import (
    ACTS,
    bar,
    days_of,
    deliver,
    is_of,
    is_of_the_year,
    make_files,
    manifest_of,
)
from streams.cli_shared import console
from streams.connecting import inbox, new_intake, sinks
from streams.local.kafka import start_broker, stop_broker
from streams.settings import Settings
from streams.topics import FLOW, STAGES

QUIET_LOOKS = 2
PATIENCE_S = 1800.0
"""A day is one record, done when the last 期別 that falls due has been looked at: of a large city, beside
other work, that takes a while in which nothing becomes less."""
WORKER, RECORDS, CONNECTORS, INTAKE = "worker", "records", "connectors", "intake"


class Fed(NamedTuple):
    """受け付けたもの: what the sources put on the topics, and how long the flow took with it."""

    files: Counter[str]
    events: int
    refused: Counter[str]
    seconds: float

    def and_then(self, later: Fed) -> Fed:
        """続けて受け付けたもの。"""
        return Fed(
            self.files + later.files,
            self.events + later.events,
            self.refused + later.refused,
            self.seconds + later.seconds,
        )


class Run:
    """通し運転: `go` does it all and prints what came of it."""

    def __init__(self, conf: Settings, persons: int, seed: int, json_path: Path | None = None) -> None:
        self.conf, self.persons, self.seed, self.json_path = conf, persons, seed, json_path
        self.city = conf.home / f"city-{persons}-{seed}"
        self.client = dict(conf.security)
        self.bootstrap = conf.bootstrap
        self.watch: status.Lags | None = None

    def go(self) -> int:
        """運転する: 0, or 1 when a figure is wrong."""
        from streams.run_report import report

        begun = time.monotonic()
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with self._ended_on_failure():
            self._start()
            is_first = self._is_first()
            manifest = self._city()
            come = days_of(manifest["nendo"])
            fed = self._feed(manifest, "sources: files received", is_wanted=is_of_the_year)
            days = []
            if fed.files:  # run again: nothing new has come
                days = self._advance(come.first, come.last)
                for family in ACTS:
                    fed = fed.and_then(self._feed(manifest, f"sources: {family}", is_wanted=is_of(family)))
                days += self._advance(come.after_acts)
            self._settle("records of 別添1: behind", self._records_behind)
            self._settle_sinks()
            daemons.start(self.conf.home, INTAKE, ["connectors", "--no-sinks"])
            expected = Expected(**manifest["expected"]) if is_first else None
            seconds = time.monotonic() - begun
            return report(self.conf, manifest["nendo"], fed, days, seconds, expected, self.json_path)

    @contextmanager
    def _ended_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            console.print("ending what was started …", style="dim")
            for name in daemons.names(self.conf.home):
                daemons.stop(self.conf.home, name)
            stop_broker(self.conf.home)
            raise

    def _start(self) -> None:
        home = self.conf.home
        home.mkdir(parents=True, exist_ok=True)
        create_key_file(self.conf.key_path)
        if not self.conf.bootstrap:
            with self._step("broker: Apache Kafka on loopback"):
                broker = start_broker(
                    home, heap=self.conf.heap, notify=lambda said: console.print(f"  {said}")
                )
                self.bootstrap = broker.bootstrap
        with self._step("topics"):
            topics.create(self.bootstrap, self.conf.partition_count, self.client, self.conf.replication)
        with self._step("database"):
            migrate(self.conf.database)
        daemons.stop(home, INTAKE)
        with self._step("worker and connectors"):
            daemons.start(home, WORKER, ["worker", *(word for name in FLOW for word in ("--stage", name))])
            daemons.start(home, RECORDS, ["worker", "--stage", RECORDS])
            daemons.start(home, CONNECTORS, ["connectors", "--no-sources"])
            self._wait_for_worker()

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        with console.status(what):
            yield
        console.print(f"{what}: ready ({time.monotonic() - begun:.1f} s)")

    def _is_first(self) -> bool:
        """Whether nothing ever came, by the topics: the projection may have been lost and be made again."""
        counted = topics.count(self.bootstrap, self.client)
        return not any(c.records for c in counted if topics.is_incoming(c.topic.name))

    def _alive(self) -> None:
        for name in (WORKER, RECORDS, CONNECTORS):
            if daemons.pid_of(self.conf.home, name) is None:
                log = daemons.log_path(self.conf.home, name)
                raise Terminal(f"{name}: expected it to work, found it ended; the end of {log} says why")

    def _wait_for_worker(self) -> None:
        deadline = time.monotonic() + 90
        while not all(stage.has_position for stage in self._lags(STAGES)):
            self._alive()
            if time.monotonic() > deadline:
                raise Terminal(f"worker: not ready in 90 s; see {daemons.log_path(self.conf.home, WORKER)}")
            time.sleep(0.3)

    def _lags(self, stages: Sequence[str]) -> list[status.StageLag]:
        if self.watch is None:
            self.watch = status.Lags(self.bootstrap, self.client, self.conf.application)
        return self.watch.of(stages)

    def _city(self) -> dict[str, Any]:
        if self.city.exists() and any(self.city.iterdir()):
            return manifest_of(self.city)
        return make_files(self.persons, self.seed, self.city, self.conf.jichitai_code)

    def _feed(self, manifest: dict[str, Any], what: str, is_wanted: Callable[[str], bool]) -> Fed:
        """Files one day after another, as their sources deliver them, through the intake of this process."""
        by_day: dict[str, list[str]] = defaultdict(list)
        for file in manifest["files"]:
            if is_wanted(file["name"]):
                by_day[file["delivered_on"]].append(file["name"])
        intake = new_intake(self.conf, self.bootstrap)
        begun, results = time.monotonic(), list[FileResult]()
        with bar() as shown:
            task = shown.add_task(what, total=sum(map(len, by_day.values())))
            for day in sorted(by_day):
                present = [name for name in by_day[day] if (self.city / name).exists()]
                deliver(self.city, present, inbox(self.conf.home))
                results += intake.scan_once()
                shown.update(task, advance=len(by_day[day]))
        intake.close()
        self._settle("flow: records behind", self._flow_behind)
        refused: Counter[str] = Counter()
        for result in results:
            refused.update(result.refused)
        files = Counter(result.state for result in results)
        return Fed(files, sum(r.events for r in results), refused, time.monotonic() - begun)

    def _advance(self, *days: date) -> list[date]:
        count = topics.partition_count(self.bootstrap, self.client, commands.KIJUNBI)
        for day in days:
            messages = commands.kijunbi_messages(day, count, self.conf.jichitai_code)
            commands.send(self.bootstrap, self.client, f"{self.conf.application}-kijunbi", messages)
            self._settle(f"基準日 {day}: records behind", self._flow_behind)
        return list(days)

    def _flow_behind(self) -> int:
        return sum(stage.lag for stage in self._lags(FLOW))

    def _records_behind(self) -> int:
        return sum(stage.lag for stage in self._lags((RECORDS,)))

    def _settle_sinks(self) -> None:
        with ExitStack() as stack:
            every = sinks(self.conf, self.bootstrap).values()
            made = [stack.enter_context(closing(make())) for make in every]
            self._settle("sinks: behind", lambda: sum(sum(sink.lag().values()) for sink in made))

    def _settle(self, what: str, behind: Callable[[], int]) -> None:
        """Wait until nothing is behind, twice in a row: what one stage finishes is the next one's work.

        However long a large city takes, it is only given up when what is left has not become less for long.
        """
        deadline, quiet, most, least = time.monotonic() + PATIENCE_S, 0, 1, sys.maxsize
        with bar() as shown:
            task = shown.add_task(what, total=None)
            while quiet < QUIET_LOOKS:
                self._alive()
                left = behind()
                most = max(most, left)
                quiet = quiet + 1 if left == 0 else 0
                shown.update(task, total=most, completed=most - left)
                if left < least:
                    least, deadline = left, time.monotonic() + PATIENCE_S
                if time.monotonic() > deadline:
                    raise Terminal(f"{what}: expected fewer within {PATIENCE_S:.0f} s, found {left:,} still")
                time.sleep(0.5)


def clean(conf: Settings) -> None:
    """片付ける: everything that a run left, except the jars. Cannot be undone."""
    for path in sorted(conf.home.iterdir()) if conf.home.is_dir() else []:
        if path.name != "jars":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
