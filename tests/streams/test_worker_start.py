"""働き手の始まり: what a worker does while no broker lets it begin, as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.secrets import create_key_file


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A place on this machine where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(60)
        yield made


def _address(listener: socket.socket) -> str:
    return "{}:{}".format(*listener.getsockname())


def _worker(bootstrap: str, home: Path) -> subprocess.Popen[str]:
    create_key_file(home / "keys" / "kojin.key")
    return subprocess.Popen(
        [sys.executable, "-m", "streams", "worker", "--stage", "ledger"],
        env={**os.environ, "SHUUNOU_HOME": str(home), "SHUUNOU_BOOTSTRAP": bootstrap},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_worker_whom_the_broker_tells_nothing_ends_when_told_to(
    listener: socket.socket, tmp_path: Path
) -> None:
    with _worker(_address(listener), tmp_path) as process:
        connection, _ = listener.accept()
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(15) == 0
        finally:
            process.kill()
            connection.close()


def test_a_worker_without_a_broker_says_so_in_one_line(listener: socket.socket, tmp_path: Path) -> None:
    address = _address(listener)
    listener.close()
    with _worker(address, tmp_path) as process:
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert f"Kafka: nobody answers at {address}" in told
    assert "Traceback" not in told
