"""ファイル: writes a city's lines as the files that real systems deliver, person by person.

Nothing is held for long: each file has a small buffer and is opened only to be appended to. Trailers, the
file with the wrong trailer and the ones that are sent again come at the end, when all sums are known. Each
file's modification time is the morning on which it is delivered, because the intake takes that for the
time of receipt.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import schemas
from connectors.city.lines import FURIKAEZUMI, ITAKUSHA_CODE, ITAKUSHA_MEI, ymd
from connectors.city.model import ATENA, BANK, CHOUTEI, KAITOU, KIROKU, STORE, TETSUZUKI, Line, Route
from connectors.city.people import BANKS
from connectors.city.truth import Repeats
from connectors.fixed_width import load_layout

CSV_LINES_MAX = 50_000
_BUFFER = 64 * 1024
_DELIVERED_AT = time(0, 30, tzinfo=UTC)  # 9:30 in Japan
_CSV_LAYOUTS = {
    ATENA: "atena_csv",
    CHOUTEI: "choutei_csv",
    KIROKU: "kiroku_csv",
    TETSUZUKI: "tetsuzuki_csv",
    KAITOU: "tetsuzuki_csv",
}
_EXTRA_COLUMNS = {  # official items beyond the layout: the event keeps them in `held`
    ATENA: {"chiku_code": "地区コード"},
    CHOUTEI: {"hyoujiyou_zeimoku_code": "表示用税目コード"},
    KIROKU: {"tantousha_code": "担当者コード", "rank": "ランク", "rank_hizuke": "ランク日付"},
    TETSUZUKI: {
        "saimushamei": "債務者名",
        "koudou_kiroku_bunrui": "行動記録分類",
        "koudou_kiroku_naiyou": "行動記録内容",
        "busho": "部署",
    },
    KAITOU: {},
}
_CR_LF = b"\r\n"
_NOT_KANA = b"\x8b\x67"  # 吉 as Shift_JIS has it: two bytes where one byte is one character
_WRONG_BY = 1_000
_LATER, _MUCH_LATER = timedelta(days=2), timedelta(days=12)


class Delivered(NamedTuple):
    """渡されたファイル: one file as the manifest lists it."""

    name: str
    delivered_on: str
    digest: str
    size: int
    lines: int
    trouble: str


class _File:
    """One file being written: a name, a buffer, a count of lines (header and trailers not among them)."""

    def __init__(self, path: Path) -> None:
        self.path, self.lines, self._buffer = path, 0, bytearray()
        path.open("xb").close()

    def put(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        with self.path.open("ab") as file:
            file.write(self._buffer)
        self._buffer.clear()


class _CsvWriter:
    """CSV of one route: as many numbered files as its lines need."""

    def __init__(self, folder: Path, route: Route) -> None:
        layout = schemas.load_toml(f"layout/{_CSV_LAYOUTS[route.family]}")
        columns = {column["field"]: column["ja"] for column in layout["columns"]}
        columns |= _EXTRA_COLUMNS[route.family]
        self._fields, self._header = tuple(columns), tuple(columns.values())
        self._folder, self._route, self.files = folder, route, list[_File]()
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, lineterminator="\r\n")

    def write(self, line: Line) -> None:
        if not self.files or self.files[-1].lines >= CSV_LINES_MAX:
            self._begin()
        self._row([line.fields.get(name, "") for name in self._fields])
        self.files[-1].lines += 1

    def finish(self) -> None:
        for file in self.files:
            file.flush()

    def _begin(self) -> None:
        part = f"_{self._route.part}" if self._route.part else ""
        stem = f"{self._route.family}{part}_{ymd(self._route.named_on)}_{len(self.files) + 1:03d}.csv"
        self.files.append(_File(self._folder / stem))
        self._row(self._header)

    def _row(self, cells: Any) -> None:
        self._csv.writerow(cells)
        self.files[-1].put(self._text.getvalue().encode("utf-8"))
        self._text.seek(0)
        self._text.truncate()


class _StoreWriter:
    """コンビニ収納: one header, then the records."""

    def __init__(self, folder: Path, route: Route) -> None:
        self._layout = load_layout(STORE)
        self.files = [_File(folder / f"{STORE}_{route.part}_{ymd(route.named_on)}.dat")]
        self.files[0].put(self._layout.write("header", {}) + _CR_LF)

    def write(self, line: Line) -> None:
        self.files[0].put(self._layout.write("detail", line.fields) + _CR_LF)
        self.files[0].lines += 1

    def finish(self) -> None:
        self.files[0].flush()


class _BankWriter:
    """口座振替結果: header, data, trailer, end; the trailer says what was counted on the way."""

    def __init__(self, folder: Path, route: Route) -> None:
        self._layout = load_layout(BANK)
        self.sums: Counter[str] = Counter()
        self.files = [_File(folder / f"{BANK}_{route.part}_{ymd(route.named_on)}.dat")]
        names = {bank.bangou: bank.mei for bank in BANKS}
        header = {
            "itakusha_code": ITAKUSHA_CODE,
            "itakusha_mei": ITAKUSHA_MEI,
            "hikiotoshibi": ymd(route.named_on)[4:],
            "torihiki_ginkou_bangou": route.part,
            "torihiki_ginkou_mei": names[route.part],
            "torihiki_shiten_bangou": "",
            "torihiki_shiten_mei": "",
            "itakusha_yokin_shumoku": "",
            "itakusha_kouza_bangou": "",
        }
        self.files[0].put(self._layout.write("header", header) + _CR_LF)

    def write(self, line: Line) -> None:
        record = self._layout.write("data", line.fields)
        if line.refused is not None:
            start = self._layout.kinds["data"].by_name["yokinsha_mei"].start
            record = record[:start] + _NOT_KANA + record[start + len(_NOT_KANA) :]
        self.files[0].put(record + _CR_LF)
        self.files[0].lines += 1
        kingaku = int(line.fields["hikiotoshi_kingaku"])
        result = "furikaezumi" if line.fields["furikae_kekka_code"] == FURIKAEZUMI else "funou"
        for name in ("goukei", result):
            self.sums.update({f"{name}_kensuu": 1, f"{name}_kingaku": kingaku})

    def finish(self) -> None:
        self.files[0].put(self.ending())
        self.files[0].flush()

    def ending(self, wrong_by: int = 0) -> bytes:
        """トレーラとエンド: `wrong_by` yen too much in the sum when the bank makes a mistake."""
        names = self._layout.kinds["trailer"].by_name
        sums = {name: str(self.sums[name]) for name in names if name != "data_kubun"}
        sums["goukei_kingaku"] = str(self.sums["goukei_kingaku"] + wrong_by)
        records = self._layout.write("trailer", sums), self._layout.write("end", {})
        return b"".join(record + _CR_LF for record in records)


class CityFiles:
    """まちのファイル一式: `write` takes every line, `finish` completes the files and lists them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[Route, _CsvWriter | _StoreWriter | _BankWriter] = {}

    def write(self, line: Line) -> None:
        """一行を書く。"""
        if line.route not in self._writers:
            self._writers[line.route] = self._begin(line.route)
        self._writers[line.route].write(line)

    def finish(self, repeats: Repeats) -> list[Delivered]:
        """書き終える: trailers, repetitions, times; the files in order of delivery."""
        found = []
        for route, writer in sorted(self._writers.items(), key=lambda item: item[0]):
            writer.finish()
            trouble = "trailer_wrong" if route == repeats.trailer_wrong else ""
            found += [(route, file.path, file.lines, trouble) for file in writer.files]
        found += self._repeated(repeats)
        found.sort(key=lambda entry: (entry[0].delivered_on, entry[1].name))
        return [_delivered(*entry) for entry in found]

    def _begin(self, route: Route) -> _CsvWriter | _StoreWriter | _BankWriter:
        if route.family == BANK:
            return _BankWriter(self._folder, route)
        if route.family == STORE:
            return _StoreWriter(self._folder, route)
        return _CsvWriter(self._folder, route)

    def _repeated(self, repeats: Repeats) -> list[tuple[Route, Path, int, str]]:
        found = []
        wrong = repeats.trailer_wrong
        if wrong is not None and isinstance(writer := self._writers[wrong], _BankWriter):
            found.append(_corrected(wrong, writer))
        if repeats.resent_identical is not None:
            found.append(self._again(repeats.resent_identical, "resent_identical", _CR_LF))
        if repeats.resent_line_ends is not None:
            found.append(self._again(repeats.resent_line_ends, "resent_line_ends", b""))
        return found

    def _again(self, route: Route, trouble: str, line_end: bytes) -> tuple[Route, Path, int, str]:
        file = self._writers[route].files[0]
        path = file.path.with_name(f"{file.path.stem}_9{file.path.suffix}")
        path.write_bytes(file.path.read_bytes().replace(_CR_LF, line_end))
        return route._replace(delivered_on=route.delivered_on + _MUCH_LATER), path, file.lines, trouble


def _corrected(route: Route, writer: _BankWriter) -> tuple[Route, Path, int, str]:
    """What was written is the right file, to come later; the one with the wrong trailer takes its place."""
    path, lines = writer.files[0].path, writer.files[0].lines
    data = path.read_bytes()
    right = path.with_name(f"{path.stem}_2{path.suffix}")
    right.write_bytes(data)
    path.write_bytes(data.removesuffix(writer.ending()) + writer.ending(_WRONG_BY))
    return route._replace(delivered_on=route.delivered_on + _LATER), right, lines, "trailer_corrected"


def _delivered(route: Route, path: Path, lines: int, trouble: str) -> Delivered:
    delivered_at = datetime.combine(route.delivered_on, _DELIVERED_AT).timestamp()
    os.utime(path, (delivered_at, delivered_at))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Delivered(path.name, route.delivered_on.isoformat(), digest, path.stat().st_size, lines, trouble)


def totals(files: list[Delivered]) -> Mapping[str, int]:
    """ファイルの計: how many there are, their lines and bytes."""
    return {
        "files": len(files),
        "lines": sum(file.lines for file in files),
        "bytes": sum(file.size for file in files),
    }
