"""Each stage a process of its own, garbage on every topic, one stage killed on the way: the same ledger."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.city import MANIFEST, make_city, write_city
from connectors.city.model import KAITOU, TETSUZUKI
from streams.topics import STAGES
from tests.flow.conftest import Hub

PERSONS, SEED = 60, 11
GARBAGE = {
    "no magic": b"\x01garbage",
    "too short": b"\x00",
    "empty": b"",
    "unknown schema": b"\x00\x00\x00\xff\xff" + b"x" * 20,
    "truncated": b"\x00\x00\x00\x03\xef\x02",
    "huge": b"\x00\x00\x00\x03\xef" + bytes(5_000_000),
}
TOPICS = (
    "ido.atena.v1",
    "ido.choutei-zeimu.v1",
    "ido.shuunou-convenience.v1",
    "ido.kijunbi.v1",
    "ledger.input.v1",
)
PATIENCE_S = 120


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[tuple[Hub, list[subprocess.Popen[bytes]]]]:
    hub = Hub(tmp_path / "home")
    processes: list[subprocess.Popen[bytes]] = []
    yield hub, processes
    for process in processes:
        process.kill()
        process.wait(20)
    hub.command("stop")


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.5)


def _behind(hub: Hub) -> int:
    return sum(stage["lag"] for stage in hub.json("status")["lag"])


def _throw_garbage(bootstrap: str) -> int:
    producer = Producer({"bootstrap.servers": bootstrap, "message.max.bytes": 8 << 20})
    for topic in TOPICS:
        for value in GARBAGE.values():
            producer.produce(topic, value, b"key")
    producer.flush(30)
    return len(TOPICS) * len(GARBAGE)


def _deliver(path: Path, inbox: Path) -> None:
    shutil.copy2(path, inbox / f".{path.name}")
    (inbox / f".{path.name}").rename(inbox / path.name)


def _summary(hub: Hub) -> dict[str, Any]:
    found: dict[str, Any] = hub.json("show", "summary")
    return found


def test_stages_apart_with_garbage_and_a_kill(apart: tuple[Hub, list[subprocess.Popen[bytes]]]) -> None:
    hub, processes = apart
    bootstrap = hub.command("broker", "start").split()[-1]
    for words in (("topics", "create"), ("key", "create"), ("database", "migrate")):
        hub.command(*words)
    thrown = _throw_garbage(bootstrap)
    stages = {name: hub.start("worker", "--stage", name) for name in STAGES}
    processes += [*stages.values(), hub.start("connectors")]
    city = make_city(PERSONS, SEED)
    write_city(city, hub.home / "city")
    files = [path for path in sorted((hub.home / "city").iterdir()) if path.name != MANIFEST]
    of_the_year = [path for path in files if not path.name.startswith((TETSUZUKI, KAITOU))]
    inbox = hub.home / "inbox"
    inbox.mkdir(exist_ok=True)
    for number, path in enumerate(of_the_year):
        _deliver(path, inbox)
        if number == len(of_the_year) // 2:
            time.sleep(3)
            stages["ledger"].send_signal(signal.SIGKILL)
            processes.append(hub.start("worker", "--stage", "ledger"))
    _until(lambda: not any(path.is_file() for path in inbox.rglob("*")))
    _until(lambda: _behind(hub) == 0)
    for family in (TETSUZUKI, KAITOU):  # acts come when the year is known, answers when they were asked for
        for path in files:
            if path.name.startswith(family):
                _deliver(path, inbox)
        _until(lambda: not any(path.is_file() for path in inbox.rglob("*")))
        _until(lambda: _behind(hub) == 0)
    expected = city.expected()
    _until(lambda: _summary(hub)["accounts"] == expected.accounts)
    _until(lambda: sum(t["minou_gaku"] for t in _summary(hub)["totals"]) == expected.minou_gaku)
    totals = _summary(hub)["totals"]
    assert sum(t["choutei_gaku"] for t in totals) == expected.choutei_gaku
    assert sum(t["shuunou_gaku"] for t in totals) == expected.shuunou_gaku
    assert sum(t["kagonou_gaku"] for t in totals) == expected.kagonou_gaku
    assert _summary(hub)["letters"]["R-201"] == thrown, (
        "each piece of garbage is parked, and none blocked the flow"
    )
