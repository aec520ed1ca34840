"""会計年度: to which year a revenue and each receipt of it belong, when the books close, what is carried over.

賦課年度, 調定年度, 会計年度 and 対象年度 are kept apart. The year of a 調定 (`choutei_nendo` here: the 会計年度
to which the due belongs) is decided once, by 自治令142条; the 会計年度 of a receipt follows from it and from
its day. Sources: 地方自治法 第208条・第235条の5、同法施行令 第142条・第160条・第165条の7; settings in
`schemas/law/kaikei.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from state.facts import Applied
from state.law.joubun import by, cite
from state.law.rules import Outcome, rule
from state.law.uchiwake import KAMOKU, KAMOKU_JA, Uchiwake, uchiwake_of
from state.reasons import Refusal, refusal

TEIKI, TOKUBETSU_CHOUSHUU, ZUIJI_TSUUCHI, ZUIJI = "teiki", "tokubetsu_choushuu", "zuiji_tsuuchi", "zuiji"
GENNEN, TAIKURI = "gennen", "taikuri"
KUBUN_JA = {GENNEN: "現年課税分", TAIKURI: "滞納繰越分"}
REISHUTSU, SAISHUTSU = "reishutsu", "saishutsu"
_DAY_OF = {
    TEIKI: "nouki_matsubi",
    TOKUBETSU_CHOUSHUU: "choushuu_on",
    ZUIJI_TSUUCHI: "tsuuchi_on",
    ZUIJI: "ryoushuu_on",
}


class Sainyuu(NamedTuple):
    """歳入: what decides its year. `kubun` is "teiki", "tokubetsu_choushuu", "zuiji_tsuuchi" or "zuiji".

    `nouki_matsubi` is the last day of the 納期 as stated, not moved by a holiday; `tsuuchi_on` the day of the
    notice (or of the 申告), `choushuu_on` a day of the month to collect in, `ryoushuu_on` that of the receipt.
    """

    kubun: str
    nouki_matsubi: date | None = None
    tsuuchi_on: date | None = None
    choushuu_on: date | None = None
    ryoushuu_on: date | None = None


class Nendo(NamedTuple):
    """年度: a year, whether the money counts there as 現年 ("gennen") or 滞繰 ("taikuri"), and why."""

    nendo: int
    kubun: str
    applied: tuple[Applied, ...]


class Minou(NamedTuple):
    """未納: what one 期別 owes, by the year of its 調定 and the year into which it was carried last."""

    shuunou_key: str
    zeimoku_code: str
    choutei_nendo: int
    kurikoshi_nendo: int | None
    uchiwake: Uchiwake

    @property
    def nendo(self) -> int:
        """今の年度: the year in whose books it stands."""
        return self.choutei_nendo if self.kurikoshi_nendo is None else self.kurikoshi_nendo


class Split(NamedTuple):
    """現年・滞繰の別: of one 会計年度, in yen."""

    nendo: int
    kubun: str
    uchiwake: Uchiwake


def nendo_of(day: date) -> int:
    """会計年度: the year, from 4/1 to 3/31, in which a day lies (自治法208条)."""
    begins = rule("kaikei", day)["hajimari"]
    return day.year - ((day.month, day.day) < (begins["month"], begins["day"]))


@cache
def heisa_on(nendo: int) -> date:
    """出納閉鎖の日: the last day on which a year can still receive (自治法235条の5)."""
    end = date(nendo + 1, 1, 1)
    heisa = rule("kaikei", end)["heisa"]
    return end.replace(month=heisa["month"], day=heisa["day"])


@cache
def kurikoshi_on(nendo: int) -> date:
    """滞納繰越の日: on which what is left unpaid of a year is carried into the next."""
    closed = heisa_on(nendo)
    return closed + timedelta(rule("kaikei", closed)["kurikoshi_days"])


def choutei_nendo(sainyuu: Sainyuu) -> Nendo | Refusal:
    """歳入の会計年度: by 自治令142条1項・2項. Refuses with R-432 when the day that decides is not given."""
    wanted = _DAY_OF.get(sainyuu.kubun, "kubun")
    day: date | None = getattr(sainyuu, wanted) if sainyuu.kubun in _DAY_OF else None
    if day is None:
        expected = "歳入の区分と、その年度を決める日(地方自治法施行令 第142条)"
        return refusal("R-432", "会計年度", expected, f"{wanted} がない", "調定の担当課に日を確かめる")
    nendo, entry = nendo_of(day), rule("kaikei", day)
    applied = by(entry, sainyuu.kubun, {wanted: day}, {"choutei_nendo": nendo})
    late = sainyuu.tsuuchi_on
    if sainyuu.kubun == TEIKI and late is not None and nendo_of(late) > nendo:
        moved = nendo_of(late)
        basis = by(entry, "okure", {"nouki_matsubi": day, "tsuuchi_on": late}, {"choutei_nendo": moved})
        return Nendo(moved, GENNEN, (applied, basis))
    return Nendo(nendo, GENNEN, (applied,))


def fuzui_nendo(kamoku: str, honzei: int, stated: int, on: date) -> Applied | Refusal | None:
    """附随する収入の年度: 督促手数料・延滞金・滞納処分費 stand in the year of their 本税 (自治令142条3項).

    `honzei` is the 会計年度 in which the 本税 stands; None is returned for the 本税 itself. Refuses with R-433
    when another year is stated.
    """
    if kamoku == "honzei":
        return None
    entry = rule("kaikei", on)
    if stated != honzei:
        expected = f"本税と同じ{honzei}年度({cite(entry, 'fuzui')})"
        found = f"{stated}年度"
        return refusal("R-433", f"{KAMOKU_JA[kamoku]}の会計年度", expected, found, "年度を本税に合わせる")
    return by(entry, "fuzui", {"kamoku": kamoku, "honzei_nendo": honzei}, {"kaikei_nendo": stated})


def shuunou_nendo(choutei: int, ryoushuu_on: date, shuunou_on: date) -> Nendo:
    """収入の会計年度: of a receipt on a due of the year `choutei`, as 現年 or, after its closing, as 滞繰."""
    entry = rule("kaikei", ryoushuu_on)
    day = ryoushuu_on if entry["hantei_bi"] == "ryoushuu" else shuunou_on
    nendo = max(choutei, _open_for_arrears(day))
    kubun = GENNEN if nendo == choutei else TAIKURI
    days = {"choutei_nendo": choutei, "on": day, "heisa_on": heisa_on(choutei)}
    role = "heisa" if kubun == GENNEN else "heisago"
    basis = by(entry, role, days, {"kaikei_nendo": nendo, "kubun": kubun})
    return Nendo(nendo, kubun, (basis,))


def _open_for_arrears(day: date) -> int:
    """The year whose books take arrears on a day: until the closing, the year that has just ended."""
    this = nendo_of(day)
    return this - 1 if day <= heisa_on(this - 1) else this


def booked(nendo: int, on: date) -> Applied | Refusal:
    """記帳の可否: whether the books of a year still take an entry on a day. Refuses with R-434 after closing.

    What must be corrected later is an event of its own in the open year (`teisei_nendo`).
    """
    entry, closed = rule("kaikei", on), heisa_on(nendo)
    if on > closed:
        expected = f"{closed}まで({cite(entry, 'heisa')})"
        todo = f"{_open_for_arrears(on)}年度の訂正として記帳する"
        return refusal("R-434", f"{nendo}年度への記帳", expected, f"{on}", todo)
    return by(entry, "heisa", {"nendo": nendo, "on": on}, {"heisa_on": closed})


def teisei_nendo(nendo: int, on: date) -> Nendo:
    """訂正の年度: in which books a correction of an entry of `nendo`, made on a day, stands."""
    entry = rule("kaikei", on)
    if on <= heisa_on(nendo):
        basis = by(entry, "heisa", {"nendo": nendo, "on": on}, {"kaikei_nendo": nendo})
        return Nendo(nendo, GENNEN, (basis,))
    moved = _open_for_arrears(on)
    basis = by(entry, "heisago", {"nendo": nendo, "on": on}, {"kaikei_nendo": moved})
    return Nendo(moved, TAIKURI, (basis,))


def kanpu_kubun(kaikei_nendo: int, on: date) -> tuple[str, Applied]:
    """還付の会計: out of the revenue that took it ("reishutsu" 戻出); expenditure once that year is closed."""
    entry, closed = rule("kaikei", on), heisa_on(kaikei_nendo)
    kubun = REISHUTSU if on <= closed else SAISHUTSU
    days = {"kaikei_nendo": kaikei_nendo, "on": on, "heisa_on": closed}
    role = "reishutsu" if kubun == REISHUTSU else "heisago"
    return kubun, by(entry, role, days, {"kubun": kubun})


def kurikoshi(minou: Minou, on: date) -> Outcome[Minou] | Refusal:
    """滞納繰越: what is unpaid when a year is closed stands in the next year's books, as 滞繰.

    Nothing is owed, nothing happens; one step carries into one year. Refuses with R-435 before the day.
    """
    entry, due_on = rule("kaikei", on), kurikoshi_on(minou.nendo)
    if minou.uchiwake.has_negative:
        expected = f"0円以上の未納({cite(entry, 'heisago')})"
        return refusal("R-436", "滞納繰越の額", expected, "負の額", "過誤納として整理する")
    if on < due_on:
        expected = f"{due_on}以後({cite(entry, 'heisa')})"
        return refusal("R-435", f"{minou.nendo}年度の滞納繰越", expected, f"{on}", "出納閉鎖を待つ")
    if _carried(entry, minou).goukei == 0:
        return Outcome(minou, (), ())
    moved = minou._replace(kurikoshi_nendo=minou.nendo + 1)
    inputs = {"nendo": minou.nendo, "heisa_on": heisa_on(minou.nendo), "on": on}
    outputs = {"nendo": moved.nendo, "kurikoshi_gaku": _carried(entry, minou).goukei}
    return Outcome(moved, ("TainouCarriedOver",), (by(entry, "heisago", inputs, outputs),))


def _carried(entry: Mapping[str, Any], minou: Minou) -> Uchiwake:
    amounts = zip(KAMOKU, minou.uchiwake, strict=True)
    return uchiwake_of((kamoku, yen) for kamoku, yen in amounts if kamoku in entry["kurikoshi_kamoku"])


def kubun_on(choutei: int, on: date) -> tuple[int, str]:
    """その日の現年・滞繰: the 会計年度 in whose books a due of the year `choutei` stands on a day, and as what."""
    nendo = max(choutei, _open_for_arrears(on))
    return nendo, GENNEN if nendo == choutei else TAIKURI


def split(minou: Iterable[Minou], on: date) -> tuple[Split, ...]:
    """現年・滞繰の区分: what is unpaid, summed by 会計年度 and kind as it stands on a day."""
    sums: dict[tuple[int, str], Uchiwake] = {}
    for owed in minou:
        place = kubun_on(owed.choutei_nendo, on)
        before = sums.get(place, Uchiwake())
        sums[place] = Uchiwake(*(a + b for a, b in zip(before, owed.uchiwake, strict=True)))
    return tuple(Split(nendo, kubun, yen) for (nendo, kubun), yen in sorted(sums.items()))
