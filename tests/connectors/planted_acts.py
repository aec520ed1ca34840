"""Acts that move money, planted in the topics of a hub as the hub itself writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from state import wire
from state.law.movement import Movement
from state.receipt.account import ReceiptAccount
from state.seiri.book import book
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, step
from state.seiri.values import KibetsuSeiri, Seiribo
from tests import given
from tests.connectors.audited_hub import DAYS, AuditedHub, Sent, last_row

TETSUZUKI, SEIRI_FACT, FACT, TABLE = (
    "ido.tetsuzuki.v1", "seiri.fact.v1", "ledger.fact.v1", "state.ledger.v1"
)  # fmt: skip
ON = date(2026, 7, 20)


def who(person: int) -> str:
    return f"{person:010d}"


def act(person: int, kind: str, bangou: str = "1", key: str | None = None, **over: Any) -> TetsuzukiTaken:
    return given.tetsuzuki(kind, ON, bangou=bangou, key=key, person=who(person), **over)


def told(event: TetsuzukiTaken, topic: str = TETSUZUKI) -> Sent:
    return Sent(topic, event.atena_bangou, wire.encode(event))


class Planter:
    """Plants acts that move money as the hub writes them: the act, the row, and the facts of both kinds."""

    def __init__(self, hub: AuditedHub) -> None:
        self.hub = hub

    def account(self, key: str) -> tuple[Sent, ReceiptAccount]:
        message, account = last_row(self.hub, b"r", lambda a: getattr(a, "shuunou_key", "") == key)
        return message, account

    def book(
        self, event: TetsuzukiTaken, *after: ReceiptAccount, movements: Sequence[Movement] = ()
    ) -> list[Sent]:
        """All that the hub writes of a step that leaves these accounts, in the order in which it does."""
        atena, part = event.atena_bangou, self.account(after[0].shuunou_key)[0].partition
        person = self.person(atena)
        happened = [
            SeiriHappened(
                event.kind, key, 0, (), tuple(each for each in movements if each.shuunou_key == key)
            )
            for key in (account.shuunou_key for account in after)
        ]
        seiri = tuple(KibetsuSeiri(account.shuunou_key, atena) for account in after)
        left = Seiribo(atena, tetsuzuki_kaisuu=9)
        booked = book(person, event, event.event_id, step(*happened, accounts=after, seiri=seiri, book=left))
        rows = {b"f" + atena.encode(): wire.encode(left)}
        for change in booked.changes:
            rows[b"r" + f"{atena}|{change.account.shuunou_key}".encode()] = wire.encode(change.account)
            if change.case is not None:
                rows[b"d" + atena.encode()] = wire.encode(change.case)
        rows |= {b"s" + f"{atena}|{key}".encode(): wire.encode(each) for key, each in booked.seiri.items()}
        facts = [Sent(FACT, atena, wire.encode(f), part) for change in booked.changes for f in change.facts]
        facts += [Sent(SEIRI_FACT, atena, wire.encode(fact), part) for fact in booked.facts]
        return [told(event), *(Sent(TABLE, key, value, part) for key, value in rows.items()), *facts]

    def person(self, atena: str) -> Person:
        """The person as the table has it."""
        last = {bytes(m.key): m.value for m in self.hub.read(TABLE) if m.key is not None}
        mine = {key: value for key, value in last.items() if value and key[1:11] == atena.encode()}
        rows = {key: wire.decode(value) for key, value in mine.items() if key[:1] in (b"r", b"d")}
        accounts = {row.shuunou_key: row for key, row in rows.items() if key[:1] == b"r"}
        return Person(atena, accounts, {}, Seiribo(atena), rows.get(b"d" + atena.encode()), DAYS[0])


def moved(account: ReceiptAccount, kind: str, kamoku: str, yen: int) -> Movement:
    bill_ = (account.fuka_nendo, account.choutei_nendo, account.choutei_nendo)
    kibetsu = (account.zeimoku_code, account.kibetsu_code)
    return Movement(ON, account.shuunou_key, *bill_, *kibetsu, kind, kamoku, "", yen)
