"""収納の動き: one change of what one 期別 owes or has paid, in the books of one 会計年度; the input of all sums.

`choutei_nendo` is the 会計年度 to which the 調定 belongs, `kaikei_nendo` that in whose books this movement stands:
equal for 現年, later for 滞繰. A receipt and its reversal, both sides of a 充当, every 科目: movements apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from state.law.joubun import cite
from state.law.kaikei import GENNEN, TAIKURI
from state.law.rules import rule
from state.law.uchiwake import KAMOKU
from state.reasons import Refusal, refusal

CHOUTEI, KOUSEI = "choutei", "kousei"
SHUUNOU, TORIKESHI, KANPU = "shuunou", "torikeshi", "kanpu"
JUUTOU_OUT, JUUTOU_IN, KESSON, SHOUMETSU = "juutou_out", "juutou_in", "kesson", "shoumetsu"
OWED = {
    CHOUTEI: 1,
    KOUSEI: 1,
    SHUUNOU: -1,
    TORIKESHI: 1,
    KANPU: 1,
    JUUTOU_OUT: 1,
    JUUTOU_IN: -1,
    KESSON: -1,
    SHOUMETSU: -1,
}
"""種類: every kind, with the sign by which it changes what is owed.

A 消滅 that is written off is `kesson`, one that is not is `shoumetsu`: never both.
"""


class Movement(NamedTuple):
    """収納の動き: whole yen. `channel` is the way the money came in, or "".

    Only a 更正 may be negative, and a 還付 whose decision is withdrawn: the money never left the city.
    """

    on: date
    shuunou_key: str
    fuka_nendo: int
    choutei_nendo: int
    kaikei_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    kind: str
    kamoku: str
    channel: str
    kingaku: int

    @property
    def change(self) -> int:
        """未納の増減: by which the movement changes what is owed, in yen."""
        return OWED[self.kind] * self.kingaku

    @property
    def kubun(self) -> str:
        """現年・滞繰の別: in the books where it stands."""
        return GENNEN if self.kaikei_nendo == self.choutei_nendo else TAIKURI


def check(movement: Movement) -> Refusal | None:
    """動きの検査: R-436 for a kind or 科目 that is none, a negative amount, or books before those of the 調定."""
    found = ""
    if movement.kind not in OWED:
        found = "一覧にない種類"
    elif movement.kamoku not in KAMOKU:
        found = "一覧にない科目"
    elif movement.kingaku < 0 and movement.kind not in (KOUSEI, KANPU):
        found = "負の額"
    elif movement.kaikei_nendo < movement.choutei_nendo:
        found = "調定より前の会計年度"
    if not found:
        return None
    article = cite(rule("kaikei", movement.on), "nendo")
    expected = f"一覧の種類と科目、0円以上(更正と還付の取消しを除く)、調定以後の年度({article})"
    return refusal("R-436", "収納の動き", expected, found, "動きを作った元を確かめる")


def check_all(movements: Iterable[Movement]) -> tuple[Refusal, ...]:
    """動きの検査(全件): every refusal, in order; 充当 that goes out on a day and does not come in is one too."""
    found: list[Refusal] = []
    apart: dict[date, int] = {}
    for movement in movements:
        wrong = check(movement)
        if wrong is not None:
            found.append(wrong)
        elif movement.kind in (JUUTOU_OUT, JUUTOU_IN):
            apart[movement.on] = apart.get(movement.on, 0) + movement.change
    for day, yen in sorted(apart.items()):
        if yen:
            expected = f"充当の出と入が同じ額({cite(rule('kanpu', day), 'juutou')})"
            found.append(
                refusal("R-436", f"{day}の充当", expected, f"{yen}円の差", "充当の両側を一度に記帳する")
            )
    return tuple(found)
