"""切り口: how far each stage has come and how far each topic is read, noted in an order that makes them fit
together.

Positions are the offsets that each stage's group shows (`<application>-<stage>`); they are shown after the
commit, so what lies before them was worked off. Ends are those of committed records. See the package for
why the order matters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

import schemas
from connectors.base import Terminal

Place = tuple[str, int]
Tell = Callable[[str, int, int], None]
"""知らせ: called with what is being done, how much of it is done and of how much."""
STAGES = ("matching", "ledger", "transfer")
SOURCES = "ido."
INPUT, ASSIGNED, UNMATCHED = "ledger.input.v1", "matching.assigned.v1", "matching.unmatched.v1"
FACT, ATENA, KIROKU = "ledger.fact.v1", "ledger.atena.v1", "ledger.kiroku.v1"
SEIRI_FACT, SHOUKEI = "seiri.fact.v1", "ledger.shoukei.v1"
TETSUZUKI, KAITOU = "ido.tetsuzuki.v1", "ido.chousa-kaitou.v1"
LETTER, PROVISION, LEDGER_TABLE = "deadletter.v1", "audit.provision.v1", "state.ledger.v1"
LOOK_S, ASK_S, PATIENCE_S = 0.3, 15.0, 60.0


def topics() -> list[str]:
    """トピックの名: all of them, as `schemas/topics.toml` lists them; the place in the list is their number."""
    return [topic["name"] for topic in schemas.load_toml("topics")["topic"]]


def read_by(reader: str) -> list[str]:
    """読むトピック: those that a stage or sink reads, its own table left out."""
    stated = schemas.load_toml("topics")["topic"]
    return [t["name"] for t in stated if reader in t["consumers"] and not t["name"].startswith("state.")]


def carrying(folder: str) -> dict[str, str]:
    """様式の載るトピック: {name of the schema in this folder: topic}, e.g. `carrying("transfer")`."""
    return {
        schema.split("/")[1]: topic["name"]
        for topic in schemas.load_toml("topics")["topic"]
        for schema in topic["schemas"]
        if schema.startswith(f"{folder}/")
    }


def sources() -> list[str]:
    """異動のトピック: where sources put change events."""
    return [name for name in topics() if name.startswith(SOURCES)]


def effects() -> tuple[list[str], ...]:
    """波及の順: what stages write, by groups, an effect before its cause."""
    transfers = sorted(carrying("transfer").values())
    return (
        [PROVISION, LETTER, *transfers],
        [FACT, SEIRI_FACT, ATENA, KIROKU, LEDGER_TABLE],
        [INPUT, UNMATCHED],
        [ASSIGNED, SHOUKEI],  # what the ledger makes of an act is a cause too: matching passes it on
    )


@cache
def _admin(settings: tuple[tuple[str, Any], ...]) -> AdminClient:
    """One per process and broker, never given up: librdkafka's crashes when dropped just after an answer
    (2.16)."""
    return AdminClient(dict(settings))


class Broker:
    """ブローカー: what the auditor asks of it. Raises KafkaException, or Terminal for a topic that is not
    there."""

    def __init__(self, bootstrap: str, client: Mapping[str, Any]) -> None:
        self.settings = {**client, "bootstrap.servers": bootstrap, "log_level": 2}
        self._admin = _admin(tuple(sorted(self.settings.items())))
        self._places: dict[str, list[Place]] = {}
        self._askers: dict[str, Consumer] = {}

    def places(self, names: Iterable[str]) -> list[Place]:
        """区画: every partition of these topics."""
        if not self._places:
            found = self._admin.list_topics(timeout=ASK_S).topics
            self._places = {name: [(name, p) for p in sorted(t.partitions)] for name, t in found.items()}
        missing = sorted(name for name in names if name not in self._places)
        if missing:
            raise Terminal(
                f"topics: expected {', '.join(missing)}, found none of that name; `shuunou topics create` "
                f"makes them"
            )
        return [place for name in names for place in self._places[name]]

    def ends(self, names: Iterable[str]) -> dict[Place, int]:
        """終わり: after the last committed record of every partition."""
        return self._offsets(names, OffsetSpec.latest())

    def begins(self, names: Iterable[str]) -> dict[Place, int]:
        """始まり: the first record that is still there."""
        return self._offsets(names, OffsetSpec.earliest())

    def _offsets(self, names: Iterable[str], which: OffsetSpec) -> dict[Place, int]:
        places = [TopicPartition(*place) for place in self.places(list(names))]

        def ask() -> dict[Place, int]:
            asked = self._admin.list_offsets(
                dict.fromkeys(places, which),
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=ASK_S,
            )
            return {
                (tp.topic, tp.partition): answer.result(ASK_S * 2).offset for tp, answer in asked.items()
            }

        return _patiently(ask)

    def shown(self, group: str, names: Iterable[str]) -> dict[Place, int]:
        """示された位置: of a group, on these topics; a place that it never showed is missing.

        A plain consumer asks, which never joins: librdkafka's admin client ends the process when the group's
        coordinator is still being made (librdkafka issue 5040, seen with 2.16).
        """
        if group not in self._askers:
            asker = {**self.settings, "group.id": group, "enable.auto.commit": False}
            self._askers[group] = Consumer(asker)
        places = [TopicPartition(*place) for place in self.places(list(names))]

        def ask() -> dict[Place, int]:
            found = self._askers[group].committed(places, timeout=ASK_S / 3)
            return {(p.topic, p.partition): p.offset for p in found if p.offset >= 0}

        return _patiently(ask)

    def close(self) -> None:
        """閉じる。"""
        for asker in self._askers.values():
            asker.close()
        self._askers.clear()


def _patiently(ask: Callable[[], dict[Place, int]]) -> dict[Place, int]:
    """Again and again for a while: a broker that just started may have no leader or coordinator for it
    yet."""
    stop_asking = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except KafkaException as error:
            if time.monotonic() > stop_asking or error.args[0].fatal():
                raise
        time.sleep(LOOK_S)


class StageLag(NamedTuple):
    """段の遅れ: whether it came, in the time given, as far as the topics went when it was first asked; its lag
    then."""

    stage: str
    arrived: bool
    behind: int
    shown_beyond: tuple[Place, ...]


class Cut(NamedTuple):
    """切り口: `applied` is how far each place was worked off, `ends` how far effects are read."""

    lags: tuple[StageLag, ...]
    applied: Mapping[Place, int]
    ends: Mapping[Place, int]
    waited_s: float

    def is_applied(self, place: Place, offset: int) -> bool:
        """済んだか: whether the stage that reads this record had worked it off."""
        return offset < self.applied.get(place, 0)

    def has_arrived(self, *stages: str) -> bool:
        """着いたか: whether these stages came as far as was there when they were first asked."""
        return all(lag.arrived for lag in self.lags if lag.stage in stages)


def take(broker: Broker, application: str, wait_s: float, tell: Tell) -> Cut:
    """切り口を決める: waits up to `wait_s` for the stages to work off what is there, then notes where everything
    is."""
    whole(broker)
    began = time.monotonic()
    arrived = {stage: _await(broker, application, stage, began + wait_s, tell) for stage in STAGES}
    waited = time.monotonic() - began
    applied: dict[Place, int] = {}
    lags = []
    for stage in STAGES:
        shown = broker.shown(f"{application}-{stage}", read_by(stage))
        ends = broker.ends(read_by(stage))
        applied |= {place: shown.get(place, 0) for place in ends}
        beyond = tuple(place for place, end in ends.items() if shown.get(place, 0) > end)
        lags.append(StageLag(stage, arrived[stage], behind(ends, shown), beyond))
    ends = {}
    for names in effects():
        ends |= broker.ends(names)
    return Cut(tuple(lags), applied, ends, waited)


def whole(broker: Broker) -> None:
    """欠けがないか: raises Terminal when records were removed from a log; what they were cannot be judged any
    more."""
    stated = schemas.load_toml("topics")["topic"]
    logs = [topic["name"] for topic in stated if topic.get("cleanup") != "compact"]
    for (topic, partition), begin in broker.begins(logs).items():
        if begin > 0:
            raise Terminal(
                f"{topic}, partition {partition}: expected it from offset 0, found it to begin at {begin}; "
                f"logs are "
                "kept for ever (retention.ms -1): restore the topic, what was removed cannot be audited"
            )


def behind(ends: Mapping[Place, int], reached: Mapping[Place, int]) -> int:
    """遅れ: records (control records among them) between what was reached and the ends."""
    return sum(max(end - reached.get(place, 0), 0) for place, end in ends.items())


def _await(broker: Broker, application: str, stage: str, until: float, tell: Tell) -> bool:
    """Wait until the stage has worked off what is there now; twice, since matching also reads what it
    writes."""
    for _ in range(2):
        goal = broker.ends(read_by(stage))
        most = behind(goal, {})
        while left := behind(goal, broker.shown(f"{application}-{stage}", read_by(stage))):
            tell(f"waiting for {stage}", most - left, most)
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_S)
        tell(f"waiting for {stage}", most, most)
    return True
