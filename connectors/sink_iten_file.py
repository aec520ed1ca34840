"""移転ファイル: the transfers of one contract as files in the outbox of their receiver, every line exactly once.

How it stays exact when the process is killed anywhere: the files of a batch are first written under hidden
names and forced to disk; then one small manifest (`.position.json`), replaced as a whole, moves the
position and names them: that is the moment at which they count; then they get their names. A start finishes
the renaming that the manifest asks for and removes hidden files that it does not name. Nothing is concluded
from the files in the folder, so a receiver may take them away at any time. A file's name is its contract,
partition, first and last offset.

庁内連携システム gets CSV (UTF-8, RFC 4180, first line the 項目名); 紙 gets the same lines as a list to be printed.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from connectors.base import Setting, Spec, Terminal, Transient
from connectors.delivery import Counts, Moved, Place, Problem, Span, Status, same_identity, topics_of
from connectors.iten_layout import as_csv, as_list, contracts, layout, read_transfer, texts
from connectors.sinks import Loop

NAME = "sink_iten_file"
BATCH = 5_000
WAIT_S = 0.5
MANIFEST, LOCK, PART = ".position.json", ".lock", ".part"
CHOUNAI_RENKEI, KAMI = "chounai_renkei_system", "kami"
SPEC = Spec(
    name=NAME,
    ja="移転ファイル",
    direction="sink",
    system="移転先(契約ごと)",
    channel="庁内連携システム・紙",
    formats=("CSV (UTF-8, RFC 4180)", "印字用の一覧 (UTF-8)"),
    topics=tuple(topics_of(NAME)),
    guarantees="一度だけ: ファイルは位置の記録と同時に有効になる",
    settings=(
        Setting("outbox", "path", "outbox", "folder that holds one folder per contract"),
        Setting("channels", "list", None, "channels of the contract to serve; all of them unless given"),
        Setting("batch", "int", str(BATCH), "lines per poll at most"),
    ),
)


class _Manifest(NamedTuple):
    """What the outbox has reached. `pending` are the files of the last step, perhaps still without names."""

    identity: dict[str, str]
    positions: dict[str, int]
    pending: list[str]
    lines: int
    problems: int


class _File(NamedTuple):
    name: str
    content: bytes


class ItenFile:
    """移転ファイルの引渡し: one contract, one folder `outbox/<contract>`, one thread.

    `channels` are those of the contract that this installation serves (all unless given); `topic` is that
    of `schemas/topics.toml` unless given; `client` are settings of the Kafka client (security). Raises
    Terminal for a contract or channel that does not exist.
    """

    def __init__(
        self,
        bootstrap: str,
        contract: str,
        outbox: Path,
        *,
        channels: Sequence[str] | None = None,
        batch: int = BATCH,
        topic: str | None = None,
        client: Mapping[str, Any] | None = None,
    ) -> None:
        if contract not in contracts():
            raise Terminal(
                f"{NAME}: expected one of the contracts {', '.join(contracts())}, found {contract}"
            )
        topics = topics_of(NAME)
        own = topic or next(name for name, bases in topics.items() if f"transfer/{contract}" in bases)
        self.store = Outbox(outbox / contract, contract, own, channels)
        self.loop = Loop(
            f"{NAME}/{contract}", bootstrap, [own], self.store, batch=batch, wait_s=WAIT_S, client=client
        )

    def run(self, stop: threading.Event) -> None:
        """動かす: until `stop` is set; see `Loop.run` for what it raises."""
        self.loop.run(stop)

    def drain(self, timeout: float) -> Counts:
        """読み切る: up to the end as it stands at the call; Transient when it takes longer than `timeout` s."""
        return self.loop.drain(timeout)

    def lag(self) -> dict[str, int]:
        """遅れ: offsets between the outbox and the end."""
        return self.loop.lag()

    def status(self) -> Status:
        """状況: records kept since the start, problems ever, lag, and what it waits for."""
        return self.loop.status()

    def close(self) -> None:
        """閉じる: lets go of broker and folder."""
        self.loop.close()


class Outbox:
    """移転先の受け箱: a folder as the target of the loop. One process at a time holds it."""

    def __init__(
        self, folder: Path, contract: str, topic: str, channels: Sequence[str] | None = None
    ) -> None:
        self.folder, self._topic = folder, topic
        self._layout = layout(contract)
        known = [channel["id"] for channel in self._layout.contract["channels"]]
        self._channels = tuple(known if channels is None else channels)
        if not self._channels or not set(self._channels) <= set(known):
            raise Terminal(
                f"{NAME}/{contract}: expected channels among {known}, found {list(self._channels)}; "
                "set `channels`"
            )
        self._held: IO[bytes] | None = None

    def begin(self, identity: Mapping[str, str], starts: Mapping[Place, int]) -> None:
        with _disk(self.folder):
            self._hold()
            manifest = self._load()
            if manifest is None:
                self._must_be_new()
                manifest = _Manifest({}, {}, [], 0, 0)
            same_identity(manifest.identity, identity, f"{self.folder / MANIFEST}")
            self._finish(manifest.pending)
            positions = {
                str(partition): start for (_, partition), start in starts.items()
            } | manifest.positions
            self._save(
                manifest._replace(
                    identity={**manifest.identity, **identity}, positions=positions, pending=[]
                )
            )

    def positions(self) -> dict[Place, int]:
        with _disk(self.folder):
            manifest = self._load()
        reached = manifest.positions if manifest is not None else {}
        return {(self._topic, int(partition)): offset for partition, offset in reached.items()}

    def problems(self) -> int:
        with _disk(self.folder):
            manifest = self._load()
        return manifest.problems if manifest is not None else 0

    def keep(self, spans: Sequence[Span]) -> None:
        made = [self._files(span) for span in spans]
        files = [file for found, _, _ in made for file in found]
        with _disk(self.folder):
            manifest = self._load()
            if manifest is None or any(manifest.positions.get(str(s.partition)) != s.begin for s in spans):
                raise Moved
            for file in files:
                _write(self.folder / f".{file.name}{PART}", file.content)
            _sync(self.folder)
            self._save(
                manifest._replace(
                    positions=manifest.positions | {str(span.partition): span.end for span in spans},
                    pending=[file.name for file in files],
                    lines=manifest.lines + sum(lines for _, lines, _ in made),
                    problems=manifest.problems + sum(problems for _, _, problems in made),
                )
            )
            self._finish([file.name for file in files])

    def close(self) -> None:
        if self._held is not None:
            self._held.close()
        self._held = None

    def _files(self, span: Span) -> tuple[list[_File], int, int]:
        """The files of a span, how many lines they hold, and how many records were passed over."""
        read = [read_transfer(record, self._layout) for record in span.records]
        rows = [row for row in read if not isinstance(row, Problem)]
        problems = [row for row in read if isinstance(row, Problem)]
        if not read:
            return [], 0, 0
        reach = f"{span.records[0].offset:015d}-{span.records[-1].offset:015d}"
        stem = f"{self._layout.contract['id']}-p{span.partition:05d}-{reach}"
        files = []
        if rows and CHOUNAI_RENKEI in self._channels:
            files.append(
                _File(f"{stem}.csv", as_csv([f["ja"] for f in self._layout.fields], map(texts, rows)))
            )
        if rows and KAMI in self._channels:
            files.append(_File(f"{stem}.txt", as_list(self._layout, rows, stem)))
        if problems:
            told = [[str(value) for value in problem] for problem in problems]
            files.append(_File(f"{stem}.problem", as_csv(Problem._fields, told)))
        return files, len(rows), len(problems)

    def _hold(self) -> None:
        if self._held is not None:
            return
        self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        held = (self.folder / LOCK).open("wb")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            raise Transient(
                f"{self.folder}: another process writes here; stop it, or let this one wait"
            ) from None
        self._held = held

    def _load(self) -> _Manifest | None:
        try:
            text = (self.folder / MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return _Manifest(**json.loads(text))

    def _must_be_new(self) -> None:
        found = sorted(path.name for path in self.folder.iterdir() if path.name not in (LOCK,))
        delivered = [name for name in found if not name.endswith(PART)]
        if delivered:
            raise Terminal(
                f"{self.folder}: expected {MANIFEST} beside the files delivered, "
                f"found {len(delivered)} files without it; "
                "restore it, or move the files away to deliver everything again"
            )

    def _save(self, manifest: _Manifest) -> None:
        part = self.folder / f"{MANIFEST}{PART}"
        _write(part, json.dumps(manifest._asdict(), indent=1, sort_keys=True).encode())
        os.replace(part, self.folder / MANIFEST)
        _sync(self.folder)

    def _finish(self, pending: Sequence[str]) -> None:
        """Gives the files of the manifest their names; what is hidden and not named there never counted."""
        hidden = {f".{name}{PART}": name for name in pending}
        for path in sorted(self.folder.glob(f".*{PART}")):
            if path.name in hidden:
                os.replace(path, self.folder / hidden[path.name])
            else:
                path.unlink()
        _sync(self.folder)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """What the disk refuses (full, read-only, away) is for a person to mend while this waits."""
    try:
        yield
    except OSError as error:
        raise Transient(f"{folder}: {type(error).__name__} {error.strerror}") from None
