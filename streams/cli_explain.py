"""命令行(説明): how an amount comes about, in Japanese, as a clerk reads it out to a citizen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from connectors.shoumei import owner_of, person_rows
from state.law import entaikin as law
from state.law.entaikin_text import tell
from state.law.entaikin_value import Entaikin
from state.reasons import Refusal
from state.seiri.entaikin_bill import bill_of_kibetsu
from streams.cli_look import engine
from streams.cli_shared import AsJson, console, fail, print_json, readable_errors

explain_app = typer.Typer(help="説明: how an amount comes about.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """命令を加える。"""
    app.add_typer(explain_app, name="explain")


@explain_app.command("entaikin")
def explain_entaikin(
    shuunou_key: Annotated[str, typer.Argument(help="収納キー, 18 digits.")],
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day up to which it is reckoned.")],
    as_json: AsJson = False,
) -> None:
    """延滞金: of one 期別 as of a day, with every segment, rate and rounding; exit code 1 where none can be said.

    Receipts up to that day are taken into account, 充当 on its 充当適状日, 減免, 猶予 and 執行停止 by their days.
    """
    with readable_errors():
        owner = owner_of(engine(), shuunou_key)
        if owner is None:
            fail(
                f"収納キー {shuunou_key}: expected an account, found none; `shuunou show person` lists them"
            )
        rows = person_rows(engine(), owner)
    day = on.date()
    bill = bill_of_kibetsu(rows.accounts[shuunou_key], rows.seiri, day)
    made = law.calculate(bill, day)
    if isinstance(made, Refusal):
        fail(f"{made.reason.code} {made.reason.ja}: 期待 {made.expected}、実際 {made.found}。{made.todo}")
    own, seisan = rows.seiri.get(shuunou_key), rows.accounts[shuunou_key].seisan
    fixed_on = own.entaikin_on if own is not None else None
    fixed = seisan.fuzui.entaikin if seisan is not None and fixed_on is not None else None
    if as_json:
        print_json({**_plain(made), "choutei_gaku": fixed, "choutei_on": fixed_on})
        return
    for line in (f"延滞金の計算 収納キー {shuunou_key}", *tell(made)):
        console.print(line, highlight=False)
    if fixed is not None:
        console.print(f"調定済みの延滞金 {fixed:,}円({fixed_on} までの計算)", highlight=False)


def _plain(made: Entaikin) -> dict[str, Any]:
    segments = [
        {**segment._asdict(), "from_on": str(segment.from_on), "to_on": str(segment.to_on)}
        for segment in made.segments
    ]
    return {
        "on": str(made.on),
        "kisanbi": str(made.kisanbi),
        "segments": segments,
        "goukei": made.goukei,
        "kakutei": made.kakutei,
        "applied": [basis._asdict() for basis in made.applied],
    }
