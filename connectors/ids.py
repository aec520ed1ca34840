"""識別子: natural keys, and the ids derived from them, so that a repetition is recognised wherever it turns up.

An id says nothing by itself: it is a UUIDv5 (or a digest) of the words that make the thing unique in the
world.
"""

from __future__ import annotations

import hashlib
import uuid

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/event")
LETTER_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/letter")
DIGEST_SHOWN = 16
_RECEIPT_CHARS = 24


def _uuid5(namespace: uuid.UUID, name: str) -> str:
    """The text of uuid.uuid5, three times as quick, since every line needs one (a test compares them)."""
    digest = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def event_id(event_type: str, *natural_key: str) -> str:
    """イベント識別子: `event_id("ShuunouReceived", receipt_no, "sokuhou")`."""
    return _uuid5(NAMESPACE, "|".join((event_type, *natural_key)))


def letter_id(digest: str, line: int, reason: str) -> str:
    """受入拒否の識別子: the same file, line and reason always give the same one."""
    return _uuid5(LETTER_NAMESPACE, f"{digest}|{line}|{reason}")


def file_digest(raw: bytes) -> str:
    """ファイル指紋: SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()


def source_seq(digest: str, line: int) -> str:
    """出所内の位置: the beginning of the file's digest and the line, from 1."""
    return f"{digest[:DIGEST_SHOWN]}:{line}"


def _receipt_no(prefix: str, *parts: str) -> str:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return f"{prefix}:{digest[:_RECEIPT_CHARS]}"


def convenience_receipt_no(barcode: str, shuunoubi: str, jikoku: str, tenpo_code: str) -> str:
    """コンビニ収納の領収: barcode 44, store day YYYYMMDD, time HHMM, shop. 速報, 確報 and 取消 of it share the number."""
    return _receipt_no("cvs", barcode, shuunoubi, jikoku, tenpo_code)


def kouza_furikae_receipt_no(
    itakusha_code: str,
    furikaebi: str,
    ginkou: str,
    shiten: str,
    shuunou_key: str,
    kingaku: int,
    ordinal: int,
) -> str:
    """口座振替の領収: `furikaebi` YYYYMMDD; `ordinal` counts identical lines of one file from 1, so that two debits
    that look alike stay two."""
    return _receipt_no(
        "kfr", itakusha_code, furikaebi, ginkou, shiten, shuunou_key, str(kingaku), str(ordinal)
    )
