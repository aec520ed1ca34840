"""記録を作る: the seven records of 別添1 as values, every item by the way that `schemas/provenance.toml` states.

The provenance is not a description beside the code: it is what is carried out here, so that it cannot be
wrong about where a value comes from. Parameters of a function are fields of `Known` by name.
"""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from schemas import records
from schemas.records import Item, Provenance
from state.delinquency import record as delinquency
from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KirokuHeld
from state.receipt import record as receipt
from state.receipt.account import ReceiptAccount
from state.record import bunnou, kazei, kibetsu, kojin, koushou, kurikoshi, shobun
from state.record.held import Read, readers, value_of
from state.record.known import UNSEEN, Known
from state.seiri.values import Seiribo

SHUUTAINOU, KOJIN, KAZOKU = "shuutainou", "tainou_kojin", "tainou_kazoku"
KAZEI, KOUSHOU = "tainou_kazei_shuunou", "tainou_koushou_keika"
SHOBUN, BUNNOU = "tainou_shobun", "tainou_bunnou"
Get = Callable[[Known], Any]

_MODULES = {
    module.__name__: module
    for module in (receipt, delinquency, kibetsu, kazei, kojin, kurikoshi, koushou, shobun, bunnou)
}
_ROW = {"choutei": "account", "atena": "atena", "kiroku": "kiroku", "tetsuzuki": "book"}
"""Where the newest event of a source stands; of an act only its person is asked for, whose 整理簿 it is."""

_TYPE: Mapping[str, type[Any]] = {
    "account": ReceiptAccount, "atena": AtenaChanged, "kiroku": KirokuHeld, "book": Seiribo
}  # fmt: skip
_KIROKU = Known._fields.index("kiroku")


@cache
def classes() -> Mapping[str, type[Any]]:
    """記録の型: by the name of the record, with the fields of the newest version of its schema."""
    return {
        record: namedtuple(records.avsc(record)["name"], [item.name for item in records.items(record)])
        for record in records.records()
    }


def record_types() -> dict[str, type[Any]]:
    """記録の型: by the name of their schema, for the codec."""
    return {f"record/{record}": cls for record, cls in classes().items()}


def subfile(record: str) -> str:
    """ファイル名: under which the former system's records of this file are held."""
    return records.items(record)[0].subfile


@cache
def record_of(name: str) -> str | None:
    """記録の名: of a file by its name in 別添1, None for one that is none of the seven."""
    return next((record for record in records.records() if subfile(record) == name), None)


def build(record: str, known: Known) -> Any | None:
    """記録を作る: None while an item is missing without which there is no row.

    The record of a 期別 is asked for only where there is an account.
    """
    values, asked = _plan(record, _pattern(known))
    values = values.copy()
    held = None if known.kiroku is None else known.kiroku.held
    for place, name, get, read in asked:
        value = get(known)
        if value is UNSEEN:
            # no event of its kind has come: what the former system's record of this file says, if it may
            value = None if read is None or held is None else value_of(read, held.get(name))
        values[place] = value
    return _row(record, values)


def build_held(record: str, kiroku: KirokuHeld) -> Any | None:
    """持っている記録を作る: as the former system, or the act that told it, left it; nothing is worked out."""
    known = Known(kiroku=kiroku)
    return _row(record, [get(known) for get in _held_getters(record)])


def is_kanri(case: DelinquencyCase | None, book: Seiribo | None, kiroku: KirokuHeld | None) -> bool:
    """滞納管理の対象か: whoever was in arrears, was dealt with as a person, or came so from the former system.

    Others have no place in 滞納管理ファイル: a file that holds 個人番号 holds no more persons than it needs.
    """
    is_booked = book is not None and book._replace(tetsuzuki_kaisuu=0) != Seiribo(book.atena_bangou)
    return case is not None or is_booked or kiroku is not None


def _row(record: str, values: list[Any]) -> Any | None:
    for place in _required(record):
        if values[place] is None:
            return None
    return classes()[record]._make(values)


@cache
def _required(record: str) -> tuple[int, ...]:
    return tuple(place for place, item in enumerate(records.items(record)) if item.is_required)


MISSING, BARE, HOLDING = 0, 1, 2
_Asked = tuple[int, str, Get, Read | None]


def _pattern(known: Known) -> tuple[int, ...]:
    """What there is of each material: nothing, a row without held text, or one with it."""
    return tuple(
        [MISSING if row is None else HOLDING if getattr(row, "held", None) else BARE for row in known]
    )


