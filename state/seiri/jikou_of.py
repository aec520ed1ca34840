"""期別の時効: the 時効 of one 期別 out of its account and its 整理, and what procedures add to it.

Stored are the 事由 that a procedure brought. 承認(一部納付) is not stored but follows from the receipts, so that a
receipt that is denied or corrected later needs no correction here.
"""

from __future__ import annotations

from datetime import date

from state.law import jikou
from state.law.jikou import Jikou
from state.law.jikou_count import Jiyuu
from state.law.rules import Outcome
from state.reasons import Refusal
from state.receipt.account import TORIKESHI, ReceiptAccount
from state.seiri.person import SeiriHappened, seisan_of
from state.seiri.values import KibetsuSeiri

ICHIBU_NOUFU, HAITOU = "ichibu_noufu", "haitou"
"""The 収納区分 of what a 配当 brought: taken out of property, it acknowledges nothing."""

Step = tuple[KibetsuSeiri, tuple[SeiriHappened, ...]] | Refusal


def jikou_of(account: ReceiptAccount, seiri: KibetsuSeiri) -> Jikou:
    """期別の時効: from the 法定納期限, or the 納期限 that 繰上徴収 has not moved, with every 事由 there is."""
    moto_on = account.houtei_noukigen or seiri.kuriagemae_noukigen or account.noukigen
    jiyuu = sorted((*seiri.jikou, *_noufu(account)), key=lambda one: (one.on, one.code, one.bangou))
    return Jikou(account.shuunou_key, "honzei", moto_on, tuple(jiyuu))


def with_jiyuu(account: ReceiptAccount, seiri: KibetsuSeiri, jiyuu: Jiyuu) -> Step:
    """事由を加える: the 整理 with it and what happened. Refuses with R-521 to R-524, as `state.law.jikou.add`."""
    return _kept(account, seiri, jikou.add(jikou_of(account, seiri), jiyuu))


def ended(
    account: ReceiptAccount, seiri: KibetsuSeiri, code: str, bangou: str, on: date, is_torikeshi: bool
) -> Step:
    """事由の終わり: of a 処分 or a 猶予. Refuses with R-523, as `state.law.jikou.end`."""
    return _kept(account, seiri, jikou.end(jikou_of(account, seiri), code, bangou, on, is_torikeshi))


def _kept(account: ReceiptAccount, seiri: KibetsuSeiri, outcome: Outcome[Jikou] | Refusal) -> Step:
    if isinstance(outcome, Refusal):
        return outcome
    if not outcome.happened:
        return seiri, ()
    derived = frozenset(_noufu(account))
    stored = tuple(one for one in outcome.value.jiyuu if one not in derived)
    told = tuple(SeiriHappened(kind, account.shuunou_key, 0, outcome.applied) for kind in outcome.happened)
    return seiri._replace(jikou=stored), told


def _noufu(account: ReceiptAccount) -> tuple[Jiyuu, ...]:
    """承認(一部納付): each receipt after the 納期限 that left something owed, in the order of the days."""
    owed = account.kibetsu_choutei_gaku + seisan_of(account).fuzui.goukei
    found = []
    for receipt in account.receipts:
        if receipt.dankai == TORIKESHI:
            continue
        owed -= receipt.kingaku
        is_his_own = receipt.shuunou_kubun != HAITOU and receipt.kingaku > 0
        if owed > 0 and is_his_own and account.noukigen < receipt.ryoushuu_nengappi:
            found.append(Jiyuu(ICHIBU_NOUFU, receipt.receipt_no, receipt.ryoushuu_nengappi))
    return tuple(found)
