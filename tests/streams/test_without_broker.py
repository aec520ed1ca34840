"""ブローカーの不在: what worker, connectors and commands do while no broker answers, as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.secrets import create_key_file
from streams import topics
from streams.local.kafka import LocalKafka

WORKER = ("worker", "--stage", "ledger")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A place on this machine where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(60)
        yield made


def _address(listener: socket.socket) -> str:
    return "{}:{}".format(*listener.getsockname())


def _started(bootstrap: str, home: Path, *words: str) -> subprocess.Popen[str]:
    create_key_file(home / "keys" / "kojin.key")
    return subprocess.Popen(
        [sys.executable, "-m", "streams", *words],
        env={**os.environ, "SHUUNOU_HOME": str(home), "SHUUNOU_BOOTSTRAP": bootstrap},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("words", [WORKER, ("connectors", "--no-sinks")])
def test_what_the_broker_tells_nothing_ends_when_told_to(
    words: tuple[str, ...], listener: socket.socket, tmp_path: Path
) -> None:
    with _started(_address(listener), tmp_path, *words) as process:
        connection, _ = listener.accept()
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(15) == 0
        finally:
            process.kill()
            connection.close()


def test_a_worker_at_work_ends_when_told_to_though_the_broker_has_fallen_silent(
    local_kafka: Callable[..., LocalKafka], tmp_path: Path
) -> None:
    broker = local_kafka()
    topics.create(broker.bootstrap, 1, {})
    with _started(broker.bootstrap, tmp_path, *WORKER) as process:
        assert process.stderr is not None
        assert any('"ready"' in line for line in process.stderr), "it works"
        broker.pause()
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "code"), [(WORKER, 1), (("status",), 1), (("topics", "list"), 1), (("verify",), 3)]
)
def test_where_nobody_answers_that_is_said_at_once_in_one_line(
    words: tuple[str, ...], code: int, listener: socket.socket, tmp_path: Path
) -> None:
    address = _address(listener)
    listener.close()
    with _started(address, tmp_path, *words) as process:
        told = process.communicate(timeout=25)[1]
    assert process.returncode == code
    assert f"Kafka: nobody answers at {address}" in told
    assert "Traceback" not in told


def test_the_status_tells_what_runs_even_then(listener: socket.socket, tmp_path: Path) -> None:
    address = _address(listener)
    listener.close()
    with _started(address, tmp_path, "status", "--json") as process:
        told = json.loads(process.communicate(timeout=25)[0])
    assert process.returncode == 1
    assert (told["processes"], told["lag"], told["sinks"]) == ({}, None, None)
