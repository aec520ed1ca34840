"""個人情報の項目: the items of 滞納管理ファイルの個人情報 that procedures bring; each function bears its item's name."""

from __future__ import annotations

from datetime import date

from state.record.known import UNSEEN, YES, Unseen
from state.seiri.values import Seiribo


def tantousha_code(book: Seiribo | None) -> str | Unseen | None:
    """担当者コード: to whom the person was assigned last."""
    return book.tantousha_code if book is not None and book.tantou_on is not None else UNSEEN


def saikoku_flag(book: Seiribo | None) -> str | Unseen:
    """催告フラグ: 1 once the person was asked."""
    return YES if book is not None and book.saikoku_kaisuu > 0 else UNSEEN


def rank(book: Seiribo | None) -> str | Unseen | None:
    """ランク: as set last."""
    return book.rank if book is not None and book.rank_hizuke is not None else UNSEEN


def rank_hizuke(book: Seiribo | None) -> date | Unseen:
    """ランク日付: on which it was set."""
    return (book.rank_hizuke if book else None) or UNSEEN
