"""移転と提供記録の読み取り: what each receiver was given, and the chain of records that says so.

What can be seen in a message by itself is checked here: that it says of itself what its contract says,
that it has no other fields, that the chain of its partition holds. The rest is compared when all is read
(`giving`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from confluent_kafka import Message

import schemas
from connectors.auditor.book import Book, mark
from connectors.auditor.items import Agreed, Projections, digest
from schemas.codec import HEADER, DecodeError
from schemas.registry import entries
from state.audit import GENESIS, Link, hash_of
from state.facts import Provision
from state.wire import decode

OTHERWISE = "transfers that say otherwise than their contract"
_SAID = {"contract": "id", "contract_version": "version", "iten_saki": "to", "purpose": "purpose",
         "information": "information"}  # fmt: skip


class Transfers:
    """移転の受け取り手: `take` for the contracts' topics, `take_provisions` for `audit.provision.v1`."""

    def __init__(self, book: Book, projections: Projections) -> None:
        self._book, self._projections = book, projections
        self._numbers = {contract.id: n for n, contract in enumerate(projections.contracts)}
        self._envelope = frozenset(schemas.load_toml("transfer_envelope")["fields"])
        self._fields = {entry.schema_id: entry.name for entry in entries()}
        self._tips: dict[str, Link] = {}

    def take(self, messages: Sequence[Message]) -> None:
        """受け取る: records of one contract's topic."""
        number = self._projections.by_topic[messages[0].topic() or ""]
        contract, rows = self._projections.contracts[number], []
        for message in messages:
            value = message.value() or b""
            sent = self._sent(message, contract, value)
            if sent is None:
                continue
            shown = digest([_plain(getattr(sent, name)) for name in contract.fields])
            rows.append(
                (
                    number,
                    message.partition(),
                    message.offset(),
                    mark(sent.fact_id.encode()),
                    mark(sent.transfer_id.encode()),
                    shown,
                    hashlib.sha256(value).digest(),
                )
            )
        self._book.add("transfer", rows)

    def _sent(self, message: Message, contract: Agreed, value: bytes) -> Any | None:
        """The transfer, or None where it is none of its contract; what it says wrongly of itself is
        noted."""
        place = f"{message.topic()}/{message.partition()}/{message.offset()}"
        try:
            sent = decode(value)
        except DecodeError as error:
            self._book.wrong("C6", "transfers that cannot be read", place, contract.id, error.kind)
            return None
        beyond = self._beyond(value, contract)
        if beyond:
            self._book.wrong("C6", "fields outside the contract", place, contract.id, ", ".join(beyond))
        if not set(contract.fields) <= set(getattr(sent, "_fields", ())):
            found = type(sent).__name__
            self._book.wrong("C6", OTHERWISE, place, contract.id, found)
            return None
        for wrong in _said_wrongly(sent, contract):
            self._book.wrong(
                "C6", OTHERWISE, place, f"{wrong} of {contract.id}", text_of(getattr(sent, wrong))
            )
        return sent

    def _beyond(self, value: bytes, contract: Agreed) -> list[str]:
        """Fields of the schema in which it was written that neither the contract nor the envelope knows."""
        name = self._fields[HEADER.unpack_from(value)[1]]
        written = {field["name"] for field in schemas.load_avsc(name)["fields"]}
        return sorted(written - self._envelope - set(contract.fields))

    def take_provisions(self, messages: Sequence[Message]) -> None:
        """提供記録を受け取る: and follow its chains."""
        rows = []
        for message in messages:
            place = f"{message.topic()}/{message.partition()}/{message.offset()}"
            try:
                provision = decode(message.value() or b"")
            except DecodeError as error:
                self._book.wrong("C6", "provisions that cannot be read", place, "a provision", error.kind)
                continue
            if not isinstance(provision, Provision):
                self._book.wrong(
                    "C6", "provisions that cannot be read", place, "a provision", "another kind"
                )
                continue
            self._follow(provision, place)
            number = self._numbers.get(provision.contract, -1)
            self._agrees(provision, number, place)
            ids = mark(provision.transfer_id.encode()), number, mark(provision.fact_id.encode())
            rows.append(
                (message.partition(), message.offset(), *ids, provision.shuunou_key, provision.body_hash)
            )
        self._book.add("provision", rows)

    def _follow(self, provision: Provision, place: str) -> None:
        """Does it follow from the record before? After a break the chain is followed on from where it went
        on."""
        last = self._tips.get(provision.chain, Link(0, GENESIS))
        follows = provision.seq == last.seq + 1 and provision.previous_hash == last.hash
        if not follows or hash_of(provision) != provision.hash:
            expected = (
                f"{provision.chain}: number {last.seq + 1} with the hash of the one before and its own"
            )
            found = (
                f"number {provision.seq}, {'another hash of its own' if follows else 'it does not follow'}"
            )
            self._book.wrong("C6", "breaks in the chain of provisions", place, expected, found)
        self._tips[provision.chain] = Link(provision.seq, provision.hash)

    def _agrees(self, provision: Provision, number: int, place: str) -> None:
        if number < 0:
            self._book.wrong("C6", "provisions of no contract", place, "a contract", provision.contract)
            return
        contract = self._projections.contracts[number]
        stated, said = _promised(contract), _given(provision)
        for name in stated:
            if said[name] != stated[name]:
                expected = f"{name} of {contract.id}"
                what = "provisions that say otherwise than their contract"
                self._book.wrong("C6", what, place, expected, text_of(said[name]))

    @property
    def topics(self) -> list[str]:
        """契約のトピック。"""
        return list(self._projections.by_topic)

    @property
    def chains(self) -> int:
        """連鎖の数。"""
        return len(self._tips)


def _said_wrongly(sent: Any, contract: Agreed) -> list[str]:
    """What a transfer says of itself that its contract does not."""
    wrong = [name for name, stated in _SAID.items() if getattr(sent, name) != contract.stated[stated]]
    if list(sent.legal_basis) != contract.stated["legal_basis"]:
        wrong.append("legal_basis")
    if sent.transfer_id != f"{sent.fact_id}/{contract.id}":
        wrong.append("transfer_id")
    if set(sent.left_out) & set(contract.fields):
        wrong.append("left_out")
    return wrong


def _promised(contract: Agreed) -> Mapping[str, Any]:
    return {
        "contract_version": contract.stated["version"],
        "iten_saki": contract.stated["to"],
        "legal_basis": contract.stated["legal_basis"],
        "purpose": contract.stated["purpose"],
        "fields": list(contract.fields),
    }


def _given(provision: Provision) -> Mapping[str, Any]:
    given = provision._asdict()
    return {**given, "legal_basis": list(provision.legal_basis), "fields": list(provision.fields)}


def _plain(value: Any) -> Any:
    return value.toordinal() if isinstance(value, date) else value


def text_of(value: Any) -> str:
    """値を読める形に: shortened, it only has to be recognised."""
    return str(value)[:80]
