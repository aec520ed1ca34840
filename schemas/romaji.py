"""読みから識別子へ: the identifier of an official item is computed from its reading, so that a test can prove it.

Rules: the Hepburn spelling of the Cabinet notice of 2025-12-22 in its form with vowel letters. Vowels are
written as in modern kana usage (しゅうのう `shuunou`), ん is always `n`, っ doubles the next consonant letter,
じ and ぢ are `ji`, ず and づ are `zu`. Loan words keep their source spelling (コード `code`). A reading is typed
by a person: one word of kana, loan word or number after another, with a space between.
"""

from __future__ import annotations

import re

_ROWS = {
    "": "あいうえお",
    "k": "かきくけこ",
    "g": "がぎぐげご",
    "s": "さしすせそ",
    "z": "ざじずぜぞ",
    "t": "たちつてと",
    "d": "だぢづでど",
    "n": "なにぬねの",
    "h": "はひふへほ",
    "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
    "m": "まみむめも",
    "r": "らりるれろ",
}
_IRREGULAR = {"し": "shi", "じ": "ji", "ち": "chi", "つ": "tsu", "ぢ": "ji", "づ": "zu", "ふ": "fu"}
_SINGLE = {"や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "を": "o", "ん": "n"}
_SMALL = {"ゃ": "a", "ゅ": "u", "ょ": "o"}


def _kana() -> dict[str, str]:
    table = {
        kana: consonant + vowel
        for consonant, row in _ROWS.items()
        for kana, vowel in zip(row, "aiueo", strict=True)
    }
    table |= _IRREGULAR | _SINGLE
    for kana in "きぎしじちぢにひびぴみり":
        stem = table[kana][:-1]
        glide = "" if stem in ("sh", "ch", "j") else "y"
        table |= {kana + small: stem + glide + vowel for small, vowel in _SMALL.items()}
    return table


KANA = _kana()
LOANS = {
    "コード": "code",
    "キー": "key",
    "KEY": "key",
    "フラグ": "flag",
    "カウンタ": "counter",
    "カナ": "kana",
    "ランク": "rank",
    "システム": "system",
    "コンピュータ": "computer",
    "ユーザ": "user",
    "ID": "id",
}
"""外来語: how the official form writes a loan word, and the word that stands for it in a reading and a name."""

_FOREIGN = re.compile(r"[ァ-ヶー]+|[A-Za-z]+|[0-9]+")
_REMARK = re.compile(r"[((][^()()]*[))]")


class ReadingError(ValueError):
    """読みの誤り: a reading that no name can be computed from; says which word and why."""


def romaji(word: str) -> str:
    """ローマ字: one word of a reading -> its part of the name. Raises ReadingError for what is no reading.

    `romaji("ちょうてい") == "choutei"`, `romaji("code") == "code"`, `romaji("2") == "2"`.
    """
    if word.isascii():
        if word.isdecimal() or word in LOANS.values():
            return word
        raise ReadingError(f"{word!r}: expected kana, a number or one of {sorted(set(LOANS.values()))}")
    out, at, doubled = "", 0, False
    while at < len(word):
        if word[at] == "っ":
            at, doubled = at + 1, True
            continue
        unit = word[at : at + 2] if word[at : at + 2] in KANA else word[at]
        written = KANA.get(unit)
        if written is None or (doubled and written[0] in "aiueon"):
            raise ReadingError(f"{word!r}: {unit!r} cannot be read at place {at + 1}")
        out += written[0] * doubled + written
        at, doubled = at + len(unit), False
    if doubled:
        raise ReadingError(f"{word!r}: ends in っ")
    return out


def name_of(yomi: str) -> str:
    """識別子: the name that a reading gives (`"ぜいもく code"` -> `zeimoku_code`). Raises ReadingError."""
    words = yomi.split()
    if not words:
        raise ReadingError("an empty reading")
    return "_".join(romaji(word) for word in words)


def without_remarks(ja: str) -> str:
    """注記を除いた表記: `個人番号(マイナンバー)` -> `個人番号`."""
    return _REMARK.sub("", ja)


def loans_in_label(ja: str) -> list[str]:
    """表記の中の外来語と数字: what a reading of this label must contain, in this order (remarks in brackets apart).

    `loans_in_label("更新ユーザID") == ["user", "id"]`. Raises ReadingError for a loan word not in the list.
    """
    found: list[str] = []
    for part in _FOREIGN.findall(without_remarks(ja)):
        if not part.isdecimal() and part not in LOANS:
            raise ReadingError(f"{part!r}: a loan word that schemas/romaji.py does not list")
        found.append(part if part.isdecimal() else LOANS[part])
    return found


def loans_in_reading(yomi: str) -> list[str]:
    """読みの中の外来語と数字: in their order."""
    return [word for word in yomi.split() if word.isascii()]
