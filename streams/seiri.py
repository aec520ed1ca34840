"""整理: the procedures of the law, folded by the ledger's agent, for they move the same accounts.

Tables (key 宛名番号): `seiri` what procedures left on each 期別, `seiribo` on each person, `tetsuzuki` the digest
of every act by its kind and number, `schedule` the days on which a person must be looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from state import ledger, wire
from state.events import KijunbiAdvanced, ShoukeiReturned
from state.law.kikan import DAY
from state.reasons import Refusal, refusal
from state.record.koushou import as_kiroku
from state.seiri import apply as seiri
from state.seiri import book as booking
from state.seiri import shoukei_steps
from state.seiri.event import TetsuzukiTaken
from state.seiri.kinds import kinds
from state.seiri.person import Person, SeiriStep
from state.seiri.values import KibetsuSeiri, Seiribo
from streams.agenda import entry_of, take_due
from streams.engine.unit import AFTER, SEPARATOR, Table, Unit

SEIRI_FACT, SHOUKEI_OUT, KIROKU_OUT = "seiri.fact.v1", "ledger.shoukei.v1", "ledger.kiroku.v1"

SEIRI: Table[KibetsuSeiri] = Table("seiri", b"s", wire.encode, wire.decode)
SEIRIBO: Table[Seiribo] = Table("seiribo", b"f", wire.encode, wire.decode)
TETSUZUKI: Table[bytes] = Table("tetsuzuki", b"t", bytes, bytes)
SCHEDULE: Table[bytes] = Table("schedule", b"h", bytes, bytes)

PERSONS_AT_ONCE = 1_000
"""As `AT_ONCE` for 期別: a person has several, and all are looked at. Nothing is scheduled for a day that has
come: its parts would never end, and what they told of a person would be told twice under one id."""

Keep = Callable[[Unit, bytes, ledger.Change], None]


class SeiriFold:
    """整理の畳み込み: `receipt` and `delinquency` are the ledger's tables, `keep` writes a change of an account."""

    def __init__(self, receipt: Table[Any], delinquency: Table[Any], keep: Keep) -> None:
        self._receipt, self._delinquency, self._keep = receipt, delinquency, keep

    def book(self, unit: Unit, topic: str, kijunbi: date | None, event: TetsuzukiTaken) -> Refusal | None:
        """手続を記帳する: None, or why it was refused; then nothing has changed."""
        kind = kinds()[event.kind]
        if kind.topic != topic:
            found = "ほかのトピック"
            return refusal("R-202", kind.ja, kind.topic, found, "送り元のコネクタの出力先を確かめる")
        atena = event.atena_bangou.encode()
        place = SEPARATOR.join((atena, event.kind.encode(), event.bangou.encode()))
        person = self.person(unit, atena, kijunbi)
        known = unit.get(TETSUZUKI, place)
        done = seiri.apply(person, event, known)
        if isinstance(done, Refusal):
            return done
        unit.put(TETSUZUKI, place, seiri.digest(event))
        self._write(unit, person, event, event.event_id, done)
        kiroku = as_kiroku(event) if known is None else None
        if kiroku is not None:  # 交渉経過 goes on whole, as it was told: no row of the ledger holds its text
            key = f"{kiroku.record}/{kiroku.atena_bangou}/{kiroku.record_key}".encode()
            unit.send(KIROKU_OUT, key, wire.encode(kiroku), partition=unit.partition)
        return None

    def returned(self, unit: Unit, kijunbi: date | None, event: ShoukeiReturned) -> Refusal | None:
        """承継分の差戻しを記帳する: its yen are in the deceased's books again."""
        person = self.person(unit, event.atena_bangou.encode(), kijunbi)
        done = shoukei_steps.returned(person, event)
        if isinstance(done, Refusal):
            return done
        self._write(unit, person, event, event.event_id, done)
        return None

    def reach(self, unit: Unit, event: KijunbiAdvanced) -> bool:
        """日の到来: look at persons whose day on the schedule is not after it; whether those were all."""
        due, are_all = take_due(unit, SCHEDULE, event.kijunbi, PERSONS_AT_ONCE)
        for atena in dict.fromkeys(due):
            person = self.person(unit, atena, event.kijunbi)
            done = seiri.reach(person, event.kijunbi)
            self._write(unit, person, event, f"{event.event_id}/{atena.decode()}", done)
        return are_all

    def follow(self, unit: Unit, kijunbi: date | None, event: Any, change: ledger.Change) -> None:
        """収納の後: what a booked event means for the procedures on its 期別, which is known to have some."""
        atena = change.account.atena_bangou.encode()
        person = self.person(unit, atena, kijunbi)
        done = seiri.follow(person, change.account, event)
        self._write(unit, person, event, f"{event.event_id}/{change.account.shuunou_key}", done)

    def person(self, unit: Unit, atena: bytes, kijunbi: date | None) -> Person:
        """一人の姿を読む: every 期別 of the person, in one scan of neighbouring rows."""
        begin, end = atena + SEPARATOR, atena + AFTER
        name = atena.decode()
        return Person(
            name,
            {account.shuunou_key: account for _, account in unit.scan(self._receipt, begin, end)},
            {each.shuunou_key: each for _, each in unit.scan(SEIRI, begin, end)},
            unit.get(SEIRIBO, atena) or Seiribo(name),
            unit.get(self._delinquency, atena),
            kijunbi,
        )

    def _write(self, unit: Unit, person: Person, event: Any, prefix: str, done: SeiriStep) -> None:
        atena = person.atena_bangou.encode()
        booked = booking.book(person, event, prefix, done)
        for change in booked.changes:
            self._keep(unit, atena, change)
        for key, each in booked.seiri.items():
            unit.put(SEIRI, atena + SEPARATOR + key.encode(), each)
        if done.book is not None:
            unit.put(SEIRIBO, atena, done.book)
        soonest = date.min if person.kijunbi is None else person.kijunbi + DAY
        for day in done.look_on:
            unit.put(SCHEDULE, entry_of(max(day, soonest), atena), b"")
        for fact in booked.facts:
            unit.send(SEIRI_FACT, atena, wire.encode(fact))
        for choutei in booked.shoukei:
            unit.send(SHOUKEI_OUT, choutei.shuunou_key.encode(), wire.encode(choutei))
