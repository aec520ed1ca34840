"""延滞金の対象(整理): one 期別 with all that procedures say of it: 減免, 猶予, 執行停止, 充当, 欠損.

A 猶予 counts for the yen that it was granted for: the 許可 names an amount, and the 本税 is met first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from state.law import yuuyo
from state.law.entaikin_value import Bill, Waiver
from state.law.kagonou import HASSEI, TORIKESHI, Kagonou, Tetsuzuki
from state.law.shikkou_teishi import menjo_kikan
from state.law.yuuyo import Effects, Yuuyo
from state.receipt.account import ReceiptAccount
from state.receipt.entaikin import bill_for
from state.receipt.noufu import Noufu
from state.receipt.seisan import Seisan
from state.seiri.values import KibetsuSeiri, ShoukeiNoufu

CARRIED, CLOSED = "JuutouCarried", "KagonouClosed"
"""The 経過 of a 過誤納 begins with what earlier ones of its 期別 brought to others, by day, and with the day of the
last of their decisions: the 延滞金 of those others and a later 過誤納 need them."""

SAIGAI, SHIKKOU_TEISHI = "saigai_yuuyo", "shikkou_teishi"
OF_OTHER_ACTS = (SAIGAI, "choushuu_yuuyo", "kanka_yuuyo", SHIKKOU_TEISHI)
"""Kinds of waivers that follow from a 猶予 or an 執行停止, and from nothing else."""


def waivers_of(seiri: KibetsuSeiri, on: date) -> tuple[Waiver, ...]:
    """減免・猶予・執行停止の期間: all that lessen the 延滞金 of this 期別, as of a day."""
    found = list(seiri.menjo)
    for each in seiri.yuuyo:
        effects = yuuyo.effects(each)
        if effects is not None:
            found.append(waiver_of(each, effects))
    if seiri.shikkou_teishi is not None:
        stopped = menjo_kikan(seiri.shikkou_teishi, on).value
        if stopped is not None:
            found.append(Waiver(SHIKKOU_TEISHI, stopped.kara, stopped.made))
    return tuple(found)


def waiver_of(one: Yuuyo, effects: Effects) -> Waiver:
    """猶予による免除: for its days, of no more than the amount granted."""
    kind = SAIGAI if effects.entaikin == "zengaku" else effects.jikou_code
    return Waiver(kind, effects.kara, effects.made, gendo_gaku=one.kingaku)


def juutou_in(seiri: Mapping[str, KibetsuSeiri], shuunou_key: str) -> tuple[Noufu, ...]:
    """充当で受けた額: of one 期別 from all of the person's, each part on its 充当適状日."""
    found: list[Noufu] = []
    for each in seiri.values():
        if each.kagonou is None:
            continue
        known_on = each.kagonou.kettei_on
        found += [
            Noufu(part.tekijou_on, part.kingaku, known_on or part.tekijou_on, part.to_kamoku)
            for part in each.kagonou.juutou
            if part.to_key == shuunou_key
        ]
        for old in each.kagonou.tetsuzuki:
            key, _, kamoku = old.event_no.partition("/")
            if old.kind == CARRIED and key == shuunou_key:
                found.append(Noufu(old.on, old.kingaku, old.on, kamoku))
    return tuple(sorted(found))


def carried(kagonou: Kagonou | None) -> tuple[Tetsuzuki, ...]:
    """引き継ぐ充当: what a 過誤納 that another replaces brought to other 期別, and those before it, by day."""
    if kagonou is None:
        return ()
    sums: dict[tuple[date, str], int] = {}
    for old in kagonou.tetsuzuki:
        if old.kind == CARRIED:
            sums[old.on, old.event_no] = sums.get((old.on, old.event_no), 0) + old.kingaku
    for part in kagonou.juutou:
        place = (part.tekijou_on, f"{part.to_key}/{part.to_kamoku}")
        sums[place] = sums.get(place, 0) + part.kingaku
    kept = [Tetsuzuki(event_no, CARRIED, on, yen) for (on, event_no), yen in sorted(sums.items())]
    closed = _closed_on(kagonou)
    return (*kept, Tetsuzuki(kagonou.kagonou_no, CLOSED, closed, 0)) if closed is not None else tuple(kept)


def kettei_on(seiri: KibetsuSeiri | None) -> date | None:
    """最後の決定の日: up to which payments may have gone out again; None where nothing ever went out."""
    return None if seiri is None or seiri.kagonou is None else _closed_on(seiri.kagonou)


def _closed_on(kagonou: Kagonou) -> date | None:
    """The day of its own decision or expiry while that stands, else that of the one before it."""
    if kagonou.joutai not in (HASSEI, TORIKESHI):
        return kagonou.kettei_on or kagonou.tetsuzuki[-1].on
    return max((old.on for old in kagonou.tetsuzuki if old.kind == CLOSED), default=None)


def bill_of_kibetsu(account: ReceiptAccount, seiri: Mapping[str, KibetsuSeiri], on: date) -> Bill:
    """一期別の延滞金の対象: up to `on`; `seiri` are all of the person's."""
    own = seiri.get(account.shuunou_key)
    brought = juutou_in(seiri, account.shuunou_key)
    waivers = waivers_of(own, on) if own is not None else ()
    rireki = own.shoukei_rireki if own is not None else None
    moved = rireki.noufu if rireki is not None else ()
    return bill_for(account, on, brought, kettei_on(own), ended_on(own), waivers, moved)


def noufu_rireki(account: ReceiptAccount, seiri: Mapping[str, KibetsuSeiri]) -> tuple[ShoukeiNoufu, ...]:
    """納期限の後の納付: by how much each day lessened the 本税 that was owed; what goes with it to the heirs."""
    bill = bill_of_kibetsu(account, seiri, date.max)
    befores = (bill.zeigaku, *(each.after for each in bill.owed))
    met = [(each.on, before - each.after) for before, each in zip(befores, bill.owed, strict=False)]
    return tuple(ShoukeiNoufu(on, yen) for on, yen in met if yen)


def entaikin_zumi(account: ReceiptAccount, seiri: KibetsuSeiri) -> int:
    """確定した延滞金: what was fixed and is not with heirs; for an heir also what was met before him (円)."""
    seisan, rireki = account.seisan or Seisan(), seiri.shoukei_rireki
    return seisan.fuzui.entaikin - seisan.shoukei.entaikin + (rireki.entaikin if rireki is not None else 0)


def ended_on(seiri: KibetsuSeiri | None) -> date | None:
    """消滅の日: from which what was written off, or became extinct, is owed no more."""
    if seiri is None:
        return None
    stopped = seiri.shikkou_teishi.shoumetsu_on if seiri.shikkou_teishi is not None else None
    return seiri.kesson.shoumetsu_on if seiri.kesson is not None else stopped
