"""滞納の項目: the official items (別添1) that are derived from the case of a person, or from the person."""

from __future__ import annotations

from state.delinquency.case import OPEN, DelinquencyCase
from state.events import AtenaChanged
from state.record.known import UNSEEN, Unseen, flag

DECEASED = "04"  # 異動区分 of `schemas/layout/atena_csv.toml`


def tainou_kingaku(case: DelinquencyCase | None) -> int:
    """滞納金額: owed on 期別 whose 納期限 is past (円)."""
    return case.tainou_kingaku if case else 0


def tainousha_flag(case: DelinquencyCase | None) -> str:
    """滞納者フラグ: 1 while the case is open."""
    return flag(case is not None and case.joutai == OPEN)


def kojin_flag(atena: AtenaChanged | None) -> str | Unseen:
    """故人フラグ: 1 when the last change of the person is a death."""
    return UNSEEN if atena is None else flag(atena.idou_kubun == DECEASED)
