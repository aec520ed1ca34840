"""受入: may this change be taken in? Each check gives a Refusal with its reason, or None.

The codec has already seen to types and required items (an Avro body that lacks one does not decode). Here:
is the kind allowed on this topic, is the municipality ours, does the key say what the event says, are yen,
days, codes and numbers in their ranges. Nothing is corrected: what is wrong is refused and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import schemas
from state.delinquency.apply import tokusoku_rules
from state.events import (
    AtenaChanged,
    ChouteiCancelled,
    ChouteiCorrected,
    ChouteiEstablished,
    KijunbiAdvanced,
    KirokuHeld,
    KouzaFurikaeFailed,
    ShoukeiReturned,
    ShuunouAssigned,
    ShuunouReceived,
    ShuunouReversed,
)
from state.reasons import Refusal, refusal
from state.receipt.account import KAKUHOU, SOKUHOU
from state.seiri import kinds
from state.seiri.event import TetsuzukiTaken

YEN_MAX = kinds.YEN_MAX
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2099, 12, 31)
Check = Callable[[Any], Refusal | None]


@cache
def shuunou_key_length() -> int:
    """収納キーの桁数: from `schemas/layout/shuunou_key.toml`."""
    length: int = schemas.load_toml("layout/shuunou_key")["length"]
    return length


@cache
def zeimoku_codes() -> frozenset[str]:
    """税目コードの一覧。"""
    return frozenset(row["code"] for row in schemas.load_csv("code/zeimoku"))


@cache
def first_noukigen() -> date:
    """扱える最初の納期限: before it no 督促 rule is stated, so the ledger could not follow it."""
    return tokusoku_rules()[-1].valid_from


def check(event: Any, key: bytes | None, jichitai_code: str) -> Refusal | None:
    """受け入れてよいか: None, or why not. `key` is the message's key; it must be the event's."""
    if event.jichitai_code != jichitai_code:
        return refusal(
            "R-209", "自治体コード", jichitai_code, "別の自治体コード", "送り元の設定と宛先を確かめる"
        )
    name = KEY_FIELDS[type(event)]
    if name is not None and key != getattr(event, name).encode():
        return refusal(
            "R-210", "メッセージの鍵", f"{name} と同じ", "異なる", "送り元のコネクタの設定を確かめる"
        )
    return CHECKS[type(event)](event)


def _choutei(event: ChouteiEstablished) -> Refusal | None:
    bad = _key(event.shuunou_key)
    if bad is not None:
        return bad
    if not 0 <= event.kibetsu_choutei_gaku <= YEN_MAX:
        return _yen("期別調定額", 0)
    if type(event) is ChouteiCancelled and event.kibetsu_choutei_gaku != 0:
        return refusal("R-206", "取消の期別調定額", "0円", "0円でない", "取消は0円で、減額は更正で出し直す")
    if event.zeimoku_code not in zeimoku_codes():
        return refusal(
            "R-207", "税目コード", "コード表にある税目", "ない税目", "schemas/code/zeimoku.csv を確かめる"
        )
    if event.rireki_bangou < 1:
        return refusal("R-204", "履歴番号", "1以上", str(event.rireki_bangou), "送り元に履歴番号を確かめる")
    if not _is_digits(event.atena_bangou):
        return refusal("R-204", "宛名番号", "数字", "数字でない", "送り元に宛名番号を確かめる")
    if event.noukigen < first_noukigen():
        return refusal("R-208", "納期限", f"{first_noukigen()}以後", "それより前", "送り元に日付を確かめる")
    return _day("納期限", event.noukigen) or _day("調定年月日", event.choutei_nengappi)


def _received(event: ShuunouReceived) -> Refusal | None:
    bad = _key(event.shuunou_key)
    if bad is not None:
        return bad
    if not 0 < event.shuunou_kingaku <= YEN_MAX:
        return _yen("収納金額")
    if event.dankai != KAKUHOU and event.dankai != SOKUHOU:
        return refusal("R-211", "段階", "sokuhou または kakuhou", "その他", "コネクタの版を確かめる")
    return _day("領収年月日", event.ryoushuu_nengappi)


def _reversed(event: ShuunouReversed) -> Refusal | None:
    if not 0 < event.shuunou_kingaku <= YEN_MAX:
        return _yen("取り消される収納金額")
    return _key(event.shuunou_key) or _day("領収年月日", event.ryoushuu_nengappi)


def _failed(event: KouzaFurikaeFailed) -> Refusal | None:
    if not 0 <= event.furikae_gaku <= YEN_MAX:
        return _yen("引落金額", 0)
    return _key(event.shuunou_key) or _day("引落日", event.furikae_nengappi)


def _atena(event: AtenaChanged | KirokuHeld) -> Refusal | None:
    if event.rireki_bangou < 1 or not _is_digits(event.atena_bangou):
        return refusal(
            "R-204", "宛名番号・履歴番号", "数字の宛名番号と1以上の履歴番号", "異なる形", "送り元に確かめる"
        )
    return None


def _person(event: AtenaChanged) -> Refusal | None:
    for number in (event.kojin_bangou, event.kouza_bangou):
        if number is not None and not number.startswith(schemas.SEALED):
            return refusal("R-204", "個人番号・口座番号", "暗号文", "暗号文でない", "コネクタの版を確かめる")
    return _atena(event)


def _assigned(event: ShuunouAssigned) -> Refusal | None:
    if event.target_shuunou_key == event.shuunou_key:
        return refusal("R-204", "結び付け先", "別の収納キー", "元と同じ収納キー", "結び付け先を確かめる")
    return _key(event.shuunou_key) or _key(event.target_shuunou_key)


def _returned(event: ShoukeiReturned) -> Refusal | None:
    if min(event.gaku) < 0 or not 0 < event.gaku.goukei <= YEN_MAX:
        return _yen("差し戻す額")
    return _key(event.shuunou_key) or _key(event.saki_key)


def _kijunbi(event: KijunbiAdvanced) -> Refusal | None:
    return _day("基準日", event.kijunbi)


def _tetsuzuki(event: TetsuzukiTaken) -> Refusal | None:
    if not _is_digits(event.atena_bangou):
        return refusal("R-204", "宛名番号", "数字", "数字でない", "送り元に宛名番号を確かめる")
    wrong = kinds.check(event) or _day("手続の日", event.on)
    keys = [event.shuunou_key, *(line.shuunou_key for line in event.uchiwake)]
    days = [event.kara, event.made, *(line.on for line in event.uchiwake)]
    for key in keys:
        wrong = wrong or (_key(key) if key is not None else None)
    for day in days:
        wrong = wrong or (_day("期間・期限", day) if day is not None else None)
    return wrong


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _key(shuunou_key: str) -> Refusal | None:
    if len(shuunou_key) == shuunou_key_length() and _is_digits(shuunou_key):
        return None
    expected = f"{shuunou_key_length()}桁の数字"
    return refusal(
        "R-204", "収納キー", expected, f"{len(shuunou_key)}文字", "送り元の収納キーの作りを確かめる"
    )


def _yen(what: str, least: int = 1) -> Refusal:
    return refusal("R-206", what, f"{least}から{YEN_MAX}円", "範囲を外れる", "送り元に金額を確かめる")


def _day(what: str, day: date) -> Refusal | None:
    if FIRST_DAY <= day <= LAST_DAY:
        return None
    return refusal("R-208", what, f"{FIRST_DAY}から{LAST_DAY}", "範囲を外れる", "送り元に日付を確かめる")


CHECKS: dict[type[Any], Check] = {
    AtenaChanged: _person,
    ChouteiEstablished: _choutei,
    ChouteiCorrected: _choutei,
    ChouteiCancelled: _choutei,
    ShuunouReceived: _received,
    ShuunouReversed: _reversed,
    KouzaFurikaeFailed: _failed,
    ShuunouAssigned: _assigned,
    ShoukeiReturned: _returned,
    KirokuHeld: _atena,
    KijunbiAdvanced: _kijunbi,
    TetsuzukiTaken: _tetsuzuki,
}
KEY_FIELDS: dict[type[Any], str | None] = {
    AtenaChanged: "atena_bangou",
    ChouteiEstablished: "shuunou_key",
    ChouteiCorrected: "shuunou_key",
    ChouteiCancelled: "shuunou_key",
    ShuunouReceived: "shuunou_key",
    ShuunouReversed: "shuunou_key",
    KouzaFurikaeFailed: "shuunou_key",
    ShuunouAssigned: "shuunou_key",
    ShoukeiReturned: "atena_bangou",
    KirokuHeld: "atena_bangou",
    KijunbiAdvanced: None,
    TetsuzukiTaken: "atena_bangou",
}
