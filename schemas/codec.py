"""符号化: frozen values to and from Confluent's wire format (0x00, four-byte schema id, Avro body).

Types are registered under their schema's name; the codec turns a value of the type into bytes and back. Days
are `datetime.date`, instants are milliseconds as `int` (their logical type stays in the published schema), a
list of nested records is a tuple of their types. The newest version of a schema is read and written by
compiled functions (`schemas.bodies`); older versions are read by fastavro, by Avro's rules of resolution.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer

import schemas
from schemas import registry
from schemas.bodies import CHOSEN, Bodies, Read

MAGIC = 0
HEADER = struct.Struct(">bI")
Mend = Callable[[Any], Any]
AHEAD = 100
"""Ids are given one after the other: one soon after our last is a newer release's, one far off nobody's."""
_VERSION = re.compile(r"\.v(\d+)$")


class DecodeError(Exception):
    """解読不能: the bytes are not a message of ours. `kind` is the reason's word; the content is never shown."""

    def __init__(self, kind: str, expected: str, found: str) -> None:
        super().__init__(f"{kind}: expected {expected}, found {found}")
        self.kind, self.expected, self.found = kind, expected, found


class NewerRelease(DecodeError):
    """新しい版のもの: a schema id that follows the last one known here.

    Where only the hub itself writes, the message is right and its reader too old: taken for bad input, it
    would be lost.
    """

    def __init__(self, schema_id: int) -> None:
        last = f"a schema id up to {registry.last_id()}"
        super().__init__("unknown-schema", f"{last} (run the newer release that wrote this)", str(schema_id))


def without_instants(avsc: Any) -> Any:
    """時刻を整数のまま扱う: the same schema with timestamp-millis read and written as plain milliseconds."""
    if isinstance(avsc, list):
        return [without_instants(part) for part in avsc]
    if not isinstance(avsc, dict):
        return avsc
    if avsc.get("logicalType") == "timestamp-millis":
        return avsc["type"]
    return {key: without_instants(part) for key, part in avsc.items()}


def spelled_out(avsc: Any, known: dict[str, Any] | None = None) -> Any:
    """名前を展開する: the same schema with every reference to a record replaced by the record.

    Avro names a record once and refers to it afterwards; the compiled codec takes each place by itself.
    """
    known = {} if known is None else known
    if isinstance(avsc, str):
        return known.get(avsc, avsc)
    if isinstance(avsc, list):
        return [spelled_out(part, known) for part in avsc]
    if not isinstance(avsc, dict):
        return avsc
    spelled = {key: _part(key, part, known) for key, part in avsc.items()}
    if spelled.get("type") == "record":
        known[f"{spelled.get('namespace', '')}.{spelled['name']}"] = spelled
    return spelled


def _part(key: str, part: Any, known: dict[str, Any]) -> Any:
    if key == "fields":
        return [{**field, "type": spelled_out(field["type"], known)} for field in part]
    return spelled_out(part, known) if key in ("type", "items", "values") else part


def base_name(name: str) -> str:
    """版を除いた名: `event/atena_changed.v1` -> `event/atena_changed`."""
    return _VERSION.sub("", name)


def version_of(name: str) -> int:
    """版: `event/atena_changed.v2` -> 2. Raises ValueError for a name without one."""
    found = _VERSION.search(name)
    if found is None:
        raise ValueError(f"{name}: a schema's name ends in .v<number>")
    return int(found.group(1))


def unknown(schema_id: int) -> DecodeError:
    """知らない様式: what to raise for an id that nothing here reads."""
    if registry.last_id() < schema_id <= registry.last_id() + AHEAD:
        return NewerRelease(schema_id)
    return DecodeError("unknown-schema", "a registered schema id", str(schema_id))


