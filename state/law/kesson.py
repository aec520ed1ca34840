"""不納欠損: striking from the books what the law has already extinguished. It extinguishes nothing itself.

Three ways, kept apart: 時効 (18条), 執行停止の3年 (15条の7第4項), 即時 (15条の7第5項).
Without the ground of its way it is refused.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.law.jikou import Jikou, standing
from state.law.kikan import DAY
from state.law.rules import Outcome, applied, rule
from state.law.shikkou_teishi import EXTINCT_3, EXTINCT_NOW, ShikkouTeishi
from state.reasons import Refusal, refusal

JIKOU, SANNEN, SOKUJI = "jikou", "sannen", "sokuji"
WAYS = {
    JIKOU: ("FunouKessonByJikouBooked", "chihouzeihou-18-1", "R-531", "時効の完成(地方税法 第18条第1項)"),
    SANNEN: (
        "FunouKessonBySannenBooked",
        "chihouzeihou-15_7-4",
        "R-532",
        "執行停止の3年の継続(地方税法 第15条の7第4項)",
    ),
    SOKUJI: (
        "FunouKessonBySokujiBooked",
        "chihouzeihou-15_7-5",
        "R-533",
        "即時消滅(地方税法 第15条の7第5項)",
    ),
}
BOOKED, REVERSED = "kesson", "torikeshi"


class FunouKesson(NamedTuple):
    """不納欠損: of one 期別. `shoumetsu_on` is the day on which the duty had become extinct."""

    shuunou_key: str
    joutai: str
    houhou: str
    kesson_on: date
    shoumetsu_on: date
    kingaku: int
    torikeshi_on: date | None


class Ground(NamedTuple):
    """不納欠損の根拠: what is known of 時効 and 執行停止 of this 期別, and what is owed (円)."""

    jikou: Jikou | None
    teishi: ShikkouTeishi | None
    minou_gaku: int


Step = Outcome[FunouKesson] | Refusal


def book(
    before: FunouKesson | None, shuunou_key: str, houhou: str, kingaku: int, ground: Ground, on: date
) -> Step:
    """不納欠損にする: `houhou` is jikou, sannen or sokuji. Refuses with R-531 to R-534, or R-536.

    Raises KeyError for another `houhou`: that is a closed list of ours, not input of the office.
    """
    kind, provision, code, expected = WAYS[houhou]
    if before is not None and (before.joutai == BOOKED or on < (before.torikeshi_on or on)):
        return refusal(
            "R-534",
            f"不納欠損({on})",
            "欠損していない期別(地方税法 第18条、第15条の7)",
            f"{before.kesson_on} に欠損、状態 {before.joutai}",
            "先の欠損を取り消すか、この異動を取り下げる",
        )
    shoumetsu_on = _extinct_on(houhou, ground, on)
    if shoumetsu_on is None or on < shoumetsu_on:
        found = f"消滅は {shoumetsu_on}" if shoumetsu_on else "消滅していない"
        return refusal(code, f"不納欠損({on})", expected, found, "根拠となる消滅を確かめる")
    if not 0 < kingaku <= ground.minou_gaku:
        return refusal(
            "R-536",
            f"不納欠損の額({on})",
            f"1円から未納額 {ground.minou_gaku} 円まで({expected})",
            f"{kingaku} 円",
            "額を確かめる",
        )
    after = FunouKesson(shuunou_key, BOOKED, houhou, on, shoumetsu_on, kingaku, None)
    inputs = {"houhou": houhou, "shoumetsu_on": shoumetsu_on, "minou_gaku": ground.minou_gaku}
    entry = rule("jikou" if houhou == JIKOU else "shikkou_teishi", on)
    return Outcome(after, (kind,), (applied(provision, entry, inputs, {"kingaku": kingaku}),))


def reverse(kesson: FunouKesson | None, on: date) -> Step:
    """欠損の取消し: when the ground turns out not to have been there. A fact of its own. Refuses with R-535."""
    if kesson is None or kesson.joutai != BOOKED or on < kesson.kesson_on:
        found = f"状態 {kesson.joutai}、欠損 {kesson.kesson_on}" if kesson else "欠損がない"
        return refusal(
            "R-535", f"欠損の取消し({on})", "欠損済みの期別(市の取扱い)", found, "欠損の登録を確かめる"
        )
    after = kesson._replace(joutai=REVERSED, torikeshi_on=on)
    entry = rule("jikou" if kesson.houhou == JIKOU else "shikkou_teishi", on)
    inputs = {"houhou": kesson.houhou, "kesson_on": kesson.kesson_on}
    basis = applied("shi-toriatsukai", entry, inputs, {"kingaku": kesson.kingaku})
    return Outcome(after, ("FunouKessonReversed",), (basis,))


def _extinct_on(houhou: str, ground: Ground, on: date) -> date | None:
    """The day on which the duty had become extinct in this way, None when it had not."""
    if houhou == JIKOU:
        now = standing(ground.jikou, on) if ground.jikou is not None else None
        return now.kansei_on + DAY if now is not None and now.is_kansei and now.kansei_on else None
    teishi = ground.teishi
    if teishi is None or teishi.joutai != {SANNEN: EXTINCT_3, SOKUJI: EXTINCT_NOW}[houhou]:
        return None
    return teishi.shoumetsu_on
