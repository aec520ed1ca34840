"""The store on disk: who may open it, and what a damaged one is taken for. Without a broker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.engine.store import Copied, Store, StoreBusy, StoreDamaged

ROWS = 5_000
TRIES_TO_OPEN = """
import sys
from pathlib import Path
from streams.engine.store import Store, StoreBusy
try:
    Store(Path(sys.argv[1])).open()
except StoreBusy:
    print("busy")
"""


def _key(number: int) -> bytes:
    return b"k%05d" % number


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store" / "0")
    made.open()
    made.write([(_key(number), os.urandom(100)) for number in range(ROWS)], Copied(ROWS, 1))
    made.flush()
    return made


def _damage(store: Store, share: float) -> None:
    """Turns some bytes of the one table of a closed store over, so far into it."""
    (table,) = store.path.glob("*.sst")
    content = bytearray(table.read_bytes())
    at = int(len(content) * share)
    content[at : at + 100] = bytes(byte ^ 0xFF for byte in content[at : at + 100])
    table.write_bytes(bytes(content))


def test_a_store_that_is_held_is_left_alone(store: Store) -> None:
    other = Store(store.path)
    with pytest.raises(StoreBusy):
        other.open()
    script = [sys.executable, "-c", TRIES_TO_OPEN, str(store.path)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "busy"
    assert store.get(_key(7)) is not None
    store.close()
    other.open()
    assert other.get(_key(7)) is not None, "nothing of it was thrown away"
    other.close()


def test_a_copy_that_cannot_be_opened_is_made_anew(store: Store) -> None:
    """Its complaint speaks of a block, in which the word lock stands."""
    store.close()
    _damage(store, 0.999)
    store.open()
    assert (store.get(_key(7)), store.copied()) == (None, Copied(0, 0))
    store.close()


def test_a_damaged_block_is_never_taken_for_missing_rows(store: Store) -> None:
    store.close()
    _damage(store, 0.5)
    store.open()
    assert store.get(_key(0)) is not None
    with pytest.raises(StoreDamaged, match="made anew"):
        for number in range(ROWS):
            store.get(_key(number))
    with pytest.raises(StoreDamaged):
        assert list(store.scan(b"k", b"l")) == [], "an iterator ends there as if no more rows came"
    store.close()
    store.open()
    assert (store.get(_key(0)), store.copied()) == (None, Copied(0, 0)), "the changelog has it"
    store.write([(_key(1), b"x")], Copied(1, 1))
    store.close()
    store.open()
    assert store.get(_key(1)) == b"x", "made anew once, not each time"
    store.close()
