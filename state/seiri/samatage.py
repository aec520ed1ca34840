"""妨げ: what keeps an act back on a day: 停止フラグ, 猶予 and 執行停止 of one 期別, by their codes.

A 猶予 of a part of the 本税 keeps nothing back: the rest is due (`state.seiri.yuuyo_bubun`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from state.law.shikkou_teishi import is_stopped
from state.receipt.account import ReceiptAccount
from state.seiri.person import Person
from state.seiri.yuuyo_bubun import bubun_on

SHIKKOU_TEISHI = "shikkou_teishi"


def samatage(person: Person, account: ReceiptAccount, on: date) -> tuple[str, ...]:
    """妨げの一覧: 停止フラグ, "choushuu_yuuyo", "kanka_yuuyo" and "shikkou_teishi", each once."""
    return tuple(dict.fromkeys(_all(person, account, on)))


def _all(person: Person, account: ReceiptAccount, on: date) -> Iterator[str]:
    seiri = person.seiri_of(account.shuunou_key)
    yield from (flag.code for flag in seiri.teishi if flag.on <= on)
    bubun = bubun_on(account, person.seiri, on)
    if bubun.is_whole:
        yield from bubun.codes
    if is_stopped(seiri.shikkou_teishi, on):
        yield SHIKKOU_TEISHI
