"""収納統計の元: the movements of every 期別 out of the projection, in slices, and the sums that staff ask for.

調定 and 更正 are the ledger's facts by their day, 収納 the receipts that were not denied by 領収日, channel and 科目,
and what procedures moved is as it was told. Every reading is held against the accounts: 差 0円, or it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from connectors.read_account import receipts, seisan_of
from connectors.tables import ACCOUNT, FACT, MOVEMENT, RECEIPT
from state.law import kaikei, toukei
from state.law.movement import CHOUTEI, KOUSEI, SHUUNOU, Movement
from state.law.toukei import GekkeiKey, NikkeiKey, Ritsu, RitsuSums, Tally, ToukeiKey
from state.receipt.account import TORIKESHI
from state.receipt.kamoku import shared
from state.receipt.seisan import Seisan

SLICE = 2_000
"""期別 that are read at once: with their facts and receipts a few megabytes."""

KINDS = {"ChouteiPosted": CHOUTEI, "ChouteiRevised": KOUSEI, "ChouteiVoided": KOUSEI}
Rows = TypeVar("Rows")


class Sa(NamedTuple):
    """差: of all movements of all years from what the accounts say, in yen; each must be 0."""

    choutei: int
    shuunou: int
    zandaka: int

    @property
    def is_exact(self) -> bool:
        """一致: nothing differs."""
        return self == (0, 0, 0)


class Counted(NamedTuple, Generic[Rows]):
    """集計: the rows, and by how much all movements differ from the accounts."""

    rows: Rows
    sa: Sa


class _Kibetsu(NamedTuple):
    """What of an account its movements need."""

    shuunou_key: str
    fuka_nendo: int
    choutei_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    kibetsu_choutei_gaku: int
    seisan: Seisan | None

    def moved(self, on: date, nendo: int, kind: str, kamoku: str, channel: str, kingaku: int) -> Movement:
        """A movement on this 期別."""
        return Movement(on, self.shuunou_key, self.fuka_nendo, self.choutei_nendo, nendo,
                        self.zeimoku_code, self.kibetsu_code, kind, kamoku, channel, kingaku)  # fmt: skip


class _Slice(NamedTuple):
    """The movements of some whole 期別, by where they come from."""

    choutei: list[Movement]
    shuunou: list[Movement]
    tetsuzuki: list[Movement]

    @property
    def all(self) -> list[Movement]:
        """All of them."""
        return self.choutei + self.shuunou + self.tetsuzuki


def nikkei(engine: Engine, nendo: int, zeimoku_code: str | None = None) -> Counted[dict[NikkeiKey, Tally]]:
    """日計: of the books of one 会計年度."""
    return _counted(engine, nendo, zeimoku_code, toukei.nikkei)


def gekkei(engine: Engine, nendo: int, zeimoku_code: str | None = None) -> Counted[dict[GekkeiKey, Tally]]:
    """月計: of the books of one 会計年度."""
    return _counted(engine, nendo, zeimoku_code, toukei.gekkei)


def nenkan(engine: Engine, nendo: int, zeimoku_code: str | None = None) -> Counted[dict[ToukeiKey, Tally]]:
    """収納統計: of the books of one 会計年度, by 調定年度, 税目, 期別, 科目 and channel."""
    return _counted(engine, nendo, zeimoku_code, toukei.toukei)


def ritsu(engine: Engine, nendo: int, zeimoku_code: str | None = None) -> Counted[tuple[Ritsu, ...]]:
    """収納率: of the 本税 of one 会計年度, with what was carried into it from the years before."""
    sums: RitsuSums = {}
    with _snapshot(engine) as connection:
        watch = _Watch()
        for part in watch.slices(connection, SLICE):
            kept = [each for each in part.all if zeimoku_code in (None, each.zeimoku_code)]
            for place, yen in toukei.ritsu_sums(kept, nendo).items():
                before = sums.get(place, (0, 0, 0))
                sums[place] = (before[0] + yen[0], before[1] + yen[1], before[2] + yen[2])
        return Counted(toukei.ritsu_of(nendo, sums), watch.against(connection))


def _counted(
    engine: Engine,
    nendo: int,
    zeimoku_code: str | None,
    fold: Callable[[Iterable[Movement]], dict[Any, Tally]],
) -> Counted[dict[Any, Tally]]:
    with _snapshot(engine) as connection:
        watch = _Watch()
        kept = (
            each
            for part in watch.slices(connection, SLICE)
            for each in part.all
            if each.kaikei_nendo == nendo and zeimoku_code in (None, each.zeimoku_code)
        )
        return Counted(fold(kept), watch.against(connection))


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """One picture of the tables for the whole reading, however long it takes."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


