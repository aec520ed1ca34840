"""突合: whose account is this? Bills bring their 宛名番号; payments know only their 収納キー.

The index 収納キー → 宛名番号 grows with the assessments. A payment whose bill is unknown is held, and released by
itself when the bill comes; what stays is for staff, who may assign it to another 収納キー. A share of an heir
needs a 収納キー that is nobody's yet; one that cannot be taken up goes back to the deceased's 期別, so that its
yen are always in somebody's books or on their way there.
"""

from __future__ import annotations

from datetime import date

from state.events import (
    ChouteiEstablished,
    KouzaFurikaeFailed,
    Nounyuu,
    ShoukeiReturned,
    ShuunouAssigned,
    ShuunouReceived,
)
from state.facts import MatchEntry, MatchingNotice
from state.reasons import Refusal, refusal
from state.seiri.shoukei_moto import ShoukeiMoto

RETURNED = "returned"
"""What the id of a `ShoukeiReturned` adds to that of the share."""


def match_choutei(entry: MatchEntry | None, event: ChouteiEstablished) -> MatchEntry | Refusal:
    """調定を索引に入れる: the entry to keep (the same object when it is known). R-301 when the person differs.

    A bill passes to another person by 納税承継, never by an assessment that merely names another one.
    """
    if entry is None:
        return MatchEntry(event.atena_bangou, event.rireki_bangou)
    if entry.atena_bangou == event.atena_bangou:
        return entry
    return refusal(
        "R-301",
        "調定の宛名番号",
        "索引と同じ宛名番号",
        "別の宛名番号",
        "納税承継なら承継の異動で、誤りなら取消の上で出し直す",
    )


def match_shoukei(
    entry: MatchEntry | None, event: ChouteiEstablished, is_taken: bool | None
) -> MatchEntry | Refusal:
    """承継分を索引に入れる: R-303 where the 収納キー is anyone's already, the heir's own 期別 too.

    `is_taken` is what was decided of this share before, None when it comes for the first time: its yen moved
    by that answer, so it stays the answer.
    """
    if entry is None and is_taken is None:
        return MatchEntry(event.atena_bangou, event.rireki_bangou)
    if entry is not None and is_taken:
        return entry
    return refusal(
        "R-303",
        "承継した期別の収納キー",
        "まだどの期別にもない収納キー",
        "既にある収納キー",
        "額は被相続人の期別に戻る。新しい収納キーで納税承継の手続を送り直す",
    )


def send_back(moto: ShoukeiMoto, event: ChouteiEstablished, why: Refusal) -> ShoukeiReturned:
    """承継分を差し戻す: to the 期別 that it came from, with all that went out of its books."""
    return ShoukeiReturned(
        f"{event.event_id}/{RETURNED}",
        *event[1:7],
        f"納税承継({moto.bangou})の差戻し: {event.event_id}",
        moto.shuunou_key,
        moto.atena_bangou,
        moto.bangou,
        event.shuunou_key,
        moto.fuzui._replace(honzei=event.kibetsu_choutei_gaku),
        moto.noufu,
        moto.entaikin,
        why.reason.code,
    )


def kingaku_of(event: Nounyuu) -> int:
    """金額: what a payment, its denial or a failed debit is about (円)."""
    return event.furikae_gaku if isinstance(event, KouzaFurikaeFailed) else event.shuunou_kingaku


def notice(
    kind: str, event: Nounyuu, *, target: str | None = None, by: ShuunouAssigned | None = None
) -> MatchingNotice:
    """突合の知らせ: that a payment was held, released or assigned."""
    on = event.furikae_nengappi if isinstance(event, KouzaFurikaeFailed) else event.ryoushuu_nengappi
    return MatchingNotice(
        f"{event.event_id}/{kind}/{event.shuunou_key}",
        kind,
        event.event_id,
        event.shuunou_key,
        event.receipt_no,
        target,
        event.shuunou_kingaku if isinstance(event, ShuunouReceived) else 0,
        on,
        event.source,
        event.source_seq,
        by.recorded_at if by else event.recorded_at,
        by.tantousha_code if by else None,
        by.riyuu if by else None,
    )


def assign(held: Nounyuu | None, event: ShuunouAssigned) -> Nounyuu | Refusal:
    """保留を結び付ける: the payment under its new 収納キー, else untouched. R-302 when it is not held (any more)."""
    if held is None:
        return refusal(
            "R-302",
            "指定された納付",
            "保留中の納付",
            "保留にない",
            "`shuunou unmatched list` で保留中のものを確かめる",
        )
    moved: Nounyuu = held._replace(
        shuunou_key=event.target_shuunou_key, basis=f"職員の指定({event.tantousha_code}): {event.event_id}"
    )
    return moved


def repeated(held: Nounyuu, event: Nounyuu) -> Refusal | None:
    """保留の繰り返し: None when it says the same as what is held; R-403 when it does not."""
    same = type(held) is type(event) and _content(held) == _content(event)
    if same:
        return None
    return refusal(
        "R-403",
        "保留中の納付",
        "同じ領収なら同じ金額・領収日",
        "異なる金額または領収日",
        "収納代行・金融機関に確かめる",
    )


def _content(event: Nounyuu) -> tuple[int, date]:
    on = event.furikae_nengappi if isinstance(event, KouzaFurikaeFailed) else event.ryoushuu_nengappi
    return kingaku_of(event), on
