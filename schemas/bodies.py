"""組込み符号の選択: the readers and writers in C where they were built (`schemas.native_build`), else in Python.

Both write the same bytes and refuse the same ones; only their speed differs (`bench/codec.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from schemas import compiled

Read = Callable[[bytes, int], tuple[Any, int]]
Write = Callable[[Any], bytes]


class MakeWriter(Protocol):
    """書き手の作り方。"""

    def __call__(self, avsc: Mapping[str, Any], nested: Mapping[str, type[Any]], /) -> Write: ...


class MakeReader(Protocol):
    """読み手の作り方。"""

    def __call__(
        self, avsc: Mapping[str, Any], nested: Mapping[str, type[Any]], cls: type[Any], /
    ) -> Read: ...


class Bodies(NamedTuple):
    """組込み符号の一式: its name, and how it makes a writer and a reader of one record schema."""

    name: str
    writer: MakeWriter
    reader: MakeReader


PYTHON = Bodies("python", compiled.compile_writer, compiled.compile_reader)


def _native() -> Bodies | None:
    try:
        from schemas import native
    except ImportError:  # not built on this machine: slower, never different
        return None
    return Bodies("c", native.compile_writer, native.compile_reader)


NATIVE = _native()
CHOSEN = NATIVE or PYTHON
