"""通し運転の結果: a ledger that is not what the city's own books say is said to be wrong, figure by figure."""

from __future__ import annotations

from collections import Counter
from typing import Any

from connectors.city import make_city
from connectors.read_side import Balance, Count, Summary
from streams.run import Fed
from streams.run_report import as_json, differences

EXPECTED = make_city(60, 3).expected()


def _summary(**other: Any) -> Summary:
    right = {
        "accounts": EXPECTED.accounts,
        "persons": EXPECTED.persons,
        "persons_in_tainou": EXPECTED.minou_persons,
        "tainou_kingaku": EXPECTED.minou_gaku,
        "totals": (),
        "unmatched": EXPECTED.unmatched_receipts,
        "unmatched_kingaku": EXPECTED.unmatched_gaku,
        "transfers": (),
        "letters": tuple(Count(code, count) for code, count in EXPECTED.refused.items()),
        "facts": 0,
        "sink_problems": 0,
    }
    return Summary(**{**right, **other})


def _total(**other: int) -> Balance:
    named = ("accounts", "choutei_gaku", "shuunou_gaku", "minou_gaku", "kagonou_gaku")
    figures = dict.fromkeys(Balance._fields, 0) | {name: getattr(EXPECTED, name) for name in named}
    return Balance(**{**figures, **other})


def test_a_ledger_that_agrees_differs_in_nothing() -> None:
    assert differences(EXPECTED, _summary(), _total()) == []


def test_one_yen_and_one_refusal_too_many_are_named_with_both_figures() -> None:
    letters = (*_summary().letters, Count("R-999", 1))
    found = differences(
        EXPECTED, _summary(letters=letters), _total(shuunou_gaku=EXPECTED.shuunou_gaku + 1)
    )
    shuunou = EXPECTED.shuunou_gaku
    assert found == [
        f"収納: expected {shuunou:,}, found {shuunou + 1:,}",
        "R-999: expected 0, found 1",
    ]


def test_a_refusal_that_did_not_come_is_named() -> None:
    first, *rest = _summary().letters
    found = differences(EXPECTED, _summary(letters=tuple(rest)), _total())
    assert found == [f"{first.name}: expected {first.kensuu:,}, found 0"]


def test_the_figures_for_scripts_are_those_of_the_table() -> None:
    fed = Fed(Counter(accepted=3, held=1), 120, Counter({"R-104": 1}), 2.25)
    told = as_json(fed, _summary(transfers=(Count("zeimu_16", 7),)), _total(), ["収納: expected 1, found 2"])
    assert (told["files"], told["events"]) == ({"accepted": 3, "held": 1}, 120)
    assert told["seconds_from_file_to_transfer"] == 2.2
    assert told["refused"] == dict(EXPECTED.refused), "what the projection counts, not the intake alone"
    assert told["transfers"] == {"zeimu_16": 7}
    assert told["tainou_kingaku"] == EXPECTED.minou_gaku
    assert told["conservation"]["shuunou_gaku"] == EXPECTED.shuunou_gaku
    assert told["differences"] == ["収納: expected 1, found 2"]
    assert as_json(fed, _summary(), _total(), None)["differences"] is None, "nothing was compared"
