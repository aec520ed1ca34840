"""The real servers that tests run against, and names that no two tests share.

A broker is, in this order: the address in SHUUNOU_TEST_BROKER, a container where a Docker engine answers
and has the image, the local broker. PostgreSQL likewise, by SHUUNOU_TEST_DATABASE_URL.
"""

import os
import re
import string
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from docker.errors import DockerException
from sqlalchemy import create_engine, make_url, text
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from streams.local import process
from streams.local.kafka import LocalKafka
from streams.local.postgres import LocalPostgres

ROOT = Path(__file__).parents[1]
JARS = ROOT / ".hub" / "jars"  # those of `make run`: nothing is fetched twice
_ENGINE_SECONDS = 2
_CONTAINER_SECONDS = 120


@pytest.fixture(autouse=True)
def logs_as_by_default() -> Iterator[None]:
    """A command that runs inside a test points the logs at a stream that is closed afterwards."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address (host:port) of a broker that all tests share; nobody stops it or slows it down."""
    if address := os.environ.get("SHUUNOU_TEST_BROKER"):
        yield address
    elif image := available_image("kafka"):
        with _kafka_container(image) as container_address:
            yield container_address
    else:
        with _local_kafka(tmp_path_factory.mktemp("broker")) as kafka:
            yield kafka.bootstrap


@pytest.fixture
def local_kafka(tmp_path: Path) -> Iterator[Callable[..., LocalKafka]]:
    """Makes a started broker of the test's own, to be stopped, killed or paused; keywords as LocalKafka."""
    with ExitStack() as stack:

        def make(name: str = "kafka", **options: Any) -> LocalKafka:
            return stack.enter_context(_local_kafka(tmp_path / name, **options))

        yield make


@pytest.fixture
def topic_prefix() -> str:
    """A beginning for the names of a test's topics, groups and transactions."""
    return f"t{uuid.uuid4().hex[:10]}."


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL that all tests share; a test takes a database of its own: database_url."""
    if url := os.environ.get("SHUUNOU_TEST_DATABASE_URL"):
        yield url
    elif image := available_image("postgres"):
        with PostgresContainer(image, driver="psycopg") as container:
            yield container.get_connection_url()
    else:
        with LocalPostgres() as server:
            yield server.url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, removed after the test."""
    name = f"t{uuid.uuid4().hex[:10]}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def available_image(service: str) -> str | None:
    """The image of a service in docker/compose.yaml, if a Docker engine answers that has or can get it."""
    compose = (ROOT / "docker" / "compose.yaml").read_text("utf-8")
    found = re.search(rf"^  {service}:\n    image: (\S+)$", compose, re.MULTILINE)
    assert found, f"docker/compose.yaml has no image for {service}"
    try:
        DockerClient(timeout=_ENGINE_SECONDS).client.ping()
        images = DockerClient(timeout=_CONTAINER_SECONDS).client.images
        if not images.list(found[1]):
            images.pull(found[1])
    except (DockerException, OSError):  # no engine, or no way to the image: OSError covers requests' errors
        return None
    return found[1]


def _local_kafka(directory: Path, **options: Any) -> LocalKafka:
    return LocalKafka(directory, jar_dir=JARS, **{"heap": "512m", "is_short_lived": True, **options})


@contextmanager
def _kafka_container(image: str) -> Iterator[str]:
    port, controller_port = process.free_port(), 9093
    template = string.Template((ROOT / "docker" / "kafka" / "server.properties").read_text("utf-8"))
    filled = template.substitute(port=port, controller_port=controller_port, log_dirs="/tmp/kafka")
    lines = [line.split("=", 1) for line in filled.splitlines() if "=" in line and not line.startswith("#")]
    properties = dict(lines) | {
        # inside the container all addresses, outside the published port of the same number
        "listeners": f"PLAINTEXT://:{port},CONTROLLER://:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://localhost:{port}",
        "controller.quorum.voters": f"1@localhost:{controller_port}",
    }
    del properties["controller.quorum.bootstrap.servers"]
    container = DockerContainer(image).with_bind_ports(port, port)
    for name, value in properties.items():
        container.with_env("KAFKA_" + name.replace(".", "_").upper(), value)
    with container:
        address = f"localhost:{port}"
        assert process.wait_until(lambda: answers(address), _CONTAINER_SECONDS), container.get_logs()
        yield address


def answers(address: str) -> bool:
    """Whether a broker at this address tells its topics."""
    client = AdminClient({"bootstrap.servers": address, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=5).brokers)
    except KafkaException:
        return False
