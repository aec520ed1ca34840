"""先に載せる: processes of the hub with a library of ours before all others, which shows them another machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.faults.nursery import ROOT, Order
from bench.faults.world import NotInjected
from bench.support import environment
from streams.local.process import leashed


def compiled(source: str, folder: Path) -> Path:
    """組み立てる: a library from a C source that lies beside this module. NotInjected without a compiler."""
    library = folder / source.replace(".c", ".so")
    path = Path(__file__).with_name(source)
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(path), "-ldl", "-lpthread"]
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        raise NotInjected(f"{source}: needs Linux and a C compiler (cc)") from None
    return library


class Exec:
    """起動手: starts processes anew instead of forking them, with more in their environment: a library
    before all others, or another release's path."""

    def __init__(self, more: dict[str, str]) -> None:
        self._more = more
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def spawn(self, order: Order) -> int:
        """起動する。"""
        with open(order.log, "ab") as log:
            child = subprocess.Popen(
                leashed([sys.executable, "-m", "streams", *order.words]),
                cwd=order.home,
                env=environment({"PYTHONPATH": str(ROOT), **order.settings, **self._more}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children[child.pid] = child
        return child.pid

    def code(self, pid: int) -> int | None:
        """終了コード。"""
        return self._children[pid].poll()
