"""分納の表: the plan, what is received on it, default, cancellation, extension."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from state.law import bunnou
from state.law.bunnou import Haibun
from state.law.bunnou_check import Bunnou
from state.law.rules import Outcome
from state.reasons import Refusal
from tests.state.scenario import table

CASES = table(Path(__file__).parent / "bunnou.csv")
ON = date(2026, 8, 1)


def parts(text: str) -> tuple[tuple[date, int], ...]:
    """`2026-08-31 10000 / 2026-09-30 20000` as pairs."""
    pairs = (part.split() for part in text.split(" / "))
    return tuple((date.fromisoformat(day), int(yen)) for day, yen in pairs)


def step(value: Bunnou, text: str) -> Outcome[Bunnou] | Outcome[Haibun] | Refusal:
    word, day, *rest = text.split(maxsplit=2)
    on = date.fromisoformat(day)
    if word == "受領":
        return bunnou.receive(value, int(rest[0]), on)
    if word == "戻し":
        return bunnou.take_back(value, int(rest[0]), on)
    if word == "延長":
        return bunnou.extend(value, parts(rest[0]), on)
    return bunnou.cancel(value, on) if word == "取消" else bunnou.reach(value, on)


@pytest.mark.parametrize("row", CASES, ids=[row["名前"] for row in CASES])
def test_分納(row: dict[str, str]) -> None:
    made = bunnou.plan("1", row["根拠"], int(row["額"]), parts(row["計画"]), ON)
    if isinstance(made, Refusal):
        assert (made.reason.code, "") == (row["拒否"], row["状態"])
        return
    value, amari, refused, cited = made.value, "", "", made.applied
    for text in filter(None, row["手順"].split(" → ")):
        outcome = step(value, text)
        if isinstance(outcome, Refusal):
            refused = outcome.reason.code
            assert "市の取扱い" in outcome.expected
            continue
        cited = outcome.applied or cited
        if isinstance(outcome.value, Haibun):
            value, amari = outcome.value.bunnou, str(outcome.value.amari_gaku)
        else:
            value = outcome.value
    assert [value.joutai, str(value.noufu_gaku), str(value.nokori_gaku), amari, refused] == [
        row[name] for name in ("状態", "納付額", "残り", "余り", "拒否")
    ]
    assert {(basis.provision, basis.version) for basis in cited} == {(row["条項"], row["版"])}
    assert sum(one.kingaku for one in value.kai) == value.kingaku == int(row["額"])


def test_more_parts_than_the_setting_are_refused() -> None:
    most = schemas.load_toml("law/bunnou")["rule"][0]["kaisuu_max"]
    for number, code in ((most, ""), (most + 1, "R-545")):
        days = tuple((ON + timedelta(days=20 * n), 1000) for n in range(1, number + 1))
        made = bunnou.plan("1", "seiyaku", 1000 * number, days, ON)
        assert (made.reason.code if isinstance(made, Refusal) else "") == code


def test_what_happened_is_said_and_where_it_went() -> None:
    made = bunnou.plan("1", "seiyaku", 30000, parts("2026-08-31 10000 / 2026-09-30 20000"), ON)
    assert isinstance(made, Outcome) and made.happened == ("BunnouPlanned",)
    part = bunnou.receive(made.value, 15000, date(2026, 8, 25))
    assert isinstance(part, Outcome) and part.happened == ("BunnouReceived",)
    assert part.value.received == ((1, 10000), (2, 5000))
    assert part.applied[0].outputs == {"kai": "1:10000,2:5000", "amari_gaku": "0"}
    rest = bunnou.receive(part.value.bunnou, 15000, date(2026, 9, 1))
    assert isinstance(rest, Outcome) and rest.happened == ("BunnouReceived", "BunnouCompleted")
    more = bunnou.receive(rest.value.bunnou, 500, date(2026, 9, 2))
    assert isinstance(more, Outcome) and more.happened == ("BunnouReceived",)
    assert (more.value.received, more.value.amari_gaku) == ((), 500)
    late = bunnou.reach(made.value, date(2026, 10, 1))
    assert isinstance(late, Outcome) and late.happened == ("BunnouDefaulted",)
    assert late.applied[0].outputs == {"kai": "1,2"}
    again = bunnou.reach(late.value, date(2026, 10, 2))
    assert isinstance(again, Outcome) and again.happened == ()
    longer = bunnou.extend(late.value, parts("2026-12-28 30000"), date(2026, 10, 5))
    assert isinstance(longer, Outcome) and longer.happened == ("BunnouExtended",)
    gone = bunnou.cancel(late.value, date(2026, 10, 5))
    assert isinstance(gone, Outcome) and gone.happened == ("BunnouCancelled",)


def test_a_year_without_holidays_is_not_guessed() -> None:
    made = bunnou.plan("1", "seiyaku", 1000, parts("2031-01-31 1000"), date(2030, 8, 1))
    assert isinstance(made, Outcome)
    reached = bunnou.reach(made.value, date(2031, 2, 3))
    assert isinstance(reached, Refusal) and reached.reason.code == "R-511"


AMOUNTS = st.lists(st.integers(1, 50_000), min_size=1, max_size=12)


@given(AMOUNTS, st.lists(st.integers(1, 80_000), max_size=15))
@settings(max_examples=200, deadline=None)
def test_every_yen_received_is_in_the_plan_or_left_over(planned: list[int], paid: list[int]) -> None:
    days = tuple((ON + timedelta(days=30 * n), yen) for n, yen in enumerate(planned, 1))
    made = bunnou.plan("1", "seiyaku", sum(planned), days, ON)
    assert isinstance(made, Outcome)
    value, left_over = made.value, 0
    for yen in paid:
        outcome = bunnou.receive(value, yen, ON)
        assert isinstance(outcome, Outcome)
        assert sum(part for _, part in outcome.value.received) + outcome.value.amari_gaku == yen
        value, left_over = outcome.value.bunnou, left_over + outcome.value.amari_gaku
        assert all(0 <= one.noufu_gaku <= one.kingaku for one in value.kai)
        open_kai = [one for one in value.kai if one.noufu_gaku < one.kingaku]
        assert all(one.noufu_gaku == 0 for one in open_kai[1:])
    assert value.noufu_gaku + left_over == sum(paid)
    assert (value.joutai == "kannou") == (value.nokori_gaku == 0)


@given(AMOUNTS, st.lists(st.integers(1, 80_000), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_what_is_taken_back_leaves_the_plan_as_if_it_had_never_been_received(
    planned: list[int], paid: list[int]
) -> None:
    days = tuple((ON + timedelta(days=30 * n), yen) for n, yen in enumerate(planned, 1))
    made = bunnou.plan("1", "seiyaku", sum(planned), days, ON)
    assert isinstance(made, Outcome)
    value = made.value
    for yen in paid:
        before, outcome = value, bunnou.receive(value, yen, ON)
        assert isinstance(outcome, Outcome)
        value, filled = outcome.value.bunnou, yen - outcome.value.amari_gaku
        if filled:
            back = bunnou.take_back(value, filled, ON)
            assert isinstance(back, Outcome) and back.value.bunnou == before
            assert sum(part for _, part in back.value.received) == filled
        too_much = bunnou.take_back(value, value.noufu_gaku + 1, ON)
        assert isinstance(too_much, Refusal) and too_much.reason.code == "R-548"


@given(AMOUNTS, st.integers(-3, 3))
@settings(max_examples=100, deadline=None)
def test_only_what_sums_is_a_plan(planned: list[int], off: int) -> None:
    days = tuple((ON + timedelta(days=30 * n), yen) for n, yen in enumerate(planned, 1))
    made = bunnou.plan("1", "seiyaku", sum(planned) + off, days, ON)
    assert isinstance(made, Outcome) == (off == 0)
    assert isinstance(made, Outcome) or made.reason.code == "R-544"
