"""Memory that was freed goes back to the system, though pieces of it here and there are still in use."""

from __future__ import annotations

import subprocess
import sys

FREES_MOST = """
import os
from streams.engine.memory import give_back

def pages():
    return int(open("/proc/self/statm").read().split()[1])

before = pages()
held = [os.urandom(2000) for _ in range(50_000)]
most = pages()
held = held[::100]
kept = pages()
give_back()
print(before, most, kept, pages())
"""


def test_what_was_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", FREES_MOST], capture_output=True, text=True, check=True)
    before, most, kept, left = map(int, done.stdout.split())
    assert most - before > 20_000, "100 MB were in use"
    assert left - before < (most - before) // 4, f"{kept - before} pages were kept before"
