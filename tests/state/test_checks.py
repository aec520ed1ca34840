"""Check digits, against the worked examples of their sources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state import checks


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


@pytest.mark.parametrize(
    ("eleven", "digit"),
    [("12345678901", 8), ("98765432109", 3), ("01234567890", 3), ("00000000000", 0)],
)
def test_kojin_bangou(eleven: str, digit: int) -> None:
    assert checks.kojin_bangou_check_digit(eleven) == digit
    assert checks.is_kojin_bangou(f"{eleven}{digit}")
    assert not checks.is_kojin_bangou(f"{eleven}{(digit + 1) % 10}")


def test_kojin_bangou_remainders_0_and_1_give_0() -> None:
    # the last of the eleven digits has weight 2, the one before it 3: sums 11 and 12
    assert checks.kojin_bangou_check_digit("00000000031") == 0  # 3*3 + 1*2 = 11
    assert checks.kojin_bangou_check_digit("00000000040") == 0  # 4*3 = 12
    assert checks.kojin_bangou_check_digit("00000000005") == 1  # 5*2 = 10


@pytest.mark.parametrize("number", ["7000012050002", "4011001098993"])
def test_houjin_bangou(number: str) -> None:
    assert checks.is_houjin_bangou(number)
    assert not checks.is_houjin_bangou(f"{int(number[0]) % 9 + 1}{number[1:]}")


def test_houjin_bangou_check_digit_is_never_0() -> None:
    assert checks.houjin_bangou_check_digit("000000000000") == 9
    assert checks.houjin_bangou_check_digit("000000000008") == 1


@pytest.mark.parametrize("code", ["132110", "131016", "011002", "141003"])
def test_dantai_code(code: str) -> None:
    assert checks.is_dantai_code(code)
    assert not checks.is_dantai_code(f"{code[:5]}{(int(code[5]) + 1) % 10}")


@pytest.mark.parametrize(("five", "digit"), [("13211", 0), ("13101", 6), ("01100", 2), ("14100", 3)])
def test_dantai_code_check_digit(five: str, digit: int) -> None:
    assert checks.dantai_code_check_digit(five) == digit


def test_gs1_128() -> None:
    body = "9191234513211020250001234567802606300012300"
    assert checks.gs1_check_digit(body) == 8
    assert checks.is_gs1_128(f"{body}8")
    assert not checks.is_gs1_128(f"{body}9")
    assert not checks.is_gs1_128(body)


def test_gs1_of_a_shorter_code() -> None:
    assert checks.gs1_check_digit("490123456789") == 4  # the usual example of a 13-digit JAN


@given(digits(43), st.integers(0, 42), st.integers(1, 9))
def test_gs1_finds_every_single_wrong_digit(body: str, place: int, by: int) -> None:
    right = f"{body}{checks.gs1_check_digit(body)}"
    wrong = f"{right[:place]}{(int(right[place]) + by) % 10}{right[place + 1 :]}"
    assert checks.is_gs1_128(right)
    assert not checks.is_gs1_128(wrong)


@given(digits(11))
def test_kojin_bangou_is_what_the_article_says(eleven: str) -> None:
    total = sum(int(eleven[-n]) * (n + 1 if n <= 6 else n - 5) for n in range(1, 12))
    digit = 0 if total % 11 <= 1 else 11 - total % 11
    assert checks.kojin_bangou_check_digit(eleven) == digit


@given(digits(12))
def test_houjin_bangou_is_what_the_article_says(twelve: str) -> None:
    total = sum(int(twelve[-n]) * (1 if n % 2 else 2) for n in range(1, 13))
    assert checks.houjin_bangou_check_digit(twelve) == 9 - total % 9


@pytest.mark.parametrize(
    "text", ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１８"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not checks.is_kojin_bangou(text)
    assert not checks.is_dantai_code(text)
    assert not checks.is_gs1_128(text)
    assert not checks.is_houjin_bangou(text[:12])


def test_a_wrong_shape_raises_without_showing_the_number() -> None:
    for compute in (
        checks.kojin_bangou_check_digit,
        checks.houjin_bangou_check_digit,
        checks.dantai_code_check_digit,
    ):
        with pytest.raises(ValueError, match="expected") as raised:
            compute("98x76")
        assert "98" not in str(raised.value)
    with pytest.raises(ValueError, match="digits"):
        checks.gs1_check_digit("")
