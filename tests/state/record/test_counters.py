"""回数の突き合わせ: the counters of a record against a plain count over the acts that were accepted.

Acts of every kind that has a function are tried at random; what the law refuses is not counted.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import given as examples
from hypothesis import strategies as st

import schemas
from schemas import records
from state.reasons import Refusal
from state.record import build
from state.record.known import Known
from state.seiri import apply as seiri
from state.seiri.event import TetsuzukiTaken
from state.seiri.kinds import check, kinds
from state.seiri.person import Person
from state.seiri.values import Seiribo
from tests import given
from tests.given import STABLE

START = date(2026, 7, 20)
KEYS = (given.KEY, given.shuunou_key(2))
CODES = ("denwa", "1", "tokusoku_teishi", "saikoku_teishi", "denwa_saikoku_teishi", "kanka_shokken")
COUNTED = frozenset(
    {kind.counter for kind in kinds().values() if kind.counter}
    | set(schemas.load_toml("tetsuzuki")["teishi_counter"].values())
    | set(schemas.load_toml("tetsuzuki")["yuuyo_counter"].values())
)


def nobody() -> Person:
    """A person with two unpaid 期別, before any act."""
    accounts = {key: given.an_account(shuunou_key=key) for key in KEYS}
    return Person(given.PERSON, accounts, {}, Seiribo(given.PERSON), None, START)


@st.composite
def acts(draw: st.DrawFn) -> tuple[TetsuzukiTaken, ...]:
    """Acts in the order of their days, some told again, some under a number that is taken."""
    day, made = START, list[TetsuzukiTaken]()
    for number in range(draw(st.integers(1, 14))):
        day += timedelta(days=draw(st.integers(0, 3)))
        if made and draw(st.integers(0, 4)) == 0:
            made.append(draw(st.sampled_from(made)))
            continue
        made.append(_act(draw, draw(st.sampled_from(sorted(seiri.HANDLERS))), day, str(number)))
    return tuple(made)


def _act(draw: st.DrawFn, kind: str, day: date, bangou: str) -> TetsuzukiTaken:
    needs, key = kinds()[kind], draw(st.sampled_from(KEYS))
    line = given.bubun(key, 1_000, kamoku="honzei", on=day, atena=given.PERSON)
    over: dict[str, Any] = {
        "kingaku": 1_000, "code": draw(st.sampled_from(CODES)),
        "kara": day, "made": day + timedelta(days=30), "uchiwake": (line,),
        "taishou_bangou": str(draw(st.integers(0, 9))), "tantousha_code": "T1",
    }  # fmt: skip
    named = "shuunou_key" in needs.needs
    over = {name: value for name, value in over.items() if name in needs.needs}
    jouken = dict.fromkeys(needs.jouken, "true")
    return given.tetsuzuki(kind, day, bangou=bangou, key=key if named else None, jouken=jouken, **over)


def _expected(accepted: list[TetsuzukiTaken]) -> Counter[tuple[str, str]]:
    """Counted by hand: each accepted act once for each 期別 that it names; what annuls takes one back."""
    found: Counter[tuple[str, str]] = Counter()
    stated = schemas.load_toml("tetsuzuki")
    for act in accepted:
        entry = stated["kind"][act.kind]
        counter = entry.get("counter")
        if act.kind in ("TeishiSet", "YuuyoGranted"):
            counter = stated["teishi_counter" if act.kind == "TeishiSet" else "yuuyo_counter"][act.code]
        named = [act.shuunou_key] if act.shuunou_key else {line.shuunou_key for line in act.uchiwake}
        for key in named:
            if counter and key:
                found[key, counter] = max(found[key, counter] + entry.get("counts", 1), 0)
    return found


@STABLE
@examples(acts())
def test_counters_are_a_count_over_the_accepted_acts(told: tuple[TetsuzukiTaken, ...]) -> None:
    person, known, accepted = nobody(), dict[tuple[str, str], bytes](), list[TetsuzukiTaken]()
    for act in told:
        place = act.kind, act.bangou
        if check(act) is not None:
            continue  # refused before it comes to the law
        done = seiri.apply(person, act, known.get(place))
        if isinstance(done, Refusal):
            continue
        if place not in known:
            accepted.append(act)
        known[place] = seiri.digest(act)
        person = seiri.after(person, done)
    expected = _expected(accepted)
    for key in KEYS:
        made = build.build("shuutainou", Known(person.accounts[key], person.seiri.get(key), person.book))
        shown = {name: getattr(made, name) or 0 for name in COUNTED}
        assert shown == {name: expected[key, name] for name in COUNTED}
    assert person.book.tetsuzuki_kaisuu == len(accepted)


def test_the_seventeen_counters_and_the_others_are_items_that_acts_derive() -> None:
    names = {item.name: item.item_no for item in records.items("shuutainou")}
    assert set(names) >= COUNTED
    assert sorted(names[name] for name in COUNTED) == [89, 91, *range(111, 128)]
    for name in COUNTED:
        origin = records.provenance("shuutainou", name)
        assert (origin.kind, origin.sources, origin.otherwise) == ("derived", ("tetsuzuki",), "kiroku")
