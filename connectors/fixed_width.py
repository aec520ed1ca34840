"""固定長ファイル: reads and writes records of fixed length by a layout that is data (`schemas/layout/*.toml`).

Positions are not stated in a layout: they follow from the lengths, and the lengths must fill the record
(checked when the layout is loaded). A record that does not fit is a Refusal that names the field and where
it stands, never what it holds. Field types: N digits (kept with their leading zeros), C half-width text
(trailing spaces dropped), D dummy (ignored, absent from the fields). Source of the two layouts: domain.md
5.1, 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import schemas
from connectors import kana
from state.reasons import Refusal, refusal

DIGITS, TEXT, DUMMY = "N", "C", "D"
_LINE_ENDS = b"\r\n\x1a"
_ASK_SENDER = "送り主に正しいファイルの再送を求める"


class LayoutError(Exception):
    """様式の誤り: a layout file that contradicts itself; a programmer's error, found when it is loaded."""


class Field(NamedTuple):
    """項目: one field of a record; `start` and `end` are byte offsets from 0, computed."""

    seq: int
    name: str
    ja: str
    type: str
    length: int
    start: int
    end: int
    value: str | None  # a constant
    blank: bool  # an N field that may be left unused


class RecordKind(NamedTuple):
    """レコードの種類: its kind in our words, the first byte that marks it ("" if there is one kind only)."""

    kind: str
    mark: str
    ja: str
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field]


class Record(NamedTuple):
    """レコード: one record as text, by field name."""

    kind: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Layout:
    """固定長の様式: what one kind of file looks like, and the functions that follow from it."""

    name: str
    ja: str
    record_length: int
    verified: bool
    sources: tuple[str, ...]
    files: tuple[str, ...]
    kinds: Mapping[str, RecordKind]
    by_mark: Mapping[bytes, RecordKind]

    def split(self, raw: bytes) -> list[tuple[int, bytes]] | Refusal:
        """レコードに分ける: (line from 1, record) in file order, or R-102 when a length does not fit.

        CR LF, LF or nothing between the records; line ends and 0x1A after the last one are tolerated.
        """
        body = raw.rstrip(_LINE_ENDS)
        length = self.record_length
        if b"\n" in body:
            records = [line.removesuffix(b"\r") for line in body.split(b"\n")]
        else:
            records = [body[at : at + length] for at in range(0, len(body), length)]
        for line, record in enumerate(records, 1):
            if len(record) != length:
                return self._wrong_length(f"{line}行目", len(record))
        return list(enumerate(records, 1)) if records else self._wrong_length("ファイル全体", 0)

    def parse(self, record: bytes) -> Record | Refusal:
        """レコードを読む: every field but dummies, or the Refusal of the first one that does not fit."""
        kind = self.kind_of(record)
        if isinstance(kind, Refusal):
            return kind
        fields: dict[str, str] = {}
        for field in kind.fields:
            if field.type == DUMMY:
                continue
            text = self._read(kind, field, record)
            if isinstance(text, Refusal):
                return text
            fields[field.name] = text
        return Record(kind.kind, fields)

    def kind_of(self, record: bytes) -> RecordKind | Refusal:
        """レコードの種類を見る: by its first byte (R-106 for an unknown one, R-102 for a wrong length)."""
        if len(record) != self.record_length:
            return self._wrong_length("レコード", len(record))
        kind = self.by_mark.get(record[:1]) or self.by_mark.get(b"")
        if kind is None:
            marks = "、".join(sorted(mark.decode() for mark in self.by_mark))
            return refusal(
                "R-106",
                f"{self.ja}: 1バイト目のデータ区分",
                f"{marks} のいずれか",
                "それ以外の値",
                _ASK_SENDER,
            )
        return kind

    def take(self, record: bytes, name: str) -> str | Refusal:
        """一項目だけ読む: one field, without looking at the others. Raises KeyError for a name the kind lacks."""
        kind = self.kind_of(record)
        if isinstance(kind, Refusal):
            return kind
        return self._read(kind, kind.by_name[name], record)

    def write(self, kind: str, fields: Mapping[str, str]) -> bytes:
        """レコードを書く: constants and dummies are filled in.

        Raises ValueError for what does not fit or is no field, KeyError for a field that is missing; both
        name the field, not its content.
        """
        stated = self.kinds[kind]
        unknown = fields.keys() - stated.by_name.keys()
        if unknown:
            raise ValueError(f"{self.name} {kind}: no such field: {', '.join(sorted(unknown))}")
        return b"".join([self._write(stated, field, fields) for field in stated.fields])

    def _read(self, kind: RecordKind, field: Field, record: bytes) -> str | Refusal:
        part = record[field.start : field.end]
        if field.type == TEXT:
            try:
                return kana.decode(part).rstrip(" ")
            except kana.KanaError as error:
                place = f"{self._where(kind, field)} の{error.place}文字目"
                return refusal("R-101", place, "JIS X 0201 の1バイト文字", "それ以外のバイト", _ASK_SENDER)
        if not part.isdigit():
            if field.blank and not part.strip(b" "):
                return ""
            return refusal(
                "R-204", self._where(kind, field), f"数字{field.length}桁", "数字でない文字", _ASK_SENDER
            )
        text = part.decode("ascii")
        if field.value is not None and text != field.value:
            return refusal("R-106", self._where(kind, field), field.value, "それ以外の値", _ASK_SENDER)
        return text

    def _write(self, kind: RecordKind, field: Field, fields: Mapping[str, str]) -> bytes:
        if field.type == DUMMY:
            return b" " * field.length
        text = fields[field.name] if field.value is None or field.name in fields else field.value
        try:
            return _filled(field, text)
        except ValueError as error:
            raise ValueError(f"{self.name} {kind.kind} {field.name}: {error}") from None

    def _where(self, kind: RecordKind, field: Field) -> str:
        return f"{self.ja} {kind.ja}: {field.ja} ({field.name}) {field.start + 1}-{field.end}バイト"

    def _wrong_length(self, where: str, found: int) -> Refusal:
        return refusal(
            "R-102", f"{self.ja}: {where}", f"{self.record_length}バイト", f"{found}バイト", _ASK_SENDER
        )


