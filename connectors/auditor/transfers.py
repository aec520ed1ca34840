"""移転と提供記録の読み取り: what each receiver was given, and the chain of records that says so.

What can be seen in a message by itself is checked here: that it says of itself what its contract says,
that it has no other fields, that the chain of its partition holds. The rest is compared when all is read
(`giving`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from confluent_kafka import Message

import schemas
from connectors.auditor.book import Book, mark
from connectors.auditor.items import Agreed, Projections, digest
from connectors.auditor.slices import KNOWN_MOST, Slicer
from connectors.base import Terminal
from connectors.tables import newest
from schemas.codec import HEADER, DecodeError
from schemas.provisions import in_force
from schemas.registry import entries
from state.audit import GENESIS, Link
from state.wire import decode

OTHERWISE = "transfers that say otherwise than their contract"
HASH_BYTES, NO_BYTES = 32, b"\x00"
_SAID = {
    "contract": "id",
    "contract_version": "version",
    "iten_saki": "to",
    "purpose": "purpose",
    "information": "information",
}
_PROMISED = ("contract_version", "iten_saki", "legal_basis", "purpose", "fields")


class Transfers:
    """移転の受け取り手: `take` for the contracts' topics, `take_provisions` for `audit.provision.v1`."""

    def __init__(self, book: Book, projections: Projections) -> None:
        self._book, self._projections = book, projections
        self._numbers = {contract.id: n for n, contract in enumerate(projections.contracts)}
        self._envelope = frozenset(schemas.load_toml("transfer_envelope")["fields"])
        self._schemas = {entry.schema_id: entry.name for entry in entries()}
        self._readers = [_TransferReader(contract) for contract in projections.contracts]
        self._provisions = _ProvisionReader()
        self._tips: dict[str, Link] = {}

    @property
    def topics(self) -> list[str]:
        """契約のトピック。"""
        return list(self._projections.by_topic)

    @property
    def chains(self) -> int:
        """連鎖の数。"""
        return len(self._tips)

    def take(self, messages: Sequence[Message]) -> None:
        """受け取る: records of one contract's topic."""
        number = self._projections.by_topic[messages[0].topic() or ""]
        reader, rows = self._readers[number], []
        for message in messages:
            value = message.value() or b""
            read = reader.read(value)
            if read is None:
                self._unreadable(message, reader.contract, value)
                continue
            transfer_id, fact_id, shown, wrong = read
            for name in wrong:
                place = f"{message.topic()}/{message.partition()}/{message.offset()}"
                self._book.wrong("C6", OTHERWISE, place, f"{name} of {reader.contract.id}", "another")
            ids = mark(fact_id.encode()), mark(transfer_id.encode())
            body = hashlib.sha256(value).digest()
            rows.append((number, message.partition(), message.offset(), *ids, shown, body))
        self._book.add("transfer", rows)

    def _unreadable(self, message: Message, contract: Agreed, value: bytes) -> None:
        """No message of the contract's own schema: of none, or of one with other fields."""
        place = f"{message.topic()}/{message.partition()}/{message.offset()}"
        try:
            decode(value)
        except DecodeError as error:
            self._book.wrong("C6", "transfers that cannot be read", place, contract.id, error.kind)
            return
        name = self._schemas[HEADER.unpack_from(value)[1]]
        written = {field["name"] for field in schemas.load_avsc(name)["fields"]}
        beyond = sorted(written - self._envelope - set(contract.fields))
        what = "fields outside the contract" if beyond else OTHERWISE
        self._book.wrong("C6", what, place, contract.id, ", ".join(beyond) or name)

    def take_provisions(self, messages: Sequence[Message]) -> None:
        """提供記録を受け取る: and follow its chains."""
        rows = []
        for message in messages:
            value = message.value() or b""
            place = f"{message.topic()}/{message.partition()}/{message.offset()}"
            read = self._provisions.read(value)
            if read is None:
                what = "provisions that cannot be read"
                self._book.wrong("C6", what, place, "a provision", "another kind")
                continue
            provision, words = read
            self._follow(provision, value, place)
            number = self._numbers.get(provision.contract, -1)
            if number < 0:
                self._book.wrong("C6", "provisions of no contract", place, "a contract", provision.contract)
            else:
                self._agrees(words, value, self._projections.contracts[number], place)
            ids = mark(provision.transfer_id.encode()), number, mark(provision.fact_id.encode())
            rows.append(
                (message.partition(), message.offset(), *ids, provision.shuunou_key, provision.body_hash)
            )
        self._book.add("provision", rows)

    def _follow(self, provision: _Provision, value: bytes, place: str) -> None:
        """Does it follow from the record before? After a break it is followed from where it goes on."""
        last = self._tips.get(provision.chain, Link(0, GENESIS))
        follows = provision.seq == last.seq + 1 and provision.previous_hash == last.hash
        if not follows or own_hash(value, provision.previous_hash) != provision.hash:
            expected = (
                f"{provision.chain}: number {last.seq + 1} with the hash of the one before and its own"
            )
            found = (
                f"number {provision.seq}, {'another hash of its own' if follows else 'it does not follow'}"
            )
            self._book.wrong("C6", "breaks in the chain of provisions", place, expected, found)
        self._tips[provision.chain] = Link(provision.seq, provision.hash)

    def _agrees(self, words: tuple[Any, ...], value: bytes, contract: Agreed, place: str) -> None:
        what = "provisions that say otherwise than their contract"
        for name in self._provisions.said_wrongly(words, value, contract):
            self._book.wrong("C6", what, place, f"{name} of {contract.id}", "another")


