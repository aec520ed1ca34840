"""常駐: processes of the hub that `shuunou run` leaves working in the background, and `shuunou stop` ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from streams.local.process import leashed

STOP_SECONDS = 20.0
ENDED = ("Z", "X")
"""States of a process that is no longer one (proc(5))."""


def _pid_file(home: Path, name: str) -> Path:
    return home / "run" / f"{name}.pid"


def log_path(home: Path, name: str) -> Path:
    """記録の置き場。"""
    return home / "log" / f"{name}.log"


def start(home: Path, name: str, arguments: list[str], *, bound: bool = False) -> subprocess.Popen[bytes]:
    """始める: `shuunou <arguments>` in a session of its own, its output in `log/<name>.log`.

    `bound` makes it end with the process that starts it.
    """
    stop(home, name)
    log = log_path(home, name)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "streams", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(
            leashed(command) if bound else command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    pid_file = _pid_file(home, name)
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(f"{process.pid}\n{_born(process.pid)}\n")
    return process


def _born(pid: int) -> str:
    """When the process began, as the kernel counts it: a pid that was given again does not match.

    "" for one that has ended, though whoever started it has not asked after it yet.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in ENDED else fields[19]


def pid_of(home: Path, name: str) -> int | None:
    """番号: of the process if it is running, else None."""
    pid_file = _pid_file(home, name)
    if not pid_file.exists():
        return None
    pid_text, born = pid_file.read_text().split("\n")[:2]
    return int(pid_text) if born and _born(int(pid_text)) == born else None


def names(home: Path) -> list[str]:
    """常駐の名: those that were started here, running or not."""
    return sorted(path.stem for path in (home / "run").glob("*.pid"))


def stop(home: Path, name: str, timeout: float = STOP_SECONDS) -> bool:
    """終える: SIGTERM, then SIGKILL; False if it did not run."""
    pid = pid_of(home, name)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while pid_of(home, name) is not None:
            if time.monotonic() > deadline:
                _signal(pid, signal.SIGKILL)
            time.sleep(0.05)
    _pid_file(home, name).unlink(missing_ok=True)
    return pid is not None


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
