"""移転: an agent of its own, so that a contract can be paused or loaded anew while the ledger goes on.

Tables (key 宛名番号): `sent` the digest of what each contract was last given of a 期別; `chain` the last record of
this partition's chain of provisions. The transfer and its record in `audit.provision.v1` are one
transaction: without the audit, no transfer.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from state import audit, transfer, wire
from state.facts import LedgerFact
from state.receipt.account import ReceiptAccount
from streams.engine.batch import Record
from streams.engine.unit import SEPARATOR, Table, Unit
from streams.ingest import Gate

PROVISION = "audit.provision.v1"
_LINK = struct.Struct(">q32s")


def _pack(link: audit.Link) -> bytes:
    return _LINK.pack(*link)


def _unpack(value: bytes) -> audit.Link:
    return audit.Link(*_LINK.unpack(value))


SENT: Table[bytes] = Table("sent", b"s", bytes, bytes)
CHAIN: Table[audit.Link] = Table("chain", b"c", _pack, _unpack)
TIP = b"tip"


class Transfers:
    """移転の畳み込み: folds one batch of one partition."""

    def __init__(self, gate: Gate, paused: frozenset[str] = frozenset()) -> None:
        self.gate = gate
        self.contracts = tuple(c for c in transfer.contracts() if c.id not in paused)

    def fold(self, unit: Unit, topic: str, records: Sequence[Record]) -> None:
        """一括りを移転する。"""
        for record in records:
            fact = self.gate.decode(unit, topic, record)
            if fact is None or fact.account is None:
                continue
            for contract in self.contracts:
                if contract.covers(fact.account):
                    self._offer(unit, contract, fact, fact.account)

    def _offer(
        self, unit: Unit, contract: transfer.Contract, fact: LedgerFact, account: ReceiptAccount
    ) -> None:
        """Send what the contract lists, if it is not what was sent last."""
        row = SEPARATOR.join(
            (fact.atena_bangou.encode(), account.shuunou_key.encode(), contract.id.encode())
        )
        values = transfer.project(contract, account)
        digest = transfer.digest(values)
        if unit.get(SENT, row) == digest:
            return
        sent = transfer.transfer(contract, fact, account, values)
        body = wire.encode(sent.message)
        unit.send(contract.topic, fact.atena_bangou.encode(), body)
        unit.put(SENT, row, digest)
        last = unit.get(CHAIN, TIP) or audit.Link(0, audit.GENESIS)
        chain = f"transfer/{unit.partition}"
        recorded = audit.record(chain, last, sent, fact, account.shuunou_key, body)
        unit.send(PROVISION, fact.atena_bangou.encode(), recorded.message)
        unit.put(CHAIN, TIP, recorded.link)
