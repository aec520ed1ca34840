"""台帳の読み取り: what the ledger was given, what it announced, and the rows of its tables, as its topics hold
them.

The names of rows in `state.ledger.v1` are those of `streams/ledger.py`: a letter for the table, then the
key.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Message

from connectors.auditor.book import STATED, Book, day, mark
from connectors.auditor.cut import ATENA, LEDGER_TABLE, Cut, topics
from connectors.auditor.events import FAILED, KAKUHOU, SOKUHOU, TORIKESHI, stated
from connectors.auditor.items import Projections
from connectors.auditor.seisan import SIGNS, kagonou, minou, net_of
from schemas.codec import DecodeError
from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KijunbiAdvanced, KirokuHeld
from state.facts import LedgerFact, Letter, MatchingNotice
from state.receipt.account import ReceiptAccount
from state.seiri.fact import SeiriFact
from state.seiri.values import KibetsuSeiri, Seiribo
from state.wire import decode, encode

RECEIPT_ROW, CASE_ROW, ATENA_ROW, KIROKU_ROW, KIJUNBI_ROW, SEIRI_ROW, SEIRIBO_ROW, POSITION_ROW = (
    b"r",
    b"d",
    b"a",
    b"k",
    b"j",
    b"s",
    b"f",
    b"\x00",
)
_ROWS = frozenset((RECEIPT_ROW, CASE_ROW, ATENA_ROW, KIROKU_ROW, KIJUNBI_ROW, SEIRI_ROW, SEIRIBO_ROW))
SHUBETSU = {"established": 0, "corrected": 1, "cancelled": 2}
DANKAI = {"sokuhou": SOKUHOU, "torikeshi": TORIKESHI, "kakuhou": KAKUHOU}
CASE_KINDS = ("TainouCaseOpened", "TainouCaseChanged", "TainouCaseClosed")
_HEADER = 5  # of Confluent's wire format
_OFFSET = struct.Struct(">q")
_DAYS = frozenset({"noukigen", "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi"})
_STATED = tuple((ReceiptAccount._fields.index(name), name in _DAYS) for name in STATED if name != "held")


def event_mark(value: bytes) -> int:
    """異動の印: of the event in these bytes without decoding them: every event begins with its id."""
    size, at, shift = 0, _HEADER, 0
    while at < len(value):
        byte = value[at]
        size |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            break
    return mark(value[at : at + (size >> 1)])


class LedgerSide:
    """台帳側の受け取り手: one method for each topic."""

    def __init__(self, book: Book, cut: Cut, projections: Projections) -> None:
        self._book, self._cut, self._projections = book, cut, projections
        self._numbers = {name: number for number, name in enumerate(topics())}
        self.positions: dict[tuple[str, int], int] = {}

    def take_input(self, messages: Sequence[Message]) -> None:
        """突合済みの異動: only which event each is; one that the ledger has not worked off moves its 収納キー."""
        rows = []
        for message in messages:
            part, at, value = message.partition() or 0, message.offset() or 0, message.value() or b""
            rows.append((part, at, event_mark(value), mark(value), 0))
            if not self._cut.is_applied((message.topic() or "", part), at):
                event = self._decoded(message)
                if event is not None:
                    self._book.add("moving", [(event.shuunou_key,)])
        self._book.add("input", rows)

    def take_facts(self, messages: Sequence[Message]) -> None:
        """台帳の事実: with what each contract must show of the account in it."""
        rows = []
        for message in messages:
            fact = self._decoded(message)
            if not isinstance(fact, LedgerFact):
                self._strange(message, fact)
                continue
            account = fact.account
            rows.append(
                (
                    message.partition(),
                    message.offset(),
                    mark(fact.fact_id.encode()),
                    mark(fact.event_id.encode()),
                    fact.kind,
                    fact.shuunou_key,
                    fact.atena_bangou,
                    fact.kingaku,
                    account is not None,
                    *self._projections.digests(account),
                )
            )
        self._book.add("fact", rows)

    def take_seiri(self, messages: Sequence[Message]) -> None:
        """整理の事実: what happened by acts, the movements of money, and the 整理 that it left."""
        facts, movements, told = [], [], []
        for message in messages:
            fact = self._decoded(message)
            if not isinstance(fact, SeiriFact):
                self._strange(message, fact)
                continue
            part = message.partition() or 0
            ident, event = mark(fact.fact_id.encode()), mark(fact.event_id.encode())
            place = (part, message.offset(), ident, event)
            facts.append((*place, fact.kind, fact.shuunou_key, fact.atena_bangou))
            for number, each in enumerate(fact.movements):
                said = (each.shuunou_key, each.kind, each.kamoku, each.kingaku)
                movements.append((ident, number, event, *said))
                if each.kind not in SIGNS:
                    what = "movements of an unknown kind"
                    self._book.wrong("C3", what, each.shuunou_key, "a kind of movement", each.kind)
            told += [(*row, ident) for value in (fact.seiri, fact.book) for row in _left(part, value)]
        self._book.add("seiri_fact", facts)
        self._book.add("movement", movements)
        self._book.add("told", told)

    def take_letters(self, messages: Sequence[Message]) -> None:
        """受入拒否: where what was refused stood, and why."""
        rows = []
        for message in messages:
            letter = self._decoded(message)
            if not isinstance(letter, Letter):
                self._strange(message, letter, "C5")
                continue
            topic = None if letter.topic is None else self._numbers.get(letter.topic, -1)
            event = None if letter.event_id is None else mark(letter.event_id.encode())
            place = (topic, letter.partition, letter.offset)
            rows.append((*place, mark(letter.letter_id.encode()), letter.stage, letter.reason, event))
        self._book.add("letter", rows)

    def take_notices(self, messages: Sequence[Message]) -> None:
        """突合の知らせ: of each held payment the last one, and how often it was assigned."""
        rows = []
        for message in messages:
            notice = self._decoded(message)
            if not isinstance(notice, MatchingNotice):
                self._strange(message, notice, "C1")
                continue
            times = int(notice.kind == "assigned")
            event = mark(notice.event_id.encode())
            rows.append((notice.shuunou_key, event, notice.kind, times, notice.shuunou_kingaku))
        self._book.db.executemany(
            "INSERT INTO notice VALUES (?, ?, ?, ?, ?) ON CONFLICT (shuunou_key, event) DO UPDATE SET "
            "kind = excluded.kind, assigned = assigned + excluded.assigned, kingaku = excluded.kingaku",
            rows,
        )

    def take_kept(self, messages: Sequence[Message]) -> None:
        """宛名・記録(最新): the last one of each key."""
        name = "atena" if messages[0].topic() == ATENA else "kiroku"
        rows = []
        for message in messages:
            value = message.value() or b""
            key = (message.key() or b"").decode(errors="replace")
            rows.append((name, key, event_mark(value), mark(value)))
        self._book.add("kept_out", rows)

    def take_table(self, messages: Sequence[Message]) -> None:
        """表の変更記録: the last value of each row; `spread_table` lays them out when all are read."""
        last: dict[bytes, tuple[int, bytes | None]] = {}
        for message in messages:
            key, part, value = message.key() or b"", message.partition() or 0, message.value()
            if key[:1] == POSITION_ROW and value is not None:
                self.positions[key[1:].decode(), part] = _OFFSET.unpack(value)[0]
            elif key[:1] in _ROWS:
                full = key + str(part).encode() if key[:1] == KIJUNBI_ROW else key
                last[full] = (part, value)
        gone = [(key,) for key, (_, value) in last.items() if value is None]
        self._book.db.executemany("DELETE FROM latest WHERE key = ?", gone)
        present = [(part, key, value) for key, (part, value) in last.items() if value is not None]
        self._book.add("latest", present)

    def spread_table(self) -> None:
        """表を広げる: rows of the ledger's tables as rows of the book."""
        batch: list[tuple[Any, ...]] = []
        for row in self._book.rows("SELECT part, key, value FROM latest"):
            batch.append(row)
            if len(batch) >= 10_000:
                self._spread(batch)
                batch = []
        self._spread(batch)

    def _spread(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        found: dict[str, list[tuple[Any, ...]]] = {}
        for part, key, value in rows:
            try:
                held = decode(value)
            except DecodeError as error:
                shown = f"{LEDGER_TABLE}/{part}/{key[:1]!r}"
                self._book.wrong("C4", "rows that cannot be read", shown, "a row", error.kind)
                continue
            rows_of = _seiri_rows(part, held) or _rows_of(part, key, held)
            for table, row in rows_of:
                found.setdefault(table, []).append(row)
        for table, laid_out in found.items():
            self._book.add(table, laid_out)

    @staticmethod
    def _decoded(message: Message) -> Any:
        """The value, or the word for what is wrong with it."""
        try:
            return decode(message.value() or b"")
        except DecodeError as error:
            return error.kind

    def _strange(self, message: Message, found: Any, measure: str = "C2") -> None:
        shown = f"{message.topic()}/{message.partition()}/{message.offset()}"
        kind = found if isinstance(found, str) else type(found).__name__
        self._book.wrong(measure, "records of another kind than their topic's", shown, "its kind", kind)


def _rows_of(part: int, key: bytes, held: Any) -> list[tuple[str, tuple[Any, ...]]]:
    if isinstance(held, ReceiptAccount):
        return _account_rows(part, held)
    if isinstance(held, DelinquencyCase):
        row = (part, held.atena_bangou, held.joutai, held.tainou_kingaku, held.tainou_kensuu)
        return [("case_row", row)]
    if isinstance(held, KijunbiAdvanced):
        return [("kijunbi_row", (part, day(held.kijunbi)))]
    if isinstance(held, AtenaChanged | KirokuHeld):
        name = "atena" if isinstance(held, AtenaChanged) else "kiroku"
        return [("kept_row", (name, key[1:].decode(), mark(held.event_id.encode()), held.rireki_bangou))]
    return []


def _left(part: int, value: KibetsuSeiri | Seiribo | None) -> list[tuple[Any, ...]]:
    """What a procedure left: its name, key and person, and the mark of its bytes."""
    if value is None:
        return []
    name, key = "整理簿", value.atena_bangou
    if isinstance(value, KibetsuSeiri):
        name, key = "期別の整理", value.shuunou_key
    return [(name, key, value.atena_bangou, part, mark(encode(value)))]


def state_mark(value: bytes) -> int:
    """姿の印: of what these bytes say, written anew, for an older version says the same in other bytes."""
    try:
        return mark(encode(decode(value)))
    except DecodeError:  # nothing of ours: it differs from whatever was told
        return mark(value)


def _seiri_rows(part: int, held: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """A row of the 整理 tables, as it would be written today."""
    if not isinstance(held, KibetsuSeiri | Seiribo):
        return []
    return [("seiri_row", row) for row in _left(part, held)]


def _account_rows(part: int, account: ReceiptAccount) -> list[tuple[str, tuple[Any, ...]]]:
    key, gaku, paid = account.shuunou_key, account.kibetsu_choutei_gaku, account.shuunou_gaku
    figured = (
        account.is_cancelled, paid, day(account.kousei_nengappi), account.kousei_kaisuu,
        account.koufuri_funou_kaisuu
    )  # fmt: skip
    says = stated(account, _STATED)
    net = net_of(account)
    owed = minou(gaku, paid, *net), kagonou(gaku, paid, *net)
    row = (part, key, account.atena_bangou, *says, *figured, account.is_tainou, *owed, *net)
    rows: list[tuple[str, tuple[Any, ...]]] = [("account", row)]
    for r in account.receipts:
        days = (day(r.ryoushuu_nengappi), day(r.shuunou_nengappi), day(r.nikkeibi), day(r.torikomibi))
        dankai = DANKAI.get(r.dankai, FAILED)
        rows.append(("receipt_row", (key, r.receipt_no, dankai, r.kingaku, *days, r.shuunou_kubun)))
    for entry in account.choutei_rireki:
        said = (entry.kibetsu_choutei_gaku, day(entry.occurred_on))
        rows.append(("rireki_row", (key, entry.rireki_bangou, SHUBETSU.get(entry.ido_shubetsu, -1), *said)))
    return rows
