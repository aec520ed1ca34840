"""提供記録: a chain of records, each with the hash of the one before; shows who was given what about whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from state import wire
from state.facts import LedgerFact, Provision
from state.transfer import Transfer

GENESIS = bytes(32)


class Link(NamedTuple):
    """連鎖の先端: the number and hash of the last record of one chain."""

    seq: int
    hash: bytes


def hash_of(provision: Provision) -> bytes:
    """記録のハッシュ: SHA-256 over the hash before and the record itself without its own."""
    body = wire.encode(provision._replace(hash=b""))
    return hashlib.sha256(provision.previous_hash + body).digest()


def record(
    chain: str, last: Link, sent: Transfer, fact: LedgerFact, shuunou_key: str, body: bytes
) -> Provision:
    """提供を記録する: `body` is the message as sent; only its hash is kept."""
    contract = sent.contract
    provision = Provision(
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
    return provision._replace(hash=hash_of(provision))


def broken(provisions: Iterable[Provision]) -> int | None:
    """連鎖の切れ目: the number of the first record that does not follow from the one before; None when all do."""
    last = Link(0, GENESIS)
    for provision in provisions:
        follows = provision.seq == last.seq + 1 and provision.previous_hash == last.hash
        if not follows or hash_of(provision) != provision.hash:
            return provision.seq
        last = Link(provision.seq, provision.hash)
    return None
