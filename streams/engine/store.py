"""置き場: the rows of one stage's partition, in RocksDB; a copy of its changelog that may be thrown away.

Besides the rows it knows how far it is a copy: the changelog offset up to which
everything is in it, and when that was. A copy that cannot be opened, or that is newer
than its changelog, is not repaired but made again.
"""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

from streams.engine import failpoints

POSITION_TAG = b"\x00"
META_KEY = b"\xff\xffchangelog"
IDENTITY_KEY = b"\xff\xffidentity"
_META = struct.Struct(">qq")
_OFFSET = struct.Struct(">q")
BLOOM_BITS, BLOCKS_BYTES, BUFFER_MIB = 10, 128 << 20, 8
"""Most questions are for rows that are not there (of procedures, of what the former system held): a filter
of ten bits a key answers them without a block being read, which was a third of the records stage in a city
of 200,000. One cache of blocks for all stores of a process: their number does not decide its memory. What a
store has not flushed is its own, for hours where little changes, so it is small: with 32 MiB a worker of
twelve stores seems to leak until all are full. (RocksDB's common allowance for many databases flushes only
the one that is written to: once the quiet ones hold it all, that one is flushed at every commit.)"""
BLOCKS = Cache(BLOCKS_BYTES)
Row = tuple[bytes, bytes | None]
PARTS = "#parts"
"""A place that no topic has: how often a fold was committed in part. The position of its topic stays then,
and something must tell whether such a transaction was committed."""


_HELD = re.compile(r"While lock file|lock hold by")
"""RocksDB's words for a LOCK that is held, by another process and by this one; it has no code for them. The
word "lock" alone is in every complaint of a damaged block."""


class StoreBusy(Exception):
    """使用中: a store that somebody else has open; a process just killed holds it for a moment still."""


class StoreDamaged(Exception):
    """破損: what was read is not what was written. The store is marked, and made again at its next opening."""


class Copied(NamedTuple):
    """写しの範囲: the next changelog offset that is not in the store yet, and its time in milliseconds."""

    next_offset: int
    at: int


def position_key(topic: str) -> bytes:
    """位置の行の鍵: the row that holds how far one source topic was applied."""
    return POSITION_TAG + topic.encode()


def pack_offset(offset: int) -> bytes:
    """位置を書く。"""
    return _OFFSET.pack(offset)


def unpack_offset(value: bytes) -> int:
    """位置を読む。"""
    offset: int = _OFFSET.unpack(value)[0]
    return offset


def _options(is_compressed: bool, buffer_mib: int) -> Options:
    options = Options(raw_mode=True)
    options.set_compression_type(DBCompressionType.lz4() if is_compressed else DBCompressionType.none())
    options.create_if_missing(True)
    options.set_write_buffer_size(buffer_mib << 20)
    options.set_max_write_buffer_number(3)
    options.set_keep_log_file_num(2)
    options.set_max_background_jobs(2)
    tables = BlockBasedOptions()
    tables.set_bloom_filter(BLOOM_BITS, False)
    tables.set_block_cache(BLOCKS)
    options.set_block_based_table_factory(tables)
    return options


class Store:
    """置き場: one RocksDB database. Not for use by two threads at once; its owner sees to that."""

    def __init__(self, path: Path, *, is_compressed: bool = True, buffer_mib: int = BUFFER_MIB) -> None:
        self.path, self._new_options = path, partial(_options, is_compressed, buffer_mib)
        self._db: Rdict | None = None
        self._unlogged = WriteOptions()
        # its stub calls it a method
        self._unlogged.disable_wal = True  # type: ignore[method-assign, assignment]

    @property
    def db(self) -> Rdict:
        if self._db is None:
            raise RuntimeError(f"store {self.path.name}: not open")
        return self._db

    @property
    def is_open(self) -> bool:
        """開いている。"""
        return self._db is not None

    def open(self) -> None:
        """開く: a damaged copy is made again from nothing. Raises StoreBusy while somebody else holds it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._mark.exists():
            self.wipe()
        try:
            self._db = self._opened()
        except StoreBusy:
            raise
        except Exception:  # noqa: BLE001 -- rocksdict raises bare Exception for every failure
            self.wipe()
            self._db = self._opened()

    def _opened(self) -> Rdict:
        try:
            return Rdict(str(self.path), options=self._new_options())
        except Exception as error:
            if _HELD.search(str(error)):
                raise StoreBusy(f"store {self.path}: held by another process, or by this one") from None
            raise

    def wipe(self) -> None:
        """捨てる: close and delete everything; the changelog has it."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)
        self._mark.unlink(missing_ok=True)

    @property
    def _mark(self) -> Path:
        return self.path.with_name(f"{self.path.name}.damaged")

    def _judged(self, error: Exception) -> Exception:
        """A damaged block shows when it is read, not when the store is opened, and would ever again."""
        if not str(error).startswith("Corruption"):
            return error
        self._mark.touch()
        return StoreDamaged(f"store {self.path}: damaged; opened again, it is made anew from its changelog")

    def close(self) -> None:
        """閉じる。"""
        if self._db is not None:
            self._db.close()
            self._db = None

    def copied(self) -> Copied:
        """どこまでの写しか: (0, 0) for an empty store."""
        value = self.get(META_KEY)
        return Copied(*_META.unpack(value)) if value else Copied(0, 0)

    def identity(self) -> str:
        """どの変更記録の写しか: its topic's id; "" before it was told."""
        return (self.get(IDENTITY_KEY) or b"").decode()

    def belongs_to(self, identity: bytes) -> None:
        """どの変更記録の写しか: a copy of another changelog (of the same name, made anew) is thrown away."""
        if self.get(IDENTITY_KEY) == identity:
            return
        self.wipe()
        self.open()
        self.db.put(IDENTITY_KEY, identity)

    def get(self, key: bytes) -> bytes | None:
        """一行を読む。"""
        try:
            value: bytes | None = self.db.get(key)
        except Exception as error:  # noqa: BLE001 -- as above
            raise self._judged(error) from None
        return value

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """範囲を読む: rows with begin <= key < end, in the order of their keys."""
        rows = self.db.iter()
        rows.seek(begin)
        while rows.valid():
            key = rows.key()
            if key >= end:
                return
            yield key, rows.value()
            rows.next()
        try:
            rows.status()  # an iterator that meets a damaged block ends as if there were no more rows
        except Exception as error:  # noqa: BLE001 -- as above
            raise self._judged(error) from None

    def positions(self) -> dict[str, int]:
        """各トピックの位置: how far each source topic was applied."""
        rows = self.scan(POSITION_TAG, b"\x01")
        return {key[1:].decode(): unpack_offset(value) for key, value in rows}

    def write(self, rows: Iterable[Row], copied: Copied, *, logged: bool = True) -> None:
        """書く: rows and how far they make this a copy, in one atomic write."""
        if failpoints.is_armed("half-store"):
            rows = self._write_half(list(rows))
        batch = WriteBatch(raw_mode=True)
        for key, value in rows:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(META_KEY, _META.pack(*copied))
        try:
            self.db.write(batch) if logged else self.db.write(batch, self._unlogged)
        except Exception as error:  # noqa: BLE001 -- as above
            raise self._judged(error) from None

    def _write_half(self, rows: list[Row]) -> list[Row]:
        """What a torn write would leave: only a test arms it; the restore must mend it."""
        for key, value in rows[: len(rows) // 2]:
            self.db.put(key, value) if value is not None else self.db.delete(key)
        self.db.flush()
        failpoints.hit("half-store")
        return rows

    def flush(self) -> None:
        """書き出す: unlogged writes become durable."""
        self.db.flush()
