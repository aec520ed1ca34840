"""滞納処分: whether 差押, 参加差押, 交付要求 or another disposition is allowed for one 期別 on a day.

地方税法331条ほか (差押の要件), 13条の2 (繰上徴収), 15条の2の3・15条の7 (猶予・執行停止); 国税徴収法82条・86条 by which
滞納処分 of local tax is done. What differs by kind: `schemas/law/shobun.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from schemas.provisions import provisions
from state.facts import Applied
from state.law.rules import applied, rule
from state.law.tokusokujou import Tokusokujou, sashiosae
from state.law.uchiwake import KAMOKU_JA
from state.reasons import Refusal, refusal

TABLE = "shobun"


class Taishou(NamedTuple):
    """処分の対象: one 期別 as the law sees it. `samatage` holds the codes of what keeps a 処分 back on the day."""

    zeimoku_code: str
    noukigen: date
    minou_gaku: int
    tokusoku: Tokusokujou | None
    is_kuriage: bool
    samatage: tuple[str, ...]


def shubetsu(kind: str, on: date) -> Mapping[str, Any]:
    """処分の種類: as stated for the day: its words, its 事由 of 時効, its provisions."""
    stated: Mapping[str, Any] = rule(TABLE, on)["shubetsu"][kind]
    return stated


def may_take(kind: str, taishou: Taishou, on: date) -> Applied | Refusal:
    """処分してよいか: the provision that allows it. Refuses with R-519 (no ground) or R-525 (kept back)."""
    stated = shubetsu(kind, on)
    if taishou.minou_gaku <= 0 or on <= taishou.noukigen:
        found = "未納がない" if taishou.minou_gaku <= 0 else f"納期限 {taishou.noukigen} が過ぎていない"
        return _no_ground(kind, on, "納期限を過ぎた未納", _ja(stated["provision"]["kihon"]), found)
    refused = _kept_back(kind, taishou, on)
    if refused is not None:
        return refused
    if not stated["needs_tokusoku"]:
        inputs = {"noukigen": taishou.noukigen, "minou_gaku": taishou.minou_gaku, "on": on}
        return applied(stated["provision"]["kihon"], rule(TABLE, on), inputs, {"is_kanou": True})
    return _after_kuriage(taishou, on) if taishou.is_kuriage else _after_tokusoku(kind, taishou, on)


def kaijo(
    kind: str, on: date, is_kannou: bool, inputs: Mapping[str, object], outputs: Mapping[str, object]
) -> Applied:
    """解除の根拠: of a 処分 of this kind, because all is paid or for another reason."""
    role = "kaijo" if is_kannou else "nini"
    return applied(shubetsu(kind, on)["provision"][role], rule(TABLE, on), inputs, outputs)


def kuriage(old: date, new: date, minou_gaku: int, on: date) -> Applied | Refusal:
    """繰上徴収: brings the 納期限 `old` forward to `new`, before it has come. Refuses with R-553."""
    law = rule(TABLE, on)
    if minou_gaku > 0 and on <= new < old:
        inputs = {"noukigen": old, "on": on}
        return applied(law["kuriage"]["provision"], law, inputs, {"kuriage_on": new})
    found = "未納がない" if minou_gaku <= 0 else f"納期限 {old}、繰り上げる納期限 {new}"
    expected = f"手続の日以後で、今の納期限より前の日({_ja(law['kuriage']['provision'])})"
    return refusal("R-553", f"繰上徴収({on})", expected, found, "納期限と日を確かめる")


def haitou(kingaku: int, lines: int, over: int, on: date) -> Applied | Refusal:
    """配当: what the lines add up to is `kingaku`, and no 期別 gets more than it owes (`over`). R-552."""
    law = rule(TABLE, on)
    if kingaku > 0 and lines == kingaku and over <= 0:
        return applied(law["haitou"]["provision"]["kihon"], law, {"on": on}, {"kingaku": kingaku})
    role = "zanyo" if over > 0 else "kihon"
    expected = "内訳の計が配当額(1円以上)と同じで、期別の未納(滞納処分費を含む)を超えない額"
    found = f"未納を超える額が{over}円" if over > 0 else f"配当額 {kingaku}円、内訳の計 {lines}円"
    return refusal(
        "R-552",
        f"配当の受領({on})",
        f"{expected}({_ja(law['haitou']['provision'][role])})",
        found,
        "配当計算書を確かめる。残余は滞納者に交付する",
    )


def shobunhi(kingaku: int, on: date) -> Applied:
    """滞納処分費: by which what a 処分 has cost is collected with the tax."""
    law = rule(TABLE, on)
    outputs = {"kamoku": KAMOKU_JA["shobunhi"], "kingaku": kingaku}
    return applied(law["shobunhi"]["provision"], law, {"on": on}, outputs)


def _kept_back(kind: str, taishou: Taishou, on: date) -> Refusal | None:
    law, stated = rule(TABLE, on), shubetsu(kind, on)
    bar = next((code for code in stated["samatage"] if code in taishou.samatage), None)
    if bar is None:
        return None
    entry = law["samatage"][bar]
    expected = f"猶予・執行停止のない期別({_ja(entry['provision'])})"
    return refusal("R-525", f"{stated['ja']}({on})", expected, entry["ja"], "猶予・停止の登録を確かめる")


def _after_kuriage(taishou: Taishou, on: date) -> Applied:
    law = rule(TABLE, on)
    provision = law["kuriage_sashiosae"]["provision"][taishou.zeimoku_code]
    return applied(provision, law, {"kuriage_on": taishou.noukigen, "on": on}, {"is_kanou": True})


def _after_tokusoku(kind: str, taishou: Taishou, on: date) -> Applied | Refusal:
    """The 10 days from 督促, by the provision of the 税目."""
    notice = taishou.tokusoku
    if notice is None:
        provision = rule("tokusoku_hassou", on)["sashiosae_provision"][taishou.zeimoku_code]
        return _no_ground(kind, on, "督促の後", _ja(provision), "督促状を発していない")
    found = sashiosae(notice)
    if found.kanou_on is not None and found.kanou_on <= on:
        return found.applied
    expected = "督促状を発した日から10日を経過した日の翌日以後"
    told = "督促状が送達されていない" if found.kanou_on is None else f"{found.kanou_on} から可能"
    return _no_ground(kind, on, expected, _ja(found.applied.provision), told)


def _no_ground(kind: str, on: date, expected: str, article: str, found: str) -> Refusal:
    ja = shubetsu(kind, on)["ja"]
    return refusal("R-519", f"{ja}({on})", f"{expected}({article})", found, "督促と納期限の登録を確かめる")


def _ja(provision: str) -> str:
    return provisions()[provision].ja
