"""滞納の値: the delinquency of one person."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

OPEN, CLOSED = "open", "closed"


class DelinquencyCase(NamedTuple):
    """滞納: 一人の滞納の状態。"""

    atena_bangou: str
    joutai: str
    opened_on: date
    closed_on: date | None
    tainou_kingaku: int
    tainou_kensuu: int
    kaisuu: int
