"""精算(監査): what is owed of a 期別 once 還付, 充当 and the like moved it, worked out apart from the hub's own way.

`net` is by how much each 科目 is owed more (or less) than the 調定 says: 附随調定 + 還付 + 充当出 − 充当入 − 不納欠損 − 消滅 −
承継. Receipts meet what is owed in the order of `schemas/law/kanpu.toml`; what is left over is 過誤納 of the 本税.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import schemas
from state.receipt.account import ReceiptAccount

KAMOKU = ("honzei", "tokusoku_tesuuryou", "entaikin", "shobunhi")
NET = tuple(f"net_{name}" for name in KAMOKU)
"""列: of the tables in which each 期別 stands with its net of every 科目."""

SIGNS = {
    "choutei": 1,
    "kousei": 1,
    "shuunou": -1,
    "torikeshi": 1,
    "kanpu": 1,
    "juutou_out": 1,
    "juutou_in": -1,
    "kesson": -1,
    "shoumetsu": -1,
}
"""種類の符号: by which a movement changes what is owed."""

RECEIPTS = ("shuunou", "torikeshi")
"""Kinds that tell of receipts: these are taken from the change events, never from movements."""

GONE = ("kesson", "shoumetsu", "kousei")
"""Kinds by which 本税 ceases to be owed unpaid (and comes back): 不納欠損, 消滅, 承継, and what takes them back."""

_MORE, _LESS = (
    ("fuzui", "kanpu", "juutou_out"),
    ("juutou_in", "kesson", "shoumetsu", "shoukei"),
)


@cache
def _order() -> tuple[int, ...]:
    order = schemas.load_toml("law/kanpu")["rule"][-1]["juutou"]["uchiwake"]
    return tuple(KAMOKU.index(name) for name in order)


def net_of(account: ReceiptAccount) -> tuple[int, ...]:
    """差引: by 科目, of an account as its row or a fact shows it."""
    held = account.seisan
    if held is None:
        return (0,) * len(KAMOKU)
    return tuple(_of(held, _MORE, name) - _of(held, _LESS, name) for name in KAMOKU)


def gone_of(account: ReceiptAccount) -> int:
    """納めずに消えた本税: written off, extinct or gone to heirs; not paid, so the 期別 is not 完納 by it."""
    return 0 if account.seisan is None else _of(account.seisan, ("kesson", "shoumetsu", "shoukei"), "honzei")


def _of(seisan: Any, names: Iterable[str], kamoku: str) -> int:
    return sum(getattr(getattr(seisan, name), kamoku) for name in names)


def minou(gaku: int, paid: int, *net: int) -> int:
    """未納額: of all 科目 together (円)."""
    owed = [yen + (gaku if n == 0 else 0) for n, yen in enumerate(net)]
    left = paid
    for place in _order():
        met = min(max(owed[place], 0), left)
        owed[place] -= met
        left -= met
    owed[0] -= left
    return sum(yen for yen in owed if yen > 0)


def kagonou(gaku: int, paid: int, *net: int) -> int:
    """過誤納額: since 未納 less 過誤納 is always what is owed in all less what was paid."""
    return minou(gaku, paid, *net) - (gaku + sum(net) - paid)


def is_kannou(is_cancelled: int, gaku: int, paid: int, honzei: int, gone: int) -> int:
    """完納か: the 本税 is paid for, what was written off being owed still; `honzei` is its net."""
    return int(not is_cancelled and gaku + honzei + gone <= paid)


def columns(table: str) -> Sequence[str]:
    """差引の列: of one table."""
    return [f"{table}.{name}" for name in NET]
