"""法令の表: rows that the office can read: what is given, what is expected, by which provision."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from schemas.provisions import provisions
from state.delinquency.apply import TokusokuRule, tokusoku_rule, tokusoku_rules
from state.ingest import FIRST_DAY, check, zeimoku_codes
from tests import given
from tests.state.scenario import World, table

TOKUSOKU = table(Path(__file__).parent / "tokusoku.csv")


@pytest.mark.parametrize("row", TOKUSOKU, ids=[row["名前"] for row in TOKUSOKU])
def test_督促期限(row: dict[str, str]) -> None:
    key = given.shuunou_key(zeimoku=row["税目"])
    world = World().tell(
        given.choutei(key=key, noukigen=date.fromisoformat(row["納期限"])),
        given.kijunbi(date.fromisoformat(row["基準日"])),
    )
    due_on = world.accounts[key].tokusoku_due_on
    applied = [basis for fact in world.facts for basis in fact.applied]
    assert (due_on.isoformat() if due_on else "") == row["督促期限"]
    assert [(basis.provision, basis.version) for basis in applied] == (
        [(row["条項"], row["定めの施行日"])] if row["督促期限"] else []
    )
    for basis in applied:
        days = date.fromisoformat(row["督促期限"]) - date.fromisoformat(row["納期限"])
        assert basis.inputs == {"noukigen": row["納期限"], "days": str(days.days)}
        assert basis.outputs == {"tokusoku_due_on": row["督促期限"]}


def test_every_tax_has_its_provision_in_every_rule() -> None:
    for rule in tokusoku_rules():
        assert set(rule.provisions) == zeimoku_codes()


def test_every_provision_that_a_rule_applies_is_known() -> None:
    cited = {provision for rule in tokusoku_rules() for provision in rule.provisions.values()}
    assert cited - set(provisions()) == set()


def test_the_rule_of_a_day_is_the_latest_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [TokusokuRule(date(year, 4, 1), days, {}) for year, days in ((2030, 30), (2020, 20))]
    monkeypatch.setattr("state.delinquency.apply.tokusoku_rules", lambda: tuple(rules))
    assert tokusoku_rule(date(2030, 4, 1)).days == 30
    assert tokusoku_rule(date(2030, 3, 31)).days == 20
    with pytest.raises(LookupError, match="no 督促 rule"):
        tokusoku_rule(date(2020, 3, 31))


def test_no_rule_is_stated_twice() -> None:
    begins = [rule.valid_from for rule in tokusoku_rules()]
    assert len(set(begins)) == len(begins) and begins == sorted(begins, reverse=True)


@pytest.mark.parametrize("noukigen", [FIRST_DAY, min(r.valid_from for r in tokusoku_rules()) - timedelta(1)])
def test_what_ingest_lets_in_has_a_rule(noukigen: date) -> None:
    """A 納期限 older than every rule must be refused or ruled; it must never stop the ledger."""
    old = given.choutei(noukigen=noukigen)
    if check(old, given.KEY.encode(), given.JICHITAI) is None:
        World().tell(old, given.kijunbi(date(2026, 7, 1)))
