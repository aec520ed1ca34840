"""ローカルブローカー: a real Apache Kafka (KRaft, one node, loopback) that the hub starts by itself."""

import base64
import json
import os
import shutil
import signal
import string
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.local import jars, process
from streams.local.java import find_java

_DATA = Path(__file__).parents[2] / "docker" / "kafka"
_BROKER = "kafka.Kafka"
_STORAGE_TOOL = "kafka.tools.StorageTool"
_FORMAT_SECONDS = 120
_START_SECONDS = 120
_STOP_SECONDS = 30
_START_ATTEMPTS = 3
_TAKEN = "Address already in use"

# One collector thread is enough for one node, and leaves the cores to the hub.
_JVM = ("-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true")
# The first compiler only: a quicker start, and less work up to about a million records; beyond that the
# second compiler's code needs a third less of the processor.
_SHORT_LIVED = "-XX:TieredStopAtLevel=1"
# For its first minutes the second compiler takes more of the processor than all requests together.
_COMPILER = "C2 Compiler"


class BrokerError(RuntimeError):
    """ブローカー異常: the local broker did not do what was asked; the message shows the end of its log."""


class BrokerRuns(BrokerError):
    """ブローカー稼働中: the broker was to be started, and runs already."""


@dataclass(frozen=True)
class BrokerState:
    """ブローカー状態: what is remembered between starts; `pid` is None when it was stopped in order."""

    port: int
    controller_port: int
    pid: int | None = None


@dataclass(eq=False)
class LocalKafka:
    """ローカルブローカー: one broker, all of whose files are in `directory`.

    `heap` is Java's largest heap ("1g"); `is_short_lived` is for tests (see _SHORT_LIVED); `settings` are
    added to docker/kafka/server.properties. With `die_with_parent` (Linux) the kernel kills the broker when
    the thread that called start() ends, however it ends; otherwise it goes on until stop(). Either way it
    is in a session of its own, so that Ctrl-C in a terminal reaches only the starting process, which has to
    stop() it: as a context manager it does. Data are safe from the end of the process, not from the
    end of the machine: as everywhere in Kafka, the disk is left to the operating system.
    """

    directory: Path
    jar_dir: Path
    heap: str = "1g"
    is_short_lived: bool = False
    die_with_parent: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    notify: Callable[[str], None] = lambda message: None
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """接続先: host and port for clients; the same after a restart, as long as the port is free."""
        return f"{process.LOOPBACK}:{self._state().port}"

    @property
    def pid(self) -> int | None:
        """プロセス番号: of the running broker, None when there is none (a paused one runs)."""
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        state = _read_state(self._state_path)
        if state is None or state.pid is None or not self._is_ours(state.pid):
            return None
        return state.pid

    @property
    def log_path(self) -> Path:
        """ログ: what the broker said since its last start; the one before is beside it."""
        return self.directory / "broker.log"

    def start(self, timeout: float = _START_SECONDS) -> Self:
        """起動: starts the broker and waits until it answers; formats its data directory the first time.

        Raises BrokerRuns, BrokerError when it does not come up, JarError and JavaNotFound.
        """
        with process.locked(self.directory / ".lock"):
            if (running := self.pid) is not None:
                raise BrokerRuns(
                    f"the broker of {self.directory} runs already (process {running}); stop it first."
                )
            command = self._java_command()
            if not self._data_dir.exists():
                self._format(command)
            self._launch_until_up(command, timeout, _START_ATTEMPTS)
            return self

    def wait(self, timeout: float = _START_SECONDS) -> None:
        """応答待ち: returns when the broker answers a client; else BrokerError, and the broker is ended."""
        try:
            is_up = process.wait_until(lambda: self.pid is None or self._answers(), timeout)
        except BaseException:  # Ctrl-C while waiting leaves nothing running either
            self.kill()
            raise
        if self.pid is None:
            raise self._error("the broker ended while starting")
        if not is_up:
            self.kill()
            raise self._error(f"the broker did not answer at {self.bootstrap} within {timeout:.0f} s")

    def stop(self, timeout: float = _STOP_SECONDS) -> bool:
        """停止: asks the broker to end, and kills it after `timeout` seconds; False if none was running."""
        if (pid := self.pid) is None:
            return False
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGCONT)  # a paused one would not hear the request
        if not process.wait_until(lambda: self.pid is None, timeout):
            self.kill()
        self._forget_pid()
        return True

    def kill(self) -> None:
        """強制終了: kill -9; the data stay as they are at that moment."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGKILL)
            process.wait_until(lambda: self.pid is None, _STOP_SECONDS)
        self._forget_pid()

    def pause(self) -> None:
        """一時停止: SIGSTOP: the broker keeps its connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """再開: SIGCONT, after pause()."""
        self._signal(signal.SIGCONT)

    @property
    def _state_path(self) -> Path:
        return self.directory / "broker.json"

    @property
    def _data_dir(self) -> Path:
        return self.directory / "data"

    @property
    def _properties_path(self) -> Path:
        return self.directory / "server.properties"

    def _state(self) -> BrokerState:
        state = _read_state(self._state_path)
        if state is None:
            raise BrokerError(f"the broker of {self.directory} was never started; start it first.")
        return state

    def _is_ours(self, pid: int) -> bool:
        # numbers of processes are used again: the broker's own properties file in its words proves it
        return f"{_BROKER} {self._properties_path}" in process.command_line(pid)

    def _java_command(self) -> list[str]:
        classpath = jars.resolve(self.jar_dir.resolve(), notify=self.notify)
        logging = f"-Dlog4j2.configurationFile={(_DATA / 'log4j2.properties').as_uri()}"
        flags = [*_JVM, _SHORT_LIVED] if self.is_short_lived else _JVM
        java = str(find_java().path)
        return [java, f"-Xmx{self.heap}", *flags, logging, "-cp", os.pathsep.join(map(str, classpath))]

    def _format(self, command: list[str]) -> None:
        # in a directory beside, renamed when done: a format that was interrupted is begun anew
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        _write_properties(self._properties_path, BrokerState(9092, 9093), unfinished, self.settings)
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # with "=": an id may begin with "-"
        tool = [_STORAGE_TOOL, "format", "--standalone", f"--cluster-id={cluster_id}"]
        run = subprocess.run(
            [*command, _SHORT_LIVED, *tool, "--config", str(self._properties_path)],
            capture_output=True,
            text=True,
            timeout=_FORMAT_SECONDS,
            check=False,
            env=_environment(),
        )
        if run.returncode != 0:
            said = "\n".join((run.stdout + run.stderr).splitlines()[-20:])
            raise BrokerError(f"the data directory {self._data_dir} could not be formatted:\n{said}")
        unfinished.rename(self._data_dir)

    def _launch_until_up(self, command: list[str], timeout: float, attempts: int) -> None:
        self._launch(command)
        try:
            self.wait(timeout)
            process.yield_threads(self.pid or 0, _COMPILER)
        except BrokerError:
            # somebody took the port between our look and the broker's
            if attempts == 1 or _TAKEN not in process.tail(self.log_path, 200):
                raise
            self._launch_until_up(command, timeout, attempts - 1)

    def _launch(self, command: list[str]) -> None:
        state = _choose_ports(_read_state(self._state_path))
        _write_properties(self._properties_path, state, self._data_dir, self.settings)
        if self.log_path.exists():
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        words = [*command, _BROKER, str(self._properties_path)]
        with self.log_path.open("wb") as log:
            self._child = subprocess.Popen(
                process.leashed(words) if self.die_with_parent else words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=_environment(),
            )
        _write_state(self._state_path, BrokerState(state.port, state.controller_port, self._child.pid))

    def _answers(self) -> bool:
        # the port first: a client that finds it closed writes about it to the terminal
        if not process.accepts(self._state().port):
            return False
        try:
            client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            return bool(client.list_topics(timeout=5).brokers)
        except KafkaException:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is None:
            raise self._error(f"no broker runs in {self.directory} to be sent {number.name}")
        os.kill(pid, number)

    def _forget_pid(self) -> None:
        state = _read_state(self._state_path)
        if state is not None:
            _write_state(self._state_path, BrokerState(state.port, state.controller_port))

    def _error(self, what: str) -> BrokerError:
        return BrokerError(f"{what}; the end of its log ({self.log_path}):\n{process.tail(self.log_path)}")


