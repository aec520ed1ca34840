"""流れの計測: how fast the hub is, on a real broker that this starts, with a worker as `shuunou worker` starts
it.

`.venv/bin/python bench/flow.py --events 200000 --partitions 4 --json out.json`; `--only` names some of the
measures:

- `ledger`: changes waiting on `ledger.input.v1` → facts and rows committed. Each run: topics made anew, a
  worker with
  an empty home (cold), then as many changes of other persons on the same worker (warm).
- `flow`: changes waiting on `ido.*` → transfers and their records committed, all stages in one process.
  Bills first,
  then what came later; and once everything at the same time (backlog), when many payments wait for their
  bill.
- `peer`: the same fold as an ordinary Faust agent (`bench/idiomatic_faust.py`), on the same broker.
- `latency`: from sending a change to its transfer being visible to a read_committed consumer.
- `restore`: from starting a worker with an empty home to its being ready, with a million rows in the
  changelog.

What waits is one transaction, so all of it is seen at once: the clock starts when its commit is asked for,
and stops at the last growth of the output as a read_committed reader is told (looked at every 50 ms).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from bench import idiomatic_faust as peer
from bench import load
from bench.report import MEASURES, Figures, table
from bench.support import (
    JARS,
    READY,
    BenchError,
    Broker,
    Hub,
    Load,
    Sent,
    Worker,
    bulk_producer,
    run,
    say,
    send_all,
    watch,
    write_json,
)
from state import wire
from streams import topics
from streams.engine.store import Store
from streams.local.kafka import LocalKafka
from streams.topics import FLOW

HEAP = "1g"
FACT, CHANGELOG = "ledger.fact.v1", "state.ledger.v1"
NOTICE, LETTER, AUDIT = "matching.unmatched.v1", "deadletter.v1", "audit.provision.v1"
ITEN = [t.name for t in topics.topics() if t.name.startswith("iten.")]


class Bench:
    """計測: the measures over one broker; each leaves its figures, and its files in `folder`."""

    def __init__(
        self, broker: Broker, folder: Path, parts: Sequence[load.Part], given: argparse.Namespace
    ) -> None:
        self.broker, self.folder, self.parts, self.given = broker, folder, parts, given
        self._homes = 0

    def _hub(self, *stages: str) -> Hub:
        """A hub with topics made anew and an empty home."""
        self.broker.fresh()
        self._homes += 1
        name = f"bench{self._homes}"
        return Hub(self.broker, self.folder / name, name, stages)

    def _drive(self, hub: Hub, worker: Worker, messages: Iterable[Sent], out: Sequence[str]) -> Figures:
        """Let so many messages loose at once; how long until all that follows from them is committed."""
        waiting = Load(self.broker.bootstrap, hub.application, messages)
        cpu = worker.cpu_s()
        begun = waiting.release()
        looks = watch(self.broker, out, worker, hub.is_idle)
        seconds = looks[-1].at - begun
        return {
            "events": waiting.count,
            "seconds": round(seconds, 3),
            "events_per_s": round(waiting.count / seconds),
            "worker_cpu_s": round(worker.cpu_s() - cpu, 2),
        }

    # -- ledger ------------------------------------------------------------------------------------

    def ledger(self) -> Figures:
        """台帳。"""
        books = [part.in_ledger_order(self.given.events) for part in self.parts]
        say("the facts that must come of them, by the pure core")
        folded = [load.fold(book) for book in books]
        runs = [self._ledger(books, sum(f.facts for f in folded)) for _ in range(self.given.runs)]
        figures: Figures = {"runs": runs}
        for heat in ("cold", "warm"):
            figures[heat] = _spread([run[heat]["events_per_s"] for run in runs])
        figures["both"] = _spread([run[heat]["events_per_s"] for run in runs for heat in ("cold", "warm")])
        figures["peak_mib"] = max(run["peak_mib"] for run in runs)
        figures["core_alone_per_s"] = round(self.given.events / min(f.seconds for f in folded))
        return figures

    def _ledger(self, books: Sequence[Sequence[load.Change]], expected: int) -> Figures:
        hub = self._hub("ledger")
        with hub.start() as worker:
            figures: Figures = {"ready_s": round(worker.wait_for(READY), 2)}
            for heat, book in zip(("cold", "warm"), books, strict=True):
                figures[heat] = self._drive(hub, worker, load.to_ledger(book), [FACT])
                say(f"ledger, {heat}: {figures[heat]['events_per_s']:,} events/s")
            figures["peak_mib"] = round(worker.peak_mib())
        figures["facts"] = self.broker.count([FACT])
        if figures["facts"] != expected:
            raise BenchError(f"facts: expected {expected:,}, found {figures['facts']:,}")
        return figures

    # -- whole flow --------------------------------------------------------------------------------

    def flow(self) -> Figures:
        """全体の流れ。"""
        part = self.parts[0]
        waves = [part.bills(), part.later()]
        runs = [self._flow(waves) for _ in range(self.given.runs)]
        backlog = self._flow([part.arrivals])
        return {
            "runs": runs,
            "in_order": _spread([run["events_per_s"] for run in runs]),
            "backlog": backlog,
            "peak_mib": max(run["peak_mib"] for run in [*runs, backlog]),
        }

    def _flow(self, waves: Sequence[Sequence[load.Change]]) -> Figures:
        hub = self._hub(*FLOW)
        out = [*ITEN, AUDIT]
        with hub.start() as worker:
            figures: Figures = {"ready_s": round(worker.wait_for(READY), 2)}
            driven = [self._drive(hub, worker, load.to_hub(wave), out) for wave in waves]
            figures["peak_mib"] = round(worker.peak_mib())
        figures["waves"] = driven
        figures["events"] = sum(wave["events"] for wave in driven)
        figures["seconds"] = round(sum(wave["seconds"] for wave in driven), 3)
        figures["events_per_s"] = round(figures["events"] / figures["seconds"])
        figures["worker_cpu_s"] = round(sum(wave["worker_cpu_s"] for wave in driven), 2)
        names = {
            "facts": [FACT],
            "transfers": ITEN,
            "provisions": [AUDIT],
            "notices": [NOTICE],
            "letters": [LETTER],
        }
        figures |= {name: self.broker.count(counted) for name, counted in names.items()}
        if figures["transfers"] != figures["provisions"] or not figures["transfers"]:
            raise BenchError(f"transfers and provisions: expected as many of both, found {figures}")
        say(f"flow in {len(waves)} wave(s): {figures['events_per_s']:,} events/s")
        return figures

    # -- peer --------------------------------------------------------------------------------------

    def peer(self) -> Figures:
        """ふつうの Faust。"""
        changes = self.parts[0].in_ledger_order(self.given.peer_events)
        expected = load.fold(changes).facts
        self.broker.fresh(peer.TOPICS)
        send_all(bulk_producer(self.broker.bootstrap), [_as_json(change) for change in changes])
        words = [str(Path(peer.__file__)), self.broker.bootstrap, str(self.broker.partitions), "faust-data"]
        with Worker(words, self.folder / "peer", {}) as worker:
            out = [peer.FACT]
            looks = watch(self.broker, out, worker, lambda: self.broker.seen(out) >= expected)
            cpu_s, peak_mib = worker.cpu_s(), worker.peak_mib()
        looks = looks[1:]  # the first was before it began
        facts, seconds = looks[-1].seen - looks[0].seen, looks[-1].at - looks[0].at
        rate = round(facts / seconds * len(changes) / expected)
        say(f"peer: {rate:,} events/s")
        return {
            "events": len(changes),
            "seconds": round(seconds, 3),
            "events_per_s": rate,
            "facts": looks[-1].seen,
            "worker_cpu_s": round(cpu_s, 2),
            "peak_mib": round(peak_mib),
            "store": "rocksdb (rocksdict)",
        }

    # -- latency -----------------------------------------------------------------------------------

    def latency(self) -> Figures:
        """遅れ: bills of some persons are booked beforehand; then payments on them, mixed with bills of
        others."""
        given = self.given
        wanted = given.rate * (given.seconds + given.warm_seconds)
        here, there = [part.of_persons(wanted) for part in self.parts]
        changes = load.interleave(here.later(), there.bills(), wanted)
        hub = self._hub(*FLOW)
        with hub.start() as worker:
            worker.wait_for(READY)
            self._drive(hub, worker, load.to_hub(here.bills()), [*ITEN, AUDIT])
            say(f"latency: {given.rate:,} events/s for {given.warm_seconds} s, then for {given.seconds} s")
            cpu = worker.cpu_s()
            delays = load.measure_delays(self.broker, changes, given.rate, given.warm_seconds)
            figures: Figures = {
                "worker_cpu_s": round(worker.cpu_s() - cpu, 2),
                "peak_mib": round(worker.peak_mib()),
            }
        if len(delays.millis) < delays.sent / 2:
            raise BenchError(f"latency: {delays.sent:,} sent, transfers of only {len(delays.millis):,} seen")
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
        figures |= {name: round(delays.at(share), 1) for name, share in shares.items()}
        figures |= {"rate": given.rate, "sent": delays.sent, "with_transfer": len(delays.millis)}
        figures |= {"sender_late_p99_ms": round(delays.late_p99_ms, 2)}
        say(f"latency: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms")
        return figures

    # -- restore -----------------------------------------------------------------------------------

    def restore(self) -> Figures:
        """復元。"""
        accounts = list(load.fold(self.parts[0].in_ledger_order()).accounts.values())
        hub = self._hub("ledger")
        with hub.start() as worker:
            empty = worker.wait_for(READY)
        rows, size = self.given.rows, 0

        def messages() -> Iterable[Sent]:
            nonlocal size
            for key, value in load.account_rows(accounts, rows):
                size += len(key) + len(value)
                yield CHANGELOG, key, value

        say(f"restore: {rows:,} rows into the changelog")
        send_all(bulk_producer(self.broker.bootstrap), messages())
        again = hub._replace(home=self.folder / "restored")
        with again.start() as worker:
            seconds = worker.wait_for(READY)
            cpu_s, peak_mib = worker.cpu_s(), worker.peak_mib()
        stores = again.home / "state" / "ledger"
        stored = sum(_rows_in(stores / str(p)) for p in range(self.broker.partitions))
        if stored != rows:
            raise BenchError(f"rows in the stores: expected {rows:,}, found {stored:,}")
        say(f"restore: {seconds:.1f} s")
        return {
            "rows": rows,
            "bytes_per_row": round(size / rows),
            "seconds": round(seconds, 2),
            "seconds_when_empty": round(empty, 2),
            "rows_per_s": round(rows / (seconds - empty)),
            "worker_cpu_s": round(cpu_s, 2),
            "peak_mib": round(peak_mib),
        }


def _rows_in(path: Path) -> int:
    store = Store(path)
    store.open()
    try:
        return sum(1 for _ in store.scan(b"r", b"s"))
    finally:
        store.close()


def _as_json(change: load.Change) -> Sent:
    event = wire.decode(change.value)
    value = {"type": type(event).__name__, **event._asdict()}
    if "held" in value:
        value["held"] = dict(value["held"])
    return peer.EVENT, change.atena or b"", json.dumps(value, default=str, ensure_ascii=False).encode()


def _spread(rates: Sequence[int]) -> Figures:
    return {"median": round(median(rates)), "least": min(rates), "most": max(rates)}


def measure(given: argparse.Namespace, folder: Path) -> Figures:
    """計る: the measures that were asked for, one after another on one broker."""
    figures: Figures = {
        "events": given.events,
        "partitions": given.partitions,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "heap": HEAP,
        "measures": {},
    }
    jars = given.jars or JARS
    say(f"a city of twice {given.events:,} changes")
    parts = load.city_parts(given.events)
    say("a broker")
    with LocalKafka(folder / "kafka", jar_dir=jars, heap=HEAP, notify=say) as kafka:
        bench = Bench(Broker(kafka.bootstrap, given.partitions), folder, parts, given)
        for name in given.only:
            before = load.load_average()
            made = getattr(bench, name)()
            figures["measures"][name] = {**made, "load_before": before, "load_after": load.load_average()}
    return figures


def _only(text: str) -> list[str]:
    chosen = [name for name in MEASURES if name in text.split(",")]
    if set(text.split(",")) - set(MEASURES):
        raise argparse.ArgumentTypeError(f"expected some of {','.join(MEASURES)}")
    return chosen


def arguments() -> argparse.Namespace:
    """引数。"""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--events", type=int, default=200_000, help="changes that wait in one run")
    parser.add_argument("--partitions", type=int, default=4, help="partition count of every topic")
    parser.add_argument("--runs", type=int, default=3, help="repetitions of ledger and flow")
    parser.add_argument("--only", type=_only, default=list(MEASURES), help=f"some of {','.join(MEASURES)}")
    parser.add_argument(
        "--peer-events", type=int, default=20_000, help="changes for the ordinary Faust agent"
    )
    parser.add_argument("--rate", type=int, default=1_000, help="changes a second, latency")
    parser.add_argument("--seconds", type=int, default=30, help="seconds that count, latency")
    parser.add_argument("--warm-seconds", type=int, default=5, help="seconds before that, latency")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to restore")
    parser.add_argument("--jars", type=Path, help="where Kafka's jars are or go (.hub/jars)")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    return parser.parse_args()


def main() -> int:
    """入口: 0; 1 when a figure could not be taken; 130 after Ctrl-C. Leaves nothing running and no files."""
    given = arguments()

    def take(folder: Path) -> None:
        figures = measure(given, folder)
        print("\n".join(table(figures)))
        if given.json:
            write_json(given.json, figures)

    return run("shuunou-bench-", take)


if __name__ == "__main__":
    raise SystemExit(main())
