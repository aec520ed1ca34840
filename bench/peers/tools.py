"""道具: what the peers run on: Kafka Streams' jars and our classes compiled against them, an environment for
Quix Streams. Made once under `.hub/peers`, anew when their sources or pins change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from bench.support import BenchError, say
from streams.local import jars
from streams.local.java import find_java
from streams.local.process import locked

HERE = Path(__file__).parent
SOURCES = HERE / "java"
REQUIREMENTS = HERE / "requirements.txt"
COMPILER = "ecj"
OF_THE_BROKER = {
    "jackson-annotations", "jackson-core", "jackson-databind", "kafka-clients", "lz4-java", "slf4j-api",
    "snappy-java", "zstd-jni",
}  # fmt: skip
"""Jars that the broker is pinned to and Kafka Streams needs as well."""
RELEASE = 17
COMPILE_S, INSTALL_S = 180, 900


def java() -> Path:
    """Java: the one that runs the broker as well."""
    return find_java().path


def java_version() -> int:
    """Java の版: its major version."""
    return find_java().version


def class_path(home: Path, jar_dir: Path) -> str:
    """クラスパス: our classes, compiled when they are not, and the jars they need, fetched when missing."""
    wanted = [one for one in jars.read_coordinates() if one.artifact in OF_THE_BROKER]
    wanted += jars.read_coordinates(HERE / "coordinates.txt")
    found = dict(zip(wanted, jars.resolve(jar_dir.resolve(), wanted, notify=say), strict=True))
    compiler = next(path for one, path in found.items() if one.artifact == COMPILER)
    needed = [path for path in found.values() if path != compiler]
    sources = sorted(SOURCES.glob("*.java"))
    classes = home / f"classes-{_digest([*sources, HERE / 'coordinates.txt'])}"
    with locked(home / ".lock"):
        if not classes.exists():
            _compile(sources, classes, needed, compiler)
    return os.pathsep.join(map(str, [classes, *needed]))


def _compile(sources: Sequence[Path], classes: Path, needed: Sequence[Path], compiler: Path) -> None:
    """By javac where there is one, else by Eclipse's compiler, which needs only a Java to run on."""
    unfinished = classes.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = ["-d", str(unfinished), "-cp", os.pathsep.join(map(str, needed)), *map(str, sources)]
    if (javac := shutil.which("javac")) is not None:
        command = [javac, "-proc:none", "--release", str(RELEASE), *words]
    else:
        command = [str(find_java().path), "-jar", str(compiler), f"-{RELEASE}", "-nowarn", *words]
    say(f"compiling {len(sources)} Java files")
    _done(command, COMPILE_S)
    unfinished.rename(classes)


def quix_python(home: Path) -> Path:
    """Quix 用の Python: of an environment with exactly the pinned packages, checked against their hashes."""
    made = home / f"quix-{_digest([REQUIREMENTS])}"
    with locked(home / ".lock"):
        if not (made / "ready").exists():
            say("an environment for Quix Streams")
            shutil.rmtree(made, ignore_errors=True)
            venv.create(made, with_pip=True)
            pip = [str(made / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
            _done([*pip, "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)], INSTALL_S)
            (made / "ready").touch()
    return made / "bin" / "python"


def _digest(paths: Sequence[Path]) -> str:
    content = hashlib.sha256(sys.version.encode())
    for path in paths:
        content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:12]


def _done(command: Sequence[str], limit: float) -> None:
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{Path(command[0]).name}: no end after {limit:.0f} s") from None
    if run.returncode != 0:
        said = "\n".join((run.stdout + run.stderr).splitlines()[-20:])
        raise BenchError(f"{Path(command[0]).name}: ended with {run.returncode}\n{said}")
