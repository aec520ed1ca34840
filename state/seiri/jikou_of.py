"""期別の時効: the 時効 of one 期別, from what is stored of it and from what its receipts say.

Stored are the 事由 that acts brought (`KibetsuSeiri.jikou`). 承認(一部納付) is derived, never stored: each receipt
after the 納期限 that stands and left something owed, so a denied receipt takes its 承認 with it (民法152条).
`state.seiri.apply` asks for `next_on` for every 期別 that an act changed; what follows a day or a receipt
returns it in the `look_on` of its step.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from state.law import jikou
from state.law.jikou import Jikou
from state.law.jikou_count import Jiyuu
from state.law.kikan import DAY
from state.law.rules import Outcome
from state.reasons import Refusal
from state.receipt.account import TORIKESHI, ReceiptAccount
from state.receipt.seisan import NOTHING, seikyuu
from state.seiri.person import SeiriHappened, seisan_of
from state.seiri.values import KibetsuSeiri

ICHIBU_NOUFU, HAITOU = "ichibu_noufu", "haitou"
"""The 収納区分 of what a 配当 brought: taken out of property, it acknowledges nothing."""

Noted = tuple[KibetsuSeiri, tuple[SeiriHappened, ...]] | Refusal


def jikou_of(account: ReceiptAccount, seiri: KibetsuSeiri) -> Jikou:
    """期別の時効: from the 法定納期限, or the 納期限 (that which 繰上徴収 has not moved) where none is known.

    A 法定納期限 after the 納期限 is not one (files write 9999-12-31 for none), so the earlier day counts.
    """
    noukigen = seiri.kuriagemae_noukigen or account.noukigen
    moto_on = min(account.houtei_noukigen or noukigen, noukigen)
    known = sorted((*seiri.jikou, *shounin(account)), key=lambda one: (one.on, one.code, one.bangou))
    return Jikou(account.shuunou_key, "honzei", moto_on, tuple(known))


def shounin(account: ReceiptAccount) -> Iterator[Jiyuu]:
    """承認(一部納付): by each receipt after the 納期限 that left something owed of what was assessed by its day.

    不納欠損 and 納税承継 are left aside: they came later and take no 承認 back.
    """
    kept = seisan_of(account)._replace(kesson=NOTHING, shoumetsu=NOTHING, shoukei=NOTHING)
    beside, paid = seikyuu(0, kept).goukei, 0
    for receipt in account.receipts:
        if receipt.dankai == TORIKESHI:
            continue
        paid += receipt.kingaku
        day = receipt.ryoushuu_nengappi
        is_his_own = receipt.shuunou_kubun != HAITOU
        if is_his_own and day > account.noukigen and paid < _choutei_on(account, day) + beside:
            yield Jiyuu(ICHIBU_NOUFU, receipt.receipt_no, day)


def with_jiyuu(account: ReceiptAccount, seiri: KibetsuSeiri, jiyuu: Jiyuu) -> Noted:
    """事由の登録: refuses as `state.law.jikou.add`."""
    return _stored(account, seiri, jikou.add(jikou_of(account, seiri), jiyuu))


def ended(
    account: ReceiptAccount, seiri: KibetsuSeiri, code: str, bangou: str, on: date, is_torikeshi: bool
) -> Noted:
    """事由の終わり: of a 差押, 交付要求 or 猶予; refuses as `state.law.jikou.end`."""
    return _stored(account, seiri, jikou.end(jikou_of(account, seiri), code, bangou, on, is_torikeshi))


def next_on(account: ReceiptAccount, seiri: KibetsuSeiri, on: date) -> date | None:
    """次に見る日: the next warning after `on`, or the first day after completion; None while a hold is open.

    A warning whose day had passed before anything touched the 期別 is due at once; completion that has not
    been told yet is told on the next day.
    """
    now = jikou.standing(jikou_of(account, seiri), on)
    if now.kansei_on is None or account.minou_gaku == 0:
        return None
    if now.is_kansei:
        is_told = any((one.days, one.kansei_on) == (0, now.kansei_on) for one in seiri.keikoku)
        return None if is_told else on + DAY
    told = {(one.days, one.kansei_on) for one in seiri.keikoku}
    if now.keikoku_days is not None and (now.keikoku_days, now.kansei_on) not in told:
        return on
    warnings = jikou.keikoku_on(now.kansei_on, on)
    return warnings[0][1] if warnings else now.kansei_on + DAY


def _stored(account: ReceiptAccount, seiri: KibetsuSeiri, outcome: Outcome[Jikou] | Refusal) -> Noted:
    if isinstance(outcome, Refusal):
        return outcome
    derived = set(shounin(account))
    after = seiri._replace(jikou=tuple(one for one in outcome.value.jiyuu if one not in derived))
    return after, tuple(
        SeiriHappened(kind, account.shuunou_key, 0, outcome.applied) for kind in outcome.happened
    )


def _choutei_on(account: ReceiptAccount, day: date) -> int:
    """What was assessed by that day: the highest 履歴 of those that had come, else the first there is."""
    known = [entry for entry in account.choutei_rireki if entry.occurred_on <= day]
    return (known[-1] if known else account.choutei_rireki[0]).kibetsu_choutei_gaku
