"""記憶上の収納ハブ: the three stages, one partition of each, joined without a broker."""

from __future__ import annotations

from typing import Any

from connectors.secrets import Cipher, KeyFile
from state import wire
from state.facts import LedgerFact, Letter
from state.ingest import KEY_FIELDS
from state.seiri.fact import SeiriFact
from streams import ledger, matching, seiri, topics, transfer
from streams.engine.unit import Output
from streams.ingest import DEADLETTER, Gate
from tests import given
from tests.streams.memory_store import Partition

CHOUTEI, CONVENIENCE, GINKOU = "ido.choutei-zeimu.v1", "ido.shuunou-convenience.v1", "ido.shuunou-ginkou.v1"
SHOKUIN, KIJUNBI, ATENA, KIROKU = "ido.shokuin.v1", "ido.kijunbi.v1", "ido.atena.v1", "ido.kiroku.v1"
TETSUZUKI, KAITOU = "ido.tetsuzuki.v1", "ido.chousa-kaitou.v1"
ROUNDS = 20
"""More than any payment may be sent round; beyond it something goes in a circle."""
CIPHER = Cipher(KeyFile("00000000", bytes(32)))
"""For what is sealed in passing and never opened."""


def gate(stage: str, cipher: Cipher) -> Gate:
    """The way into a stage, as the worker builds it."""
    sources = topics.read_by(stage)
    allowed = {topic: wire.CODEC.types_of(topics.allowed(topic)) for topic in sources}
    return Gate(stage, given.JICHITAI, cipher, allowed)


class Hub:
    """The three stages, one partition of each, and what is sent between them."""

    def __init__(
        self, cipher: Cipher = CIPHER, *, paused: frozenset[str] = frozenset(), cached: bool = True
    ) -> None:
        self.matching = Partition(matching.Matching(gate("matching", cipher)).fold, cached=cached)
        self.ledger = Partition(ledger.Ledger(gate("ledger", cipher)).fold, cached=cached)
        self.transfer = Partition(
            transfer.Transfers(gate("transfer", cipher), paused).fold, number=3, cached=cached
        )

    def tell(self, *events: Any) -> Hub:
        """Each event by itself, through all stages before the next."""
        for event in events:
            self.batch(topic_of(event), [event])
        return self

    def batch(self, topic: str, events: list[Any]) -> None:
        """Several events of one topic as one batch."""
        stage = self.ledger if topic in topics.read_by("ledger") else self.matching
        messages = [message(event) for event in events]
        self._onward(stage, stage.run(topic, *messages))

    def _onward(self, stage: Partition, sent: list[Output]) -> None:
        for round_number in range(ROUNDS):
            again = [(o.key, o.value) for o in sent if o.topic == matching.ASSIGNED]
            self._to_ledger([o for o in sent if o.topic == matching.LEDGER_INPUT])
            shares = [(o.key, o.value) for o in sent if o.topic == seiri.SHOUKEI_OUT]
            if stage is self.ledger:
                self._to_transfer(sent)
            if shares:
                self._to_ledger(self._matched(seiri.SHOUKEI_OUT, shares))
            if not again:
                return
            assert round_number < ROUNDS - 1, "a payment goes in a circle"
            sent = self.matching.run(matching.ASSIGNED, *again)

    def _matched(self, topic: str, messages: list[Any]) -> list[Output]:
        sent = self.matching.run(topic, *messages)
        return [output for output in sent if output.topic == matching.LEDGER_INPUT]

    def _to_ledger(self, sent: list[Output]) -> None:
        if sent:
            self._to_transfer(self.ledger.run(ledger.LEDGER_INPUT, *((o.key, o.value) for o in sent)))

    def _to_transfer(self, sent: list[Output]) -> None:
        facts = [(o.key, o.value) for o in sent if o.topic == ledger.FACT]
        if facts:
            self.transfer.run(ledger.FACT, *facts)

    @property
    def facts(self) -> list[LedgerFact]:
        return self.ledger.sent(ledger.FACT)

    @property
    def seiri_facts(self) -> list[SeiriFact]:
        return self.ledger.sent(seiri.SEIRI_FACT)

    def seiri(self, key: str = given.KEY, person: str = given.PERSON) -> Any:
        """What procedures left on a 期別, None when they left nothing."""
        row = self.rows(self.ledger, seiri.SEIRI.tag).get(f"{person}|{key}".encode())
        return wire.decode(row) if row else None

    def seiribo(self, person: str = given.PERSON) -> Any:
        """What procedures left on a person, None when they left nothing."""
        row = self.rows(self.ledger, seiri.SEIRIBO.tag).get(person.encode())
        return wire.decode(row) if row else None

    @property
    def letters(self) -> list[Letter]:
        return [
            letter
            for stage in (self.matching, self.ledger, self.transfer)
            for letter in stage.sent(DEADLETTER)
        ]

    def rows(self, stage: Partition, tag: bytes) -> dict[bytes, bytes]:
        """The committed rows of one table."""
        return {key[1:]: value for key, value in stage.store.rows.items() if key.startswith(tag)}

    def accounts(self) -> dict[str, Any]:
        """The ledger's accounts by 収納キー."""
        rows = self.rows(self.ledger, ledger.RECEIPT.tag)
        return {key.split(b"|")[1].decode(): wire.decode(value) for key, value in rows.items()}

    def case(self, person: str = given.PERSON) -> Any:
        """The case of a person, None when there is none."""
        row = self.rows(self.ledger, ledger.DELINQUENCY.tag).get(person.encode())
        return wire.decode(row) if row else None


TOPIC_OF = {
    "ShuunouReceived": CONVENIENCE,
    "ShuunouReversed": CONVENIENCE,
    "KouzaFurikaeFailed": GINKOU,
    "ShuunouAssigned": SHOKUIN,
    "KijunbiAdvanced": KIJUNBI,
    "AtenaChanged": ATENA,
    "KirokuHeld": KIROKU,
    "TetsuzukiTaken": TETSUZUKI,
}


def topic_of(event: Any) -> str:
    if getattr(event, "kind", "") == "ChousaAnswered":
        return KAITOU
    return TOPIC_OF.get(type(event).__name__, CHOUTEI)


def message(event: Any) -> tuple[bytes | None, bytes]:
    field = KEY_FIELDS[type(event)]
    return (getattr(event, field).encode() if field else None), wire.encode(event)
