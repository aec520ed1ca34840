"""内訳: yen apart by 科目: 本税, 督促手数料, 延滞金, 滞納処分費."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Uchiwake(NamedTuple):
    """内訳: whole yen of each 科目."""

    honzei: int = 0
    tokusoku_tesuuryou: int = 0
    entaikin: int = 0
    shobunhi: int = 0

    @property
    def goukei(self) -> int:
        """合計: in yen."""
        return self.honzei + self.tokusoku_tesuuryou + self.entaikin + self.shobunhi

    @property
    def has_negative(self) -> bool:
        """負の額があるか: in any 科目."""
        return min(self) < 0


KAMOKU = Uchiwake._fields
KAMOKU_JA = dict(zip(KAMOKU, ("本税", "督促手数料", "延滞金", "滞納処分費"), strict=True))


def uchiwake_of(amounts: Iterable[tuple[str, int]]) -> Uchiwake:
    """内訳を作る: sums yen by the name of the 科目. Raises KeyError for a name that is none."""
    found = dict.fromkeys(KAMOKU, 0)
    for kamoku, kingaku in amounts:
        found[kamoku] += kingaku
    return Uchiwake(**found)
