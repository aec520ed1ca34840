"""計測の表: what `bench/flow.py` prints of its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Any

Figures = dict[str, Any]


def table(figures: Figures) -> list[str]:
    """表: a line for each figure that was taken."""
    lines = [
        f"{figures['events']:,} events, {figures['partitions']} partitions, {figures['cores']} cores shared "
        f"with the "
        f"broker (heap {figures['heap']}), Python {figures['python']}"
    ]
    for name, made in figures["measures"].items():
        lines += [f"{name + ': ' + what:<44}{value}" for what, value in MEASURES[name](made, figures)]
        loads = f"{made['load_before'][0]}, {made['load_after'][0]}"
        lines.append(f"{name + ': load average before, after':<44}{loads}")
    return lines


def _range(spread: Figures) -> str:
    return f"{spread['median']:>9,} /s   ({spread['least']:,} to {spread['most']:,})"


def _ledger_lines(made: Figures, figures: Figures) -> Iterable[tuple[str, str]]:
    yield "cold, median (least to most)", _range(made["cold"])
    yield "warm", _range(made["warm"])
    cpu = [run[heat]["worker_cpu_s"] for run in made["runs"] for heat in ("cold", "warm")]
    yield "worker's processor", f"{median(cpu) / figures['events'] * 1e6:>9.1f} µs an event"
    yield "peak memory of the worker", f"{made['peak_mib']:>9,} MiB"
    yield "pure core alone, no codec, no store", f"{made['core_alone_per_s']:>9,} /s"
    if "peer" in figures["measures"]:
        ratio = made["both"]["median"] / figures["measures"]["peer"]["events_per_s"]
        yield "times the ordinary Faust agent", f"{ratio:>9.1f}"


def _flow_lines(made: Figures, figures: Figures) -> Iterable[tuple[str, str]]:
    yield "bills, then payments", _range(made["in_order"])
    backlog = made["backlog"]
    rate, notices = backlog["events_per_s"], backlog["notices"]
    yield "everything at once", f"{rate:>9,} /s   ({notices:,} held or released)"
    yield "transfers of one run", f"{made['runs'][0]['transfers']:>9,}"
    yield "peak memory of the worker", f"{made['peak_mib']:>9,} MiB"


def _peer_lines(made: Figures, figures: Figures) -> Iterable[tuple[str, str]]:
    yield f"{made['store']}, {made['events']:,} events", f"{made['events_per_s']:>9,} /s"
    yield "peak memory", f"{made['peak_mib']:>9,} MiB"


def _latency_lines(made: Figures, figures: Figures) -> Iterable[tuple[str, str]]:
    shown = ", ".join(f"{name[:-3]} {made[name]}" for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
    yield f"at {made['rate']:,} events/s (ms)", f"{shown}   ({made['with_transfer']:,} events)"
    yield "peak memory of the worker", f"{made['peak_mib']:>9,} MiB"


def _restore_lines(made: Figures, figures: Figures) -> Iterable[tuple[str, str]]:
    shown = f"{made['seconds']:>9} s   (empty: {made['seconds_when_empty']} s)"
    yield f"{made['rows']:,} rows of {made['bytes_per_row']} bytes", shown
    yield "rows beyond the empty start", f"{made['rows_per_s']:>9,} /s"
    yield "peak memory of the worker", f"{made['peak_mib']:>9,} MiB"


MEASURES: dict[str, Callable[[Figures, Figures], Iterable[tuple[str, str]]]] = {
    "ledger": _ledger_lines,
    "flow": _flow_lines,
    "peer": _peer_lines,
    "latency": _latency_lines,
    "restore": _restore_lines,
}
