"""管理の口: one admin client per process and broker, never given up.

librdkafka's admin client crashes the process now and then when it is dropped just after an answer (2.16.0,
seen); it costs one thread to keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from confluent_kafka.admin import AdminClient


@cache
def _made(settings: tuple[tuple[str, Any], ...]) -> AdminClient:
    return AdminClient(dict(settings))


def admin(bootstrap: str, client: Mapping[str, Any]) -> AdminClient:
    """管理の口を得る: the one of this process for this broker and these settings of security."""
    return _made(tuple(sorted({**client, "bootstrap.servers": bootstrap, "log_level": 2}.items())))
