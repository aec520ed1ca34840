"""秘匿番号: which numbers of the city must never be found in clear, and a search for them that can be trusted.

個人番号 are twelve digits: "0000", seven digits, a right check digit. The prefix is this project's mark of an
invented number. Being twelve digits, one can be searched for anywhere: nothing else that the city makes has
"0000" and eight more digits in it (宛名番号, 通知書番号 and 世帯番号 are written without any zero), but for the
records of 全銀, which hold an account in any case.

口座番号 have only seven digits. Digests, UUIDs and clocks are long rows of digits too, and over the bytes of a
whole run seven given digits turn up in them by chance, so a bare search proves nothing. A 口座番号 of the city
is "90" and five digits, and is looked for where it would stand if it leaked: alone (no letter or digit
beside it, as in CSV, JSON, SQL, Avro, a log), or behind 預金種目 as in a record of 全銀, which begins the row of
digits or follows the "0000" of 手形交換所番号 (there no "-" beside it either: the groups of a UUID have 8 and 12
characters). No row of 7 or 8 digits that the city makes, other than an account, has that form: a day
(YYYYMMDD) would need "90" for the second and third digit of its year, postal and shop codes begin with 1,
amounts have at most six digits.
"""

from __future__ import annotations

import re

from state.checks import kojin_bangou_check_digit

KOJIN_PREFIX, KOUZA_PREFIX = "0000", "90"
_KOJIN_FIRST = 1_000_000
_KOUZA_COUNT, _KOUZA_STRIDE, _KOUZA_FIRST = 100_000, 7_919, 12_345  # stride and count have no common factor
_NO_ZERO = "123456789"

_KOUZA = re.compile(
    rb"(?<![0-9A-Za-z])(90\d{5})(?![0-9A-Za-z])"
    rb"|(?<![0-9A-Za-z-])(?:0000)?[1249](90\d{5})(?![0-9A-Za-z-])"
)
_KOJIN = re.compile(rb"(?=(0000\d{8}))")


def without_zero(serial: int, width: int) -> str:
    """零のない番号: a serial to base nine, written with the digits 1 to 9. Raises ValueError beyond the width."""
    digits = []
    for _ in range(width):
        serial, digit = divmod(serial, len(_NO_ZERO))
        digits.append(_NO_ZERO[digit])
    if serial:
        raise ValueError(f"a serial number beyond {width} digits")
    return "".join(reversed(digits))


def kojin_bangou(serial: int) -> str:
    """作り物の個人番号: right check digit, prefix 0000. Raises ValueError beyond nine million persons."""
    digits = f"{KOJIN_PREFIX}{_KOJIN_FIRST + serial:07d}"
    return f"{digits}{kojin_bangou_check_digit(digits)}"


def wrong_kojin_bangou(right: str) -> str:
    """検査数字の違う個人番号: the same one with another last digit."""
    return f"{right[:-1]}{(int(right[-1]) + 1) % 10}"


def kouza_bangou(serial: int) -> str:
    """作り物の口座番号: "90" and five digits; after 100,000 accounts they come again, at another branch."""
    return f"{KOUZA_PREFIX}{(_KOUZA_FIRST + serial * _KOUZA_STRIDE) % _KOUZA_COUNT:05d}"


def found_in_clear(data: bytes, numbers: frozenset[bytes]) -> int:
    """見つかった数: how often any of the numbers stands in clear in the bytes."""
    kojin = sum(match in numbers for match in _KOJIN.findall(data))
    return kojin + sum((alone or behind) in numbers for alone, behind in _KOUZA.findall(data))
