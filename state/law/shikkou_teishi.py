"""執行停止: 滞納処分の執行の停止 of one 期別, its effects, and the extinction to which it leads.

地方税法15条の7 (要件, 3年の継続, 即時消滅), 15条の8 (取消し), 15条の9 (延滞金の免除). 時効 goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import schemas
from state.law.kikan import DAY, end_of
from state.law.rules import Outcome, applied, rule
from state.reasons import Refusal, refusal

TABLE = "shikkou_teishi"
STOPPED, CANCELLED, EXTINCT_3, EXTINCT_NOW = "teishi", "torikeshi", "shoumetsu_sannen", "shoumetsu_sokuji"
_JA = {
    STOPPED: "停止中",
    CANCELLED: "停止の取消し済み",
    EXTINCT_3: "3年の継続により消滅",
    EXTINCT_NOW: "即時消滅",
}


class ShikkouTeishi(NamedTuple):
    """執行停止: of one 期別. `manryou_on` is the last of the three years, `shoumetsu_on` the first day extinct."""

    shuunou_key: str
    joutai: str
    jiyuu: str
    teishi_on: date
    manryou_on: date
    torikeshi_on: date | None
    shoumetsu_on: date | None


class MenjoKikan(NamedTuple):
    """延滞金の免除の期間: both days are of it; in full (15条の9第1項)."""

    kara: date
    made: date


Step = Outcome[ShikkouTeishi] | Refusal


def start(before: ShikkouTeishi | None, shuunou_key: str, jiyuu: str, on: date, has_sashiosae: bool) -> Step:
    """停止する: on one of three grounds. `before` is the last one of this 期別, None when there was none.

    Refuses with R-526, or R-527 when it is stopped or extinct already. On ground 2 a 差押 must be released
    (SashiosaeKaijoBecameDue, 15条の7第3項).
    """
    law, known = rule(TABLE, on), _known()
    if jiyuu not in known:
        listed = "、".join(f"{code}号({entry['ja']})" for code, entry in known.items())
        return refusal(
            "R-526", "執行停止の事由", f"{listed}(地方税法 第15条の7第1項)", jiyuu, "事由を直して送り直す"
        )
    if before is not None and (before.torikeshi_on is None or on < before.torikeshi_on):
        return _not_now("執行停止", on, "停止していない期別(地方税法 第15条の7第1項)", before)
    manryou_on = end_of(on + DAY, law["months"])
    stopped = ShikkouTeishi(shuunou_key, STOPPED, jiyuu, on, manryou_on, None, None)
    bases = [applied(known[jiyuu]["provision"], law, {"jiyuu": jiyuu, "on": on}, {"manryou_on": manryou_on})]
    happened: tuple[str, ...] = ("ShikkouTeishiDecided",)
    if has_sashiosae and jiyuu in law["kaijo_jiyuu"]:
        happened += ("SashiosaeKaijoBecameDue",)
        bases.append(applied("chihouzeihou-15_7-3", law, {"jiyuu": jiyuu}, {"is_kaijo": True}))
    return Outcome(stopped, happened, tuple(bases))


def cancel(teishi: ShikkouTeishi, on: date) -> Step:
    """停止の取消し: within the three years, when no ground holds any more (15条の8). Refuses with R-527 or R-529."""
    if teishi.joutai != STOPPED:
        return _not_now("執行停止の取消し", on, "停止中(地方税法 第15条の8)", teishi)
    if not teishi.teishi_on <= on <= teishi.manryou_on:
        return _wrong_day("執行停止の取消し", on, teishi)
    after = teishi._replace(joutai=CANCELLED, torikeshi_on=on)
    basis = applied("chihouzeihou-15_8", rule(TABLE, on), {"on": on}, {"joutai": CANCELLED})
    return Outcome(after, ("ShikkouTeishiCancelled",), (basis,))


def reach(teishi: ShikkouTeishi, kijunbi: date) -> Outcome[ShikkouTeishi]:
    """日の到来: the duty is extinct on the day after the three years are full; nothing else changes."""
    if teishi.joutai != STOPPED or kijunbi <= teishi.manryou_on:
        return Outcome(teishi, (), ())
    after = teishi._replace(joutai=EXTINCT_3, shoumetsu_on=teishi.manryou_on + DAY)
    law = rule(TABLE, teishi.teishi_on)
    inputs = {"teishi_on": teishi.teishi_on, "months": law["months"], "manryou_on": teishi.manryou_on}
    basis = applied("chihouzeihou-15_7-4", law, inputs, {"shoumetsu_on": after.shoumetsu_on})
    return Outcome(after, ("NouzeiGimuExtinguished",), (basis,))


def sokuji(teishi: ShikkouTeishi, on: date, is_akiraka: bool) -> Step:
    """即時消滅: only on ground 1, and when clearly nothing can be collected (15条の7第5項). R-527, R-528, R-529."""
    if teishi.joutai != STOPPED:
        return _not_now("即時消滅", on, "停止中(地方税法 第15条の7第5項)", teishi)
    if not teishi.teishi_on <= on <= teishi.manryou_on:
        return _wrong_day("即時消滅", on, teishi)
    law = rule(TABLE, on)
    if teishi.jiyuu not in law["sokuji_jiyuu"] or not is_akiraka:
        return refusal(
            "R-528",
            f"即時消滅({on})",
            "1号で停止し、徴収できないことが明らかな場合(地方税法 第15条の7第5項)",
            f"{teishi.jiyuu}号、明らかである: {'はい' if is_akiraka else 'いいえ'}",
            "3年の継続を待つか、事由を改める",
        )
    after = teishi._replace(joutai=EXTINCT_NOW, shoumetsu_on=on)
    inputs = {"jiyuu": teishi.jiyuu, "is_akiraka": is_akiraka}
    basis = applied("chihouzeihou-15_7-5", law, inputs, {"shoumetsu_on": on})
    return Outcome(after, ("NouzeiGimuExtinguishedAtOnce",), (basis,))


def is_stopped(teishi: ShikkouTeishi | None, on: date) -> bool:
    """停止中か: on that day no 督促, 差押 or 交付要求 goes forward."""
    if teishi is None or on < teishi.teishi_on:
        return False
    ends = teishi.torikeshi_on or teishi.shoumetsu_on
    return ends is None or on < ends


def menjo_kikan(teishi: ShikkouTeishi, on: date) -> Outcome[MenjoKikan | None]:
    """延滞金の免除: the days of the stop, up to `on` or the day before it ended; None when there is none."""
    ends = teishi.torikeshi_on or teishi.shoumetsu_on
    made = on if ends is None else min(on, ends - DAY)
    kikan = MenjoKikan(teishi.teishi_on, made) if teishi.teishi_on <= made else None
    inputs = {"teishi_on": teishi.teishi_on, "torikeshi_on": teishi.torikeshi_on, "on": on}
    outputs = {"kara": kikan.kara if kikan else None, "made": kikan.made if kikan else None}
    return Outcome(kikan, (), (applied("chihouzeihou-15_9-1", rule(TABLE, on), inputs, outputs),))


def _known() -> Mapping[str, Any]:
    known: Mapping[str, Any] = schemas.load_toml("law/shikkou_teishi")["jiyuu"]
    return known


def _not_now(what: str, on: date, expected: str, teishi: ShikkouTeishi) -> Refusal:
    return refusal("R-527", f"{what}({on})", expected, _JA[teishi.joutai], "執行停止の登録を確かめる")


def _wrong_day(what: str, on: date, teishi: ShikkouTeishi) -> Refusal:
    expected = f"{teishi.teishi_on} から {teishi.manryou_on} まで(地方税法 第15条の7第4項)"
    return refusal("R-529", what, expected, str(on), "日を確かめる")
