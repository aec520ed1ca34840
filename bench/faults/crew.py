"""班: the processes of one hub, and the supervisor that starts again whatever ended, as an init system would.

A member's incarnation is told ready by its own log. From the end of one incarnation to the readiness of
the next
is a recovery; what an incarnation said before it ended is counted, then its log is kept or removed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bench.faults.nursery import Order
from bench.support import READY
from streams.engine import failpoints
from streams.local.process import tail, wait_until

LOOK_S, END = 0.03, "end"
PAUSE_S = 1.0
"""How long one that ended by itself waits before it is started again; one that was killed does not."""
SAYINGS = {
    '"error": "Fenced"': "fenced owners",
    '"error": "Stuck"': "stuck owners",
    '"event": "gap"': "gaps mended",
    '"event": "stalled"': "stalls mended",
}
Arming = Callable[["Member"], str]


class Nurse(Protocol):
    """生む者: what makes a process of an order and says how it ended."""

    def spawn(self, order: Order) -> int: ...

    def code(self, pid: int) -> int | None: ...


class Member:
    """班員: one process by name. `is_wanted` says whether it is started again when it ends."""

    def __init__(
        self, name: str, words: tuple[str, ...], settings: dict[str, str], home: Path, *, says_ready: bool
    ) -> None:
        self.name, self.words, self.settings, self.home = name, words, settings, home
        self.says_ready = says_ready
        self.is_wanted = False
        self.pid: int | None = None
        self.point = ""
        self.births = 0
        self.born_at = 0.0
        self.ready_at: float | None = None
        self.ended_at: float | None = None
        self.last_code: int | None = None
        self.not_before = 0.0
        home.mkdir(parents=True, exist_ok=True)

    @property
    def log(self) -> Path:
        return self.home / f"{self.name}.{self.births}.log"

    @property
    def state_dir(self) -> Path:
        return self.home / "state"

    def memory_mib(self) -> float:
        """最大の常駐記憶 (MiB): of the running incarnation, 0 when there is none."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0


