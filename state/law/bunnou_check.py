"""分納の値と要件: the plan itself, and what it must satisfy."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import NamedTuple

import schemas
from state.law.kikan import DAY, end_of
from state.reasons import Refusal, refusal

ACTIVE, COMPLETED, DEFAULTED, CANCELLED = "rikou", "kannou", "furikou", "torikeshi"
_JA = {ACTIVE: "履行中", COMPLETED: "完納", DEFAULTED: "不履行", CANCELLED: "取消し済み"}


class Kai(NamedTuple):
    """分納の一回: its number, its day, what is to be paid and what has been (円)."""

    bangou: int
    kijitsu: date
    kingaku: int
    noufu_gaku: int


class Bunnou(NamedTuple):
    """分納: one plan. Always the sum of its 回 is `kingaku`."""

    bunnou_bangou: str
    konkyo: str
    joutai: str
    kingaku: int
    keiyaku_on: date
    kai: tuple[Kai, ...]
    enchou_kaisuu: int
    torikeshi_on: date | None
    updated_on: date

    @property
    def noufu_gaku(self) -> int:
        """分納で納めた額 (円)."""
        return sum(one.noufu_gaku for one in self.kai)

    @property
    def nokori_gaku(self) -> int:
        """残りの額 (円)."""
        return self.kingaku - self.noufu_gaku


def konkyo(code: str) -> Refusal | None:
    """根拠の検査: R-546 for a code that is not in `schemas/law/bunnou.toml`."""
    known = schemas.load_toml("law/bunnou")["konkyo"]
    if code in known:
        return None
    listed = "、".join(f"{each}({entry['ja']})" for each, entry in known.items())
    return refusal("R-546", "分納の根拠", f"{listed}(地方税法 第15条第3項、市の取扱い)", code, "根拠を直す")


def shape(kai: tuple[Kai, ...], on: date) -> Refusal | None:
    """計画の形: R-546 unless there is a 回, each of 1円 or more, on days that rise and are not before `on`."""
    days = [one.kijitsu for one in kai]
    rises = all(before < after for before, after in pairwise(days))
    if kai and rises and on <= days[0] and all(one.kingaku > 0 for one in kai):
        return None
    return refusal(
        "R-546",
        f"分納の計画({on})",
        f"{on} 以後の順に並ぶ期日と、1円以上の額(市の取扱い)",
        f"{len(kai)} 回、期日 {'、'.join(str(day) for day in days[:3])}",
        "計画を作り直す",
    )


def total(kai: tuple[Kai, ...], kingaku: int) -> Refusal | None:
    """計画の計: R-544 unless the parts sum to what is to be paid."""
    planned = sum(one.kingaku for one in kai)
    if planned == kingaku:
        return None
    return refusal(
        "R-544",
        "分納の額の計",
        f"{kingaku} 円(地方税法 第15条第3項、市の取扱い)",
        f"{planned} 円(差 {planned - kingaku} 円)",
        "各回の額を直す",
    )


def limits(kai: tuple[Kai, ...], kara: date, kaisuu_max: int, months_max: int) -> Refusal | None:
    """回数と期間の上限: R-545. The months are counted from the day after `kara`."""
    last = end_of(kara + DAY, months_max)
    if len(kai) <= kaisuu_max and kai[-1].kijitsu <= last:
        return None
    return refusal(
        "R-545",
        "分納の回数・期間",
        f"{kaisuu_max} 回、{last} まで(市の取扱い)",
        f"{len(kai)} 回、{kai[-1].kijitsu} まで",
        "計画を縮める",
    )


def extensions(bunnou: Bunnou, enchou_max: int, on: date) -> Refusal | None:
    """延長の上限: R-545 when it has been extended as often as the setting allows."""
    if bunnou.enchou_kaisuu < enchou_max:
        return None
    return refusal(
        "R-545",
        f"分納の延長({on})",
        f"延長 {enchou_max} 回まで(市の取扱い)",
        f"{bunnou.enchou_kaisuu} 回延長済み",
        "取り消して、改めて分納とする",
    )


def not_now(what: str, on: date, expected: str, bunnou: Bunnou) -> Refusal:
    """分納の状態の拒否: R-547."""
    found = f"{_JA[bunnou.joutai]}({bunnou.updated_on})"
    return refusal("R-547", f"{what}({on})", f"{expected}(市の取扱い)", found, "分納の登録を確かめる")
