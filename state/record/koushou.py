"""交渉経過の項目: what was said and done, as the act tells it; each function bears the name of its item.

An act is kept as a record of 交渉経過ファイル beside those of the former system: given once, never worked out anew.
"""

from __future__ import annotations

from datetime import date

from state.events import KirokuHeld
from state.seiri.event import TetsuzukiTaken

KIND, SUBFILE = "KoushouRecorded", "交渉経過ファイル"
PREFIX = "tetsuzuki/"
"""Before the number of the act: the former system's own keys never begin so."""


def kiroku_hizuke(act: TetsuzukiTaken) -> date:
    """記録日付: the day of the act."""
    return act.on


def koudou_kiroku_bunrui(act: TetsuzukiTaken) -> str | None:
    """行動記録分類: the code of the act."""
    return act.code


def tantousha(act: TetsuzukiTaken) -> str | None:
    """担当者: who did it, as the act says beside its 15 items, else as they say."""
    return act.tantousha_code or act.held.get("tantousha")


def as_kiroku(act: TetsuzukiTaken) -> KirokuHeld | None:
    """交渉経過として持つ: the act as a record of that file; None for an act of another kind."""
    if act.kind != KIND:
        return None
    held = {
        **act.held,
        "kiroku_hizuke": kiroku_hizuke(act).isoformat(),
        "koudou_kiroku_bunrui": koudou_kiroku_bunrui(act) or "",
        "tantousha": tantousha(act) or "",
    }
    return KirokuHeld(
        *act[:8], act.atena_bangou, SUBFILE, PREFIX + act.bangou, 1, {k: v for k, v in held.items() if v}
    )
