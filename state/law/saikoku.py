"""催告: asking for payment after 督促, in writing, by telephone or by a visit, unless it has been stopped.

It has no article of its own; its one legal effect is the 完成猶予 of 民法150条 (`state.law.jikou`).
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.law.rules import Outcome, applied, rule
from state.law.tokusoku import TABLE
from state.reasons import Refusal, refusal


class Saikoku(NamedTuple):
    """催告: one 催告 to one person, for what was owed in all on that day (円)."""

    atena_bangou: str
    shubetsu: str
    on: date
    tainou_kingaku: int


def ask(saikoku: Saikoku, teishi: tuple[str, ...]) -> Outcome[Saikoku] | Refusal:
    """催告する: `teishi` holds the 停止フラグ set for the person. Refuses with R-516 or R-517."""
    setting = rule(TABLE, saikoku.on, "saikoku")
    known = setting["shubetsu"]
    if saikoku.shubetsu not in known:
        return refusal(
            "R-516",
            "催告の種別",
            "、".join(f"{code}({entry['ja']})" for code, entry in known.items()) + "(市の取扱い)",
            saikoku.shubetsu,
            "種別を直して送り直す",
        )
    kind = known[saikoku.shubetsu]
    stopped = [flag for flag in kind["teishi"] if flag in teishi]
    if stopped or saikoku.tainou_kingaku <= 0:
        return refusal(
            "R-517",
            f"{kind['ja']}({saikoku.on})",
            "滞納があり、停止フラグのない者(市の取扱い)",
            "、".join(stopped) if stopped else "滞納がない",
            "停止の登録を確かめる",
        )
    inputs = {"shubetsu": saikoku.shubetsu, "teishi": ",".join(teishi)}
    basis = applied("shi-toriatsukai", setting, inputs, {"tainou_kingaku": saikoku.tainou_kingaku})
    return Outcome(saikoku, ("SaikokuIssued",), (basis,))
