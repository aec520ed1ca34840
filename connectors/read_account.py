"""収納台帳を読み戻す: accounts of the ledger as values of the core, out of the columns of the projection.

The projection keeps an account's columns, its 精算, its receipts and what it holds as given. Two parts of it
have no column and are empty in these values: the history of the 調定 (`choutei_rireki`) and the numbers of
failed debits (`furikae_funou`; their count is there). So such an account

- knows the 調定 as it stands only: what was owed on an earlier day, since when something was too much, what a
  closing carried over and when a 時効 began are reckoned from today's 調定, or cannot be reckoned at all
  (`state.receipt.noufu.choutei_on`, `state.receipt.kurikoshi`, `state.seiri.jikou_of`);
- cannot tell a 調定 or a failed debit that is told again from a new one: it must never be folded further.

Whatever needs these asks the ledger's own rows. Amounts are yen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.tables import ACCOUNT, RECEIPT
from state.law.uchiwake import Uchiwake
from state.receipt.account import Receipt, ReceiptAccount
from state.receipt.seisan import Seisan

NOT_KEPT: Mapping[str, Any] = {"choutei_rireki": (), "furikae_funou": ()}
"""The parts of an account that the projection leaves out (a test holds the tables to it)."""


def accounts(connection: Connection, where: Any) -> dict[str, ReceiptAccount]:
    """収納台帳の値に戻す: by 収納キー and in its order, of the accounts (columns of `ACCOUNT`) that are asked for."""
    rows = connection.execute(sa.select(ACCOUNT).where(where).order_by(ACCOUNT.c.shuunou_key)).mappings()
    found = {row["shuunou_key"]: dict(row) for row in rows}
    keys = sa.select(ACCOUNT.c.shuunou_key).where(where)
    received = receipts(connection, RECEIPT.c.shuunou_key.in_(keys)) if found else {}
    return {key: _account(row, received.get(key, ())) for key, row in found.items()}


def receipts(connection: Connection, where: Any) -> dict[str, tuple[Receipt, ...]]:
    """領収を読む: by 収納キー, each in the order in which the ledger keeps them: by 領収日, then by number."""
    columns = [RECEIPT.c[name] for name in Receipt._fields]
    found: dict[str, list[Receipt]] = {}
    for row in map(tuple, connection.execute(sa.select(RECEIPT.c.shuunou_key, *columns).where(where))):
        found.setdefault(row[0], []).append(Receipt._make(row[1:]))
    return {
        key: tuple(sorted(each, key=lambda one: (one.ryoushuu_nengappi, one.receipt_no)))
        for key, each in found.items()
    }


def seisan_of(text: str | None) -> Seisan | None:
    """精算を読む: out of its column; None where no procedure moved anything."""
    return None if text is None else Seisan(*(Uchiwake(*yen) for yen in json.loads(text)))


def _account(row: Mapping[str, Any], received: tuple[Receipt, ...]) -> ReceiptAccount:
    known = {name: row[name] for name in ReceiptAccount._fields if name in row}
    own = {"receipts": received, "seisan": seisan_of(row["seisan"]), "held": json.loads(row["held"])}
    return ReceiptAccount(**{**known, **NOT_KEPT, **own})