def start_broker(
    home: Path,
    *,
    heap: str = "1g",
    die_with_parent: bool = False,
    notify: Callable[[str], None] = lambda message: None,
) -> LocalKafka:
    """ブローカー起動: the broker of a hub's home, started if it does not run; by default it outlives the caller."""
    broker = _broker_of(home)
    broker.heap, broker.die_with_parent, broker.notify = heap, die_with_parent, notify
    try:
        return broker.start()
    except BrokerRuns:
        return broker


def stop_broker(home: Path) -> bool:
    """ブローカー停止: ends the broker of a hub's home, whoever started it; False if none was running."""
    return _broker_of(home).stop()


def running(home: Path) -> LocalKafka | None:
    """稼働中ブローカー: the broker of a hub's home that runs now, or None."""
    broker = _broker_of(home)
    return broker if broker.pid is not None else None


def _broker_of(home: Path) -> LocalKafka:
    return LocalKafka(home / "kafka", jar_dir=home / "jars")


def _choose_ports(former: BrokerState | None) -> BrokerState:
    # clients that wait for the broker to come back know it by its former port
    if former is not None and process.is_free(former.port) and process.is_free(former.controller_port):
        return former
    port = controller_port = process.free_port()
    while controller_port == port:
        controller_port = process.free_port()
    return BrokerState(port, controller_port)


def _write_properties(path: Path, state: BrokerState, log_dirs: Path, more: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    template = string.Template((_DATA / "server.properties").read_text("utf-8"))
    text = template.substitute(
        port=state.port, controller_port=state.controller_port, log_dirs=_escaped(str(log_dirs))
    )
    path.write_text(text + "".join(f"{name}={_escaped(value)}\n" for name, value in more.items()), "ascii")


def _escaped(value: str) -> str:
    # Java reads properties as Latin-1, with \uXXXX (UTF-16) for everything else
    units = value.replace("\\", "\\\\").encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def _environment() -> dict[str, str]:
    # without a UTF-8 locale Java cannot open a path with Japanese in it
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def _read_state(path: Path) -> BrokerState | None:
    return BrokerState(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def _write_state(path: Path, state: BrokerState) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(state)) + "\n", "utf-8")
    fresh.replace(path)
