"""充当: what is done with a 過誤納金: first it meets the person's other dues, the rest is 還付.

One plan names both sides, so that all bills of one person change in one step; what goes out of the 過誤納 is
what comes into the dues and what is paid back, to the yen. Sources: 地方税法 第17条・第17条の2、同法施行令 第6条の14;
the order among dues and what is left out are settings of `schemas/law/kanpu.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from state.facts import Applied
from state.law.joubun import Entry, by, cite
from state.law.rules import rule
from state.law.uchiwake import Uchiwake, uchiwake_of
from state.reasons import Refusal, refusal

ZENTAI, JUUTOU_SURU, ONAJI_ZEIMOKU = "zentai", "juutou_suru", "onaji_zeimoku"
MINOU_NASHI, MINOUKI = "minou_nashi", "minouki"
_JA = {MINOU_NASHI: "未納がない", MINOUKI: "納期限が来ていない"}


class Due(NamedTuple):
    """充当先: what one 期別 owes, in yen. 延滞金 is that up to the 充当適状日 (`tekijou_on`), said by the caller.

    `kokuchi_on` is the day of the notice when the tax was fixed after its 納期限; `tokusoku_on` that of the
    督促状; `shobunhi_on` that on which the 滞納処分費 was fixed. `kubun` is a code of the rule's `kubun`, or None;
    `ichibu` is a code of which only so much of the 本税 is, in yen: the rest, with the fees, is due.
    """

    shuunou_key: str
    zeimoku_code: str
    kaikei_nendo: int
    honzei: int
    tokusoku_tesuuryou: int
    entaikin: int
    shobunhi: int
    noukigen: date
    choutei_on: date
    kokuchi_on: date | None = None
    tokusoku_on: date | None = None
    shobunhi_on: date | None = None
    kubun: str | None = None
    ichibu: tuple[str, int] | None = None

    @property
    def minou(self) -> Uchiwake:
        """未納: by 科目, in yen."""
        return Uchiwake(self.honzei, self.tokusoku_tesuuryou, self.entaikin, self.shobunhi)


class Kagonoukin(NamedTuple):
    """過誤納金: what was received too much on one 期別, and the day on which it arose."""

    shuunou_key: str
    zeimoku_code: str
    uchiwake: Uchiwake
    hassei_on: date


class Juutou(NamedTuple):
    """充当の一件: yen from a 科目 of the 過誤納 to a 科目 of a due, with effect from `tekijou_on`."""

    from_kamoku: str
    to_key: str
    to_kamoku: str
    kingaku: int
    tekijou_on: date


class Skipped(NamedTuple):
    """外した期別: and why, as a code and in Japanese."""

    shuunou_key: str
    riyuu: str
    ja: str


class Plan(NamedTuple):
    """充当・還付の計画: both sides of it. Σ juutou + kanpu = the 過誤納金."""

    kagonoukin: Kagonoukin
    on: date
    juutou: tuple[Juutou, ...]
    kanpu: Uchiwake
    skipped: tuple[Skipped, ...]
    applied: tuple[Applied, ...]

    @property
    def juutou_gaku(self) -> int:
        """充当額: in yen."""
        return sum(part.kingaku for part in self.juutou)


def plan(
    kagonoukin: Kagonoukin, dues: Sequence[Due], on: date, entry: Entry | None = None
) -> Plan | Refusal:
    """充当・還付の計画を立てる: on the day of decision. `dues` are all of the same person's.

    Refuses with R-421 (nothing there), R-425 (before it arose) or R-429 (a due that cannot be).
    """
    entry = rule("kanpu", on) if entry is None else entry
    wrong = _wrong(entry, kagonoukin, dues, on)
    if wrong is not None:
        return wrong
    # One order for all that is told, whatever the order in which the dues were given.
    skipped = [
        (due, _why_not(entry["juutou"], due, on)) for due in sorted(dues, key=lambda due: due.shuunou_key)
    ]
    open_dues = [_rest(entry["juutou"], due) for due, why in skipped if why is None]
    parts = tuple(_meet(entry, kagonoukin, _ordered(entry["juutou"], kagonoukin, open_dues), on))
    used = uchiwake_of((part.from_kamoku, part.kingaku) for part in parts)
    rest = Uchiwake(*(have - gone for have, gone in zip(kagonoukin.uchiwake, used, strict=True)))
    left_out = tuple(why for _, why in skipped if why is not None)
    applied = tuple(_applied(entry, kagonoukin, open_dues, parts, rest, on))
    return Plan(kagonoukin, on, parts, rest, left_out, applied)


def tekijou_on(due: Due, kamoku: str, hassei_on: date, on: date) -> date:
    """充当適状日: the later of the day the 過誤納 arose and the day the due could be met, never after `on`.

    A 督促手数料 or 滞納処分費 whose own day is not known is met on the day of the 充当 itself.
    """
    since: date | None = due.noukigen
    if kamoku == "tokusoku_tesuuryou":
        since = due.tokusoku_on
    elif kamoku == "shobunhi":
        since = due.shobunhi_on
    else:
        fixed_on = due.kokuchi_on or due.choutei_on
        since = max(due.noukigen, fixed_on)
    return on if since is None else min(max(since, hassei_on), on)


def _wrong(entry: Entry, kagonoukin: Kagonoukin, dues: Sequence[Due], on: date) -> Refusal | None:
    total = kagonoukin.uchiwake.goukei
    if total <= 0 or kagonoukin.uchiwake.has_negative:
        expected = f"過誤納額が1円以上({cite(entry, 'kanpu')})"
        return refusal("R-421", "過誤納額", expected, f"{total}円", "過誤納の有無を確かめる")
    if on < kagonoukin.hassei_on:
        expected = f"{kagonoukin.hassei_on}以後({cite(entry, 'tekijou')})"
        return refusal("R-425", "充当の日", expected, f"{on}", "充当の日を正す")
    keys = [due.shuunou_key for due in dues]
    known = {kubun["code"] for kubun in entry["juutou"]["kubun"]}
    found = ""
    if len(set(keys)) != len(keys):
        found = "同じ収納キーが二度ある"
    elif any(due.minou.has_negative for due in dues):
        found = "負の額がある"
    elif any({due.kubun, due.ichibu[0] if due.ichibu else None} - known - {None} for due in dues):
        found = "一覧にない区分がある"
    elif any(due.ichibu is not None and not 0 <= due.ichibu[1] <= due.honzei for due in dues):
        found = "本税を超える一部の額がある"
    if not found:
        return None
    expected = f"一人の期別を一度ずつ、0円以上、一覧の区分で({cite(entry, 'juutou')})"
    return refusal("R-429", "充当先の期別", expected, found, "充当先の一覧を作り直す")


def _why_not(settings: dict[str, Any], due: Due, on: date) -> Skipped | None:
    if due.minou.goukei == 0:
        return Skipped(due.shuunou_key, MINOU_NASHI, _JA[MINOU_NASHI])
    for kubun in settings["kubun"]:
        if kubun["code"] == due.kubun and kubun["hazusu"]:
            return Skipped(due.shuunou_key, kubun["code"], kubun["ja"])
        if due.ichibu and kubun["code"] == due.ichibu[0] and _rest(settings, due).minou.goukei == 0:
            return Skipped(due.shuunou_key, kubun["code"], kubun["ja"])
    if due.noukigen > on and settings["minouki"] != JUUTOU_SURU:
        return Skipped(due.shuunou_key, MINOUKI, _JA[MINOUKI])
    return None


def _rest(settings: dict[str, Any], due: Due) -> Due:
    """What may be met of a due: without the part of its 本税 that is left out."""
    left_out = {kubun["code"] for kubun in settings["kubun"] if kubun["hazusu"]}
    if due.ichibu is None or due.ichibu[0] not in left_out:
        return due
    return due._replace(honzei=due.honzei - due.ichibu[1])


def _ordered(
    settings: dict[str, Any], kagonoukin: Kagonoukin, dues: Sequence[Due]
) -> Iterator[tuple[Due, str, int]]:
    """What is to be met, in its order: due by due, or the 本税 of all of them first."""

    def place(due: Due) -> tuple[Any, ...]:
        same = due.zeimoku_code == kagonoukin.zeimoku_code
        return tuple(not same if by_ == ONAJI_ZEIMOKU else getattr(due, by_) for by_ in settings["junjo"])

    rows = [
        (due, kamoku, getattr(due, kamoku))
        for due in sorted(dues, key=place)
        for kamoku in settings["uchiwake"]
    ]
    if settings["honzei_hani"] == ZENTAI:
        rows.sort(key=lambda row: row[1] != "honzei")
    return (row for row in rows if row[2])


def _meet(
    entry: Entry, kagonoukin: Kagonoukin, wanted: Iterator[tuple[Due, str, int]], on: date
) -> Iterator[Juutou]:
    """Yen by yen: the 過誤納 in its order of 科目, against what is to be met."""
    have = [(kamoku, getattr(kagonoukin.uchiwake, kamoku)) for kamoku in entry["juutou"]["uchiwake"]]
    for due, kamoku, owed in wanted:
        while owed and have:
            from_kamoku, left = have[0]
            moved = min(owed, left)
            if moved:
                day = tekijou_on(due, kamoku, kagonoukin.hassei_on, on)
                yield Juutou(from_kamoku, due.shuunou_key, kamoku, moved, day)
            owed -= moved
            have[:1] = [(from_kamoku, left - moved)] if left > moved else []


def _applied(
    entry: Entry,
    kagonoukin: Kagonoukin,
    dues: Sequence[Due],
    parts: tuple[Juutou, ...],
    rest: Uchiwake,
    on: date,
) -> Iterator[Applied]:
    total, moved = kagonoukin.uchiwake.goukei, sum(part.kingaku for part in parts)
    if parts:
        yens = {"kagonou_gaku": total, "minou_gaku": sum(due.minou.goukei for due in dues)}
        yield by(entry, "juutou", yens, {"juutou_gaku": moved})
    for due in dues:
        met = uchiwake_of((part.to_kamoku, part.kingaku) for part in parts if part.to_key == due.shuunou_key)
        if met.goukei and due.honzei and due.entaikin:
            owed = {"shuunou_key": due.shuunou_key, "honzei": due.honzei, "entaikin": due.entaikin}
            yield by(entry, "honzei_saki", owed, {"honzei": met.honzei, "entaikin": met.entaikin})
    for key, day in dict.fromkeys((part.to_key, part.tekijou_on) for part in parts):
        inputs = {"shuunou_key": key, "hassei_on": kagonoukin.hassei_on, "juutou_on": on}
        yield by(entry, "tekijou", inputs, {"tekijou_on": day})
    if parts:
        first = min(part.tekijou_on for part in parts)
        yield by(entry, "sokyuu", {"juutou_on": on}, {"tekijou_on": first})
    if rest.goukei:
        yield by(entry, "kanpu", {"kagonou_gaku": total, "juutou_gaku": moved}, {"kanpu_gaku": rest.goukei})
