"""場: one hub of a row's own (topics made anew, homes, processes) under load, and what is said of it at
the end."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import KafkaException

from bench.faults.checks import Checked, check, settle
from bench.faults.crew import Crew, Member
from bench.faults.load import Feed, Item, Journal, day_items
from bench.faults.nursery import Nursery
from bench.faults.town import Leg, Town, make_town
from bench.support import BenchError, Broker, say
from connectors.migrations import migrate
from connectors.secrets import Cipher, create_key_file, load_key_file
from streams.cityfiles import deliver
from streams.connecting import inbox
from streams.local.kafka import LocalKafka
from streams.local.process import wait_until
from streams.status import Lags
from streams.topics import STAGES

PARTITIONS = 3
SESSION_S = 6.0
RATE = 150.0
YEAR, ACTS = 0.6, 0.4
"""How a row that goes on while the office acts shares out its time."""
FIRST, LAST, AFTER_ACTS = 0, 1, 2
"""The days of the town."""
SINKS, INTAKE = "sinks", "intake"


class NotInjected(Exception):
    """注入できない: what this machine lacks; the row is reported as such and never as passed."""


class Claim(NamedTuple):
    """条件: what must hold beside the measures, whether it did, and what was found."""

    what: str
    holds: bool
    found: str


class Site(NamedTuple):
    """現場: what the rows of one run share."""

    broker: LocalKafka
    nursery: Nursery
    folder: Path
    jars: Path
    seed: int
    minutes: float
    workers: int
    blocked_s: float = 1.0
    """How long a poisoned message may keep others waiting."""


class World:
    """場: `begin` starts everything, `conclude` ends the load and judges. Rows use what lies between."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.name = site, name
        self.kafka = site.broker
        self.bootstrap = self.kafka.bootstrap
        self.stack = ExitStack()
        self.home = site.folder / name
        self.home.mkdir(parents=True)
        self.random = random.Random(f"{site.seed}/{name}")
        self.seconds = site.minutes * 60
        self.application = f"faults-{name}"
        self.key_path = self.home / "keys" / "kojin.key"
        self.database_url = f"sqlite:///{self.home / SINKS / 'projection.db'}"
        self.figures: dict[str, Any] = {}
        self.claims: list[Claim] = []
        self.not_injected: list[str] = []
        self.crew = Crew(site.nursery)
        self.journal = Journal(self.home / "journal.txt")
        self.feed: Feed | None = None
        self._town: Town | None = None
        self.catch_up_s = 0.0
        self._is_acted = False

    def use(self, broker: LocalKafka) -> LocalKafka:
        """別のブローカーを使う: one of the row's own, started and ended with it; before `begin`."""
        self.kafka = self.stack.enter_context(broker)
        self.bootstrap = broker.bootstrap
        return broker

    # -- beginning -------------------------------------------------------------------------------------

    def begin(
        self,
        *,
        rate: float = RATE,
        seconds: float = 0.0,
        files: bool = False,
        sinks: bool = True,
        settings: Mapping[str, str] | None = None,
        arrange: Callable[[list[Item]], list[Item]] = list,
    ) -> Town:
        """始める: everything runs and the load flows; with `files` rows deliver them to the inbox."""
        create_key_file(self.key_path)
        self._town = make_town(
            int(rate * (seconds or self.seconds)),
            zlib.crc32(f"{self.site.seed}/{self.name}".encode()),
            self.home / "city",
            Cipher(load_key_file(self.key_path)),
        )
        Broker(self.bootstrap, PARTITIONS).fresh()
        self.members(settings or {}, sinks=sinks, intake=files)
        if sinks:
            migrate(self.database_url)
        self.crew.start()
        self.crew.wait_ready()
        items = [] if files else arrange(self.town.items)
        self.feed = Feed(self.bootstrap, self.journal, items, rate)
        self.feed.start()
        return self.town

    def members(self, settings: Mapping[str, str], *, sinks: bool, intake: bool) -> None:
        """班を組む: so many workers, each with a home of its own; the sinks and the intake in one other."""
        for number in range(self.site.workers):
            self.crew.add(self.worker(number, settings))
        for name, option, is_there in ((SINKS, "--no-sources", sinks), (INTAKE, "--no-sinks", intake)):
            if is_there:
                member = self.member(name, ("connectors", option), self.home / SINKS, settings)
                self.crew.add(member)

    def worker(self, number: int, settings: Mapping[str, str] | None = None, home: str = "") -> Member:
        """働き手を一人: with a name that stays (static membership)."""
        name = f"worker{number}"
        more = {"SHUUNOU_INSTANCE_ID": name, **(settings or {})}
        member = self.member(name, ("worker",), self.home / (home or name), more)
        member.says_ready = True
        return member

    def member(self, name: str, words: tuple[str, ...], home: Path, settings: Mapping[str, str]) -> Member:
        """班員を作る。"""
        stated = {
            "SHUUNOU_HOME": str(home),
            "SHUUNOU_BOOTSTRAP": self.bootstrap,
            "SHUUNOU_APPLICATION": self.application,
            "SHUUNOU_PARTITIONS": str(PARTITIONS),
            "SHUUNOU_SESSION_TIMEOUT_S": str(SESSION_S),
            "SHUUNOU_KEY_FILE": str(self.key_path),
            "SHUUNOU_DATABASE_URL": self.database_url,
            "SHUUNOU_COMPRESSION": "none",
            **settings,
        }
        return Member(name, words, stated, home, says_ready=False)

    # -- what rows use -----------------------------------------------------------------------------------

    @property
    def workers(self) -> list[Member]:
        """働き手。"""
        return [m for name, m in self.crew.members.items() if name.startswith("worker")]

    @property
    def sending(self) -> Feed:
        """給送。"""
        assert self.feed is not None
        return self.feed

    @property
    def town(self) -> Town:
        """まち。"""
        assert self._town is not None
        return self._town

    def claim(self, what: str, holds: bool, found: object = "") -> None:
        """条件を述べる。"""
        self.claims.append(Claim(what, holds, str(found)))

    def during(self, share: float = 1.0) -> None:
        """負荷のうちに待つ: so much of the row's time."""
        time.sleep(self.seconds * share)

    def advance(self, which: int) -> None:
        """基準日を進める: one of the days of the town."""
        self.sending.add(day_items(self.town.days[which], PARTITIONS, self.town.city.jichitai_code))

    def reach(self, which: int) -> None:
        """基準日に至る: everything that came before is worked off, then the day comes and is worked off too."""
        self.rest()
        self.advance(which)
        self.sending.finish()
        settle(self.bootstrap, self.application)

    def act(self, arrange: Callable[[list[Item]], list[Item]] = list, share: float = ACTS) -> None:
        """手続に移る: the year is over and its last day has come; what the office does follows at a pace.

        A row that breaks something while acts come goes on after this; for every other `conclude` calls it.
        """
        self.reach(LAST)
        self._is_acted = True
        self._bring(self.town.acts, arrange, self.seconds * share)

    def _bring(self, leg: Leg, arrange: Callable[[list[Item]], list[Item]], seconds: float) -> None:
        if INTAKE in self.crew.members:
            for path in leg.files:
                deliver(path.parent, [path.name], self.inbox())
        else:
            self.sending.follow(arrange(leg.items), max(len(leg.items) / max(seconds, 0.1), 1.0))

    def seen(self, *names: str) -> int:
        """見える記録の数: of these topics; asks again while a broker is just coming back."""
        until = time.monotonic() + 60
        while True:
            try:
                return Broker(self.bootstrap, PARTITIONS).seen(names)
            except KafkaException:
                if time.monotonic() > until:
                    raise
            time.sleep(0.3)

    def lag(self) -> int:
        """遅れ: of all stages together."""
        lags = Lags(self.bootstrap, {}, self.application)
        try:
            return sum(stage.lag for stage in lags.of(STAGES))
        finally:
            lags.close()

    def inbox(self) -> Path:
        """受け箱。"""
        return inbox(self.home / SINKS)

    # -- ending ------------------------------------------------------------------------------------------

    def rest(self) -> float:
        """静める: the load is over; seconds until every stage is at the end."""
        self.sending.finish()
        if INTAKE in self.crew.members:
            self._wait_for_files()
        self.catch_up_s = round(settle(self.bootstrap, self.application), 2)
        return self.catch_up_s

    def _wait_for_files(self) -> None:
        if not wait_until(lambda: not any(path.is_file() for path in self.inbox().rglob("*")), 240, 0.2):
            raise BenchError("the intake: expected an empty inbox within 240 s")

    def conclude(self) -> Checked:
        """判定する: no fault any more; acts, answers and the last day come; then all three sides are asked."""
        self.crew.arming = lambda member: ""
        if not self._is_acted:
            self.act(share=0.0)
        if self.town.answers.items:
            self.rest()
            self._bring(self.town.answers, list, 0.0)
        self.reach(AFTER_ACTS)
        url = self.database_url if SINKS in self.crew.members else None
        town = self.town
        acts, by_files = [*town.acts.items, *town.answers.items], None
        if INTAKE in self.crew.members:
            by_files = town.all_items
        return check(self.bootstrap, self.application, url, self.journal, town.expected, acts, by_files)

    def close(self) -> None:
        """閉じる: what runs is ended; files stay for whoever looks."""
        if self.feed is not None:
            self.feed.stop()
        self.crew.close()
        self.journal.close()
        self.stack.close()

    def note(self, text: str) -> None:
        """知らせる。"""
        say(f"{self.name}: {text}")
