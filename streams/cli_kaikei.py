"""命令行(会計): 収納統計 and 納税証明, in Japanese, as the office reads and files them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import schemas
from connectors import toukei
from connectors.shoumei import person_rows
from connectors.toukei import Counted, Sa
from schemas.provisions import provisions
from state.law.entaikin_text import tell
from state.law.kaikei import KUBUN_JA
from state.law.shoumei import KibetsuShoumei, Shoumei, certify
from state.law.toukei import Ritsu, Tally
from state.law.uchiwake import KAMOKU_JA
from state.reasons import Refusal
from streams.cli_look import engine, yen
from streams.cli_shared import AsJson, console, fail, listing, print_json, readable_errors

toukei_app = typer.Typer(help="収納統計: sums of what was assessed and received.", no_args_is_help=True)
certificate_app = typer.Typer(
    help="納税証明: what a person has paid, with the grounds.", no_args_is_help=True
)

Nendo = Annotated[int, typer.Option(help="会計年度, e.g. 2026.")]
Zeimoku = Annotated[str | None, typer.Option(help="Only this 税目コード, e.g. 01.")]
TALLY_JA = dict(
    zip(
        Tally._fields,
        ("調定", "更正", "収納", "取消", "還付", "充当出", "充当入", "不納欠損", "消滅", "件数"),
        strict=True,
    )
)
WIDEST = 400
KEY_JA = {
    "on": "日", "year": "年", "month": "月", "kubun": "区分", "zeimoku_code": "税目", "kamoku": "科目",
    "channel": "入手方法", "choutei_nendo": "調定年度", "fuka_nendo": "賦課年度", "kibetsu_code": "期別",
}  # fmt: skip


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    app.add_typer(toukei_app, name="toukei")
    app.add_typer(certificate_app, name="certificate")


@toukei_app.command("nikkei")
def toukei_nikkei(nendo: Nendo, zeimoku: Zeimoku = None, as_json: AsJson = False) -> None:
    """日計: by day; exit code 1 where all movements differ from the accounts."""
    with readable_errors():
        found = toukei.nikkei(engine(), nendo, zeimoku)
    _show(f"{nendo}年度 日計", found, as_json)


@toukei_app.command("gekkei")
def toukei_gekkei(nendo: Nendo, zeimoku: Zeimoku = None, as_json: AsJson = False) -> None:
    """月計: by calendar month, until the closing in the next May; exit code 1 on a difference."""
    with readable_errors():
        found = toukei.gekkei(engine(), nendo, zeimoku)
    _show(f"{nendo}年度 月計", found, as_json)


@toukei_app.command("nendo")
def toukei_nendo(nendo: Nendo, zeimoku: Zeimoku = None, as_json: AsJson = False) -> None:
    """収納統計: by 調定年度, 賦課年度, 税目, 期別, 科目 and channel; exit code 1 on a difference."""
    with readable_errors():
        found = toukei.nenkan(engine(), nendo, zeimoku)
    _show(f"{nendo}年度 収納統計", found, as_json)


@toukei_app.command("ritsu")
def toukei_ritsu(nendo: Nendo, zeimoku: Zeimoku = None, as_json: AsJson = False) -> None:
    """収納率: of the 本税, by 現年・滞繰 and 税目; exit code 1 on a difference."""
    with readable_errors():
        found = toukei.ritsu(engine(), nendo, zeimoku)
    if as_json:
        rows = [{**rate._asdict(), "applied": rate.applied._asdict()} for rate in found.rows]
        print_json({"rows": rows, "sa": found.sa._asdict()})
    else:
        print_ritsu(nendo, found)
    _end(found.sa)


def print_ritsu(nendo: int, found: Counted[tuple[Ritsu, ...]]) -> None:
    """収納率を印刷する: and how it differs from the ledger, which must be by nothing."""
    table = listing(f"{nendo}年度 収納率", "区分", "税目", "調定額", "収入済額", "還付未済額", "収納率")
    for rate in found.rows:
        amounts = (rate.choutei_gaku, rate.shuunyuu_gaku, rate.kanpu_misai)
        hyouki = rate.hyouki.removeprefix(KUBUN_JA[rate.kubun]).strip()
        table.add_row(KUBUN_JA[rate.kubun], _zeimoku(rate.zeimoku_code), *map(yen, amounts), hyouki)
    _print_whole(table)
    _tell_sa(found.sa)


def _show(title: str, found: Counted[Any], as_json: bool) -> None:
    rows: Mapping[Any, Tally] = found.rows
    total = [sum(column) for column in zip(*rows.values(), strict=True)] or [0] * len(Tally._fields)
    if as_json:
        told = [{**key._asdict(), **tally._asdict()} for key, tally in rows.items()]
        goukei = dict(zip(Tally._fields, total, strict=True))
        print_json({"rows": told, "goukei": goukei, "sa": found.sa._asdict()})
    else:
        keys = list(rows)
        names = [name for name in keys[0]._fields if name in KEY_JA] if keys else ["on"]
        used = [at for at, amount in enumerate(total) if amount or any(row[at] for row in rows.values())]
        amounts = (TALLY_JA[Tally._fields[at]] for at in used)
        table = Table(title=title, title_justify="left")
        for name in names:
            table.add_column(KEY_JA[name], no_wrap=True)
        for amount in amounts:
            table.add_column(amount, justify="right", no_wrap=True)
        for key, tally in rows.items():
            table.add_row(*(_key(name, getattr(key, name)) for name in names), *_amounts(tally, used))
        table.add_section()
        table.add_row("合計", *[""] * (len(names) - 1), *_amounts(total, used))
        _print_whole(table)
        _tell_sa(found.sa)
    _end(found.sa)


def _print_whole(table: Table) -> None:
    """As wide as it is: a yen that runs over two lines is misread, and a pager can be moved sideways."""
    wide = Console(width=WIDEST, file=console.file, highlight=False)
    wide.width = max(console.width, wide.measure(table).maximum)
    wide.print(table)


def _amounts(tally: Iterable[int], used: Iterable[int]) -> list[str]:
    amounts = list(tally)
    return [f"{amounts[at]:,}" for at in used]


def _key(name: str, value: Any) -> str:
    if name == "kubun":
        return KUBUN_JA[value]
    if name == "kamoku":
        return KAMOKU_JA[value]
    if name == "channel":
        return _channel(value)
    return _zeimoku(value) if name == "zeimoku_code" else str(value)


@cache
def _channel(code: str) -> str:
    """What is no receipt came by no channel."""
    return next((row["ja"] for row in schemas.load_csv("code/shuunou_kubun") if row["code"] == code), code)


@cache
def _zeimoku(code: str) -> str:
    return next((row["short"] for row in schemas.load_csv("code/zeimoku") if row["code"] == code), code)


def _tell_sa(sa: Sa) -> None:
    console.print(
        f"台帳(`shuunou show summary`)との差: 調定 {yen(sa.choutei)}、収納 {yen(sa.shuunou)}、"
        f"未納−過誤納 {yen(sa.zandaka)}"
    )


def _end(sa: Sa) -> None:
    if not sa.is_exact:
        fail(
            "差が0円でない。`shuunou verify` と `shuunou status` で、照会用の表が台帳に追いついたかを確かめる"
        )


@certificate_app.command("show")
def certificate_show(
    atena_bangou: Annotated[str, typer.Argument(help="宛名番号.")],
    nendo: Annotated[int, typer.Option(help="The year that it is about, e.g. 2026.")],
    zeimoku: Annotated[str, typer.Option(help="税目コード, e.g. 01.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day as of which it is made.")],
    as_json: AsJson = False,
) -> None:
    """納税証明: of one person, year and 税目 as of a day, with the grounds; exit code 1 where none can be made."""
    with readable_errors():
        rows = person_rows(engine(), atena_bangou)
    made = certify(atena_bangou, rows.accounts, rows.seiri, rows.held, nendo, zeimoku, on.date())
    if isinstance(made, Refusal):
        told = f"{made.what}。期待 {made.expected}、実際 {made.found}。{made.todo}"
        fail(f"{made.reason.code} {made.reason.ja}: {told}")
    if as_json:
        print_json(_plain(made))
        return
    print_certificate(made)


def print_certificate(made: Shoumei) -> None:
    """証明を印刷する: what it states, 期別 by 期別, and its grounds."""
    for line in _told(made):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _plain(made: Shoumei) -> dict[str, Any]:
    lines = [
        {**line._asdict(), "keisan": {"goukei": line.keisan.goukei, "kakutei": line.keisan.kakutei}}
        for line in made.kibetsu
    ]
    goukei = {name: made.goukei(name) for name in KibetsuShoumei._fields if name in AMOUNTS_JA}
    applied = [basis._asdict() for basis in made.applied]
    return {**made._asdict(), "kibetsu": lines, "goukei": goukei, "applied": applied}


AMOUNTS_JA = {
    "zeigaku": "税額",
    "noufuzumi_gaku": "納付済額",
    "minou_gaku": "未納額",
    "mitourai_gaku": "納期未到来額",
    "shoumetsu_gaku": "消滅・承継額",
    "entaikin_kakutei": "未納の延滞金(確定)",
    "entaikin": "延滞金(計算日まで、未確定)",
}


def _told(made: Shoumei) -> Iterable[str]:
    about = f"{made.nendo}年度 {_zeimoku(made.zeimoku_code)}"
    yield f"納税証明 宛名番号 {made.atena_bangou} {about} {made.on} 現在"
    for name, ja in AMOUNTS_JA.items():
        yield f"  {ja} {yen(made.goukei(name))}"
    yield "期別の内訳"
    for line in made.kibetsu:
        amounts = "、".join(f"{ja} {yen(getattr(line, name))}" for name, ja in AMOUNTS_JA.items())
        yield f"  {line.kibetsu_code}期 {line.shuunou_key} 納期限 {line.noukigen}: {amounts}"
        for note in line.chuuki:
            yield f"    注記 {note}"
        if line.entaikin or line.keisan.goukei:
            yield from (f"    {each}" for each in tell(line.keisan))
    yield "根拠"
    for basis in made.applied:
        yield f"  {provisions()[basis.provision].ja} {provisions()[basis.provision].summary}"
