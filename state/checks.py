"""検査数字: check digits of the numbers that arrive; arithmetic over strings of digits (leading zeros matter).

Each number has two functions: one computes the check digit and raises ValueError for anything but the
right count of ASCII digits (without showing it), one says whether a whole number is well formed (False for
any other text).
"""

from __future__ import annotations

KOJIN_LENGTH, HOUJIN_LENGTH, DANTAI_LENGTH, GS1_LENGTH = 12, 13, 6, 44

_KOJIN_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)  # Q_n from the left: n = 11 ... 1
_HOUJIN_WEIGHTS = (2, 1) * 6  # Q_n from the left: n = 12 ... 1
_DANTAI_WEIGHTS = (6, 5, 4, 3, 2)


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _numbers(text: str, length: int, what: str) -> list[int]:
    if not _is_digits(text, length):
        raise ValueError(f"{what}: expected {length} digits")
    return [int(digit) for digit in text]


def _weighted(numbers: list[int], weights: tuple[int, ...]) -> int:
    return sum(number * weight for number, weight in zip(numbers, weights, strict=True))


def kojin_bangou_check_digit(digits: str) -> int:
    """個人番号の検査用数字: of the first 11 digits.

    11 − (Σ Pn×Qn mod 11), and 0 when the remainder is 0 or 1; Pn is the n-th digit from the right, Qn = n+1
    up to the sixth and n−5 beyond. Two remainders share the 0, so not every slip is found.
    Source: 平成26年総務省令第85号第5条 (domain.md 4.1 [S62][S63]).
    """
    numbers = _numbers(digits, KOJIN_LENGTH - 1, "個人番号")
    remainder = _weighted(numbers, _KOJIN_WEIGHTS) % 11
    return 0 if remainder <= 1 else 11 - remainder


def is_kojin_bangou(text: str) -> bool:
    """個人番号か: 12 digits whose last one is right (the same article)."""
    return _is_digits(text, KOJIN_LENGTH) and kojin_bangou_check_digit(text[:-1]) == int(text[-1])


def houjin_bangou_check_digit(digits: str) -> int:
    """法人番号の検査用数字: of the 12 digits that follow it; 1 to 9.

    9 − (Σ Pn×Qn mod 9); Pn is the n-th digit from the right, Qn = 1 where n is odd and 2 where it is even.
    Source: 法人番号の指定等に関する省令第2条 (domain.md 4.2 [S64][S65]).
    """
    return 9 - _weighted(_numbers(digits, HOUJIN_LENGTH - 1, "法人番号"), _HOUJIN_WEIGHTS) % 9


def is_houjin_bangou(text: str) -> bool:
    """法人番号か: 13 digits whose first one is right (the same article)."""
    return _is_digits(text, HOUJIN_LENGTH) and houjin_bangou_check_digit(text[1:]) == int(text[0])


def dantai_code_check_digit(digits: str) -> int:
    """全国地方公共団体コードの検査数字: of the first 5 digits.

    The last digit of 11 − (Σ mod 11) with weights 6, 5, 4, 3, 2. Source: domain.md 3 and 4.3 [S55][S56].
    """
    return (11 - _weighted(_numbers(digits, DANTAI_LENGTH - 1, "団体コード"), _DANTAI_WEIGHTS) % 11) % 10


def is_dantai_code(text: str) -> bool:
    """全国地方公共団体コードか: 6 digits whose last one is right."""
    return _is_digits(text, DANTAI_LENGTH) and dantai_code_check_digit(text[:-1]) == int(text[-1])


def gs1_check_digit(digits: str) -> int:
    """GS1 のチェックデジット: modulus 10, weights 3, 1, 3, 1 ... from the right.

    Takes any count of digits, because GS1 defines it for every length. Source: domain.md 4.4 [S61].
    """
    numbers = _numbers(digits, len(digits), "GS1")
    return -(3 * sum(numbers[::-2]) + sum(numbers[-2::-2])) % 10


def is_gs1_128(text: str) -> bool:
    """コンビニ収納の GS1-128 か: 44 digits whose last one is right."""
    return _is_digits(text, GS1_LENGTH) and gs1_check_digit(text[:-1]) == int(text[-1])
