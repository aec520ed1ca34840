"""コネクタの約束: what every connector declares, and the two kinds of error it may raise.

A connector is one file with a `SPEC`: its name, what it connects, its settings with types, defaults and
help, its formats and its guarantees. `connectors.CATALOGUE` lists them all, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from state.events import Event
from state.reasons import Refusal
from state.seiri.event import TetsuzukiTaken


class Transient(Exception):
    """一時的な誤り: trying again later may help; nothing was acknowledged."""


class Terminal(Exception):
    """恒久的な誤り: trying again will not help; a person must act. Says what, expected, found and what to do."""


class Setting(NamedTuple):
    """設定: one setting of a connector."""

    name: str
    kind: str
    default: str | None
    help: str


class Spec(NamedTuple):
    """コネクタの仕様: the one declaration from which help, checks and the catalogue come."""

    name: str
    ja: str
    direction: str  # "source" or "sink"
    system: str  # 入手元 or 移転先
    channel: str  # 入手方法
    formats: tuple[str, ...]
    topics: tuple[str, ...]
    guarantees: str
    settings: tuple[Setting, ...] = ()


class Arrived(NamedTuple):
    """届いた異動: one line of a source turned into an event, and where it goes."""

    line: int
    topic: str
    key: str
    event: Event | TetsuzukiTaken


class Refused(NamedTuple):
    """断った行: one line that could not become an event, kept as it came."""

    line: int
    refusal: Refusal
    original: bytes


class FileRefused(NamedTuple):
    """断ったファイル: a file that is held as a whole; none of its lines becomes an event."""

    refusal: Refusal
    line: int = 0


class FileFacts(NamedTuple):
    """ファイルの素性: what a reader may know beside the bytes."""

    name: str
    digest: str  # SHA-256 in hex
    received_at: int  # milliseconds since 1970
    jichitai_code: str


class FileReader(Protocol):
    """ファイルの読み手: the pure part of a file source.

    `check` looks at the whole file first and refuses it as a whole, or gives None;
    `lines` then turns its lines into events or refusals, always the same ones for the
    same bytes (a resumed file continues at a line).
    """

    spec: Spec

    def matches(self, name: str) -> bool: ...

    def check(self, raw: bytes, facts: FileFacts) -> FileRefused | None: ...

    def lines(self, raw: bytes, facts: FileFacts) -> Iterator[Arrived | Refused]: ...
