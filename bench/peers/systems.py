"""比べる相手: how each system is started for each work, and what of it can be seen from outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from confluent_kafka.admin import NewTopic
from rocksdict import AccessType, Options, Rdict

from bench import idiomatic_faust
from bench.peers import hub_count, tools
from bench.support import READY, Broker, Hub, Worker
from streams import topics
from streams.engine.store import Store

ROOT = Path(__file__).parents[2]
ON_ITS_OWN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
_RESTORED = re.compile(r"ready, restored (\d+)")
Header = tuple[str, str | bytes | None]


class Work(NamedTuple):
    """仕事: its name and its topics."""

    name: str
    source: str
    out: str
    refused: str = "peers.refused.v1"


COUNT = Work("count", "peers.count.in.v1", "peers.count.out.v1")
LEDGER = Work("ledger", "ledger.input.v1", "ledger.fact.v1")
JSON_LEDGER = Work("ledger", idiomatic_faust.EVENT, idiomatic_faust.FACT)


class Setup(NamedTuple):
    """設定: given on the command line, the same for a whole run."""

    home: Path
    jar_dir: Path
    threads: int
    heap: str
    cache_mib: int
    commit_s: float


class Place(NamedTuple):
    """場所: one start of one system, under a name that no other start has."""

    broker: Broker
    home: Path
    application: str
    setup: Setup


class System:
    """比べる相手: what all of them have in common."""

    name: str
    title: str
    ready: str | None = None
    """A word of its log once its partitions are restored; None when only its group shows that it reads."""
    restored = ""
    """A word of its log once rows were restored."""

    def start(self, place: Place, work: Work) -> Worker:
        """始める。"""
        raise NotImplementedError

    def group(self, place: Place, work: Work) -> str:
        """消費者グループの名。"""
        return place.application

    def topics(self, place: Place, work: Work) -> list[NewTopic]:
        """トピック: those that are made before it starts."""
        count = place.broker.partitions
        return [NewTopic(name, count, 1) for name in (work.source, work.out, work.refused)]

    def changelog(self, place: Place, work: Work) -> str:
        """変更記録: where its rows are kept."""
        raise NotImplementedError

    def row(self, key: bytes) -> tuple[bytes, list[Header]]:
        """行の鍵: of 宛名番号|収納キー as it stands in the changelog, and the headers that go with it."""
        return key, []

    def restored_rows(self, place: Place, worker: Worker) -> int:
        """復元した行の数: looked at when it has ended."""
        raise NotImplementedError

    def settings(self, setup: Setup) -> str:
        """設定: what was chosen for it, in a line."""
        raise NotImplementedError


class ShuunouHub(System):
    """収納ハブ: the ledger as `shuunou worker` runs it; the smallest fold as one stage of its engine."""

    name, title = "hub", "shuunou-hub"
    ready = restored = READY

    def start(self, place: Place, work: Work) -> Worker:
        """始める。"""
        if work.name == LEDGER.name:
            return Hub(place.broker, place.home, place.application, (LEDGER.name,)).start()
        settings = {"SHUUNOU_HOME": str(place.home), "SHUUNOU_APPLICATION": place.application}
        words = [place.broker.bootstrap, work.source, work.out, self.changelog(place, work)]
        return Worker(["-m", hub_count.__name__, *words], place.home, settings)

    def group(self, place: Place, work: Work) -> str:
        """消費者グループの名。"""
        return f"{place.application}-{work.name}"

    def topics(self, place: Place, work: Work) -> list[NewTopic]:
        """トピック: of the ledger, the hub's own as it makes them."""
        if work.name == LEDGER.name:
            topics.create(place.broker.bootstrap, place.broker.partitions, {})
            return []
        return [*super().topics(place, work), compacted(self.changelog(place, work), place)]

    def changelog(self, place: Place, work: Work) -> str:
        """変更記録。"""
        return f"state.{work.name}.v1"

    def row(self, key: bytes) -> tuple[bytes, list[Header]]:
        """行の鍵: behind the tag of its table."""
        return b"r" + key, []

    def restored_rows(self, place: Place, worker: Worker) -> int:
        """復元した行の数: in its stores."""
        folders = (place.home / "state" / LEDGER.name / str(p) for p in range(place.broker.partitions))
        return sum(_rows_of_hub(folder) for folder in folders)

    def settings(self, setup: Setup) -> str:
        """設定。"""
        return "one worker, one process, as it is by default"


def _rows_of_hub(folder: Path) -> int:
    store = Store(folder)
    store.open()
    try:
        return sum(1 for _ in store.scan(b"r", b"s"))
    finally:
        store.close()


