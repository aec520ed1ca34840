"""手続: what the office, or whom it asked, did about one person or one 期別, as one event with its kind.

The kinds and what each must bring are data: `schemas/code/tetsuzuki.toml`. The natural key is (宛名番号, 種類,
番号): the number under which the office knows the act. Told twice it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple


class Bubun(NamedTuple):
    """手続の内訳: one line of an act: a 期別, a 科目, a person, a day, and yen. What a kind does not use is None."""

    shuunou_key: str | None
    atena_bangou: str | None
    kamoku: str | None
    on: date | None
    kingaku: int


class TetsuzukiTaken(NamedTuple):
    """手続: 収納・滞納整理の手続が行われた。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    atena_bangou: str
    kind: str
    bangou: str
    on: date
    shuunou_key: str | None
    kingaku: int | None
    code: str | None
    kara: date | None
    made: date | None
    taishou_bangou: str | None
    tantousha_code: str | None
    uchiwake: tuple[Bubun, ...]
    jouken: Mapping[str, str]
    held: Mapping[str, str]
