"""読み戻した収納台帳: the ledger's own account, but for what the projection has no column for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from connectors.read_account import NOT_KEPT, accounts, receipts, seisan_of
from connectors.tables import ACCOUNT, RECEIPT
from state.receipt.account import ReceiptAccount
from tests import given
from tests.connectors.projected import projected
from tests.streams.memory_hub import Hub

OTHER, NOBODY = given.shuunou_key(2), "9" * 18


@pytest.fixture(scope="module")
def hub() -> Hub:
    """Corrected, denied, failed, paid twice on one day, and paid back."""
    return Hub().tell(
        given.choutei(),
        given.choutei(key=OTHER, gaku=7_000),
        given.confirmed("cvs:b", 6_000, on=date(2026, 6, 20)),
        given.confirmed("cvs:a", 6_000, on=date(2026, 6, 20)),
        given.received("cvs:c", 1_000, on=date(2026, 6, 10)),
        given.reversal("cvs:c", 1_000),
        given.corrected(2, 9_000, held={"jiyuu": "見本"}),
        given.debit_failed(key=OTHER),
        given.tetsuzuki("KagonouDecided", date(2026, 8, 1), code="sonota"),
    )


@pytest.fixture(scope="module")
def engine(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with projected(hub, f"sqlite:///{tmp_path_factory.mktemp('accounts')}/projection.db") as opened:
        yield opened


def test_what_is_left_out_is_what_has_no_column() -> None:
    own_tables = {"receipts"}
    assert set(ReceiptAccount._fields) - {column.name for column in ACCOUNT.columns} - own_tables == set(
        NOT_KEPT
    )


def test_an_account_is_that_of_the_ledger_but_for_what_is_left_out(hub: Hub, engine: Engine) -> None:
    with engine.connect() as connection:
        found = accounts(connection, ACCOUNT.c.atena_bangou == given.PERSON)
    ledgers = hub.accounts()
    assert list(found) == sorted(ledgers)
    assert found == {key: account._replace(**NOT_KEPT) for key, account in ledgers.items()}
    assert found[given.KEY].seisan is not None and found[given.KEY].held == {"jiyuu": "見本"}
    assert ledgers[given.KEY].choutei_rireki and ledgers[OTHER].furikae_funou, (
        "there was something to leave out"
    )
    assert [one.receipt_no for one in found[given.KEY].receipts] == ["cvs:a", "cvs:b", "cvs:c"]


def test_nobody_has_no_account_and_no_receipts(engine: Engine) -> None:
    with engine.connect() as connection:
        assert accounts(connection, ACCOUNT.c.shuunou_key == NOBODY) == {}
        assert receipts(connection, RECEIPT.c.shuunou_key == NOBODY) == {}
        assert set(receipts(connection, sa.true())) == {given.KEY}
    assert seisan_of(None) is None
