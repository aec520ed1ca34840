"""督促状: what becomes of one notice, until it counts as delivered and from when 差押 is allowed.

States: issued → returned (返戻) → investigated (調査) → issued again (再発送) | posted (公示送達) → delivered (送達).
地方税法20条・20条の2 (送達), 331条1項1号ほか (差押え).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from state.facts import Applied
from state.law.rules import Outcome, applied, rule
from state.law.tokusoku import TABLE, Taishou, judge, may_issue, tesuuryou
from state.reasons import Refusal, refusal

ISSUED, RETURNED, FOUND, UNKNOWN, POSTED, DELIVERED, WITHDRAWN = (
    "hakkou",
    "henrei",
    "chousa_hanmei",
    "chousa_fumei",
    "koujisoutatsu",
    "soutatsu",
    "torikeshi",
)
_JA = {
    ISSUED: "発付",
    RETURNED: "返戻",
    FOUND: "調査済(送付先判明)",
    UNKNOWN: "調査済(送付先不明)",
    POSTED: "公示送達中",
    DELIVERED: "送達済(公示)",
    WITHDRAWN: "取消",
}


class Tokusokujou(NamedTuple):
    """督促状: one notice for one 期別. `kisan_on` is the day from which the ten days before 差押 are counted."""

    shuunou_key: str
    zeimoku_code: str
    joutai: str
    hakkou_on: date
    kisan_on: date
    tesuuryou: int
    henrei_on: date | None
    henrei_kaisuu: int
    chousa_on: date | None
    koujibi: date | None
    soutatsu_on: date | None
    updated_on: date


class Sashiosae(NamedTuple):
    """差押可能日: the last day to pay before 差押, and the first that allows it. Both None: not delivered."""

    keika_on: date | None
    kanou_on: date | None
    applied: Applied


Step = Outcome[Tokusokujou] | Refusal


def issue(taishou: Taishou, on: date) -> Step:
    """督促状を発する: refuses with R-512 or R-513. The fee of the day arises with it."""
    if (refused := may_issue(taishou, on)) is not None:
        return refused
    fee = tesuuryou(taishou.jichitai_code, taishou.zeimoku_code, taishou.fuka_nendo, on)
    notice = Tokusokujou(
        taishou.shuunou_key, taishou.zeimoku_code, ISSUED, on, on, fee.gaku, None, 0, None, None, None, on
    )
    return Outcome(notice, ("TokusokuIssued",), (judge(taishou, on).applied, fee.applied))


def henrei(notice: Tokusokujou, on: date) -> Step:
    """返戻: the notice came back. From then on it does not count as delivered."""
    if (refused := _unless(notice, on, "返戻", ISSUED)) is not None:
        return refused
    after = notice._replace(
        joutai=RETURNED, henrei_on=on, henrei_kaisuu=notice.henrei_kaisuu + 1, updated_on=on
    )
    return _step(after, "TokusokuReturned", "chihouzeihou-20-4")


def chousa(notice: Tokusokujou, on: date, is_hanmei: bool) -> Step:
    """返戻の調査: whether an address was found. Without it there is no 公示送達."""
    if (refused := _unless(notice, on, "返戻の調査", RETURNED, FOUND, UNKNOWN)) is not None:
        return refused
    after = notice._replace(joutai=FOUND if is_hanmei else UNKNOWN, chousa_on=on, updated_on=on)
    return _step(after, "TokusokuAddressInvestigated", "chihouzeihou-20_2-1")


def saihassou(notice: Tokusokujou, on: date) -> Step:
    """再発送: to the address found. The days before 差押 are counted anew."""
    if (refused := _unless(notice, on, "再発送", FOUND)) is not None:
        return refused
    after = notice._replace(joutai=ISSUED, kisan_on=on, updated_on=on)
    return _step(after, "TokusokuReissued", "chihouzeihou-20-4")


def koujisoutatsu(notice: Tokusokujou, on: date) -> Step:
    """公示送達: posted on `on`; counts as delivered when seven days from that day have passed."""
    if (refused := _unless(notice, on, "公示送達", UNKNOWN)) is not None:
        return refused
    days = rule(TABLE, on, "kouji")
    soutatsu_on = on + timedelta(days=days["days"])
    after = notice._replace(joutai=POSTED, kisan_on=on, koujibi=on, soutatsu_on=soutatsu_on, updated_on=on)
    basis = applied(
        "chihouzeihou-20_2-3", days, {"koujibi": on, "days": days["days"]}, {"soutatsu_on": soutatsu_on}
    )
    return Outcome(after, ("TokusokuPosted",), (basis,))


def reach(notice: Tokusokujou, kijunbi: date) -> Outcome[Tokusokujou]:
    """日の到来: a posted notice becomes delivered on its day; nothing else changes."""
    if notice.joutai != POSTED or notice.soutatsu_on is None or kijunbi < notice.soutatsu_on:
        return Outcome(notice, (), ())
    days = rule(TABLE, notice.kisan_on, "kouji")
    basis = applied(
        "chihouzeihou-20_2-3", days, {"koujibi": notice.koujibi}, {"soutatsu_on": notice.soutatsu_on}
    )
    after = notice._replace(joutai=DELIVERED, updated_on=notice.soutatsu_on)
    return Outcome(after, ("TokusokuDelivered",), (basis,))


def torikeshi(notice: Tokusokujou, on: date) -> Step:
    """督促の取消し: when what it demanded was never owed. Possible in every state but one, and once."""
    allowed = tuple(joutai for joutai in _JA if joutai != WITHDRAWN)
    if (refused := _unless(notice, on, "督促の取消し", *allowed)) is not None:
        return refused
    after = notice._replace(joutai=WITHDRAWN, tesuuryou=0, updated_on=on)
    return _step(after, "TokusokuWithdrawn", "shi-toriatsukai")


def sashiosae(notice: Tokusokujou) -> Sashiosae:
    """差押可能日: the day after the tenth day from 発した日 has passed; not before a posted notice is delivered."""
    law = rule(TABLE, notice.kisan_on, "sashiosae")
    provision = rule(TABLE, notice.kisan_on)["sashiosae_provision"][notice.zeimoku_code]
    keika_on = notice.kisan_on + timedelta(days=law["keika_days"])
    kanou_on = keika_on + timedelta(days=1)
    inputs = {"kisan_on": notice.kisan_on, "days": law["keika_days"], "joutai": notice.joutai}
    if notice.joutai not in (ISSUED, POSTED, DELIVERED):
        return Sashiosae(None, None, applied(provision, law, inputs, {"keika_on": None, "kanou_on": None}))
    if notice.soutatsu_on is not None:
        kanou_on = max(kanou_on, notice.soutatsu_on)
    outputs = {"keika_on": keika_on, "kanou_on": kanou_on}
    return Sashiosae(keika_on, kanou_on, applied(provision, law, inputs, outputs))


def _step(after: Tokusokujou, kind: str, provision: str) -> Outcome[Tokusokujou]:
    basis = applied(
        provision, rule(TABLE, after.updated_on), {"on": after.updated_on}, {"joutai": after.joutai}
    )
    return Outcome(after, (kind,), (basis,))


def _unless(notice: Tokusokujou, on: date, what: str, *allowed: str) -> Refusal | None:
    """R-514 unless the notice is in one of the states, and the day is not before its last."""
    if notice.joutai in allowed and notice.updated_on <= on:
        return None
    return refusal(
        "R-514",
        f"督促状の{what}({on})",
        "、".join(_JA[joutai] for joutai in allowed) + "の後(地方税法 第20条、第20条の2)",
        f"{_JA[notice.joutai]}({notice.updated_on})",
        "登録の順と日を確かめる",
    )
