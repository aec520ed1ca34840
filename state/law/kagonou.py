"""過誤納金の値: what is known of one 過誤納金 on its way to 充当 or 還付, and what can happen to it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from state.law.juutou import Juutou, Plan
from state.law.uchiwake import Uchiwake

HASSEI, KETTEI, TSUUCHI, SEIKYUU = "hassei", "kettei", "tsuuchi", "seikyuu"
SHIHARAI, JUUTOU_ZUMI, JIKOU, TORIKESHI = "shiharai", "juutou_zumi", "jikou", "torikeshi"
JOUTAI_JA = {
    HASSEI: "発生",
    KETTEI: "充当・還付の決定",
    TSUUCHI: "通知",
    SEIKYUU: "請求",
    SHIHARAI: "支払",
    JUUTOU_ZUMI: "全額充当",
    JIKOU: "時効",
    TORIKESHI: "取消",
}
"""状態: the last four are final."""

TETSUZUKI_MAX = 60
"""A bound on what one 過誤納金 remembers of its steps; far above any that is decided and withdrawn again."""


class Tetsuzuki(NamedTuple):
    """手続: one step that was taken, by the number under which it was told."""

    event_no: str
    kind: str
    on: date
    kingaku: int


class Kagonou(NamedTuple):
    """過誤納金: one, from its 発生 to its end. Amounts in yen; `kanpu` and `juutou` are what was decided."""

    kagonou_no: str
    shuunou_key: str
    zeimoku_code: str
    jiyuu_code: str
    hassei_on: date
    kagonou: Uchiwake
    joutai: str
    juutou: tuple[Juutou, ...]
    kanpu: Uchiwake
    juutou_kasankin: int
    kanpu_kasankin: int
    kettei_on: date | None
    tsuuchi_on: date | None
    seikyuu_on: date | None
    shiharai_on: date | None
    tetsuzuki: tuple[Tetsuzuki, ...]

    @property
    def juutou_gaku(self) -> int:
        """充当額: in yen."""
        return sum(part.kingaku for part in self.juutou)

    @property
    def shiharai_gaku(self) -> int:
        """支払額: the 還付 and all 還付加算金, in yen."""
        return self.kanpu.goukei + self.juutou_kasankin + self.kanpu_kasankin


class KagonouArose(NamedTuple):
    """過誤納の発生: more was received on a 期別 than is owed."""

    event_no: str
    on: date
    kagonou_no: str
    shuunou_key: str
    zeimoku_code: str
    jiyuu_code: str
    kagonou: Uchiwake


class KagonouChanged(NamedTuple):
    """過誤納の増減: before anything is decided; nothing left means that it is void."""

    event_no: str
    on: date
    kagonou: Uchiwake


class KagonouDecided(NamedTuple):
    """充当・還付の決定: the plan, and the 還付加算金 of its two parts."""

    event_no: str
    on: date
    plan: Plan
    juutou_kasankin: int
    kanpu_kasankin: int


class KagonouDecisionWithdrawn(NamedTuple):
    """決定の取消: before it is paid. What 充当 moved goes back."""

    event_no: str
    on: date


class KagonouNotified(NamedTuple):
    """還付充当通知書の発送: the day it was sent."""

    event_no: str
    on: date


class KanpuClaimed(NamedTuple):
    """還付の請求: the day it was made."""

    event_no: str
    on: date


class KanpuPaid(NamedTuple):
    """還付の支払: the day and the yen."""

    event_no: str
    on: date
    kingaku: int


class KanpuExpired(NamedTuple):
    """還付請求権の時効: the first day after it, or later."""

    event_no: str
    on: date


KagonouEvent = (
    KagonouArose
    | KagonouChanged
    | KagonouDecided
    | KagonouDecisionWithdrawn
    | KagonouNotified
    | KanpuClaimed
    | KanpuPaid
    | KanpuExpired
)


class Tsuuchisho(NamedTuple):
    """還付充当通知書: what it states. `josan_from` is the day from which no 還付加算金 runs without a claim."""

    kagonou_no: str
    shuunou_key: str
    tsuuchi_on: date
    kagonou_gaku: int
    juutou: tuple[Juutou, ...]
    kanpu_gaku: int
    juutou_kasankin: int
    kanpu_kasankin: int
    shiharai_gaku: int
    josan_from: date | None
    seikyuu_kigen: date | None
