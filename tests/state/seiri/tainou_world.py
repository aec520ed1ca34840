"""滞納整理の場面: one person's accounts and procedures driven by events, as the ledger's agent drives them.

Every step is checked for what must always hold: money is conserved, what is refused or told twice changes
nothing, the totals of the case agree, and what is kept can be written and read again.

A table writes an act as `分納1 2026-08-01 根拠=seiyaku 額=30000 内訳=1期:30000/2026-08-31:30000`: a word, its
number, its day, then what it brings; `2期:` in front when it is about another 期別. The rest is written as in
`tests.state.scenario`.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

from state import ledger, wire
from state.events import ChouteiEstablished, KijunbiAdvanced
from state.law.movement import check_all
from state.reasons import Refusal
from state.seiri import apply as seiri
from state.seiri import book as booking
from state.seiri.event import TetsuzukiTaken
from state.seiri.fact import SeiriFact
from state.seiri.kinds import check, counter_of, kinds
from state.seiri.person import Person, SeiriStep
from state.seiri.values import Seiribo
from tests import given
from tests.state import scenario

WORDS = {
    "猶予申請": "YuuyoApplied",
    "猶予許可": "YuuyoGranted",
    "猶予不許可": "YuuyoDenied",
    "猶予延長": "YuuyoExtended",
    "猶予取消": "YuuyoCancelled",
    "執行停止取消": "ShikkouTeishiCancelled",
    "執行停止": "ShikkouTeishiDecided",
    "即時消滅": "SokujiShoumetsuDecided",
    "欠損取消": "FunouKessonReversed",
    "欠損": "FunouKessonBooked",
    "分納延長": "BunnouExtended",
    "分納取消": "BunnouCancelled",
    "分納": "BunnouPlanned",
    "承継": "NouzeiShoukeiMade",
    "時効事由": "JikouNoted",
    "返戻": "NoutsuuReturned",
}
_ACT = re.compile(rf"(?:(\d+)期:)?({'|'.join(WORDS)})(\S*) (\d{{4}}-\d\d-\d\d)((?: \S+)*)")
_FIELDS = {"種別": "code", "方法": "code", "根拠": "code", "号": "code", "事由コード": "code", "対象": "taishou_bangou"}
_DAYS = {"から": "kara", "まで": "made"}
_JOUKEN = {
    "事由": "jiyuu",
    "誠意": "has_seii",
    "他の滞納": "has_hoka_no_tainou",
    "担保": "is_tanpo",
    "担保不要": "tanpo_fuyou_riyuu",
    "明らか": "is_akiraka",
}
OF_NOBODY = ("BunnouPlanned", "BunnouExtended", "BunnouCancelled")
"""Kinds that name their 期別 in their lines, or none."""


def yen_of(share: ChouteiEstablished) -> int:
    """All that a share of an heir brings: its 本税 and the rest."""
    assert share.shoukei is not None
    return share.kibetsu_choutei_gaku + share.shoukei.fuzui.goukei


class World:
    """One person, and everything that was said about the procedures."""

    def __init__(self) -> None:
        self.accounts: dict[str, Any] = {}
        self.seiri: dict[str, Any] = {}
        self.seiribo = Seiribo(given.PERSON)
        self.case: Any = None
        self.kijunbi: date | None = None
        self.acts: dict[tuple[str, str], bytes] = {}
        self.schedule: set[date] = set()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.facts: list[SeiriFact] = []
        self.shoukei: list[ChouteiEstablished] = []
        self.refused: list[Refusal] = []
        self.last: list[SeiriFact | Refusal] = []

    @property
    def person(self) -> Person:
        """The person as the agent reads it, in the order of the rows."""
        rows = dict(sorted(self.accounts.items())), dict(sorted(self.seiri.items()))
        return Person(given.PERSON, *rows, self.seiribo, self.case, self.kijunbi)

    @property
    def kept(self) -> Any:
        """All that is kept, to compare."""
        return dict(self.accounts), dict(self.seiri), self.seiribo, self.case

    def tell(self, *events: Any) -> World:
        """Events one after another; `last` is what the last of them led to."""
        for event in events:
            self.last = []
            if isinstance(event, KijunbiAdvanced):
                self._reach(event)
            elif isinstance(event, TetsuzukiTaken):
                self._act(event)
            else:
                self._book(event)
        return self

    def _act(self, event: TetsuzukiTaken) -> None:
        before = self.kept
        place = (event.kind, event.bangou)
        wrong = check(event)
        done = wrong or seiri.apply(self.person, event, self.acts.get(place))
        if isinstance(done, Refusal):
            assert self.kept == before
            self.refused.append(done)
            self.last.append(done)
            return
        is_first = place not in self.acts
        self.acts[place] = seiri.digest(event)
        self._write(event, event.event_id, done)
        if not is_first:
            assert self.kept == before and [fact.kind for fact in self.last] == [seiri.REPEATED]
        else:
            self._count(event)

    def _count(self, event: TetsuzukiTaken) -> None:
        """An independent count of what the official counters must say."""
        kind = kinds()[event.kind]
        name = counter_of(kind, event.code)
        lines = [line.shuunou_key for line in event.uchiwake if line.shuunou_key]
        for key in [event.shuunou_key] if event.shuunou_key else dict.fromkeys(lines):
            if name and key:
                self.counts[key, name] += kind.counts

    def _book(self, event: Any) -> None:
        change = ledger.apply(self.accounts.get(event.shuunou_key), self.case, self.kijunbi, event)
        if isinstance(change, Refusal):
            self.refused.append(change)
            self.last.append(change)
            return
        is_changed = change.account is not self.accounts.get(event.shuunou_key)
        self.accounts[event.shuunou_key], self.case = change.account, change.case
        if is_changed and change.account.seisan is not None:
            done = seiri.follow(self.person, change.account, event)
            self._write(event, f"{event.event_id}/{event.shuunou_key}", done)

    def _reach(self, event: KijunbiAdvanced) -> None:
        """Looks at the person on every day: nothing may come of a day that was not scheduled."""
        self.kijunbi = event.kijunbi
        for key, account in self.accounts.items():
            change = ledger.reach(account, self.case, event)
            self.accounts[key], self.case = change.account, change.case
        is_due = any(day <= event.kijunbi for day in self.schedule)
        self.schedule = {day for day in self.schedule if day > event.kijunbi}
        done = seiri.reach(self.person, event.kijunbi)
        assert is_due or not done.happened, f"{event.kijunbi}: {done.happened[0].kind} was not scheduled"
        self._write(event, f"{event.event_id}/{given.PERSON}", done)

    def _write(self, event: Any, prefix: str, done: SeiriStep) -> None:
        before = self._balance()
        booked = booking.book(self.person, event, prefix, done)
        for change in booked.changes:
            self.accounts[change.account.shuunou_key] = change.account
            self.case = change.case
        self.seiri.update(booked.seiri)
        self.seiribo = done.book or self.seiribo
        self.schedule |= set(done.look_on)
        self.shoukei += booked.shoukei
        self.facts += booked.facts
        self.last += booked.facts
        moved = [one for fact in booked.facts for one in fact.movements]
        assert check_all(moved) == ()
        assert sum(one.change for one in moved) == self._balance() - before, "every yen moved is told"
        left = sum(fact.kingaku for fact in booked.facts if fact.kind == "NouzeiShoukeiMade")
        assert sum(yen_of(one) for one in booked.shoukei) == left, "what leaves comes in"
        assert len({fact.fact_id for fact in booked.facts}) == len(booked.facts)
        for value in (*booked.facts, *booked.seiri.values(), self.seiribo):
            assert wire.decode(wire.encode(value)) == value

    def _balance(self) -> int:
        return sum(account.minou_gaku - account.kagonou_gaku for account in self.accounts.values())

    def holds(self) -> None:
        """What must be so after any story."""
        for account in self.accounts.values():
            assert min(account.wariate.minou) >= 0 and min(account.wariate.kagonou) >= 0
        counted = {
            (key, one.name): one.kaisuu
            for key, row in self.seiri.items()
            for one in row.kaisuu
            if not one.name.endswith("_nengappi")
        }
        assert counted == {place: count for place, count in self.counts.items() if place in counted}
        assert all(count == 0 for place, count in self.counts.items() if place not in counted)
        assert self.seiribo.tetsuzuki_kaisuu == len(self.acts)
        owed = sum(account.minou_gaku for account in self.accounts.values() if account.is_tainou)
        assert (self.case.tainou_kingaku if self.case else 0) == owed


def read(notation: str) -> list[Any]:
    """The events of one story."""
    return [_event(part.strip()) for part in notation.split("→")]


def _event(text: str) -> Any:
    found = _ACT.fullmatch(text)
    if found is None:
        (event,) = scenario.read(text)
        return event
    kind, on = WORDS[found[2]], date.fromisoformat(found[4])
    key = None if kind in OF_NOBODY else given.shuunou_key(int(found[1] or 1))
    over: dict[str, Any] = {}
    jouken: dict[str, str] = {}
    for part in found[5].split():
        label, _, said = part.partition("=")
        if label in _JOUKEN:
            jouken[_JOUKEN[label]] = {"はい": "true", "いいえ": "false"}.get(said, said)
        elif label == "額":
            over["kingaku"] = int(said)
        elif label == "内訳":
            over["uchiwake"] = tuple(_line(line) for line in said.split("/"))
        elif label in _DAYS:
            over[_DAYS[label]] = date.fromisoformat(said)
        else:
            over[_FIELDS[label]] = said
    return given.tetsuzuki(kind, on, bangou=found[3] or "1", key=key, jouken=jouken, **over)


def _line(text: str) -> Any:
    """`1期:30000` a 期別, `2026-08-31:30000` a day, `1期@2026-08-31:30000` both, `2番:91期:30000` an heir."""
    *front, yen = text.split(":")
    if front[0].endswith("番"):
        number = int(front[1].removesuffix("期"))
        key = given.shuunou_key(number, tsuuchisho=2 if number > 90 else 1)
        return given.bubun(key, int(yen), atena=f"{int(front[0].removesuffix('番')):010d}")
    place, _, day = front[0].partition("@")
    if day:
        return given.bubun(given.shuunou_key(int(place[:-1])), int(yen), on=date.fromisoformat(day))
    if front[0].endswith("期"):
        return given.bubun(given.shuunou_key(int(front[0].removesuffix("期"))), int(yen))
    return given.bubun(None, int(yen), on=date.fromisoformat(front[0]))


def said(last: list[SeiriFact | Refusal]) -> str:
    """What an event led to: kinds with their yen, or the code of the refusal."""
    return " ".join(
        one.reason.code if isinstance(one, Refusal) else f"{one.kind}+{one.kingaku}".replace("+0", "")
        for one in last
        if isinstance(one, Refusal) or one.kind != seiri.REPEATED
    )
