"""記録: the records of 別添1 as they stand, in a stage of its own, so that the ledger does not wait for them.

Tables (key 宛名番号): the newest account, 整理, 整理簿, case, 宛名 and held record that the ledger announced, the days
on which a 期別 is carried over, and the digest of each record as it was sent last. A record goes out when its
content changed, in the transaction of what changed it; whatever the order of the topics, it ends the same.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from schemas.codec import DecodeError
from state import ingest, wire
from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KijunbiAdvanced, KirokuHeld
from state.facts import LedgerFact, Letter
from state.reasons import refusal
from state.receipt.account import ReceiptAccount
from state.record import build, kurikoshi
from state.record.build import BUNNOU, KAZEI, KAZOKU, KOJIN, SHOBUN, SHUUTAINOU
from state.record.held import unreadable
from state.record.known import Known
from state.seiri.fact import SeiriFact
from state.seiri.values import KibetsuSeiri, Seiribo
from streams.agenda import AT_ONCE, entry_of, take_due
from streams.engine.batch import Record
from streams.engine.unit import AFTER, SEPARATOR, Table, Unit
from streams.ingest import DEADLETTER, Gate, raise_if_newer
from streams.ledger import FACT

KIJUNBI_IN = "ido.kijunbi.v1"
DIGEST_BYTES = 16
ONE = "1"
"""The 記録鍵 where a person has one record (`schemas/layout/kiroku_csv.toml`)."""

ACCOUNT: Table[ReceiptAccount] = Table("account", b"r", wire.encode, wire.decode)
CASE: Table[DelinquencyCase] = Table("case", b"d", wire.encode, wire.decode)
SEIRI: Table[KibetsuSeiri] = Table("seiri", b"s", wire.encode, wire.decode)
SEIRIBO: Table[Seiribo] = Table("seiribo", b"f", wire.encode, wire.decode)
ATENA: Table[AtenaChanged] = Table("atena", b"a", wire.encode, wire.decode)
KIROKU: Table[KirokuHeld] = Table("kiroku", b"k", wire.encode, wire.decode)
AGENDA: Table[bytes] = Table("agenda", b"g", bytes, bytes)
KIJUNBI: Table[KijunbiAdvanced] = Table("kijunbi", b"j", wire.encode, wire.decode)
SENT: Table[bytes] = Table("sent", b"p", bytes, bytes)
TODAY = b"kijunbi"
_UNREADABLE = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/unreadable")


def topic_of(record: str) -> str:
    """記録のトピック: `tainou_kojin` -> `record.tainou-kojin.v1`."""
    return f"record.{record.replace('_', '-')}.v1"


class _Touched:
    """触れたもの: what a batch touched, in the order of the first touch; each is made once, when it is all in."""

    def __init__(self) -> None:
        self.persons: dict[bytes, None] = {}
        self.kojin: dict[bytes, None] = {}
        self.bills: dict[tuple[bytes, bytes], None] = {}
        self.rows: dict[tuple[str, bytes, str], None] = {}


class Records:
    """記録の畳み込み: folds one batch of one partition."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    def fold(self, unit: Unit, topic: str, records: Sequence[Record]) -> None:
        """一括りを記録にする。"""
        touched = _Touched()
        for record in records:
            if topic == KIJUNBI_IN:
                if not self._reach(unit, touched, record):
                    unit.leave(record.offset)
                    break
                continue
            value = _quietly(topic, record) if topic == FACT else self.gate.decode(unit, topic, record)
            if isinstance(value, LedgerFact):
                self._booked(unit, touched, value)
            elif isinstance(value, SeiriFact):
                self._dealt_with(unit, touched, value)
            elif isinstance(value, AtenaChanged):
                unit.put(ATENA, value.atena_bangou.encode(), value)
                touched.persons[value.atena_bangou.encode()] = None
            elif isinstance(value, KirokuHeld):
                self._held(unit, touched, value)
            if value is not None:
                self._tell_unreadable(unit, topic, record, value)
        self._publish(unit, touched)

    def _booked(self, unit: Unit, touched: _Touched, fact: LedgerFact) -> None:
        atena, account, case = fact.atena_bangou.encode(), fact.account, fact.case
        if account is not None:
            key = account.shuunou_key.encode()
            unit.put(ACCOUNT, atena + SEPARATOR + key, account)
            touched.bills[(atena, key)] = None
        if case is not None:
            is_first = unit.get(CASE, atena) is None
            unit.put(CASE, atena, case)
            (touched.persons if is_first else touched.kojin)[atena] = None

    def _dealt_with(self, unit: Unit, touched: _Touched, fact: SeiriFact) -> None:
        atena, seiri, book = fact.atena_bangou.encode(), fact.seiri, fact.book
        if seiri is not None:
            key = seiri.shuunou_key.encode()
            unit.put(SEIRI, atena + SEPARATOR + key, seiri)
            touched.bills[(atena, key)] = None
        if book is not None:
            before = unit.get(SEIRIBO, atena) or Seiribo(book.atena_bangou)
            unit.put(SEIRIBO, atena, book)
            if before._replace(tetsuzuki_kaisuu=0) != book._replace(tetsuzuki_kaisuu=0):
                touched.persons[atena] = None

    def _held(self, unit: Unit, touched: _Touched, kiroku: KirokuHeld) -> None:
        record, atena = build.record_of(kiroku.record), kiroku.atena_bangou.encode()
        if record is None:
            return  # of no file of 別添1: the ledger keeps it, and no record is made of it
        unit.put(KIROKU, _kiroku_row(record, atena, kiroku.record_key), kiroku)
        if record in (SHUUTAINOU, KAZEI):
            touched.bills[(atena, kiroku.record_key.encode())] = None
        elif record == KOJIN or (record == KAZOKU and kiroku.record_key == ONE):
            touched.persons[atena] = None
        else:
            touched.rows[(record, atena, kiroku.record_key)] = None

    def _reach(self, unit: Unit, touched: _Touched, record: Record) -> bool:
        """The day has come: what is carried over by then is made anew, of this partition's 期別. Whether that
        was all of it."""
        event, known = self._kijunbi(record), unit.get(KIJUNBI, TODAY)
        if event is None or (known is not None and event.kijunbi < known.kijunbi):
            return True
        unit.put(KIJUNBI, TODAY, event)
        due, are_all = take_due(unit, AGENDA, event.kijunbi, AT_ONCE)
        for row in due:
            atena, key = row.split(SEPARATOR)
            touched.bills[(atena, key)] = None
        return are_all

    def _kijunbi(self, record: Record) -> KijunbiAdvanced | None:
        """What is no day is left to the ledger, which reads the same topic."""
        event = _quietly(KIJUNBI_IN, record)
        if not isinstance(event, KijunbiAdvanced):
            return None
        refused = ingest.check(event, record.key, self.gate.jichitai_code)
        return event if refused is None else None

    def _tell_unreadable(self, unit: Unit, topic: str, record: Record, value: Any) -> None:
        """Held text that is not of its item's type: the item stays empty, and a letter says so.

        The message was accepted and stands, so the letter is of its origin, not of a place on a topic.
        """
        names = sorted({name for file, held in _held_maps(value) for name in unreadable(file, held)})
        if not names:
            return
        place = f"{topic}/{record.partition}/{record.offset}"
        letter_id = str(uuid.uuid5(_UNREADABLE, place))
        why = refusal(
            "R-204",
            "保持する項目",
            "項目の型の値(日は YYYY-MM-DD、数は整数、個人番号等は暗号文)",
            f"{'、'.join(names)} が読めない",
            "その項目は空のまま記録になる。送り元に正しい値での再送を依頼する",
        )
        letter = Letter(
            letter_id, why.reason.code, why.reason.stage, why.what, why.expected, why.found, why.todo,
            value.source, getattr(value, "source_seq", place), None, None, None, None, record.timestamp,
            None, self.gate.cipher.seal(record.value or b"", f"letter/{letter_id}"),
        )  # fmt: skip
        unit.send(DEADLETTER, letter_id.encode(), wire.encode(letter))

    def _publish(self, unit: Unit, touched: _Touched) -> None:
        reached = unit.get(KIJUNBI, TODAY)
        kijunbi = reached.kijunbi if reached else None
        for atena in touched.persons:
            touched.kojin[atena] = None
            for row, _ in list(unit.scan(ACCOUNT, atena + SEPARATOR, atena + AFTER)):
                touched.bills[(atena, row[len(atena) + 1 :])] = None
            touched.rows |= dict.fromkeys(self._dispositions(unit, atena))
        for atena, key in touched.bills:
            self._bill(unit, atena, key, kijunbi)
        for atena in touched.kojin:
            self._person(unit, atena)
        for record, atena, number in touched.rows:
            self._row(unit, record, atena, number)

    def _dispositions(self, unit: Unit, atena: bytes) -> Iterator[tuple[str, bytes, str]]:
        book = unit.get(SEIRIBO, atena)
        for shobun in book.shobun if book else ():
            yield SHOBUN, atena, shobun.bangou
        for bunnou in book.bunnou if book else ():
            yield BUNNOU, atena, bunnou.bunnou.bunnou_bangou

    def _bill(self, unit: Unit, atena: bytes, key: bytes, kijunbi: Any) -> None:
        row = atena + SEPARATOR + key
        account = unit.get(ACCOUNT, row)
        if account is None:
            return  # what is held of it waits for its 調定
        book, case = unit.get(SEIRIBO, atena), unit.get(CASE, atena)
        known = Known(
            account, unit.get(SEIRI, row), book, case, unit.get(ATENA, atena), kijunbi=kijunbi
        )
        held = unit.get(KIROKU, _kiroku_row(SHUUTAINOU, atena, account.shuunou_key))
        self._send(unit, SHUUTAINOU, key, build.build(SHUUTAINOU, known._replace(kiroku=held)))
        held = unit.get(KIROKU, _kiroku_row(KAZEI, atena, account.shuunou_key))
        if build.is_kanri(case, book, held or unit.get(KIROKU, _kiroku_row(KOJIN, atena, ONE))):
            self._send(unit, KAZEI, key, build.build(KAZEI, known._replace(kiroku=held)))
        day = kurikoshi.next_on(account, kijunbi)
        if day is not None:
            entry = entry_of(day, row)
            if unit.get(AGENDA, entry) is None:
                unit.put(AGENDA, entry, b"")

    def _person(self, unit: Unit, atena: bytes) -> None:
        book, case, person = unit.get(SEIRIBO, atena), unit.get(CASE, atena), unit.get(ATENA, atena)
        known = Known(book=book, case=case, atena=person)
        held = unit.get(KIROKU, _kiroku_row(KOJIN, atena, ONE))
        if build.is_kanri(case, book, held):
            account = None
            if person is None:
                bills = unit.scan(ACCOUNT, atena + SEPARATOR, atena + AFTER)
                account = next((value for _, value in bills), None)
            self._send(unit, KOJIN, atena, build.build(KOJIN, known._replace(kiroku=held, account=account)))
        held = unit.get(KIROKU, _kiroku_row(KAZOKU, atena, ONE))
        self._send(unit, KAZOKU, atena, build.build(KAZOKU, known._replace(kiroku=held)))

    def _row(self, unit: Unit, record: str, atena: bytes, number: str) -> None:
        held, book = unit.get(KIROKU, _kiroku_row(record, atena, number)), unit.get(SEIRIBO, atena)
        key = atena + b"/" + number.encode()
        if record in (SHOBUN, BUNNOU):
            shobun = next((one for one in (book.shobun if book else ()) if one.bangou == number), None)
            plans = book.bunnou if book else ()
            bunnou = next((one for one in plans if one.bunnou.bunnou_bangou == number), None)
            known = Known(book=book, kiroku=held, shobun=shobun if record == SHOBUN else None,
                          bunnou=bunnou if record == BUNNOU else None)  # fmt: skip
            self._send(unit, record, key, build.build(record, known))
        elif held is not None:
            self._send(unit, record, key, build.build_held(record, held))

    def _send(self, unit: Unit, record: str, key: bytes, value: Any | None) -> None:
        """Send it if it is not what was sent last; a row that is no more is deleted from the topic."""
        row = record.encode() + SEPARATOR + key
        last = unit.get(SENT, row)
        body = None if value is None else wire.encode(value)
        digest = None if body is None else hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()
        if digest != last:
            unit.put(SENT, row, digest)
            unit.send(topic_of(record), key, body, partition=unit.partition)


def _quietly(topic: str, record: Record) -> Any | None:
    """Of a topic that another stage reads too, whose letter stands for what is unreadable: one is enough."""
    try:
        return wire.decode(record.value or b"")
    except DecodeError as error:
        raise_if_newer(topic, error)
        return None


def _kiroku_row(record: str, atena: bytes, record_key: str) -> bytes:
    return SEPARATOR.join((atena, record.encode(), record_key.encode()))


def _held_maps(value: Any) -> Iterator[tuple[str, Any]]:
    """The held maps that a message brings for the first time, by the record in which they are read."""
    if isinstance(value, KirokuHeld):
        record = build.record_of(value.record)
        if record is not None:
            yield record, value.held
    elif isinstance(value, AtenaChanged):
        yield SHUUTAINOU, value.held
    elif isinstance(value, LedgerFact) and value.account is not None and value.kind.startswith("Choutei"):
        yield SHUUTAINOU, value.account.held
    elif isinstance(value, SeiriFact) and value.book is not None:
        for shobun in value.book.shobun:
            if shobun.bangou == value.bangou:
                yield SHOBUN, shobun.held
        for plan in value.book.bunnou:
            if plan.bunnou.bunnou_bangou == value.bangou:
                yield BUNNOU, plan.held