def _filled(field: Field, text: str) -> bytes:
    if field.value is not None and text != field.value:
        raise ValueError(f"expected the constant {field.value}")
    if len(text) > field.length:
        raise ValueError(f"expected at most {field.length} characters, found {len(text)}")
    if field.type == TEXT:
        return kana.encode_zengin(text).ljust(field.length, b" ")
    if text.isdigit() and text.isascii():
        return text.encode("ascii").rjust(field.length, b"0")
    if not text and field.blank:
        return b" " * field.length
    raise ValueError("expected digits")


@cache
def load_layout(name: str) -> Layout:
    """様式を読む: `load_layout("kouza_furikae")`. Raises LayoutError when the lengths do not fill the record."""
    stated = schemas.load_toml(f"layout/{name}")
    kinds = [_record_kind(name, stated["record_length"], record) for record in stated["record"]]
    return Layout(
        name=name,
        ja=stated["ja"],
        record_length=stated["record_length"],
        verified=stated["verified"],
        sources=tuple(stated["sources"]),
        files=tuple(stated.get("files", ())),
        kinds={kind.kind: kind for kind in kinds},
        by_mark={kind.mark.encode(): kind for kind in kinds},
    )


def _record_kind(layout: str, record_length: int, stated: Mapping[str, Any]) -> RecordKind:
    fields: list[Field] = []
    at = 0
    for seq, entry in enumerate(stated["fields"], 1):
        where = f"layout {layout}, {stated['kind']}, {entry['name']}"
        if entry["seq"] != seq or entry["type"] not in (DIGITS, TEXT, DUMMY):
            raise LayoutError(f"{where}: expected seq {seq} and a type N, C or D")
        end = at + entry["length"]
        fields.append(
            Field(
                seq, entry["name"], entry["ja"], entry["type"], entry["length"], at, end,
                entry.get("value"), entry.get("blank", False),
            )
        )  # fmt: skip
        at = end
    if at != record_length:
        raise LayoutError(f"layout {layout}, {stated['kind']}: lengths add up to {at}, not {record_length}")
    by_name = {field.name: field for field in fields if field.type != DUMMY}
    return RecordKind(stated["kind"], stated.get("mark", ""), stated["ja"], tuple(fields), by_name)
