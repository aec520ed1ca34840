"""精算: what moves on one 期別 beside its 調定 and its receipts, and how receipts are shared out among the 科目.

督促手数料, 延滞金 and 滞納処分費 join what is owed; 還付 and 充当 move what was received; 不納欠損, 消滅 and 納税承継 take what is
owed away. Per 科目: owed = 調定 + 還付 + 充当出 − 充当入 − 不納欠損 − 消滅 − 承継, and receipts meet it in the order of
`schemas/law/kanpu.toml`: 本税 first (地方税法 第17条の2第3項、第20条の9の4).
"""

from __future__ import annotations

from functools import cache, lru_cache
from operator import add, sub
from typing import NamedTuple

import schemas
from state.law.uchiwake import KAMOKU, Uchiwake

NOTHING = Uchiwake()


class Seisan(NamedTuple):
    """精算: whole yen by 科目. `fuzui` is the 調定 of what follows the 本税; its own 本税 is always 0."""

    fuzui: Uchiwake = NOTHING
    kanpu: Uchiwake = NOTHING
    juutou_out: Uchiwake = NOTHING
    juutou_in: Uchiwake = NOTHING
    kesson: Uchiwake = NOTHING
    shoumetsu: Uchiwake = NOTHING
    shoukei: Uchiwake = NOTHING


class Wariate(NamedTuple):
    """割当: of each 科目 what was received for it, what is still owed and what is too much (円)."""

    shuunou: Uchiwake
    minou: Uchiwake
    kagonou: Uchiwake


def plus(one: Uchiwake, other: Uchiwake) -> Uchiwake:
    """足す: by 科目."""
    return Uchiwake(*map(add, one, other))


def minus(one: Uchiwake, other: Uchiwake) -> Uchiwake:
    """引く: by 科目; may fall below zero."""
    return Uchiwake(*map(sub, one, other))


@cache
def junjo() -> tuple[str, ...]:
    """科目の順: in which receipts meet what is owed; that of 充当 within one 期別."""
    order: list[str] = schemas.load_toml("law/kanpu")["rule"][-1]["juutou"]["uchiwake"]
    return tuple(order)


def seikyuu(choutei_gaku: int, seisan: Seisan) -> Uchiwake:
    """納めるべき額: by 科目, before anything was received. Negative where 充当 brought more than a later 更正 left."""
    owed = plus(seisan.fuzui, Uchiwake(choutei_gaku))
    for more in (seisan.kanpu, seisan.juutou_out):
        owed = plus(owed, more)
    for less in (seisan.juutou_in, seisan.kesson, seisan.shoumetsu, seisan.shoukei):
        owed = minus(owed, less)
    return owed


@lru_cache(maxsize=10_000)  # an act asks it of the same values again and again
def wariate(choutei_gaku: int, seisan: Seisan, shuunou_gaku: int) -> Wariate:
    """受けた額を科目に割り当てる: what no 科目 has room for is 過誤納 of the 本税."""
    owed = seikyuu(choutei_gaku, seisan)._asdict()
    got, left = dict.fromkeys(KAMOKU, 0), shuunou_gaku
    for kamoku in junjo():
        got[kamoku] = min(max(owed[kamoku], 0), left)
        left -= got[kamoku]
    got["honzei"] += left
    shuunou = Uchiwake(**got)
    rest = minus(Uchiwake(**owed), shuunou)
    return Wariate(
        shuunou,
        Uchiwake(*(max(yen, 0) for yen in rest)),
        Uchiwake(*(max(-yen, 0) for yen in rest)),
    )


def without_fuzui(seisan: Seisan) -> int:
    """本税の差引: by how much 還付, 充当 and the like change what is owed of the 本税 (円)."""
    return seikyuu(0, seisan).honzei
