"""滞納整理の表: 猶予, 執行停止, 不納欠損, 分納, 納税承継, 時効: a story, then one act, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.provisions import provisions
from state.law.jikou import standing
from state.reasons import Refusal
from state.seiri.jikou_of import jikou_of
from tests import given
from tests.state.scenario import table
from tests.state.seiri.tainou_world import World, read, said

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
