"""一人の台帳を読む: accounts, what procedures left and held payments of one person, as values of the core.

What the projection does not keep (the history of 調定, failed debits) is empty in these values.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from connectors.read_side import HELD
from connectors.tables import ACCOUNT, KIBETSU_SEIRI, RECEIPT, UNMATCHED
from connectors.toukei import seisan_of
from state.receipt.account import Receipt, ReceiptAccount
from state.seiri.values import KibetsuSeiri
from state.wire import decode

_BILL = -2
"""A payment that is held bears a 収納キー that no 期別 has: it is theirs when all but the 期別 agrees."""


class PersonRows(NamedTuple):
    """一人の台帳: by 収納キー; `held` are the 期別 of a bill for which a payment is held."""

    accounts: dict[str, ReceiptAccount]
    seiri: dict[str, KibetsuSeiri]
    held: frozenset[str]


def person_rows(engine: Engine, atena_bangou: str) -> PersonRows:
    """一人の台帳を引く: empty where nothing is known of the person."""
    with engine.connect() as connection:
        asked = sa.select(ACCOUNT).where(ACCOUNT.c.atena_bangou == atena_bangou)
        rows = [dict(row) for row in connection.execute(asked.order_by(ACCOUNT.c.shuunou_key)).mappings()]
        receipts = _receipts(connection, atena_bangou)
        accounts = {row["shuunou_key"]: _account(row, receipts) for row in rows}
        encoded = sa.select(KIBETSU_SEIRI.c.shuunou_key, KIBETSU_SEIRI.c.encoded).where(
            KIBETSU_SEIRI.c.atena_bangou == atena_bangou
        )
        seiri = {key: decode(bytes(value)) for key, value in connection.execute(encoded)}
        bills = sorted({key[:_BILL] for key in accounts})
        written = UNMATCHED.c.shuunou_key
        bill = sa.func.substr(written, 1, sa.func.length(written) + _BILL)
        held = connection.execute(sa.select(bill).where(UNMATCHED.c.status == HELD, bill.in_(bills)))
        open_bills = {row[0] for row in held}
    return PersonRows(accounts, seiri, frozenset(key for key in accounts if key[:_BILL] in open_bills))


def owner_of(engine: Engine, shuunou_key: str) -> str | None:
    """期別の宛名番号: None for a 収納キー without an account."""
    with engine.connect() as connection:
        asked = sa.select(ACCOUNT.c.atena_bangou).where(ACCOUNT.c.shuunou_key == shuunou_key)
        return connection.execute(asked).scalar()


def _receipts(connection: Connection, atena_bangou: str) -> dict[str, list[Receipt]]:
    columns = [RECEIPT.c[name] for name in Receipt._fields]
    of_person = ACCOUNT.c.atena_bangou == atena_bangou
    asked = (
        sa.select(RECEIPT.c.shuunou_key, *columns)
        .join(ACCOUNT, ACCOUNT.c.shuunou_key == RECEIPT.c.shuunou_key)
        .where(of_person)
        .order_by(RECEIPT.c.ryoushuu_nengappi, RECEIPT.c.receipt_no)
    )
    found: dict[str, list[Receipt]] = {}
    for row in map(tuple, connection.execute(asked)):
        found.setdefault(row[0], []).append(Receipt._make(row[1:]))
    return found


def _account(row: dict[str, Any], receipts: dict[str, list[Receipt]]) -> ReceiptAccount:
    known = {name: row[name] for name in ReceiptAccount._fields if name in row}
    return ReceiptAccount(
        **{
            **known,
            "choutei_rireki": (),
            "receipts": tuple(receipts.get(row["shuunou_key"], ())),
            "furikae_funou": (),
            "held": json.loads(row["held"]),
            "seisan": seisan_of(row["seisan"]),
        }
    )
