"""ローカルプロセス: what starting a server on this machine needs: ports, a leash, a lock, its log."""

import errno
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
LEAST_PRIORITY = 19

# Below the range from which systems take the ports of outgoing connections: a client that keeps knocking
# at the port of a server that is down could otherwise be given that very port, and hold it.
_PORTS = range(20000, 32768)

# Run by a fresh interpreter that then becomes the server, so that the process id stays the same and
# nothing runs between fork and exec of a process with threads.
_LEASH = """
import ctypes, os, sys
parent, death_signal, uid, gid = map(int, sys.argv[1:5])
if uid >= 0:
    os.setgroups([]), os.setgid(gid), os.setuid(uid)
if death_signal and sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, death_signal)
    if os.getppid() != parent:
        sys.exit("the starting process ended first")
os.execv(sys.argv[5], sys.argv[5:])
"""


def leashed(
    command: Sequence[str],
    *,
    death_signal: signal.Signals | None = signal.SIGKILL,
    owner: tuple[int, int] | None = None,
) -> list[str]:
    """プロセス連動: the command, made to get `death_signal` when the process that starts it ends.

    Linux only (elsewhere the command runs without it). The kernel watches the *thread* that starts the
    command, so start it from one that lives as long as the server should. `owner` is a (uid, gid) to run as.
    """
    uid, gid = owner or (-1, -1)
    ids = [os.getpid(), int(death_signal or 0), uid, gid]
    return [sys.executable, "-S", "-E", "-c", _LEASH, *map(str, ids), *command]


def free_port() -> int:
    """空きポート: a loopback port that nobody listens on (until somebody else takes it)."""
    for port in random.sample(_PORTS, 200):
        if is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no free port between {_PORTS.start} and {_PORTS.stop - 1}")


def is_free(port: int) -> bool:
    """ポート空き判定: whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        # as servers do: connections of a former server that are still winding down are no obstacle
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def accepts(port: int, host: str = LOOPBACK, seconds: float = 1.0) -> bool:
    """接続可否: whether something accepts connections on this port within so many seconds."""
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError:
        return False
    return True


def command_line(pid: int) -> str:
    """コマンド行: the words of a running process, separated by spaces; empty if it is gone or defunct."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listed = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listed, capture_output=True, text=True, check=False).stdout


def yield_threads(pid: int, name: str) -> int:
    """譲らせる: threads of a process whose names begin so take only what others leave of the processor.

    Returns how many; those that they start later do likewise. Where there is no /proc, none.
    """
    found = 0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # it ended meanwhile
            if (task / "comm").read_text().startswith(name):
                os.setpriority(os.PRIO_PROCESS, int(task.name), LEAST_PRIORITY)
                found += 1
    return found


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """待機: whether the condition came true within so many seconds, looked at every `pause` seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def tail(path: Path, lines: int = 20) -> str:
    """ログ末尾: the last lines of a text file, or a word that there is none."""
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """排他: holds the lock file, so that two processes do the same thing one after the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file lets go of the lock, and so does the end of the process
