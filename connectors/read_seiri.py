"""照会(整理): what procedures left on a 期別 and on a person, the last acts, and the sums of their movements.

Items that are held sealed (個人番号, 口座番号) are never read out, as in `read_side`. Amounts are yen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

import schemas
from connectors.read_account import seisan_of
from connectors.tables import ACCOUNT, KIBETSU_SEIRI, MOVEMENT, SEIRI_FACT, SEIRIBO
from state.receipt.seisan import Seisan, wariate
from state.seiri.values import KibetsuSeiri, Seiribo
from state.wire import decode

ACTS_SHOWN, MOVEMENTS_SHOWN = 50, 200


class Act(NamedTuple):
    """整理の経過の一行: a fact of a procedure, and the provisions that it rests on."""

    kind: str
    shuunou_key: str | None
    bangou: str | None
    kingaku: int
    on: date
    source: str
    provisions: tuple[str, ...]
    fact_id: str


class Moved(NamedTuple):
    """収納の動きの一行: of one 科目, in the books of one year."""

    on: date
    kind: str
    kamoku: str
    kaikei_nendo: int
    kingaku: int
    fact_id: str


class KibetsuView(NamedTuple):
    """期別の整理の姿: None where no procedure has touched the 期別; the oldest act and movement first."""

    seiri: KibetsuSeiri | None
    acts: tuple[Act, ...]
    movements: tuple[Moved, ...]


class PersonView(NamedTuple):
    """一人の整理の姿: 整理簿, every 期別 with procedures, the last acts (the oldest of them first)."""

    book: Seiribo | None
    seiri: tuple[KibetsuSeiri, ...]
    acts: tuple[Act, ...]


class SeisanSums(NamedTuple):
    """精算の計: as it stands now: what was withdrawn or taken back is not in it.

    `fuzui_choutei` is what 督促手数料, 延滞金 and 滞納処分費 were assessed at, `fuzui_shuunou` what came in for them.
    """

    kanpu: int
    juutou: int
    kesson: int
    fuzui_choutei: int
    fuzui_shuunou: int


def kibetsu(engine: Engine, shuunou_key: str) -> KibetsuView:
    """期別の整理を引く: by 収納キー."""
    own = KIBETSU_SEIRI.c
    with engine.connect() as connection:
        rows = connection.execute(sa.select(own.encoded).where(own.shuunou_key == shuunou_key)).all()
        moved = sa.select(*[MOVEMENT.c[name] for name in Moved._fields])
        moved = moved.where(MOVEMENT.c.shuunou_key == shuunou_key)
        moved = moved.order_by(MOVEMENT.c.on.desc(), MOVEMENT.c.fact_id.desc(), MOVEMENT.c.number.desc())
        movements = [Moved(*row) for row in connection.execute(moved.limit(MOVEMENTS_SHOWN))]
        acts = _acts(connection, SEIRI_FACT.c.shuunou_key == shuunou_key)
    return KibetsuView(_opened(rows[0][0]) if rows else None, acts, tuple(movements[::-1]))


def person(engine: Engine, atena_bangou: str) -> PersonView:
    """一人の整理を引く: by 宛名番号."""
    own = KIBETSU_SEIRI.c
    asked = sa.select(own.encoded).where(own.atena_bangou == atena_bangou).order_by(own.shuunou_key)
    with engine.connect() as connection:
        book = connection.execute(
            sa.select(SEIRIBO.c.encoded).where(SEIRIBO.c.atena_bangou == atena_bangou)
        ).first()
        seiri = tuple(_opened(row[0]) for row in connection.execute(asked))
        acts = _acts(connection, SEIRI_FACT.c.atena_bangou == atena_bangou)
    return PersonView(_opened(book[0]) if book else None, seiri, acts)


def seisan_sums(engine: Engine) -> SeisanSums:
    """精算の計を引く: over every account that procedures touched; 充当 on the side where it comes in.

    Of the accounts, not of the movements: a 充当 that was withdrawn is told there as another, the other way.
    """
    own, sums = ACCOUNT.c, [0] * len(SeisanSums._fields)
    asked = sa.select(own.kibetsu_choutei_gaku, own.seisan, own.shuunou_gaku).where(own.seisan.is_not(None))
    with engine.connect() as connection:
        for gaku, text, paid in connection.execute(asked):
            seisan = seisan_of(text) or Seisan()
            received = wariate(gaku, seisan, paid).shuunou
            each = (seisan.kanpu, seisan.juutou_in, seisan.kesson, seisan.fuzui)
            beside = received.goukei - received.honzei
            sums = [a + b for a, b in zip(sums, (*(one.goukei for one in each), beside), strict=True)]
    return SeisanSums(*sums)


def _acts(connection: Connection, where: Any) -> tuple[Act, ...]:
    own = SEIRI_FACT.c
    columns = [own["applied" if name == "provisions" else name] for name in Act._fields]
    asked = sa.select(*columns).where(where).order_by(own.partition.desc(), own.offset.desc())
    place = Act._fields.index("provisions")
    found = []
    for row in connection.execute(asked.limit(ACTS_SHOWN)):
        provisions = dict.fromkeys(str(basis["provision"]) for basis in json.loads(row[place]))
        found.append(Act._make((*row[:place], tuple(provisions), *row[place + 1 :])))
    return tuple(found[::-1])


def _opened(encoded: bytes) -> Any:
    """The value of a row, without what is held sealed."""
    return _without_sealed(decode(encoded))


def _without_sealed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: text for name, text in value.items() if not str(text).startswith(schemas.SEALED)}
    if isinstance(value, tuple):
        parts = [_without_sealed(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
