"""半角カナ: the one-byte text of banks and stores (JIS X 0201), to and from strings; refuses, never replaces.

Text stays in half-width form inside the hub (U+FF61–U+FF9F, and ASCII as in CP932 for 0x5C and 0x7E).
Reading accepts all of JIS X 0201, because banks send small kana and the long mark although their own rules
exclude them; writing accepts only what the rules of 全銀 allow. Source: domain.md 5.1 and 8.2 [S98][S99].
"""

from __future__ import annotations

import unicodedata

_KANA_FIRST, _KANA_LAST, _KANA_SHIFT = 0xA1, 0xDF, 0xFF61 - 0xA1
_READABLE = {byte: chr(byte) for byte in range(0x20, 0x7F)} | {
    byte: chr(byte + _KANA_SHIFT) for byte in range(_KANA_FIRST, _KANA_LAST + 1)
}
_BYTES = {char: byte for byte, char in _READABLE.items()}
_IS_READABLE = bytes(_READABLE)

ZENGIN_SYMBOLS = " ()-./"
ZENGIN_KANA = "ｦｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"
ZENGIN = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" + ZENGIN_SYMBOLS + ZENGIN_KANA)
"""全銀の許容文字: capital letters, digits, kana without small ones and without the long mark, six symbols.
ｦ is in it, although some banks leave it out of their lists: names contain it."""

_ZENGIN_BYTES = bytes(_BYTES[char] for char in ZENGIN)
_SMALL = {0x3099: "ﾞ", 0x309A: "ﾟ"}
_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DASHES = str.maketrans("ー‐‑–—−", "------")
_HALF = {unicodedata.normalize("NFKC", char): char for char in ZENGIN_KANA if char not in "ﾞﾟ"}
_HIRAGANA_FIRST, _HIRAGANA_LAST, _HIRAGANA_SHIFT = 0x3041, 0x3096, 0x60


class KanaError(ValueError):
    """文字の誤り: something outside the set, at a place counted from 1; what it was is never shown."""

    def __init__(self, what: str, place: int) -> None:
        super().__init__(f"{what} at place {place}")
        self.what, self.place = what, place


def decode(data: bytes) -> str:
    """半角カナを読む: bytes -> text of the same length. Raises KanaError for a byte outside JIS X 0201."""
    if data.translate(None, _IS_READABLE):
        place = next(at for at, byte in enumerate(data, 1) if byte not in _READABLE)
        raise KanaError("a byte outside JIS X 0201", place)
    return data.decode("cp932")  # each of these bytes is a character of its own there


def encode(text: str) -> bytes:
    """半角カナを書く: text -> one byte per character, the inverse of `decode`. Raises KanaError likewise."""
    try:
        return bytes([_BYTES[char] for char in text])
    except KeyError:
        place = next(at for at, char in enumerate(text, 1) if char not in _BYTES)
        raise KanaError("a character outside JIS X 0201", place) from None


def encode_zengin(text: str) -> bytes:
    """全銀の許容文字で書く: as `encode`, and raises KanaError for what the rules of 全銀 do not allow."""
    data = encode(text)
    if data.translate(None, _ZENGIN_BYTES):
        place = next(at for at, char in enumerate(text, 1) if char not in ZENGIN)
        raise KanaError("a character that 全銀 does not allow", place)
    return data


def to_zengin_kana(text: str) -> str:
    """全銀カナに直す: full-width kana (or hiragana), letters and digits -> half-width allowed text.

    Small kana become large, the long mark becomes "-", a voiced kana becomes two characters. Raises
    KanaError, with the place in the given text, for anything that has no allowed form (漢字, 中黒, 外字).
    """
    return "".join(_zengin_of(char, place) for place, char in enumerate(text, 1))


def _zengin_of(char: str, place: int) -> str:
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", char))
    half = "".join(_half_of(part) for part in plain)
    if not half or any(part not in ZENGIN for part in half):
        raise KanaError("a character that 全銀 does not allow", place)
    return half


def _half_of(part: str) -> str:
    if _HIRAGANA_FIRST <= ord(part) <= _HIRAGANA_LAST:
        part = chr(ord(part) + _HIRAGANA_SHIFT)
    part = part.translate(_LARGE).translate(_DASHES)
    return _SMALL.get(ord(part)) or _HALF.get(part) or part.upper()