def own_hash(value: bytes, previous: bytes) -> bytes:
    """記録のハッシュ: SHA-256 over the hash before and the record without its own, which is last."""
    return hashlib.sha256(previous + value[: -HASH_BYTES - 1] + NO_BYTES).digest()


class _TransferReader:
    """Transfers of one contract: ids, the mark of what was shown, what they say wrongly."""

    def __init__(self, contract: Agreed) -> None:
        self.contract = contract
        words = (*_SAID, "legal_basis", "left_out", "recorded_at")
        self._slicer = Slicer(f"transfer/{contract.id}", ("transfer_id", "fact_id"), contract.fields, words)
        self._judged: dict[tuple[Any, ...], list[str]] = {}

    def read(self, value: bytes) -> tuple[str, str, int, list[str]] | None:
        found = self._slicer.cut(value)
        if found is None:
            return None
        (transfer_id, fact_id), items, words = found
        said = tuple(words)
        wrong = self._judged.get(said)
        if wrong is None:
            wrong = _said_wrongly(decode(value), self.contract)
            if len(self._judged) < KNOWN_MOST:
                self._judged[said] = wrong
        if transfer_id != f"{fact_id}/{self.contract.id}":
            wrong = [*wrong, "transfer_id"]
        return transfer_id, fact_id, digest(items), wrong


class _Provision(NamedTuple):
    """What is asked of a provision."""

    seq: int
    chain: str
    previous_hash: bytes
    transfer_id: str
    contract: str
    shuunou_key: str
    body_hash: bytes
    fact_id: str
    hash: bytes


class _ProvisionReader:
    """Provisions, and whether each says what its contract prescribes."""

    def __init__(self) -> None:
        last = schemas.load_avsc(newest("audit/provision"))["fields"][-1]["name"]
        if last != "hash":
            raise Terminal(f"audit/provision: expected its hash last, found {last}; `own_hash` leans on it")
        words = (*_PROMISED, "left_out", "recorded_at")
        self._slicer = Slicer("audit/provision", _Provision._fields, words)
        self._judged: dict[tuple[Any, ...], list[str]] = {}

    def read(self, value: bytes) -> tuple[_Provision, tuple[Any, ...]] | None:
        found = self._slicer.cut(value)
        return None if found is None else (_Provision(*found[0]), tuple(found[1]))

    def said_wrongly(self, words: tuple[Any, ...], value: bytes, contract: Agreed) -> list[str]:
        asked = (contract.id, *words)
        wrong = self._judged.get(asked)
        if wrong is None:
            said = decode(value)
            promised = _promised(contract, said.recorded_at)
            wrong = [name for name in _PROMISED if _plain(getattr(said, name)) != promised[name]]
            if set(said.left_out) & set(contract.fields):
                wrong.append("left_out")
            if len(self._judged) < KNOWN_MOST:
                self._judged[asked] = wrong
        return wrong


def _said_wrongly(sent: Any, contract: Agreed) -> list[str]:
    """What a transfer says of itself that its contract does not."""
    wrong = [name for name, stated in _SAID.items() if getattr(sent, name) != contract.stated[stated]]
    if list(sent.legal_basis) != _basis(contract, sent.recorded_at):
        wrong.append("legal_basis")
    if set(sent.left_out) & set(contract.fields):
        wrong.append("left_out")
    return wrong


def _basis(contract: Agreed, recorded_at: int) -> list[str]:
    """The contract's provisions as they are called on the day of the recording, in Japan."""
    stated: list[str] = contract.stated["legal_basis"]
    try:
        at = datetime(1970, 1, 1) + timedelta(milliseconds=recorded_at, hours=9)
        return list(in_force(stated, at.date()))
    except (LookupError, OverflowError):
        return stated


def _promised(contract: Agreed, recorded_at: int) -> Mapping[str, Any]:
    stated = contract.stated
    return {
        "contract_version": stated["version"],
        "iten_saki": stated["to"],
        "legal_basis": _basis(contract, recorded_at),
        "purpose": stated["purpose"],
        "fields": list(contract.fields),
    }


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
