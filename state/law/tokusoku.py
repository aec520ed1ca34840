"""督促: when a 督促状 is to be sent, to whom not, and for what 督促手数料.

地方税法329条ほか (納期限後20日以内), 330条ほか (督促手数料). What happens to a 督促状 once sent: `state.law.tokusokujou`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import schemas
from state.facts import Applied
from state.law.kyuujitsu import previous_business_day
from state.law.rules import NoRule, applied, rule
from state.reasons import Refusal, refusal

TABLE = "tokusoku_hassou"


class Hassou(NamedTuple):
    """発送日: the day on which the 督促状 is to be sent, and the last day that the law allows."""

    hassou_on: date
    kigen_on: date
    applied: Applied


class Taishou(NamedTuple):
    """督促の対象: one 期別 as the selection sees it. `teishi` holds the codes of what keeps it back."""

    shuunou_key: str
    jichitai_code: str
    zeimoku_code: str
    fuka_nendo: int
    noukigen: date
    minou_gaku: int
    has_tokusoku: bool
    teishi: tuple[str, ...]


class Judged(NamedTuple):
    """選定: whether a 督促状 is to be sent, if not why (in Japanese, None when it is), and by what provision."""

    is_taishou: bool
    riyuu: str | None
    applied: Applied


class Tesuuryou(NamedTuple):
    """督促手数料: yen, and the line of the master that gave it."""

    gaku: int
    applied: Applied


def hassou(noukigen: date, zeimoku_code: str) -> Hassou | Refusal:
    """発送日を決める: by the setting, never later than the law allows. Refuses with R-511 or R-515."""
    law, setting = rule("tokusoku", noukigen), rule(TABLE, noukigen)
    kigen_on = noukigen + timedelta(days=law["days"])
    on = _hassou_on(noukigen, kigen_on, setting)
    if isinstance(on, Refusal):
        return on
    inputs = {"noukigen": noukigen, "houhou": setting["houhou"]}
    outputs = {"hassou_on": on, "kigen_on": kigen_on}
    return Hassou(on, kigen_on, applied(law["provision"][zeimoku_code], law, inputs, outputs))


def _hassou_on(noukigen: date, kigen_on: date, setting: Mapping[str, Any]) -> date | Refusal:
    if setting["houhou"] == "ichiran":
        listed: list[date] = sorted(on for on in setting["hassou_bi"] if noukigen < on <= kigen_on)
        return listed[0] if listed else _no_hassou_bi(noukigen, kigen_on)
    planned = min(noukigen + timedelta(days=setting["hassou_days"]), kigen_on)
    moved = previous_business_day(planned)
    if isinstance(moved, Refusal):
        return moved
    return moved.on if noukigen < moved.on else _no_hassou_bi(noukigen, kigen_on)


def _no_hassou_bi(noukigen: date, kigen_on: date) -> Refusal:
    return refusal(
        "R-515",
        f"納期限 {noukigen} の督促状の発送日",
        f"{kigen_on} まで(地方税法の督促の期限)",
        "発送日の設定にその間の日がない",
        "schemas/law/tokusoku_hassou.toml の発送日を直す",
    )


def judge(taishou: Taishou, on: date) -> Judged:
    """督促の選定: whether a 督促状 is to be sent for this 期別 on `on`."""
    setting, law = rule(TABLE, on), rule("tokusoku", on)
    riyuu, provision = _kept_back(taishou, on, setting)
    inputs = {
        "noukigen": taishou.noukigen,
        "minou_gaku": taishou.minou_gaku,
        "has_tokusoku": taishou.has_tokusoku,
        "teishi": ",".join(taishou.teishi),
    }
    outputs = {"is_taishou": riyuu is None, "riyuu": riyuu}
    cited = provision or law["provision"][taishou.zeimoku_code]
    return Judged(
        riyuu is None, riyuu, applied(cited, law if provision is None else setting, inputs, outputs)
    )


def _kept_back(taishou: Taishou, on: date, setting: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Why not, and by which provision other than that of 督促 itself."""
    if taishou.minou_gaku <= 0:
        return "未納がない", None
    if on <= taishou.noukigen:
        return "納期限が過ぎていない", None
    if taishou.has_tokusoku:
        return "督促状を発している", None
    for jogai in setting["jogai"]:
        if jogai["code"] in taishou.teishi:
            return jogai["ja"], jogai["provision"]
    if taishou.minou_gaku < setting["shougaku_miman"]:
        return f"未納額が{setting['shougaku_miman']}円に満たない", "shi-toriatsukai"
    return None, None


def tesuuryou(jichitai_code: str, zeimoku_code: str, fuka_nendo: int, hakkou_on: date) -> Tesuuryou:
    """督促手数料: by the master, for a 督促状 sent on `hakkou_on`. Raises NoRule before its first line."""
    line = _line(jichitai_code, zeimoku_code, fuka_nendo, hakkou_on)
    provision = rule(TABLE, hakkou_on)["tesuuryou_provision"][zeimoku_code]
    inputs = {
        "jichitai_code": jichitai_code,
        "zeimoku_code": zeimoku_code,
        "kijun": line["kijun"],
        "fuka_nendo": fuka_nendo,
        "hakkou_on": hakkou_on,
    }
    return Tesuuryou(line["gaku"], applied(provision, line, inputs, {"gaku": line["gaku"]}))


def _line(jichitai_code: str, zeimoku_code: str, fuka_nendo: int, hakkou_on: date) -> Mapping[str, Any]:
    """The latest line in force of the most specific 団体 and 税目 that has one at all."""
    lines = schemas.load_toml("law/tokusoku_tesuuryou")["tesuuryou"]
    by = {"hakkou_on": hakkou_on, "fuka_nendo": date(fuka_nendo, 4, 1)}
    for of in ((jichitai_code, zeimoku_code), (jichitai_code, ""), ("", zeimoku_code), ("", "")):
        mine = [line for line in lines if (line["jichitai_code"], line["zeimoku_code"]) == of]
        known = [line for line in mine if line["valid_from"] <= by[line["kijun"]]]
        if known:
            latest: Mapping[str, Any] = max(known, key=lambda line: line["valid_from"])
            return latest
    raise NoRule("tokusoku_tesuuryou.toml", hakkou_on, min(line["valid_from"] for line in lines))


def may_issue(taishou: Taishou, on: date) -> Refusal | None:
    """発してよいか: R-512 when the 期別 is none that is 督促されるべき, R-513 when something keeps it back."""
    judged = judge(taishou, on)
    if judged.is_taishou:
        return None
    is_kept = judged.riyuu in {jogai["ja"] for jogai in rule(TABLE, on)["jogai"]}
    return refusal(
        "R-513" if is_kept else "R-512",
        f"督促状を発する({on})",
        "納期限後に完納されていない、督促前の期別(地方税法 第329条ほか)",
        judged.riyuu or "",
        "停止・猶予の登録か、督促の対象を確かめる",
    )
