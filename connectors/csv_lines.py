"""CSV の行: reads CSV files by a layout that is data (`schemas/layout/*_csv.toml`), line by line.

The header is looked at as a whole: a column missing, twice or unknown refuses the file (R-105), since a
file whose columns moved would be read wrongly from end to end. After that each line stands alone: one
that does not decode, or whose cells do not fit, is refused and the others go on. A column that names an
official item (別添1) and is none of the layout's own is held as given; 個人番号 and 口座番号 are sealed here,
under whatever name their column comes.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

import schemas
from connectors.base import Arrived, FileFacts, FileRefused, Refused, Spec
from connectors.reading import ASK_SENDER, FIRST_YEAR, envelope, fits, shape
from connectors.secrets import Cipher
from schemas import records
from state import checks, ingest
from state.events import AtenaChanged, ChouteiEstablished, KirokuHeld
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken

BOM = b"\xef\xbb\xbf"
LINE_BYTES = 64 << 10
JOINED_LINES = 50
"""How far a quoted cell may run on: a quote that was never closed must not swallow the rest of the file."""

INT_END, INT_DIGITS = 2**31, 10
YEN_DIGITS = 18
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CELL = rb'(?:"(?:[^"]++|"")*+"|[^",\r\n]*+)'
_WHOLE = re.compile(_CELL + rb"(?:," + _CELL + rb")*+")
_OPEN = re.compile(rb"(?:" + _CELL + rb',)*+"(?:[^"]++|"")*+')  # ends inside a quoted cell
_REMARK = re.compile(r"\(.*?\)")
_INTEGER = re.compile(r"-?[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KOUZA = re.compile(r"[0-9]{1,14}")  # 口座番号 has 7 digits, 記号番号 of ゆうちょ without hyphen up to 13


class BadCell(Exception):
    """合わない値: why one cell does not fit; becomes a Refusal with the column's name."""

    def __init__(self, code: str, expected: str, found: str) -> None:
        super().__init__(code)
        self.code, self.expected, self.found = code, expected, found


class Column(NamedTuple):
    """列: one column of a layout."""

    ja: str
    field: str
    type: str
    required: bool


class CsvLayout(NamedTuple):
    """CSV の様式。"""

    ja: str
    files: tuple[str, ...]
    encoding: str
    columns: tuple[Column, ...]


@cache
def load_csv_layout(name: str) -> CsvLayout:
    """様式を読む: `load_csv_layout("atena_csv")`."""
    stated = schemas.load_toml(f"layout/{name}")
    columns = tuple(Column(**column) for column in stated["columns"])
    return CsvLayout(stated["ja"], tuple(stated["files"]), stated["encoding"], columns)


def _integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise BadCell("R-204", "整数", shape(text))
    number = int(text) if len(text) <= INT_DIGITS else INT_END
    if not -INT_END <= number < INT_END:
        raise BadCell("R-204", f"{-INT_END}から{INT_END - 1}", shape(text))
    return number


