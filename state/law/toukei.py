"""収納統計: 日計, 月計, 年計 and the sums by 年度 × 税目 × 期別 × 入手方法, and the rate of collection.

All are sums of the same movements under different keys, so they reconcile: 日計 add up to 月計, 月計 to 年計. A 会計年度
has months until its closing in the next May, and its 月計 are told apart from those of the year that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from state.facts import Applied
from state.law.joubun import by
from state.law.kaikei import GENNEN, KUBUN_JA, TAIKURI, heisa_on
from state.law.movement import (
    CHOUTEI,
    JUUTOU_IN,
    JUUTOU_OUT,
    KANPU,
    KESSON,
    KOUSEI,
    OWED,
    SHOUMETSU,
    SHUUNOU,
    TORIKESHI,
    Movement,
)
from state.law.rules import rule

NOZOKU, KIRISUTE = "nozoku", "kirisute"
Row = TypeVar("Row", bound=tuple[object, ...])
Sum = TypeVar("Sum", bound=tuple[object, ...])
RitsuSums = dict[tuple[str, str], tuple[int, int, int]]


class Tally(NamedTuple):
    """集計: yen by kind, and the number of receipts."""

    choutei: int = 0
    kousei: int = 0
    shuunou: int = 0
    torikeshi: int = 0
    kanpu: int = 0
    juutou_out: int = 0
    juutou_in: int = 0
    kesson: int = 0
    shoumetsu: int = 0
    kensuu: int = 0

    @property
    def shuunyuu(self) -> int:
        """収入済額: received, less what was reversed, paid back or moved away, with what was moved here."""
        return self.shuunou - self.torikeshi - self.kanpu - self.juutou_out + self.juutou_in


class NikkeiKey(NamedTuple):
    """日計の単位: a day, the books, 現年 or 滞繰, 税目, 科目 and 入手方法."""

    on: date
    kaikei_nendo: int
    kubun: str
    zeimoku_code: str
    kamoku: str
    channel: str


class GekkeiKey(NamedTuple):
    """月計の単位: a calendar month, else as 日計."""

    year: int
    month: int
    kaikei_nendo: int
    kubun: str
    zeimoku_code: str
    kamoku: str
    channel: str


class NenkeiKey(NamedTuple):
    """年計の単位: a 会計年度, else as 日計."""

    kaikei_nendo: int
    kubun: str
    zeimoku_code: str
    kamoku: str
    channel: str


class ToukeiKey(NamedTuple):
    """収納統計の単位: the books, the year of the 調定, 賦課年度, 税目, 期別, 科目 and 入手方法."""

    kaikei_nendo: int
    choutei_nendo: int
    fuka_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    kamoku: str
    channel: str


class Ritsu(NamedTuple):
    """収納率: in 1/10000 (9876 is 98.76%), None without 調定; numerator and denominator in yen, and why."""

    kaikei_nendo: int
    kubun: str
    zeimoku_code: str
    choutei_gaku: int
    shuunyuu_gaku: int
    kanpu_misai: int
    ritsu: int | None
    applied: Applied

    @property
    def hyouki(self) -> str:
        """率の表記: `98.76%`, `−` without 調定."""
        if self.ritsu is None:
            return "−"
        sign, whole = "-" if self.ritsu < 0 else "", abs(self.ritsu)
        return f"{KUBUN_JA[self.kubun]} {sign}{whole // 100}.{whole % 100:02d}%"


def nikkei(movements: Iterable[Movement]) -> dict[NikkeiKey, Tally]:
    """日計: by the day of the movement."""
    return _sums(
        movements, lambda m: NikkeiKey(m.on, m.kaikei_nendo, m.kubun, m.zeimoku_code, m.kamoku, m.channel)
    )


def gekkei(movements: Iterable[Movement]) -> dict[GekkeiKey, Tally]:
    """月計: by calendar month; April and May may hold two 会計年度."""
    return _sums(
        movements,
        lambda m: GekkeiKey(
            m.on.year, m.on.month, m.kaikei_nendo, m.kubun, m.zeimoku_code, m.kamoku, m.channel
        ),
    )


def nenkei(movements: Iterable[Movement]) -> dict[NenkeiKey, Tally]:
    """年計: by 会計年度."""
    return _sums(
        movements, lambda m: NenkeiKey(m.kaikei_nendo, m.kubun, m.zeimoku_code, m.kamoku, m.channel)
    )


def toukei(movements: Iterable[Movement]) -> dict[ToukeiKey, Tally]:
    """収納統計: by 年度 × 税目 × 期別 × 科目 × 入手方法."""
    return _sums(
        movements,
        lambda m: ToukeiKey(
            m.kaikei_nendo,
            m.choutei_nendo,
            m.fuka_nendo,
            m.zeimoku_code,
            m.kibetsu_code,
            m.kamoku,
            m.channel,
        ),
    )


def _sums(movements: Iterable[Movement], key: Callable[[Movement], Row]) -> dict[Row, Tally]:
    place = {kind: at for at, kind in enumerate(OWED)}
    sums: dict[Row, list[int]] = {}
    for movement in movements:
        row = sums.setdefault(key(movement), [0] * len(Tally._fields))
        row[place[movement.kind]] += movement.kingaku
        row[-1] += movement.kind == SHUUNOU
    return {at: Tally(*sums[at]) for at in sorted(sums)}


def folded(rows: Mapping[Row, Tally], key: Callable[[Row], Sum]) -> dict[Sum, Tally]:
    """まとめ直し: finer rows added up under a coarser key, so that totals can be held against each other."""
    sums: dict[Sum, list[int]] = {}
    for row, tally in rows.items():
        place = sums.setdefault(key(row), [0] * len(tally))
        for at, yen in enumerate(tally):
            place[at] += yen
    return {at: Tally(*yen) for at, yen in sums.items()}


def disagreements(
    days: Mapping[NikkeiKey, Tally], months: Mapping[GekkeiKey, Tally]
) -> tuple[GekkeiKey, ...]:
    """日計と月計の不一致: the months whose days do not add up to them; empty when all do."""
    added = folded(days, lambda day: GekkeiKey(day.on.year, day.on.month, *day[1:]))
    found = {key for key in {*added, *months} if added.get(key) != months.get(key)}
    return tuple(sorted(found))


class _Account(NamedTuple):
    """What one 期別 came to in one 会計年度: 調定 (with what was carried over), 収入, and what is 還付未済."""

    choutei: int
    shuunyuu: int
    misai: int


def shuunou_ritsu(movements: Iterable[Movement], nendo: int) -> tuple[Ritsu, ...]:
    """収納率: of the 本税 of one 会計年度, by 現年・滞繰 and 税目.

    収入済額 (less 還付未済額, by setting) ÷ 調定額 × 10000, rounded by setting. The 調定額 of 滞繰 is what was
    carried over, with the year's 更正; 不納欠損 does not lessen it. What was received too much in earlier years
    and goes out in this one is expenditure, not less revenue.
    """
    return ritsu_of(nendo, ritsu_sums(movements, nendo))


def ritsu_sums(movements: Iterable[Movement], nendo: int) -> RitsuSums:
    """収納率の元: 調定, 収入 and 還付未済 by kind and 税目; sums of whole accounts may be added to one another."""
    sums: dict[tuple[str, str], list[int]] = {}
    for place, account in _accounts(movements, nendo):
        row = sums.setdefault(place, [0, 0, 0])
        for at, yen in enumerate(account):
            row[at] += yen
    return {place: (row[0], row[1], row[2]) for place, row in sums.items()}


def ritsu_of(nendo: int, sums: RitsuSums) -> tuple[Ritsu, ...]:
    """率にする: in the order of kinds and 税目."""
    return tuple(_rate(nendo, *place, *sums[place]) for place in sorted(sums))


def _accounts(movements: Iterable[Movement], nendo: int) -> Iterable[tuple[tuple[str, str], _Account]]:
    kept: dict[tuple[int, str, str], list[Movement]] = {}
    for movement in movements:
        if movement.kamoku == "honzei" and movement.kaikei_nendo <= nendo:
            key = (movement.choutei_nendo, movement.zeimoku_code, movement.shuunou_key)
            kept.setdefault(key, []).append(movement)
    for (choutei_nendo, zeimoku, _), of_account in kept.items():
        kubun = GENNEN if choutei_nendo == nendo else TAIKURI
        yield (kubun, zeimoku), _account(of_account, nendo)


def _account(movements: Iterable[Movement], nendo: int) -> _Account:
    opening, yen = 0, dict.fromkeys(OWED, 0)
    for movement in movements:
        if movement.kaikei_nendo < nendo:
            opening += movement.change
        else:
            yen[movement.kind] += movement.kingaku
    owed = max(opening, 0) + yen[CHOUTEI] + yen[KOUSEI]
    earlier = min(max(-opening, 0), yen[KANPU] + yen[JUUTOU_OUT])
    received = yen[SHUUNOU] - yen[TORIKESHI] - yen[KANPU] - yen[JUUTOU_OUT] + yen[JUUTOU_IN] + earlier
    misai = max(received + yen[KESSON] + yen[SHOUMETSU] - max(owed, 0), 0)
    return _Account(owed, received, min(misai, max(received, 0)))


def _rate(nendo: int, kubun: str, zeimoku: str, choutei: int, shuunyuu: int, misai: int) -> Ritsu:
    entry = rule("kaikei", heisa_on(nendo))
    above = shuunyuu - misai if entry["kanpu_misai"] == NOZOKU else shuunyuu
    ritsu = None
    if choutei > 0:
        half = 0 if entry["hasuu"] == KIRISUTE else choutei
        ritsu = (above * 20000 + half) // (2 * choutei)
    inputs = {"choutei_gaku": choutei, "shuunyuu_gaku": shuunyuu, "kanpu_misai": misai}
    basis = by(entry, "nendo", {**inputs, "hasuu": entry["hasuu"]}, {"ritsu": ritsu})
    return Ritsu(nendo, kubun, zeimoku, choutei, above, misai, ritsu, basis)
