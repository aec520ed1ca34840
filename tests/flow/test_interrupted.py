"""Ctrl-C during a run leaves nothing running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.flow.conftest import Hub


def _mine(home: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it ended meanwhile, or is somebody else's
            if str(home).encode() in line:
                found.append(entry.name)
    return found


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "home")
    run = subprocess.Popen(
        [sys.executable, "-m", "streams", "run", "--persons", "200"],
        env=hub.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_heed_ctrl_c,
    )
    try:
        _interrupt(hub, run)
    finally:
        hub.command("stop")
        run.kill()


def _heed_ctrl_c() -> None:
    """A suite that a shell runs in the background ignores Ctrl-C, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(hub: Hub, run: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not (hub.home / "run" / "worker.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(2)
    assert len(_mine(hub.home)) >= 3, "broker, worker and run must be there before the interruption"
    run.send_signal(signal.SIGINT)
    assert run.wait(60) != 0
    deadline = time.monotonic() + 10
    while _mine(hub.home) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _mine(hub.home) == []
