"""保持した文字を項目の型に読む: `held` maps are text; a record of 別添1 has days, instants, numbers and yen.

What cannot be read is no value: `unreadable` names it, so that whoever took it in can refuse it and keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any

import schemas
from schemas import records

JST = timezone(timedelta(hours=9))
INT_END, LONG_END = 2**31, 2**63
_MILLI = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 -- the stdlib's alias needs another import

Read = Callable[[str], Any]


def _instant(text: str) -> int:
    """An instant in milliseconds; without a zone it is that of the office's clock."""
    at = datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=JST)) - _EPOCH) // _MILLI


def _within(end: int) -> Read:
    def number(text: str) -> int:
        found = int(text)
        if not -end <= found < end:
            raise ValueError("beyond the item's width")
        return found

    return number


def _sealed(text: str) -> str:
    """個人番号 and 口座番号 stand sealed or not at all."""
    if not text.startswith(schemas.SEALED):
        raise ValueError("not sealed")
    return text


_READ: Mapping[str, Read] = {
    "string": str,
    "date": date.fromisoformat,
    "timestamp-millis": _instant,
    "int": _within(INT_END),
    "long": _within(LONG_END),
}


@cache
def readers(record: str) -> Mapping[str, Read]:
    """項目の読み方: of every item of a record by its name."""
    return {
        item.name: _sealed if item.confidential else _READ[item.type] for item in records.items(record)
    }


def value_of(read: Read, text: str | None) -> Any:
    """値: None for what is not there and for what cannot be read."""
    if not text:
        return None
    try:
        return read(text)
    except ValueError:
        return None


def unreadable(record: str, held: Mapping[str, str]) -> tuple[str, ...]:
    """読めない項目: names of items of the record whose text is not of their type; never the text."""
    known = readers(record)
    return tuple(
        name for name, text in held.items() if name in known and text and value_of(known[name], text) is None
    )
