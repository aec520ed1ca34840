"""与件: builders of what the tests begin with. Every person, number and place here is invented.

`choutei()` and its like give one event with sound defaults; keywords replace what a test is about. Ids are
derived as the connectors derive them, so the same thing said twice has the same id.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import settings

from connectors.ids import event_id
from schemas.codec import HEADER, MAGIC
from schemas.registry import last_id
from state.events import (
    AtenaChanged,
    ChouteiCancelled,
    ChouteiCorrected,
    ChouteiEstablished,
    KijunbiAdvanced,
    KirokuHeld,
    KouzaFurikaeFailed,
    ShuunouAssigned,
    ShuunouReceived,
    ShuunouReversed,
)
from state.reasons import Refusal
from state.receipt.account import KAKUHOU, SOKUHOU, ReceiptAccount
from state.receipt.apply import apply_choutei
from state.seiri.event import Bubun, TetsuzukiTaken

JICHITAI = "132110"
PERSON, OTHER_PERSON = "0000000001", "0000000002"
CHOUTEI_ON, NOUKIGEN, PAID_ON = date(2026, 6, 1), date(2026, 6, 30), date(2026, 6, 20)
TAKEN_ON = date(2026, 6, 25)
RECORDED_AT = 1_780_000_000_000

STABLE = settings(derandomize=True, deadline=None, max_examples=60, database=None)
"""For property tests: the same examples in every run, so that a green build stays green."""


def of_a_newer_release(encoded: bytes) -> bytes:
    """The same message under the schema id that will be given next."""
    return HEADER.pack(MAGIC, last_id() + 1) + encoded[HEADER.size :]


def shuunou_key(kibetsu: int = 1, *, zeimoku: str = "01", tsuuchisho: int = 1, nendo: int = 2026) -> str:
    """A 収納キー of 18 digits: 賦課年度, 税目, 通知書番号, 期別."""
    return f"{nendo:04d}{zeimoku}{tsuuchisho:010d}{kibetsu:02d}"


KEY = shuunou_key()


def _envelope(ident: str, on: date) -> dict[str, Any]:
    return {
        "event_id": ident,
        "source": "架空の入手元",
        "channel": "試験",
        "source_seq": "0123456789abcdef:1",
        "occurred_on": on,
        "recorded_at": RECORDED_AT,
        "jichitai_code": JICHITAI,
        "basis": None,
    }


def choutei(
    rireki: int = 1,
    gaku: int = 10_000,
    *,
    cls: type[ChouteiEstablished] = ChouteiEstablished,
    key: str = KEY,
    on: date = CHOUTEI_ON,
    **over: Any,
) -> Any:
    """調定 of one 期別; what the 収納キー says stands in the other columns too."""
    values: dict[str, Any] = {
        **_envelope(event_id(cls.__name__, key, str(rireki)), on),
        "shuunou_key": key,
        "rireki_bangou": rireki,
        "atena_bangou": PERSON,
        "fuka_nendo": int(key[:4]),
        "zeimoku_code": key[4:6],
        "taishou_nendo": int(key[:4]),
        "tsuuchisho_bangou": key[6:16],
        "kibetsu_code": key[16:],
        "choutei_nendo": int(key[:4]),
        "kaikei_nendo": int(key[:4]),
        "kibetsu_choutei_gaku": gaku,
        "noukigen": NOUKIGEN,
        "houtei_noukigen": None,
        "houtei_noukigen_tou": None,
        "choutei_nengappi": on,
        "zuiki_flag": None,
        "jiyuu_code": None,
        "held": {},
    }
    return cls(**{**values, **over})


def corrected(rireki: int = 2, gaku: int = 8_000, **over: Any) -> Any:
    """調定更正."""
    return choutei(rireki, gaku, cls=ChouteiCorrected, **over)


def cancelled(rireki: int = 2, **over: Any) -> Any:
    """調定取消."""
    return choutei(rireki, 0, cls=ChouteiCancelled, **over)


def received(
    receipt: str = "cvs:a",
    gaku: int = 10_000,
    *,
    dankai: str = SOKUHOU,
    key: str = KEY,
    on: date = PAID_ON,
    **over: Any,
) -> ShuunouReceived:
    """収納, 速報 unless it is said to be a 確報."""
    values: dict[str, Any] = {
        **_envelope(event_id("ShuunouReceived", receipt, dankai), on),
        "shuunou_key": key,
        "receipt_no": receipt,
        "dankai": dankai,
        "shuunou_kingaku": gaku,
        "ryoushuu_nengappi": on,
        "shuunou_nengappi": on,
        "nikkeibi": on,
        "torikomibi": TAKEN_ON,
        "shuunou_kubun": "convenience",
    }
    return ShuunouReceived(**{**values, **over})


def confirmed(receipt: str = "cvs:a", gaku: int = 10_000, **over: Any) -> ShuunouReceived:
    """収納の確報."""
    return received(receipt, gaku, dankai=KAKUHOU, **over)


def reversal(
    receipt: str = "cvs:a", gaku: int = 10_000, *, key: str = KEY, on: date = PAID_ON, **over: Any
) -> ShuunouReversed:
    """速報取消."""
    values: dict[str, Any] = {
        **_envelope(event_id("ShuunouReversed", receipt), on),
        "shuunou_key": key,
        "receipt_no": receipt,
        "shuunou_kingaku": gaku,
        "ryoushuu_nengappi": on,
        "torikomibi": TAKEN_ON,
        "shuunou_kubun": "convenience",
    }
    return ShuunouReversed(**{**values, **over})


def debit_failed(
    receipt: str = "kfr:a", gaku: int = 10_000, *, key: str = KEY, on: date = NOUKIGEN, **over: Any
) -> KouzaFurikaeFailed:
    """口座振替不能 for want of funds."""
    values: dict[str, Any] = {
        **_envelope(event_id("KouzaFurikaeFailed", receipt), on),
        "shuunou_key": key,
        "receipt_no": receipt,
        "furikae_gaku": gaku,
        "furikae_nengappi": on,
        "furikae_kekka_code": "1",
        "torikomibi": TAKEN_ON,
    }
    return KouzaFurikaeFailed(**{**values, **over})


def assigned(
    held_event_id: str, target: str, *, key: str = KEY, on: date = TAKEN_ON, **over: Any
) -> ShuunouAssigned:
    """職員の指定 of a held payment."""
    values: dict[str, Any] = {
        **_envelope(event_id("ShuunouAssigned", key, held_event_id, target), on),
        "shuunou_key": key,
        "held_event_id": held_event_id,
        "target_shuunou_key": target,
        "tantousha_code": "T001",
        "riyuu": "納付書の取り違え",
    }
    return ShuunouAssigned(**{**values, **over})


def kijunbi(day: date) -> KijunbiAdvanced:
    """基準日の到来."""
    return KijunbiAdvanced(**_envelope(event_id("KijunbiAdvanced", day.isoformat()), day), kijunbi=day)


def atena(rireki: int = 1, person: str = PERSON, **over: Any) -> AtenaChanged:
    """宛名異動 of an invented person; every item that is not given is empty."""
    values: dict[str, Any] = dict.fromkeys(AtenaChanged._fields)
    values |= _envelope(event_id("AtenaChanged", person, str(rireki)), CHOUTEI_ON)
    values |= {"atena_bangou": person, "rireki_bangou": rireki, "held": {}}
    values |= {"henshuuzumi_shimei_kanji": f"試験 {person}"}
    return AtenaChanged(**{**values, **over})


def kiroku(rireki: int = 1, person: str = PERSON, **over: Any) -> KirokuHeld:
    """記録保持 of one item."""
    values: dict[str, Any] = {
        **_envelope(event_id("KirokuHeld", "tainou_kazoku", person, "1", str(rireki)), CHOUTEI_ON),
        "atena_bangou": person,
        "record": "tainou_kazoku",
        "record_key": "1",
        "rireki_bangou": rireki,
        "held": {"zokugara": "子"},
    }
    return KirokuHeld(**{**values, **over})


def an_account(gaku: int = 10_000, **over: Any) -> ReceiptAccount:
    """The account of a 期別 that was just assessed; `over` replaces its fields."""
    made = apply_choutei(None, choutei(gaku=gaku))
    assert not isinstance(made, Refusal)
    return made[0]._replace(**over)


def bubun(
    key: str | None = None,
    kingaku: int = 0,
    *,
    kamoku: str | None = None,
    on: date | None = None,
    atena: str | None = None,
) -> Bubun:
    """One line of an act."""
    return Bubun(key, atena, kamoku, on, kingaku)


def tetsuzuki(
    kind: str,
    on: date,
    *,
    bangou: str = "1",
    key: str | None = KEY,
    person: str = PERSON,
    jouken: dict[str, str] | None = None,
    **over: Any,
) -> TetsuzukiTaken:
    """手続: an act of the office on one 期別, or on a person with `key=None`."""
    values: dict[str, Any] = {
        **_envelope(event_id("TetsuzukiTaken", person, kind, bangou), on),
        "atena_bangou": person,
        "kind": kind,
        "bangou": bangou,
        "on": on,
        "shuunou_key": key,
        "kingaku": None,
        "code": None,
        "kara": None,
        "made": None,
        "taishou_bangou": None,
        "tantousha_code": None,
        "uchiwake": (),
        "jouken": jouken or {},
        "held": {},
    }
    return TetsuzukiTaken(**{**values, **over})
