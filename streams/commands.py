"""命令: what staff tell the hub, as events on their own topics: a day has come, a payment is assigned."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from confluent_kafka import Producer

from state import wire
from state.events import KijunbiAdvanced, ShuunouAssigned

KIJUNBI, SHOKUIN = "ido.kijunbi.v1", "ido.shokuin.v1"
_EVENTS = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/event")


class Sent(NamedTuple):
    """送るもの: one command as a message."""

    topic: str
    key: str
    value: bytes
    partition: int = -1


def kijunbi_messages(on: date, partitions: int, jichitai_code: str) -> list[Sent]:
    """基準日の到来: one event for each partition; the same day twice is the same event."""
    now = time.time_ns() // 1_000_000
    return [
        Sent(
            KIJUNBI,
            str(partition),
            wire.encode(
                KijunbiAdvanced(
                    str(uuid.uuid5(_EVENTS, f"KijunbiAdvanced|{on}|{partition}")),
                    "収納課",
                    "庁内連携システム",
                    f"kijunbi:{partition}",
                    on,
                    now,
                    jichitai_code,
                    None,
                    on,
                )
            ),
            partition,
        )
        for partition in range(partitions)
    ]


def assignment_message(
    shuunou_key: str,
    held_event_id: str,
    target: str,
    staff: str,
    reason: str,
    today: date,
    jichitai_code: str,
) -> Sent:
    """納付の指定: by a member of staff, with a reason."""
    natural = f"ShuunouAssigned|{held_event_id}|{target}"
    event = ShuunouAssigned(
        str(uuid.uuid5(_EVENTS, natural)),
        "収納課",
        "庁内連携システム",
        f"shokuin:{staff}",
        today,
        time.time_ns() // 1_000_000,
        jichitai_code,
        None,
        shuunou_key,
        held_event_id,
        target,
        staff,
        reason,
    )
    return Sent(SHOKUIN, shuunou_key, wire.encode(event))


def send(bootstrap: str, client: dict[str, Any], transactional_id: str, messages: Iterable[Sent]) -> None:
    """送る: all of them in one transaction, or none. Raises KafkaException."""
    producer = Producer(
        {
            **client,
            "bootstrap.servers": bootstrap,
            "transactional.id": transactional_id,
            "partitioner": "murmur2_random",
            "log_level": 2,
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for topic, key, value, partition in messages:
        producer.produce(topic, value, key, partition)
    producer.commit_transaction(30)
