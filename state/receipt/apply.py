"""収納の畳み込み: one event applied to the account of one 期別. Pure; the order of arrival does not matter.

Of assessments the highest 履歴番号 prevails; of a receipt the highest 段階 (速報 < 速報取消 < 確報).
What comes late changes only the history; what comes twice changes nothing and is
reported; what contradicts is refused or announced.
"""

from __future__ import annotations

from bisect import insort
from typing import Any, NamedTuple

from state.events import (
    ChouteiCancelled,
    ChouteiCorrected,
    ChouteiEstablished,
    KouzaFurikaeFailed,
    Nounyuu,
    ShuunouReceived,
    ShuunouReversed,
)
from state.facts import Applied
from state.reasons import Refusal, refusal
from state.receipt.account import (
    FUNOU_MAX,
    KAKUHOU,
    RANK,
    RECEIPTS_MAX,
    RIREKI_MAX,
    TORIKESHI,
    ChouteiRireki,
    Receipt,
    ReceiptAccount,
)
from state.receipt.seisan import Seisan

_RECEIPTS = ReceiptAccount._fields.index("receipts")
_SHUUNOU_GAKU = ReceiptAccount._fields.index("shuunou_gaku")
SHUBETSU = {ChouteiEstablished: "established", ChouteiCorrected: "corrected", ChouteiCancelled: "cancelled"}


class Happened(NamedTuple):
    """起きたこと: the kind of a fact (past tense), its amount in yen, and the provisions it rests on."""

    kind: str
    kingaku: int = 0
    applied: tuple[Applied, ...] = ()


Outcome = tuple[ReceiptAccount, tuple[Happened, ...]] | Refusal


def apply_choutei(account: ReceiptAccount | None, event: ChouteiEstablished) -> Outcome:
    """調定・更正・取消を記帳する: `account` is None for a 期別 not seen before. Refuses with R-401 or R-406."""
    entry = ChouteiRireki(
        event.rireki_bangou, SHUBETSU[type(event)], event.kibetsu_choutei_gaku, event.occurred_on
    )
    if account is None:
        made = _assessed(None, event, (entry,))
        if event.shoukei is not None:  # the mark by which the ledger knows that procedures have a say
            made = made._replace(seisan=Seisan(), tokusoku_due_on=event.shoukei.tokusoku_due_on)
        kind = "ChouteiVoided" if made.is_cancelled else "ChouteiPosted"
        reached = (Happened("KannouReached"),) if made.is_kannou else ()
        return made, (Happened(kind, made.kibetsu_choutei_gaku), *reached)
    known = next((old for old in account.choutei_rireki if old.rireki_bangou == entry.rireki_bangou), None)
    if known is not None:
        return _repeated_choutei(account, event, known, entry)
    if len(account.choutei_rireki) >= RIREKI_MAX:
        return refusal(
            "R-406", "調定の履歴", f"{RIREKI_MAX}件まで", "それを超える", "税務課に履歴の整理を依頼する"
        )
    history = tuple(sorted((*account.choutei_rireki, entry)))
    if event.rireki_bangou < account.rireki_bangou:
        late = account._replace(choutei_rireki=history, kousei_kaisuu=_corrections(history))
        return late, (Happened("ChouteiSuperseded"),)
    return _revised(account, event, history)


def _repeated_choutei(
    account: ReceiptAccount, event: ChouteiEstablished, known: ChouteiRireki, entry: ChouteiRireki
) -> Outcome:
    same = known == entry
    if same and event.rireki_bangou == account.rireki_bangou:
        same = _as_it_stands(account, _assessed(account, event, account.choutei_rireki)) == account
    if same:
        return account, (Happened("RepetitionIgnored"),)
    found = f"履歴番号{entry.rireki_bangou}で異なる中身"
    return refusal(
        "R-401", "調定", "同じ履歴番号なら同じ中身", found, "賦課の担当課に正しい履歴番号での再送を依頼する"
    )


