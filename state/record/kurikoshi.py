"""滞納繰越の項目: what stood in the books when a 期別 was last carried into the next year (収滞納 76〜79).

A stand-in: `kurikoshi_of` is to give way to that of the year's closing once it is there. It knows of 還付, 充当
and 不納欠損 only what stands today, not the day on which each was booked; `seiri.kurikoshi` prevails over it.
"""

from __future__ import annotations

from datetime import date

import schemas
from state.law.kaikei import heisa_on, kurikoshi_on
from state.receipt.account import TORIKESHI, ReceiptAccount
from state.record.known import UNSEEN, Unseen
from state.seiri.values import KibetsuSeiri, Kurikoshi

LAST_NENDO = 2097
"""The last year that is closed within the days that the hub takes (`state.ingest`)."""


def kurikoshi_of(account: ReceiptAccount, kijunbi: date | None) -> Kurikoshi | None:
    """滞納繰越: the last one until `kijunbi`, None when there was none. Receipts count on their 領収日."""
    found = None
    for nendo in _years(account):
        on = kurikoshi_on(nendo)
        if kijunbi is None or kijunbi < on:
            break
        choutei, shuunou = _choutei_gaku(account, heisa_on(nendo)), _shuunou_gaku(account, heisa_on(nendo))
        if choutei <= shuunou:
            break
        found = Kurikoshi(nendo + 1, on, choutei, shuunou, choutei - shuunou)
    return found


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


def _choutei_gaku(account: ReceiptAccount, on: date) -> int:
    """The 調定 that prevailed on a day: the highest 履歴番号 until then."""
    until = [one for one in account.choutei_rireki if one.occurred_on <= on]
    if not until:
        # known only as it stands today (a projection keeps no history)
        return 0 if account.choutei_rireki else account.kibetsu_choutei_gaku
    return max(until, key=lambda one: one.rireki_bangou).kibetsu_choutei_gaku


def _shuunou_gaku(account: ReceiptAccount, on: date) -> int:
    received = [one for one in account.receipts if one.dankai != TORIKESHI]
    return sum(one.kingaku for one in received if one.ryoushuu_nengappi <= on)


def _last(account: ReceiptAccount, seiri: KibetsuSeiri | None, kijunbi: date | None) -> Kurikoshi | None:
    if seiri is not None and seiri.kurikoshi is not None:
        return seiri.kurikoshi
    return kurikoshi_of(account, kijunbi)


def kurikoshiji_choutei_gaku(
    account: ReceiptAccount, seiri: KibetsuSeiri | None, kijunbi: date | None
) -> int | Unseen:
    """繰越時調定額: what the books of the closed year had assessed (円)."""
    last = _last(account, seiri, kijunbi)
    return last.choutei_gaku if last else UNSEEN


def kurikoshiji_shuunou_gaku(
    account: ReceiptAccount, seiri: KibetsuSeiri | None, kijunbi: date | None
) -> int | Unseen:
    """繰越時収納額: what they had received (円)."""
    last = _last(account, seiri, kijunbi)
    return last.shuunou_gaku if last else UNSEEN


def kurikoshi_choutei_gaku(
    account: ReceiptAccount, seiri: KibetsuSeiri | None, kijunbi: date | None
) -> int | Unseen:
    """繰越調定額: what was carried over, the 調定 of 滞繰 (円)."""
    last = _last(account, seiri, kijunbi)
    return last.kurikoshi_gaku if last else UNSEEN


def kurikoshi_nengappi(
    account: ReceiptAccount, seiri: KibetsuSeiri | None, kijunbi: date | None
) -> date | Unseen:
    """繰越年月日: the day of the last 滞納繰越."""
    last = _last(account, seiri, kijunbi)
    return last.on if last else UNSEEN
