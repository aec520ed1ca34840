"""再送: what a stage refused, sent again by a member of staff under the same key, to the topic where it stood.

The record that is sent bears the decision in its headers: the letter that it answers, who decided and why.
So the decision is kept for ever where the change itself is, in the same transaction, and whoever looks for
an earlier one finds it. Ids and numbers make a repetition harmless; what is still not allowed becomes
another letter, whose id follows from the new place.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from connectors.base import Terminal, Transient
from connectors.ids import LETTER_NAMESPACE
from connectors.secrets import Cipher

SOURCES = "ido."
HEADER_LETTER, HEADER_STAFF, HEADER_REASON = "shuunou.letter", "shuunou.tantousha", "shuunou.riyuu"
WAIT_S, STALL_S = 1.0, 30.0


class Original(NamedTuple):
    """原本: what was refused, opened, and where it stood."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes


class Resent(NamedTuple):
    """再送の位置: where the record now stands, and the id of the letter if it is refused again."""

    topic: str
    partition: int
    offset: int

    @property
    def letter_id(self) -> str:
        return letter_id_of(self.topic, self.partition, self.offset)


def letter_id_of(topic: str, partition: int, offset: int) -> str:
    """受入拒否の識別子: of what a stage refuses at this place."""
    return str(uuid.uuid5(LETTER_NAMESPACE, f"{topic}/{partition}/{offset}"))


def why_not(topic: str | None) -> str | None:
    """再送できない理由: and what to do instead; None when it can be sent again."""
    if topic is None:
        return (
            "it is a line or a file that a connector refused: mend it at its sender "
            "and put the mended file into the inbox"
        )
    if not topic.startswith(SOURCES):
        return (
            f"it stood on {topic}, which only a stage may write: decide on the event behind it, "
            "or send a corrected one from its source"
        )
    return None


def open_original(found: dict[str, Any], cipher: Cipher) -> Original:
    """原本を開く: of a row of the projection's letters. Raises SecretError for another key or damage."""
    letter_id, context = found["letter_id"], f"letter/{found['letter_id']}"
    key = found["original_key"]
    return Original(
        letter_id,
        found["topic"],
        found["partition"],
        found["offset"],
        None if key is None else cipher.open(key, context),
        cipher.open(found["original"], context),
    )


class Resender:
    """再送の口: `find` looks for an earlier resend, `send` does it; its id fences everyone else's attempt."""

    def __init__(self, bootstrap: str, client: dict[str, Any], transactional_id: str) -> None:
        self._client = {**client, "bootstrap.servers": bootstrap, "log_level": 2}
        self._id = transactional_id

    def find(self, original: Original) -> Resent | None:
        """先の再送を探す: reads the partition from the letter's own record on.

        Raises Terminal when the record there is not the one that the letter holds.
        """
        settings = {
            "group.id": f"{self._id}-look",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
        }
        consumer = Consumer({**self._client, **settings})
        try:
            consumer.assign([TopicPartition(original.topic, original.partition, original.offset)])
            return _search(consumer, original)
        finally:
            consumer.close()

    def send(self, original: Original, staff: str, reason: str) -> Resent:
        """送る: in one transaction, unless it was sent before. Raises KafkaException, Terminal, Transient."""
        producer = Producer({**self._client, "transactional.id": self._id, "partitioner": "murmur2_random"})
        producer.init_transactions(STALL_S)  # from here on nobody else's attempt can still be committed
        before = self.find(original)
        if before is not None:
            raise Terminal(
                f"letter {original.letter_id[:8]}: expected that it was not sent before, "
                f"found it sent to {before.topic}/{before.partition}/{before.offset}"
            )
        told: list[Message] = []
        headers: list[tuple[str, str | bytes | None]] = [
            (HEADER_LETTER, original.letter_id),
            (HEADER_STAFF, staff),
            (HEADER_REASON, reason),
        ]
        producer.begin_transaction()
        producer.produce(
            original.topic,
            original.value,
            original.key,
            original.partition,
            headers=headers,
            on_delivery=lambda error, message: told.append(message) if error is None else None,
        )
        producer.commit_transaction(STALL_S)
        return Resent(original.topic, original.partition, told[0].offset() or 0)

    def is_worked_off(self, group: str, at: Resent) -> bool:
        """済んだか: whether the stage of this group has come past the record."""
        consumer = Consumer({**self._client, "group.id": group, "enable.auto.commit": False})
        try:
            (found,) = consumer.committed([TopicPartition(at.topic, at.partition)], timeout=STALL_S)
        finally:
            consumer.close()
        return found.offset > at.offset


def _search(consumer: Consumer, original: Original) -> Resent | None:
    is_first = True
    while True:
        message = consumer.poll(STALL_S)
        if message is None:
            raise Transient(f"{original.topic}: the broker gave nothing for {STALL_S:.0f} s; is it up?")
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            if is_first:
                raise _another(original)
            return None
        if error is not None:
            raise KafkaException(error)
        offset = message.offset()
        if is_first and (offset, message.key(), message.value()) != original[3:]:
            raise _another(original)
        is_first = False
        if dict(message.headers() or ()).get(HEADER_LETTER) == original.letter_id.encode():
            return Resent(original.topic, original.partition, offset or 0)


def _another(original: Original) -> Terminal:
    place = f"{original.topic}/{original.partition}/{original.offset}"
    return Terminal(
        f"letter {original.letter_id[:8]}: expected the message that it holds at {place}, found another; "
        "is the database that of this broker?"
    )
