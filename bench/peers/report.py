"""報告: the figures of `python -m bench.peers` as tables."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

Figures = dict[str, Any]
TITLES = {
    "count": "最小の畳み込み: {events:,} events a round over {keys:,} keys, one output for each",
    "ledger": "台帳の畳み込み: {events:,} changes a round, rows and facts",
}


def summary(runs: Sequence[Figures]) -> Figures:
    """まとめ: the first round of each run is cold, the others are warm; cost is over all rounds."""
    rounds = [one for run in runs for one in run["rounds"]]
    events = sum(one["events"] for one in rounds)
    figures: Figures = {
        "cold": _spread([run["rounds"][0]["events_per_s"] for run in runs]),
        "cpu_s_per_million": round(sum(one["cpu_s"] for one in rounds) / events * 1e6, 1),
        "peak_mib": max(run["peak_mib"] for run in runs),
    }
    warm = [one["events_per_s"] for run in runs for one in run["rounds"][1:]]
    if warm:
        figures["warm"] = _spread(warm)
    if all("broker_cpu_s" in one for one in rounds):
        spent = sum(one["broker_cpu_s"] for one in rounds)
        figures["broker_cpu_s_per_million"] = round(spent / events * 1e6, 1)
    paced = [run["latency"] for run in runs if "latency" in run]
    if paced:
        figures["latency"] = paced[-1]
    return figures


def _spread(rates: Sequence[int]) -> Figures:
    return {"median": round(median(rates)), "least": min(rates), "most": max(rates)}


def show(figures: Figures, console: Console) -> None:
    """表を出す。"""
    console.print(
        f"{figures['partitions']} partitions, {figures['cores']} cores shared with the broker (heap "
        f"{figures['heap']}), Python {figures['python']}, Java {figures['java']}"
    )
    for name, title in TITLES.items():
        if name in figures["works"]:
            made = figures["works"][name]
            console.print(_throughput(title.format(**made), made["systems"]))
    if "rebuild" in figures["works"]:
        console.print(_rebuild(figures["works"]["rebuild"]))
    for name, settings in figures["said"].items():
        console.print(f"{name}: {settings}")


def _throughput(title: str, systems: Figures) -> Table:
    table = Table(title=title)
    table.add_column("")
    columns = (
        "cold events/s", "warm events/s", "CPU s per million", "of the broker", "peak MiB", "p50 / p99 ms",
    )  # fmt: skip
    for column in columns:
        table.add_column(column, justify="right")
    for made in systems.values():
        latency = made.get("latency")
        table.add_row(
            made["title"],
            _range(made["cold"]),
            _range(made.get("warm")),
            f"{made['cpu_s_per_million']}",
            f"{made.get('broker_cpu_s_per_million', '')}",
            f"{made['peak_mib']:,}",
            f"{latency['p50_ms']} / {latency['p99_ms']}" if latency else "",
        )
    return table


def _range(spread: Figures | None) -> str:
    return f"{spread['median']:,}\n({spread['least']:,} to {spread['most']:,})" if spread else ""


def _rebuild(made: Figures) -> Table:
    table = Table(title=f"作り直し: {made['rows']:,} rows of accounts, from the start of the process")
    table.add_column("")
    for column in ("seconds", "least to most", "CPU s", "peak MiB"):
        table.add_column(column, justify="right")
    for one in made["systems"].values():
        seconds = [run["seconds"] for run in one["runs"]]
        table.add_row(
            one["title"],
            f"{median(seconds):.1f}",
            f"{min(seconds):.1f} to {max(seconds):.1f}",
            f"{median(run['cpu_s'] for run in one['runs']):.1f}",
            f"{max(run['peak_mib'] for run in one['runs']):,}",
        )
    return table
