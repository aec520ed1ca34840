"""まちの値: what the generator hands on; frozen values, no behaviour.

A `Line` is one line of one file, together with what it means: the change that a perfect hub accepts, or
the reason for which it must refuse it. Files are written from the lines, and the expected totals are
counted from the changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

ATENA, CHOUTEI, BANK, STORE, KIROKU = "atena", "choutei", "kouza_furikae", "convenience", "kiroku"
TETSUZUKI, KAITOU = "tetsuzuki", "chousa_kaitou"
SOKUHOU, KAKUHOU, TORIKESHI, FUNOU = "sokuhou", "kakuhou", "torikeshi", "funou"
ZEIMU, HOKEN = "zeimu", "hoken"


class Bank(NamedTuple):
    """金融機関: an invented one."""

    bangou: str
    mei: str  # half-width


class Account(NamedTuple):
    """口座: where a person's taxes are debited."""

    bank: Bank
    shiten_code: str
    shiten_mei: str  # half-width
    shumoku: str
    kouza_bangou: str
    meigi_kana: str  # half-width, as the bank writes it


class Person(NamedTuple):
    """人: one synthetic resident; `row` holds the columns of the 宛名 file by field name."""

    serial: int  # from 0
    atena_bangou: str
    kojin_bangou: str
    account: Account | None
    row: Mapping[str, str]


class Bill(NamedTuple):
    """期別: one instalment of one tax, as it is first assessed."""

    shuunou_key: str
    atena_bangou: str
    fuka_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    tsuuchisho_bangou: str
    producer: str
    gaku: int
    noukigen: date
    choutei_on: date


class Route(NamedTuple):
    """行き先: the file that a line belongs to; sorts in order of delivery."""

    delivered_on: date
    family: str
    part: str  # which 課, which bank, which データ種別
    named_on: date  # the day in the file's name


class Line(NamedTuple):
    """一行: where it goes, what it says, and what becomes of it."""

    route: Route
    fields: Mapping[str, str]
    change: Change | None = None
    refused: str | None = None  # a reason code; then it is no change


class Story(NamedTuple):
    """一人の一年: a person, all lines about them in the order in which things happened, the troubles in them."""

    person: Person
    lines: tuple[Line, ...]
    troubles: tuple[str, ...]


class AtenaChange(NamedTuple):
    """宛名の異動。"""

    kind: str
    atena_bangou: str
    rireki_bangou: int


class KirokuChange(NamedTuple):
    """記録の異動。"""

    kind: str
    atena_bangou: str
    rireki_bangou: int
    record: str
    record_key: str


class ChouteiChange(NamedTuple):
    """調定の異動: `gaku` as it stands afterwards (0 when cancelled)."""

    kind: str
    shuunou_key: str
    rireki_bangou: int
    atena_bangou: str
    gaku: int
    noukigen: date


class ShuunouChange(NamedTuple):
    """収納の異動: `kind` is sokuhou, torikeshi, kakuhou or funou; `natural_key` is what the receipt number is
    made of (its prefix first), `kekka` the 振替結果 of a debit and "" of a visit to a store."""

    kind: str
    shuunou_key: str
    natural_key: tuple[str, ...]
    kingaku: int
    on: date
    kekka: str


SENT_BACK = "shoukei_sent_back"


class Effect(NamedTuple):
    """手続の効き目: yen that an accepted act moves on one 期別.

    `name` is haitou, kanpu, juutou_out, juutou_in, kesson, shoukei, shoukei_in (a share of an heir), or
    entaikin and shobunhi (what they add to what is owed). SENT_BACK moves nothing in the end: a share that
    its heir cannot have, refused by a letter.
    """

    shuunou_key: str
    name: str
    kingaku: int


class TetsuzukiChange(NamedTuple):
    """手続: an act of the office, by its kind and number, and the yen it moves."""

    kind: str
    atena_bangou: str
    act: str
    bangou: str
    effects: tuple[Effect, ...]


Change = AtenaChange | KirokuChange | ChouteiChange | ShuunouChange | TetsuzukiChange
