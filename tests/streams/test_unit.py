"""作業単位: what a fold reads is what it wrote itself, else what is committed."""

from __future__ import annotations

import time
from typing import Any

import hypothesis
from hypothesis import strategies as st

from streams import matching
from streams.engine.unit import Table, Unit
from tests import given
from tests.streams.memory_hub import CHOUTEI, CIPHER, gate, message
from tests.streams.memory_store import MemoryStore, Message, Partition

WORD: Table[str] = Table("word", b"w", str.encode, bytes.decode)
OTHER: Table[str] = Table("other", b"x", str.encode, bytes.decode)


class _Rows:
    """A reader with some committed rows."""

    def __init__(self, **rows: str) -> None:
        self.cache: dict[bytes, Any] = {}
        self.store: Any = MemoryStore()
        self.store.write((b"w" + name.encode(), word.encode()) for name, word in rows.items())


def test_a_unit_sees_its_own_changes_and_nobody_else_does() -> None:
    rows = _Rows(a="1")
    unit = Unit(0, rows)
    assert (unit.get(WORD, b"a"), unit.get(WORD, b"b")) == ("1", None)
    unit.put(WORD, b"a", "2")
    unit.put(WORD, b"b", "3")
    unit.put(OTHER, b"a", "4")
    assert (unit.get(WORD, b"a"), unit.get(WORD, b"b"), unit.get(OTHER, b"a")) == ("2", "3", "4")
    unit.put(WORD, b"a", None)
    assert unit.get(WORD, b"a") is None
    other = Unit(0, rows)
    assert (other.get(WORD, b"a"), other.get(WORD, b"b")) == ("1", None)


def test_a_unit_writes_each_row_once_as_it_was_left() -> None:
    unit = Unit(0, _Rows(a="1", b="1"))
    for word in ("2", "3", None, "4"):
        unit.put(WORD, b"a", word)
    unit.put(WORD, b"b", None)
    assert unit.rows() == [(b"wa", b"4"), (b"wb", None)]


def test_a_range_holds_what_is_stored_changed_and_new_and_not_what_is_deleted() -> None:
    unit = Unit(0, _Rows(a="1", b="2", d="4", f="6", g="7"))
    unit.put(WORD, b"b", None)
    unit.put(WORD, b"c", "new")
    unit.put(WORD, b"d", "changed")
    unit.put(WORD, b"e", None)
    unit.put(WORD, b"z", "outside")
    unit.put(OTHER, b"c", "of another table")
    assert list(unit.scan(WORD, b"a", b"g")) == [(b"a", "1"), (b"c", "new"), (b"d", "changed"), (b"f", "6")]
    assert list(unit.scan(WORD, b"b", b"b")) == []
    assert list(unit.scan(OTHER, b"", b"\xff")) == [(b"c", "of another table")]


PARTS = st.sampled_from(["a", "b", "a|x", "a|y", "a|x|1", "a}", "a~", "b|x", "", "ab|x", "a{"])


@given.STABLE
@hypothesis.given(
    stored=st.dictionaries(PARTS, st.just("stored")),
    put=st.lists(st.tuples(PARTS, st.sampled_from([None, "put"]))),
    begin=PARTS,
    end=PARTS,
)
def test_a_range_is_what_a_plain_look_at_every_row_finds(
    stored: dict[str, str], put: list[tuple[str, str | None]], begin: str, end: str
) -> None:
    unit, plain = Unit(0, _Rows(**stored)), dict[str, str | None](stored)
    for name, word in put:
        unit.put(WORD, name.encode(), word)
        unit.put(OTHER, name.encode(), "of another table")
        plain[name] = word
    expected = [(k.encode(), v) for k, v in sorted(plain.items()) if v is not None and begin <= k < end]
    assert list(unit.scan(WORD, begin.encode(), end.encode())) == expected


def test_many_acts_on_persons_of_one_batch_cost_little_each() -> None:
    few, many = (min(_seconds_for_persons(count) for _ in range(3)) for count in (500, 5_000))
    assert many < 25 * few


def _seconds_for_persons(count: int) -> float:
    """Of each person two rows are put, and all of that person's looked at after each."""
    unit = Unit(0, _Rows())
    begun = time.process_time()
    for number in range(count):
        person = b"%010d" % number
        for row in (b"|1", b"|2"):
            unit.put(WORD, person + row, "x")
            assert sum(1 for _ in unit.scan(WORD, person + b"|", person + b"}")) == int(row[1:])
    return time.process_time() - begun


def test_many_new_bills_in_one_batch_cost_little_each() -> None:
    """A scan must not go through all that the batch has changed: ten times as many, ten times as long."""
    few, many = (min(_seconds_for_new_bills(count) for _ in range(3)) for count in (500, 5_000))
    assert many < 25 * few


def _seconds_for_new_bills(count: int) -> float:
    bills = [given.choutei(key=given.shuunou_key(tsuuchisho=number)) for number in range(count)]
    records = [Message(CHOUTEI, 0, 0, 0, *message(bill)) for bill in bills]
    partition = Partition(matching.Matching(gate("matching", CIPHER)).fold)
    begun = time.process_time()
    partition.fold(Unit(0, partition), CHOUTEI, records)
    return time.process_time() - begun
