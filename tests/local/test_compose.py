"""docker/compose.yaml and Dockerfile: well-formed, and of the versions and settings of the local servers."""

import re
from pathlib import Path

import pytest

from streams.local.jars import read_coordinates
from streams.local.postgres import VERSION
from streams.settings import settings

ROOT = Path(__file__).parents[2]


def read_plain(text: str) -> dict[tuple[str, ...], list[str]]:
    """Reads the plain YAML that the file keeps to: mappings in blocks, lists of scalars in blocks, comments.

    Gives the scalars by the keys that lead to them. Raises ValueError at whatever is not plain.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    path: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent, is_item = len(line) - len(line.lstrip()), line.lstrip().startswith("- ")
        key, colon, value = line.strip().partition(":")
        is_plain = is_item or (re.fullmatch(r"[\w-]+", key) and (not value or value[0] == " "))
        is_indented = indent % 2 == 0 and indent // 2 <= len(path)
        if not is_indented or (not colon and not is_item) or not is_plain or "\t" in line:
            raise ValueError(f"line {number} is not plain YAML: {line!r}")
        path = path[: indent // 2]
        if is_item:
            found[path].append(line.strip()[2:].strip('"'))
            continue
        path = (*path, key)
        if path in found:
            raise ValueError(f"line {number} gives {key} twice")
        found[path] = [value.strip().strip('"')] if value else []
    return found


@pytest.fixture(scope="module")
def compose() -> dict[tuple[str, ...], list[str]]:
    return read_plain((ROOT / "docker" / "compose.yaml").read_text("utf-8"))


def _environment(compose: dict[tuple[str, ...], list[str]], service: str) -> dict[str, str]:
    above = ("services", service, "environment")
    return {path[-1]: values[0] for path, values in compose.items() if path[:-1] == above}


@pytest.mark.parametrize(
    "text", ["a:\n   b: 1\n", "a: 1\na: 2\n", "a\n", "a:1\n", "a: 1\n    b: 2\n", "a: {b: 1}: c\n\tb: 1\n"]
)
def test_what_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        read_plain(text)


def test_the_services_are_those_of_the_design(compose: dict[tuple[str, ...], list[str]]) -> None:
    services = {path[1] for path in compose if path[0] == "services" and len(path) == 2}
    assert services == {"kafka", "registry", "postgres", "hub", "connectors"}


def test_images_are_of_the_versions_that_run_without_docker(
    compose: dict[tuple[str, ...], list[str]],
) -> None:
    kafka = next(one.version for one in read_coordinates() if one.artifact == "kafka_2.13")
    assert compose["services", "kafka", "image"] == [f"apache/kafka:{kafka}"]
    assert compose["services", "postgres", "image"] == [f"postgres:{VERSION}"]


@pytest.mark.parametrize("service", ["hub", "connectors"])
def test_the_hub_reads_every_variable_that_it_is_given(
    compose: dict[tuple[str, ...], list[str]], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = _environment(compose, service)
    assert given
    assert {name for name in given if not name.startswith("SHUUNOU_")} <= {"DATABASE_URL"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert set(given.values()) <= {str(value) for value in settings.__wrapped__().model_dump().values()}


def test_the_broker_has_the_settings_of_the_local_one(compose: dict[tuple[str, ...], list[str]]) -> None:
    text = (ROOT / "docker" / "kafka" / "server.properties").read_text("utf-8")
    lines = [line.partition("=") for line in text.splitlines() if line and not line.startswith("#")]
    local = {"KAFKA_" + name.replace(".", "_").upper(): value for name, _, value in lines}
    shared = {name: value for name, value in _environment(compose, "kafka").items() if name in local}
    places = {"KAFKA_LISTENERS", "KAFKA_ADVERTISED_LISTENERS", "KAFKA_LOG_DIRS"}
    assert len(shared) > len(places)
    assert {name: value for name, value in shared.items() if local[name] != value}.keys() == places


def test_volumes_are_declared(compose: dict[tuple[str, ...], list[str]]) -> None:
    used = {
        value.partition(":")[0]
        for path, values in compose.items()
        if path[-1] == "volumes"
        for value in values
    }
    assert used == {path[1] for path in compose if path[0] == "volumes" and len(path) == 2}


def test_the_image_does_not_run_as_root_and_installs_by_the_lock() -> None:
    lines = (ROOT / "docker" / "Dockerfile").read_text("utf-8").splitlines()
    assert "USER shuunou" in lines
    assert 'ENTRYPOINT ["shuunou"]' in lines
    assert any("--require-hashes -r requirements.lock" in line for line in lines)


def test_docker_is_no_package_of_ours() -> None:
    # it would hide the docker package that testcontainers imports
    assert not list((ROOT / "docker").rglob("__init__.py"))
