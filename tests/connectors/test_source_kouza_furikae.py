"""口座振替結果の読み手: the lines that are taken, and every way in which a line or a file is refused."""

from datetime import date

import pytest

from connectors.base import Refused
from connectors.fixed_width import load_layout
from connectors.source_kouza_furikae import KouzaFurikaeReader, debit_day
from state.events import KouzaFurikaeFailed, ShuunouReceived
from state.wire import encode
from tests.connectors.source_files import (
    JICHITAI,
    KEY_HOKEN,
    KEY_ZEIMU,
    RECEIVED_AT,
    bank_file,
    bank_header,
    bank_trailer,
    debit,
    event,
    facts_of,
    held_for,
    read,
    reasons,
    replaced,
    sent_to,
)

READER = KouzaFurikaeReader()


def test_a_debit_becomes_a_confirmed_receipt() -> None:
    raw = bank_file([debit()])
    (item,) = read(READER, raw)
    got = event(item)
    assert isinstance(got, ShuunouReceived)
    assert item.line == 2
    assert sent_to(item) == ("ido.shuunou-ginkou.v1", KEY_ZEIMU)
    assert got.source_seq == f"{facts_of(raw).digest[:16]}:2"
    assert (got.shuunou_key, got.dankai, got.shuunou_kingaku, got.shuunou_kubun) == (
        KEY_ZEIMU,
        "kakuhou",
        10_000,
        "kouza",
    )
    day = date(2026, 6, 30)
    assert (got.occurred_on, got.ryoushuu_nengappi, got.shuunou_nengappi) == (day, day, day)
    assert got.nikkeibi == got.torikomibi == date(2026, 7, 3)
    assert (got.recorded_at, got.jichitai_code) == (RECEIVED_AT, JICHITAI)


def test_what_the_bank_could_not_debit_becomes_a_failure() -> None:
    (item,) = read(READER, bank_file([debit(furikae_kekka_code="1")]))
    got = event(item)
    assert isinstance(got, KouzaFurikaeFailed)
    assert (got.furikae_kekka_code, got.furikae_gaku, got.furikae_nengappi) == (
        "1",
        10_000,
        date(2026, 6, 30),
    )


def test_identical_debits_stay_two_and_their_ids_are_the_same_whenever_they_are_read() -> None:
    raw = bank_file([debit(), debit(), debit(kokyaku_bangou=KEY_HOKEN)])
    once, again = read(READER, raw), read(READER, raw)
    assert once == again
    assert len({event(item).receipt_no for item in once}) == 3
    assert len({event(item).event_id for item in once}) == 3


def test_the_account_number_and_the_name_are_in_no_event() -> None:
    items = read(READER, bank_file([debit(), debit(furikae_kekka_code="9")]))
    for item in items:
        assert b"9000001" not in encode(event(item))
        assert "ﾀﾛｳ".encode() not in encode(event(item))


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("R-101", replaced(debit(), "ﾉｳ".encode("cp932"), b"\x81\x40")),
        ("R-204", debit(kokyaku_bangou="99" + KEY_ZEIMU)),
        ("R-206", debit(hikiotoshi_kingaku="0")),
        ("R-207", debit(kokyaku_bangou="202699000000000101")),
        ("R-211", debit(furikae_kekka_code="7")),
        ("R-211", debit(furikae_kekka_code="")),
    ],
)
def test_one_bad_line_is_refused_and_the_others_go_on(reason: str, record: bytes) -> None:
    items = read(READER, bank_file([debit(), record, debit(kokyaku_bangou=KEY_HOKEN)]))
    assert reasons(items) == [None, reason, None]
    refused = items[1]
    assert isinstance(refused, Refused)
    assert (refused.line, refused.original) == (3, record)
    said = " ".join(refused.refusal[1:])
    assert KEY_ZEIMU not in said and "9000001" not in said


def test_the_greatest_amount_is_taken() -> None:
    (item,) = read(READER, bank_file([debit(hikiotoshi_kingaku="9999999999")]))
    assert event(item).shuunou_kingaku == 9_999_999_999


