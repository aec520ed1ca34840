"""記録の照会: the records of 別添1 as the projection lets them be made, for staff; nothing here writes or prints.

Each is made by the same provenance as the one that is published (`state.record.build`). The projection keeps
no history of a 調定 (`connectors.read_account`) and no 基準日: 滞納繰越 (収滞納 76〜79) is reckoned from the 調定 as
it stands, as of the day that is asked for. Every other item is the published one, as far as the projection
has come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table

from connectors.read_account import accounts
from connectors.tables import ACCOUNT, ATENA, DELINQUENCY_CASE, KIBETSU_SEIRI, KIROKU, SEIRIBO
from schemas import records
from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KirokuHeld
from state.receipt.account import ReceiptAccount
from state.record import build
from state.record.build import BUNNOU, KAZEI, KAZOKU, KOJIN, KOUSHOU, SHOBUN, SHUUTAINOU
from state.record.known import Known
from state.seiri.values import KibetsuSeiri, Seiribo
from state.wire import decode

ONE, SEALED = "1", "(暗号文)"
"""記録鍵 where a person has one record; what stands for 個人番号 and 口座番号, which are never read out."""

BY_BILL = (SHUUTAINOU, KAZEI)


class RecordItem(NamedTuple):
    """記録の一項目: as staff see it."""

    item_no: int
    ja: str
    name: str
    value: Any


class RecordView(NamedTuple):
    """記録の姿: its key, and all its items in the order of 別添1."""

    record: str
    key: str
    items: tuple[RecordItem, ...]


def of_bill(engine: Engine, record: str, shuunou_key: str, on: date) -> tuple[RecordView, ...]:
    """期別の記録: of one 収納キー; none when there is no such 期別."""
    with engine.connect() as connection:
        found = accounts(connection, ACCOUNT.c.shuunou_key == shuunou_key).values()
        return tuple(_of_bill(connection, record, each, on) for each in found)


def of_person(engine: Engine, record: str, atena_bangou: str, on: date) -> tuple[RecordView, ...]:
    """人の記録: every row of one person, in the order of their keys."""
    with engine.connect() as connection:
        if record in BY_BILL:
            found = accounts(connection, ACCOUNT.c.atena_bangou == atena_bangou).values()
            return tuple(_of_bill(connection, record, each, on) for each in found)
        if record in (KOJIN, KAZOKU):
            rows = _of_one_person(connection, record, atena_bangou)
        else:
            rows = _of_rows(connection, record, atena_bangou)
        return tuple(_view(record, key, value) for key, value in rows if value is not None)


def _of_bill(connection: Connection, record: str, account: ReceiptAccount, on: date) -> RecordView:
    atena, key = account.atena_bangou, account.shuunou_key
    known = _person(connection, atena)._replace(
        account=account,
        seiri=_encoded(connection, KIBETSU_SEIRI, KIBETSU_SEIRI.c.shuunou_key == key),
        kiroku=_kiroku(connection, record, atena).get(key),
        kijunbi=on,
    )
    return _view(record, key, build.build(record, known))


def _of_one_person(connection: Connection, record: str, atena: str) -> Iterator[tuple[str, Any]]:
    held, known = _kiroku(connection, record, atena), _person(connection, atena)
    bills = accounts(connection, ACCOUNT.c.atena_bangou == atena)
    account = next(iter(bills.values()), None)
    yield atena, build.build(record, known._replace(kiroku=held.get(ONE), account=account))
    for key, kiroku in held.items():
        if record == KAZOKU and key != ONE:
            yield f"{atena}/{key}", build.build_held(record, kiroku)


def _of_rows(connection: Connection, record: str, atena: str) -> Iterator[tuple[str, Any]]:
    """Rows of acts of our own, and of what the former system left under other numbers."""
    held, person = _kiroku(connection, record, atena), _person(connection, atena)
    book = person.book
    shobun = {each.bangou: each for each in (book.shobun if book else ())} if record == SHOBUN else {}
    plans = book.bunnou if book is not None and record == BUNNOU else ()
    bunnou = {each.bunnou.bunnou_bangou: each for each in plans}
    for number in sorted({*held, *shobun, *bunnou}):
        key, kiroku = f"{atena}/{number}", held.get(number)
        if record == KOUSHOU:
            yield key, build.build_held(record, held[number])
        else:
            known = Known(book=book, kiroku=kiroku, shobun=shobun.get(number), bunnou=bunnou.get(number))
            yield key, build.build(record, known)


def _view(record: str, key: str, value: Any) -> RecordView:
    """What is sealed is shown as being there, never as it stands."""
    shown = [
        RecordItem(item.item_no, item.ja, item.name, SEALED if item.confidential and one else one)
        for item, one in zip(records.items(record), value, strict=True)
    ]
    return RecordView(record, key, tuple(shown))


def _person(connection: Connection, atena: str) -> Known:
    case = sa.select(*(DELINQUENCY_CASE.c[name] for name in DelinquencyCase._fields))
    found = connection.execute(case.where(DELINQUENCY_CASE.c.atena_bangou == atena)).first()
    person = connection.execute(sa.select(ATENA).where(ATENA.c.atena_bangou == atena)).mappings().first()
    return Known(
        book=_encoded(connection, SEIRIBO, SEIRIBO.c.atena_bangou == atena),
        case=DelinquencyCase(*found) if found else None,
        atena=AtenaChanged(**{**person, "held": json.loads(person["held"])}) if person else None,
    )


def _encoded(connection: Connection, table: Table, where: Any) -> Any:
    """A value that the projection keeps as `state.wire` wrote it; None when there is none."""
    found = connection.execute(sa.select(table.c.encoded).where(where)).scalar()
    value: KibetsuSeiri | Seiribo | None = decode(found) if found is not None else None
    return value


def _kiroku(connection: Connection, record: str, atena: str) -> Mapping[str, KirokuHeld]:
    """What is held of a person in one file, by 記録鍵."""
    asked = sa.select(KIROKU).where(KIROKU.c.record == build.subfile(record), KIROKU.c.atena_bangou == atena)
    rows = connection.execute(asked.order_by(KIROKU.c.record_key)).mappings()
    return {row["record_key"]: KirokuHeld(**{**row, "held": json.loads(row["held"])}) for row in rows}
