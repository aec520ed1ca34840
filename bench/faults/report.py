"""報告: what each row injected, what held and what did not, in JSON and as text."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from bench.faults.checks import Checked
from bench.faults.crew import Crew
from bench.faults.world import World
from bench.load import percentile

LIBRARIES = ("faust-streaming", "aiokafka", "confluent-kafka", "rocksdict", "fastavro", "sqlalchemy")
HELD, BROKEN, NOT_INJECTED = "held", "broken", "not injected"


class Played(NamedTuple):
    """一行の結果。"""

    row: int
    scene: str
    fault: str
    workers: int
    status: str
    measures: Mapping[str, str]
    differing_yen: int
    differing_accounts: int
    wrong: Sequence[str]
    claims: Sequence[Mapping[str, Any]]
    not_injected: Sequence[str]
    figures: Mapping[str, Any]
    events: int
    kills: Mapping[str, int]
    fenced: int
    recoveries: Sequence[float]
    catch_up_s: float
    verify_s: float
    wall_s: float


def crew_figures(crew: Crew) -> dict[str, Any]:
    """班の数字: how processes ended, what was mended, how much memory they needed."""
    mended = {name: count for name, count in crew.said.items() if count and name != "fenced owners"}
    codes = {code: n for code, n in sorted(crew.codes.items()) if not code.endswith(" -9")}
    peaks = {f"peak MiB of {name}": round(most) for name, most in crew.peak_mib.items()}
    return {**mended, **({"ended with": codes} if codes else {}), **peaks}


def played(
    number: int, scene: str, fault: str, world: World, checked: Checked | None, error: str, wall_s: float
) -> Played:
    """まとめる: `checked` is None when it could not come so far; `error` then says why."""
    wrong = [*(checked.wrong if checked else ()), *([error] if error else []), *world.crew.strange]
    holds = not wrong and all(claim.holds for claim in world.claims)
    return Played(
        number, scene, fault, world.site.workers,
        HELD if holds else BROKEN,
        checked.measures if checked else {},
        checked.differing_yen if checked else 0,
        checked.differing_accounts if checked else 0,
        wrong,
        [claim._asdict() for claim in world.claims],
        world.not_injected,
        {**world.figures, **crew_figures(world.crew)},
        checked.events if checked else 0,
        {why: count for why, count in world.crew.kills.items() if count},
        world.crew.said["fenced owners"],
        [round(seconds, 2) for seconds in world.crew.recoveries],
        world.catch_up_s,
        checked.verify_s if checked else 0.0,
        round(wall_s, 1),
    )  # fmt: skip


def skipped(number: int, scene: str, fault: str, workers: int, why: str) -> Played:
    """注入できなかった行。"""
    return Played(
        number,
        scene,
        fault,
        workers,
        NOT_INJECTED,
        {},
        0,
        0,
        (),
        (),
        (why,),
        {},
        0,
        {},
        0,
        (),
        0.0,
        0.0,
        0.0,
    )


def machine(jars: Path) -> dict[str, Any]:
    """環境: the broker and the libraries, by their versions."""
    brokers = sorted(path.name for path in jars.rglob("kafka_2.13-*.jar"))
    return {
        "broker": brokers[0].removesuffix(".jar") if brokers else "another",
        "python": platform.python_version(),
        "machine": platform.platform(),
        **{name: version(name) for name in LIBRARIES},
    }


def recovery(seconds: Sequence[float]) -> dict[str, float]:
    """復旧: p50, p95 and the slowest, from the end of a process to its readiness."""
    if not seconds:
        return {}
    return {
        "count": len(seconds), "p50_s": percentile(seconds, 0.5), "p95_s": percentile(seconds, 0.95),
        "max_s": max(seconds),
    }  # fmt: skip


def summary(rows: Sequence[Played], **given: Any) -> dict[str, Any]:
    """全体: sums over the rows, then each row."""
    kills: Counter[str] = Counter()
    for row in rows:
        kills.update(row.kills)
    return {
        **given,
        "runs": len(rows),
        "statuses": dict(Counter(row.status for row in rows)),
        "kills": kills.total(),
        "kills_by_point": dict(sorted(kills.items())),
        "fenced_owners": sum(row.fenced for row in rows),
        "recoveries": recovery([seconds for row in rows for seconds in row.recoveries]),
        "events": sum(row.events for row in rows),
        "differing_yen": sum(row.differing_yen for row in rows),
        "differing_accounts": sum(row.differing_accounts for row in rows),
        "wall_s": round(sum(row.wall_s for row in rows), 1),
        "rows": [{**row._asdict(), "recoveries": recovery(row.recoveries)} for row in rows],
    }


def text(figures: Mapping[str, Any]) -> Iterable[str]:
    """文面: a line for each row, then what was wrong, then the sums."""
    yield f"{figures['machine']['broker']}, Python {figures['machine']['python']}, seed {figures['seed']}"
    for row in figures["rows"]:
        measures = " ".join(f"{name}:{status}" for name, status in row["measures"].items()) or "-"
        yield (
            f"{row['row']:>2} {row['scene']:<12}{row['workers']} workers  {row['status']:<13}"
            f"{row['events']:>7,} events  {sum(row['kills'].values()):>4} kills  "
            f"{row['wall_s']:>6} s  {measures}"
        )
        for name, value in row["figures"].items():
            yield f"      {name}: {value}"
        for claim in row["claims"]:
            yield f"      {'holds' if claim['holds'] else 'FAILS'}: {claim['what']} ({claim['found']})"
        yield from (f"      not injected: {why}" for why in row["not_injected"])
        yield from (f"      WRONG: {what}" for what in row["wrong"])
    yield f"kills {figures['kills']:,} ({figures['kills_by_point']})"
    yield f"fenced owners {figures['fenced_owners']}, recoveries {figures['recoveries']}"
    yield (
        f"{figures['runs']} runs, {figures['events']:,} events, {figures['differing_yen']:,} yen and "
        f"{figures['differing_accounts']:,} accounts different, {figures['wall_s']:,} s: "
        f"{figures['statuses']}"
    )
