"""収納の項目: what the official items say of an account."""

from __future__ import annotations

from datetime import date

import pytest

from state.receipt import record
from state.receipt.account import ReceiptAccount
from tests import given
from tests.state.scenario import World, read


def account(notation: str) -> ReceiptAccount:
    return World().tell(*read(notation)).accounts[given.KEY]


def test_without_receipts_there_are_no_days_of_receipt() -> None:
    blank = account("調定1 10000")
    for derive in (
        record.shuunou_nengappi,
        record.ryoushuu_nengappi,
        record.saishuu_shuunoubi,
        record.shuunoubi,
        record.nikkeibi,
        record.shuunou_torikomibi,
        record.shuunou_kubun,
        record.karikeshi_kubun,
    ):
        assert derive(blank) is None, derive.__name__


def test_the_last_receipt_is_the_one_paid_last_whatever_came_last() -> None:
    paid = account("調定1 10000 → 速報乙 2000 領収=2026-06-25 → 速報甲 1000 領収=2026-06-10")
    assert record.ryoushuu_nengappi(paid) == date(2026, 6, 25)
    assert [receipt.receipt_no for receipt in paid.receipts] == ["cvs:甲", "cvs:乙"]


def test_a_denied_receipt_counts_for_nothing() -> None:
    paid = account(
        "調定1 10000 → 速報甲 1000 領収=2026-06-10 → 速報乙 2000 領収=2026-06-25 → 速報取消乙 2000 領収=2026-06-25"
    )
    assert record.ryoushuu_nengappi(paid) == record.saishuu_shuunoubi(paid) == date(2026, 6, 10)
    assert record.shuunou_kaisuu(paid) == 1
    assert record.kibetsu_shuunou_gaku(paid) == record.shuunou_gaku(paid) == 1000


def test_the_latest_day_of_receipt_is_not_always_that_of_the_last_payment() -> None:
    """A debit paid earlier may be handed over later: 最終収納日 is the latest 収納年月日 of all."""
    world = World().tell(
        given.choutei(),
        given.confirmed("cvs:甲", 1_000, on=date(2026, 6, 10), shuunou_nengappi=date(2026, 7, 3)),
        given.confirmed("cvs:乙", 1_000, on=date(2026, 6, 20), shuunou_nengappi=date(2026, 6, 22)),
    )
    paid = world.accounts[given.KEY]
    assert record.shuunou_nengappi(paid) == record.shuunoubi(paid) == date(2026, 6, 22)
    assert record.saishuu_shuunoubi(paid) == date(2026, 7, 3)


@pytest.mark.parametrize(
    ("notation", "kubun"),
    [
        ("調定1 10000 → 速報甲 1000", "1"),
        ("調定1 10000 → 確報甲 1000", "0"),
        ("調定1 10000 → 確報甲 1000 → 速報乙 1000", "1"),
        ("調定1 10000 → 確報甲 1000 → 速報乙 1000 → 速報取消乙 1000", "0"),
        ("調定1 10000 → 速報甲 1000 → 確報甲 1000", "0"),
    ],
)
def test_仮消区分(notation: str, kubun: str) -> None:
    assert record.karikeshi_kubun(account(notation)) == kubun


def test_完納フラグ() -> None:
    assert record.kannou_flag(account("調定1 10000 → 確報甲 10000")) == "1"
    assert record.kannou_flag(account("調定1 10000 → 確報甲 9999")) == "0"
    assert record.kannou_flag(account("調定1 10000 → 取消2")) == "0"


def test_更正年月日_is_that_of_the_assessment_that_prevails() -> None:
    assert record.kousei_nengappi(account("調定1 10000")) is None
    late = account("更正3 7000 異動=2026-08-03 → 更正2 9000 異動=2026-08-02")
    assert record.kousei_nengappi(late) == date(2026, 8, 3) and record.kousei_kaisuu(late) == 2


def test_every_item_has_a_way_to_it() -> None:
    one = given.an_account(kibetsu_choutei_gaku=700, shuunou_gaku=200)
    values = {name: record.item(name)(one) for name in (*record.ITEMS, *record.AS_ASSESSED)}
    assert values["kibetsu_choutei_gaku"] == 700 and values["minou_kingaku"] == values["minou_honzei"] == 500
    for name in record.AS_ASSESSED:
        assert values[name] == getattr(one, name)


def test_an_item_that_the_account_cannot_give_is_an_error() -> None:
    with pytest.raises(KeyError, match="kojin_bangou"):
        record.item("kojin_bangou")
