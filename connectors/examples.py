"""例: 期別 and persons to look at first, for someone who looks around."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Engine

from connectors.read_side import BILL
from connectors.tables import ACCOUNT, RECEIPT
from state.receipt.account import SOKUHOU


def example(engine: Engine) -> tuple[str, str]:
    """例: 収納キー and 宛名番号 of a 期別 in arrears with a receipt, for someone who looks around; else of any."""
    has_story = (ACCOUNT.c.is_tainou, ACCOUNT.c.shuunou_gaku > 0)
    asked = sa.select(ACCOUNT.c.shuunou_key, ACCOUNT.c.atena_bangou)
    preferred = sa.case((sa.and_(*has_story), 0), else_=1)
    with engine.connect() as connection:
        row = connection.execute(asked.order_by(preferred, ACCOUNT.c.shuunou_key).limit(1)).first()
    return (row[0], row[1]) if row else ("<収納キー>", "<宛名番号>")


def paid_examples(engine: Engine, limit: int = 20) -> list[str]:
    """納めた例: 収納キー of 期別 of which a certificate can likely be made: paid in full, all confirmed."""
    bills = [sa.func.substr(table.c.shuunou_key, 1, BILL) for table in (RECEIPT, ACCOUNT)]
    of_bill = bills[0] == bills[1]
    is_provisional = sa.exists().where(of_bill, RECEIPT.c.dankai == SOKUHOU)
    paid = (ACCOUNT.c.minou_gaku == 0, ACCOUNT.c.kagonou_gaku == 0, ACCOUNT.c.shuunou_gaku > 0)
    asked = sa.select(ACCOUNT.c.shuunou_key).where(*paid, ~is_provisional).order_by(ACCOUNT.c.shuunou_key)
    with engine.connect() as connection:
        return list(connection.execute(asked.limit(limit)).scalars())
