"""仕事: what each system is given, and the proof that it did all of it exactly once."""

from __future__ import annotations

import json
import random
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import Message

from bench import load
from bench.peers.systems import COUNT, JSON_LEDGER, LEDGER, Place, System, Work
from bench.support import BenchError, Sent, records
from schemas.codec import DecodeError
from state import ledger, wire
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount

_LONG = struct.Struct(">q")
VALUE_BYTES = 200
Figures = dict[str, Any]


class Paced(NamedTuple):
    """一件ずつ送るもの: the id by which its output is known again, and the message."""

    id: bytes
    sent: Sent


class Job:
    """仕事: rounds of events that wait, then events one by one."""

    work: Work

    def book(self, round_: int) -> Iterator[Sent]:
        """一回分の荷。"""
        raise NotImplementedError

    def paced(self) -> list[Paced]:
        """一件ずつの荷。"""
        raise NotImplementedError

    def id_of(self, message: Message) -> bytes:
        """出力からもとの荷を知る。"""
        raise NotImplementedError

    def check(self, system: System, place: Place, rounds: int, paced: int) -> Figures:
        """確かめる: that so many rounds and so many paced events are in the outputs, all and once."""
        raise NotImplementedError


class Counting(Job):
    """最小の畳み込み: events of 200 bytes over some keys; the output is how many of its key came so far."""

    work = COUNT

    def __init__(self, events: int, keys: int, rounds: int, paced: int) -> None:
        self.events, self.keys, self._rounds, self._paced = events, keys, rounds, paced
        self._noise = random.Random(1).randbytes(1 << 16)  # what a compressor cannot make smaller

    def _sent(self, number: int) -> Sent:
        at = number * 31 % (len(self._noise) - VALUE_BYTES)
        return COUNT.source, b"key-%06d" % (number % self.keys), self._noise[at : at + VALUE_BYTES]

    def book(self, round_: int) -> Iterator[Sent]:
        """一回分の荷: the key of an event is its number modulo the keys."""
        return map(self._sent, range(round_ * self.events, (round_ + 1) * self.events))

    def paced(self) -> list[Paced]:
        """一件ずつの荷: after all rounds."""
        begin = self._rounds * self.events
        sent = ((number, self._sent(number)) for number in range(begin, begin + self._paced))
        return [Paced(one[1] + _LONG.pack(number // self.keys + 1), one) for number, one in sent]

    def id_of(self, message: Message) -> bytes:
        """出力からもとの荷を知る: its key and the count."""
        return (message.key() or b"") + (message.value() or b"")

    def check(self, system: System, place: Place, rounds: int, paced: int) -> Figures:
        """確かめる: each key has the counts 1, 2, 3 … in this order."""
        counts: dict[bytes, int] = {}
        for message in records(place.broker.bootstrap, [COUNT.out]):
            key, count = message.key() or b"", int(_LONG.unpack(message.value() or b"")[0])
            if count != counts.get(key, 0) + 1:
                raise BenchError(f"{system.name}: after count {counts.get(key, 0)} of a key came {count}")
            counts[key] = count
        total = rounds * self.events + paced
        if counts != {b"key-%06d" % k: (total - k + self.keys - 1) // self.keys for k in range(self.keys)}:
            raise BenchError(f"{system.name}: expected {total:,} counts, found {sum(counts.values()):,}")
        return {"outputs": total}


class Outcome(NamedTuple):
    """台帳の結果: the account of each 収納キー, and the number and yen of each kind of fact."""

    accounts: Mapping[str, Any]
    facts: Mapping[str, tuple[int, int]]

    def sums(self) -> Figures:
        """計: what the report shows of it."""
        minou = sum(_yen(account, "minou_gaku") for account in self.accounts.values())
        shuunou = sum(_yen(account, "shuunou_gaku") for account in self.accounts.values())
        facts = sum(count for count, _ in self.facts.values())
        return {"facts": facts, "rows": len(self.accounts), "minou_gaku": minou, "shuunou_gaku": shuunou}


def _yen(account: Any, name: str) -> int:
    return int(account[name] if isinstance(account, dict) else getattr(account, name))


class Tally:
    """数え: kinds of facts, their number and their yen."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._yen: Counter[str] = Counter()

    def add(self, kind: str, kingaku: int) -> None:
        """一件を数える。"""
        self._counts[kind] += 1
        self._yen[kind] += kingaku

    def facts(self) -> dict[str, tuple[int, int]]:
        """種類ごとの件数と円。"""
        return {kind: (count, self._yen[kind]) for kind, count in self._counts.items()}


def expected(changes: Sequence[load.Change]) -> Outcome:
    """正しい結果: what the pure core makes of the changes."""
    accounts: dict[str, ReceiptAccount] = {}
    tally = Tally()
    for change in changes:
        event = wire.decode(change.value)
        after = ledger.apply(accounts.get(event.shuunou_key), None, None, event)
        if isinstance(after, Refusal):
            continue  # its letter is no fact and changes no row
        accounts[event.shuunou_key] = after.account
        for fact in after.facts:
            tally.add(fact.kind, fact.kingaku)
    return Outcome(accounts, tally.facts())


class Booking(Job):
    """台帳の畳み込み: the changes of a synthetic city, each round of other persons."""

    work = LEDGER

    def __init__(self, books: Sequence[Sequence[load.Change]], paced: Sequence[load.Change]) -> None:
        self.books, self._paced = books, paced
        self._expected: dict[tuple[int, int], Outcome] = {}

    @property
    def events(self) -> int:
        return len(self.books[0])

    def _sent(self, change: load.Change) -> Sent:
        return LEDGER.source, change.atena or b"", change.value

    def book(self, round_: int) -> Iterator[Sent]:
        """一回分の荷。"""
        return map(self._sent, self.books[round_])

    def paced(self) -> list[Paced]:
        """一件ずつの荷。"""
        return [Paced(change.event_id.encode(), self._sent(change)) for change in self._paced]

    def id_of(self, message: Message) -> bytes:
        """出力からもとの荷を知る: a fact names its event."""
        event_id: str = wire.decode(message.value() or b"").event_id
        return event_id.encode()

    def check(self, system: System, place: Place, rounds: int, paced: int) -> Figures:
        """確かめる: every row and the facts of every kind are those of the pure core."""
        right = self._right(rounds, paced)
        found = self._found(system, place)
        if found.sums() != right.sums() or found.facts != right.facts:
            raise BenchError(f"{system.name}: expected {right.sums()}, found {found.sums()}")
        if self._are_comparable(found) and found.accounts != right.accounts:
            raise BenchError(f"{system.name}: the sums agree, the rows do not")
        return found.sums()

    def _are_comparable(self, found: Outcome) -> bool:
        return all(isinstance(account, ReceiptAccount) for account in found.accounts.values())

    def _right(self, rounds: int, paced: int) -> Outcome:
        if (rounds, paced) not in self._expected:
            changes = [change for book in self.books[:rounds] for change in book]
            self._expected[rounds, paced] = expected([*changes, *self._paced[:paced]])
        return self._expected[rounds, paced]

    def _found(self, system: System, place: Place) -> Outcome:
        tally = Tally()
        for message in records(place.broker.bootstrap, [self.work.out]):
            fact = wire.decode(message.value() or b"")
            tally.add(fact.kind, fact.kingaku)
        accounts = (_account(value) for value in last_values(system, place, self.work))
        return Outcome({a.shuunou_key: a for a in accounts if a is not None}, tally.facts())


def last_values(system: System, place: Place, work: Work) -> Iterator[bytes]:
    """最後の行: of each key of the changelog the last value, if it was not deleted."""
    rows = {
        (message.partition(), message.key()): message.value()
        for message in records(place.broker.bootstrap, [system.changelog(place, work)])
    }
    return (value for value in rows.values() if value is not None)


def _account(value: bytes) -> ReceiptAccount | None:
    """The account in a row; None for rows of other tables, which share a changelog with it."""
    try:
        decoded = wire.decode(value)
    except DecodeError:
        return None
    return decoded if isinstance(decoded, ReceiptAccount) else None


class JsonBooking(Booking):
    """台帳の畳み込み(JSON): the same changes for the ordinary Faust agent."""

    work = JSON_LEDGER

    def _sent(self, change: load.Change) -> Sent:
        event = wire.decode(change.value)
        value = {"type": type(event).__name__, **event._asdict()}
        if "held" in value:
            value["held"] = dict(value["held"])
        text = json.dumps(value, default=str, ensure_ascii=False)
        return JSON_LEDGER.source, change.atena or b"", text.encode()

    def _found(self, system: System, place: Place) -> Outcome:
        tally = Tally()
        for message in records(place.broker.bootstrap, [self.work.out]):
            fact = json.loads(message.value() or b"")
            tally.add(fact["kind"], fact["kingaku"])
        accounts = (json.loads(value) for value in last_values(system, place, self.work))
        return Outcome({account["shuunou_key"]: account for account in accounts}, tally.facts())
