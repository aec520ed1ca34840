"""組込み符号: a writer and a reader of Avro bodies, generated as Python source for one schema.

fastavro reads any schema; the ledger reads a handful, millions of times, and spends half its time turning
days and records into dictionaries. Here each schema becomes two straight functions over named tuples, about
four times as quick (`bench/codec.py`), writing the very bytes that fastavro writes (a test compares them).
Kinds supported: those our schemas use: string, bytes, int, long, boolean, date, a union of null and one of
these, arrays, maps of strings, and records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

EPOCH = date(1970, 1, 1).toordinal()
INT_MAX, LONG_MAX = 2**31 - 1, 2**63 - 1
SMALL = 1 << 14
MEMO_MAX = 100_000
EMPTY: Mapping[str, str] = MappingProxyType({})


def _varint(unsigned: int) -> bytes:
    out = bytearray()
    while unsigned > 127:
        out.append(unsigned & 127 | 128)
        unsigned >>= 7
    out.append(unsigned)
    return bytes(out)


NUMBERS = {n: _varint((n << 1) ^ (n >> 63)) for n in range(-64, SMALL)}
_days_out: dict[date, bytes] = {}
_days_in: dict[bytes, date] = {}


def write_number(n: int, largest: int = LONG_MAX) -> bytes:
    """整数を書く: zig-zag varint. Raises OverflowError beyond the Avro type, TypeError for what is no integer."""
    if type(n) is not int:
        raise TypeError(f"expected an integer, found {type(n).__name__}")
    if not -largest - 1 <= n <= largest:
        raise OverflowError(f"an integer beyond {largest}")
    return _varint((n << 1) ^ (n >> 63))


def write_day(day: date) -> bytes:
    """日を書く: days since 1970-01-01 as a varint, remembered."""
    if type(day) is not date:
        raise TypeError(f"expected a date, found {type(day).__name__}")
    n = day.toordinal() - EPOCH
    written = _varint((n << 1) ^ (n >> 63))
    if len(_days_out) < MEMO_MAX:
        _days_out[day] = written
    return written


def write_text(text: str) -> bytes:
    """文字列を書く: its length in bytes, then UTF-8."""
    body = text.encode()
    return NUMBERS[len(body)] + body if len(body) < SMALL else write_number(len(body)) + body


def write_bytes(body: bytes) -> bytes:
    """バイト列を書く: its length, then itself."""
    return write_number(len(body)) + body


def write_map(mapping: Mapping[str, str]) -> bytes:
    """文字列の写像を書く: one block in the mapping's own order."""
    if not mapping:
        return b"\x00"
    parts = [write_text(key) + write_text(value) for key, value in mapping.items()]
    return write_number(len(mapping)) + b"".join(parts) + b"\x00"


def write_array(items: Any, write: Callable[[Any], bytes]) -> bytes:
    """配列を書く: one block."""
    if not items:
        return b"\x00"
    return write_number(len(items)) + b"".join([write(item) for item in items]) + b"\x00"


