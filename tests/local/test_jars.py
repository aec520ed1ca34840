"""ローカルブローカーのjar: what is fetched, what is refused, and that nothing is fetched twice."""

import hashlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.local import jars
from streams.local.jars import Coordinate, JarError

_BODY = b"synthetic jar"
_PINNED = [
    Coordinate("example", name, "1.0", hashlib.sha256(_BODY + name.encode()).hexdigest())
    for name in ("one", "two", "three")
]


class _Repository:
    """Stands for Maven's repository; counts what it is asked for."""

    def __init__(self, damage: str = "") -> None:
        self.asked: list[str] = []
        self._damage = damage

    def fetch(self, coordinates: Sequence[Coordinate], folder: Path) -> None:
        for one in coordinates:
            self.asked.append(one.artifact)
            body = b"something else" if one.artifact == self._damage else _BODY + one.artifact.encode()
            (folder / one.file_name).write_bytes(body)


def _no_fetch(coordinates: Sequence[Coordinate], folder: Path) -> None:
    raise AssertionError(f"asked for {list(map(str, coordinates))}")


def test_all_jars_are_fetched_in_order_of_the_pins(tmp_path: Path) -> None:
    found = jars.resolve(tmp_path, _PINNED, fetch=_Repository().fetch)
    assert [path.name for path in found] == ["one-1.0.jar", "two-1.0.jar", "three-1.0.jar"]
    assert all(path.read_bytes().startswith(_BODY) for path in found)


def test_a_second_resolve_fetches_nothing(tmp_path: Path) -> None:
    first = jars.resolve(tmp_path, _PINNED, fetch=_Repository().fetch)
    assert jars.resolve(tmp_path, _PINNED, fetch=_no_fetch) == first


def test_only_what_is_missing_is_fetched(tmp_path: Path) -> None:
    jars.resolve(tmp_path, _PINNED, fetch=_Repository().fetch)[1].unlink()
    repository = _Repository()
    jars.resolve(tmp_path, _PINNED, fetch=repository.fetch)
    assert repository.asked == ["two"]


def test_a_fetched_jar_with_another_digest_is_refused(tmp_path: Path) -> None:
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(JarError) as refusal:
        jars.resolve(tmp_path, _PINNED, fetch=_Repository(damage="two").fetch)
    for told in ("example:two:1.0", _PINNED[1].sha256, found, "Nothing was kept", "mirror"):
        assert told in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == ["one-1.0.jar"]


def test_a_jar_that_was_changed_on_disk_is_refused(tmp_path: Path) -> None:
    path = jars.resolve(tmp_path, _PINNED, fetch=_Repository().fetch)[0]
    path.write_bytes(b"changed")
    with pytest.raises(JarError, match=rf"example:one:1.0.*expected {_PINNED[0].sha256}.*Delete {path}"):
        jars.resolve(tmp_path, _PINNED, fetch=_no_fetch)


def test_what_a_broken_start_left_behind_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".fetching-left").mkdir()
    jars.resolve(tmp_path, _PINNED, fetch=_Repository().fetch)
    assert not list(tmp_path.glob(".fetching-*"))


def test_two_starts_at_once_fetch_once(tmp_path: Path) -> None:
    repository = _Repository()

    def slow(coordinates: Sequence[Coordinate], folder: Path) -> None:
        time.sleep(0.2)
        repository.fetch(coordinates, folder)

    starts = [
        threading.Thread(target=jars.resolve, args=(tmp_path, _PINNED), kwargs={"fetch": slow}) for _ in "ab"
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert repository.asked == ["one", "two", "three"]


def test_where_maven_fails_jgo_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_maven(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(jars, "fetch_by_jgo", _Repository().fetch)
    assert len(jars.resolve(tmp_path / "jars", _PINNED)) == 3


def test_when_both_fail_both_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_way(coordinates: Sequence[Coordinate], folder: Path) -> None:
        raise JarError("no network.")

    _fake_maven(tmp_path / "bin", monkeypatch)
    monkeypatch.setattr(jars, "fetch_by_jgo", no_way)
    with pytest.raises(JarError, match=r"no network\. \(Maven was tried first: no settings here\)"):
        jars.resolve(tmp_path / "jars", _PINNED)


def test_the_pins_are_one_release_of_kafka() -> None:
    pinned = jars.read_coordinates()
    kafka = {one.version for one in pinned if one.group == "org.apache.kafka"}
    assert kafka == {"4.3.1"}
    assert {"kafka_2.13", "kafka-metadata", "kafka-storage", "log4j-slf4j-impl"} <= {
        one.artifact for one in pinned
    }
    assert len({one.file_name for one in pinned}) == len(pinned)


def test_a_line_that_is_no_pin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "coordinates.txt"
    path.write_text("# pins\nexample:one:1.0  abc\n", "ascii")
    with pytest.raises(JarError, match=r"coordinates\.txt:2: expected .* found 'example:one:1\.0  abc'"):
        jars.read_coordinates(path)


def _fake_maven(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    maven = folder / "mvn"
    maven.write_text("#!/bin/sh\necho no settings here\nexit 1\n", "ascii")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
