"""手段: a disk that can be filled, a network that can be broken; both real, both of this machine's own."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.faults.world import NotInjected
from streams.local import process

BLOCK = 1 << 16


class SmallDisk:
    """小さな円盤: a mounted tmpfs of so many MiB; `fill` takes all that is left, `free` gives it back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> int:
        """一杯にする: bytes that were still free."""
        taken = 0
        with self._ballast.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                taken += ballast.write(bytes(BLOCK if taken < 1 << 30 else 512))
        with self._ballast.open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                taken += ballast.write(bytes(512))
        return taken

    def free(self) -> None:
        """空ける。"""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(path: Path, mib: int) -> Iterator[SmallDisk]:
    """小さな円盤を置く: NotInjected where mounting is not allowed."""
    path.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise NotInjected("a small disk: mounting a tmpfs needs root")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], capture_output=True, check=False)


class Link:
    """中継: a TCP relay on loopback to one port, that can be slow, silent or cut."""

    def __init__(self) -> None:
        self.port = process.free_port()
        self.target = 0
        self.delay_s = 0.0
        self.bytes = 0
        self._is_silent = threading.Event()
        self._is_refusing = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server((process.LOOPBACK, self.port), backlog=64)
        self._stop = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self, is_silent: bool = True) -> None:
        """半開: connections stay open, nothing passes (and nothing is accepted from what is behind them)."""
        (self._is_silent.set if is_silent else self._is_silent.clear)()

    def cut(self) -> None:
        """切る: every connection is closed; new ones are taken."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _shut(end)

    def refuse(self, is_refusing: bool = True) -> None:
        """断つ: every connection is closed, and each new one at once."""
        (self._is_refusing.set if is_refusing else self._is_refusing.clear)()
        if is_refusing:
            self.cut()

    def close(self) -> None:
        """閉じる。"""
        self._stop.set()
        _shut(self._listener)
        self.cut()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self._is_refusing.is_set():
                _shut(inner)
                continue  # whoever knocks is turned away until `refuse(False)`
            try:
                outer = socket.create_connection((process.LOOPBACK, self.target), 5)
            except OSError:
                _shut(inner)
                continue  # nobody is behind it: the knocker sees what it would see without us
            with self._lock:
                self._pairs.append((inner, outer))
            for source, sink in ((inner, outer), (outer, inner)):
                threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while not self._stop.is_set():
                while self._is_silent.is_set():
                    time.sleep(0.05)
                if not select.select([source], [], [], 0.2)[0]:
                    continue
                data = source.recv(BLOCK)
                if not data:
                    break
                time.sleep(self.delay_s)
                while self._is_silent.is_set():
                    time.sleep(0.05)
                sink.sendall(data)
                self.bytes += len(data)
        for end in (source, sink):
            _shut(end)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
