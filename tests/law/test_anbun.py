"""あん分: to the yen, in both directions, and nobody more than a yen from the exact part."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from state.law.anbun import anbun, wakeru
from tests.given import STABLE

yen = st.integers(0, 10**9)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Amounts by 科目, and shares that add up to the same."""
    gaku = draw(st.lists(st.integers(0, 40_000) | yen, min_size=1, max_size=4))
    marks = sorted(draw(st.lists(st.integers(0, sum(gaku)), max_size=4)))
    ends = [*marks, sum(gaku)]
    return gaku, [end - begin for begin, end in zip([0, *marks], ends, strict=True)]


@examples(cases())
@STABLE
def test_every_share_and_every_amount_is_met_exactly(case: tuple[list[int], list[int]]) -> None:
    gaku, shares = case
    parts = anbun(gaku, shares)
    assert [sum(part) for part in parts] == shares
    assert [sum(of_one) for of_one in zip(*parts, strict=True)] == gaku
    assert all(one >= 0 for part in parts for one in part)


@examples(cases())
@STABLE
def test_the_first_part_is_less_than_a_yen_from_the_exact_one(case: tuple[list[int], list[int]]) -> None:
    gaku, shares = case
    whole = sum(gaku) or 1
    for amount, part in zip(gaku, anbun(gaku, shares)[0], strict=True):
        assert abs(part - Fraction(amount * shares[0], whole)) < 1


@examples(yen, st.lists(yen, min_size=1, max_size=5))
@STABLE
def test_one_amount_is_divided_without_rest(kingaku: int, shares: list[int]) -> None:
    parts = wakeru(kingaku, shares)
    whole = sum(shares)
    assert sum(parts) == (kingaku if whole else 0)
    for part, share in zip(parts, shares, strict=True):
        assert part >= 0 and abs(part - Fraction(kingaku * share, whole or 1)) < 1


def test_the_yen_that_is_left_goes_where_most_of_it_is_missing() -> None:
    assert anbun((30_000, 100, 2_000, 0), (20_000, 12_100)) == ((18_692, 62, 1_246, 0), (11_308, 38, 754, 0))
    assert anbun((0, 1, 1, 1), (1, 1, 1)) == ((0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    assert wakeru(1_000, (1, 1, 1)) == (333, 333, 334)
    with pytest.raises(ValueError, match="expected 3 yen"):
        anbun((1, 2), (1, 1))
