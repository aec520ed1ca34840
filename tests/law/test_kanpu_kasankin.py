"""還付加算金の表: from when, until when, how much, by which provision."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import schemas
from schemas.provisions import provisions
from state.law.kanpu_kasankin import (
    Bubun,
    KanpuKasankin,
    Kisan,
    Seikyuu,
    calculate,
    shuuki_on,
)
from state.law.kanpu_kasankin_text import tell
from state.law.rules import rule
from state.reasons import Refusal
from tests.given import STABLE
from tests.state.scenario import table

ROWS = table(Path(__file__).parent / "kanpu_kasankin.csv")


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def part(text: str) -> Bubun:
    """`2025-06-30 300000 2026-03-10 充当`."""
    noufu, yen, shuuki, *rest = text.split(" ")
    return Bubun(date.fromisoformat(noufu), int(yen), date.fromisoformat(shuuki), bool(rest))


def made(row: dict[str, str], entry: Any = None) -> KanpuKasankin:
    kisan = Kisan(row["区分"], day(row["更正の請求"]), day(row["更正"]), day(row["所得税の通知等"]))
    seikyuu = Seikyuu(day(row["還付の通知"]), day(row["還付の請求"]))
    found = calculate([part(text) for text in row["納付と終期"].split(" / ")], kisan, seikyuu, entry)
    assert isinstance(found, KanpuKasankin), found
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_還付加算金(row: dict[str, str]) -> None:
    found = made(row)
    assert " / ".join(f"{first}" for first in found.kisanbi) == row["起算日"]
    josan = f"{found.josan_from}〜{found.josan_to}" if found.josan_from else ""
    assert josan == row["除く期間"]
    assert (str(found.goukei), str(found.kakutei)) == (row["計"], row["還付加算金"])
    ours = [basis for basis in found.applied if basis.provision == row["条項"]]
    assert ours and {basis.version for basis in ours} == {row["定めの施行日"]}
    assert {basis.provision for basis in found.applied} <= set(provisions())
    for basis in found.applied:
        if "fusoku" in basis.provision:
            year = int(basis.inputs["year"])
            assert basis.version == f"{year}-01-01"
            assert basis.provision.endswith("-h12") == (year <= 2020)


def test_segments_are_whole_and_in_order() -> None:
    for row in ROWS:
        found = made(row)
        for segment in found.segments:
            assert segment.days == (segment.to_on - segment.from_on).days + 1
            assert segment.from_on.year == segment.to_on.year
            assert segment.bunshi == segment.kiso * segment.days * segment.ritsu
        assert all(before.to_on < after.from_on for before, after in pairwise(found.segments))


def test_segments_cut_apart_when_set_so() -> None:
    row = next(row for row in ROWS if row["名前"] == "賦課更正の過納は納付の翌日から")
    entry = dict(rule("kanpu", date(2026, 3, 10)))
    numbers = {**entry["kasankin"], "hasuu": "kubun"}
    # 300,000×0.9%×184÷365=1,361.09…、300,000×1.3%×69÷365=737.26…
    assert made(row, {**entry, "kasankin": numbers}).goukei == 1361 + 737
    assert made(row).goukei == 2098


@pytest.mark.parametrize(
    ("bubun", "kisan", "code"),
    [
        ((), Kisan("kettei"), "R-421"),
        ((Bubun(date(2025, 4, 1), 0, date(2025, 5, 1)),), Kisan("kettei"), "R-421"),
        ((Bubun(date(2025, 4, 1), 9000, date(2025, 5, 1)),), Kisan("kousei_seikyuu"), "R-430"),
        (
            (Bubun(date(2025, 4, 1), 9000, date(2025, 5, 1)),),
            Kisan("kousei_seikyuu", seikyuu_on=date(2025, 4, 2)),
            "R-430",
        ),
        ((Bubun(date(2025, 4, 1), 9000, date(2025, 5, 1)),), Kisan("shotokuzei"), "R-430"),
        ((Bubun(date(2025, 4, 1), 9000, date(2025, 5, 1)),), Kisan("nazo"), "R-430"),
        ((Bubun(date(1999, 4, 1), 9000, date(2001, 5, 1)),), Kisan("kettei"), "R-412"),
        ((Bubun(date(2025, 4, 1), 9000, date(2099, 1, 1)),), Kisan("kettei"), "R-411"),
    ],
)
def test_what_cannot_be_calculated_is_refused(bubun: tuple[Bubun, ...], kisan: Kisan, code: str) -> None:
    refused = calculate(bubun, kisan)
    assert isinstance(refused, Refusal)
    assert refused.reason.code == code and "地方税法" in refused.expected


def test_a_充当_ends_with_the_earlier_of_its_two_days() -> None:
    first, second = date(2025, 7, 1), date(2025, 8, 1)
    assert shuuki_on(first, second) == shuuki_on(second, first) == first


def test_it_can_be_told_in_japanese() -> None:
    row = next(row for row in ROWS if row["名前"] == "通知から30日を過ぎて請求")
    lines = tell(made(row))
    text = "\n".join(lines)
    assert lines[0] == "過誤納金 1,000,000円の還付加算金"
    assert (
        "令和7年4月1日から令和7年10月31日まで214日: 1,000,000円 × 0.9% × 214日 ÷ 365 = 5,276円71銭" in text
    )
    assert "除く期間: 令和7年11月1日から令和7年12月15日まで" in text
    assert "還付加算金: 6,300円" in text and "地方税法 第17条の4第2項第1号" in text
    none = next(row for row in ROWS if row["名前"] == "起算日の前日に決定すれば0日")
    assert "計算の対象になる額または期間がない" in tell(made(none))


def test_every_row_can_be_told() -> None:
    for row in ROWS:
        assert any(f"還付加算金: {int(row['還付加算金']):,}円" in line for line in tell(made(row)))


RATES = {
    row["year"]: Fraction(row["kanpu_kasan"], 100_000)
    for row in schemas.load_toml("law/tokurei_ritsu")["ritsu"]
}
PARTS = st.lists(
    st.tuples(
        st.dates(date(2012, 1, 1), date(2025, 12, 31)),
        st.integers(1, 400_000),
        st.integers(0, 900),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@STABLE
@over(PARTS, st.dates(date(2012, 1, 1), date(2025, 12, 31)), st.one_of(st.none(), st.integers(0, 200)))
def test_it_is_the_sum_of_its_days(rows: list[Any], notified: date, answered: int | None) -> None:
    """A second reading of the law, day by day."""
    last = date(2026, 12, 31)
    parts = [Bubun(on, yen, min(on + timedelta(days), last), is_juutou) for on, yen, days, is_juutou in rows]
    claimed = None if answered is None else notified + timedelta(answered)
    found = calculate(parts, Kisan("kettei"), Seikyuu(notified, claimed))
    assert isinstance(found, KanpuKasankin)
    total, on = Fraction(0), min(part.noufu_on for part in parts)
    late = notified + timedelta(30)
    while on <= last and sum(part.kingaku for part in parts) >= 2000:
        waits = on > late and (claimed is None or on <= claimed)
        owed = sum(p.kingaku for p in parts if p.noufu_on < on <= p.shuuki_on and (p.is_juutou or not waits))
        total += (owed // 1000 * 1000 if owed >= 2000 else 0) * RATES[on.year] / 365
        on += timedelta(1)
    assert found.goukei == total.numerator // total.denominator
    assert found.kakutei == (0 if found.goukei < 1000 else found.goukei - found.goukei % 100)
