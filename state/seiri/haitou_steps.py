"""配当の手続: what a 処分 brought in is received on its 期別; when these are paid in full, it must be released.

A 配当 is a receipt like any other, except that it acknowledges nothing (時効). What it leaves over is the
person's (国税徴収法129条) and never reaches the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping

from state.events import ShuunouReceived
from state.law import shobun as law
from state.reasons import Refusal, refusal
from state.receipt.account import KAKUHOU, ReceiptAccount
from state.receipt.apply import apply_nounyuu
from state.seiri.event import TetsuzukiTaken
from state.seiri.jikou_of import HAITOU
from state.seiri.kaijo import after_step, find, replaced
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.values import Shobun


def received(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """配当の受領: on each 期別 named. Refuses with R-551 (which 処分), R-552 (how much) or R-402."""
    lines: dict[str, int] = {}
    for line in event.uchiwake:
        lines[line.shuunou_key or ""] = lines.get(line.shuunou_key or "", 0) + line.kingaku
    one = _shobun_of(person, event, lines)
    if isinstance(one, Refusal):
        return one
    over = max((yen - person.accounts[key].minou_gaku for key, yen in lines.items()), default=0)
    basis = law.haitou(event.kingaku or 0, sum(lines.values()), over, event.on)
    if isinstance(basis, Refusal):
        return basis
    booked: list[ReceiptAccount] = []
    for key, yen in lines.items():
        outcome = apply_nounyuu(person.accounts[key], _receipt(event, key, yen)) if yen else None
        if isinstance(outcome, Refusal):
            return outcome
        booked += [outcome[0]] if outcome else []
    latest = max(event.on, one.haitou_on or event.on)
    after = one._replace(haitou_gaku=one.haitou_gaku + (event.kingaku or 0), haitou_on=latest)
    told = (SeiriHappened(event.kind, key, yen, (basis,)) for key, yen in lines.items())
    seiri = tuple(person.seiri_of(key) for key in lines)
    done = step(*told, accounts=tuple(booked), seiri=seiri, book=replaced(person.book, after))
    return after_step(person, done, event.on)


def _shobun_of(person: Person, event: TetsuzukiTaken, lines: Mapping[str, int]) -> Shobun | Refusal:
    """The 処分 that brought the money in: not annulled, not over before that day, and for these 期別."""
    one = find(person.book, event.taishou_bangou)
    if one is None:
        return _no_such(event, "番号の合う処分がない")
    if one.is_torikeshi or event.on < one.on or event.on > (one.kaijo_on or event.on):
        return _no_such(event, f"{one.on} の処分、解除 {one.kaijo_on or 'なし'}")
    foreign = [key for key in lines if key not in one.keys]
    return _no_such(event, f"処分にない期別が{len(foreign)}件") if foreign else one


def _no_such(event: TetsuzukiTaken, found: str) -> Refusal:
    expected = "その日に続いている処分と、その処分の期別(国税徴収法 第129条第1項)"
    return refusal("R-551", f"配当の受領({event.on})", expected, found, "処分の番号と日、期別を確かめる")


def _receipt(event: TetsuzukiTaken, key: str, yen: int) -> ShuunouReceived:
    """The receipt of one 期別: the money has come in, so it is a 確報."""
    return ShuunouReceived(
        event.event_id,
        event.source,
        event.channel,
        event.source_seq,
        event.occurred_on,
        event.recorded_at,
        event.jichitai_code,
        event.basis,
        key,
        f"{HAITOU}:{event.bangou}",
        KAKUHOU,
        yen,
        event.on,
        event.on,
        event.on,
        event.on,
        HAITOU,
    )


HANDLERS = {"HaitouReceived": received}
