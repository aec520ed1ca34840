"""異動の読み取り: the change events as their sources put them on the topics, laid out by kind.

A record that cannot be decoded is kept by its place: a letter must stand for it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import Message

from connectors.auditor.book import STATED, Book, day, mark
from connectors.auditor.cut import ASSIGNED, SHOUKEI, Cut, topics
from schemas.codec import DecodeError
from state import events
from state.seiri.event import TetsuzukiTaken
from state.wire import decode

FAILED, SOKUHOU, TORIKESHI, KAKUHOU = 0, 1, 2, 3
"""段階の順: of one receipt the highest prevails, whatever the order of arrival (a failed debit is no
receipt)."""
STAGES = {"sokuhou": SOKUHOU, "kakuhou": KAKUHOU}
ESTABLISHED, CORRECTED, CANCELLED = 0, 1, 2
KINDS = {
    events.ChouteiEstablished: ESTABLISHED,
    events.ChouteiCorrected: CORRECTED,
    events.ChouteiCancelled: CANCELLED,
}
_DAYS = frozenset({"noukigen", "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi"})
_STATED = tuple(
    (events.ChouteiEstablished._fields.index(name), name in _DAYS) for name in STATED if name != "held"
)
Row = tuple[Any, ...]
RETURNED = "returned"
"""差戻しの識別子の終わり: what matching adds to the id of a share that it sends back."""


def held_text(held: Mapping[str, str]) -> str:
    """与えられた項目: one spelling per value."""
    return json.dumps(dict(held), ensure_ascii=False, sort_keys=True) if held else ""


def stated(value: Any, places: Sequence[tuple[int, bool]]) -> list[Any]:
    """調定の言うこと: the columns STATED of an event or an account, `held` being the last."""
    said = [day(value[n]) if is_day else value[n] for n, is_day in places]
    said.append(held_text(value.held))
    return said


def _choutei(event: events.ChouteiEstablished) -> Row:
    on = event.occurred_on.toordinal()
    return (KINDS[type(event)], on, event.shuunou_key, event.atena_bangou, *stated(event, _STATED))


def receipt(event: events.Nounyuu) -> Row:
    """領収の列: the columns RECEIPT of a payment, of its denial, or of a failed debit."""
    if isinstance(event, events.KouzaFurikaeFailed):
        on, taken = day(event.furikae_nengappi), day(event.torikomibi)
        return (event.shuunou_key, event.receipt_no, FAILED, event.furikae_gaku, on, on, on, taken, "")
    on, taken = day(event.ryoushuu_nengappi), day(event.torikomibi)
    if isinstance(event, events.ShuunouReversed):
        dankai, days = TORIKESHI, (on, on, taken, taken)
    else:
        dankai = STAGES.get(event.dankai, FAILED)
        days = (on, day(event.shuunou_nengappi), day(event.nikkeibi), taken)
    return (event.shuunou_key, event.receipt_no, dankai, event.shuunou_kingaku, *days, event.shuunou_kubun)


def _nounyuu(event: events.Nounyuu) -> Row:
    return (event.shuunou_key, 0, *receipt(event))


def _assigned(event: events.ShuunouAssigned) -> Row:
    return (event.shuunou_key, mark(event.held_event_id.encode()), event.target_shuunou_key)


def _atena(event: events.AtenaChanged) -> Row:
    return ("atena", event.atena_bangou, event.rireki_bangou)


def _kiroku(event: events.KirokuHeld) -> Row:
    return ("kiroku", f"{event.record}/{event.atena_bangou}/{event.record_key}", event.rireki_bangou)


def _tetsuzuki(event: TetsuzukiTaken) -> Row:
    said = (*event[8:-2], sorted(event.jouken.items()), sorted(event.held.items()))
    days, content = (event.on.toordinal(), day(event.made)), mark(repr(said).encode())
    return (event.atena_bangou, event.kind, event.bangou, days[0], event.shuunou_key, days[1], content)


def _share(place: Row, event: events.ChouteiEstablished, is_moving: bool) -> Row:
    """A share of an heir: all its yen, the 期別 it comes from, the mark of what would send it back."""
    moto = event.shoukei
    yen = event.kibetsu_choutei_gaku + (moto.fuzui.goukei if moto is not None else 0)
    returned = mark(f"{event.event_id}/{RETURNED}".encode())
    moto_key = moto.shuunou_key if moto is not None else None
    marks = (mark(event.event_id.encode()), returned)
    return (*place, *marks, is_moving, 0, event.shuunou_key, event.atena_bangou, yen, moto_key)


def _kijunbi(event: events.KijunbiAdvanced) -> Row:
    return (event.kijunbi.toordinal(),)


LAID_OUT: dict[type[Any], tuple[str, Callable[[Any], Row]]] = {
    events.ChouteiEstablished: ("choutei", _choutei),
    events.ChouteiCorrected: ("choutei", _choutei),
    events.ChouteiCancelled: ("choutei", _choutei),
    events.ShuunouReceived: ("nounyuu", _nounyuu),
    events.ShuunouReversed: ("nounyuu", _nounyuu),
    events.KouzaFurikaeFailed: ("nounyuu", _nounyuu),
    events.ShuunouAssigned: ("assigned", _assigned),
    events.AtenaChanged: ("kept", _atena),
    events.KirokuHeld: ("kept", _kiroku),
    events.KijunbiAdvanced: ("kijunbi", _kijunbi),
    TetsuzukiTaken: ("tetsuzuki", _tetsuzuki),
}


class Events:
    """異動の受け取り手: `take` for the topics of sources, `take_moved` for payments that staff gave another 収納キー."""

    def __init__(self, book: Book, cut: Cut) -> None:
        self._book, self._cut = book, cut
        self._numbers = {name: number for number, name in enumerate(topics())}
        self.count = 0

    def take(self, messages: Sequence[Message]) -> None:
        """受け取る: records of one topic of sources."""
        rows: dict[str, list[Row]] = defaultdict(list)
        applied, number = self._cut.applied, self._numbers[messages[0].topic() or ""]
        for message in messages:
            topic, part, at, value = message.topic(), message.partition(), message.offset(), message.value()
            is_moving = at >= applied.get((topic, part), 0)  # type: ignore[operator, arg-type]
            event, why = _decoded(value)
            if event is None or type(event) not in LAID_OUT:
                nobody = (None, mark(value or b""), "", is_moving, 0, None)
                rows["unread"].append((number, part, at, *nobody, why or type(event).__name__))
                continue
            table, lay_out = LAID_OUT[type(event)]
            ident, body = mark(event.event_id.encode()), mark(value or b"")
            place = (number, part, at, ident, body, event.event_id, is_moving, 0, None)
            rows[table].append((*place, *lay_out(event)))
            if messages[0].topic() == SHOUKEI and isinstance(event, events.ChouteiEstablished):
                rows["share"].append(_share((number, part, at), event, is_moving))
            if isinstance(event, TetsuzukiTaken):
                rows["tetsuzuki_line"] += [
                    (number, part, at, line.shuunou_key, line.atena_bangou, line.kingaku)
                    for line in event.uchiwake
                ]
        self.count += len(messages)
        for table, found in rows.items():
            self._book.add(table, found)

    def take_moved(self, messages: Sequence[Message]) -> None:
        """受け取る: records of `matching.assigned.v1`."""
        rows = []
        for message in messages:
            part, at, value = message.partition() or 0, message.offset() or 0, message.value()
            event, why = _decoded(value)
            if not isinstance(event, events.Nounyuu):
                shown = f"{ASSIGNED}/{part}/{at}"
                self._book.wrong("C1", "assigned payments that cannot be read", shown, "a payment", why)
                continue
            is_moving = not self._cut.is_applied((ASSIGNED, part), at)
            ident = mark(event.event_id.encode())
            rows.append((part, at, ident, mark(value or b""), is_moving, *receipt(event)))
        self._book.add("moved", rows)


def _decoded(value: bytes | None) -> tuple[Any, str]:
    """The event, or None and the kind of trouble."""
    if value is None:
        return None, "empty"
    try:
        return decode(value), ""
    except DecodeError as error:
        return None, error.kind
