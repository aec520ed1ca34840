"""還付加算金: what the city adds to a 過誤納金, day by day, with the whole calculation kept.

It runs from the 起算日 of each payment that made up the 過誤納金 to the day on which paying back was decided,
or the day of the 充当 (the 充当適状日 when that is earlier), both counted. Days that share base and calendar
year form a segment. Sums are exact until they are cut. Amounts are yen, rates 1/1000 percent a year.
Sources: 地方税法 第17条の4、第20条の4の2(端数)、附則第3条の2(割合)、民法 第143条(期間); `schemas/law/kanpu.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from schemas.provisions import in_force
from state.facts import Applied
from state.law.joubun import Entry, by, cite
from state.law.kikan import DAY, end_of
from state.law.rules import rule
from state.law.tokurei_ritsu import PERCENT, Ritsu, no_ritsu, ritsu_table
from state.reasons import Refusal, refusal

KETTEI, KOUSEI_SEIKYUU, SHOTOKUZEI, SONOTA = "kettei", "kousei_seikyuu", "shotokuzei", "sonota"
KUBUN = "kubun"
_WANTED = {KETTEI: (), KOUSEI_SEIKYUU: ("seikyuu_on", "kousei_on"), SHOTOKUZEI: ("tsuuchi_on",), SONOTA: ()}


class Kisan(NamedTuple):
    """起算の区分: one of the four kinds of 17条の4第1項, and the days that it needs.

    `seikyuu_on` 更正の請求の日, `kousei_on` 更正の日 (kousei_seikyuu); `tsuuchi_on` 所得税の更正の通知・申告書の提出の日
    (shotokuzei). The others count from the payment.
    """

    kubun: str
    seikyuu_on: date | None = None
    kousei_on: date | None = None
    tsuuchi_on: date | None = None


class Bubun(NamedTuple):
    """過誤納金の部分: yen of one payment, until the day on which that part is decided or met by 充当."""

    noufu_on: date
    kingaku: int
    shuuki_on: date
    is_juutou: bool = False


class Seikyuu(NamedTuple):
    """通知と請求: the day the notice was sent, the day it was answered; None for not (yet)."""

    tsuuchi_on: date | None = None
    seikyuu_on: date | None = None


class Segment(NamedTuple):
    """区分: days of one base and one rate. `bunshi` is kiso × days × ritsu, `gaku` its whole yen."""

    from_on: date
    to_on: date
    days: int
    kagonou_gaku: int
    kiso: int
    ritsu: int
    bunshi: int
    gaku: int


class KanpuKasankin(NamedTuple):
    """還付加算金: the whole calculation.

    `josan_from`/`josan_to` bound the days left out. The exact yen of a segment is its bunshi / `bunbo`.
    """

    bubun: tuple[Bubun, ...]
    kisan: Kisan
    kisanbi: tuple[date, ...]
    josan_from: date | None
    josan_to: date | None
    segments: tuple[Segment, ...]
    hasuu: str
    bunbo: int
    goukei: int
    kakutei: int
    applied: tuple[Applied, ...]


def shuuki_on(juutou_on: date, tekijou_on: date) -> date:
    """充当の終期: the day of the 充当, or the 充当適状日 when that is earlier (17条の4第1項)."""
    return min(juutou_on, tekijou_on)


def calculate(
    bubun: Sequence[Bubun], kisan: Kisan, seikyuu: Seikyuu | None = None, entry: Entry | None = None
) -> KanpuKasankin | Refusal:
    """還付加算金の計算: of all parts of one 過誤納金.

    Refuses with R-421 (nothing there), R-430 (a day missing), R-411 or R-412 (a year without a rate).
    """
    if not bubun or any(part.kingaku <= 0 for part in bubun):
        return refusal(
            "R-421", "過誤納額", "1円以上(地方税法 第17条)", "1円に満たない部分", "過誤納の内訳を確かめる"
        )
    seikyuu = seikyuu or Seikyuu()
    entry = rule("kanpu", max(part.shuuki_on for part in bubun)) if entry is None else entry
    begins = [kisanbi(part.noufu_on, kisan, entry) for part in bubun]
    firsts: list[tuple[date, Applied]] = []
    for begin in begins:
        if isinstance(begin, Refusal):
            return begin
        firsts.append(begin)
    numbers = entry["kasankin"]
    josan = _josan(numbers, bubun, seikyuu)
    spans = list(_spans(bubun, [first for first, _ in firsts], josan))
    table = ritsu_table()
    missing = sorted({day.year for _, begin, end in spans for day in (begin, end)} - set(table))
    if missing:
        return no_ritsu(missing[-1], table)
    total = sum(part.kingaku for part in bubun)
    segments = tuple(_segments(numbers, spans, table)) if total >= numbers["kiso_saitei"] else ()
    return _finished(entry, tuple(bubun), kisan, seikyuu, firsts, josan, segments)


def kisanbi(noufu_on: date, kisan: Kisan, entry: Entry) -> tuple[date, Applied] | Refusal:
    """起算日: the first day that counts for one payment, and by which of the four kinds. Refuses with R-430."""
    numbers = entry["kasankin"]
    absent = [name for name in _WANTED.get(kisan.kubun, ("kubun",)) if getattr(kisan, name, None) is None]
    if kisan.kubun not in _WANTED or absent:
        expected = f"区分と、その起算に要る日({cite(entry, 'shuuki')})"
        found = "一覧にない区分" if kisan.kubun not in _WANTED else f"{'・'.join(absent)} がない"
        return refusal("R-430", "還付加算金の起算", expected, found, "過誤納の発生事由とその日を確かめる")
    after = {
        KETTEI: lambda: noufu_on,
        KOUSEI_SEIKYUU: lambda: min(
            _passed(kisan.seikyuu_on, numbers["seikyuu_months"]),
            _passed(kisan.kousei_on, numbers["kousei_months"]),
        ),
        SHOTOKUZEI: lambda: _passed(kisan.tsuuchi_on, numbers["kousei_months"]),
        SONOTA: lambda: _passed(noufu_on, numbers["kousei_months"]),
    }[kisan.kubun]()
    # Nothing runs on money that the city has not yet had, whatever happened before it was paid.
    first = max(after, noufu_on) + DAY
    inputs = {"noufu_on": noufu_on, **{name: getattr(kisan, name) for name in _WANTED[kisan.kubun]}}
    return first, by(entry, kisan.kubun, inputs, {"kisanbi": first})


def _passed(day: date | None, months: int) -> date:
    """The day on which so many months have passed, counted from the day after."""
    assert day is not None
    return end_of(day + DAY, months)


def _josan(numbers: Mapping[str, Any], bubun: Sequence[Bubun], seikyuu: Seikyuu) -> tuple[date, date] | None:
    """The days without a claim after the notice: they do not count for what is paid back."""
    ends = [part.shuuki_on for part in bubun if not part.is_juutou]
    if seikyuu.tsuuchi_on is None or not ends:
        return None
    from_on = seikyuu.tsuuchi_on + timedelta(numbers["josan_days"]) + DAY
    to_on = max(ends) if seikyuu.seikyuu_on is None else min(max(ends), seikyuu.seikyuu_on)
    return (from_on, to_on) if from_on <= to_on else None


def _spans(
    bubun: Sequence[Bubun], firsts: Sequence[date], josan: tuple[date, date] | None
) -> Iterator[tuple[int, date, date]]:
    """Of each part the days that count, both ends counted."""
    for part, first in zip(bubun, firsts, strict=True):
        if josan is None or part.is_juutou:
            pieces = [(first, part.shuuki_on)]
        else:
            pieces = [
                (first, min(part.shuuki_on, josan[0] - DAY)),
                (max(first, josan[1] + DAY), part.shuuki_on),
            ]
        for begin, end in pieces:
            if begin <= end:
                yield part.kingaku, begin, end


def _segments(
    numbers: Mapping[str, Any], spans: Sequence[tuple[int, date, date]], table: Mapping[int, Ritsu]
) -> Iterator[Segment]:
    cuts = {day for _, begin, end in spans for day in (begin, end + DAY)}
    if spans:
        first, last = min(cuts).year, max(cuts).year
        cuts |= {
            day for year in range(first + 1, last + 1) if min(cuts) < (day := date(year, 1, 1)) < max(cuts)
        }
    for begin, end in pairwise(sorted(cuts)):
        owed = sum(yen for yen, since, until in spans if since <= begin and end - DAY <= until)
        kiso = owed // numbers["kiso_tani"] * numbers["kiso_tani"] if owed >= numbers["kiso_saitei"] else 0
        if owed:
            days, rate = (end - begin).days, table[begin.year].kanpu_kasan
            bunshi = kiso * days * rate
            yield Segment(begin, end - DAY, days, owed, kiso, rate, bunshi, bunshi // _bunbo(numbers))


def _bunbo(numbers: Mapping[str, Any]) -> int:
    return 100 * PERCENT * int(numbers["nen_nissuu"])


def _finished(
    entry: Entry,
    bubun: tuple[Bubun, ...],
    kisan: Kisan,
    seikyuu: Seikyuu,
    firsts: Sequence[tuple[date, Applied]],
    josan: tuple[date, date] | None,
    segments: tuple[Segment, ...],
) -> KanpuKasankin:
    numbers, bunbo = entry["kasankin"], _bunbo(entry["kasankin"])
    if numbers["hasuu"] == KUBUN:
        goukei = sum(segment.gaku for segment in segments)
    else:
        goukei = sum(segment.bunshi for segment in segments) // bunbo
    kakutei = goukei // numbers["kakutei_tani"] * numbers["kakutei_tani"]
    kakutei = kakutei if goukei >= numbers["kakutei_saitei"] else 0
    applied = (
        *(basis for _, basis in firsts),
        *_applied(entry, bubun, kisan, firsts, seikyuu, josan, segments),
        by(entry, "kakutei_hasuu", {"goukei": goukei, "hasuu": numbers["hasuu"]}, {"kakutei": kakutei}),
    )
    return KanpuKasankin(
        bubun,
        kisan,
        tuple(first for first, _ in firsts),
        None if josan is None else josan[0],
        None if josan is None else josan[1],
        segments,
        numbers["hasuu"],
        bunbo,
        goukei,
        kakutei,
        applied,
    )


def _applied(
    entry: Entry,
    bubun: tuple[Bubun, ...],
    kisan: Kisan,
    firsts: Sequence[tuple[date, Applied]],
    seikyuu: Seikyuu,
    josan: tuple[date, date] | None,
    segments: tuple[Segment, ...],
) -> Iterator[Applied]:
    total = sum(part.kingaku for part in bubun)
    last = max(part.shuuki_on for part in bubun)
    yield by(entry, "shuuki", {"kagonou_gaku": total}, {"shuuki_on": last})
    if kisan.kubun != KETTEI:
        yield by(entry, "kikan", {"kubun": kisan.kubun}, {"kisanbi": min(first for first, _ in firsts)})
    if josan is not None:
        told = {"tsuuchi_on": seikyuu.tsuuchi_on, "seikyuu_on": seikyuu.seikyuu_on}
        yield by(entry, "josan", told, {"josan_from": josan[0], "josan_to": josan[1]})
    kiso = max((segment.kiso for segment in segments), default=0)
    yield by(entry, "kiso_hasuu", {"kagonou_gaku": total}, {"kiso": kiso})
    if segments:
        days = sum(segment.days for segment in segments)
        yield by(entry, "nen_nissuu", {"nissuu": days}, {"nen_nissuu": entry["kasankin"]["nen_nissuu"]})
    for segment in {segment.from_on.year: segment for segment in segments}.values():
        new_year = date(segment.from_on.year, 1, 1)
        (provision,) = in_force((entry["provision"]["ritsu"],), new_year)
        yield Applied(
            provision, new_year.isoformat(), {"year": str(new_year.year)}, {"ritsu": str(segment.ritsu)}
        )
