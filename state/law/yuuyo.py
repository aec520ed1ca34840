"""猶予: 徴収の猶予 and 換価の猶予 (職権・申請): application, decision, extension, cancellation, end.

地方税法15条から15条の6の3, 16条 (担保). What follows for 督促, 時効 and 延滞金 is said by `effects`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import schemas
from state.facts import Applied
from state.law import yuuyo_check as check
from state.law.kikan import DAY, end_of
from state.law.rules import Outcome, applied, rule
from state.law.yuuyo_check import Jouken, Shinsei
from state.reasons import Refusal, refusal

TABLE = "yuuyo"
APPLIED_FOR, GRANTED, DENIED, CANCELLED, ENDED = "shinsei", "kyoka", "fukyoka", "torikeshi", "shuuryou"
_JA = {
    APPLIED_FOR: "申請中",
    GRANTED: "猶予中",
    DENIED: "不許可",
    CANCELLED: "取消し済み",
    ENDED: "期間満了",
}


class Yuuyo(NamedTuple):
    """猶予: of one 期別. `kikan_kara` to `kikan_made` are both of the period, extensions included."""

    shuunou_key: str
    shubetsu: str
    joutai: str
    jiyuu: str
    kingaku: int
    shinsei_on: date | None
    kikan_kara: date | None
    kikan_made: date | None
    is_tanpo: bool
    enchou_kaisuu: int
    torikeshi_on: date | None
    torikeshi_jiyuu: str | None


class Effects(NamedTuple):
    """猶予の効果: first and last day, whether 督促 is barred, and how much 延滞金 is waived (zengaku, hangaku)."""

    kara: date
    made: date
    is_tokusoku_kinshi: bool
    entaikin: str
    jikou_code: str
    applied: Applied


Step = Outcome[Yuuyo] | Refusal


def apply_for(shinsei: Shinsei) -> Step:
    """猶予を申請する: refuses with R-539 (ground) or R-541 (too late). It acknowledges the debt (時効)."""
    if (refused := check.ground(shinsei) or check.in_time(shinsei)) is not None:
        return refused
    entry = _kind(shinsei.shubetsu)
    asked = Yuuyo(
        shinsei.shuunou_key, shinsei.shubetsu, APPLIED_FOR, shinsei.jiyuu, shinsei.kingaku,
        shinsei.on, None, None, False, 0, None, None,
    )  # fmt: skip
    inputs = {"jiyuu": shinsei.jiyuu, "noukigen": shinsei.noukigen, "on": shinsei.on}
    basis = applied(entry["provision"], rule(TABLE, shinsei.on), inputs, {"joutai": APPLIED_FOR})
    return Outcome(asked, ("YuuyoApplied",), (basis,))


def grant(yuuyo: Yuuyo, kara: date, made: date, jouken: Jouken, on: date) -> Step:
    """許可する: `on` is the day of the decision. Refuses with R-538, R-539, R-540 or R-542."""
    if yuuyo.joutai != APPLIED_FOR or on < (yuuyo.shinsei_on or on):
        return _not_now("猶予の許可", on, "申請中", yuuyo)
    return _granted(yuuyo, kara, made, jouken, on)


def grant_shokken(
    shuunou_key: str, jiyuu: str, kingaku: int, kara: date, made: date, jouken: Jouken, on: date
) -> Step:
    """職権による換価の猶予: without application. Refuses with R-538, R-539 or R-540."""
    asked = Shinsei(shuunou_key, "kanka_shokken", jiyuu, kingaku, on, on)
    if (refused := check.ground(asked, is_shinsei=False)) is not None:
        return refused
    blank = Yuuyo(
        shuunou_key, "kanka_shokken", APPLIED_FOR, jiyuu, kingaku, None, None, None, False, 0, None, None
    )
    return _granted(blank, kara, made, jouken, on)


def deny(yuuyo: Yuuyo, on: date) -> Step:
    """許可しない: refuses with R-542 when nothing is applied for."""
    if yuuyo.joutai != APPLIED_FOR or on < (yuuyo.shinsei_on or on):
        return _not_now("猶予の不許可", on, "申請中", yuuyo)
    basis = applied(_kind(yuuyo.shubetsu)["provision"], rule(TABLE, on), {"on": on}, {"joutai": DENIED})
    return Outcome(yuuyo._replace(joutai=DENIED), ("YuuyoDenied",), (basis,))


def extend(yuuyo: Yuuyo, made: date, jouken: Jouken, on: date) -> Step:
    """延長する: before the period ends, to at most two years in all. Refuses with R-538, R-540 or R-542."""
    kara, old = yuuyo.kikan_kara, yuuyo.kikan_made
    if yuuyo.joutai != GRANTED or kara is None or old is None or on > old:
        return _not_now("猶予の延長", on, "猶予中", yuuyo)
    law, kind = rule(TABLE, on), _kind(yuuyo.shubetsu)
    kagiri = end_of(kara, law["total_months"])
    refused = check.period(old + DAY, made, kagiri, kind["enchou"])
    refused = refused or check.tanpo(yuuyo.kingaku, kara, made, jouken, on)
    if refused is not None:
        return refused
    after = yuuyo._replace(
        kikan_made=made, enchou_kaisuu=yuuyo.enchou_kaisuu + 1, is_tanpo=jouken.is_tanpo or yuuyo.is_tanpo
    )
    basis = applied(kind["enchou"], law, {"kara": kara, "old": old, "kagiri": kagiri}, {"made": made})
    return Outcome(after, ("YuuyoExtended",), (basis,))


def cancel(yuuyo: Yuuyo, jiyuu: str, on: date) -> Step:
    """取り消す: on one of the six grounds of 15条の3. Refuses with R-539 or R-542."""
    kara, made = yuuyo.kikan_kara, yuuyo.kikan_made
    if yuuyo.joutai != GRANTED or kara is None or made is None or not kara <= on <= made:
        return _not_now("猶予の取消し", on, "猶予中", yuuyo)
    known = schemas.load_toml("law/yuuyo")["torikeshi"]
    if jiyuu not in known:
        listed = "、".join(f"{code}号({ja})" for code, ja in known.items())
        return refusal(
            "R-539", "猶予の取消しの事由", f"{listed}(地方税法 第15条の3第1項)", jiyuu, "事由を直す"
        )
    after = yuuyo._replace(joutai=CANCELLED, torikeshi_on=on, torikeshi_jiyuu=jiyuu)
    provision = _kind(yuuyo.shubetsu)["torikeshi"]
    basis = applied(provision, rule(TABLE, on), {"jiyuu": jiyuu, "on": on}, {"joutai": CANCELLED})
    return Outcome(after, ("YuuyoCancelled",), (basis,))


def reach(yuuyo: Yuuyo, kijunbi: date) -> Outcome[Yuuyo]:
    """日の到来: the period ends on its last day; nothing else changes."""
    made = yuuyo.kikan_made
    if yuuyo.joutai != GRANTED or made is None or kijunbi <= made:
        return Outcome(yuuyo, (), ())
    basis = applied(
        _kind(yuuyo.shubetsu)["provision"], rule(TABLE, kijunbi), {"made": made}, {"joutai": ENDED}
    )
    return Outcome(yuuyo._replace(joutai=ENDED), ("YuuyoEnded",), (basis,))


def effects(yuuyo: Yuuyo) -> Effects | None:
    """猶予の効果: for the days granted, up to the day before cancellation; None when there are none."""
    kara, made = yuuyo.kikan_kara, yuuyo.kikan_made
    if kara is None or made is None:
        return None
    ends = made if yuuyo.torikeshi_on is None else yuuyo.torikeshi_on - DAY
    if ends < kara:
        return None
    kind = _kind(yuuyo.shubetsu)
    share = kind["jiyuu"][yuuyo.jiyuu]["entaikin"]
    basis = applied(
        "chihouzeihou-15_9-1",
        rule(TABLE, kara),
        {"shubetsu": yuuyo.shubetsu, "jiyuu": yuuyo.jiyuu, "kara": kara},
        {"made": ends, "entaikin": share},
    )
    code = "choushuu_yuuyo" if yuuyo.shubetsu == "choushuu_yuuyo" else "kanka_yuuyo"
    return Effects(kara, ends, kind["is_tokusoku_kinshi"], share, code, basis)


def _granted(yuuyo: Yuuyo, kara: date, made: date, jouken: Jouken, on: date) -> Step:
    law, kind = rule(TABLE, on), _kind(yuuyo.shubetsu)
    rule(TABLE, kara)  # raises NoRule: the effects of its days are those of a rule in force on the first
    kagiri = end_of(kara, law["months"])
    refused = (
        check.conditions(yuuyo.shubetsu, jouken, on)
        or check.period(kara, made, kagiri, kind["provision"])
        or check.tanpo(yuuyo.kingaku, kara, made, jouken, on)
    )
    if refused is not None:
        return refused
    after = yuuyo._replace(joutai=GRANTED, kikan_kara=kara, kikan_made=made, is_tanpo=jouken.is_tanpo)
    provision = kind["jiyuu"][yuuyo.jiyuu]["provision"]
    bases = (
        applied(provision, law, {"jiyuu": yuuyo.jiyuu, "kara": kara, "kagiri": kagiri}, {"made": made}),
        check.tanpo_basis(yuuyo.kingaku, kara, made, jouken, on),
    )
    return Outcome(after, ("YuuyoGranted",), bases)


def _kind(shubetsu: str) -> Mapping[str, Any]:
    kind: Mapping[str, Any] = schemas.load_toml("law/yuuyo")["shubetsu"][shubetsu]
    return kind


def _not_now(what: str, on: date, expected: str, yuuyo: Yuuyo) -> Refusal:
    ja = schemas.load_toml("law/yuuyo")["shubetsu"][yuuyo.shubetsu]["ja"]
    return refusal(
        "R-542",
        f"{what}({on})",
        f"{expected}の{ja}(地方税法 第15条から第15条の6の3まで)",
        f"{_JA[yuuyo.joutai]}、期間 {yuuyo.kikan_kara} から {yuuyo.kikan_made}",
        "猶予の登録を確かめる",
    )
