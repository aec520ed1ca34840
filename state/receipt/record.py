"""収納の項目: the official items (別添1) that are derived from the account of a 期別; each function bears its name.

Sources: 別添1 収滞納ファイル and 課税収納情報ファイル; the provenance of every item is in `schemas/provenance.toml`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from operator import itemgetter
from typing import Any

from state.receipt.account import SOKUHOU, TORIKESHI, Receipt, ReceiptAccount

YES, NO = "1", "0"


def _received(account: ReceiptAccount) -> list[Receipt]:
    return [receipt for receipt in account.receipts if receipt.dankai != TORIKESHI]


def _last(account: ReceiptAccount) -> Receipt | None:
    """The receipt that was paid last; of one day the one that is last by its number."""
    for receipt in reversed(account.receipts):
        if receipt.dankai != TORIKESHI:
            return receipt
    return None


def kibetsu_choutei_gaku(account: ReceiptAccount) -> int:
    """期別調定額: as the highest 履歴番号 leaves it (円)."""
    return account.kibetsu_choutei_gaku


def kibetsu_shuunou_gaku(account: ReceiptAccount) -> int:
    """期別収納額: of the receipts that were not denied, what the order of 科目 left for the 本税 (円)."""
    return account.shuunou_gaku if account.seisan is None else account.wariate.shuunou.honzei


def shuunou_gaku(account: ReceiptAccount) -> int:
    """収納額: 課税収納情報's word for 期別収納額 (円)."""
    return kibetsu_shuunou_gaku(account)


def kousei_kaisuu(account: ReceiptAccount) -> int:
    """更正回数: corrections and cancellations in the history."""
    return account.kousei_kaisuu


def kousei_nengappi(account: ReceiptAccount) -> date | None:
    """更正年月日: of the assessment that prevails, when it is a correction."""
    return account.kousei_nengappi


def shuunou_kaisuu(account: ReceiptAccount) -> int:
    """収納回数: receipts that were not denied."""
    return len(_received(account))


def koufuri_funou_kaisuu(account: ReceiptAccount) -> int:
    """口振不能回数: failed debits."""
    return account.koufuri_funou_kaisuu


def shuunou_nengappi(account: ReceiptAccount) -> date | None:
    """収納年月日: of the last receipt."""
    last = _last(account)
    return last.shuunou_nengappi if last else None


def ryoushuu_nengappi(account: ReceiptAccount) -> date | None:
    """領収年月日: of the last receipt; 延滞金 is reckoned to this day."""
    last = _last(account)
    return last.ryoushuu_nengappi if last else None


def saishuu_shuunoubi(account: ReceiptAccount) -> date | None:
    """最終収納日: the latest 収納年月日."""
    return max((receipt.shuunou_nengappi for receipt in _received(account)), default=None)


def shuunoubi(account: ReceiptAccount) -> date | None:
    """収納日: 課税収納情報's word for 収納年月日."""
    return shuunou_nengappi(account)


def nikkeibi(account: ReceiptAccount) -> date | None:
    """日計日: of the last receipt."""
    last = _last(account)
    return last.nikkeibi if last else None


def shuunou_torikomibi(account: ReceiptAccount) -> date | None:
    """収納取込日: of the last receipt."""
    last = _last(account)
    return last.torikomibi if last else None


def shuunou_kubun(account: ReceiptAccount) -> str | None:
    """収納区分: the channel of the last receipt."""
    last = _last(account)
    return last.shuunou_kubun if last else None


def karikeshi_kubun(account: ReceiptAccount) -> str | None:
    """仮消区分: 1 while any receipt stands on a 速報 alone, 0 when all are confirmed, None without receipts."""
    received = _received(account)
    if not received:
        return None
    return YES if any(receipt.dankai == SOKUHOU for receipt in received) else NO


def kannou_flag(account: ReceiptAccount) -> str:
    """完納フラグ: 1 when nothing is owed; a cancelled 期別 is not 完納."""
    return YES if account.is_kannou else NO


def minou_honzei(account: ReceiptAccount) -> int:
    """未納本税: what is owed of the tax itself (円)."""
    return account.minou_gaku if account.seisan is None else account.wariate.minou.honzei


def minou_kingaku(account: ReceiptAccount) -> int:
    """未納金額: what is owed in all, with 督促手数料, 延滞金 and 滞納処分費 once they are fixed (円)."""
    return account.minou_gaku


ITEMS: dict[str, Callable[[ReceiptAccount], Any]] = {
    function.__name__: function
    for function in (
        kibetsu_choutei_gaku,
        kibetsu_shuunou_gaku,
        shuunou_gaku,
        kousei_kaisuu,
        kousei_nengappi,
        shuunou_kaisuu,
        koufuri_funou_kaisuu,
        shuunou_nengappi,
        ryoushuu_nengappi,
        saishuu_shuunoubi,
        shuunoubi,
        nikkeibi,
        shuunou_torikomibi,
        shuunou_kubun,
        karikeshi_kubun,
        kannou_flag,
        minou_honzei,
        minou_kingaku,
    )
}
AS_ASSESSED = (
    "atena_bangou", "shuunou_key", "jichitai_code", "rireki_bangou", "fuka_nendo", "zeimoku_code",
    "taishou_nendo", "tsuuchisho_bangou", "kibetsu_code", "choutei_nendo", "kaikei_nendo", "noukigen",
    "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi", "zuiki_flag",
)  # fmt: skip
"""Items that stand in the account under their own names."""


def item(name: str) -> Callable[[ReceiptAccount], Any]:
    """項目の求め方: the function that gives an item of a 期別. KeyError for one that the account cannot give."""
    if name in ITEMS:
        return ITEMS[name]
    if name in AS_ASSESSED:
        return itemgetter(ReceiptAccount._fields.index(name))
    raise KeyError(f"{name}: no item of the receipt account")
