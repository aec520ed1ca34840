"""整理の事実: what the hub announces of procedures, past tense, with the state that follows."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.facts import Applied
from state.law.movement import Movement
from state.seiri.values import KibetsuSeiri, Seiribo


class SeiriFact(NamedTuple):
    """整理の事実: 手続または日の到来により起きたこと。後の姿を添える。"""

    fact_id: str
    kind: str
    event_id: str
    source: str
    atena_bangou: str
    shuunou_key: str | None
    bangou: str | None
    kingaku: int
    on: date
    occurred_on: date
    recorded_at: int
    applied: tuple[Applied, ...]
    movements: tuple[Movement, ...]
    seiri: KibetsuSeiri | None
    book: Seiribo | None
