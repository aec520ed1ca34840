"""延滞金の値: what a calculation takes in, and the whole of what it leaves.

Amounts are yen. Rates are 1/1000 percent a year. Days are counted at both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from state.facts import Applied
from state.law.entaikin_rules import Law, Rule, ZeimokuRule

INAI, ATO = "inai", "ato"


class Owed(NamedTuple):
    """未納額の移り: what is still owed of the tax itself after the business of `on`."""

    on: date
    after: int


class Waiver(NamedTuple):
    """減免・猶予: a kind of `schemas/law/entaikin.toml`, its days (both counted), the share that is waived.

    It is for no more of what is owed than `gendo_gaku` (円); None where it is for the whole.
    """

    kind: str
    from_on: date
    to_on: date
    bunshi: int = 1
    bunbo: int = 1
    gendo_gaku: int | None = None


class Bill(NamedTuple):
    """対象: one 期別, owed `zeigaku` when its 納期限 passed, and what happened to it since."""

    zeimoku_code: str
    zeigaku: int
    noukigen: date
    owed: tuple[Owed, ...] = ()
    waivers: tuple[Waiver, ...] = ()


class Segment(NamedTuple):
    """区分: days of one base and one rate. `bunshi`/`bunbo` is its exact yen, in lowest terms.

    `owed` is what was owed on its days, `bubun` the yen of it that the segment is about where its days
    have several (None: all of it), `kiso` their base. `rate` is the one applied, `usual` what it would have
    been; of the outcome the share `share_bunshi`/`share_bunbo` is taken. `kikan` is "inai" or "ato";
    `provision` is what the rate or the waiver rests on. Where all that is owed has no base there is no rate,
    and `provision` is that of the base.
    """

    from_on: date
    to_on: date
    days: int
    owed: int
    kiso: int
    kikan: str
    usual: int
    rate: int
    waiver: str
    provision: str
    share_bunshi: int
    share_bunbo: int
    bunshi: int
    bunbo: int
    bubun: int | None = None

    @property
    def exact(self) -> Fraction:
        """端数処理前の額: in yen."""
        return Fraction(self.bunshi, self.bunbo)

    @property
    def yen(self) -> int:
        """円未満を切り捨てた額: in yen."""
        return self.bunshi // self.bunbo


def by_days(segments: tuple[Segment, ...]) -> Iterator[tuple[Segment, ...]]:
    """日ごとにまとめた区分: the segments of the same days, which are the parts of one amount owed, together."""
    for _, same in groupby(segments, key=lambda segment: segment.from_on):
        yield tuple(same)


def parts_of(parts: Sequence[Segment]) -> tuple[tuple[str, int, int], ...]:
    """部分の姿: by what each part is waived, its yen and their base; nothing where there is one part alone."""
    return tuple((part.waiver, part.bubun, part.kiso) for part in parts if part.bubun is not None)


class Entaikin(NamedTuple):
    """延滞金: the whole calculation, with the rule that it was made by.

    `bunshi`/`bunbo` is the exact sum of the segments, `goukei` the yen before 確定, `kakutei` the 延滞金.
    """

    bill: Bill
    on: date
    kisanbi: date
    months: int
    inai_to_on: date
    segments: tuple[Segment, ...]
    rule: Rule
    bunshi: int
    bunbo: int
    goukei: int
    kakutei: int
    applied: tuple[Applied, ...]

    @property
    def exact(self) -> Fraction:
        """端数処理前の合計: in yen."""
        return Fraction(self.bunshi, self.bunbo)


class Frame(NamedTuple):
    """計算の枠: what stays the same through one calculation."""

    bill: Bill
    on: date
    law: Law
    rule: Rule
    zeimoku: ZeimokuRule
    kisanbi: date
    inai_to_on: date