class Crew:
    """班: starts, watches and starts again. One thread of its own watches; every method may be called
    from another."""

    def __init__(self, nursery: Nurse) -> None:
        self.nurse: Nurse = nursery
        self.members: dict[str, Member] = {}
        self.arming: Arming = lambda member: ""
        self.before_birth: Callable[[Member], None] = lambda member: None
        self.kills: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.recoveries: list[float] = []
        self.peak_mib: dict[str, float] = {}
        self.strange: list[str] = []
        self._expected: dict[int, str] = {}
        self._lock = threading.RLock()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    # -- what a scenario does ------------------------------------------------------------------------

    def add(self, member: Member) -> Member:
        """加える: not started yet."""
        with self._lock:  # the watch goes through them
            self.members[member.name] = member
        return member

    def start(self, *names: str) -> None:
        """始める: those named, or all; they are started again until `stop` or `leave`."""
        with self._lock:
            for member in self._chosen(names):
                member.is_wanted = True
                if member.pid is None:
                    member.ended_at = None
                    self._give_birth(member)

    def wait_ready(self, *names: str, limit: float = 120.0) -> None:
        """待つ: until those named (or all that are wanted) said that they are ready. RuntimeError
        otherwise."""
        chosen = [m for m in self._chosen(names) if m.is_wanted or names]
        if not wait_until(lambda: all(m.ready_at is not None for m in chosen), limit):
            late = [member for member in chosen if member.ready_at is None]
            for member in late:
                member.is_wanted = False
                self._signal(member, signal.SIGABRT)  # each says in its log where its threads are
            wait_until(lambda: all(m.pid is None for m in late), 5)
            said = "\n".join(f"{m.name}\n{tail(m.log, 400)}" for m in late)
            raise RuntimeError(f"expected to be ready within {limit:.0f} s: {said}")

    def kill(self, name: str, why: str = "random") -> None:
        """kill -9: it is started again at once if it is wanted."""
        with self._lock:
            member = self.members[name]
            if member.pid is not None:
                self._expected[member.pid] = why
                self._signal(member, signal.SIGKILL)

    def pause(self, name: str) -> None:
        """SIGSTOP."""
        self._signal(self.members[name], signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        self._signal(self.members[name], signal.SIGCONT)

    def stop(self, *names: str, limit: float = 40.0) -> dict[str, float]:
        """SIGTERM: seconds that each took; one that does not end in time is killed and noted as strange."""
        chosen = [m for m in self._chosen(names) if m.pid is not None]
        begun = time.monotonic()
        with self._lock:
            for member in self._chosen(names):
                member.is_wanted = False
            for member in chosen:
                self._signal(member, signal.SIGTERM)
                self._signal(member, signal.SIGCONT)
        took = {}
        for member in chosen:
            if not wait_until(lambda m=member: m.pid is None, limit):  # type: ignore[misc]
                self.strange.append(f"{member.name}: did not end within {limit:.0f} s of SIGTERM")
                self.kill(member.name, "after SIGTERM")
                wait_until(lambda m=member: m.pid is None, 10)  # type: ignore[misc]
            took[member.name] = (member.ended_at or time.monotonic()) - begun
        return took

    def leave(self, name: str) -> None:
        """kill -9, and it is not started again."""
        self.members[name].is_wanted = False
        self.kill(name, "left for good")
        wait_until(lambda: self.members[name].pid is None, 10)

    def close(self) -> None:
        """終える: at once."""
        with self._lock:
            for member in self.members.values():
                member.is_wanted = False
                if member.pid is not None:
                    self._expected[member.pid] = END
                    self._signal(member, signal.SIGKILL)
        wait_until(lambda: all(m.pid is None for m in self.members.values()), 10)
        self._done.set()
        self._watcher.join(5)

    # -- the watch -------------------------------------------------------------------------------------

    def _chosen(self, names: tuple[str, ...]) -> list[Member]:
        return [self.members[name] for name in names] if names else list(self.members.values())

    def _signal(self, member: Member, number: signal.Signals) -> None:
        if member.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, number)

    def _give_birth(self, member: Member) -> None:
        self.before_birth(member)
        member.births += 1
        member.born_at = time.monotonic()
        member.point = self.arming(member)
        settings = {**member.settings, failpoints.VARIABLE: member.point}
        member.ready_at = None
        member.last_code = None
        member.pid = self.nurse.spawn(Order(member.words, settings, str(member.home), str(member.log)))

    def _watch(self) -> None:
        while not self._done.wait(LOOK_S):
            with self._lock:
                for member in self.members.values():
                    if member.pid is not None:
                        self._look(member)
                    if member.pid is None and member.is_wanted and time.monotonic() >= member.not_before:
                        self._give_birth(member)

    def _look(self, member: Member) -> None:
        assert member.pid is not None
        if member.ready_at is None and self._is_ready(member):
            member.ready_at = time.monotonic()
            if member.ended_at is not None and member.says_ready:
                self.recoveries.append(member.ready_at - member.ended_at)
        code = self.nurse.code(member.pid)
        if code is None:
            kind = member.name.rstrip("0123456789")
            self.peak_mib[kind] = max(self.peak_mib.get(kind, 0.0), member.memory_mib())
            return
        self._ended(member, code)

    def _is_ready(self, member: Member) -> bool:
        if not member.says_ready:
            return True
        return member.log.exists() and READY.encode() in member.log.read_bytes()

    def _ended(self, member: Member, code: int) -> None:
        pid, member.pid = member.pid, None
        member.ended_at, member.last_code = time.monotonic(), code
        said = member.log.read_text("utf-8", "replace") if member.log.exists() else ""
        for word, name in SAYINGS.items():
            self.said[name] += said.count(word)
        why = self._expected.pop(pid or 0, "")
        if not why and code == -signal.SIGKILL and "=kill" in member.point:
            why = member.point.split("=")[0]
        self.codes[f"{member.name.rstrip('0123456789')} {code}"] += 1
        if why and code == -signal.SIGKILL:
            self.kills[why] += why != END
            if why != END:
                member.log.unlink(missing_ok=True)
        else:
            member.not_before = member.ended_at + PAUSE_S