class KafkaStreams(System):
    """Kafka Streams: `exactly_once_v2`, RocksDB, with or without its cache."""

    ready = restored = "ready, restored"

    def __init__(self, name: str, title: str, *, is_cached: bool) -> None:
        self.name, self.title, self._is_cached = name, title, is_cached

    def start(self, place: Place, work: Work) -> Worker:
        """始める。"""
        setup = place.setup
        java = [str(tools.java()), f"-Xmx{setup.heap}", "-XX:+UseParallelGC", "-cp"]
        java.append(tools.class_path(setup.home, setup.jar_dir))
        cache = setup.cache_mib << 20 if self._is_cached else 0
        words = [place.broker.bootstrap, place.application, str(place.home / "state"), str(setup.threads)]
        words += [str(cache), str(ROOT / "schemas" / "avro"), work.source, work.out, work.refused]
        main = f"peers.{work.name.capitalize()}"
        return Worker(["-c", ON_ITS_OWN, *java, main, *words], place.home, {"LC_ALL": "C.UTF-8"})

    def changelog(self, place: Place, work: Work) -> str:
        """変更記録: named by Kafka Streams after the store."""
        store = "receipt" if work.name == LEDGER.name else "count"
        return f"{place.application}-{store}-changelog"

    def restored_rows(self, place: Place, worker: Worker) -> int:
        """復元した行の数: as it says itself."""
        return int(_RESTORED.findall(worker.log.read_text())[-1])

    def settings(self, setup: Setup) -> str:
        """設定: those of Start.java, and what the command line gave."""
        cache = f"cache {setup.cache_mib} MiB" if self._is_cached else "no cache"
        return (
            f"4.3.1, exactly_once_v2, commit interval 100 ms, {setup.threads} stream threads, {cache}, "
            f"heap {setup.heap}, ParallelGC, linger 20 ms, batches 256 KiB, lz4, polls of 5,000 records"
        )


class QuixStreams(System):
    """Quix Streams: exactly once, with its state."""

    name, title = "quix", "Quix Streams"
    restored = "Recovery process complete"

    def start(self, place: Place, work: Work) -> Worker:
        """始める。"""
        python = str(tools.quix_python(place.setup.home))
        words = [work.name, place.broker.bootstrap, place.application, str(place.setup.commit_s)]
        words += [work.source, work.out, work.refused]
        return Worker(["-c", ON_ITS_OWN, python, "-m", "bench.peers.quix", *words], place.home, {})

    def changelog(self, place: Place, work: Work) -> str:
        """変更記録: named by Quix Streams after the group, the source and the store."""
        return f"changelog__{place.application}--{work.source}--default"

    def row(self, key: bytes) -> tuple[bytes, list[Header]]:
        """行の鍵: behind the message's key, in its column family."""
        atena, shuunou_key = key.split(b"|")
        headers: list[Header] = [("__column_family__", b"default"), ("__processed_tp_offsets__", b"null")]
        return atena + b"|r" + shuunou_key, headers

    def restored_rows(self, place: Place, worker: Worker) -> int:
        """復元した行の数: in its stores, one RocksDB for each partition."""
        return sum(_rows_of_rocksdb(path.parent) for path in (place.home / "state").rglob("CURRENT"))

    def settings(self, setup: Setup) -> str:
        """設定: those of quix.py, and what the command line gave."""
        return (
            f"3.28.1, exactly-once, commit interval {setup.commit_s} s, rows as bytes, linger 20 ms, "
            "batches 1 MiB, lz4"
        )


def _rows_of_rocksdb(folder: Path) -> int:
    db = Rdict(str(folder), Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        return sum(1 for _ in db.items())
    finally:
        db.close()


class Faust(System):
    """ふつうの Faust: the agent of `bench/idiomatic_faust.py`, on fewer events, of JSON, at least once."""

    name, title = "faust", "Faust (JSON, at least once)"

    def start(self, place: Place, work: Work) -> Worker:
        """始める。"""
        words = [str(Path(idiomatic_faust.__file__)), place.broker.bootstrap, str(place.broker.partitions)]
        return Worker([*words, "faust-data"], place.home, {})

    def group(self, place: Place, work: Work) -> str:
        """消費者グループの名: its application has one name."""
        return idiomatic_faust.NAME

    def topics(self, place: Place, work: Work) -> list[NewTopic]:
        """トピック: its changelog as well."""
        return [*super().topics(place, work), compacted(self.changelog(place, work), place)]

    def changelog(self, place: Place, work: Work) -> str:
        """変更記録。"""
        return idiomatic_faust.CHANGELOG

    def settings(self, setup: Setup) -> str:
        """設定。"""
        return "0.15.3, RocksDB through rocksdict, one agent, as its guide has it"


def compacted(name: str, place: Place) -> NewTopic:
    """表のトピック。"""
    return NewTopic(name, place.broker.partitions, 1, config={"cleanup.policy": "compact"})


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        ShuunouHub(),
        KafkaStreams("kafka-streams", "Kafka Streams without its cache", is_cached=False),
        KafkaStreams("kafka-streams-cache", "Kafka Streams with its cache", is_cached=True),
        QuixStreams(),
        Faust(),
    )
}
