"""口座振替結果: the banks' result file (全銀 種別91, 120 bytes; `schemas/layout/kouza_furikae.toml`).

The file is held as a whole when its records are out of order or its trailer does not add up; a line
whose name or key does not read is refused alone, and still counts in the sums. Result 0 is a 収納 (確報),
any other a 振替不能. 領収年月日 and 収納年月日 are the 引落日; the file names no day of booking, so 日計日 is the day it was
received, as is the 取込日. The 口座番号 of a line never leaves this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple, cast

import schemas
from connectors.base import Arrived, FileFacts, FileRefused, Refused, Spec
from connectors.fixed_width import Layout, load_layout
from connectors.ids import event_id, kouza_furikae_receipt_no
from connectors.reading import (
    ASK_SENDER,
    EXACTLY_ONCE,
    arrived,
    day_of,
    envelope,
    fits,
    key_of_kokyaku_bangou,
    received_on,
)
from state.events import KouzaFurikaeFailed, ShuunouReceived
from state.reasons import Refusal, refusal
from state.receipt.account import KAKUHOU

TOPIC = "ido.shuunou-ginkou.v1"
SHUUNOU_KUBUN = "kouza"
FURIKAEZUMI = "0"
AHEAD_DAYS = 31
"""引落日 (MMDD, no year) is the last such day up to this many days after receipt. A result follows its debit
within days; the allowance is for a bank that hands its file over ahead of time."""

SPEC = Spec(
    name="source_kouza_furikae",
    ja="口座振替結果",
    direction="source",
    system="金融機関",
    channel="その他(ファイル伝送)",
    formats=("全銀 預金口座振替 種別91 (120バイト)",),
    topics=(TOPIC,),
    guarantees=EXACTLY_ONCE,
)


@cache
def _result_codes() -> frozenset[str]:
    return frozenset(row["code"] for row in schemas.load_csv("code/furikae_kekka"))


class _File(NamedTuple):
    """What the header says of every line."""

    itakusha_code: str
    hikiotoshibi: date


class KouzaFurikaeReader:
    """口座振替結果の読み手。"""

    spec = SPEC

    def __init__(self) -> None:
        self._layout: Layout = load_layout("kouza_furikae")

    def matches(self, name: str) -> bool:
        """この様式の名前か。"""
        return fits(name, self._layout.files)

    def check(self, raw: bytes, facts: FileFacts) -> FileRefused | None:
        """ファイル全体を見る: lengths, order of records, header, trailer."""
        records = self._layout.split(raw)
        if isinstance(records, Refusal):
            return FileRefused(records)
        bad = self._order(records)
        if bad is not None:
            return bad
        header = self._header(records[0][1], facts)
        if isinstance(header, Refusal):
            return FileRefused(header, records[0][0])
        return self._sums(records)

    def lines(self, raw: bytes, facts: FileFacts) -> Iterator[Arrived | Refused]:
        """行ごとに読む: the data records of a file that `check` let pass."""
        records = self._layout.split(raw)
        header = records if isinstance(records, Refusal) else self._header(records[0][1], facts)
        if isinstance(records, Refusal) or isinstance(header, Refusal):
            raise ValueError(f"{facts.name}: check refuses this file; its lines are not read")
        seen: Counter[tuple[str, ...]] = Counter()
        for line, record in records[1:-2]:
            outcome = self._line(line, record, header, facts, seen)
            yield Refused(line, outcome, record) if isinstance(outcome, Refusal) else outcome

    def _order(self, records: list[tuple[int, bytes]]) -> FileRefused | None:
        """ヘッダ1, データ2 ..., トレーラ8, エンド9, and nothing else."""
        marks = [record[:1] for _, record in records]
        wanted = [b"1", *([b"2"] * (len(marks) - 3)), b"8", b"9"]
        for (line, record), mark, expected in zip(records, marks, wanted, strict=False):
            if mark != expected:
                unknown = self._layout.kind_of(record)
                said = unknown if isinstance(unknown, Refusal) else _out_of_order(expected, mark)
                return FileRefused(said, line)
        return None if len(marks) >= len(wanted) else FileRefused(_out_of_order(b"9", b""), len(marks))

    def _header(self, record: bytes, facts: FileFacts) -> _File | Refusal:
        read = self._layout.parse(record)
        if isinstance(read, Refusal):
            return read
        day = debit_day(read.fields["hikiotoshibi"], received_on(facts))
        if day is None:
            return refusal("R-208", "引落日 (MMDD)", "暦にある日付", "暦にない日付", ASK_SENDER)
        return _File(read.fields["itakusha_code"], day)

    def _sums(self, records: list[tuple[int, bytes]]) -> FileRefused | None:
        """Add the lines up, those that will be refused too, and compare with the trailer."""
        counts, yen = [0, 0], [0, 0]  # 振替済, 不能
        for line, record in records[1:-2]:
            kingaku = self._layout.take(record, "hikiotoshi_kingaku")
            result = self._layout.take(record, "furikae_kekka_code")
            if isinstance(kingaku, Refusal) or isinstance(result, Refusal):
                return FileRefused(kingaku if isinstance(kingaku, Refusal) else cast(Refusal, result), line)
            which = 0 if result == FURIKAEZUMI else 1
            counts[which] += 1
            yen[which] += int(kingaku)
        line, record = records[-2]
        trailer = self._layout.parse(record)
        if isinstance(trailer, Refusal):
            return FileRefused(trailer, line)
        added = {
            "goukei": (sum(counts), sum(yen)),
            "furikaezumi": (counts[0], yen[0]),
            "funou": (counts[1], yen[1]),
        }
        for name, (count, total) in added.items():
            stated = int(trailer.fields[f"{name}_kensuu"]), int(trailer.fields[f"{name}_kingaku"])
            if stated != (count, total):
                return FileRefused(_does_not_add_up(name, (count, total), stated), line)
        return None

    def _line(
        self, line: int, record: bytes, header: _File, facts: FileFacts, seen: Counter[tuple[str, ...]]
    ) -> Arrived | Refusal:
        read = self._layout.parse(record)
        if isinstance(read, Refusal):
            return read
        fields = read.fields
        result = fields["furikae_kekka_code"]
        if result not in _result_codes():
            return refusal(
                "R-211", "振替結果コード", "コード表 (schemas/code/furikae_kekka.csv) にあるコード", "ないコード",
                ASK_SENDER,
            )  # fmt: skip
        key = key_of_kokyaku_bangou(fields["kokyaku_bangou"])
        if isinstance(key, Refusal):
            return key
        number = self._receipt_no(fields, header, key, seen)
        return _arrival(
            line, facts, header.hikiotoshibi, key, number, int(fields["hikiotoshi_kingaku"]), result
        )

    def _receipt_no(
        self, fields: dict[str, str], header: _File, key: str, seen: Counter[tuple[str, ...]]
    ) -> str:
        bank, branch = fields["hikiotoshi_ginkou_bangou"], fields["hikiotoshi_shiten_bangou"]
        kingaku = int(fields["hikiotoshi_kingaku"])
        same = (bank, branch, key, str(kingaku))
        seen[same] += 1
        day = header.hikiotoshibi.strftime("%Y%m%d")
        return kouza_furikae_receipt_no(header.itakusha_code, day, bank, branch, key, kingaku, seen[same])


def debit_day(mmdd: str, received: date) -> date | None:
    """引落日の年を補う: the last day MMDD that is not later than `AHEAD_DAYS` after receipt, within a year of it."""
    latest = received + timedelta(days=AHEAD_DAYS)
    days = [day_of(f"{year}{mmdd}") for year in (latest.year, latest.year - 1)]  # 0229 may be in one of them
    return next((day for day in days if day is not None and day <= latest), None)


def _arrival(
    line: int, facts: FileFacts, day: date, key: str, number: str, kingaku: int, result: str
) -> Arrived | Refusal:
    taken = received_on(facts)
    around = envelope(SPEC, facts, line, day)
    if result == FURIKAEZUMI:
        ident = event_id("ShuunouReceived", number, KAKUHOU)
        received = ShuunouReceived(
            ident, *around, key, number, KAKUHOU, kingaku, day, day, taken, taken, SHUUNOU_KUBUN
        )
        return arrived(line, TOPIC, key, received, facts)
    failed = KouzaFurikaeFailed(
        event_id("KouzaFurikaeFailed", number), *around, key, number, kingaku, day, result, taken
    )
    return arrived(line, TOPIC, key, failed, facts)


_NAMES = {b"1": "ヘッダ", b"2": "データ", b"8": "トレーラ", b"9": "エンド", b"": "レコードなし"}
_SUMS = {"goukei": "合計", "furikaezumi": "振替済", "funou": "振替不能"}


def _out_of_order(expected: bytes, found: bytes) -> Refusal:
    return refusal("R-103", "レコードの並び", _NAMES[expected], _NAMES[found], ASK_SENDER)


def _does_not_add_up(name: str, added: tuple[int, int], stated: tuple[int, int]) -> Refusal:
    return refusal(
        "R-104",
        f"トレーラの{_SUMS[name]}",
        f"明細の計 {added[0]:,}件 {added[1]:,}円",
        f"トレーラ {stated[0]:,}件 {stated[1]:,}円",
        "保留したファイルを取り下げ、送り元に正しいファイルの再送を求める",
    )
