"""互換性: can bytes written with one version of a schema be read with another, by Avro's rules of resolution?

`conflicts(writer, reader)` says why not. FULL compatibility is no conflict in either direction. Beyond
Avro's own rules, a change of the logical type is a conflict: the bytes would read, and mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
_NAMED = ("record", "enum", "fixed")


def conflicts(writer: Any, reader: Any, at: str = "") -> list[str]:
    """不整合: a sentence for each place where data of `writer` cannot be read as `reader`."""
    if isinstance(writer, list):
        return [line for branch in writer for line in conflicts(branch, reader, at)]
    if isinstance(reader, list):
        return _into_union(writer, reader, at)
    written, read = _kind(writer), _kind(reader)
    if written != read and read not in _PROMOTIONS.get(written, ()):
        return [f"{at or 'schema'}: {written} cannot be read as {read}"]
    if _logical(writer) != _logical(reader):
        return [
            f"{at or 'schema'}: {_logical(writer) or written} would be taken for {_logical(reader) or read}"
        ]
    if isinstance(writer, dict) and isinstance(reader, dict):
        return _inside(writer, reader, written, at)
    return []


def _kind(schema: Any) -> str:
    return str(schema["type"] if isinstance(schema, dict) else schema)


def _logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, dict) else None


def _into_union(writer: Any, reader: list[Any], at: str) -> list[str]:
    attempts = [conflicts(writer, branch, at) for branch in reader]
    if not all(attempts):
        return []
    same_kind = [
        lines for branch, lines in zip(reader, attempts, strict=True) if _kind(branch) == _kind(writer)
    ]
    if same_kind:
        return same_kind[0]
    return [f"{at or 'schema'}: {_kind(writer)} fits no branch of {[_kind(b) for b in reader]}"]


def _inside(writer: Mapping[str, Any], reader: Mapping[str, Any], kind: str, at: str) -> list[str]:
    if kind in _NAMED and _full_name(writer) not in (_full_name(reader), *reader.get("aliases", [])):
        return [f"{at or 'schema'}: named {_full_name(writer)}, read as {_full_name(reader)}"]
    match kind:
        case "record":
            return _fields(writer, reader, at)
        case "array":
            return conflicts(writer["items"], reader["items"], f"{at}[]")
        case "map":
            return conflicts(writer["values"], reader["values"], f"{at}{{}}")
        case "enum":
            unknown = set(writer["symbols"]) - set(reader["symbols"])
            if unknown and "default" not in reader:
                return [f"{at}: symbols {sorted(unknown)} are unknown to the reader"]
        case "fixed":
            if writer["size"] != reader["size"]:
                return [f"{at}: {writer['size']} bytes, read as {reader['size']}"]
    return []


def _full_name(schema: Mapping[str, Any]) -> str:
    space = schema.get("namespace")
    return f"{space}.{schema['name']}" if space else str(schema["name"])


def _fields(writer: Mapping[str, Any], reader: Mapping[str, Any], at: str) -> list[str]:
    written = {field["name"]: field for field in writer["fields"]}
    found: list[str] = []
    for field in reader["fields"]:
        path = f"{at}.{field['name']}" if at else field["name"]
        names = [field["name"], *field.get("aliases", [])]
        source = next((written[name] for name in names if name in written), None)
        if source is not None:
            found += conflicts(source["type"], field["type"], path)
        elif "default" not in field:
            found.append(f"{path}: was not written, and the reader has no default for it")
    return found
