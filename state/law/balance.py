"""均衡: yen conserved. What was assessed, less what was received, applied and written off, is what is owed.

Per 調定年度 × 税目 × 期別 × 収納キー, apart for each 科目, exact integers:
Σ調定 + Σ更正 − Σ収納 + Σ取消 + Σ還付 + Σ充当出 − Σ充当入 − Σ不納欠損 − Σ消滅 = 未納 − 過誤納.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from state.law.movement import OWED, Movement


class Key(NamedTuple):
    """均衡の単位: one 科目 of one 期別."""

    choutei_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    shuunou_key: str
    kamoku: str


class Balance(NamedTuple):
    """均衡の各項: sums of yen by kind; the last line is what follows from them."""

    choutei: int = 0
    kousei: int = 0
    shuunou: int = 0
    torikeshi: int = 0
    kanpu: int = 0
    juutou_out: int = 0
    juutou_in: int = 0
    kesson: int = 0
    shoumetsu: int = 0

    @property
    def zandaka(self) -> int:
        """残高: what is owed; below zero, what was received too much."""
        return sum(sign * yen for sign, yen in zip(OWED.values(), self, strict=True))

    @property
    def minou(self) -> int:
        """未納: in yen, never negative."""
        return max(self.zandaka, 0)

    @property
    def kagonou(self) -> int:
        """過誤納: in yen, never negative."""
        return max(-self.zandaka, 0)


class Difference(NamedTuple):
    """不一致: a key whose stated balance is not the computed one."""

    key: Key
    computed: int
    stated: int


class Verdict(NamedTuple):
    """判定: differences in yen and in 収納キー; 充当 that went out and did not come in. All zero, or it fails."""

    differences: tuple[Difference, ...]
    yen: int
    accounts: int
    juutou_apart: int

    @property
    def is_balanced(self) -> bool:
        """均衡しているか: nothing differs."""
        return not self.differences and self.juutou_apart == 0


class Carried(NamedTuple):
    """年度の均衡: opening + change = closing, of one 会計年度; a closing is the opening of the next."""

    nendo: int
    opening: int
    change: int
    closing: int


def key_of(movement: Movement) -> Key:
    """均衡の単位を求める: of a movement."""
    return Key(
        movement.choutei_nendo,
        movement.zeimoku_code,
        movement.kibetsu_code,
        movement.shuunou_key,
        movement.kamoku,
    )


def balances(movements: Iterable[Movement]) -> dict[Key, Balance]:
    """均衡の計算: the sums of every key. Raises KeyError for a kind that is none (`movement.check` first)."""
    place = {kind: at for at, kind in enumerate(OWED)}
    sums: dict[Key, list[int]] = {}
    for movement in movements:
        sums.setdefault(key_of(movement), [0] * len(place))[place[movement.kind]] += movement.kingaku
    return {key: Balance(*yen) for key, yen in sums.items()}


def judge(movements: Iterable[Movement], stated: Mapping[Key, int]) -> Verdict:
    """均衡の判定: `stated` is what the ledger says is owed (negative: 過誤納) of each key; none stated is 0."""
    computed = balances(movements)
    apart = sum(total.juutou_out - total.juutou_in for total in computed.values())
    found = tuple(_differences(computed, stated))
    yen = sum(abs(one.computed - one.stated) for one in found)
    return Verdict(found, yen, len({one.key.shuunou_key for one in found}), apart)


def _differences(computed: Mapping[Key, Balance], stated: Mapping[Key, int]) -> Iterator[Difference]:
    for key in sorted({*computed, *stated}):
        ours = computed[key].zandaka if key in computed else 0
        if ours != stated.get(key, 0):
            yield Difference(key, ours, stated.get(key, 0))


def by_nendo(movements: Iterable[Movement]) -> dict[Key, tuple[Carried, ...]]:
    """年度ごとの均衡: for each key, every 会計年度 with a movement, earliest first."""
    changes: dict[Key, dict[int, int]] = {}
    for movement in movements:
        years = changes.setdefault(key_of(movement), {})
        years[movement.kaikei_nendo] = years.get(movement.kaikei_nendo, 0) + movement.change
    return {key: tuple(_carried(years)) for key, years in changes.items()}


def _carried(years: Mapping[int, int]) -> Iterator[Carried]:
    opening = 0
    for nendo in sorted(years):
        yield Carried(nendo, opening, years[nendo], opening + years[nendo])
        opening += years[nendo]
