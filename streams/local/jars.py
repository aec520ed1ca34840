"""ローカルブローカーのjar: fetched by their coordinates, each checked against its digest."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from streams.local.process import locked

COORDINATES = Path(__file__).parents[2] / "docker" / "kafka" / "coordinates.txt"

_LINE = re.compile(r"([\w.-]+):([\w.-]+):([\w.-]+)\s+([0-9a-f]{64})")
_COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_MAVEN_SECONDS = 900
_ANSWER_SECONDS = 60
_ATTEMPTS = 3
_AT_ONCE = 4
_FETCHED_WRONG = (
    "Nothing was kept. Start again; if it happens again, the mirror, the network or Maven's local repository"
    " holds another file under this name, or the pin is wrong."
)


class JarError(RuntimeError):
    """jar不備: a jar that could not be fetched, or is not the one that was pinned."""


@dataclass(frozen=True)
class Coordinate:
    """座標: one pinned jar; `sha256` is the digest of its bytes, in hexadecimal."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """ファイル名: the name of the jar in every Maven repository."""
        return f"{self.artifact}-{self.version}.jar"

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


Fetch = Callable[[Sequence[Coordinate], Path], None]
"""取得: puts the jar of each coordinate, under its file name, into a folder; raises JarError."""


def read_coordinates(path: Path = COORDINATES) -> tuple[Coordinate, ...]:
    """座標一覧: the pinned jars of a file of lines `group:artifact:version sha256`."""
    if not path.exists():
        raise JarError(f"no list of jars at {path}; the local broker runs from a checkout of the project.")
    coordinates = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise JarError(f"{path}:{number}: expected `group:artifact:version sha256`, found {line!r}.")
        coordinates.append(Coordinate(*found.groups()))
    return tuple(coordinates)


def resolve(
    jar_dir: Path,
    coordinates: Sequence[Coordinate] | None = None,
    *,
    fetch: Fetch | None = None,
    notify: Callable[[str], None] = lambda message: None,
) -> tuple[Path, ...]:
    """jar解決: the jars of the coordinates, in `jar_dir`, fetching those that are not there.

    Every jar is hashed every time (45 MB take about 0.05 s). Raises JarError when one differs from its pin
    or cannot be fetched. Safe for several processes at once; what is there is complete at any moment.
    """
    pinned = read_coordinates() if coordinates is None else tuple(coordinates)
    if _missing(pinned, jar_dir):
        with locked(jar_dir / ".lock"):
            if missing := _missing(pinned, jar_dir):  # another process may have fetched them meanwhile
                notify(f"fetching {len(missing)} jars of Apache Kafka into {jar_dir}")
                _add(missing, jar_dir, fetch or fetch_jars)
    return tuple(jar_dir / coordinate.file_name for coordinate in pinned)


def fetch_jars(coordinates: Sequence[Coordinate], folder: Path) -> None:
    """jar取得: by Maven where it is installed (it knows the mirrors of its user), else by jgo."""
    refusal = fetch_by_maven(coordinates, folder) if shutil.which("mvn") else None
    try:
        fetch_by_jgo(missing_from(coordinates, folder), folder)
    except JarError as error:
        raise JarError(f"{error} (Maven was tried first: {refusal})" if refusal else str(error)) from error


def fetch_by_maven(coordinates: Sequence[Coordinate], folder: Path) -> str | None:
    """Maven取得: one run of Maven for all coordinates, none of whose dependencies it follows.

    Returns None, or the last lines of what Maven said when it failed.
    """
    pom = folder / "pom.xml"
    pom.write_text(_pom(coordinates), "utf-8")
    command = ["mvn", "-q", "-B", "-f", str(pom), _COPY_GOAL, f"-DoutputDirectory={folder}"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no end after {_MAVEN_SECONDS} s"
    return None if run.returncode == 0 else " ".join((run.stdout + run.stderr).split())[-500:]


def fetch_by_jgo(coordinates: Sequence[Coordinate], folder: Path) -> None:
    """jgo取得: each coordinate by itself, since jgo's own resolution picks other versions."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda coordinate: _fetch_one(coordinate, folder), coordinates):
            pass


def missing_from(coordinates: Sequence[Coordinate], folder: Path) -> list[Coordinate]:
    """未取得: the coordinates that have no file in the folder."""
    return [one for one in coordinates if not (folder / one.file_name).exists()]


def _fetch_one(coordinate: Coordinate, folder: Path) -> None:
    from jgo.maven import MavenContext  # takes 0.2 s to load, and most starts fetch nothing

    for attempt in range(1, _ATTEMPTS + 1):
        # a cache of its own for each attempt: jgo takes what a broken download left in one for a whole jar
        cache = Path(tempfile.mkdtemp(dir=folder))
        project = MavenContext(repo_cache=cache, timeout=_ANSWER_SECONDS).project(
            coordinate.group, coordinate.artifact
        )
        try:
            os.replace(
                project.at_version(coordinate.version).artifact().resolve(), folder / coordinate.file_name
            )
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            if attempt == _ATTEMPTS:
                raise JarError(
                    f"{coordinate}: not fetched after {_ATTEMPTS} attempts: {error}."
                    " Check the network and its proxy settings, or install Maven with your mirror,"
                    " and start again."
                ) from error
            time.sleep(attempt)
        else:
            return


def _missing(coordinates: Sequence[Coordinate], jar_dir: Path) -> list[Coordinate]:
    missing = missing_from(coordinates, jar_dir)
    for coordinate in coordinates:
        if coordinate not in missing:
            path = jar_dir / coordinate.file_name
            _check(coordinate, path, advice=f"Delete {path} and start again.")
    return missing


def _add(coordinates: Sequence[Coordinate], jar_dir: Path, fetch: Fetch) -> None:
    for leftover in jar_dir.glob(".fetching-*"):  # we hold the lock: nobody is at work in it
        shutil.rmtree(leftover)
    folder = Path(tempfile.mkdtemp(dir=jar_dir, prefix=".fetching-"))
    try:
        fetch(coordinates, folder)
        for coordinate in coordinates:
            _check(coordinate, folder / coordinate.file_name, advice=_FETCHED_WRONG)
            os.replace(folder / coordinate.file_name, jar_dir / coordinate.file_name)
    finally:
        shutil.rmtree(folder)


def _check(coordinate: Coordinate, path: Path, *, advice: str) -> None:
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != coordinate.sha256:
        raise JarError(
            f"{coordinate}: {path.name} is not the pinned jar, and was not used:"
            f" SHA-256 expected {coordinate.sha256}, found {found}. {advice}"
        )


def _pom(coordinates: Sequence[Coordinate]) -> str:
    dependencies = "\n".join(
        f"<dependency><groupId>{one.group}</groupId><artifactId>{one.artifact}</artifactId>"
        f"<version>{one.version}</version><exclusions><exclusion>"
        "<groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
        for one in coordinates
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>local</groupId><artifactId>jars</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>\n"
    )
