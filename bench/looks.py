"""目視: memory and processor time of processes, looked at again and again while something else goes on."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from bench.support import cpu_s

LOOK_S = 5.0
PARTS = 4
"""Into so many parts the time is cut, to see whether memory grows."""


class Looks(threading.Thread):
    """目視: of the processes that `living` names, until told to end. A context: it looks while it is open."""

    def __init__(self, living: Callable[[], Iterable[tuple[str, int]]]) -> None:
        super().__init__(daemon=True)
        self.living = living
        self.seen: dict[str, list[float]] = defaultdict(list)
        self.files: dict[str, list[float]] = defaultdict(list)
        self.cpu_s: dict[str, float] = {}
        self._end = threading.Event()

    def run(self) -> None:
        """見る。"""
        while not self._end.wait(LOOK_S):
            for name, pid in self.living():
                with suppress(FileNotFoundError, ProcessLookupError):
                    self.seen[name].append(_resident_mib(pid))
                    self.files[name].append(len(os.listdir(f"/proc/{pid}/fd")))
                    self.cpu_s[name] = cpu_s(pid)

    def __enter__(self) -> Looks:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self.join()

    def figures(self) -> dict[str, Any]:
        """値: of each process its peak, its median in each part of the time, and its processor seconds."""
        return {
            name: {
                "peak_mib": round(max(looks)),
                "median_mib_by_quarter": [round(each) for each in quarters(looks)],
                "cpu_s": round(self.cpu_s[name], 1),
            }
            for name, looks in sorted(self.seen.items())
        }


def quarters(looks: Sequence[float]) -> list[float]:
    """四分した中央値: fewer than four where there were hardly any looks."""
    size = max(len(looks) // PARTS, 1)
    return [median(part) for at in range(PARTS) if (part := looks[at * size : (at + 1) * size])]


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