def _as_it_stands(account: ReceiptAccount, again: ReceiptAccount) -> ReceiptAccount:
    """An assessment told again, with the 納期限 that 繰上徴収 has brought forward since (地方税法 第13条の2)."""
    if account.seisan is None or again.noukigen <= account.noukigen:
        return again
    return again._replace(noukigen=account.noukigen, tokusoku_due_on=account.tokusoku_due_on)


def _revised(
    account: ReceiptAccount, event: ChouteiEstablished, history: tuple[ChouteiRireki, ...]
) -> tuple[ReceiptAccount, tuple[Happened, ...]]:
    after = _assessed(account, event, history)
    change = after.kibetsu_choutei_gaku - account.kibetsu_choutei_gaku
    kind = "ChouteiVoided" if after.is_cancelled else "ChouteiRevised"
    return after, (Happened(kind, change), *turns(account, after))


def _corrections(history: tuple[ChouteiRireki, ...]) -> int:
    return sum(entry.ido_shubetsu != "established" for entry in history)


def _assessed(
    account: ReceiptAccount | None, event: ChouteiEstablished, history: tuple[ChouteiRireki, ...]
) -> ReceiptAccount:
    """The account as this assessment, being the highest, leaves it; `account` is None for a new 期別."""
    is_first = type(event) is ChouteiEstablished
    return ReceiptAccount(
        shuunou_key=event.shuunou_key,
        atena_bangou=account.atena_bangou if account else event.atena_bangou,
        jichitai_code=account.jichitai_code if account else event.jichitai_code,
        rireki_bangou=event.rireki_bangou,
        is_cancelled=type(event) is ChouteiCancelled,
        fuka_nendo=event.fuka_nendo,
        zeimoku_code=event.zeimoku_code,
        taishou_nendo=event.taishou_nendo,
        tsuuchisho_bangou=event.tsuuchisho_bangou,
        kibetsu_code=event.kibetsu_code,
        choutei_nendo=event.choutei_nendo,
        kaikei_nendo=event.kaikei_nendo,
        kibetsu_choutei_gaku=event.kibetsu_choutei_gaku,
        shuunou_gaku=account.shuunou_gaku if account else 0,
        noukigen=event.noukigen,
        houtei_noukigen=event.houtei_noukigen,
        houtei_noukigen_tou=event.houtei_noukigen_tou,
        choutei_nengappi=event.choutei_nengappi,
        choutei_rireki=history,
        kousei_nengappi=None if is_first else event.occurred_on,
        kousei_kaisuu=_corrections(history),
        zuiki_flag=event.zuiki_flag,
        jiyuu_code=event.jiyuu_code,
        receipts=account.receipts if account else (),
        furikae_funou=account.furikae_funou if account else (),
        koufuri_funou_kaisuu=account.koufuri_funou_kaisuu if account else 0,
        is_tainou=account.is_tainou if account else False,
        # 督促 is due by the 納期限: a new one makes a new due date
        tokusoku_due_on=account.tokusoku_due_on if account and event.noukigen == account.noukigen else None,
        held=event.held,
        seisan=account.seisan if account else None,
    )


def apply_nounyuu(account: ReceiptAccount, event: Nounyuu) -> Outcome:
    """納入を記帳する: a receipt, the denial of one, or a failed debit. Refuses with R-402 or R-403."""
    if isinstance(event, KouzaFurikaeFailed):
        return _debit_failed(account, event)
    incoming = _receipt_of(event)
    known = _known(account, incoming.receipt_no)
    if known is None:
        return _first_seen(account, incoming)
    if incoming.dankai == known.dankai:
        return _same_again(account, known, incoming)
    if RANK[incoming.dankai] < RANK[known.dankai]:
        contradicts = incoming.dankai == TORIKESHI
        return account, (Happened("ShuunouContradicted" if contradicts else "ShuunouSuperseded"),)
    return _overtaken(account, known, incoming)


def _known(account: ReceiptAccount, receipt_no: str) -> Receipt | None:
    for old in account.receipts:
        if old.receipt_no == receipt_no:
            return old
    return None


