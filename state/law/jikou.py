"""時効: when the right to collect one 徴収金 ends, and what has renewed or held it.

地方税法18条 (5年), 18条の2 (告知・督促・交付要求・猶予), 民法147条から152条 (準用). The value holds what happened
(`Jiyuu`); how the time stands on a day (`Standing`) is always computed from it, by `state.law.jikou_count`,
so what is registered late is counted as if it had come in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import schemas
from state.facts import Applied
from state.law.jikou_count import Jiyuu, Run, count
from state.law.kikan import DAY
from state.law.rules import Outcome, applied, rule
from state.reasons import Refusal, refusal

TABLE = "jikou"
RENEWS = {"kokuchi", "tokusoku", "shobun", "koushin"}
ENDS = {"shobun", "teishi"}


class Jikou(NamedTuple):
    """時効: one 徴収金 (本税 with its 延滞金, 督促手数料, 滞納処分費) and all that has touched its time.

    `moto_on` is the 法定納期限, or for the other two the day from which they could be collected.
    """

    shuunou_key: str
    kamoku: str
    moto_on: date
    jiyuu: tuple[Jiyuu, ...]


class Standing(NamedTuple):
    """時効の様子: on one day. `kansei_on` is the last day of the time, None while it cannot be told (差押中).

    `shinkou` is kisan_mae (起算前), shinkou (進行中), kanseiyuuyo (完成猶予中), teishi (進行停止中)
    or kansei (完成). `riyuu` says it in the words of the law of the day of the event (中断 or 更新).
    """

    kisan_on: date | None
    kansei_on: date | None
    shinkou: str
    nokori_days: int | None
    keikoku_days: int | None
    jiyuu: Jiyuu | None
    riyuu: str
    is_kansei: bool
    applied: Applied


Step = Outcome[Jikou] | Refusal


def start(shuunou_key: str, kamoku: str, moto_on: date) -> Step:
    """時効の起算: the day after `moto_on`. Refuses an unknown 科目 with R-524."""
    kamoku_known = schemas.load_toml("law/jikou")["kamoku"]
    if kamoku not in kamoku_known:
        return _unknown("徴収金の科目", kamoku_known, kamoku)
    jikou = Jikou(shuunou_key, kamoku, moto_on, ())
    return Outcome(jikou, (), (standing(jikou, moto_on).applied,))


def add(jikou: Jikou, jiyuu: Jiyuu) -> Step:
    """事由の登録: kept in the order of the days, however late it comes; what is known already changes nothing.

    Refuses with R-521 to R-524. A 事由 after completion is refused: the right is gone (18条2項).
    """
    if any(_repeats(jiyuu, one) for one in jikou.jiyuu):
        return Outcome(jikou, (), ())
    if (refused := _wrong(jikou, jiyuu)) is not None:
        return refused
    after = jikou._replace(
        jiyuu=tuple(sorted((*jikou.jiyuu, jiyuu), key=lambda one: (one.on, one.code, one.bangou)))
    )
    now = standing(after, jiyuu.on)
    renews = _kinds()[jiyuu.code]["kouka"] in RENEWS
    return Outcome(after, ("JikouRenewed" if renews else "JikouNoted",), (now.applied,))


def end(jikou: Jikou, code: str, bangou: str, on: date, is_torikeshi: bool = False) -> Step:
    """処分・猶予の終わり: 差押解除, end of 交付要求, early end of 猶予. `is_torikeshi`: ended by being annulled.

    Refuses with R-523 when there is no such one that is open on `on`.
    """
    found = [one for one in jikou.jiyuu if (one.code, one.bangou) == (code, bangou)]
    if found and (found[0].until, found[0].is_torikeshi) == (on, is_torikeshi):
        return Outcome(jikou, (), ())
    ends = code in _kinds() and _kinds()[code]["kouka"] in ENDS
    is_open = ends and bool(found) and found[0].on <= on and (found[0].until is None or on < found[0].until)
    if not is_open:
        return refusal(
            "R-523",
            f"時効の事由の終わり({on})",
            "続いている差押・交付要求・猶予(地方税法 第18条の2)",
            "番号の合う続いている事由がない",
            "番号と日を確かめる",
        )
    ended = found[0]._replace(until=on, is_torikeshi=is_torikeshi)
    rest = tuple(ended if one is found[0] else one for one in jikou.jiyuu)
    after = jikou._replace(jiyuu=rest)
    return Outcome(after, ("JikouHoldEnded",), (standing(after, on + DAY).applied,))


def standing(jikou: Jikou, on: date) -> Standing:
    """時効の様子: as it stands on `on`, from what had happened by then."""
    setting = rule(TABLE, on)
    run = count(jikou.moto_on, jikou.jiyuu, on, setting, _kinds())
    is_kansei = run.kansei_on is not None and run.kansei_on < on
    nokori = None if run.kansei_on is None or is_kansei else (run.kansei_on - on).days
    shinkou = "kansei" if is_kansei else run.shinkou
    return Standing(
        run.kisan_on,
        run.kansei_on,
        shinkou,
        nokori,
        _keikoku(nokori, setting),
        run.jiyuu,
        tell(run.jiyuu),
        is_kansei,
        _basis(jikou, run, on, shinkou, setting),
    )


def tell(jiyuu: Jiyuu | None) -> str:
    """事由の言い方: in the words of the law of its day: 中断・停止 until 2020-03-31, 更新・完成猶予 after."""
    if jiyuu is None:
        return "法定納期限等からの進行"
    words, kind = schemas.load_toml("law/jikou")["yougo"], _kinds()[jiyuu.code]
    old = "kyuu_" if jiyuu.on < words["kirikae_on"] else ""
    if kind["kouka"] == "teishi":
        return f"{kind['ja']}による進行の停止"
    if kind["kouka"] == "yuuyo":
        return f"{kind['ja']}による{words[old + 'kanseiyuuyo']}"
    return f"{kind['ja']}による{words[old + 'koushin']}" if kind["kouka"] in RENEWS else str(kind["ja"])


def keikoku_on(kansei_on: date, on: date) -> tuple[tuple[int, date], ...]:
    """警告の日: (days before, the day) of each warning still to come after `on`, soonest first."""
    days = sorted(rule(TABLE, on)["keikoku_days"], reverse=True)
    dated = tuple((each, kansei_on - DAY * each) for each in days)
    return tuple(one for one in dated if one[1] > on)


def _repeats(jiyuu: Jiyuu, known: Jiyuu) -> bool:
    """The same 事由 told again, also after its end has become known."""
    return known[:3] == jiyuu[:3] and (jiyuu.until is None or jiyuu.until == known.until)


def _kinds() -> Mapping[str, Any]:
    kinds: Mapping[str, Any] = schemas.load_toml("law/jikou")["jiyuu"]
    return kinds


def _keikoku(nokori: int | None, setting: Mapping[str, Any]) -> int | None:
    """The nearest threshold that has been reached, None when none has."""
    reached = [days for days in setting["keikoku_days"] if nokori is not None and nokori <= days]
    return min(reached, default=None)


def _basis(jikou: Jikou, run: Run, on: date, shinkou: str, setting: Mapping[str, Any]) -> Applied:
    """The provision of what the time now counts from; that of the 5年 when nothing has touched it."""
    kamoku = schemas.load_toml("law/jikou")["kamoku"][jikou.kamoku]
    provision = kamoku["provision"]
    if run.jiyuu is not None:
        kirikae_on = schemas.load_toml("law/jikou")["yougo"]["kirikae_on"]
        old = "kyuu_" if run.jiyuu.on < kirikae_on else ""
        provision = _kinds()[run.jiyuu.code][old + "provision"]
    inputs = {
        "moto_on": jikou.moto_on,
        "on": on,
        "years": setting["years"],
        "jiyuu": run.jiyuu.code if run.jiyuu else None,
        "jiyuu_on": run.jiyuu.on if run.jiyuu else None,
        "teishi_days": run.teishi_days,
    }
    return applied(
        provision,
        setting,
        inputs,
        {"kisan_on": run.kisan_on, "kansei_on": run.kansei_on, "shinkou": shinkou},
    )


def _wrong(jikou: Jikou, jiyuu: Jiyuu) -> Refusal | None:
    """Why this 事由 cannot be registered, or None."""
    kinds = _kinds()
    if jiyuu.code not in kinds:
        return _unknown("時効の事由", kinds, jiyuu.code)
    if len(jikou.jiyuu) >= rule(TABLE, jiyuu.on)["jiyuu_max"]:
        return refusal(
            "R-522",
            "時効の事由の登録",
            "上限の数まで(設定 jiyuu_max)",
            str(len(jikou.jiyuu)),
            "上限を見直す",
        )
    needs_until = kinds[jiyuu.code]["kouka"] in ("kokuchi", "teishi")
    same = any((one.code, one.bangou) == (jiyuu.code, jiyuu.bangou) for one in jikou.jiyuu)
    if same or (jiyuu.until is None and needs_until) or (jiyuu.until or jiyuu.on) < jiyuu.on:
        return refusal(
            "R-523",
            f"{kinds[jiyuu.code]['ja']}の日({jiyuu.on})",
            "番号が重ならず、終わりの日が始まりの日より前でない事由(地方税法 第18条の2)",
            f"番号 {jiyuu.bangou}、終わり {jiyuu.until}",
            "番号と日を確かめる",
        )
    before = standing(jikou, jiyuu.on)
    if before.is_kansei:
        return refusal(
            "R-521",
            f"{kinds[jiyuu.code]['ja']}({jiyuu.on})",
            "時効の完成の前(地方税法 第18条第1項・第2項)",
            f"{before.kansei_on} に完成",
            "徴収権は消滅している。不納欠損の手続をとる",
        )
    return None


def _unknown(what: str, known: Mapping[str, Any], found: str) -> Refusal:
    listed = "、".join(f"{code}({entry['ja']})" for code, entry in known.items())
    return refusal("R-524", what, f"{listed}(地方税法 第18条、第18条の2)", found, "コードを直して送り直す")
