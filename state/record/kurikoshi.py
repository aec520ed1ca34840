"""滞納繰越の項目: what stood in the books when a 期別 was last carried into the next year (収滞納 76〜79).

The derivation is that of `state.receipt.kurikoshi`; the record knows no days of 還付, 充当 and 不納欠損, so they
count at every closing.
"""

from __future__ import annotations

from datetime import date

import schemas
from state.law.kaikei import kurikoshi_on
from state.receipt.account import ReceiptAccount
from state.receipt.kurikoshi import Kurikoshi, kurikoshi_of
from state.record.known import UNSEEN, Unseen

LAST_NENDO = 2097
"""The last year that is closed within the days that the hub takes (`state.ingest`)."""


def next_on(account: ReceiptAccount, kijunbi: date | None) -> date | None:
    """次の繰越の日: on which this 期別 is carried over if it stays unpaid; None when nothing is owed."""
    if account.minou_gaku == 0:
        return None
    days = map(kurikoshi_on, _years(account))
    return next((day for day in days if kijunbi is None or kijunbi < day), None)


def _years(account: ReceiptAccount) -> range:
    """The years whose closing the 期別 may see; none of a year of which no rule is stated."""
    first = min(entry["valid_from"].year for entry in schemas.load_toml("law/kaikei")["rule"])
    is_known = first <= account.choutei_nendo <= LAST_NENDO
    return range(account.choutei_nendo, LAST_NENDO + 1) if is_known else range(0)


def _last(account: ReceiptAccount, kijunbi: date | None) -> Kurikoshi | None:
    return None if kijunbi is None else kurikoshi_of(account, kijunbi)


def kurikoshiji_choutei_gaku(account: ReceiptAccount, kijunbi: date | None) -> int | Unseen:
    """繰越時調定額: what the books of the closed year had assessed (円)."""
    last = _last(account, kijunbi)
    return last.choutei_gaku if last else UNSEEN


def kurikoshiji_shuunou_gaku(account: ReceiptAccount, kijunbi: date | None) -> int | Unseen:
    """繰越時収納額: what they had received (円)."""
    last = _last(account, kijunbi)
    return last.shuunou_gaku if last else UNSEEN


def kurikoshi_choutei_gaku(account: ReceiptAccount, kijunbi: date | None) -> int | Unseen:
    """繰越調定額: what was carried over, the 調定 of 滞繰 (円)."""
    last = _last(account, kijunbi)
    return last.kurikoshi_gaku if last else UNSEEN


def kurikoshi_nengappi(account: ReceiptAccount, kijunbi: date | None) -> date | Unseen:
    """繰越年月日: the day of the last 滞納繰越."""
    last = _last(account, kijunbi)
    return last.on if last else UNSEEN