class Codec:
    """符号器: built once from {schema name without version: value type}; immutable afterwards.

    `types` names the type of each message; `nested` the types of records inside them, by their Avro name;
    `bodies` who reads and writes, for tests that compare; `mended` what a value that an older version wrote
    becomes where Avro's rules alone would leave something of it behind.
    """

    def __init__(
        self,
        types: Mapping[str, type[Any]],
        nested: Mapping[str, type[Any]],
        bodies: Bodies = CHOSEN,
        mended: Mapping[str, Mend] | None = None,
    ) -> None:
        self._types, self._nested, self.bodies = dict(types), dict(nested), bodies
        self._mended = dict(mended or {})
        self._writers: dict[type[Any], tuple[bytes, Callable[[Any], bytes]]] = {}
        self._readers: dict[int, Read] = {}
        for base, cls in types.items():
            self._add(base, cls)

    def _add(self, base: str, cls: type[Any]) -> None:
        versions = sorted((n for n in schemas.avsc_names() if base_name(n) == base), key=version_of)
        if not versions:
            raise KeyError(f"{base}: no such schema under schemas/avro")
        newest = without_instants(schemas.load_avsc(versions[-1]))
        self._same_fields(cls, newest)
        header = HEADER.pack(MAGIC, registry.id_of(versions[-1]))
        whole = spelled_out(newest)
        self._writers[cls] = (header, self.bodies.writer(whole, self._nested))
        read = self.bodies.reader(whole, self._nested, cls)
        for name in versions[:-1]:
            self._readers[registry.id_of(name)] = _older(name, newest, read, self._mended.get(base))
        self._readers[registry.id_of(versions[-1])] = read

    def _same_fields(self, cls: type[Any], avsc: Mapping[str, Any]) -> None:
        fields: tuple[str, ...] = cls._fields
        stated = tuple(field["name"] for field in avsc["fields"])
        if fields != stated:
            raise TypeError(f"{cls.__name__}: fields {fields} differ from its schema's {stated}")

    def types_of(self, bases: Iterable[str]) -> frozenset[type[Any]]:
        """様式の型: the value types registered for these schemas."""
        return frozenset(self._types[base] for base in bases)

    def encode(self, value: Any) -> bytes:
        """符号化: a registered value -> header and body. Raises KeyError for an unregistered type."""
        header, write = self._writers[type(value)]
        return header + write(value)

    def decode(self, data: bytes) -> Any:
        """復号: bytes -> the value. Raises DecodeError with its kind; never shows what the bytes hold."""
        if len(data) < HEADER.size:
            raise DecodeError("too-short", f"at least {HEADER.size} bytes", f"{len(data)} bytes")
        magic, schema_id = HEADER.unpack_from(data)
        if magic != MAGIC:
            raise DecodeError("no-magic", "first byte 0x00", f"0x{data[0]:02x}")
        read = self._readers.get(schema_id)
        if read is None:
            raise unknown(schema_id)
        try:
            value, end = read(data, HEADER.size)
        except Exception as error:  # noqa: BLE001 -- a stranger's bytes break a reader in many ways
            raise DecodeError("bad-body", f"a body of schema {schema_id}", type(error).__name__) from None
        if end != len(data):
            raise DecodeError("bad-length", f"{end} bytes", f"{len(data)} bytes")
        return value


def _older(name: str, newest: dict[str, Any], read: Read, mend: Mend | None) -> Read:
    """A reader of an older version: fastavro resolves it to the newest, whose reader builds the value."""
    writer = cast(dict[str, Any], parse_schema(without_instants(schemas.load_avsc(name))))
    reader = cast(dict[str, Any], parse_schema(newest))

    def read_older(data: bytes, at: int) -> tuple[Any, int]:
        buffer = io.BytesIO(data)
        buffer.seek(at)
        resolved = schemaless_reader(buffer, writer, reader)
        again = io.BytesIO()
        schemaless_writer(again, reader, cast(dict[str, Any], resolved))
        value, _ = read(again.getvalue(), 0)
        return (value if mend is None else mend(value)), buffer.tell()

    return read_older
