"""コネクタの運転: the source connectors over the inbox and the sinks, each in a thread, until told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from connectors.base import FileReader, Terminal
from connectors.intake import Intake
from connectors.secrets import Cipher, load_key_file
from connectors.sink_iten_file import ItenFile
from connectors.sink_projection import Projection
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_convenience import ConvenienceReader
from connectors.source_kiroku_csv import KirokuReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from connectors.source_tetsuzuki_csv import TetsuzukiReader
from state.transfer import contracts
from streams.engine import failpoints
from streams.logs import shown
from streams.settings import Settings

log = structlog.get_logger("shuunou.connectors")
Job = Callable[[threading.Event], None]
Sink = Projection | ItenFile
END_S = 8.0
"""How long connectors may take to end: less than the ten seconds after which container engines kill."""


def inbox(home: Path) -> Path:
    """受け箱: where sources put their files."""
    return home / "inbox"


def readers(cipher: Cipher) -> list[FileReader]:
    """ファイルの読み手: every one, in the order in which a file's name is offered to them."""
    return [
        AtenaReader(cipher),
        ChouteiReader("zeimu", cipher),
        ChouteiReader("hoken", cipher),
        KouzaFurikaeReader(),
        ConvenienceReader(),
        KirokuReader(cipher),
        TetsuzukiReader("tetsuzuki", cipher),
        TetsuzukiReader("chousa_kaitou", cipher),
    ]


def new_intake(conf: Settings, bootstrap: str) -> Intake:
    """受付を作る。"""
    cipher = Cipher(load_key_file(conf.key_path))
    return Intake(
        bootstrap,
        readers(cipher),
        cipher,
        inbox=inbox(conf.home),
        archive=conf.home / "archive",
        held=conf.home / "held",
        jichitai_code=conf.jichitai_code,
        transactional_id=f"{conf.application}-intake",
        client={**conf.security, "compression.type": conf.compression},
        at_point=failpoints.hit,
    )


def sinks(conf: Settings, bootstrap: str) -> dict[str, Callable[[], Sink]]:
    """引渡し: how each sink is made, by its name. The projection raises Terminal where it has no database."""
    made: dict[str, Callable[[], Sink]] = {
        "projection": partial(
            Projection, bootstrap, conf.database, client=conf.security, at_point=failpoints.hit
        )
    }
    for contract in contracts():
        made[f"iten/{contract.id}"] = partial(
            ItenFile, bootstrap, contract.id, conf.home / "outbox", client=conf.security
        )
    return made


class SinkLag(NamedTuple):
    """引渡しの遅れ: records not kept yet, and how many were ever passed over.

    Both are None where broker or target cannot tell; `waiting` then says why.
    """

    sink: str
    lag: int | None
    problems: int | None
    waiting: str


def sink_lag(name: str, make: Callable[[], Sink]) -> SinkLag:
    """引渡しの遅れを測る: the sink is made only to be asked."""
    try:
        with closing(make()) as sink:
            told = sink.status()
    except Terminal as error:
        return SinkLag(name, None, None, str(error))
    return SinkLag(name, told.lag, told.problems, told.waiting)


def _jobs(conf: Settings, bootstrap: str, has_sources: bool, has_sinks: bool) -> dict[str, Job]:
    jobs: dict[str, Job] = {}
    if has_sources:
        jobs["intake"] = new_intake(conf, bootstrap).run
    if has_sinks:
        jobs |= {name: make().run for name, make in sinks(conf, bootstrap).items()}
    return jobs


def run_all(
    conf: Settings, bootstrap: str, *, has_sources: bool, has_sinks: bool, stop: threading.Event
) -> int:
    """運転する: until SIGTERM or SIGINT, or until one of them fails; 0 or 1.

    A thread that did not end in time goes on: the caller ends the process.
    """
    failed: list[str] = []

    def guarded(name: str, job: Job) -> None:
        try:
            job(stop)
        except Exception as error:  # noqa: BLE001 -- one that fails ends the process, so that it is seen
            log.critical("stopped", connector=name, error=type(error).__name__, detail=shown(error))
            failed.append(name)
            stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [
        threading.Thread(target=guarded, args=item, name=item[0])
        for item in _jobs(conf, bootstrap, has_sources, has_sinks).items()
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(0.5):
        pass
    left = _not_ended(threads)
    if left:  # in a call that only the broker ends
        log.warning("left", connectors=left, why=f"not ended in {END_S:g} s; what they began does not count")
    return 1 if failed else 0


def _not_ended(threads: list[threading.Thread]) -> list[str]:
    """The names of those that go on when the time to end is over."""
    deadline = time.monotonic() + END_S
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.0))
    return [thread.name for thread in threads if thread.is_alive()]
