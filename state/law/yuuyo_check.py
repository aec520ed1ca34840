"""猶予の要件: what an application or a decision must satisfy (地方税法15条・15条の5・15条の6・16条)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import schemas
from schemas.provisions import provisions
from state.facts import Applied
from state.law.kikan import DAY, end_of, months_between
from state.law.rules import applied, rule
from state.reasons import Refusal, refusal

TABLE = "yuuyo"


class Shinsei(NamedTuple):
    """猶予の申請: of one 期別, for so many yen, on one ground (a code of `schemas/law/yuuyo.toml`)."""

    shuunou_key: str
    shubetsu: str
    jiyuu: str
    kingaku: int
    noukigen: date
    on: date


class Jouken(NamedTuple):
    """猶予の要件の認定: what the office found. `tanpo_fuyou_riyuu`: why no security, where one is asked."""

    has_seii: bool
    has_hoka_no_tainou: bool
    is_tanpo: bool
    tanpo_fuyou_riyuu: str | None = None


def ground(shinsei: Shinsei, is_shinsei: bool = True) -> Refusal | None:
    """事由があるか: R-539 for an unknown kind or ground, one that cannot be applied for, or no amount."""
    kinds = schemas.load_toml("law/yuuyo")["shubetsu"]
    kind = kinds.get(shinsei.shubetsu)
    if kind is None or kind["is_shinsei"] != is_shinsei:
        listed = "、".join(each["ja"] for each in kinds.values() if each["is_shinsei"] == is_shinsei)
        return _no_ground(f"{listed}(地方税法 第15条、第15条の5、第15条の6)", shinsei.shubetsu)
    ja = _ja(kind["provision"])
    if shinsei.jiyuu not in kind["jiyuu"]:
        listed = "、".join(f"{code}({each['ja']})" for code, each in kind["jiyuu"].items())
        return _no_ground(f"{listed}({ja})", shinsei.jiyuu)
    if shinsei.kingaku <= 0:
        return _no_ground(f"1円以上の猶予する額({ja})", f"{shinsei.kingaku} 円")
    return None


def in_time(shinsei: Shinsei) -> Refusal | None:
    """申請の期間: R-541 when an application for 換価の猶予 comes later than the setting allows after the 納期限."""
    if shinsei.shubetsu != "kanka_shinsei":
        return None
    last = end_of(shinsei.noukigen + DAY, rule(TABLE, shinsei.on)["shinsei_months"])
    if shinsei.on <= last:
        return None
    return refusal(
        "R-541",
        f"換価の猶予の申請({shinsei.on})",
        f"{last} まで(地方税法 第15条の6第1項、条例で定める期間)",
        f"納期限 {shinsei.noukigen}",
        "職権による換価の猶予を検討する",
    )


def conditions(shubetsu: str, jouken: Jouken, on: date) -> Refusal | None:
    """認定の要件: for 換価の猶予, 誠実な意思; for that on application, no other arrears. R-539."""
    if shubetsu != "choushuu_yuuyo" and not jouken.has_seii:
        return _no_ground(
            "納付についての誠実な意思(地方税法 第15条の5第1項、第15条の6第1項)", "認められない"
        )
    excluded = rule(TABLE, on)["is_hoka_no_tainou_excluded"]
    if shubetsu == "kanka_shinsei" and excluded and jouken.has_hoka_no_tainou:
        return _no_ground("他に滞納がないこと(地方税法 第15条の6第2項)", "他に滞納がある")
    return None


def period(kara: date, made: date, kagiri: date, provision: str) -> Refusal | None:
    """期間の上限: R-538 unless `kara` ≤ `made` ≤ `kagiri`."""
    if kara <= made <= kagiri:
        return None
    return refusal(
        "R-538",
        f"猶予の期間({kara} から)",
        f"{kara} から {kagiri} まで({_ja(provision)})",
        f"{made} まで",
        "期間を直す",
    )


def needs_tanpo(kingaku: int, kara: date, made: date, on: date) -> bool:
    """担保が要るか: both the amount and the whole period are beyond the setting."""
    law = rule(TABLE, on)
    is_long = months_between(kara, made) > law["tanpo_months_over"]
    return bool(kingaku > law["tanpo_kingaku_over"] and is_long)


def tanpo(kingaku: int, kara: date, made: date, jouken: Jouken, on: date) -> Refusal | None:
    """担保があるか: R-540 when it is needed, not given, and no reason for doing without is stated."""
    if not needs_tanpo(kingaku, kara, made, on) or jouken.is_tanpo or jouken.tanpo_fuyou_riyuu:
        return None
    law = rule(TABLE, on)
    return refusal(
        "R-540",
        f"猶予の担保({kingaku} 円)",
        f"{law['tanpo_kingaku_over']} 円を超え {law['tanpo_months_over']} 月を超える猶予の担保(地方税法 第16条第1項)",
        "担保がない",
        "担保を徴するか、徴しない事情を登録する",
    )


def tanpo_basis(kingaku: int, kara: date, made: date, jouken: Jouken, on: date) -> Applied:
    """担保の判定の記録: whether it was needed, and whether there is one."""
    inputs = {"kingaku": kingaku, "months": months_between(kara, made)}
    outputs = {"is_needed": needs_tanpo(kingaku, kara, made, on), "is_tanpo": jouken.is_tanpo}
    return applied("chihouzeihou-16-1", rule(TABLE, on), inputs, outputs)


def _ja(provision: str) -> str:
    return provisions()[provision].ja


def _no_ground(expected: str, found: str) -> Refusal:
    return refusal("R-539", "猶予の要件", expected, found, "種別・事由・要件の認定を確かめる")
