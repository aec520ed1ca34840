"""故障点: named places where a test may kill, pause or fail the process; nothing is in the way when unarmed.

`SHUUNOU_FAILPOINTS="after-fold=kill@3,before-commit=raise@1"`: at the third passage of `after-fold` the
process kills itself with SIGKILL; at the first of `before-commit` a RuntimeError is raised. Actions: `kill`,
`raise`, `pause:SECONDS`, `tell` (one line on standard error: the point was passed).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

VARIABLE = "SHUUNOU_FAILPOINTS"
POINTS = {
    "before-read": "a batch is about to be folded",
    "after-fold": "a batch was folded, nothing was sent",
    "after-outputs": "outputs and rows were produced, the transaction is open",
    "before-commit": "the transaction is about to be committed",
    "after-commit": "the transaction is committed, the store is not written",
    "half-store": "half of the rows are in the store, in a write of their own",
    "after-store": "the store is written",
    "before-restore": "the store is about to be restored",
    "half-restore": "part of the changelog is in the store",
    "before-database-commit": "a sink wrote its rows and its position, its database transaction is open",
    "after-database-commit": "a sink's database transaction is committed, its position not read again",
    "before-source-commit": "a source's events and position were produced, the transaction is open",
    "after-source-commit": "a source's transaction is committed, its file is not put away",
}


class FailPointRaised(RuntimeError):
    """故障点で起こした誤り: raised by an armed point, never otherwise."""


class Armed(NamedTuple):
    """仕掛け: the action of one point and the passage at which it acts."""

    action: str
    passage: int


def parse(text: str) -> dict[str, Armed]:
    """仕掛けを読む: raises ValueError for a point that does not exist."""
    armed = {}
    for part in filter(None, text.split(",")):
        name, _, rest = part.partition("=")
        action, _, passage = rest.partition("@")
        if name not in POINTS:
            raise ValueError(f"{VARIABLE}: {name!r} is no fail point; there are {', '.join(POINTS)}")
        armed[name] = Armed(action, int(passage or 1))
    return armed


_armed: dict[str, Armed] = {}
_passages: dict[str, int] = {}


def _act(name: str) -> None:
    point = _armed.get(name)
    if point is None:
        return
    _passages[name] += 1
    if _passages[name] != point.passage:
        return
    action, _, seconds = point.action.partition(":")
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "pause":
        time.sleep(float(seconds))
    elif action == "tell":
        print(f"fail point {name}", file=sys.stderr, flush=True)
    else:
        raise FailPointRaised(name)


def _pass(name: str) -> None:
    """Unarmed: nothing."""


hit: Callable[[str], None] = _pass


def is_armed(name: str) -> bool:
    """仕掛けてあるか。"""
    return name in _armed


def arm(text: str) -> None:
    """仕掛ける: instead of what was armed before; with an empty text nothing is in the way again."""
    global hit
    _armed.clear()
    _armed.update(parse(text))
    _passages.clear()
    _passages.update(dict.fromkeys(_armed, 0))
    hit = _act if _armed else _pass


arm(os.environ.get(VARIABLE, ""))
