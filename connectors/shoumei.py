"""一人の台帳を読む: accounts, what procedures left and held payments of one person, as values of the core.

What an account read so cannot answer says `connectors.read_account`.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Engine

from connectors.read_account import accounts
from connectors.read_side import BILL, HELD
from connectors.tables import ACCOUNT, KIBETSU_SEIRI, UNMATCHED
from state.receipt.account import ReceiptAccount
from state.seiri.values import KibetsuSeiri
from state.wire import decode


class PersonRows(NamedTuple):
    """一人の台帳: by 収納キー; `held` are the 期別 of a bill for which a payment is held."""

    accounts: dict[str, ReceiptAccount]
    seiri: dict[str, KibetsuSeiri]
    held: frozenset[str]


def person_rows(engine: Engine, atena_bangou: str) -> PersonRows:
    """一人の台帳を引く: empty where nothing is known of the person.

    A payment that is held bears a 収納キー that no 期別 has: it is of a bill when all but the 期別 agrees.
    """
    with engine.connect() as connection:
        found = accounts(connection, ACCOUNT.c.atena_bangou == atena_bangou)
        encoded = sa.select(KIBETSU_SEIRI.c.shuunou_key, KIBETSU_SEIRI.c.encoded).where(
            KIBETSU_SEIRI.c.atena_bangou == atena_bangou
        )
        seiri = {key: decode(bytes(value)) for key, value in connection.execute(encoded)}
        bill = sa.func.substr(UNMATCHED.c.shuunou_key, 1, BILL)
        asked = sa.select(bill).where(UNMATCHED.c.status == HELD, bill.in_({key[:BILL] for key in found}))
        held = {row[0] for row in connection.execute(asked)}
    return PersonRows(found, seiri, frozenset(key for key in found if key[:BILL] in held))


def owner_of(engine: Engine, shuunou_key: str) -> str | None:
    """期別の宛名番号: None for a 収納キー without an account."""
    with engine.connect() as connection:
        asked = sa.select(ACCOUNT.c.atena_bangou).where(ACCOUNT.c.shuunou_key == shuunou_key)
        return connection.execute(asked).scalar()
