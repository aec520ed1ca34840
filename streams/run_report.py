"""通し運転の結果: what a run prints at its end, and whether its figures are right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from connectors import examples, read_side, toukei
from connectors.city import Expected
from connectors.shoumei import owner_of, person_rows
from connectors.tables import engine_for
from state.law.shoumei import certify
from state.reasons import REASONS, Refusal
from streams.cli_kaikei import print_certificate, print_ritsu
from streams.cli_look import yen
from streams.cli_shared import console
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.run import Fed

FURTHER = (
    ("shuunou show summary", "the whole, by 税目"),
    ("shuunou show account {key}", "one 期別 with its receipts and history"),
    ("shuunou show person {atena}", "one person with accounts and delinquency"),
    ("shuunou record show shuutainou --key {key}", "its 128 official items"),
    ("shuunou toukei nendo --nendo {nendo}", "収納統計; also nikkei, gekkei, ritsu"),
    ("shuunou deadletter list", "what was refused, why, and what to do"),
    ("shuunou unmatched list", "payments that wait for their bill or for staff"),
    ("shuunou topics list", "every topic, who writes and who reads it"),
    ("shuunou verify", "C1–C7: nothing lost, nothing doubled, yen conserved"),
    ("shuunou stop", "end what runs in the background (`make stop`)"),
)


def report(
    conf: Settings,
    nendo: int,
    fed: Fed,
    days: Sequence[date],
    seconds: float,
    expected: Expected | None,
    json_path: Path | None = None,
) -> int:
    """結果を印刷する: 0, or 1 when yen are not conserved or the ledger is not what the city's own books say.

    `expected` are those books (`city.json`), None where the hub held more than this city before. The same
    figures go to `json_path` for scripts.
    """
    engine = engine_for(conf.database)
    summary, balance = read_side.summary(engine), read_side.conservation(engine)
    refused = dict(summary.letters)
    table = Table(show_header=False, title="what came of it", title_justify="left")
    table.add_row(
        "files", ", ".join(f"{state} {count:,}" for state, count in sorted(fed.files.items())) or "none"
    )
    table.add_row("events in", f"{fed.events:,}")
    table.add_row("refused", f"{sum(refused.values()):,}")
    for code, count in refused.items():
        table.add_row("", f"{code} {REASONS[code].ja}: {count:,}")
    table.add_row("persons, accounts (期別)", f"{summary.persons:,}, {summary.accounts:,}")
    table.add_row("基準日", " → ".join(str(day) for day in days) or "as the last run left it")
    arrears = f"{summary.persons_in_tainou:,} owing {yen(summary.tainou_kingaku)}"
    table.add_row("persons in arrears (滞納)", arrears)
    total = balance.total
    conserved = f"{total.sa_gaku:,} yen, {total.sa_kensuu:,} accounts differ"
    table.add_row("yen conservation", conserved, style="green" if balance.is_exact else "bold red")
    sums = (
        f"調定 {yen(total.choutei_gaku)} + 精算 {yen(total.seisan_gaku)} − 収納 {yen(total.shuunou_gaku)} = "
        f"未納 {yen(total.minou_gaku)} − 過誤納 {yen(total.kagonou_gaku)}"
    )
    table.add_row("", sums)
    for name, count in summary.transfers:
        table.add_row(f"transfers: {name}", f"{count:,}")
    wrong = [] if expected is None else differences(expected, summary, balance.total)
    table.add_row("the city's own books", _compared(expected, wrong))
    table.add_row("unmatched payments (保留)", f"{summary.unmatched:,}, {yen(summary.unmatched_kingaku)}")
    rate = fed.events / fed.seconds if fed.seconds else 0.0
    table.add_row("throughput", f"{rate:,.0f} events/s from file to transfer ({fed.seconds:.1f} s)")
    table.add_row("in all", f"{seconds:.0f} s")
    console.print(table)
    is_reconciled = _statistics(engine, nendo, max(days, default=None))
    _further(engine)
    is_right = balance.is_exact and is_reconciled and not summary.sink_problems and not wrong
    if json_path is not None:
        told = as_json(fed, summary, total, None if expected is None else wrong)
        told |= {"kijunbi": [str(day) for day in days], "seconds": round(seconds, 1), "is_right": is_right}
        json_path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if is_right else 1


def as_json(
    fed: Fed, summary: read_side.Summary, total: read_side.Balance, wrong: list[str] | None
) -> dict[str, Any]:
    """結果を機械に: yen as integers, seconds as numbers; `differences` is null where nothing was compared."""
    return {
        "files": dict(fed.files),
        "events": fed.events,
        "seconds_from_file_to_transfer": round(fed.seconds, 1),
        "refused": {each.name: each.kensuu for each in summary.letters},
        "transfers": {each.name: each.kensuu for each in summary.transfers},
        "persons": summary.persons,
        "persons_in_tainou": summary.persons_in_tainou,
        "tainou_kingaku": summary.tainou_kingaku,
        "unmatched": summary.unmatched,
        "unmatched_kingaku": summary.unmatched_kingaku,
        "conservation": total._asdict(),
        "differences": wrong,
    }


def differences(expected: Expected, summary: read_side.Summary, total: read_side.Balance) -> list[str]:
    """市の帳簿との差: each figure that is not what the city's own books say, with both; none when all are."""
    pairs = {
        "persons": (expected.persons, summary.persons),
        "accounts": (expected.accounts, total.accounts),
        "調定": (expected.choutei_gaku, total.choutei_gaku),
        "収納": (expected.shuunou_gaku, total.shuunou_gaku),
        "未納": (expected.minou_gaku, total.minou_gaku),
        "過誤納": (expected.kagonou_gaku, total.kagonou_gaku),
        "persons in arrears": (expected.minou_persons, summary.persons_in_tainou),
        "unmatched payments": (expected.unmatched_receipts, summary.unmatched),
        "their yen": (expected.unmatched_gaku, summary.unmatched_kingaku),
    }
    refused, found = expected.refused, dict(summary.letters)
    pairs |= {code: (refused.get(code, 0), found.get(code, 0)) for code in sorted({*refused, *found})}
    return [
        f"{what}: expected {right:,}, found {seen:,}"
        for what, (right, seen) in pairs.items()
        if right != seen
    ]


def _compared(expected: Expected | None, wrong: Sequence[str]) -> str:
    if expected is None:
        return "not compared: the hub held more than this city before"
    return f"[bold red]{'; '.join(wrong)}[/]" if wrong else "[green]every figure and refusal agrees[/]"


def _statistics(engine: read_side.Engine, nendo: int, on: date | None) -> bool:
    """収納率 of the year, and one certificate; whether the statistics agree with the ledger."""
    found = toukei.ritsu(engine, nendo)
    print_ritsu(nendo, found)
    if on is not None:
        _certificate(engine, nendo, on)
    return found.sa.is_exact


def _certificate(engine: read_side.Engine, nendo: int, on: date) -> None:
    """One certificate, of the first person of whom one can be made."""
    for key in examples.paid_examples(engine):
        atena, zeimoku = owner_of(engine, key) or "", key[4:6]
        rows = person_rows(engine, atena)
        made = certify(atena, rows.accounts, rows.seiri, rows.held, nendo, zeimoku, on)
        if not isinstance(made, Refusal):
            print_certificate(made)
            return


def _further(engine: read_side.Engine) -> None:
    key, atena = examples.example(engine)
    console.print("\nlook further:")
    for command, what in FURTHER:
        console.print(f"  {command.format(key=key, atena=atena, nendo=key[:4]):<44} {what}", soft_wrap=True)
