"""滞納整理の表: 猶予, 執行停止, 不納欠損, 分納, 納税承継, 時効: a story, then one act, and what comes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import schemas
from schemas.provisions import provisions
from state.law.jikou import standing
from state.reasons import Refusal
from state.seiri import apply as seiri
from state.seiri.entaikin_bill import bill_of_kibetsu
from state.seiri.jikou_of import jikou_of
from state.seiri.kinds import kinds
from state.seiri.samatage import samatage
from tests import given
from tests.state.scenario import table
from tests.state.seiri.tainou_world import World, read, said

YUUYO = {"choushuu_yuuyo": "15-1-1", "kanka_shokken": "15_5-1-1", "kanka_shinsei": "15_6-1"}
TABLES = ("yuuyo", "shikkou_teishi", "kesson", "bunnou", "shoukei", "jikou_reki")
CASES = [(name, row) for name in TABLES for row in table(Path(__file__).parent / f"{name}.csv")]


@pytest.mark.parametrize(("name", "row"), CASES, ids=[f"{name}: {row['名前']}" for name, row in CASES])
def test_滞納整理(name: str, row: dict[str, str]) -> None:
    world = World().tell(*read(row["出来事"]))
    assert not world.refused, [refused.reason.code for refused in world.refused]
    world.tell(*read(row["最後"]))
    world.holds()
    minou = sum(account.minou_gaku for account in world.accounts.values())
    assert (said(world.last), str(minou)) == (row["結果"], row["未納"])
    assert cited(world, row["条項"]) == row["条項"]
    assert kansei(world, read(row["最後"])[0]) == row["時効"]
    again = world.kept
    world.tell(*read(row["最後"]))
    assert world.kept == again, "told twice, it changes nothing"


def kansei(world: World, last: Any) -> str:
    """The day on which the 時効 of the 期別 is complete, as it stands on the day of the last event."""
    account, seiri = world.accounts[given.KEY], world.person.seiri_of(given.KEY)
    day = standing(jikou_of(account, seiri), getattr(last, "on", last.occurred_on)).kansei_on
    return day.isoformat() if day else ""


def cited(world: World, stated: str) -> str:
    """The provisions of what came of the last event; of a refusal that its words hold what is stated."""
    known, found = provisions(), set()
    for one in world.last:
        if isinstance(one, Refusal):
            return stated if stated and stated in one.expected else one.expected
        found |= {known[basis.provision].ja for basis in one.applied}
    return "・".join(sorted(found))


@pytest.mark.parametrize("early", [date(1999, 1, 1), date(2016, 3, 31)])
@pytest.mark.parametrize("kind", sorted(seiri.HANDLERS))
def test_no_act_before_the_tables_of_the_law_is_a_crash_then_or_later(kind: str, early: date) -> None:
    """It is refused, or what it leaves has a rule for every day on which it is looked at again."""
    late = date(2026, 12, 31)
    person = World().tell(*read("調定1 30000")).person
    known = schemas.load_toml("tetsuzuki")["teishi_counter"] if kind.startswith("Teishi") else ()
    others = ("1", "bunsho", "jikou", "noufu_seiyaku", "seiyaku")
    codes = YUUYO if kind.startswith("Yuuyo") else known or others
    for code in codes:
        jouken = dict.fromkeys(kinds()[kind].jouken, "true") | {"jiyuu": YUUYO.get(code, "1")}
        act = given.tetsuzuki(
            kind, late, bangou="1", code=code, kingaku=1, kara=early, made=early, taishou_bangou="1",
            uchiwake=(given.bubun(given.KEY, 1),), jouken=jouken,
        )  # fmt: skip
        for told in (act, act._replace(on=early, occurred_on=early)):
            done = seiri.apply(person, told, None)
            if isinstance(done, Refusal):
                continue
            after = seiri.after(person, done)
            seiri.reach(after, late)
            bill_of_kibetsu(after.accounts[given.KEY], after.seiri, late)
            samatage(after, after.accounts[given.KEY], late)
