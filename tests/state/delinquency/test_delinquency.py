"""滞納の事例: the office's table, row by row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from state.delinquency import record
from state.delinquency.case import OPEN
from tests import given
from tests.state.scenario import World, read, said, table

CASES = table(Path(__file__).parent / "cases.csv")


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


@pytest.mark.parametrize("row", CASES, ids=[row["名前"] for row in CASES])
def test_事例(row: dict[str, str]) -> None:
    world = World().tell(*read(row["出来事"]))
    case = world.case
    found = {
        "状態": "なし" if case is None else "滞納中" if case.joutai == OPEN else "解消",
        "滞納金額": record.tainou_kingaku(case),
        "滞納期別数": case.tainou_kensuu if case else 0,
        "滞納となった回数": case.kaisuu if case else 0,
        "滞納となった日": _day(case.opened_on if case else None),
        "解消した日": _day(case.closed_on if case else None),
        "督促期限": _day(world.accounts[given.KEY].tokusoku_due_on),
        "最後の知らせ": said(world.last),
    }
    assert {name: str(value) for name, value in found.items()} == {name: row[name] for name in found}


def test_the_flag_of_a_person_in_arrears_follows_the_case() -> None:
    world = World()
    assert record.tainousha_flag(world.case) == "0"
    assert record.tainousha_flag(world.tell(*read("調定1 10000 → 基準日 2026-07-01")).case) == "1"
    assert record.tainousha_flag(world.tell(*read("速報甲 10000")).case) == "0"


def test_a_deceased_person_is_marked() -> None:
    assert record.kojin_flag(given.atena(idou_kubun="04")) == "1"
    assert record.kojin_flag(given.atena(idou_kubun="02")) == "0"
    assert record.kojin_flag(given.atena()) == "0"


def test_facts_of_a_day_differ_by_account() -> None:
    world = World().tell(*read("調定1 10000 → 2期:調定1 5000 → 基準日 2026-08-01"))
    ids = [fact.fact_id for fact in world.facts]
    assert len(set(ids)) == len(ids)


def test_the_first_fact_about_the_case_carries_the_case() -> None:
    world = World().tell(*read("調定1 10000 → 基準日 2026-07-01"))
    started, opened = world.facts[-2:]
    assert (started.kind, started.case, started.account) == (
        "TainouStarted",
        None,
        world.accounts[given.KEY],
    )
    assert (opened.kind, opened.case, opened.account) == ("TainouCaseOpened", world.case, None)
