"""計測: rounds of waiting events, paced events and a rebuild, the same for every system on the one broker."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from bench import load
from bench.peers import outside
from bench.peers.jobs import Figures, Job
from bench.peers.latency import measure_delays
from bench.peers.systems import LEDGER, Place, Setup, System, Work, compacted
from bench.support import PAGE, BenchError, Broker, Load, Worker, bulk_producer, say, send_all, watch
from state.receipt.account import ReceiptAccount
from streams.local.process import tail, wait_until

READY_S = 120.0
SETTLE_S = 5.0
SHARES = {"p50_ms": 0.5, "p99_ms": 0.99, "max_ms": 1.0}


class Peers:
    """計測: one broker, one setup; every start of a system is in a directory of its own."""

    def __init__(
        self, broker: Broker, broker_pid: int, folder: Path, setup: Setup, given: argparse.Namespace
    ) -> None:
        self.broker, self.broker_pid, self.folder, self.setup = broker, broker_pid, folder, setup
        self.given = given
        self._starts = 0

    def _fresh(self, system: System, work: Work) -> Place:
        """A broker without topics of others, and a name that was never used."""
        self._starts += 1
        name = f"peer{self._starts}"
        place = Place(self.broker, self.folder / name, name, self.setup)
        outside.clear(self.broker)
        outside.make(self.broker, system.topics(place, work))
        return place

    def _wait_ready(self, system: System, worker: Worker, place: Place, work: Work) -> float:
        """Seconds from the start of the process."""
        if system.ready is not None:
            return worker.wait_for(system.ready, READY_S)
        group = system.group(place, work)
        if not wait_until(lambda: outside.is_assigned(self.broker, group), READY_S, 0.2):
            raise BenchError(f"{system.name}: no partitions within {READY_S:.0f} s\n{tail(worker.log)}")
        return time.monotonic() - worker.begun

    # -- throughput --------------------------------------------------------------------------------

    def run(self, system: System, job: Job, rounds: int, paced: int) -> Figures:
        """一走り: a start with nothing, rounds of waiting events, then paced ones; all of it checked."""
        place = self._fresh(system, job.work)
        with system.start(place, job.work) as worker:
            figures: Figures = {"ready_s": round(self._wait_ready(system, worker, place, job.work), 2)}
            figures["rounds"] = [self._round(system, job, place, worker, n) for n in range(rounds)]
            if paced:
                figures["latency"] = self._latency(job, paced)
            figures["peak_mib"] = round(worker.peak_mib())
            worker.check()
        figures["checked"] = job.check(system, place, rounds, paced)
        return figures

    def _round(self, system: System, job: Job, place: Place, worker: Worker, round_: int) -> Figures:
        work = job.work
        waiting = Load(self.broker.bootstrap, f"{place.application}-{round_}", job.book(round_))
        cpu, broker_cpu = worker.cpu_s(), outside.cpu_s(self.broker_pid)
        begun = waiting.release()
        group = system.group(place, work)

        def is_done() -> bool:
            return outside.is_through(self.broker, group, work.source)

        looks = watch(self.broker, [work.out], worker, is_done)
        seconds = looks[-1].at - begun
        figures = self._figures(waiting.count, seconds, worker.cpu_s() - cpu)
        figures["broker_cpu_s"] = round(outside.cpu_s(self.broker_pid) - broker_cpu, 2)
        say(f"{work.name}, {system.name}, round {round_ + 1}: {figures['events_per_s']:,} events/s")
        return figures

    @staticmethod
    def _figures(events: int, seconds: float, cpu_s: float) -> Figures:
        return {
            "events": events,
            "seconds": round(seconds, 3),
            "events_per_s": round(events / seconds),
            "cpu_s": round(cpu_s, 2),
        }

    def run_loaded(self, system: System, job: Job, expected: int) -> Figures:
        """先に積む走り: for one that reads what is not committed yet, so that the load is there first."""
        place = self._fresh(system, job.work)
        sent = send_all(bulk_producer(self.broker.bootstrap), job.book(0))
        with system.start(place, job.work) as worker:
            self._wait_ready(system, worker, place, job.work)
            out, cpu = [job.work.out], worker.cpu_s()
            looks = watch(self.broker, out, worker, lambda: self.broker.seen(out) >= expected)[1:]
            facts, seconds = looks[-1].seen - looks[0].seen, looks[-1].at - looks[0].at
            figures = self._figures(sent, seconds * expected / facts, worker.cpu_s() - cpu)
            say(f"{job.work.name}, {system.name}: {figures['events_per_s']:,} events/s")
            peak = round(worker.peak_mib())
            time.sleep(SETTLE_S)  # its changelog is written behind its outputs
        return {"rounds": [figures], "peak_mib": peak, "checked": job.check(system, place, 1, 0)}

    def _latency(self, job: Job, paced: int) -> Figures:
        given = self.given
        events = job.paced()[:paced]
        delays = measure_delays(self.broker, job, events, given.rate, given.rate * given.warm_seconds)
        figures: Figures = {name: delays.at(share) for name, share in SHARES.items()}
        say(f"{job.work.name}: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms")
        return figures | {"rate": given.rate, "sender_late_p99_ms": delays.late_p99_ms}

    # -- rebuild -----------------------------------------------------------------------------------

    def rebuild(self, system: System, accounts: Sequence[ReceiptAccount]) -> Figures:
        """作り直し: from the start of the process, without files, until it has all rows of its changelog."""
        place, rows = self._fresh(system, LEDGER), self.given.rows
        size = self._send_rows(system, place, accounts)
        with system.start(place, LEDGER) as worker:
            seconds = worker.wait_for(system.restored)
            cpu, peak = worker.cpu_s(), worker.peak_mib()
        found = system.restored_rows(place, worker)
        if found != rows:
            raise BenchError(f"{system.name}: expected {rows:,} rows, found {found:,}")
        say(f"rebuild, {system.name}: {seconds:.1f} s")
        return {
            "rows": rows,
            "bytes_per_row": round(size / rows),
            "seconds": round(seconds, 2),
            "cpu_s": round(cpu, 2),
            "peak_mib": round(peak),
        }

    def _send_rows(self, system: System, place: Place, accounts: Sequence[ReceiptAccount]) -> int:
        """Rows as the system itself would have written them; returns their bytes."""
        topic = system.changelog(place, LEDGER)
        if topic not in self.broker.admin.list_topics(timeout=30).topics:
            outside.make(self.broker, [compacted(topic, place)])
        producer, size = bulk_producer(self.broker.bootstrap), 0
        for number, (tagged, value) in enumerate(load.account_rows(accounts, self.given.rows)):
            key, headers = system.row(tagged[1:])
            producer.produce(topic, value, key, headers=headers)
            size += len(key) + len(value)
            if number % PAGE == 0:
                producer.poll(0)
        if producer.flush(120):
            raise BenchError("rows: not all of them were delivered")
        return size
