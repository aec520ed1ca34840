"""命令行(照会): accounts, persons, dead letters, held payments. What is printed for staff is Japanese."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

import schemas
from connectors import read_seiri, read_side
from connectors.tables import engine_for
from streams import cli_resend, cli_seiri, commands
from streams.cli_shared import (
    WRONG_USE,
    AsJson,
    answering_bootstrap,
    console,
    fail,
    listing,
    print_json,
    readable_errors,
)
from streams.settings import settings

show_app = typer.Typer(help="照会: look at an account, a person, or the whole.", no_args_is_help=True)
deadletter_app = typer.Typer(help="受入拒否: what was refused, why, and what to do.", no_args_is_help=True)
unmatched_app = typer.Typer(help="保留: payments whose bill is unknown.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    deadletter_app.command("resend")(cli_resend.resend)
    app.add_typer(show_app, name="show")
    app.add_typer(deadletter_app, name="deadletter")
    app.add_typer(unmatched_app, name="unmatched")


def engine() -> Engine:
    """投影のデータベース。"""
    return engine_for(settings().database)


def yen(amount: int) -> str:
    """円。"""
    return f"{amount:,}円"


def _ja(items: dict[str, Any]) -> dict[str, Any]:
    """Items under their Japanese names; columns that only serve the database have none and are left out."""
    known = _labels()
    return {known[name]: value for name, value in items.items() if name in known and value not in (None, "")}


@cache
def _labels() -> dict[str, str]:
    """The Japanese name of every field of our values, without what its schema adds in () or after a ":"."""
    folders = ("state/", "event/", "matching/", "deadletter/")
    found = [schemas.load_avsc(name) for name in schemas.avsc_names() if name.startswith(folders)]
    own = {"minou_gaku": "未納額", "kagonou_gaku": "過誤納額"}
    return own | {
        field["name"]: re.split(r"[(:]", field["ja"])[0] for avsc in found for field in avsc["fields"]
    }


def _pairs(title: str, items: dict[str, Any]) -> None:
    table = listing(title, "項目", "値")
    for name, value in items.items():
        table.add_row(name, _shown(name, value))
    console.print(table)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    return yen(value) if isinstance(value, int) and name.endswith(("額", "金額")) else str(value)


@show_app.command("account")
def show_account(
    shuunou_key: Annotated[str, typer.Argument(help="収納キー, 18 digits.")], as_json: AsJson = False
) -> None:
    """期別: one account with its receipts and its history; exit code 1 when there is none."""
    with readable_errors():
        found = read_side.account(engine(), shuunou_key)
        seiri = read_seiri.kibetsu(engine(), shuunou_key)
    if found is None:
        fail(
            f"収納キー {shuunou_key}: expected an account, found none;"
            " `shuunou unmatched list` shows held payments"
        )
    if as_json:
        print_json({**found._asdict(), "receipts": [r._asdict() for r in found.receipts],
                    "facts": [f._asdict() for f in found.facts],
                    "seiri": cli_seiri.as_plain(seiri)})  # fmt: skip
        return
    _pairs(f"収納台帳 {shuunou_key} ({found.zeimoku})", _ja(dict(found.items)))
    receipts = listing(
        "領収",
        "領収日",
        "収納日",
        "段階",
        "区分",
        "金額",
        "領収の識別子",
    )
    stages = {"sokuhou": "速報(仮消)", "kakuhou": "確報(本消)", "torikeshi": "取消"}
    for r in found.receipts:
        day, paid = str(r.ryoushuu_nengappi), str(r.shuunou_nengappi)
        receipts.add_row(day, paid, stages[r.dankai], r.shuunou_kubun, yen(r.kingaku), r.receipt_no)
    console.print(receipts)
    history = listing("経過", "業務日付", "起きたこと", "金額", "入手元")
    kinds = {row["code"]: row["ja"] for row in schemas.load_csv("code/fact_kind")}
    for f in found.facts:
        history.add_row(str(f.occurred_on), kinds.get(f.kind, f.kind), yen(f.kingaku), f.source)
    console.print(history)
    if seiri.seiri is not None:
        cli_seiri.show("期別の整理", seiri.seiri)
    cli_seiri.show_acts(seiri.acts)
    cli_seiri.show_movements(seiri.movements)


@show_app.command("person")
def show_person(
    atena_bangou: Annotated[str, typer.Argument(help="宛名番号.")], as_json: AsJson = False
) -> None:
    """人: one person with all accounts, delinquency case and held payments; exit code 1 if there is none."""
    with readable_errors():
        found = read_side.person(engine(), atena_bangou)
        seiri = read_seiri.person(engine(), atena_bangou)
    if found is None and seiri.book is None:
        fail(f"宛名番号 {atena_bangou}: expected a person, found none")
    found = found or read_side.PersonView(atena_bangou, None, (), None, ())
    if as_json:
        case = found.case._asdict() if found.case else None
        print_json({**found._asdict(), "case": case, "held": [h._asdict() for h in found.held]}
                   | {"seiri": cli_seiri.as_plain(seiri)})  # fmt: skip
        return
    _pairs(f"宛名 {atena_bangou}", _ja(dict(found.atena or {})))
    if found.case is not None:
        state = {"open": "滞納中", "closed": "解消"}[found.case.joutai]
        _pairs("滞納", _ja({**found.case._asdict(), "joutai": state}))
    _accounts(found.accounts)
    for held in found.held:
        console.print(f"保留中の納付 {held.shuunou_key} {yen(held.shuunou_kingaku)} ({held.event_id})")
    if seiri.book is not None:
        cli_seiri.show("滞納整理簿", seiri.book)
    for each in seiri.seiri:
        cli_seiri.show(f"期別の整理 {each.shuunou_key}", each)
    cli_seiri.show_acts(seiri.acts)


def _accounts(accounts: Any) -> None:
    columns = ("収納キー", "納期限", "調定額", "収納額", "未納額", "過誤納額", "滞納")
    table = listing("期別", *columns)
    for row in accounts:
        amounts = (row["kibetsu_choutei_gaku"], row["shuunou_gaku"], row["minou_gaku"], row["kagonou_gaku"])
        shown = [yen(amount) for amount in amounts]
        table.add_row(row["shuunou_key"], str(row["noukigen"]), *shown, "滞納" if row["is_tainou"] else "")
    console.print(table)


@show_app.command("summary")
def show_summary(as_json: AsJson = False) -> None:
    """全体: accounts, people in arrears, totals by 税目, what is held, transferred and refused."""
    with readable_errors():
        found = read_side.summary(engine())
        sums = read_seiri.seisan_sums(engine())
    if as_json:
        print_json({**found._asdict(), "totals": [t._asdict() for t in found.totals],
                    "transfers": dict(found.transfers), "letters": dict(found.letters),
                    "seisan": sums._asdict()})  # fmt: skip
        return
    table = listing(
        "収納の状況",
        "税目",
        "期別数",
        "調定額",
        "収納額",
        "未納額",
        "過誤納額",
    )
    for t in found.totals:
        amounts = (t.choutei_gaku, t.shuunou_gaku, t.minou_gaku, t.kagonou_gaku)
        table.add_row(t.zeimoku, f"{t.accounts:,}", *(yen(amount) for amount in amounts))
    console.print(table)
    console.print(
        f"宛名 {found.persons:,}人、滞納者 {found.persons_in_tainou:,}人、滞納金額 {yen(found.tainou_kingaku)}"
    )
    console.print(f"保留中の納付 {found.unmatched:,}件 {yen(found.unmatched_kingaku)}")
    console.print(f"還付 {yen(sums.kanpu)}、充当 {yen(sums.juutou)}、不納欠損 {yen(sums.kesson)}")
    console.print(f"附随収入 {yen(sums.fuzui_shuunou)} (附随の調定 {yen(sums.fuzui_choutei)})")


@deadletter_app.command("list")
def deadletter_list(
    reason: Annotated[str | None, typer.Option(help="Only this reason code, e.g. R-205.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """一覧: what was refused, without the originals."""
    with readable_errors():
        found = read_side.letters(engine(), reason, limit)
    if as_json:
        print_json([letter._asdict() for letter in found])
        return
    table = listing(
        "受入拒否",
        "識別子",
        "理由",
        "何が",
        "期待",
        "実際",
        "どうするか",
        "出所",
    )
    for letter in found:
        table.add_row(
            letter.letter_id[:8],
            letter.reason,
            letter.what,
            letter.expected,
            letter.found,
            letter.todo,
            letter.origin,
        )
    console.print(table)


@deadletter_app.command("show")
def deadletter_show(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, or its beginning.")],
    as_json: AsJson = False,
) -> None:
    """一件: everything about one letter but its sealed original; exit code 1 when there is none."""
    with readable_errors():
        matches = [
            found
            for found in read_side.letters(engine(), limit=1_000_000)
            if found.letter_id.startswith(letter_id)
        ]
    if len(matches) != 1:
        fail(f"letter {letter_id}: expected one, found {len(matches)}; give more of its id")
    if as_json:
        print_json(matches[0]._asdict())
        return
    _pairs("受入拒否", _ja(matches[0]._asdict()))


@unmatched_app.command("list")
def unmatched_list(as_json: AsJson = False) -> None:
    """一覧: payments that wait for their bill or for staff, the oldest first."""
    with readable_errors():
        found = read_side.held_noufu(engine())
    if as_json:
        print_json([held._asdict() for held in found])
        return
    table = listing(
        "保留中の納付",
        "イベント",
        "書かれていた収納キー",
        "金額",
        "領収日",
        "入手元",
    )
    for held in found:
        day = str(held.ryoushuu_nengappi or "")
        table.add_row(held.event_id, held.shuunou_key, yen(held.shuunou_kingaku), day, held.source)
    console.print(table)


@unmatched_app.command("assign")
def unmatched_assign(
    event_id: Annotated[str, typer.Argument(help="The held payment's event id.")],
    target: Annotated[str, typer.Argument(help="The 収納キー of the bill that it pays.")],
    staff: Annotated[str, typer.Option(help="担当者コード of who decides.")],
    reason: Annotated[str, typer.Option(help="Why; no personal data.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")
    ] = False,
) -> None:
    """指定: give a held payment to a bill. Shows what it would do; --yes does it."""
    with readable_errors():
        held = next((h for h in read_side.held_noufu(engine(), 1_000_000) if h.event_id == event_id), None)
        account = read_side.account(engine(), target)
    if held is None:
        fail(
            f"event {event_id}: expected a held payment, found none; `shuunou unmatched list` shows them",
            WRONG_USE,
        )
    if account is None:
        fail(f"収納キー {target}: expected an account, found none", WRONG_USE)
    owed = yen(account.items["minou_gaku"])
    console.print(
        f"{yen(held.shuunou_kingaku)} ({held.shuunou_key}) → {target} {account.zeimoku}、未納 {owed}"
    )
    if not yes:
        console.print("nothing was done; repeat with --yes", style="dim")
        return
    conf = settings()
    sent = commands.assignment_message(
        held.shuunou_key, event_id, target, staff, reason, date.today(), conf.jichitai_code
    )
    with readable_errors():
        commands.send(answering_bootstrap(conf), dict(conf.security), f"{conf.application}-shokuin", [sent])
    console.print("announced; `shuunou show account` shows it once it is booked")
