"""素読み: transfers and provisions straight from their bytes, without the hub's codec.

Most of a transfer or provision says the same as the one before: its contract's words, its lists of items.
Lists are cut out as they are and recognised when they come again, so some millions of messages can be read
in minutes. What does not read so is given to the codec, which names what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import schemas
from connectors.base import Terminal
from schemas.codec import HEADER, MAGIC, base_name
from schemas.registry import id_of

EPOCH = date(1970, 1, 1).toordinal()
KNOWN_MOST = 100
_Read = Callable[[bytes, int], tuple[Any, int]]


def _unsigned(value: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = value[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _number(value: bytes, at: int) -> tuple[int, int]:
    number, at = _unsigned(value, at)
    return (number >> 1) ^ -(number & 1), at


def _bytes(value: bytes, at: int) -> tuple[bytes, int]:
    size = value[at]
    at += 1
    if size > 127:
        size, at = _unsigned(value, at - 1)
    end = at + (size >> 1)
    return value[at:end], end


def _text(value: bytes, at: int) -> tuple[str, int]:
    found, at = _bytes(value, at)
    return found.decode(), at


def _day(value: bytes, at: int) -> tuple[int, int]:
    number, at = _number(value, at)
    return number + EPOCH, at


def _strings() -> _Read:
    """A list of strings as its bytes; those that came before are compared as a whole."""
    known: list[bytes] = []

    def read(value: bytes, at: int) -> tuple[bytes, int]:
        for seen in known:
            if value.startswith(seen, at):
                return seen, at + len(seen)
        begin = at
        while True:
            count, at = _number(value, at)
            if count == 0:
                break
            if count < 0:
                count, (_, at) = -count, _number(value, at)
            for _ in range(count):
                _, at = _bytes(value, at)
        if len(known) < KNOWN_MOST:
            known.append(value[begin:at])
        return value[begin:at], at

    return read


def _optional(read: _Read) -> _Read:
    def read_optional(value: bytes, at: int) -> tuple[Any, int]:
        return read(value, at + 1) if value[at] else (None, at + 1)

    return read_optional


_READS: dict[str, _Read] = {
    "string": _text,
    "bytes": _bytes,
    "int": _number,
    "long": _number,
    "date": _day,
    "timestamp-millis": _number,
}


def _read_of(kind: Any) -> _Read:
    if isinstance(kind, list):
        return _optional(_read_of(kind[1]))
    if isinstance(kind, dict) and kind["type"] == "array" and kind["items"] == "string":
        return _strings()
    word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
    if word not in _READS:
        raise Terminal(f"schema kind {word}: expected one that {__name__} reads; add it there")
    return _READS[word]


class Slicer:
    """素読みの型: of every version of one schema that has all the fields asked for, e.g. `audit/provision`."""

    def __init__(self, base: str, *groups: Sequence[str]) -> None:
        self._layouts: dict[bytes, _Layout] = {}
        for name in schemas.avsc_names():
            if base_name(name) == base:
                fields = schemas.load_avsc(name)["fields"]
                names = [field["name"] for field in fields]
                if all(wanted in names for group in groups for wanted in group):
                    places = tuple(tuple(names.index(wanted) for wanted in group) for group in groups)
                    reads = [_read_of(field["type"]) for field in fields]
                    self._layouts[HEADER.pack(MAGIC, id_of(name))] = _Layout(reads, places)

    def cut(self, value: bytes) -> tuple[list[Any], ...] | None:
        """切り分ける: the values of each group, days as their number and lists as their bytes.

        None for bytes of another schema or of none.
        """
        layout = self._layouts.get(value[: HEADER.size])
        if layout is None:
            return None
        at, found = HEADER.size, []
        try:
            for read in layout.reads:
                item, at = read(value, at)
                found.append(item)
        except (IndexError, UnicodeDecodeError):
            return None
        if at != len(value):
            return None
        return tuple([found[n] for n in places] for places in layout.places)


class _Layout(NamedTuple):
    """How one version is read, and where the values of each group are among what was read."""

    reads: list[_Read]
    places: tuple[tuple[int, ...], ...]
