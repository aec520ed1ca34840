"""移転の様式: reads the transfers of one contract and writes them as the receiver gets them. No files, no clock.

CSV for machines (UTF-8, RFC 4180, first line the 項目名, lists joined by `;`, days and instants as ISO 8601),
and a list to be printed for 紙. The same records always give the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Any, NamedTuple, cast
from unicodedata import east_asian_width

from fastavro import parse_schema, schemaless_reader

import schemas
from connectors.delivery import Problem, Record
from connectors.tables import newest
from schemas import registry
from schemas.codec import HEADER, MAGIC, NewerRelease, base_name, unknown, without_instants

ROWS_PER_PAGE = 40
JST = timezone(timedelta(hours=9))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Layout(NamedTuple):
    """様式: what is known of a contract's transfers: what it states, the fields with their Japanese names."""

    contract: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """移転する項目: the fields that the contract lists; the others say what, why and on which ground."""
        return [field for field in self.fields if field["name"] in self.contract["fields"]]


def contracts() -> tuple[str, ...]:
    """契約の一覧: ids of all contracts, sorted."""
    return schemas.names("contract", ".toml")


@cache
def layout(contract: str) -> Layout:
    """様式を得る: of a contract by its id, in the newest version of its schema."""
    stated = schemas.load_avsc(newest(f"transfer/{contract}"))["fields"]
    return Layout(schemas.load_toml(f"contract/{contract}"), tuple(stated))


def read_transfer(record: Record, form: Layout) -> dict[str, Any] | Problem:
    """移転を読む: the fields of one transfer by name, in the newest version; or why it cannot be delivered.

    Raises NewerRelease for what only a newer release of the hub can read.
    """

    def problem(reason: str, found: str) -> Problem:
        return Problem(record.topic, record.partition, record.offset, reason, found)

    data = record.value or b""
    if len(data) < HEADER.size or data[0] != MAGIC:
        return problem("R-201", "no message in wire format")
    schema_id = HEADER.unpack_from(data)[1]
    name = _names().get(schema_id)
    if name is None and isinstance(newer := unknown(schema_id), NewerRelease):
        raise newer
    if name is None or base_name(name) != f"transfer/{form.contract['id']}":
        return problem("R-202", name or f"unknown schema {schema_id}")
    body, makers = io.BytesIO(data), _makers(form.contract["id"])
    body.seek(HEADER.size)
    try:
        value: Any = schemaless_reader(body, _parsed(name), _newer(name))
        row = {name: made(value[name]) if made else value[name] for name, made in makers}
    except Exception as error:  # noqa: BLE001 -- a stranger's bytes break a reader in many ways
        return problem("R-201", f"bad body: {type(error).__name__}")
    return row if body.tell() == len(data) else problem("R-201", "bytes after the body")


@cache
def _names() -> dict[int, str]:
    return {entry.schema_id: entry.name for entry in registry.entries()}


@cache
def _parsed(name: str) -> dict[str, Any]:
    return cast(dict[str, Any], parse_schema(without_instants(schemas.load_avsc(name))))


@cache
def _newer(name: str) -> dict[str, Any] | None:
    """The schema to read an older version as; None for the newest, which is read as it is, and quicker."""
    last = newest(base_name(name))
    return None if last == name else _parsed(last)


def _kind(field: Mapping[str, Any]) -> str:
    """What a field holds, whether or not it may be null."""
    kind = field["type"][1] if isinstance(field["type"], list) else field["type"]
    return kind if isinstance(kind, str) else str(kind.get("logicalType", kind["type"]))


@cache
def _makers(contract: str) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """The fields in their order, and what makes the value of each; None where it stays as it is."""
    known: dict[str, Callable[[Any], Any]] = {"timestamp-millis": _on_the_wall, "array": _joined}
    return tuple((field["name"], known.get(_kind(field))) for field in layout(contract).fields)


def _on_the_wall(millis: int | None) -> str | None:
    """An instant of the record, as the clock on the office's wall shows it."""
    if millis is None:
        return None
    return (EPOCH + timedelta(milliseconds=millis)).astimezone(JST).isoformat(timespec="milliseconds")


def _joined(texts: Sequence[str] | None) -> str | None:
    return None if texts is None else ";".join(texts)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, date) else str(value)


def texts(row: Mapping[str, Any]) -> list[str]:
    """一行の文字列: the cells of a transfer as CSV shows them; nothing is an empty cell, a yes is 1, a no 0."""
    return [_text(value) for value in row.values()]


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV にする: header and rows, RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def as_list(form: Layout, rows: Sequence[Mapping[str, Any]], stem: str) -> bytes:
    """印字用の一覧: 40 lines a page, widths by what a full-width character takes, totals of the yen."""
    items = form.items
    yen = [field["name"] for field in items if _kind(field) == "long"]
    wanted = [(field["name"], field["name"] in yen) for field in items]
    shown = ([_shown(row[name], of_yen) for name, of_yen in wanted] for row in rows)
    body = [[f"{number}", *of_row] for number, of_row in enumerate(shown, 1)]
    sums = [f"{sum(row[f['name']] or 0 for row in rows):,}" if f["name"] in yen else "" for f in items]
    head, foot = ["番号", *[field["ja"] for field in items]], ["計", *sums]
    widths = [max(map(_width, column)) for column in zip(head, foot, *body, strict=True)]
    is_number = [True, *[field["name"] in yen for field in items]]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(map(_padded, cells, widths, is_number)).rstrip()

    starts = range(0, len(body), ROWS_PER_PAGE)
    pages = []
    for page, start in enumerate(starts, 1):
        about = (
            f"移転一覧  {form.contract['to']}  契約 {form.contract['id']}  {stem}  {page}/{len(starts)}頁"
        )
        lines = [about, f"用途: {form.contract['purpose']}", "", line(head)]
        pages.append("\n".join([*lines, *map(line, body[start : start + ROWS_PER_PAGE])]))
    return ("\n\f".join(pages) + f"\n\n{line(foot)}\n{len(rows)}件\n").encode()


def _shown(value: Any, of_yen: bool) -> str:
    return f"{value:,}" if of_yen and value is not None else " ".join(_text(value).split())


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in text)


def _padded(text: str, width: int, is_number: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if is_number else text + space
