"""管理の口: one client per process and broker, whoever asks first."""

from __future__ import annotations

import threading

from streams.engine.admin import admin


def test_threads_that_ask_at_once_get_the_same_client(broker: str) -> None:
    """Taken by several threads at once, one of two clients was dropped with its question open: a hang."""
    for round_ in range(20):
        got = _asked_by(9, broker, {"client.id": f"test-{round_}"})
        assert len(got) == 9 and len({id(one) for one in got}) == 1


def _asked_by(threads: int, broker: str, client: dict[str, str]) -> list[object]:
    ready, got = threading.Barrier(threads), list[object]()

    def ask() -> None:
        ready.wait()
        got.append(admin(broker, client))

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    return got