def read_unsigned(data: bytes, at: int) -> tuple[int, int]:
    """可変長整数を読む: the undecoded number and the place after it. Raises ValueError beyond ten bytes."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def read_number(data: bytes, at: int, largest: int = LONG_MAX) -> tuple[int, int]:
    """整数を読む: the number and the place after it.

    Raises ValueError beyond the Avro type: it could not be written again.
    """
    value, at = read_unsigned(data, at)
    if value > 2 * largest + 1:
        raise ValueError("a number beyond its type")
    return (value >> 1) ^ -(value & 1), at


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """長さを読む: never negative, never beyond the data."""
    length, at = read_number(data, at)
    if not 0 <= length <= len(data) - at:
        raise ValueError("a length beyond the data")
    return length, at


def read_day(data: bytes, at: int) -> tuple[date, int]:
    """日を読む: remembered by its bytes, which for our times are three."""
    number, after = read_number(data, at)
    day = date.fromordinal(number + EPOCH)
    if after - at == 3 and len(_days_in) < MEMO_MAX:
        _days_in[data[at:after]] = day
    return day, after


def read_text(data: bytes, at: int) -> tuple[str, int]:
    """文字列を読む。"""
    length, at = read_length(data, at)
    return str(data[at : at + length], "utf-8"), at + length


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """バイト列を読む。"""
    length, at = read_length(data, at)
    return data[at : at + length], at + length


def _blocks(data: bytes, at: int) -> tuple[int, int]:
    count, at = read_number(data, at)
    if count < 0:  # a negative count is followed by the block's size in bytes
        _, at = read_number(data, at)
        count = -count
    if count > len(data) - at:
        raise ValueError("more items than bytes")
    return count, at


def read_map(data: bytes, at: int) -> tuple[Mapping[str, str], int]:
    """文字列の写像を読む。"""
    found: dict[str, str] = {}
    while True:
        count, at = _blocks(data, at)
        if count == 0:
            return found, at
        for _ in range(count):
            key, at = read_text(data, at)
            found[key], at = read_text(data, at)


def read_array(
    data: bytes, at: int, read: Callable[[bytes, int], tuple[Any, int]]
) -> tuple[tuple[Any, ...], int]:
    """配列を読む: its items as a tuple."""
    found: list[Any] = []
    while True:
        count, at = _blocks(data, at)
        if count == 0:
            return tuple(found), at
        for _ in range(count):
            item, at = read(data, at)
            found.append(item)


class _Source:
    """The text being generated, with the names it refers to."""

    def __init__(self, nested: Mapping[str, type[Any]]) -> None:
        self.nested = nested
        self.scope: dict[str, Any] = {
            "NUMBERS": NUMBERS,
            "DAYS_OUT": _days_out,
            "DAYS_IN": _days_in,
            "EMPTY": EMPTY,
            **{
                name: function
                for name, function in globals().items()
                if name.startswith(("write_", "read_"))
            },
        }
        self.count = 0

    def name(self, value: Any) -> str:
        self.count += 1
        given = f"_{self.count}"
        self.scope[given] = value
        return given


def _kind(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, list):
        return "optional"
    return str(kind.get("logicalType", kind["type"]))


def _write_of(source: _Source, kind: Any, var: str) -> str:
    """An expression that gives the bytes of `var`."""
    match _kind(kind):
        case "string":
            return f"write_text({var})"
        case "bytes":
            return f"write_bytes({var})"
        case "int":
            return f"(NUMBERS.get({var}) or write_number({var}, {INT_MAX}))"
        case "long":
            return f"(NUMBERS.get({var}) or write_number({var}))"
        case "boolean":
            return f"(b'\\x01' if {var} else b'\\x00')"
        case "date":
            return f"(DAYS_OUT.get({var}) or write_day({var}))"
        case "map":
            return f"(write_map({var}) if {var} else b'\\x00')"
        case "optional":
            return f"(b'\\x00' if {var} is None else b'\\x02' + {_write_of(source, kind[1], var)})"
        case "array":
            inner = source.name(_function_of_item(source, kind["items"], writer=True))
            return f"(write_array({var}, {inner}) if {var} else b'\\x00')"
        case "record":
            return f"{source.name(compile_writer(kind, source.nested))}({var})"
        case other:
            raise TypeError(f"{other}: a kind the compiled codec does not know")


def _function_of_item(source: _Source, items: Any, *, writer: bool) -> Any:
    plain = {"string": (write_text, read_text), "bytes": (write_bytes, read_bytes)}
    if _kind(items) in plain:
        return plain[_kind(items)][0 if writer else 1]
    if _kind(items) != "record":
        raise TypeError(f"{_kind(items)}: an item the compiled codec does not know")
    if writer:
        return compile_writer(items, source.nested)
    return compile_reader(items, source.nested, source.nested[items["name"]])


def compile_writer(avsc: Mapping[str, Any], nested: Mapping[str, type[Any]]) -> Callable[[Any], bytes]:
    """書き手を作る: for one record schema, a function from a named tuple to the bytes of its body."""
    source = _Source(nested)
    fields = [f"v{index}" for index in range(len(avsc["fields"]))]
    parts = [_write_of(source, f["type"], var) for f, var in zip(avsc["fields"], fields, strict=True)]
    text = (
        f"def write(value):\n    {', '.join(fields)}, = value\n    return b''.join(({', '.join(parts)},))\n"
    )
    exec(compile(text, f"<writer of {avsc['name']}>", "exec"), source.scope)
    made: Callable[[Any], bytes] = source.scope["write"]
    return made


_READS = {
    "string": """n = d[p]
