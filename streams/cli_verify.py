"""命令行(監査): `shuunou verify`, the measures C1–C7 of a running hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

import schemas
from connectors.auditor.audit import WAIT_S, Hub, verify
from connectors.auditor.report import DIFFERS, PASS, Finding, Measure, Report
from state.reasons import REASONS
from streams.cli_shared import (
    WRONG_USE,
    answering_bootstrap,
    console,
    errors,
    fail,
    print_json,
    readable_errors,
)
from streams.settings import settings

NOT_MEASURED = 3
SHOWN = 20
Tell = Callable[[str, int, int], None]


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    app.command("verify")(verify_hub)


def verify_hub(
    wait: Annotated[
        float,
        typer.Option(min=0, help="Seconds that stages and projection may take to work off what is there."),
    ] = WAIT_S,
    projection: Annotated[
        bool, typer.Option(help="Compare the projection's accounts with the ledger's table.")
    ] = True,
    paused: Annotated[
        list[str] | None,
        typer.Option(
            help="A contract that is or was paused (may be repeated): what it left out is told, "
            "not counted. Those of SHUUNOU_PAUSED_CONTRACTS are known."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for scripts, with every difference.")
    ] = False,
) -> None:
    """監査: compute C1–C7 of the running hub from its topics, without stopping it.

    C1 nothing lost, C2 nothing doubled, C3 yen conserved, C4 state is the replay, C5 every failure
    accounted for, C6 transfers, C7 keeps up. A 収納キー that changes while it is read is left out and counted
    (in motion).

    Exit code: 0 all pass, 1 something differs, 2 wrong use, 3 something could not be measured.
    """
    conf = settings()
    left_out = {*conf.paused_contracts, *(paused or ())}
    unknown = left_out - set(schemas.names("contract", ".toml"))
    if unknown:
        known = ", ".join(schemas.names("contract", ".toml"))
        fail(f"contract {', '.join(sorted(unknown))}: expected one of {known}", WRONG_USE)
    with _measurable():
        url = conf.database if projection else None
        bootstrap = answering_bootstrap(conf)
        hub = Hub(bootstrap, conf.application, url, dict(conf.security), wait, tuple(sorted(left_out)))
        with _progress(quiet=as_json) as tell:
            report = verify(hub, tell)
    if as_json:
        print_json(as_values(report))
    else:
        show(report)
    raise typer.Exit(report.exit_code)


@contextmanager
def _measurable() -> Iterator[None]:
    """What ends an audit early is told as ever, but is no difference: it could not be measured."""
    try:
        with readable_errors():
            yield
    except typer.Exit:
        raise typer.Exit(NOT_MEASURED) from None


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Tell]:
    """One bar for each piece of work, on standard error."""
    columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=errors, disable=quiet) as shown:

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done, total=total)

        yield tell


def as_values(report: Report) -> dict[str, Any]:
    """監査報告を値に: as JSON shows it, every difference of every measure among them."""
    return {
        **report._asdict(),
        "exit_code": report.exit_code,
        "measures": [_measure_values(measure) for measure in report.measures],
        "groups": [group._asdict() for group in report.groups],
        "total": report.total._asdict(),
    }


def _measure_values(measure: Measure) -> dict[str, Any]:
    findings = [
        {**finding._asdict(), "yen": finding.yen, "differences": [d._asdict() for d in finding.differences]}
        for finding in measure.findings
    ]
    return {**measure._asdict(), "figures": dict(measure.figures), "findings": findings}


def show(report: Report) -> None:
    """監査報告を印刷する: a line for each measure, then what differs, at most 20 keys of each kind."""
    table = Table("", "measure", "", "figures", title="監査 audit", title_justify="left")
    for measure in report.measures:
        style = {PASS: "green", DIFFERS: "bold red"}.get(measure.status, "yellow")
        status = f"[{style}]{measure.status}[/]"
        table.add_row(measure.id, f"{measure.ja} {measure.en}", status, _figures(measure))
    console.print(table)
    total = report.total
    console.print(
        f"調定 {total.choutei_gaku:,}円 + 精算 {total.seisan_gaku:,}円 − 収納 {total.shuunou_gaku:,}円 = "
        f"未納 {total.minou_gaku:,}円 − "
        f"過誤納 {total.kagonou_gaku:,}円; {total.sa_gaku:,} yen, {total.sa_kensuu:,} accounts differ"
    )
    _groups_apart(report)
    for measure in report.measures:
        for note in measure.notes:
            console.print(f"{measure.id}: {note}", style="yellow")
        for finding in measure.findings:
            _finding(measure, finding)
    rate = report.messages / report.read_s if report.read_s else 0.0
    console.print(
        f"{report.events:,} change events, {report.messages:,} messages read in {report.read_s:.1f} s "
        f"({rate:,.0f}/s), waited {report.waited_s:.1f} s, {report.seconds:.1f} s in all",
        style="dim",
    )


def _figures(measure: Measure) -> str:
    """The figures of one measure; letters under the words of their reason."""

    def word(name: str) -> str:
        code = name.split(" ")[-1]
        return f"{name} {REASONS[code].ja}" if code in REASONS else name

    return ", ".join(f"{word(name)} {value:,}" for name, value in measure.figures.items()) or "none"


def _groups_apart(report: Report) -> None:
    apart = [group for group in report.groups if group.sa_gaku or group.sa_kensuu]
    if not apart:
        return
    columns = (
        "会計年度",
        "税目",
        "期別",
        "期別数",
        "調定",
        "収納",
        "未納",
        "過誤納",
        "差額",
        "差のある期別",
        "精算",
    )
    table = Table(*columns, title="C3: totals that differ", title_justify="left")
    for group in apart[:SHOWN]:
        table.add_row(str(group[0]), group.zeimoku_code, group.kibetsu_code, *(f"{n:,}" for n in group[3:]))
    console.print(table)


def _finding(measure: Measure, finding: Finding) -> None:
    yen = f", {finding.yen:,} yen" if finding.yen else ""
    table = Table("key", "expected", "found", "yen", title_justify="left")
    table.title = f"{measure.id}: {finding.what}: {finding.kensuu:,}{yen}"
    for difference in finding.differences[:SHOWN]:
        amount = f"{difference.yen:,}" if difference.yen else ""
        table.add_row(difference.key, difference.expected, difference.found, amount)
    console.print(table)
    if finding.kensuu > SHOWN:
        console.print(f"and {finding.kensuu - SHOWN:,} more; --json lists them", style="dim")
