"""猶予の部分: how much of the 本税 of one 期別 is under 猶予 on a day; what is beyond it is due like any other.

A 猶予 is granted for an amount (地方税法15条・15条の5・15条の6). Where it is that of all the 本税 it keeps the whole 期別
back, fees included; of a part, the rest may be demanded, seized for, met by 充当. Its limit is counted on the
本税, which is met first, as `state.law.entaikin_bubun` counts it for 延滞金.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.law.entaikin_bubun import gendo_on
from state.law.entaikin_rules import entaikin_law
from state.law.yuuyo import Effects, Yuuyo, effects
from state.receipt.account import ReceiptAccount
from state.receipt.entaikin import owed_after
from state.seiri.entaikin_bill import bill_of_kibetsu, waiver_of
from state.seiri.values import KibetsuSeiri


class YuuyoBubun(NamedTuple):
    """猶予に係る部分: what each 猶予 in force covers of the 本税 owed on the day (円), in the order of the grants.

    Where none is in force `honzei` is 0: nothing is asked of it.
    """

    honzei: int
    yuuyo: tuple[tuple[Effects, int], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """猶予の種類: "choushuu_yuuyo", "kanka_yuuyo", each once."""
        return tuple(dict.fromkeys(each.jikou_code for each, _ in self.yuuyo))

    @property
    def gaku(self) -> int:
        """猶予に係る本税: each 猶予 has yen of its own, all together no more than is owed (円)."""
        return min(sum(yen for _, yen in self.yuuyo), self.honzei)

    @property
    def is_whole(self) -> bool:
        """全部の猶予か: nothing of the 本税 is left that is under none."""
        return bool(self.yuuyo) and self.gaku == self.honzei


def bubun_on(account: ReceiptAccount, seiri: Mapping[str, KibetsuSeiri], on: date) -> YuuyoBubun:
    """猶予に係る部分: of one 期別 on a day; `seiri` are all of the person's."""
    own = seiri.get(account.shuunou_key)
    forces = [(each, force) for each in (own.yuuyo if own else ()) if (force := _in_force(each, on))]
    if not forces:
        return YuuyoBubun(0, ())  # most 期別 on most days: nothing is worked out for them
    bill, rule = bill_of_kibetsu(account, seiri, on), entaikin_law().rule_on(on)
    owed, found = owed_after(bill), []
    for each, force in forces:
        limit = waiver_of(each, force)
        found.append((force, owed if rule is None else gendo_on(limit, bill, owed, rule)))
    return YuuyoBubun(owed, tuple(found))


def _in_force(yuuyo: Yuuyo, on: date) -> Effects | None:
    found = effects(yuuyo)
    return found if found is not None and found.kara <= on <= found.made else None
