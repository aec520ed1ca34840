"""符号の計測: the compiled codec beside fastavro, on the messages of a synthetic city; the ratio is what counts.

Both make the same bytes from the same values, and the same values from the same bytes (looked at before
anything is timed). fastavro works on dictionaries, so what it costs is given twice: alone, and with the
step between its dictionaries and the named tuples that the core works on. Run: `.venv/bin/python
bench/codec.py`.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from fastavro import parse_schema, schemaless_reader, schemaless_writer

import schemas
from bench.load import Change, city_parts
from bench.support import say
from schemas.codec import HEADER, without_instants
from state import ledger, wire
from state.reasons import Refusal
from state.receipt.account import ChouteiRireki, Receipt, ReceiptAccount

SCHEMAS = {
    "ChouteiEstablished": "event/choutei_established.v2",
    "ShuunouReceived": "event/shuunou_received.v1",
    "ReceiptAccount": "state/receipt_account.v1",
    "LedgerFact": "fact/ledger_fact.v1",
}
NESTED = {"choutei_rireki": ChouteiRireki, "receipts": Receipt}


class Timed(NamedTuple):
    """計った時間: microseconds a message."""

    compiled: float
    fastavro_alone: float
    fastavro: float


def samples(changes: Iterable[Change]) -> dict[str, list[Any]]:
    """見本: the events, and the accounts and facts that they lead to, by the name of their type."""
    found: dict[str, list[Any]] = {name: [] for name in SCHEMAS}
    accounts: dict[bytes, ReceiptAccount] = {}
    for change in changes:
        event = wire.decode(change.value)
        after = ledger.apply(accounts.get(change.key), None, None, event)
        if isinstance(after, Refusal):
            continue
        accounts[change.key] = after.account
        for value in (event, after.account, *after.facts):
            if type(value).__name__ in found:
                found[type(value).__name__].append(value)
    return found


def plain(value: Any) -> Any:
    """辞書にする: as fastavro wants records."""
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return {name: plain(part) for name, part in zip(value._fields, value, strict=True)}
        return [plain(part) for part in value]
    return dict(value) if isinstance(value, Mapping) else value


def named(cls: type[Any], record: dict[str, Any]) -> Any:
    """名前付き組に戻す。"""
    for name, nested in NESTED.items():
        if name in record:
            record[name] = tuple(nested(**part) for part in record[name])
    if record.get("account") is not None:
        record["account"] = named(ReceiptAccount, record["account"])
    for name in ("furikae_funou", "applied"):
        if name in record:
            record[name] = tuple(record[name])
    return cls(**record)


class Peer:
    """比べる相手: fastavro for one schema."""

    def __init__(self, name: str, cls: type[Any]) -> None:
        self._schema: Any = parse_schema(without_instants(schemas.load_avsc(name)))
        self._cls = cls

    def write_record(self, record: dict[str, Any]) -> bytes:
        """書く: the body only."""
        out = io.BytesIO()
        schemaless_writer(out, self._schema, record)
        return out.getvalue()

    def write(self, value: Any) -> bytes:
        """名前付き組から書く。"""
        return self.write_record(plain(value))

    def read_record(self, body: bytes) -> Any:
        """読む。"""
        return schemaless_reader(io.BytesIO(body), self._schema, None)

    def read(self, body: bytes) -> Any:
        """名前付き組に読む。"""
        return named(self._cls, self.read_record(body))


def each(action: Callable[[Any], Any], inputs: Sequence[Any], repeats: int) -> float:
    """一件の時間: microseconds, the least of several passes over all inputs: the one least disturbed."""
    passes = []
    for _ in range(repeats):
        begun = time.perf_counter()
        for one in inputs:
            action(one)
        passes.append((time.perf_counter() - begun) / len(inputs) * 1e6)
    return min(passes)


def measure(name: str, values: Sequence[Any], repeats: int) -> tuple[Timed, Timed]:
    """一様式を計る: writing and reading. Raises ValueError when the two codecs differ."""
    peer = Peer(SCHEMAS[name], type(values[0]))
    messages = [wire.encode(value) for value in values]
    bodies = [message[HEADER.size :] for message in messages]
    for value, body in zip(values, bodies, strict=True):
        if peer.write(value) != body or peer.read(body) != value:
            raise ValueError(f"{name}: the two codecs differ")
    records = [plain(value) for value in values]
    writing = Timed(
        each(wire.encode, values, repeats),
        each(peer.write_record, records, repeats),
        each(peer.write, values, repeats),
    )
    reading = Timed(
        each(wire.decode, messages, repeats),
        each(peer.read_record, bodies, repeats),
        each(peer.read, bodies, repeats),
    )
    return writing, reading


def main() -> None:
    """計る。"""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--events", type=int, default=10_000, help="change events of the city")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    say(f"a city of {arguments.events:,} changes")
    found = samples(city_parts(arguments.events, 1)[0].in_ledger_order())
    counts = Counter({name: len(values) for name, values in found.items()})
    print("µs a message; ratio = fastavro with named tuples / compiled (fastavro alone / compiled)")
    for name, values in found.items():
        for what, timed in zip(("write", "read"), measure(name, values, arguments.repeats), strict=True):
            whole, alone = timed.fastavro / timed.compiled, timed.fastavro_alone / timed.compiled
            print(
                f"{name:<20} {what:<6} n={counts[name]:<7,} compiled {timed.compiled:6.2f}"
                f"  fastavro {timed.fastavro:6.2f}  alone {timed.fastavro_alone:6.2f}"
                f"  ratio {whole:4.1f} ({alone:3.1f})"
            )


if __name__ == "__main__":
    main()
