"""識別子: the same words give the same id, as the standard library would write it."""

import uuid

import pytest

from connectors.ids import (
    LETTER_NAMESPACE,
    NAMESPACE,
    convenience_receipt_no,
    event_id,
    kouza_furikae_receipt_no,
    letter_id,
)


@pytest.mark.parametrize("number", range(50))
def test_ids_are_those_of_the_standard_library(number: int) -> None:
    name = f"ShuunouReceived|cvs:{number}|速報"
    assert event_id("ShuunouReceived", f"cvs:{number}", "速報") == str(uuid.uuid5(NAMESPACE, name))
    assert letter_id("digest", number, "R-101") == str(
        uuid.uuid5(LETTER_NAMESPACE, f"digest|{number}|R-101")
    )


def test_the_namespace_is_the_published_one() -> None:
    assert uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/event") == NAMESPACE


def test_receipt_numbers_do_not_change() -> None:
    assert convenience_receipt_no("9" * 44, "20260629", "2359", "1234567") == "cvs:d3b781390a741e0020e0465d"
    number = kouza_furikae_receipt_no(
        "1234567890", "20260630", "0001", "101", "202601000000000101", 10_000, 1
    )
    assert number == "kfr:057aebb5f6c6c2e6d127ec41"