@cache
def _plan(record: str, pattern: tuple[int, ...]) -> tuple[list[Any], tuple[_Asked, ...]]:
    """Values that are the same for every row of this pattern, and the items that are to be worked out.

    What a pure function makes of nothing is always the same, and most 期別 know no procedure: their thirty
    counters and days of procedures need no question, nor does held text where there is none.
    """
    values: list[Any] = []
    asked = []
    for place, way in enumerate(_ways(record)):
        least = HOLDING if way.is_of_held else BARE
        is_open = any(pattern[at] >= least for at in way.reads)
        value = UNSEEN if is_open else way.get(Known())
        values.append(None if value is UNSEEN else value)
        may_be_held = way.read is not None and pattern[_KIROKU] == HOLDING
        if value is UNSEEN and (is_open or may_be_held):
            asked.append((place, way.name, way.get, way.read))
    return values, tuple(asked)


class _Way(NamedTuple):
    """How an item comes about: what gives it, of which materials, and how held text is read if it may be."""

    name: str
    get: Get
    reads: tuple[int, ...]
    is_of_held: bool
    read: Read | None


@cache
def _ways(record: str) -> tuple[_Way, ...]:
    found = []
    for item in records.items(record):
        origin = records.provenance(record, item.name)
        read = readers(record)[item.name] if origin.otherwise else None
        get, reads = _getter(item, origin)
        found.append(_Way(item.name, get, reads, origin.kind not in ("derived", "event"), read))
    return tuple(found)


def _getter(item: Item, origin: Provenance) -> tuple[Get, tuple[int, ...]]:
    if origin.kind == "derived":
        return _derived(origin)
    return _from_event(origin) if origin.kind == "event" else _from_held(item, origin)


@cache
def _held_getters(record: str) -> tuple[Get, ...]:
    return tuple(_of_kiroku(item) for item in records.items(record))


def _of_kiroku(item: Item) -> Get:
    if item.name == "atena_bangou":
        return lambda known: known.kiroku.atena_bangou if known.kiroku else None
    read, name = readers(item.record)[item.name], item.name
    return lambda known: value_of(read, known.kiroku.held.get(name)) if known.kiroku else None


def _derived(origin: Provenance) -> tuple[Get, tuple[int, ...]]:
    module, _, name = (origin.function or "").rpartition(".")
    function = getattr(_MODULES[module], name)
    places = tuple(Known._fields.index(word) for word in inspect.signature(function).parameters)
    if len(places) == 1:
        (only,) = places
        return lambda known: function(known[only]), places
    if len(places) == 2:
        one, other = places
        return lambda known: function(known[one], known[other]), places
    return lambda known: function(*[known[place] for place in places]), places


def _from_event(origin: Provenance) -> tuple[Get, tuple[int, ...]]:
    rows = [_ROW[source] for source in origin.sources]
    ways = [(Known._fields.index(row), _places(row, origin.fields)) for row in rows]
    reads = tuple(place for place, _ in ways)
    if len(ways) == 1 and len(ways[0][1]) == 1:
        place, (at,) = ways[0]

        def get_one(known: Known) -> Any:
            row: Any = known[place]
            value = None if row is None else row[at]
            return UNSEEN if value is None else value

        return get_one, reads

    def get(known: Known) -> Any:
        for place, fields in ways:
            row: Any = known[place]
            found = [] if row is None else [row[at] for at in fields if row[at] is not None]
            if found:
                return found[0] if len(fields) == 1 else "".join(found)
        return UNSEEN

    return get, reads


def _places(row: str, fields: tuple[str, ...]) -> tuple[int, ...]:
    """Where the row bears the fields of the events: both give them one name."""
    return tuple(_TYPE[row]._fields.index(word) for word in fields)


def _from_held(item: Item, origin: Provenance) -> tuple[Get, tuple[int, ...]]:
    key, read = origin.key or item.name, readers(item.record)[item.name]
    reads = tuple(place for source in origin.sources for place in _holders(source))

    def get(known: Known) -> Any:
        for place in reads:
            row: Any = known[place]
            value = None if row is None else value_of(read, row.held.get(key))
            if value is not None:
                return value
        return UNSEEN

    return get, reads


def _holders(source: str) -> tuple[int, ...]:
    """Whose held text a source's is: an act's is that of the 処分 or the 分納 of the row."""
    names = ("shobun", "bunnou") if source == "tetsuzuki" else (_ROW[source],)
    return tuple(Known._fields.index(name) for name in names)
