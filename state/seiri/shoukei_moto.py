"""承継元: what stood on the 期別 of a deceased and goes on with an heir's share of it (地方税法9条).

It travels with the 調定 of the share, for the heir's rows are in another partition than those of the deceased.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.law.entaikin_value import Waiver
from state.law.jikou_count import Jiyuu
from state.law.shikkou_teishi import ShikkouTeishi
from state.law.tokusokujou import Tokusokujou
from state.law.uchiwake import Uchiwake
from state.law.yuuyo import Yuuyo
from state.seiri.values import Shobun, ShoukeiNoufu


class ShoukeiMoto(NamedTuple):
    """承継元: the 期別 and the act that a share comes from, and the heir's part of all that stands there.

    The 調定 of the share is its 本税; `fuzui` is the rest of its yen. `noufu` and `entaikin` are the heir's part
    of what was met before. Rows that bear a 収納キー bear that of the share already.
    """

    shuunou_key: str
    atena_bangou: str
    bangou: str
    fuzui: Uchiwake
    jikou: tuple[Jiyuu, ...]
    tokusoku: Tokusokujou | None
    yuuyo: tuple[Yuuyo, ...]
    menjo: tuple[Waiver, ...]
    shikkou_teishi: ShikkouTeishi | None
    kuriagemae_noukigen: date | None
    kuriage_on: date | None
    entaikin_on: date | None
    tokusoku_due_on: date | None
    noufu: tuple[ShoukeiNoufu, ...]
    entaikin: int
    shobun: tuple[Shobun, ...]
