"""受入: decode and check what arrives; what is refused becomes a dead letter in the same transaction."""

from __future__ import annotations

import uuid
from typing import Any

from connectors.secrets import Cipher
from schemas.codec import DecodeError, NewerRelease
from state import ingest, wire
from state.facts import Letter
from state.reasons import Refusal, refusal
from streams.engine.batch import Record
from streams.engine.unit import Unit
from streams.topics import is_incoming

DEADLETTER = "deadletter.v1"
_LETTERS = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/letter")


class Gate:
    """受入口: one stage's way in. `allowed` gives, per topic, the types that may come on it."""

    def __init__(
        self, stage: str, jichitai_code: str, cipher: Cipher, allowed: dict[str, frozenset[type[Any]]]
    ) -> None:
        self.stage, self.jichitai_code, self.cipher, self.allowed = stage, jichitai_code, cipher, allowed

    def admit(self, unit: Unit, topic: str, record: Record) -> Any | None:
        """受け入れる: the event of a stranger, checked; None after its letter was written."""
        event = self.decode(unit, topic, record)
        if event is None:
            return None
        refused = ingest.check(event, record.key, self.jichitai_code)
        if refused is not None:
            self.refuse(unit, topic, record, refused, event)
            return None
        return event

    def decode(self, unit: Unit, topic: str, record: Record) -> Any | None:
        """復号する: a message of an earlier stage, which has been checked; None after its letter was written.

        Raises NewerRelease for what a newer release of that stage wrote.
        """
        if record.value is None:
            self.refuse(unit, topic, record, _empty())
            return None
        try:
            event = wire.decode(record.value)
        except DecodeError as error:
            raise_if_newer(topic, error)
            self.refuse(unit, topic, record, _undecodable(error))
            return None
        if type(event) not in self.allowed[topic]:
            self.refuse(unit, topic, record, _stranger(topic))
            return None
        return event

    def refuse(self, unit: Unit, topic: str, record: Record, why: Refusal, event: Any = None) -> None:
        """拒否する: the letter keeps the message as ciphertext, and where it stood."""
        place = f"{topic}/{record.partition}/{record.offset}"
        letter_id = str(uuid.uuid5(_LETTERS, place))
        context = f"letter/{letter_id}"
        letter = Letter(
            letter_id=letter_id,
            reason=why.reason.code,
            stage=why.reason.stage,
            what=why.what,
            expected=why.expected,
            found=why.found,
            todo=why.todo,
            source=event.source if event is not None else "",
            origin=event.source_seq if event is not None else place,
            topic=topic,
            partition=record.partition,
            offset=record.offset,
            event_id=event.event_id if event is not None else None,
            recorded_at=record.timestamp,
            original_key=None if record.key is None else self.cipher.seal(record.key, context),
            original=self.cipher.seal(record.value or b"", context),
        )
        unit.send(DEADLETTER, letter_id.encode(), wire.encode(letter))


def raise_if_newer(topic: str, error: DecodeError) -> None:
    """新しい版なら止まる: from outside may come anything, but topics of the hub's own have no other writer.

    A message of a newer release, refused here, would be missing from everything that is made of it; the
    process stops instead, and its partitions go to one of that release. Raises NewerRelease.
    """
    if isinstance(error, NewerRelease) and not is_incoming(topic):
        raise error


def _empty() -> Refusal:
    return refusal("R-201", "メッセージの本体", "一件の異動", "空", "送り元のコネクタの版と様式を確かめる")


def _undecodable(error: DecodeError) -> Refusal:
    found = f"{error.kind}: {error.found}"
    return refusal(
        "R-201", "メッセージの本体", error.expected, found, "送り元のコネクタの版と様式を確かめる"
    )


def _stranger(topic: str) -> Refusal:
    expected = f"{topic} に許された種類"
    return refusal(
        "R-202", "異動の種類", expected, "許されていない種類", "送り元のコネクタの出力先を確かめる"
    )
