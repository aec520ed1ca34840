"""常駐: what runs in the background is known by its number, and what has ended is not taken for running."""

from pathlib import Path

from streams import daemons
from streams.local.process import wait_until


def test_a_child_that_ended_unasked_is_not_taken_for_running(tmp_path: Path) -> None:
    process = daemons.start(tmp_path, "short", ["--help"])
    try:
        # not waited for: it stays in the kernel's table until its parent asks, as under `shuunou run`
        assert wait_until(lambda: daemons.pid_of(tmp_path, "short") is None, 30)
        assert daemons.stop(tmp_path, "short") is False
    finally:
        process.wait(30)
