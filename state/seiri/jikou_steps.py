"""時効の手続: 事由 that no other act brings, the warnings as the day of completion nears, and completion.

A 期別 is looked at from the first act that touches its 時効 on; one that no act ever touched is not. That is
enough: 督促 is issued within 20 days of the 納期限, so every 期別 in arrears is touched years before its first
warning.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import schemas
from state.law import jikou
from state.law.jikou import Standing
from state.law.jikou_count import Jiyuu
from state.law.kikan import DAY
from state.law.rules import applied, rule
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.told import day_of, extinct, is_extinct
from state.seiri.values import Keikoku, KibetsuSeiri

NOTED = ("noufu_kokuchi", "noufu_seiyaku")
"""Codes that only this act brings; the others come with 督促, 処分, 催告, 猶予 and the receipts."""

COMPLETED, KEIKOKU, LOST = "JikouCompleted", "JikouKeikoku", "JikouCompletionLost"


def noted(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """事由を登録する: 告知 (`made`: its 期限) or 承認 by 納付誓約. Refuses with R-530, R-563, or as the law does."""
    key, code = event.shuunou_key or "", event.code or ""
    account, seiri = person.accounts[key], person.seiri_of(key)
    if (refused := _elsewhere(code) or extinct(event, seiri)) is not None:
        return refused
    until = event.made if code == "noufu_kokuchi" else None
    outcome = jikou_of.with_jiyuu(account, seiri, Jiyuu(code, event.bangou, event.on, until))
    if isinstance(outcome, Refusal):
        return outcome
    after, happened = outcome
    # the next day: what the completion of the time had barred (the three years of 執行停止) may go on
    return step(*happened, seiri=(after,), look_on=(day_of(person, event.on) + DAY,))


def reach(person: Person, kijunbi: date) -> SeiriStep:
    """日の到来: warnings and completion, on every 期別 that an act has touched."""
    looked = [
        look(account, person.seiri[key], kijunbi)
        for key, account in person.accounts.items()
        if key in person.seiri
    ]
    return _together(looked)


def follow(person: Person, account: ReceiptAccount, event: Any) -> SeiriStep:
    """収納・調定の後: a receipt may have renewed the time, a denied one may let it be complete."""
    seiri = person.seiri.get(account.shuunou_key)
    if seiri is None:
        return step()
    if person.kijunbi is None:
        # no business day has come yet: nothing to tell, only a day on which to look
        on = max(event.occurred_on, _first_day())
        return step(look_on=(jikou_of.next_on(account, seiri, on),))
    return look(account, seiri, person.kijunbi)


def look(account: ReceiptAccount, seiri: KibetsuSeiri, on: date) -> SeiriStep:
    """時効を見る: tells once of each warning and of completion, and when completion turns out not to be one."""
    if account.minou_gaku == 0 or is_extinct(seiri) or on < _first_day():
        return step()
    now = jikou.standing(jikou_of.jikou_of(account, seiri), on)
    told = next((one for one in seiri.keikoku if one.days == 0), None)
    if now.is_kansei and now.kansei_on is not None:
        if told is not None and told.kansei_on == now.kansei_on:
            return step()
        after = _marked(seiri, Keikoku(0, on, now.kansei_on))
        return step(_completed(account, now), seiri=(after,))
    happened, after = tuple[SeiriHappened, ...](), seiri
    if told is not None:
        after = seiri._replace(keikoku=tuple(one for one in seiri.keikoku if one.days != 0))
        happened = (SeiriHappened(LOST, account.shuunou_key, account.minou_gaku, (now.applied,)),)
    if now.keikoku_days is not None and now.kansei_on is not None and not _is_warned(after, now):
        after = _marked(after, Keikoku(now.keikoku_days, on, now.kansei_on))
        happened += (_warned(account, now, on),)
    look_on = jikou_of.next_on(account, after, on)
    return step(*happened, seiri=() if after is seiri else (after,), look_on=(look_on,))


def _elsewhere(code: str) -> Refusal | None:
    known = schemas.load_toml("law/jikou")["jiyuu"]
    if code in NOTED or code not in known:
        return None  # what is in no list is refused by the law's own function
    listed = "、".join(f"{each}({known[each]['ja']})" for each in NOTED)
    expected = f"{listed}(地方税法 第18条の2)"
    return refusal("R-563", "時効の事由", expected, code, "その手続(督促・処分・猶予・収納)として送る")


def _first_day() -> date:
    first: date = min(entry["valid_from"] for entry in schemas.load_toml("law/jikou")["rule"])
    return first


def _is_warned(seiri: KibetsuSeiri, now: Standing) -> bool:
    """Each warning is given once for one day of completion."""
    return any((one.days, one.kansei_on) == (now.keikoku_days, now.kansei_on) for one in seiri.keikoku)


def _marked(seiri: KibetsuSeiri, keikoku: Keikoku) -> KibetsuSeiri:
    kept = (one for one in seiri.keikoku if one.days != 0 or keikoku.days != 0)
    return seiri._replace(keikoku=(*kept, keikoku))


def _completed(account: ReceiptAccount, now: Standing) -> SeiriHappened:
    return SeiriHappened(COMPLETED, account.shuunou_key, account.minou_gaku, (now.applied,))


def _warned(account: ReceiptAccount, now: Standing, on: date) -> SeiriHappened:
    inputs = {"kansei_on": now.kansei_on, "on": on, "nokori_days": now.nokori_days}
    basis = applied(
        now.applied.provision, rule(jikou.TABLE, on), inputs, {"keikoku_days": now.keikoku_days}
    )
    return SeiriHappened(KEIKOKU, account.shuunou_key, account.minou_gaku, (basis,))


def _together(looked: list[SeiriStep]) -> SeiriStep:
    return step(
        *(happened for each in looked for happened in each.happened),
        seiri=tuple(seiri for each in looked for seiri in each.seiri.values()),
        look_on=tuple(day for each in looked for day in each.look_on),
    )


HANDLERS = {"JikouNoted": noted}
