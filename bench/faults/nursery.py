"""苗床: one process with the hub's modules loaded, that forks every process of the hub that is to be broken.

A worker that is started anew needs a second of processor time for its imports, of which a thousand kills
would
make a quarter of an hour. The nursery has no threads, no event loop and no connection; what it forks is a
process of its own, in a session of its own, that runs the `shuunou` command with its own environment,
and dies
with the nursery.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.support import environment
from streams.local.process import leashed, tail, wait_until

LOOK_S = 0.02
ROOT = Path(__file__).parents[2]


class Order(NamedTuple):
    """注文: a process to be forked: words of the `shuunou` command, its settings, where its output goes."""

    words: tuple[str, ...]
    settings: dict[str, str]
    home: str
    log: str


class Nursery:
    """苗床: the supervisor's side. Start it from a thread that lives as long as what it forks."""

    def __init__(self, log: Path) -> None:
        self._codes: dict[int, int] = {}
        self._born: list[int] = []
        self._lock = threading.Lock()
        self.log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                leashed([sys.executable, "-m", "bench.faults.nursery"]),
                cwd=ROOT,
                env=environment({"PYTHONPATH": str(ROOT)}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def spawn(self, order: Order) -> int:
        """生む: the process number."""
        with self._lock:
            self._born.clear()
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order._asdict()).encode() + b"\n")
            self._process.stdin.flush()
            if not wait_until(lambda: bool(self._born) or self._process.poll() is not None, 60, 0.002):
                raise RuntimeError("the nursery: expected an answer within 60 s")
            if not self._born:
                raise RuntimeError(f"the nursery ended:\n{tail(self.log)}")
            return self._born[0]

    def code(self, pid: int) -> int | None:
        """終了コード: None while it runs; negative for a signal."""
        return self._codes.get(pid)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "born" in told:
                self._born.append(told["born"])
            else:
                self._codes[told["ended"]] = told["code"]

    def close(self) -> None:
        """閉じる: the kernel ends what it forked with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._listener.join(5)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


# -- the forking side --------------------------------------------------------------------------------


def _orders() -> Iterator[bytes | None]:
    """Lines of standard input; None every now and then, so that the ended are seen."""
    pending = b""
    while True:
        readable, _, _ = select.select([0], [], [], LOOK_S)
        if not readable:
            yield None
            continue
        data = os.read(0, 1 << 16)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        yield from lines


def _tell(**said: int) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def _become(order: Order, parent: int) -> None:
    """What a fresh start of the command would find: its folder, its environment, its output."""
    os.setsid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    output = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, handle in ((0, nothing), (1, output), (2, output)):
        os.dup2(handle, number)
    os.chdir(order.home)
    os.environ.update(order.settings)


def _run(order: Order) -> int:
    from streams import entry
    from streams.engine import failpoints
    from streams.settings import settings

    faulthandler.enable()
    settings.cache_clear()
    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    try:
        entry.main(list(order.words))
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    return 0


def _fork(order: Order) -> None:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        _tell(born=pid)
        return
    code = 1
    try:
        _become(order, parent)
        code = _run(order)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _load() -> None:
    """Everything that a process of the hub imports sooner or later."""
    import connectors.migrations
    import streams.cli
    import streams.connecting
    import streams.worker

    named: Any = (connectors.migrations, streams.cli, streams.connecting, streams.worker)
    assert named


def main() -> None:
    """生み続ける: until standard input ends."""
    _load()
    for line in _orders():
        if line is not None:
            given = json.loads(line)
            _fork(Order(tuple(given["words"]), given["settings"], given["home"], given["log"]))
        _reap()


if __name__ == "__main__":
    main()
