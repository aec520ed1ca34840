"""管理の口: one admin client per process and broker, never given up.

librdkafka's admin client crashes the process now and then when it is dropped just after an answer (2.16.0,
seen); it costs one thread to keep. Partitions are taken by several threads at once, so the making is locked:
of two clients made for one place, the loser was dropped with a question open, which then was never answered.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from confluent_kafka.admin import AdminClient

_made: dict[tuple[tuple[str, Any], ...], AdminClient] = {}
_making = threading.Lock()


def admin(bootstrap: str, client: Mapping[str, Any]) -> AdminClient:
    """管理の口を得る: the one of this process for this broker and these settings of security."""
    settings = {**client, "bootstrap.servers": bootstrap, "log_level": 2}
    place = tuple(sorted(settings.items()))
    with _making:
        if place not in _made:
            _made[place] = AdminClient(settings)
        return _made[place]
