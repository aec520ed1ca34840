"""課税収納情報の項目: those that procedures bring; each function bears the name of its item.

The form says of 処分1, 処分区分 and 分割区分 no more than their names: here they are the number and the kind of the
処分 that stands, and the ground of the plan that stands.
"""

from __future__ import annotations

from datetime import date

from state.law.bunnou_check import ACTIVE, DEFAULTED
from state.law.kagonou import KETTEI, SEIKYUU, SHIHARAI, TSUUCHI
from state.receipt.account import ReceiptAccount
from state.record import kibetsu
from state.record.kibetsu import Seiri, kaisuu_of
from state.record.known import UNSEEN, YES, Unseen, flag
from state.seiri.values import Seiribo, Shobun


def tokusoku_tesuuryou(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """督促手数料: what was assessed of it (円)."""
    return kibetsu.tokusokuryou_choutei_gaku(account, seiri)


def entaikin(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """延滞金: what was fixed and not waived (円)."""
    return kibetsu.entaikin_choutei_gaku(account, seiri)


def kakutei_entaikin_flag(account: ReceiptAccount, seiri: Seiri) -> str | Unseen:
    """確定延滞金フラグ: 1 once the 延滞金 is fixed."""
    return YES if kibetsu.has_entaikin(account, seiri) else UNSEEN


def kouji_flag(seiri: Seiri) -> str | Unseen:
    """公示フラグ: 1 once the 納税通知書 was served by 公示送達."""
    return YES if kaisuu_of(seiri, "noutsuu_kouji_counter") else UNSEEN


def tokusokubi(seiri: Seiri) -> date | Unseen | None:
    """督促日: 課税収納情報's word for 督促発行年月日."""
    return kibetsu.tokusoku_hakkou_nengappi(seiri)


def tokusoku_kouji_flag(seiri: Seiri) -> str | Unseen:
    """督促公示フラグ: 1 once the 督促状 was served by 公示送達."""
    return UNSEEN if tokusoku_koujibi(seiri) is UNSEEN else YES


def tokusoku_koujibi(seiri: Seiri) -> date | Unseen | None:
    """督促公示日: on which the 公示 of the 督促状 began."""
    notice, counted = seiri.tokusoku if seiri else None, kaisuu_of(seiri, "tokusoku_kouji_counter")
    if notice is not None and notice.koujibi is not None:
        return notice.koujibi
    return counted.last_on if counted else UNSEEN


def kuriagebi(seiri: Seiri) -> date | Unseen:
    """繰上日: the day of the 繰上徴収."""
    return (seiri.kuriage_on if seiri else None) or UNSEEN


def shuunou_tokusoku_tesuuryou(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """収納督促手数料: of the receipts (円)."""
    return kibetsu.tokusokuryou_shuunou_gaku(account, seiri)


def shuunou_entaikin(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """収納延滞金: of the receipts (円)."""
    return kibetsu.entaikin_shuunou_gaku(account, seiri)


def minou_tokusoku(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """未納督促: 督促手数料 still owed (円)."""
    return account.wariate.minou.tokusoku_tesuuryou if kibetsu.has_tesuuryou(account, seiri) else UNSEEN


def minou_entaikin(account: ReceiptAccount, seiri: Seiri) -> int | Unseen:
    """未納延滞金: fixed 延滞金 still owed (円)."""
    return account.wariate.minou.entaikin if kibetsu.has_entaikin(account, seiri) else UNSEEN


def kanpu_flag(account: ReceiptAccount, seiri: Seiri) -> str | Unseen:
    """還付フラグ: 1 while a 還付 is decided, notified or claimed, and once one was paid."""
    if kibetsu.seisan_of(account).kanpu.goukei > 0:
        return YES
    kagonou = seiri.kagonou if seiri else None
    if kagonou is None:
        return UNSEEN
    return flag(kagonou.joutai in (KETTEI, TSUUCHI, SEIKYUU, SHIHARAI) and kagonou.kanpu.goukei > 0)


def _named(account: ReceiptAccount, book: Seiribo | None) -> list[Shobun]:
    """The 処分 that name this 期別, those that stand last, the newest last of all."""
    named = [each for each in (book.shobun if book else ()) if account.shuunou_key in each.keys]
    return sorted(named, key=lambda each: (each.kaijo_on is None, each.on, each.bangou))


def _standing(account: ReceiptAccount, book: Seiribo | None) -> Shobun | Unseen | None:
    named = _named(account, book)
    if not named:
        return UNSEEN
    return named[-1] if named[-1].kaijo_on is None else None


def shobun_1(account: ReceiptAccount, book: Seiribo | None) -> str | Unseen | None:
    """処分1: the number of the newest 処分 in force that names this 期別; 枝番 of 処分情報."""
    found = _standing(account, book)
    return found.bangou if isinstance(found, Shobun) else found


def shobunbi(account: ReceiptAccount, book: Seiribo | None) -> date | Unseen | None:
    """処分日: the day of that 処分."""
    found = _standing(account, book)
    return found.on if isinstance(found, Shobun) else found


def shobun_kubun(account: ReceiptAccount, book: Seiribo | None) -> str | Unseen | None:
    """処分区分: the kind of that 処分."""
    found = _standing(account, book)
    return found.kind if isinstance(found, Shobun) else found


def seiyaku_kaisuu(seiri: Seiri) -> int | Unseen:
    """誓約回数: how many plans to pay in parts were made."""
    return kibetsu.nouzei_keikaku_counter(seiri)


def bunkatsu_kubun(account: ReceiptAccount, book: Seiribo | None) -> str | Unseen | None:
    """分割区分: on what ground the plan rests that stands; None when none stands any more."""
    plan = kibetsu.keikaku(account, book)
    if plan is None:
        return UNSEEN
    return plan.bunnou.konkyo if plan.bunnou.joutai in (ACTIVE, DEFAULTED) else None