if n > 127 or n & 1:
    {var}, p = read_text(d, p)
else:
    q = p + 1 + (n >> 1)
    {var} = str(d[p + 1:q], 'utf-8')
    p = q""",
    "int": """n = d[p]
if n > 127:
    {var}, p = read_number(d, p)
else:
    {var} = (n >> 1) ^ -(n & 1)
    p += 1""",
    "date": """{var} = DAYS_IN.get(d[p:p + 3])
if {var} is None:
    {var}, p = read_day(d, p)
else:
    p += 3""",
    "boolean": """n = d[p]
p += 1
if n > 1:
    raise ValueError('a boolean that is neither 0 nor 1')
{var} = n == 1""",
    "map": """if d[p] == 0:
    {var} = EMPTY
    p += 1
else:
    {var}, p = read_map(d, p)""",
    "bytes": "{var}, p = read_bytes(d, p)",
}
_READS["long"] = _READS["int"]
_READS["int"] = _READS["int"].replace("read_number(d, p)", f"read_number(d, p, {INT_MAX})")


def _read_of(source: _Source, kind: Any, var: str) -> list[str]:
    """The lines that read `var` from `d` at `p` and move `p` on."""
    word = _kind(kind)
    if word in _READS:
        return _READS[word].format(var=var).split("\n")
    if word == "optional":
        inner = ["    " + line for line in _read_of(source, kind[1], var)]
        return [
            "n = d[p]",
            "p += 1",
            "if n == 0:",
            f"    {var} = None",
            "elif n != 2:",
            "    raise ValueError('a branch that the union does not have')",
            "else:",
            *inner,
        ]
    if word == "array":
        inner_name = source.name(_function_of_item(source, kind["items"], writer=False))
        return [
            "if d[p] == 0:",
            f"    {var} = ()",
            "    p += 1",
            "else:",
            f"    {var}, p = read_array(d, p, {inner_name})",
        ]
    if word == "record":
        made = compile_reader(kind, source.nested, source.nested[kind["name"]])
        return [f"{var}, p = {source.name(made)}(d, p)"]
    raise TypeError(f"{word}: a kind the compiled codec does not know")


def compile_reader(
    avsc: Mapping[str, Any], nested: Mapping[str, type[Any]], cls: type[Any]
) -> Callable[[bytes, int], tuple[Any, int]]:
    """読み手を作る: for a record schema, a function from bytes and a place to the named tuple and the place after.

    Bad bytes raise IndexError, ValueError (UnicodeDecodeError among it) or OverflowError; a place beyond the
    end of the data must be refused by the caller, who knows where the message ends.
    """
    source = _Source(nested)
    source.scope["make"], source.scope["cls"] = tuple.__new__, cls
    lines = ["def read(d, p):"]
    fields = [f"v{index}" for index in range(len(avsc["fields"]))]
    for field, var in zip(avsc["fields"], fields, strict=True):
        lines += ["    " + line for line in _read_of(source, field["type"], var)]
    lines.append(f"    return make(cls, ({', '.join(fields)},)), p\n")
    exec(compile("\n".join(lines), f"<reader of {avsc['name']}>", "exec"), source.scope)
    made: Callable[[bytes, int], tuple[Any, int]] = source.scope["read"]
    return made
