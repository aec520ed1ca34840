"""ファイル受付: takes files from the inbox, sends what they say to Kafka, and leaves nothing in clear behind.

A file goes inbox → `.taken` → `archive` (or `held`). It is taken by a rename, so that what lies in
`.taken` is work begun and what lies in the inbox has just arrived, be it for the second time. Events,
letters and the file's position are committed together (`connectors.journal`), small files of one scan in
one transaction (`connectors.bundle`); only after the last commit is the original sealed and the clear file
removed. Every step may be the last one before a crash: the next start does the rest, once.

The time of receipt is the file's modification time when it is first seen, and then the position's:
whoever delivers a file again for a replay keeps its time (`cp -p`), and a restart changes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from connectors.archive import seal_file, sync_folder
from connectors.base import Arrived, FileFacts, FileReader, FileRefused, Refused, Transient
from connectors.bundle import Bundle
from connectors.ids import DIGEST_SHOWN, file_digest, letter_id
from connectors.journal import Journal, Message
from connectors.secrets import Cipher
from state.facts import Letter
from state.reasons import Refusal, refusal
from state.wire import encode

LETTERS = "deadletter.v1"
LETTER_ORIGINAL_BYTES = 512 << 10
TAKEN = ".taken"
GOING, DONE, HELD, UNKNOWN = "going", "done", "held", "unknown"
TRANSACTION_LINES, TRANSACTION_BYTES = 5_000, 16 << 20
SETTLE_S, PAUSE_MOST_S = 1.0, 30.0
_log = logging.getLogger(__name__)


class FileResult(NamedTuple):
    """ファイルの結果: `state` is done, held, resent, unknown or unreadable; `going` while it is being read.

    `events` and `refused` (by reason) are what this file put on the topics, also before a restart.
    """

    name: str
    connector: str
    digest: str
    events: int
    refused: Mapping[str, int]
    state: str


Progress = Callable[[FileResult], None]


class Position(NamedTuple):
    """ファイルの位置: how far a file was committed; what `state.connector.v1` keeps, as JSON."""

    name: str
    received_at: int
    line: int = 0
    state: str = GOING
    events: int = 0
    refused: Mapping[str, int] = {}
    resent: int = 0

    def to_json(self) -> bytes:
        return json.dumps(self._asdict(), ensure_ascii=False, sort_keys=True).encode()


class _Shape(NamedTuple):
    size: int
    mtime_ns: int


class _Work(NamedTuple):
    """One file in hand. `is_new` is false for what a crash left in `.taken`."""

    path: Path
    raw: bytes
    facts: FileFacts
    reader: FileReader | None
    position: Position
    is_new: bool

    @property
    def connector(self) -> str:
        return self.reader.spec.name if self.reader else UNKNOWN

    @property
    def key(self) -> str:
        return f"{self.connector}/{self.facts.digest}"

    def result(self, position: Position) -> FileResult:
        refused = dict(position.refused)
        return FileResult(
            self.facts.name, self.connector, self.facts.digest, position.events, refused, position.state
        )


class Intake:
    """受付: one per inbox. A second one of the same id fences the first, which then raises Terminal."""

    def __init__(
        self,
        bootstrap: str,
        readers: Sequence[FileReader],
        cipher: Cipher,
        *,
        inbox: Path,
        archive: Path,
        held: Path,
        jichitai_code: str,
        transaction_lines: int = TRANSACTION_LINES,
        transactional_id: str = "shuunou-intake",
        settle_seconds: float = SETTLE_S,
        client: Mapping[str, Any] | None = None,
        topic_prefix: str = "",
        at_point: Callable[[str], None] = lambda point: None,
    ) -> None:
        self._journal = Journal(bootstrap, transactional_id, client, topic_prefix, at_point)
        self._readers, self._cipher = tuple(readers), cipher
        self._inbox, self._taken, self._archive, self._held = inbox, inbox / TAKEN, archive, held
        self._jichitai_code, self._settle_s = jichitai_code, settle_seconds
        self._bundle = Bundle(self._journal, transaction_lines, TRANSACTION_BYTES)
        self._stop = threading.Event()

    def scan_once(self, progress: Progress | None = None) -> list[FileResult]:
        """一巡する: first what was left in hand, then the files of the inbox by name.

        Names that begin with a dot or end in .tmp, and files still growing, are left for later. Raises
        Transient or Terminal; what was done until then is committed.
        """
        for folder in (self._inbox, self._taken):
            folder.mkdir(parents=True, exist_ok=True)
        self._bundle.give_up()  # what an error kept from being committed is read again
        self._journal.open([LETTERS, *(topic for reader in self._readers for topic in reader.spec.topics)])
        return [
            *self._all_of(_files(self._taken), progress, False),
            *self._all_of(self._settled(), progress, True),
        ]

    def _all_of(self, paths: list[Path], progress: Progress | None, is_new: bool) -> list[FileResult]:
        results: list[FileResult | None] = []
        for path in paths:
            if self._stop.is_set():
                break
            try:
                results.append(self._receive(path, progress, is_new))
            except Exception:
                self._bundle.commit()  # the files before it do not wait until this one is mended
                raise
            if self._bundle.is_full or self._bundle.is_heavy:
                self._bundle.commit()
        self._bundle.commit()
        return [result for result in results if result is not None]

    def run(
        self, stop: threading.Event, poll_seconds: float = 2.0, progress: Progress | None = None
    ) -> None:
        """受け続ける: until `stop` is set, which also ends a long file at its next transaction, to be continued.

        Transient errors are waited out; Terminal ones are raised.
        """
        self._stop, pause = stop, poll_seconds
        while not stop.is_set():
            try:
                self.scan_once(progress)
                pause = poll_seconds
            except Transient as error:
                pause = min(pause * 2, max(poll_seconds, PAUSE_MOST_S))
                _log.warning("intake waits: %s", error)
            stop.wait(pause)

    def close(self) -> None:
        """閉じる: nothing is in flight between two calls."""
        self._journal.close()

    def _settled(self) -> list[Path]:
        """Files that did not grow between two looks; those untouched for a while need no second one."""
        first = {path: _shape(path) for path in _files(self._inbox)}
        now = time.time_ns()
        if any(shape and abs(now - shape.mtime_ns) < self._settle_s * 1e9 for shape in first.values()):
            time.sleep(self._settle_s)
        return [path for path, shape in first.items() if shape is not None and _shape(path) == shape]

    def _receive(self, path: Path, progress: Progress | None, is_new: bool) -> FileResult | None:
        shape = _shape(path)
        if shape is None:
            return None  # its sender took it back
        if is_new and (self._taken / path.name).exists():
            return None  # one of the same name, which could not be read, comes first
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("a file of the inbox cannot be read: %s; check its owner and mode", error.strerror)
            return FileResult(_shown_name(path.name, None), UNKNOWN, "", 0, {}, "unreadable")
        work = self._work(path, raw, shape, is_new)
        if is_new and work.position.state == DONE:
            return self._resent(work)
        if is_new and (_shape(path) != shape or len(raw) != shape.size):
            return None  # it was still being written after all
        return self._take(self._claimed(work) if is_new else work, progress)

    def _work(self, path: Path, raw: bytes, shape: _Shape, is_new: bool) -> _Work:
        digest = file_digest(raw)
        reader = next((reader for reader in self._readers if reader.matches(path.name)), None)
        stored = self._bundle.position(f"{reader.spec.name if reader else UNKNOWN}/{digest}")
        name, received_at = _shown_name(path.name, reader), shape.mtime_ns // 1_000_000
        position = Position(**json.loads(stored)) if stored else Position(name, received_at)
        if is_new and position.state in (HELD, UNKNOWN):
            position = Position(name, received_at)  # what was held comes again as something new
        if not is_new or position.state == GOING:
            received_at = position.received_at
        facts = FileFacts(name, digest, received_at, self._jichitai_code)
        return _Work(path, raw, facts, reader, position, is_new)

    def _claimed(self, work: _Work) -> _Work:
        taken = self._taken / work.path.name
        try:
            work.path.rename(taken)
        except OSError as error:
            raise Transient(
                f"the inbox: expected to rename a file, found {error.strerror}; check the folder's owner"
            ) from None
        return work._replace(path=taken)

    def _take(self, work: _Work, progress: Progress | None) -> FileResult:
        position = work.position
        if work.reader is None:
            return self._hold(work, FileRefused(_unknown_name()), UNKNOWN)
        if position.state == DONE:  # committed, and not yet put away, when it was broken off
            self._bundle.commit()  # nothing is put away by what only a bundle knows
            self._put_away(work, self._archive)
            return work.result(position)
        refused = work.reader.check(work.raw, work.facts) if position.line == 0 else None
        if refused is not None:
            return self._hold(work, refused, HELD)
        return work.result(self._feed(work, work.reader, progress))

    def _feed(self, work: _Work, reader: FileReader, progress: Progress | None) -> Position:
        """Give what is beyond the position to the bundle, which is committed whenever it is full."""
        position = work.position
        begin = position.line
        for item in reader.lines(work.raw, work.facts):
            if item.line <= begin:
                continue
            if self._bundle.is_full:
                self._reached(work, position, None, progress)
                self._bundle.commit()
                if self._stop.is_set():
                    return position
            if isinstance(item, Arrived):
                message = Message(item.topic, item.key, encode(item.event))
                position = position._replace(line=item.line, events=position.events + 1)
            else:
                message = self._letter(work, item)
                refused = _one_more(position.refused, item.refusal.reason.code)
                position = position._replace(line=item.line, refused=refused)
            self._bundle.add(message)
        position = position._replace(state=DONE)
        self._reached(work, position, self._archive, progress)
        return position

    def _reached(
        self, work: _Work, position: Position, folder: Path | None, progress: Progress | None = None
    ) -> None:
        """The position counts with the commit; then it is told, and a file that is over is put away."""
        afterwards: list[Callable[[], None]] = []
        if progress is not None:
            afterwards.append(partial(progress, work.result(position)))
        if folder is not None:
            afterwards.append(partial(self._put_away, work, folder))
        keeps = len(work.raw) if folder is not None else 0
        self._bundle.reach(work.key, position.to_json(), *afterwards, keeps=keeps)

    def _hold(self, work: _Work, refused: FileRefused, state: str) -> FileResult:
        """Refuse the whole file: one letter, and the file sealed for staff.

        What a crash interrupted here has its letter already, when the reason is the same.
        """
        reasons = {refused.refusal.reason.code: 1}
        before = work.position
        position = before._replace(state=state, refused=reasons)
        if not work.is_new and (before.state, before.refused) == (state, reasons):
            self._bundle.commit()
            self._put_away(work, self._held)
            return work.result(position)
        whole = Refused(refused.line, refused.refusal, _original(work.raw, refused.line))
        letter = self._letter(work, whole)
        self._bundle.add(letter)
        self._reached(work, position, self._held)
        return work.result(position)

    def _resent(self, work: _Work) -> FileResult:
        """Report a file that was read before; nothing else happens but that the copy in clear goes."""
        before = work.position
        found = f"同じ中身のファイルを受け取り済み(異動 {before.events:,} 件)"
        todo = "取り込まれていないので、することはない。続くときは送り元に知らせる"
        said = refusal("R-107", "ファイル", "まだ受け取っていないファイル", found, todo)
        letter = self._letter(work, Refused(0, said, _original(work.raw, 0)))
        position = before._replace(resent=before.resent + 1)
        self._bundle.add(letter)
        self._reached(work, position, self._archive)
        return work.result(before._replace(events=0, refused={"R-107": 1}, state="resent"))

    def _letter(self, work: _Work, item: Refused) -> Message:
        said: Refusal = item.refusal
        ident = letter_id(work.facts.digest, item.line, said.reason.code)
        context = f"letter/{ident}"
        letter = Letter(
            letter_id=ident,
            reason=said.reason.code,
            stage=said.reason.stage,
            what=said.what,
            expected=said.expected,
            found=said.found,
            todo=said.todo,
            source=work.reader.spec.system if work.reader else "不明",
            origin=f"{work.facts.name}:{item.line}",
            topic=None,
            partition=None,
            offset=None,
            event_id=None,
            recorded_at=work.facts.received_at,
            original_key=None if work.reader else self._cipher.seal(os.fsencode(work.path.name), context),
            original=self._cipher.seal(item.original[:LETTER_ORIGINAL_BYTES], context),
        )
        return Message(LETTERS, ident, encode(letter))

    def _put_away(self, work: _Work, folder: Path) -> None:
        """Seal the original, then remove the file in clear; doing it twice changes nothing."""
        try:
            seal_file(work.raw, work.facts.digest, folder, self._cipher)
            work.path.unlink(missing_ok=True)
            sync_folder(work.path.parent)
        except OSError as error:
            raise Transient(
                f"{folder.name}: expected to seal {work.facts.digest[:DIGEST_SHOWN]} there, found "
                f"{error.strerror}; make room or give access, it is tried again"
            ) from None


def _files(folder: Path) -> list[Path]:
    """Regular files by name; a name that begins with a dot or ends in .tmp is not finished."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and not path.name.endswith(".tmp") and _shape(path) is not None
    )


def _shape(path: Path) -> _Shape | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return _Shape(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _shown_name(name: str, reader: FileReader | None) -> str:
    """A name that fits a form of ours is shown; any other may hold a person's name or number: it is not."""
    return name if reader is not None else "(様式に合わない名前)"


def _one_more(counts: Mapping[str, int], code: str) -> dict[str, int]:
    return {**counts, code: counts.get(code, 0) + 1}


def _unknown_name() -> Refusal:
    return refusal(
        "R-108",
        "ファイルの名前",
        "いずれかのコネクタの様式の名前",
        "どの様式の名前でもない",
        "中身を確かめ、正しい名前にして受付フォルダに入れ直す",
    )


def _original(raw: bytes, line: int) -> bytes:
    """What a letter about a whole file carries: the file, or of a large one the line in question."""
    if len(raw) <= LETTER_ORIGINAL_BYTES:
        return raw
    lines = raw.split(b"\n")
    return lines[line - 1] if 0 < line <= len(lines) else raw
