"""Quix Streams による畳み込み: both folds as its guide has them, with its state.

Runs in an environment of its own (tools.py): the pure core and the codec are the hub's, everything else is
Quix Streams'.

`python -m bench.peers.quix count|ledger BOOTSTRAP GROUP COMMIT_SECONDS SOURCE OUT REFUSED`
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quixstreams import Application, State
from quixstreams.models import Topic

from state import ledger, wire
from state.reasons import Refusal

RECEIPT, DELINQUENCY, AGENDA = b"r", b"d", b"g"
_LONG = struct.Struct(">q")


def application(bootstrap: str, group: str, commit_s: float) -> Application:
    """アプリを作る: exactly once, larger batches, lz4; keys go to the partitions that all writers give them."""
    return Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=commit_s,
        state_dir=Path("state"),
        producer_extra_config={
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "batch.size": 1 << 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 1 << 20,
        },
        consumer_extra_config={"fetch.max.bytes": 32 << 20, "max.partition.fetch.bytes": 4 << 20},
    )


def count(value: bytes, state: State) -> bytes:
    """最小の畳み込み: the count of this key so far."""
    number = state.get("count", 0) + 1
    state.set("count", number)
    return _LONG.pack(number)


def book(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> list[bytes]:
    """台帳の畳み込み: reads the account and the case, writes what changed; the facts, or the refusal's code.

    Quix keeps rows under the message's key, which is the person, so that a row's own key names the 期別 only.
    """
    event = wire.decode(value)
    row = RECEIPT + event.shuunou_key.encode()
    account, case = _read(state, row), _read(state, DELINQUENCY)
    change = ledger.apply(account, case, None, event)
    if isinstance(change, Refusal):
        return [change.reason.code.encode()]
    if change.account is not account:
        state.set_bytes(row, wire.encode(change.account))
    if change.case is not case:
        state.set_bytes(DELINQUENCY, wire.encode(change.case))
    if change.look_on is not None:
        state.set_bytes(AGENDA + change.look_on.isoformat().encode() + row, b"")
    return [wire.encode(fact) for fact in change.facts]


def _read(state: State, key: bytes) -> Any:
    data = state.get_bytes(key)
    return None if data is None else wire.decode(data)


def main() -> None:
    """働く: until SIGTERM."""
    work, bootstrap, group, commit_s, source, out, refused = sys.argv[1:]
    app = application(bootstrap, group, float(commit_s))
    raw: dict[str, Any] = {
        f"{what}_{way}": "bytes" for what in ("key", "value") for way in ("serializer", "deserializer")
    }
    events = app.dataframe(app.topic(source, **raw))
    results, refusals = app.topic(out, **raw), app.topic(refused, **raw)
    if work == "count":
        events.apply(count, stateful=True).to_topic(results)
    else:
        facts = events.apply(book, stateful=True, metadata=True, expand=True)
        facts.to_topic(_place(results, refusals))
    app.run()


def _place(facts: Topic, refused: Topic) -> Callable[..., Topic]:
    """A fact begins with the zero byte of its header, the code of a refusal with a letter."""
    return lambda value, *_: refused if value[0] else facts


if __name__ == "__main__":
    main()
