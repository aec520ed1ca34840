"""突合: the stage between what arrives by 収納キー and the ledger, which is kept by 宛名番号.

Tables (key 収納キー): `index` 収納キー → 宛名番号; `held` payments whose bill is unknown, by 収納キー and event id;
`assigned` receipts that staff gave another 収納キー, so that a later 確報 or 取消 of the same receipt follows;
`share` what was decided of each share of an heir, by 収納キー and event id: it is judged once, for its yen are
moved by the answer, whoever sends it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from state import matching, wire
from state.events import ChouteiEstablished, Nounyuu, ShuunouAssigned
from state.facts import MatchEntry
from state.reasons import Refusal, refusal
from state.seiri.shoukei_moto import ShoukeiMoto
from streams.engine.batch import Record
from streams.engine.unit import AFTER, SEPARATOR, Table, Unit
from streams.ingest import Gate

LEDGER_INPUT = "ledger.input.v1"
ASSIGNED = "matching.assigned.v1"
UNMATCHED = "matching.unmatched.v1"

INDEX: Table[MatchEntry] = Table("index", b"i", wire.encode, wire.decode)
HELD: Table[Any] = Table("held", b"h", wire.encode, wire.decode)
FOLLOWED = "職員の指定(同じ領収)"
ASSIGNMENT: Table[bytes] = Table("assignment", b"a", bytes, bytes)
SHOUKEI = "ledger.shoukei.v1"
SHARE: Table[bytes] = Table("share", b"s", bytes, bytes)
TAKEN, RETURNED = b"taken", b"returned"


class Matching:
    """突合の畳み込み: folds one batch of one partition."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def fold(self, unit: Unit, topic: str, records: Sequence[Record]) -> None:
        """一括りを突合する。"""
        # what the ledger made of an act that it had checked is no stranger's: were it refused at the gate,
        # its yen would be in nobody's books
        admit = self.gate.decode if topic == SHOUKEI else self.gate.admit
        for record in records:
            event = admit(unit, topic, record)
            if event is None:
                continue
            refused: Refusal | None
            if isinstance(event, ChouteiEstablished) and event.shoukei is not None:
                refused = self._share(unit, topic, event, event.shoukei, record)
            elif isinstance(event, ChouteiEstablished):
                refused = self._choutei(unit, event, record)
            elif isinstance(event, ShuunouAssigned):
                refused = self._assigned(unit, event)
            else:
                refused = self._nounyuu(unit, topic, event, record)
            if refused is not None:
                self.gate.refuse(unit, topic, record, refused, event)

    def _choutei(self, unit: Unit, event: ChouteiEstablished, record: Record) -> Refusal | None:
        key = event.shuunou_key.encode()
        entry = unit.get(INDEX, key)
        matched = matching.match_choutei(entry, event)
        if isinstance(matched, Refusal):
            return matched
        unit.send(LEDGER_INPUT, matched.atena_bangou.encode(), record.value)
        if entry is None:
            unit.put(INDEX, key, matched)
            self._release(unit, key, matched)
        return None

    def _share(
        self, unit: Unit, topic: str, event: ChouteiEstablished, moto: ShoukeiMoto, record: Record
    ) -> Refusal | None:
        """承継分: taken up, or sent back to the deceased's 期別 in the transaction that refuses it."""
        if topic != SHOUKEI:
            found, todo = "ほかのトピック", "送り元のコネクタの出力先を確かめる"
            return refusal("R-202", "納税承継による調定", SHOUKEI, found, todo)
        key = event.shuunou_key.encode()
        place = key + SEPARATOR + event.event_id.encode()
        decided = unit.get(SHARE, place)
        is_taken = None if decided is None else decided == TAKEN
        matched = matching.match_shoukei(unit.get(INDEX, key), event, is_taken)
        if isinstance(matched, Refusal):
            if decided is None:
                unit.put(SHARE, place, RETURNED)
                back = matching.send_back(moto, event, matched)
                unit.send(LEDGER_INPUT, back.atena_bangou.encode(), wire.encode(back))
            return matched
        unit.send(LEDGER_INPUT, matched.atena_bangou.encode(), record.value)
        if decided is None:
            unit.put(SHARE, place, TAKEN)
            unit.put(INDEX, key, matched)
            self._release(unit, key, matched)
        return None

    def _release(self, unit: Unit, key: bytes, entry: MatchEntry) -> None:
        """The bill has come: payments that waited for it go on behind it."""
        for row, held in list(unit.scan(HELD, key + SEPARATOR, key + AFTER)):
            unit.send(LEDGER_INPUT, entry.atena_bangou.encode(), wire.encode(held))
            unit.put(HELD, row, None)
            self._tell(unit, matching.notice("released", held))

    def _nounyuu(self, unit: Unit, topic: str, event: Nounyuu, record: Record) -> Refusal | None:
        key = event.shuunou_key.encode()
        place = key + SEPARATOR + event.receipt_no.encode()
        target = unit.get(ASSIGNMENT, place)
        if target is not None and topic == ASSIGNED and event.basis != FOLLOWED:
            # staff sent it here after sending it away: the later word holds
            unit.put(ASSIGNMENT, place, None)
        elif target is not None:
            moved = event._replace(shuunou_key=target.decode(), basis=FOLLOWED)
            unit.send(ASSIGNED, target, wire.encode(moved))
            return None
        entry = unit.get(INDEX, key)
        if entry is not None:
            unit.send(LEDGER_INPUT, entry.atena_bangou.encode(), record.value)
            return None
        return self._hold(unit, key + SEPARATOR + event.event_id.encode(), event)

    def _hold(self, unit: Unit, row: bytes, event: Nounyuu) -> Refusal | None:
        held = unit.get(HELD, row)
        if held is None:
            unit.put(HELD, row, event)
            self._tell(unit, matching.notice("held", event))
            return None
        return matching.repeated(held, event)

    def _assigned(self, unit: Unit, event: ShuunouAssigned) -> Refusal | None:
        """All that is held of the same receipt goes: its 速報, 取消 and 確報 are one payment."""
        key, target = event.shuunou_key.encode(), event.target_shuunou_key.encode()
        named = matching.assign(unit.get(HELD, key + SEPARATOR + event.held_event_id.encode()), event)
        if isinstance(named, Refusal):
            return named
        unit.put(ASSIGNMENT, key + SEPARATOR + named.receipt_no.encode(), target)
        for row, held in list(unit.scan(HELD, key + SEPARATOR, key + AFTER)):
            if held.receipt_no == named.receipt_no:
                unit.put(HELD, row, None)
                unit.send(ASSIGNED, target, wire.encode(matching.assign(held, event)))
                self._tell(
                    unit, matching.notice("assigned", held, target=event.target_shuunou_key, by=event)
                )
        return None

    @staticmethod
    def _tell(unit: Unit, told: Any) -> None:
        unit.send(UNMATCHED, told.shuunou_key.encode(), wire.encode(told))