def _receipt_of(event: ShuunouReceived | ShuunouReversed) -> Receipt:
    if isinstance(event, ShuunouReceived):
        return Receipt(
            event.receipt_no,
            event.dankai,
            event.shuunou_kingaku,
            event.ryoushuu_nengappi,
            event.shuunou_nengappi,
            event.nikkeibi,
            event.torikomibi,
            event.shuunou_kubun,
        )
    day, taken = event.ryoushuu_nengappi, event.torikomibi
    return Receipt(
        event.receipt_no, TORIKESHI, event.shuunou_kingaku, day, day, taken, taken, event.shuunou_kubun
    )


def _first_seen(account: ReceiptAccount, incoming: Receipt) -> Outcome:
    if len(account.receipts) >= RECEIPTS_MAX:
        return refusal(
            "R-402", "領収の数", f"{RECEIPTS_MAX}件まで", "それを超える", "職員が納付の内容を確かめる"
        )
    receipts = list(account.receipts)
    insort(receipts, incoming, key=_by_day)
    if incoming.dankai == TORIKESHI:
        return _received(account, receipts, 0), (Happened("ShuunouReversalNoted"),)
    after = _received(account, receipts, incoming.kingaku)
    return after, (Happened("ShuunouPosted", incoming.kingaku), *turns(account, after))


def _received(account: ReceiptAccount, receipts: list[Receipt], change: int) -> ReceiptAccount:
    """As `_replace`, several times as quick: most of what the ledger does comes this way."""
    values: list[Any] = list(account)
    values[_RECEIPTS] = tuple(receipts)
    values[_SHUUNOU_GAKU] += change
    return ReceiptAccount._make(values)


def _same_again(account: ReceiptAccount, known: Receipt, incoming: Receipt) -> Outcome:
    if (known.kingaku, known.ryoushuu_nengappi) == (incoming.kingaku, incoming.ryoushuu_nengappi):
        return account, (Happened("RepetitionIgnored"),)
    return refusal(
        "R-403",
        "納付",
        "同じ領収なら同じ金額・領収日",
        "異なる金額または領収日",
        "収納代行・金融機関に確かめる",
    )


def _overtaken(account: ReceiptAccount, known: Receipt, incoming: Receipt) -> Outcome:
    """A later stage of a known receipt: 速報 confirmed or denied, or a denial proved wrong by the 確報."""
    receipts = [old for old in account.receipts if old is not known]
    insort(receipts, incoming, key=_by_day)
    change = _effective(incoming) - _effective(known)
    after = _received(account, receipts, change)
    kind = "ShuunouConfirmed" if incoming.dankai == KAKUHOU else "ShuunouReversed"
    contradiction = (Happened("ShuunouContradicted"),) if known.dankai == TORIKESHI else ()
    return after, (Happened(kind, change), *contradiction, *turns(account, after))


def _by_day(receipt: Receipt) -> tuple[str, str]:
    return receipt.ryoushuu_nengappi.isoformat(), receipt.receipt_no


def _effective(receipt: Receipt) -> int:
    return 0 if receipt.dankai == TORIKESHI else receipt.kingaku


def _debit_failed(account: ReceiptAccount, event: KouzaFurikaeFailed) -> Outcome:
    if event.receipt_no in account.furikae_funou:
        return account, (Happened("RepetitionIgnored"),)
    # Debits fail in the order of their days, so the oldest of a bounded memory is the one that cannot
    # come again.
    remembered = (*account.furikae_funou, event.receipt_no)[-FUNOU_MAX:]
    after = account._replace(furikae_funou=remembered, koufuri_funou_kaisuu=account.koufuri_funou_kaisuu + 1)
    return after, (Happened("KouzaFurikaeFailureNoted", event.furikae_gaku),)


def turns(before: ReceiptAccount, after: ReceiptAccount) -> tuple[Happened, ...]:
    """転機: the account became fully paid or ceased to be, an overpayment arose, changed or went."""
    found = []
    is_kannou = after.is_kannou
    if is_kannou != before.is_kannou:
        found.append(Happened("KannouReached" if is_kannou else "KannouLost"))
    change = after.kagonou_gaku - before.kagonou_gaku
    if change:
        found.append(Happened("KagonouArose" if change > 0 else "KagonouResolved", change))
    return tuple(found)
