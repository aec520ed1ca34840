"""台帳: receipt and delinquency, two tables and two pure folds, in one agent and one step.

Tables (key 宛名番号): `receipt` the account of each 期別, `delinquency` the case of each person, `atena` the
person as last announced, `kiroku` records held as given, `agenda` the days on which an account must be
looked at again, and `kijunbi` the business day that this partition has reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from state import ledger, wire
from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KijunbiAdvanced, KirokuHeld, ShoukeiReturned
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from streams.agenda import AT_ONCE, entry_of, take_due
from streams.engine.batch import Record
from streams.engine.unit import SEPARATOR, Table, Unit
from streams.ingest import Gate
from streams.seiri import KIROKU_OUT, SeiriFold

LEDGER_INPUT = "ledger.input.v1"
FACT, ATENA_OUT = "ledger.fact.v1", "ledger.atena.v1"

RECEIPT: Table[ReceiptAccount] = Table("receipt", b"r", wire.encode, wire.decode)
DELINQUENCY: Table[DelinquencyCase] = Table("delinquency", b"d", wire.encode, wire.decode)
ATENA: Table[AtenaChanged] = Table("atena", b"a", wire.encode, wire.decode)
KIROKU: Table[KirokuHeld] = Table("kiroku", b"k", wire.encode, wire.decode)
AGENDA: Table[bytes] = Table("agenda", b"g", bytes, bytes)
KIJUNBI: Table[KijunbiAdvanced] = Table("kijunbi", b"j", wire.encode, wire.decode)
TODAY = b"kijunbi"


class Ledger:
    """台帳の畳み込み: folds one batch of one partition."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.seiri = SeiriFold(RECEIPT, DELINQUENCY, self._keep_change)

    def fold(self, unit: Unit, topic: str, records: Sequence[Record]) -> None:
        """一括りを記帳する。"""
        reached = unit.get(KIJUNBI, TODAY)
        kijunbi = reached.kijunbi if reached else None
        admit = self.gate.decode if topic == LEDGER_INPUT else self.gate.admit
        for record in records:
            event = admit(unit, topic, record)
            if event is None:
                continue
            refused: Refusal | None
            if isinstance(event, AtenaChanged | KirokuHeld):
                refused = self._keep(unit, event, record)
            elif isinstance(event, KijunbiAdvanced):
                refused = self._reach(unit, kijunbi, event)
                kijunbi = kijunbi if refused else event.kijunbi
                if refused is None and not self._look(unit, event):
                    return unit.leave(record.offset)
            elif isinstance(event, TetsuzukiTaken):
                refused = self.seiri.book(unit, topic, kijunbi, event)
            elif isinstance(event, ShoukeiReturned):
                refused = self.seiri.returned(unit, kijunbi, event)
            else:
                refused = self._book(unit, kijunbi, event, record)
            if refused is not None:
                self.gate.refuse(unit, topic, record, refused, event)

    def _book(self, unit: Unit, kijunbi: date | None, event: Any, record: Record) -> Refusal | None:
        atena = record.key or b""
        row = atena + SEPARATOR + event.shuunou_key.encode()
        account, case = unit.get(RECEIPT, row), unit.get(DELINQUENCY, atena)
        change = ledger.apply(account, case, kijunbi, event)
        if isinstance(change, Refusal):
            return change
        self._write(unit, atena, row, account, case, change)
        if change.account is not account and change.account.seisan is not None:
            self.seiri.follow(unit, kijunbi, event, change)
        return None

    def _keep_change(self, unit: Unit, atena: bytes, change: ledger.Change) -> None:
        """A change that a procedure made, written as that of a receipt is."""
        row = atena + SEPARATOR + change.account.shuunou_key.encode()
        self._write(unit, atena, row, unit.get(RECEIPT, row), unit.get(DELINQUENCY, atena), change)

    def _write(
        self,
        unit: Unit,
        atena: bytes,
        row: bytes,
        account: ReceiptAccount | None,
        case: DelinquencyCase | None,
        change: ledger.Change,
    ) -> None:
        if change.account is not account:
            unit.put(RECEIPT, row, change.account)
        if change.case is not case:
            unit.put(DELINQUENCY, atena, change.case)
        if change.look_on is not None:
            unit.put(AGENDA, entry_of(change.look_on, row), b"")
        for fact in change.facts:
            unit.send(FACT, atena, wire.encode(fact))

    def _reach(self, unit: Unit, kijunbi: date | None, event: KijunbiAdvanced) -> Refusal | None:
        """The day has come. Told a second time it is no other, and what it left undone is done."""
        if kijunbi is not None and event.kijunbi < kijunbi:
            found = event.kijunbi.isoformat()
            return refusal(
                "R-501",
                "基準日",
                f"{kijunbi} 以後",
                found,
                "過去の日を見るには `shuunou show account` を使う",
            )
        unit.put(KIJUNBI, TODAY, event)
        return None

    def _look(self, unit: Unit, event: KijunbiAdvanced) -> bool:
        """Look at what is due by this day: accounts, then persons; whether that was all of it."""
        due, are_all = take_due(unit, AGENDA, event.kijunbi, AT_ONCE)
        for row in due:
            atena = row.split(SEPARATOR, 1)[0]
            account, case = unit.get(RECEIPT, row), unit.get(DELINQUENCY, atena)
            if account is not None:
                self._write(unit, atena, row, account, case, ledger.reach(account, case, event))
        return are_all and self.seiri.reach(unit, event)

    def _keep(self, unit: Unit, event: AtenaChanged | KirokuHeld, record: Record) -> Refusal | None:
        """Persons and held records: the latest prevails and goes on, as it came, to its readers."""
        if isinstance(event, AtenaChanged):
            key, table, topic = event.atena_bangou.encode(), ATENA, ATENA_OUT
            kept: Any = ledger.accept_atena(unit.get(ATENA, key), event)
        else:
            key = f"{event.record}/{event.atena_bangou}/{event.record_key}".encode()
            table, topic = KIROKU, KIROKU_OUT  # type: ignore[assignment]
            kept = ledger.accept_kiroku(unit.get(KIROKU, key), event)
        if isinstance(kept, Refusal):
            return kept
        if kept is not None:
            unit.put(table, key, kept)
            unit.send(topic, key, record.value, partition=unit.partition)
        return None
