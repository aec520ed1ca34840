"""移転: what each contract lets its receiver see of a 期別, sent only when that changed.

Deny by default: a receiver gets the items that its contract lists, of the 税目 in its scope, and nothing else.
The message type of a contract has no other columns; 個人番号 is in none. A transfer says what was left out.
"""

from __future__ import annotations

import hashlib
from collections import namedtuple
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

import schemas
from schemas.provisions import in_force
from state.facts import LedgerFact
from state.receipt.account import ReceiptAccount
from state.receipt.record import AS_ASSESSED, ITEMS, item

ENVELOPE = (
    "transfer_id", "contract", "contract_version", "iten_saki", "legal_basis", "purpose", "information",
    "kind", "fact_id", "jichitai_code", "occurred_on", "recorded_at", "left_out",
)  # fmt: skip
DIGEST_BYTES = 16


class Contract(NamedTuple):
    """移転の契約: one receiver on one legal ground: what, of whom, why, by which channels."""

    id: str
    version: int
    iten_saki: str
    legal_basis: tuple[str, ...]
    purpose: str
    information: str
    zeimoku: frozenset[str]
    channels: tuple[str, ...]
    fields: tuple[str, ...]
    left_out: tuple[str, ...]
    message: type[Any]
    items: tuple[Callable[[ReceiptAccount], Any], ...]
    topic: str

    def covers(self, account: ReceiptAccount) -> bool:
        """対象か: is the 税目 in scope? Every 期別 has a 納税義務者, so the person always is."""
        return "*" in self.zeimoku or account.zeimoku_code in self.zeimoku


def _contract(name: str) -> Contract:
    stated = schemas.load_toml(f"contract/{name}")
    fields = tuple(stated["fields"])
    return Contract(
        id=stated["id"],
        version=stated["version"],
        iten_saki=stated["to"],
        legal_basis=tuple(stated["legal_basis"]),
        purpose=stated["purpose"],
        information=stated["information"],
        zeimoku=frozenset(stated["zeimoku"]),
        channels=tuple(channel["id"] for channel in stated["channels"]),
        fields=fields,
        left_out=tuple(known for known in (*AS_ASSESSED, *ITEMS) if known not in fields),
        message=namedtuple(f"Iten_{name}", ENVELOPE + fields),
        items=tuple(item(field) for field in fields),
        topic=f"iten.{stated['id'].replace('_', '-')}.v{stated['version']}",
    )


@cache
def contracts() -> tuple[Contract, ...]:
    """すべての契約: from `schemas/contract/*.toml`, in the order of their names."""
    return tuple(_contract(name) for name in schemas.names("contract", ".toml"))


def message_types() -> dict[str, type[Any]]:
    """移転の型: by the name of their schema, for the codec."""
    return {f"transfer/{contract.id}": contract.message for contract in contracts()}


class Transfer(NamedTuple):
    """移転一件: the message for the receiver."""

    contract: Contract
    transfer_id: str
    message: Any


def project(contract: Contract, account: ReceiptAccount) -> tuple[Any, ...]:
    """射影: the values of the items that the contract lists, in its order."""
    return tuple([derive(account) for derive in contract.items])


def digest(values: tuple[Any, ...]) -> bytes:
    """射影の指紋: equal values give equal digests, so an unchanged projection is not sent again."""
    return hashlib.blake2b(repr(values).encode(), digest_size=DIGEST_BYTES).digest()


_JAPAN_S, _DAY_S, _EPOCH, _LAST = 9 * 3600, 86_400, date(1970, 1, 1).toordinal(), date.max.toordinal()


def basis_on(contract: Contract, recorded_at: int) -> tuple[str, ...]:
    """その日の根拠: the provisions that the contract rests on, as they are called on the day of the transfer.

    The day is that of the recording (milliseconds) in Japan. A day of which the table knows nothing gives
    the provisions as the contract states them.
    """
    return _basis_on(contract.legal_basis, _EPOCH + (recorded_at // 1000 + _JAPAN_S) // _DAY_S)


@lru_cache(maxsize=1_000)
def _basis_on(stated: tuple[str, ...], ordinal: int) -> tuple[str, ...]:
    try:
        return in_force(stated, date.fromordinal(ordinal)) if 0 < ordinal <= _LAST else stated
    except LookupError:
        return stated


def transfer(
    contract: Contract, fact: LedgerFact, account: ReceiptAccount, values: tuple[Any, ...]
) -> Transfer:
    """移転を作る: its id is the fact's and the contract's, so a repetition is recognised."""
    transfer_id = f"{fact.fact_id}/{contract.id}"
    message = contract.message(
        transfer_id,
        contract.id,
        contract.version,
        contract.iten_saki,
        basis_on(contract, fact.recorded_at),
        contract.purpose,
        contract.information,
        fact.kind,
        fact.fact_id,
        account.jichitai_code,
        fact.occurred_on,
        fact.recorded_at,
        contract.left_out,
        *values,
    )
    return Transfer(contract, transfer_id, message)