@pytest.mark.parametrize(
    "changed",
    [
        {"goukei_kensuu": "2"},
        {"goukei_kingaku": "10001"},
        {"furikaezumi_kensuu": "0"},
        {"furikaezumi_kingaku": "9999"},
        {"funou_kensuu": "1"},
        {"funou_kingaku": "1"},
    ],
)
def test_a_trailer_that_does_not_add_up_holds_the_file(changed: dict[str, str]) -> None:
    raw = bank_file([debit()], **changed)
    refused = READER.check(raw, facts_of(raw))
    assert refused is not None
    assert (refused.refusal.reason.code, refused.line) == ("R-104", 3)


def test_a_line_that_does_not_decode_still_counts_in_the_sums() -> None:
    bad = replaced(debit(hikiotoshi_kingaku="777"), "ﾉｳ".encode("cp932"), b"\x00\xff")
    assert held_for(READER, bank_file([debit(), bad], goukei_kingaku="10000")) == "R-104"
    assert reasons(read(READER, bank_file([debit(), bad]))) == [None, "R-101"]


END = load_layout("kouza_furikae").write("end", {})


@pytest.mark.parametrize(
    ("reason", "records"),
    [
        ("R-102", [b"short"]),
        ("R-102", []),
        ("R-103", [bank_header()]),
        ("R-103", [bank_header(), bank_trailer([])]),
        ("R-103", [debit(), bank_trailer([debit()]), END]),
        ("R-103", [bank_header(), bank_header(), bank_trailer([]), END]),
        ("R-103", [bank_header(), bank_trailer([]), debit(), END]),
        ("R-103", [bank_header(), debit(), END, bank_trailer([debit()])]),
        ("R-106", [bank_header(), b"5" + debit()[1:], bank_trailer([]), END]),
        ("R-106", [replaced(bank_header(), b"1910", b"1210"), bank_trailer([]), END]),
        ("R-106", [replaced(bank_header(), b"1910", b"1911"), bank_trailer([]), END]),
        ("R-208", [bank_header("0631"), bank_trailer([]), END]),
        ("R-204", [bank_header(), replaced(debit(), b"0000010000", b"00000 0000"), bank_trailer([]), END]),
    ],
)
def test_a_file_out_of_order_is_held(reason: str, records: list[bytes]) -> None:
    assert held_for(READER, b"".join(records)) == reason
    assert held_for(READER, b"\r\n".join(records)) == reason


def test_a_file_without_debits_and_one_without_line_ends_are_read() -> None:
    assert read(READER, bank_file([])) == []
    assert reasons(read(READER, bank_file([debit()]).replace(b"\r\n", b""))) == [None]


@pytest.mark.parametrize(
    ("mmdd", "received", "expected"),
    [
        ("0630", date(2026, 7, 3), date(2026, 6, 30)),
        ("1228", date(2027, 1, 5), date(2026, 12, 28)),
        ("0731", date(2026, 7, 3), date(2026, 7, 31)),
        ("0105", date(2026, 12, 28), date(2027, 1, 5)),
        ("0804", date(2026, 7, 3), date(2025, 8, 4)),
        ("0229", date(2028, 3, 2), date(2028, 2, 29)),
        ("0229", date(2029, 1, 10), date(2028, 2, 29)),
        ("0229", date(2026, 3, 2), None),
        ("1301", date(2026, 3, 2), None),
    ],
)
def test_the_year_of_the_debit_comes_from_the_day_of_receipt(
    mmdd: str, received: date, expected: date | None
) -> None:
    assert debit_day(mmdd, received) == expected


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("kouza_furikae_0001_20260630.dat", True),
        ("kouza_furikae_0001_20260630.dat.tmp", False),
        ("kouza_furikae_納税.dat", False),
        ("convenience_sokuhou_20260630.dat", False),
    ],
)
def test_the_name_says_whose_file_it_is(name: str, is_ours: bool) -> None:
    assert READER.matches(name) is is_ours
