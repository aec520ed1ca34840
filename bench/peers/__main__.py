"""比べる相手との計測: the same folds, the same events, the same broker, in one run:
`python -m bench.peers --events 1000000 --partitions 4 --runs 3 --json out.json`.

`--only` names some of the measures, `--systems` some of the systems:

- `count`: the smallest fold: a count by key, one output for each event.
- `ledger`: ledger input → receipt and delinquency rows → facts, on the changes of a synthetic city, each
  round of other persons. Every row and every kind of fact is compared with those of the pure core.
- `latency`: after the rounds of the last run of these two, events one by one at a steady rate.
- `rebuild`: a start with nothing on its disk and a million rows of accounts in its changelog.

A run starts a system with nothing, lets one round of events loose at once (cold), then further ones (warm).
The systems take turns, so that a noisy minute does not fall on one alone. Faust takes part in `ledger` only,
with one round of fewer events.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench import load
from bench.peers import report, tools
from bench.peers.jobs import Booking, Counting, Figures, Job, JsonBooking
from bench.peers.measures import Peers
from bench.peers.systems import SYSTEMS, Setup, System
from bench.support import Broker, run, say, write_json
from streams.local.kafka import LocalKafka

ROOT = Path(__file__).parents[2]
HEAP = "1g"
MEASURES = ("count", "ledger", "latency", "rebuild")
FAUST = "faust"


def measure(given: argparse.Namespace, folder: Path) -> Figures:
    """計る: the measures that were asked for, on one broker."""
    setup = Setup(
        given.home, given.jars, given.threads, given.stream_heap, given.cache_mib, given.quix_commit_s
    )
    figures: Figures = _circumstances(given)
    figures["said"] = {SYSTEMS[name].title: SYSTEMS[name].settings(setup) for name in given.systems}
    with LocalKafka(folder / "kafka", jar_dir=given.jars, heap=HEAP, notify=say) as kafka:
        broker = Broker(kafka.bootstrap, given.partitions)
        peers = Peers(broker, kafka.pid or 0, folder, setup, given)
        works = figures["works"] = {}
        if "count" in given.only:
            rounds = 1 + given.warm_rounds
            job = Counting(given.events, given.keys, rounds, _paced(given))
            made = _take_turns(peers, given, job, rounds)
            works["count"] = {"events": given.events, "keys": given.keys, "systems": made}
        if {"ledger", "rebuild"} & set(given.only):
            works |= _ledger(peers, given)
    figures["load_after"] = load.load_average()
    return figures


def _circumstances(given: argparse.Namespace) -> Figures:
    return {
        "partitions": given.partitions,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "java": tools.java_version(),
        "heap": HEAP,
        "settings": {name: str(value) for name, value in vars(given).items()},
        "load_before": load.load_average(),
    }


def _paced(given: argparse.Namespace) -> int:
    seconds: int = given.warm_seconds + given.seconds
    return given.rate * seconds if "latency" in given.only else 0


def _ledger(peers: Peers, given: argparse.Namespace) -> Figures:
    """台帳と作り直し: both need a city."""
    say(f"a city of three times {given.ledger_events:,} changes")
    parts = load.city_parts(given.ledger_events, 3)
    books = [part.in_ledger_order(given.ledger_events) for part in parts]
    paced = books.pop()[: _paced(given)]
    works: Figures = {}
    if "ledger" in given.only:
        made = _take_turns(peers, given, Booking(books, paced), len(books))
        if FAUST in given.systems:
            runs = [_faust(peers, given, parts[0]) for _ in range(given.runs)]
            made[FAUST] = _summed(SYSTEMS[FAUST], runs)
        works["ledger"] = {"events": given.ledger_events, "systems": made}
    if "rebuild" in given.only:
        accounts = list(load.fold(books[0]).accounts.values())
        rebuilt = _each(given, lambda system, _: peers.rebuild(system, accounts))
        made = {n: {"title": SYSTEMS[n].title, "runs": runs} for n, runs in rebuilt.items()}
        works["rebuild"] = {"rows": given.rows, "systems": made}
    return works


def _take_turns(peers: Peers, given: argparse.Namespace, job: Job, rounds: int) -> Figures:
    paced = len(job.paced())

    def run(system: System, is_last: bool) -> Figures:
        return peers.run(system, job, rounds, paced if is_last else 0)

    return {name: _summed(SYSTEMS[name], runs) for name, runs in _each(given, run).items()}


def _each(given: argparse.Namespace, run: Callable[[System, bool], Figures]) -> dict[str, list[Figures]]:
    """Every system once, then every system again, as often as there are runs."""
    chosen = [name for name in given.systems if name != FAUST]
    runs: dict[str, list[Figures]] = {name: [] for name in chosen}
    for number in range(given.runs):
        for name in chosen:
            runs[name].append(run(SYSTEMS[name], number == given.runs - 1))
    return runs


def _summed(system: System, runs: Sequence[Figures]) -> Figures:
    return {"title": system.title, **report.summary(runs), "runs": runs}


def _faust(peers: Peers, given: argparse.Namespace, part: load.Part) -> Figures:
    book = part.in_ledger_order(given.faust_events)
    return peers.run_loaded(SYSTEMS[FAUST], JsonBooking([book], []), load.fold(book).facts)


def _some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        if set(text.split(",")) - set(known):
            raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}")
        return [name for name in known if name in text.split(",")]

    return chosen


def arguments() -> argparse.Namespace:
    """引数。"""
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers", description=(__doc__ or "").split("\n")[0]
    )

    def number(name: str, default: int, text: str) -> None:
        parser.add_argument(name, type=int, default=default, help=f"{text} ({default:,})")

    number("--events", 1_000_000, "events of a round, count")
    number("--keys", 1_000, "keys of the smallest fold")
    number("--ledger-events", 100_000, "changes of a round, ledger")
    number("--faust-events", 20_000, "changes for the ordinary Faust agent")
    number("--partitions", 4, "partition count of every topic")
    number("--runs", 3, "how often each system is started")
    number("--warm-rounds", 2, "rounds after the first, count")
    number("--rate", 1_000, "events a second, latency")
    number("--seconds", 20, "seconds that count, latency")
    number("--warm-seconds", 5, "seconds before that, latency")
    number("--rows", 1_000_000, "rows to rebuild")
    number("--threads", 2, "stream threads of Kafka Streams")
    number("--cache-mib", 128, "cache of Kafka Streams where it has one, MiB")
    parser.add_argument("--stream-heap", default="2g", help="heap of Kafka Streams (2g)")
    parser.add_argument(
        "--quix-commit-s", type=float, default=1.0, help="commit interval of Quix Streams (1 s)"
    )
    names = tuple(SYSTEMS)
    parser.add_argument("--systems", type=_some_of(names), default=list(names), help=f"of {','.join(names)}")
    parser.add_argument(
        "--only", type=_some_of(MEASURES), default=list(MEASURES), help=f"some of {','.join(MEASURES)}"
    )
    parser.add_argument("--jars", type=Path, default=ROOT / ".hub" / "jars", help="where jars are or go")
    parser.add_argument(
        "--home", type=Path, default=ROOT / ".hub" / "peers", help="where what the peers need is made"
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


def main() -> int:
    """入口: 0; 1 when a figure could not be taken; 130 after Ctrl-C. Leaves nothing running."""
    given = arguments()

    def take(folder: Path) -> None:
        figures = measure(given, folder)
        report.show(figures, Console(width=140))
        if given.json:
            write_json(given.json, figures)

    return run("shuunou-peers-", take)


if __name__ == "__main__":
    raise SystemExit(main())