class _Watch:
    """What went by, in sums."""

    def __init__(self) -> None:
        self.choutei = self.shuunou = self.zandaka = 0

    def slices(self, connection: Connection, size: int) -> Iterator[_Slice]:
        """All movements, so many 期別 at a time."""
        last = ""
        while kibetsu := _accounts(connection, last, size):
            part = _slice(connection, kibetsu)
            self.choutei += sum(each.kingaku for each in part.choutei)
            self.shuunou += sum(each.kingaku for each in part.shuunou)
            self.zandaka += sum(each.change for each in part.all)
            yield part
            last = max(kibetsu)

    def against(self, connection: Connection) -> Sa:
        """The difference from the accounts, as `shuunou show summary` adds them up."""
        own = ACCOUNT.c
        columns = (own.kibetsu_choutei_gaku, own.shuunou_gaku, own.minou_gaku - own.kagonou_gaku)
        asked = sa.select(*(sa.func.coalesce(sa.func.sum(each), 0) for each in columns))
        recorded = connection.execute(asked).one()
        seen = (self.choutei, self.shuunou, self.zandaka)
        return Sa(*(ours - int(theirs) for ours, theirs in zip(seen, recorded, strict=True)))


def _accounts(connection: Connection, after: str, size: int) -> dict[str, _Kibetsu]:
    columns = [ACCOUNT.c[name] for name in _Kibetsu._fields]
    asked = sa.select(*columns).where(ACCOUNT.c.shuunou_key > after).order_by(ACCOUNT.c.shuunou_key)
    return {
        row[0]: _Kibetsu._make((*row[:-1], seisan_of(row[-1])))
        for row in map(tuple, connection.execute(asked.limit(size)))
    }


def _slice(connection: Connection, kibetsu: dict[str, _Kibetsu]) -> _Slice:
    first, last = min(kibetsu), max(kibetsu)
    facts = sa.select(FACT.c.shuunou_key, FACT.c.kind, FACT.c.kingaku, FACT.c.occurred_on).where(
        FACT.c.shuunou_key.between(first, last), FACT.c.kind.in_(KINDS)
    )
    choutei = [
        kibetsu[key].moved(
            on, _teisei_nendo(kibetsu[key].choutei_nendo, on), KINDS[kind], "honzei", "", kingaku
        )
        for key, kind, kingaku, on in connection.execute(facts)
        if key in kibetsu
    ]
    moved = sa.select(*(MOVEMENT.c[name] for name in Movement._fields)).where(
        MOVEMENT.c.shuunou_key.between(first, last)
    )
    tetsuzuki = [Movement(*row) for row in connection.execute(moved)]
    return _Slice(choutei, list(_shuunou(connection, kibetsu)), tetsuzuki)


def _shuunou(connection: Connection, kibetsu: dict[str, _Kibetsu]) -> Iterator[Movement]:
    keys = RECEIPT.c.shuunou_key.between(min(kibetsu), max(kibetsu))
    found = receipts(connection, sa.and_(keys, RECEIPT.c.dankai != TORIKESHI))
    for key, of_account in found.items():
        own = kibetsu.get(key)
        if own is None:
            continue  # a receipt without its account is found by `shuunou verify`
        for each, kamoku, yen in shared(own.kibetsu_choutei_gaku, own.seisan, of_account):
            nendo = _shuunou_nendo(own.choutei_nendo, each.ryoushuu_nengappi, each.shuunou_nengappi)
            yield own.moved(each.ryoushuu_nengappi, nendo, SHUUNOU, kamoku, each.shuunou_kubun, yen)


@lru_cache(maxsize=100_000)
def _shuunou_nendo(choutei_nendo: int, ryoushuu_on: date, shuunou_on: date) -> int:
    return kaikei.shuunou_nendo(choutei_nendo, ryoushuu_on, shuunou_on).nendo


@lru_cache(maxsize=100_000)
def _teisei_nendo(choutei_nendo: int, on: date) -> int:
    """An entry on a day: in the books of its year while they are open, else in the open ones."""
    return max(choutei_nendo, kaikei.teisei_nendo(choutei_nendo, on).nendo)
