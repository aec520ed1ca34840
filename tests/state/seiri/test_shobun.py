"""督促から滞納処分まで: the office's tables, one act at the end of a story, its facts, yen, 時効 and provision."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from schemas.provisions import provisions
from state.law.movement import check
from state.reasons import Refusal
from state.seiri.event import TetsuzukiTaken
from state.seiri.fact import SeiriFact
from tests import given
from tests.state.scenario import table
from tests.state.seiri.office import Office, balance, read, receipts, said

HERE = Path(__file__).parent
ROWS = [row for name in ("tokusoku", "shobun", "chousa") for row in table(HERE / f"{name}.csv")]


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_手続(row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    if row["手数料"]:
        line = {"kijun": "hakkou_on", "gaku": int(row["手数料"]), "valid_from": date(2000, 4, 1)}
        monkeypatch.setattr("state.law.tokusoku._line", lambda *of: line)
    office = Office()
    *story, last = read(row["物語"])
    for each in story:
        office.tell(each(office))
        assert not any(isinstance(item, Refusal) for item in office.last), f"in the story: {office.last}"
    before, owed, event = office.person, balance(office), last(office)
    office.tell(event)
    assert said(office.last) == row["結果"]
    assert _owed(office) == row["未納"]
    _provisions(office.last, row["条項"])
    is_act = isinstance(event, TetsuzukiTaken)
    _moved(office.last, balance(office) - owed + receipts(office, before) if is_act else 0)
    for on, kansei_on in (each.split("=") for each in row["時効"].split()):
        told = office.standing(given.KEY, date.fromisoformat(on)).kansei_on
        assert (told.isoformat() if told else "なし") == kansei_on
    if any(isinstance(item, Refusal) for item in office.last):
        assert office.person == before, "half of a refused act was done"


def _owed(office: Office) -> str:
    """What each 期別 owes, and after a + what is too much of it."""
    return " ".join(
        f"{account.minou_gaku}" + (f"+{account.kagonou_gaku}" if account.kagonou_gaku else "")
        for _, account in sorted(office.person.accounts.items())
    )


def _provisions(last: list[SeiriFact | Refusal], named: str) -> None:
    """The provision of the row is applied by the act, or stands in the words of its refusal."""
    for item in last:
        if isinstance(item, Refusal):
            assert named in item.expected
            return
    applied = [basis for fact in last if isinstance(fact, SeiriFact) for basis in fact.applied]
    assert {basis.provision for basis in applied} <= set(provisions())
    if applied or named:
        assert named in {provisions()[basis.provision].ja for basis in applied}


def _moved(last: list[SeiriFact | Refusal], change: int) -> None:
    """The movements of an act are what it changed; what is no act has none of its own."""
    movements = [each for fact in last if isinstance(fact, SeiriFact) for each in fact.movements]
    assert sum(each.change for each in movements) == change
    assert [check(each) for each in movements if check(each) is not None] == []
