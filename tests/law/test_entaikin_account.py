"""台帳からの延滞金: what the receipts of an account make of the calculation."""

from __future__ import annotations

from datetime import date

from state.law import entaikin
from state.law.entaikin_value import Bill, Entaikin, Owed
from state.receipt.account import KAKUHOU, SOKUHOU, TORIKESHI, Receipt
from state.receipt.entaikin import bill_of

NOUKIGEN = date(2025, 6, 30)


def _receipt(kingaku: int, day: date, dankai: str = KAKUHOU) -> Receipt:
    return Receipt(f"試験/{day}/{kingaku}", dankai, kingaku, day, day, day, day, "01")


def test_receipts_by_the_noukigen_lessen_what_is_reckoned_at_all() -> None:
    early, last = _receipt(20_000, date(2025, 6, 1)), _receipt(10_000, NOUKIGEN)
    assert bill_of("01", 100_000, NOUKIGEN, (early, last)) == Bill("01", 70_000, NOUKIGEN)


def test_later_receipts_count_by_their_day_and_denied_ones_never() -> None:
    receipts = (
        _receipt(5_000, date(2025, 9, 1)),
        _receipt(30_000, date(2025, 8, 1), SOKUHOU),
        _receipt(50_000, date(2025, 7, 1), TORIKESHI),
        _receipt(1_000, date(2025, 9, 1)),
    )
    owed = (Owed(date(2025, 8, 1), 70_000), Owed(date(2025, 9, 1), 64_000))
    assert bill_of("01", 100_000, NOUKIGEN, receipts) == Bill("01", 100_000, NOUKIGEN, owed)


def test_what_was_received_beyond_the_choutei_owes_nothing() -> None:
    bill = bill_of("01", 10_000, NOUKIGEN, (_receipt(12_000, date(2025, 7, 15)),))
    assert bill.owed == (Owed(date(2025, 7, 15), 0),)


def test_the_worked_example_comes_out_of_an_account() -> None:
    """123,456円, 納期限2025-06-30, 納付2026-03-10: 31日×2.4%+153日×8.7%+69日×9.1% of 123,000円 = 6,800円."""
    paid = _receipt(123_456, date(2026, 3, 10))
    made = entaikin.calculate(bill_of("01", 123_456, NOUKIGEN, (paid,)), date(2026, 3, 10))
    assert isinstance(made, Entaikin)
    assert [segment.days for segment in made.segments] == [31, 153, 69]
    assert (made.goukei, made.kakutei) == (6_850, 6_800)
