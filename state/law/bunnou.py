"""分納: a plan to pay in parts, what is received on it, and how it ends.

States: planned (履行中) → completed (完納) | defaulted (不履行) → cancelled (取消). 地方税法15条3項 (猶予に伴う分割納付); a 納付誓約
without 猶予 rests on the office's own practice, so its limits are settings.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import schemas
from state.law import bunnou_check as check
from state.law.bunnou_check import ACTIVE, CANCELLED, COMPLETED, DEFAULTED, Bunnou, Kai
from state.law.kyuujitsu import next_business_day
from state.law.rules import Outcome, applied, rule
from state.reasons import Refusal, refusal

TABLE = "bunnou"


class Haibun(NamedTuple):
    """配分: how much of a received amount went to which 回, and what the plan had no place for (円)."""

    bunnou: Bunnou
    received: tuple[tuple[int, int], ...]
    amari_gaku: int


Step = Outcome[Bunnou] | Refusal


def plan(
    bunnou_bangou: str,
    konkyo: str,
    kingaku: int,
    keikaku: tuple[tuple[date, int], ...],
    on: date,
) -> Step:
    """分納を始める: `keikaku` is (期日, 円) in order, and sums to `kingaku`. Refuses with R-544, R-545 or R-546."""
    kai = tuple(Kai(number, day, yen, 0) for number, (day, yen) in enumerate(keikaku, 1))
    law = rule(TABLE, on)
    refused = check.konkyo(konkyo) or check.shape(kai, on) or check.total(kai, kingaku)
    refused = refused or check.limits(kai, on, law["kaisuu_max"], law["months_max"])
    if refused is not None:
        return refused
    made = Bunnou(bunnou_bangou, konkyo, ACTIVE, kingaku, on, kai, 0, None, on)
    inputs = {"kingaku": kingaku, "kaisuu": len(kai), "on": on}
    basis = applied(_provision(konkyo), law, inputs, {"made": kai[-1].kijitsu})
    return Outcome(made, ("BunnouPlanned",), (basis,))


def receive(bunnou: Bunnou, kingaku: int, on: date) -> Outcome[Haibun] | Refusal:
    """受領: to the oldest 回 first, each filled before the next; what is left over is said, not kept.

    Also on a plan in default: what is paid is paid. Refuses with R-547 (cancelled) or R-548.
    """
    if bunnou.joutai == CANCELLED:
        return check.not_now("分納の受領", on, "取り消していない分納", bunnou)
    if kingaku <= 0 or on < bunnou.keiyaku_on:
        return refusal(
            "R-548",
            f"分納の受領({on})",
            f"1円以上、{bunnou.keiyaku_on} 以後(市の取扱い)",
            f"{kingaku} 円",
            "受領の額と日を確かめる",
        )
    left, kai, received = kingaku, list[Kai](), list[tuple[int, int]]()
    for one in bunnou.kai:
        taken = min(left, one.kingaku - one.noufu_gaku)
        left -= taken
        kai.append(one._replace(noufu_gaku=one.noufu_gaku + taken))
        if taken:
            received.append((one.bangou, taken))
    after = bunnou._replace(kai=tuple(kai), updated_on=max(bunnou.updated_on, on))
    happened: tuple[str, ...] = ("BunnouReceived",)
    if after.nokori_gaku == 0 and bunnou.joutai != COMPLETED:
        after, happened = after._replace(joutai=COMPLETED), (*happened, "BunnouCompleted")
    inputs = {"kingaku": kingaku, "on": on, "nokori_gaku": bunnou.nokori_gaku}
    outputs = {"kai": ",".join(f"{bangou}:{yen}" for bangou, yen in received), "amari_gaku": left}
    basis = applied(_provision(bunnou.konkyo), rule(TABLE, on), inputs, outputs)
    return Outcome(Haibun(after, tuple(received), left), happened, (basis,))


def take_back(bunnou: Bunnou, kingaku: int, on: date) -> Outcome[Haibun] | Refusal:
    """受領の取消し: what a denied receipt had filled is open again, from the last filled 回 backwards.

    A plan that was complete is in force again. Refuses with R-547 (cancelled) or R-548 (more than that).
    """
    if bunnou.joutai == CANCELLED:
        return check.not_now("分納の受領の取消し", on, "取り消していない分納", bunnou)
    if not 0 < kingaku <= bunnou.noufu_gaku:
        return refusal(
            "R-548",
            f"分納の受領の取消し({on})",
            f"1円から {bunnou.noufu_gaku} 円まで(市の取扱い)",
            f"{kingaku} 円",
            "受領の額を確かめる",
        )
    left, kai, opened = kingaku, list[Kai](), list[tuple[int, int]]()
    for one in reversed(bunnou.kai):
        taken = min(left, one.noufu_gaku)
        left -= taken
        kai.insert(0, one._replace(noufu_gaku=one.noufu_gaku - taken))
        if taken:
            opened.append((one.bangou, taken))
    after = bunnou._replace(kai=tuple(kai), updated_on=max(bunnou.updated_on, on))
    happened: tuple[str, ...] = ("BunnouReceiptTakenBack",)
    if bunnou.joutai == COMPLETED:
        after, happened = after._replace(joutai=ACTIVE), (*happened, "BunnouCompletionLost")
    inputs = {"kingaku": kingaku, "on": on, "nokori_gaku": bunnou.nokori_gaku}
    outputs = {"kai": ",".join(f"{bangou}:{yen}" for bangou, yen in opened)}
    basis = applied(_provision(bunnou.konkyo), rule(TABLE, on), inputs, outputs)
    return Outcome(Haibun(after, tuple(opened), 0), happened, (basis,))


def reach(bunnou: Bunnou, kijunbi: date) -> Outcome[Bunnou] | Refusal:
    """日の到来: in default when as many 回 as the setting says are past their day and not filled. R-511."""
    if bunnou.joutai != ACTIVE:
        return Outcome(bunnou, (), ())
    missed: list[Kai] = []
    for one in bunnou.kai:
        if one.noufu_gaku < one.kingaku and one.kijitsu < kijunbi:
            moved = next_business_day(one.kijitsu)
            if isinstance(moved, Refusal):
                return moved
            missed += [one] if moved.on < kijunbi else []
    law = rule(TABLE, kijunbi)
    if len(missed) < law["furikou_kaisuu"]:
        return Outcome(bunnou, (), ())
    inputs = {"kijunbi": kijunbi, "furikou_kaisuu": law["furikou_kaisuu"]}
    outputs = {"kai": ",".join(str(one.bangou) for one in missed)}
    basis = applied(_provision(bunnou.konkyo), law, inputs, outputs)
    return Outcome(bunnou._replace(joutai=DEFAULTED, updated_on=kijunbi), ("BunnouDefaulted",), (basis,))


def cancel(bunnou: Bunnou, on: date) -> Step:
    """取り消す: a plan in force or in default. What was received stays received. Refuses with R-547."""
    if bunnou.joutai not in (ACTIVE, DEFAULTED) or on < bunnou.updated_on:
        return check.not_now("分納の取消し", on, "履行中・不履行の分納", bunnou)
    after = bunnou._replace(joutai=CANCELLED, torikeshi_on=on, updated_on=on)
    outputs = {"nokori_gaku": bunnou.nokori_gaku}
    basis = applied(_provision(bunnou.konkyo), rule(TABLE, on), {"on": on}, outputs)
    return Outcome(after, ("BunnouCancelled",), (basis,))


def extend(bunnou: Bunnou, keikaku: tuple[tuple[date, int], ...], on: date) -> Step:
    """延長する: what is still owed is planned anew; what was received stays in the 回 it went to, cut to that.

    Refuses with R-544 to R-547. A plan in default is in force again.
    """
    law = rule(TABLE, on)
    if bunnou.joutai not in (ACTIVE, DEFAULTED) or on < bunnou.updated_on:
        return check.not_now("分納の延長", on, "履行中・不履行の分納", bunnou)
    kept = tuple(one._replace(kingaku=one.noufu_gaku) for one in bunnou.kai if one.noufu_gaku)
    first = (kept[-1].bangou if kept else 0) + 1
    new = tuple(Kai(number, day, yen, 0) for number, (day, yen) in enumerate(keikaku, first))
    refused = check.extensions(bunnou, law["enchou_max"], on) or check.shape(new, on)
    refused = refused or check.total(new, bunnou.nokori_gaku)
    refused = refused or check.limits(new, bunnou.keiyaku_on, law["kaisuu_max"], law["enchou_months_max"])
    if refused is not None:
        return refused
    after = bunnou._replace(
        joutai=ACTIVE, kai=kept + new, enchou_kaisuu=bunnou.enchou_kaisuu + 1, updated_on=on
    )
    inputs = {"nokori_gaku": bunnou.nokori_gaku, "on": on}
    basis = applied(_provision(bunnou.konkyo), law, inputs, {"made": new[-1].kijitsu})
    return Outcome(after, ("BunnouExtended",), (basis,))


def _provision(konkyo: str) -> str:
    return str(schemas.load_toml("law/bunnou")["konkyo"][konkyo]["provision"])
