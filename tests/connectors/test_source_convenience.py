"""コンビニ収納の読み手: 速報, 確報 and 取消 of one payment, and every way in which a line or a file is refused."""

from datetime import date

import pytest

from connectors.base import Refused
from connectors.fixed_width import load_layout
from connectors.source_convenience import ConvenienceReader
from state.events import ShuunouReceived, ShuunouReversed
from tests.connectors.source_files import (
    KEY_HOKEN,
    KEY_ZEIMU,
    barcode,
    convenience_file,
    event,
    held_for,
    paid,
    read,
    reasons,
    replaced,
    sent_to,
)

READER = ConvenienceReader()


def test_sokuhou_kakuhou_and_torikeshi_of_one_payment_share_the_receipt_number() -> None:
    items = read(READER, convenience_file([paid("01"), paid("02"), paid("03")]))
    sokuhou, kakuhou, torikeshi = map(event, items)
    assert isinstance(sokuhou, ShuunouReceived) and isinstance(kakuhou, ShuunouReceived)
    assert isinstance(torikeshi, ShuunouReversed)
    assert (sokuhou.dankai, kakuhou.dankai) == ("sokuhou", "kakuhou")
    assert sokuhou.receipt_no == kakuhou.receipt_no == torikeshi.receipt_no
    assert len({sokuhou.event_id, kakuhou.event_id, torikeshi.event_id}) == 3
    assert {item.shuunou_kubun for item in (sokuhou, kakuhou, torikeshi)} == {"convenience"}
    assert {item.shuunou_kingaku for item in (sokuhou, kakuhou, torikeshi)} == {5_000}
    assert {sent_to(item) for item in items} == {("ido.shuunou-convenience.v1", KEY_ZEIMU)}


def test_the_four_days_of_a_payment() -> None:
    sokuhou, kakuhou = map(event, read(READER, convenience_file([paid("01"), paid("02")])))
    assert sokuhou.ryoushuu_nengappi == sokuhou.occurred_on == date(2026, 6, 29)
    assert sokuhou.shuunou_nengappi == date(2026, 6, 29)
    assert kakuhou.shuunou_nengappi == date(2026, 7, 10)
    assert kakuhou.nikkeibi == date(2026, 7, 1)
    assert kakuhou.torikomibi == date(2026, 7, 3)


def test_blank_days_of_a_sokuhou() -> None:
    raw = convenience_file([paid("01", furikomi_yoteibi="", keiri_shoribi="", shuunou_jikoku="")])
    got = event(read(READER, raw)[0])
    assert (got.shuunou_nengappi, got.nikkeibi) == (date(2026, 6, 29), date(2026, 6, 30))


@pytest.mark.parametrize(
    "changed",
    [
        {"tenpo_code": "7654321"},
        {"shuunou_jikoku": "0000"},
        {"tenpo_shuunoubi": "20260628"},
        {"barcode": barcode(kingaku=5_001)},
        {"barcode": barcode(KEY_HOKEN)},
    ],
)
def test_another_shop_time_day_or_barcode_is_another_receipt(changed: dict[str, str]) -> None:
    one, other = map(event, read(READER, convenience_file([paid(), paid(**changed)])))
    assert one.receipt_no != other.receipt_no


def test_a_bill_without_a_limit_and_the_greatest_amount() -> None:
    got = event(read(READER, convenience_file([paid(barcode=barcode(limit="999999", kingaku=999_999))]))[0])
    assert got.shuunou_kingaku == 999_999


def wrong_check_digit() -> str:
    right = barcode()
    return f"{right[:-1]}{(int(right[-1]) + 5) % 10}"


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("R-101", replaced(paid(), b"000001 ", b"\xff00001 ")),
        ("R-106", paid("12")),
        ("R-203", paid("02", furikomi_yoteibi="")),
        ("R-204", paid(shuunou_jikoku="2460")),
        ("R-204", replaced(paid(), b"9112", b"91 2")),
        ("R-204", paid(barcode=barcode(prefix="002"))),
        ("R-205", paid(barcode=wrong_check_digit())),
        ("R-206", paid(barcode=barcode(kingaku=0))),
        ("R-207", paid(barcode=barcode("202699000000000101"))),
        ("R-208", paid(tenpo_shuunoubi="20260229")),
        ("R-208", paid(tenpo_shuunoubi="19491231")),
        ("R-208", paid(data_shutokubi="20261301")),
        ("R-208", paid(furikomi_yoteibi="00000000")),
        ("R-208", paid(keiri_shoribi="20260631")),
        ("R-208", paid(barcode=barcode(limit="260231"))),
    ],
)
def test_one_bad_line_is_refused_and_the_others_go_on(reason: str, record: bytes) -> None:
    items = read(READER, convenience_file([paid(), record, paid("02")]))
    assert reasons(items) == [None, reason, None]
    refused = items[1]
    assert isinstance(refused, Refused)
    assert (refused.line, refused.original) == (3, record)
    assert KEY_ZEIMU not in " ".join(refused.refusal[1:])


def test_a_barcode_that_is_not_one_of_ours() -> None:
    digits = f"92123456001{KEY_ZEIMU}0260831000500"
    foreign = barcode().replace("91123456", "92123456", 1)
    items = read(READER, convenience_file([paid(barcode=foreign)]))
    assert len(foreign) == 44 and digits[:2] == foreign[:2]
    assert reasons(items) == ["R-205"]


HEADER = load_layout("convenience").write("header", {})


@pytest.mark.parametrize(
    ("reason", "records"),
    [
        ("R-102", []),
        ("R-102", [HEADER, paid()[:-1]]),
        ("R-103", [paid()]),
        ("R-103", [HEADER, paid(), HEADER]),
        ("R-106", [HEADER, b"9" + paid()[1:]]),
    ],
)
def test_a_file_out_of_order_is_held(reason: str, records: list[bytes]) -> None:
    assert held_for(READER, b"\r\n".join(records)) == reason


def test_a_file_without_payments_is_read() -> None:
    assert read(READER, convenience_file([])) == []
