"""収納台帳の値: the account of one 期別, what was assessed and what was received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.receipt.seisan import NOTHING, Seisan, Wariate, wariate

SOKUHOU, TORIKESHI, KAKUHOU = "sokuhou", "torikeshi", "kakuhou"
"""段階: a later one in this order prevails, whatever the order of arrival. A 確報 is money that the bank or
agent really hands over, so it also prevails over the denial of a 速報 (and the contradiction is announced)."""

RANK = {SOKUHOU: 1, TORIKESHI: 2, KAKUHOU: 3}
RECEIPTS_MAX = 400
"""A bound on what one 期別 remembers; far above any plan of instalments. Beyond it the receipt is refused."""
FUNOU_MAX = 24
RIREKI_MAX = 200


class Receipt(NamedTuple):
    """領収: one payment on a 期別, by its natural key."""

    receipt_no: str
    dankai: str
    kingaku: int
    ryoushuu_nengappi: date
    shuunou_nengappi: date
    nikkeibi: date
    torikomibi: date
    shuunou_kubun: str


class ChouteiRireki(NamedTuple):
    """調定の履歴: one assessment, correction or cancellation of a 期別."""

    rireki_bangou: int
    ido_shubetsu: str
    kibetsu_choutei_gaku: int
    occurred_on: date


class ReceiptAccount(NamedTuple):
    """収納台帳: 一期別の調定と収納。"""

    shuunou_key: str
    atena_bangou: str
    jichitai_code: str
    rireki_bangou: int
    is_cancelled: bool
    fuka_nendo: int
    zeimoku_code: str
    taishou_nendo: int
    tsuuchisho_bangou: str
    kibetsu_code: str
    choutei_nendo: int
    kaikei_nendo: int
    kibetsu_choutei_gaku: int
    shuunou_gaku: int
    noukigen: date
    houtei_noukigen: date | None
    houtei_noukigen_tou: date | None
    choutei_nengappi: date
    choutei_rireki: tuple[ChouteiRireki, ...]
    kousei_nengappi: date | None
    kousei_kaisuu: int
    zuiki_flag: str | None
    jiyuu_code: str | None
    receipts: tuple[Receipt, ...]
    furikae_funou: tuple[str, ...]
    koufuri_funou_kaisuu: int
    is_tainou: bool
    tokusoku_due_on: date | None
    held: Mapping[str, str]
    seisan: Seisan | None = None

    @property
    def minou_gaku(self) -> int:
        """未納額: what is still owed, with 督促手数料 and 延滞金 once they are fixed; never negative (円)."""
        if self.seisan is not None:
            return self.wariate.minou.goukei
        owed = self.kibetsu_choutei_gaku - self.shuunou_gaku
        return owed if owed > 0 else 0

    @property
    def kagonou_gaku(self) -> int:
        """過誤納額: what was received beyond what is owed, never negative (円)."""
        if self.seisan is not None:
            return self.wariate.kagonou.goukei
        beyond = self.shuunou_gaku - self.kibetsu_choutei_gaku
        return beyond if beyond > 0 else 0

    @property
    def wariate(self) -> Wariate:
        """科目ごとの額: what was received, what is owed, what is too much."""
        return wariate(self.kibetsu_choutei_gaku, self.seisan or Seisan(), self.shuunou_gaku)

    @property
    def is_kannou(self) -> bool:
        """完納: assessed, not cancelled, and nothing of the 本税 owed; what was written off is not 完納."""
        if self.seisan is not None:
            paid_without = self.seisan._replace(kesson=NOTHING, shoumetsu=NOTHING, shoukei=NOTHING)
            owed = wariate(self.kibetsu_choutei_gaku, paid_without, self.shuunou_gaku).minou.honzei
            return not self.is_cancelled and owed == 0
        return not self.is_cancelled and self.shuunou_gaku >= self.kibetsu_choutei_gaku