def _yen(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise BadCell("R-204", "円の整数", shape(text))
    if len(text) > YEN_DIGITS:
        raise BadCell("R-206", f"0から{ingest.YEN_MAX}円", shape(text))
    return int(text)


@lru_cache(maxsize=4096)
def _calendar(text: str) -> date | None:
    try:
        day = date(int(text[:4]), int(text[5:7]), int(text[8:]))
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR else None


def _day(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise BadCell("R-204", "YYYY-MM-DD の日付", shape(text))
    day = _calendar(text)
    if day is None:
        raise BadCell("R-208", f"暦にある、{FIRST_YEAR}年以後の日付", "それ以外の日付")
    return day


def _kojin_bangou(text: str) -> str:
    if len(text) != checks.KOJIN_LENGTH or not (text.isascii() and text.isdigit()):
        raise BadCell("R-204", f"{checks.KOJIN_LENGTH}桁の数字", shape(text))
    if not checks.is_kojin_bangou(text):
        raise BadCell("R-205", "合う検査用数字", "合わない検査用数字")
    return text


def _kouza_bangou(text: str) -> str:
    if _KOUZA.fullmatch(text) is None:
        raise BadCell("R-204", "14桁までの数字", shape(text))
    return text


_Convert = Callable[[str], Any]
_SECRETS = ("kojin_bangou", "kouza_bangou")
_CONVERT: dict[str, _Convert | None] = {
    "text": None,
    "int": _integer,
    "yen": _yen,
    "date": _day,
    "kojin_bangou": _kojin_bangou,
    "kouza_bangou": _kouza_bangou,
}


def value_of(kind: str, text: str) -> Any:
    """値を読む: text of one type of the layouts, for readers whose cells hold several; raises BadCell."""
    convert = _CONVERT[kind]
    return text if convert is None else convert(text)


class Cell(NamedTuple):
    """列の読み方: where a value stands, what it is called, and how it is read."""

    at: int
    name: str
    ja: str
    convert: _Convert | None
    required: bool
    secret: str | None
    is_held: bool


class Header(NamedTuple):
    """見出し: the columns of one file by what is done with them; `own` are the layout's, `held` the others."""

    width: int
    own: tuple[Cell, ...]
    held: tuple[Cell, ...]
    required: tuple[Cell, ...]
    converted: tuple[Cell, ...]
    secrets: tuple[Cell, ...]


class Row(NamedTuple):
    """一行: its values by field, with secrets sealed, and what is held."""

    line: int
    values: dict[str, Any]
    held: dict[str, str]


Arrive = Callable[[Row, FileFacts], Arrived | Refusal]


@cache
def _official() -> Mapping[str, str]:
    """Every name that an official item goes by -> its identifier."""
    found: dict[str, str] = {}
    for record in records.records():
        for item in records.items(record):
            for label in (item.name, item.ja):
                found[_plain(label)] = item.name
    return found


def _plain(label: str) -> str:
    """個人番号(マイナンバー), in brackets of either width, is 個人番号."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", label)).strip()


def read_header(layout: CsvLayout, raw: bytes) -> Header | Refusal:
    """見出しを読む: R-101 or R-105; an unknown name is not shown, since it may be a line of someone's data."""
    _, first = next(physical_records(raw))
    cells = split_cells(first, layout.encoding)
    if isinstance(cells, Refusal):
        return cells
    labels = [_plain(cell) for cell in cells]
    own = {label: column for column in layout.columns for label in (column.field, _plain(column.ja))}
    read: list[Cell] = []
    for at, label in enumerate(labels):
        column, item = own.get(label), _official().get(label)
        if column is not None:
            convert, secret = _CONVERT[column.type], column.type if column.type in _SECRETS else None
            read.append(Cell(at, column.field, column.ja, convert, column.required, secret, False))
        elif item is not None:
            tag = records.confidential_items().get(item)
            convert = _kojin_bangou if tag == "kojin_bangou" else None
            read.append(Cell(at, item, label, convert, False, tag, True))
        else:
            return _bad_header(layout, "様式か別添1にある列名", f"{at + 1}列目にない列名")
    return _incomplete(layout, read) or _header_of(len(labels), read)


def _header_of(width: int, cells: list[Cell]) -> Header:
    def those(is_wanted: Callable[[Cell], bool]) -> tuple[Cell, ...]:
        return tuple(filter(is_wanted, cells))

    return Header(
        width,
        own=those(lambda cell: not cell.is_held),
        held=those(lambda cell: cell.is_held),
        required=those(lambda cell: cell.required),
        converted=those(lambda cell: cell.convert is not None),
        secrets=those(lambda cell: cell.secret is not None),
    )


def _incomplete(layout: CsvLayout, cells: list[Cell]) -> Refusal | None:
    names = [cell.name for cell in cells]
    missing = [column.ja for column in layout.columns if column.field not in names]
    if missing:
        return _bad_header(layout, f"すべての列({'、'.join(missing)})", f"{len(missing)}列がない")
    twice = len(names) - len(set(names))
    return _bad_header(layout, "一つの項目に一つの列", f"{twice}列の重なり") if twice else None


def _bad_header(layout: CsvLayout, expected: str, found: str) -> Refusal:
    return refusal("R-105", f"{layout.ja}の見出し", expected, found, ASK_SENDER)


def physical_records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """行に分ける: (line from 1, bytes without the line end); a quoted cell may run over several lines.

    Line ends, quotes and commas are one byte, the same in UTF-8 and CP932, and part of no other character.
    """
    lines = raw.removeprefix(BOM).rstrip(b"\r\n\x1a").split(b"\n")
    at = 0
    while at < len(lines):
        end = at + 1
        if lines[at].count(b'"') % 2 and _OPEN.fullmatch(lines[at]):
            end = _end_of_quote(lines, at)
        yield at + 1, b"\n".join(lines[at:end]).removesuffix(b"\r")
        at = end


def _end_of_quote(lines: list[bytes], at: int) -> int:
    """The line after the one that closes the quote; the very next line when none near does so properly."""
    for end in range(at + 1, min(at + JOINED_LINES, len(lines))):
        if lines[end].count(b'"') % 2:
            joined = b"\n".join(lines[at : end + 1]).removesuffix(b"\r")
            return end + 1 if _WHOLE.fullmatch(joined) else at + 1
    return at + 1


def split_cells(record: bytes, encoding: str) -> list[str] | Refusal:
    """値に分ける: R-101 for bytes that are no text, R-204 for a line too long, control characters, quotes."""
    if len(record) > LINE_BYTES:
        return refusal("R-204", "行の長さ", f"{LINE_BYTES}バイトまで", f"{len(record)}バイト", ASK_SENDER)
    try:
        text = record.decode(encoding)
    except UnicodeDecodeError as error:
        found = f"{error.start + 1}バイト目に読めないバイト"
        return refusal("R-101", "行の文字", encoding.upper(), found, ASK_SENDER)
    if _CONTROL.search(record) or (b"\r" in record and b'"' not in record):
        return refusal("R-204", "行の文字", "制御文字のない行", "制御文字", ASK_SENDER)
    if '"' not in text:
        return text.split(",")
    if _WHOLE.fullmatch(record) is None:
        return refusal(
            "R-204", "引用符", "値の全体を囲む一組の引用符", "閉じていないか余計な引用符", ASK_SENDER
        )
    return next(csv.reader([text], strict=True))


Lined = TypeVar("Lined", AtenaChanged, ChouteiEstablished, KirokuHeld, TetsuzukiTaken)


def event_of(
    cls: type[Lined], spec: Spec, row: Row, facts: FileFacts, ident: str, occurred_on: date
) -> Lined:
    """行から異動: an event whose fields, beside the envelope, are the row's values of the same names."""
    facts = facts._replace(jichitai_code=row.values["jichitai_code"])
    begin: tuple[Any, ...] = (ident, *envelope(spec, facts, row.line, occurred_on))
    made: Any = cls  # mypy does not see a named tuple's own methods through the type variable
    names = made._fields[len(begin) : made._fields.index("held")]
    event: Lined = made(*begin, *[row.values[name] for name in names], row.held)
    return event


class CsvReader:
    """CSV の読み手: the part that all CSV sources share; `arrive` makes the event of a row."""

    def __init__(self, spec: Spec, layout: CsvLayout, cipher: Cipher, arrive: Arrive) -> None:
        self.spec = spec
        self._layout, self._cipher, self._arrive = layout, cipher, arrive

    def matches(self, name: str) -> bool:
        """この様式の名前か。"""
        return fits(name, self._layout.files)

    def check(self, raw: bytes, facts: FileFacts) -> FileRefused | None:
        """ファイル全体を見る: its header."""
        header = read_header(self._layout, raw)
        return FileRefused(header, 1) if isinstance(header, Refusal) else None

    def lines(self, raw: bytes, facts: FileFacts) -> Iterator[Arrived | Refused]:
        """行ごとに読む: the lines of a file that `check` let pass."""
        header = read_header(self._layout, raw)
        if isinstance(header, Refusal):
            raise ValueError(f"{facts.name}: check refuses this file; its lines are not read")
        following = physical_records(raw)
        next(following)
        for line, record in following:
            row = self._row(line, record, header)
            outcome = row if isinstance(row, Refusal) else self._arrive(row, facts)
            yield Refused(line, outcome, record) if isinstance(outcome, Refusal) else outcome

    def _row(self, line: int, record: bytes, header: Header) -> Row | Refusal:
        texts = split_cells(record, self._layout.encoding)
        if isinstance(texts, Refusal):
            return texts
        if len(texts) != header.width:
            return refusal("R-105", "列の数", f"{header.width}列", f"{len(texts)}列", ASK_SENDER)
        values: dict[str, Any] = {cell.name: texts[cell.at] or None for cell in header.own}
        for cell in header.required:
            if values[cell.name] is None:
                return refusal("R-203", cell.ja, "値", "空", ASK_SENDER)
        held = {cell.name: texts[cell.at] for cell in header.held if texts[cell.at]}
        row = Row(line, values, held)
        return _convert(row, header) or self._sealed(row, header)

    def _sealed(self, row: Row, header: Header) -> Row:
        for cell in header.secrets:
            into = row.held if cell.is_held else row.values
            text = into.get(cell.name)
            if text is not None:
                into[cell.name] = self._cipher.seal_text(text, f"{cell.secret}/{row.values['atena_bangou']}")
        return row


def _convert(row: Row, header: Header) -> Refusal | None:
    """Read the values that are more than text, in their place."""
    for cell in header.converted:
        into = row.held if cell.is_held else row.values
        text = into.get(cell.name)
        if text is not None and cell.convert is not None:
            try:
                into[cell.name] = cell.convert(text)
            except BadCell as bad:
                return refusal(bad.code, cell.ja, bad.expected, bad.found, ASK_SENDER)
    return None
