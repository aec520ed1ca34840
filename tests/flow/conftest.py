"""A hub of the test's own: home, broker, processes; run as a user would, by the `shuunou` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

JARS = Path(__file__).parents[2] / ".hub" / "jars"


class Hub:
    """The `shuunou` command with its own home, nothing compressed, so that bytes on disk can be searched."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        home.mkdir(parents=True)
        JARS.mkdir(parents=True, exist_ok=True)
        (home / "jars").symlink_to(JARS)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SHUUNOU_", "DATABASE"))
        }
        self.environment = {
            **kept,
            "SHUUNOU_HOME": str(home),
            "SHUUNOU_PARTITIONS": "3",
            "SHUUNOU_COMPRESSION": "none",
            "SHUUNOU_HEAP": "512m",
            **more,
        }

    def command(self, *arguments: str, code: int = 0) -> str:
        """Runs one command; its output. Fails when it ends with another code."""
        done = subprocess.run(
            [sys.executable, "-m", "streams", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        logs = "".join(path.read_text()[-2000:] for path in sorted(self.home.glob("log/*.log")))
        assert done.returncode == code, (
            f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{logs}"
        )
        return done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.command(*arguments, "--json", code=code))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that goes on until it is ended."""
        return subprocess.Popen([sys.executable, "-m", "streams", *arguments], env=self.environment)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    made = Hub(tmp_path_factory.mktemp("flow") / "home")
    yield made
    made.command("stop")
