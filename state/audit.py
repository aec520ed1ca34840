"""提供記録: a chain of records, each with the hash of the one before; shows who was given what about whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from state import wire
from state.facts import LedgerFact, Provision
from state.transfer import Transfer

GENESIS = bytes(32)
HASH_LENGTH = b"\x40"
"""The length of a hash as Avro writes it before the bytes: 32, doubled."""


class Link(NamedTuple):
    """連鎖の先端: the number and hash of the last record of one chain."""

    seq: int
    hash: bytes


def hash_of(provision: Provision) -> bytes:
    """記録のハッシュ: SHA-256 over the hash before and the record itself without its own."""
    return _digest(provision.previous_hash, wire.encode(provision._replace(hash=b"")))


def _digest(previous_hash: bytes, unsealed: bytes) -> bytes:
    return hashlib.sha256(previous_hash + unsealed).digest()


class Recorded(NamedTuple):
    """記録されたもの: the chain's new tip, and the record as it is sent."""

    link: Link
    message: bytes


def record(
    chain: str, last: Link, sent: Transfer, fact: LedgerFact, shuunou_key: str, body: bytes
) -> Recorded:
    """提供を記録する: `body` is the message as sent; only its hash is kept."""
    contract = sent.contract
    unsealed = wire.encode(
        Provision(
            seq=last.seq + 1,
            chain=chain,
            previous_hash=last.hash,
            transfer_id=sent.transfer_id,
            contract=contract.id,
            contract_version=contract.version,
            iten_saki=contract.iten_saki,
            legal_basis=sent.message.legal_basis,
            purpose=contract.purpose,
            atena_bangou=fact.atena_bangou,
            shuunou_key=shuunou_key,
            fields=contract.fields,
            left_out=contract.left_out,
            body_hash=hashlib.sha256(body).digest(),
            fact_id=fact.fact_id,
            recorded_at=fact.recorded_at,
            hash=b"",
        )
    )
    digest = _digest(last.hash, unsealed)
    # The hash is the last field: empty it is one byte, its length 0; written out again is half the time.
    return Recorded(Link(last.seq + 1, digest), unsealed[:-1] + HASH_LENGTH + digest)


def broken(provisions: Iterable[Provision]) -> int | None:
    """連鎖の切れ目: the number of the first record that does not follow from the one before; None when all do."""
    last = Link(0, GENESIS)
    for provision in provisions:
        follows = provision.seq == last.seq + 1 and provision.previous_hash == last.hash
        if not follows or hash_of(provision) != provision.hash:
            return provision.seq
        last = Link(provision.seq, provision.hash)
    return None
