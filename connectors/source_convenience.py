"""コンビニ収納: the agent's 120-byte file (`schemas/layout/convenience.toml`) with its GS1-128 barcodes.

01 is a 速報, 02 the 確報 and 03 the 取消 of the same 速報: all three share the receipt number (barcode, store
day, time, shop). The amount stands in the barcode alone. 領収年月日 is the store day; 収納年月日 is the 振込予定日 of a
確報 and, until it is known, the store day; 日計日 is the 経理処理日 or, where the agent left it blank, the day on
which it took the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import schemas
from connectors.base import Arrived, FileFacts, FileRefused, Refused, Spec
from connectors.fixed_width import Layout, load_layout
from connectors.ids import convenience_receipt_no, event_id
from connectors.reading import (
    ASK_SENDER,
    EXACTLY_ONCE,
    arrived,
    bad_day,
    day_of,
    envelope,
    fits,
    key_of_jiyuu_shiyouran,
    received_on,
)
from state import checks
from state.events import ShuunouReceived, ShuunouReversed
from state.reasons import Refusal, refusal
from state.receipt.account import KAKUHOU, TORIKESHI

TOPIC = "ido.shuunou-convenience.v1"
SHUUNOU_KUBUN = "convenience"
NO_LIMIT = "999999"
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9]|")

SPEC = Spec(
    name="source_convenience",
    ja="コンビニ収納",
    direction="source",
    system="コンビニ収納代行",
    channel="その他(ファイル伝送)",
    formats=("コンビニ収納データ (120バイト、GS1-128 44桁)",),
    topics=(TOPIC,),
    guarantees=EXACTLY_ONCE,
)


class Paid(NamedTuple):
    """納付: what the barcode says."""

    shuunou_key: str
    kingaku: int


class ConvenienceReader:
    """コンビニ収納の読み手。"""

    spec = SPEC

    def __init__(self) -> None:
        self._layout: Layout = load_layout("convenience")
        self._dankai: dict[str, str] = schemas.load_toml("layout/convenience")["data_shubetsu"]

    def matches(self, name: str) -> bool:
        """この様式の名前か。"""
        return fits(name, self._layout.files)

    def check(self, raw: bytes, facts: FileFacts) -> FileRefused | None:
        """ファイル全体を見る: lengths, and one ヘッダ before the 明細; this file has no trailer to compare with."""
        records = self._layout.split(raw)
        if isinstance(records, Refusal):
            return FileRefused(records)
        for line, record in records:
            kind = self._layout.kind_of(record)
            if isinstance(kind, Refusal):
                return FileRefused(kind, line)
            if kind.kind != ("header" if line == 1 else "detail"):
                expected = "ヘッダ1件" if line == 1 else "明細"
                said = refusal("R-103", "レコードの並び", expected, kind.ja, ASK_SENDER)
                return FileRefused(said, line)
        return None

    def lines(self, raw: bytes, facts: FileFacts) -> Iterator[Arrived | Refused]:
        """行ごとに読む: the 明細 of a file that `check` let pass."""
        records = self._layout.split(raw)
        if isinstance(records, Refusal):
            raise ValueError(f"{facts.name}: check refuses this file; its lines are not read")
        for line, record in records[1:]:
            outcome = self._line(line, record, facts)
            yield Refused(line, outcome, record) if isinstance(outcome, Refusal) else outcome

    def _line(self, line: int, record: bytes, facts: FileFacts) -> Arrived | Refusal:
        read = self._layout.parse(record)
        if isinstance(read, Refusal):
            return read
        fields = read.fields
        dankai = self._dankai.get(fields["data_shubetsu"])
        if dankai is None:
            accepted = "、".join(sorted(self._dankai))
            return refusal("R-106", "データ種別", f"{accepted} のいずれか", "それ以外の値", ASK_SENDER)
        if _TIME.fullmatch(fields["shuunou_jikoku"]) is None:
            return refusal("R-204", "収納時刻", "HHMM または空白", "それ以外の時刻", ASK_SENDER)
        days = _days(fields, dankai)
        if isinstance(days, Refusal):
            return days
        paid = read_barcode(fields["barcode"])
        if isinstance(paid, Refusal):
            return paid
        number = convenience_receipt_no(
            fields["barcode"], fields["tenpo_shuunoubi"], fields["shuunou_jikoku"], fields["tenpo_code"]
        )
        return _arrival(line, facts, dankai, days, paid, number)


class _Days(NamedTuple):
    ryoushuu: date
    shuunou: date
    nikkei: date


def _days(fields: dict[str, str], dankai: str) -> _Days | Refusal:
    """The three days of a line; a blank one may be left out where the docstring of the module says so."""
    read: dict[str, date | None] = {}
    for name, ja in _DAYS.items():
        text = fields[name]
        read[name] = day_of(text) if text else None
        if text and read[name] is None:
            return bad_day(ja)
    store, taken = read["tenpo_shuunoubi"], read["data_shutokubi"]
    paid_in = read["furikomi_yoteibi"] if dankai == KAKUHOU else store
    if store is None or taken is None:
        return bad_day("店舗収納日・データ取得日")
    if paid_in is None:
        return refusal("R-203", "確報の振込予定日", "日付", "空白", ASK_SENDER)
    return _Days(store, paid_in, read["keiri_shoribi"] or taken)


_DAYS = {
    "tenpo_shuunoubi": "店舗収納日",
    "data_shutokubi": "データ取得日",
    "furikomi_yoteibi": "振込予定日",
    "keiri_shoribi": "経理処理日",
}


def read_barcode(text: str) -> Paid | Refusal:
    """バーコードを読む: 44 digits; check digit (R-205), structure (R-106, R-204), limit day (R-208), 税目 (R-207)."""
    if not checks.is_gs1_128(text):
        return refusal(
            "R-205",
            "バーコードの検査数字",
            f"{checks.gs1_check_digit(text[:-1])}",
            f"{text[-1]}",
            ASK_SENDER,
        )
    read = load_layout("gs1_128").parse(text.encode("ascii"))
    if isinstance(read, Refusal):
        return read
    limit = read.fields["shiharai_kigen"]
    if limit != NO_LIMIT and day_of(f"20{limit}") is None:
        return refusal("R-208", "支払期限", "YYMMDD または 999999", "暦にない日付", ASK_SENDER)
    key = key_of_jiyuu_shiyouran(read.fields["jiyuu_shiyouran"])
    return key if isinstance(key, Refusal) else Paid(key, int(read.fields["kingaku"]))


def _arrival(
    line: int, facts: FileFacts, dankai: str, days: _Days, paid: Paid, number: str
) -> Arrived | Refusal:
    key, kingaku = paid
    taken = received_on(facts)
    around = envelope(SPEC, facts, line, days.ryoushuu)
    if dankai == TORIKESHI:
        ident = event_id("ShuunouReversed", number)
        denied = ShuunouReversed(ident, *around, key, number, kingaku, days.ryoushuu, taken, SHUUNOU_KUBUN)
        return arrived(line, TOPIC, key, denied, facts)
    received = ShuunouReceived(
        event_id("ShuunouReceived", number, dankai),
        *around, key, number, dankai, kingaku,
        days.ryoushuu, days.shuunou, days.nikkei, taken, SHUUNOU_KUBUN,
    )  # fmt: skip
    return arrived(line, TOPIC, key, received, facts)
