"""予定: the days on which rows must be looked at again, as keys `<day>|<row>` in a table of a stage."""

from __future__ import annotations

from datetime import date
from itertools import islice

from streams.engine.unit import SEPARATOR, Table, Unit

AT_ONCE = 5_000
"""A day that comes looks at every 期別 that falls due, hundreds of thousands of one partition; so many in one
transaction, the others in those that follow at once."""


def entry_of(day: date, row: bytes) -> bytes:
    """予定の鍵: in the order of the days."""
    return day.isoformat().encode() + SEPARATOR + row


def take_due(
    unit: Unit, agenda: Table[bytes], day: date, most: int | None = None
) -> tuple[list[bytes], bool]:
    """来た予定を取る: rows whose day is not after `day`, at most so many, taken off; whether those were all."""
    found = unit.scan(agenda, b"", entry_of(day, b"\xff"))
    entries = [entry for entry, _ in islice(found, None if most is None else most + 1)]
    due = entries[:most]
    for entry in due:
        unit.put(agenda, entry, None)
    return [entry.split(SEPARATOR, 1)[1] for entry in due], len(due) == len(entries)
