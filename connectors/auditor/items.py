"""項目の求め方(監査): what each contract must show of an account, worked out from figures, apart from the hub's own
way.

The figures of an account come from two sides: from the account that a fact shows, to check each transfer
against the fact that caused it, and from the replay in SQL, to check the last one of each 期別 against the
change events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import schemas
from connectors.auditor.book import day, mark
from connectors.auditor.cut import carrying
from connectors.auditor.seisan import gone_of, is_kannou, minou, net_of
from connectors.base import Terminal
from state.receipt.account import ReceiptAccount


class Figures(NamedTuple):
    """期別の数字: days as their number; `last_*` of the receipt that was paid last, denied ones left out."""

    atena_bangou: str
    shuunou_key: str
    jichitai_code: str
    rireki_bangou: int
    fuka_nendo: int
    zeimoku_code: str
    taishou_nendo: int
    tsuuchisho_bangou: str
    kibetsu_code: str
    choutei_nendo: int
    kaikei_nendo: int
    noukigen: int
    houtei_noukigen: int | None
    houtei_noukigen_tou: int | None
    choutei_nengappi: int
    zuiki_flag: str | None
    is_cancelled: int
    kibetsu_choutei_gaku: int
    shuunou_gaku: int
    kousei_nengappi: int | None
    kousei_kaisuu: int
    koufuri_funou_kaisuu: int
    receipts: int
    sokuhou: int
    latest_on: int | None
    last_shuunou: int | None
    last_ryoushuu: int | None
    last_nikkeibi: int | None
    last_torikomibi: int | None
    last_kubun: str | None
    minou_gaku: int
    is_kannou: int


def _minou(f: Figures) -> int:
    return f.minou_gaku


def _kannou(f: Figures) -> str:
    return "1" if f.is_kannou else "0"


def _karikeshi(f: Figures) -> str | None:
    if not f.receipts:
        return None
    return "1" if f.sokuhou else "0"


_NAMED_OTHERWISE: dict[str, Callable[[Figures], Any]] = {
    "kibetsu_shuunou_gaku": lambda f: f.shuunou_gaku,
    "shuunou_kaisuu": lambda f: f.receipts,
    "shuunou_nengappi": lambda f: f.last_shuunou,
    "ryoushuu_nengappi": lambda f: f.last_ryoushuu,
    "saishuu_shuunoubi": lambda f: f.latest_on,
    "shuunoubi": lambda f: f.last_shuunou,
    "nikkeibi": lambda f: f.last_nikkeibi,
    "shuunou_torikomibi": lambda f: f.last_torikomibi,
    "shuunou_kubun": lambda f: f.last_kubun,
    "karikeshi_kubun": _karikeshi,
    "kannou_flag": _kannou,
    "minou_honzei": _minou,
    "minou_kingaku": _minou,
}
DAYS = frozenset(
    {
        "noukigen", "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi", "kousei_nengappi",
        "shuunou_nengappi",
        "ryoushuu_nengappi", "saishuu_shuunoubi", "shuunoubi", "nikkeibi", "shuunou_torikomibi",
    }
)  # fmt: skip
"""日である項目: shown as such to a reader of the report."""
_OURS = frozenset({"is_cancelled", "receipts", "sokuhou", "latest_on", "minou_gaku", "is_kannou"})


def item(name: str) -> Callable[[Figures], Any]:
    """項目の求め方: raises Terminal for one that the auditor cannot work out, so that none goes unchecked."""
    if name in _NAMED_OTHERWISE:
        return _NAMED_OTHERWISE[name]
    if name in Figures._fields and name not in _OURS and not name.startswith("last_"):
        place = Figures._fields.index(name)
        return lambda figures: figures[place]
    raise Terminal(f"item {name}: expected one that the auditor works out, found none; add it to {__name__}")


def figures_of(account: ReceiptAccount) -> Figures:
    """期別の数字: of an account as a fact shows it."""
    counted = [receipt for receipt in account.receipts if receipt.dankai != "torikeshi"]
    last = max(counted, key=lambda r: (r.ryoushuu_nengappi, r.receipt_no), default=None)
    gaku, paid, net = account.kibetsu_choutei_gaku, account.shuunou_gaku, net_of(account)
    return Figures(
        account.atena_bangou, account.shuunou_key, account.jichitai_code, account.rireki_bangou,
        account.fuka_nendo, account.zeimoku_code, account.taishou_nendo, account.tsuuchisho_bangou,
        account.kibetsu_code, account.choutei_nendo, account.kaikei_nendo, account.noukigen.toordinal(),
        day(account.houtei_noukigen), day(account.houtei_noukigen_tou), account.choutei_nengappi.toordinal(),
        account.zuiki_flag, account.is_cancelled, account.kibetsu_choutei_gaku, account.shuunou_gaku,
        day(account.kousei_nengappi), account.kousei_kaisuu, account.koufuri_funou_kaisuu, len(counted),
        sum(receipt.dankai == "sokuhou" for receipt in counted),
        max((receipt.shuunou_nengappi.toordinal() for receipt in counted), default=None),
        last.shuunou_nengappi.toordinal() if last else None,
        last.ryoushuu_nengappi.toordinal() if last else None,
        last.nikkeibi.toordinal() if last else None, last.torikomibi.toordinal() if last else None,
        last.shuunou_kubun if last else None, minou(gaku, paid, *net),
        is_kannou(account.is_cancelled, gaku, paid, net[0], gone_of(account)),
    )  # fmt: skip


def digest(values: Sequence[Any]) -> int:
    """射影の印: equal values have equal ones."""
    return mark(repr(tuple(values)).encode())


class Agreed(NamedTuple):
    """契約の定め: what `schemas/contract` says of one receiver, and the topic on which it is served."""

    id: str
    topic: str
    stated: Mapping[str, Any]
    zeimoku: frozenset[str]
    fields: tuple[str, ...]

    def covers(self, zeimoku_code: str) -> bool:
        """対象の税目か。"""
        return "*" in self.zeimoku or zeimoku_code in self.zeimoku


class Projections:
    """契約ごとの射影: contracts are known by their number here."""

    def __init__(self) -> None:
        served = carrying("transfer")
        self.contracts = tuple(_agreed(name, served) for name in schemas.names("contract", ".toml"))
        self._items = {c.fields: tuple(item(name) for name in c.fields) for c in self.contracts}

    @cached_property
    def by_topic(self) -> dict[str, int]:
        return {contract.topic: number for number, contract in enumerate(self.contracts)}

    def values(self, number: int, figures: Figures) -> tuple[Any, ...]:
        """射影: the values that a contract must show, in the order of its items."""
        return tuple([work_out(figures) for work_out in self._items[self.contracts[number].fields]])

    def digests(self, account: ReceiptAccount | None) -> list[int | None]:
        """射影の印: of the account that a fact shows; None for each contract where there is none."""
        return [None] * len(self.contracts) if account is None else self.marks(figures_of(account))

    def marks(self, figures: Figures) -> list[int | None]:
        """射影の印: for each contract; None for one that does not cover this 税目."""
        made = dict[tuple[str, ...], int]()
        found: list[int | None] = []
        for number, contract in enumerate(self.contracts):
            if not contract.covers(figures.zeimoku_code):
                found.append(None)
                continue
            if contract.fields not in made:
                made[contract.fields] = digest(self.values(number, figures))
            found.append(made[contract.fields])
        return found


def _agreed(name: str, served: Mapping[str, str]) -> Agreed:
    stated = schemas.load_toml(f"contract/{name}")
    return Agreed(
        stated["id"], served[stated["id"]], stated, frozenset(stated["zeimoku"]), tuple(stated["fields"])
    )
