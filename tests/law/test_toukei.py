"""収納統計の表: rates of collection, sums that reconcile, the balance against a second writing in SQL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from schemas.provisions import provisions
from state.law import balance, kaikei, toukei
from state.law.balance import Carried, Key, Verdict, balances, by_nendo, judge
from state.law.movement import KOUSEI, OWED, Movement, check, check_all
from state.law.rules import rule
from state.law.toukei import GekkeiKey, NenkeiKey, NikkeiKey, folded, gekkei, nenkei, nikkei, shuunou_ritsu
from state.law.uchiwake import KAMOKU
from state.reasons import Refusal
from tests.given import STABLE
from tests.law.balance_sql import Journal
from tests.state.scenario import table

ROWS = table(Path(__file__).parent / "toukei.csv")
KEY = "202501000000000101"
KIND = {
    "調定": "choutei",
    "更正": "kousei",
    "収納": "shuunou",
    "取消": "torikeshi",
    "還付": "kanpu",
    "充当出": "juutou_out",
    "充当入": "juutou_in",
    "欠損": "kesson",
}
HISTORIES = 10_000


def movement(kind: str = "shuunou", yen: int = 1000, nendo: int = 2025, kamoku: str = "honzei") -> Movement:
    """One movement of the due of 2025, in the books of `nendo`."""
    return Movement(date(nendo, 7, 1), KEY, 2025, 2025, nendo, "01", "01", kind, kamoku, "bank", yen)


def told(text: str) -> Movement:
    """`2026 収納1000`."""
    year, rest = text.split(" ")
    word = next(word for word in sorted(KIND, key=len, reverse=True) if rest.startswith(word))
    return movement(KIND[word], int(rest[len(word) :]), int(year))


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_収納率(row: dict[str, str]) -> None:
    moved = [told(text) for text in row["動き"].split(" → ")]
    assert check_all([one for one in moved if not one.kind.startswith("juutou")]) == ()
    found = {one.kubun: one for one in shuunou_ritsu(moved, int(row["年度"]))}
    for kubun, column in (("gennen", "現年"), ("taikuri", "滞繰")):
        if not row[column]:
            assert kubun not in found
            continue
        rate = found[kubun]
        assert ("なし" if rate.ritsu is None else str(rate.ritsu)) == row[column]
        assert (rate.applied.provision, rate.applied.version) == (row["条項"], "2000-01-01")
        assert rate.applied.provision in provisions()


def test_a_rate_as_it_is_written() -> None:
    moved = [movement("choutei", 10_000), movement("shuunou", 9_876)]
    (rate,) = shuunou_ritsu(moved, 2025)
    assert rate.hyouki == "現年課税分 98.76%"
    assert rate._replace(ritsu=None).hyouki == "−" and rate._replace(ritsu=-5).hyouki.endswith("-0.05%")


def test_settings_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = [movement("choutei", 30_000), movement("shuunou", 20_000)]
    over_paid = [movement("choutei", 10_000), movement("shuunou", 12_000)]
    entry = {**rule("kaikei", date(2026, 5, 31)), "hasuu": "kirisute", "kanpu_misai": "fukumu"}
    monkeypatch.setattr(toukei, "rule", lambda table, on: entry)
    assert [rate.ritsu for rate in shuunou_ritsu(moved, 2025)] == [6666]
    assert [rate.ritsu for rate in shuunou_ritsu(over_paid, 2025)] == [12_000]


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (movement("nazo"), "一覧にない種類"),
        (movement(kamoku="nazo"), "一覧にない科目"),
        (movement(yen=-1), "負の額"),
        (movement(nendo=2024), "調定より前の会計年度"),
    ],
)
def test_a_movement_that_cannot_be_is_refused(bad: Movement, found: str) -> None:
    refused = check(bad)
    assert isinstance(refused, Refusal)
    assert (refused.reason.code, refused.found) == ("R-436", found) and "地方自治法" in refused.expected
    assert check_all([movement(), bad]) == (refused,)


def test_充当_with_one_side_is_refused() -> None:
    out, into = movement("juutou_out", 500), movement("juutou_in", 500, kamoku="entaikin")
    assert check_all([out, into]) == ()
    for one_side in (out, into):
        (refused,) = check_all([one_side])
        assert refused.reason.code == "R-436" and "第17条の2" in refused.expected
    assert check(movement(KOUSEI, -1)) is None


def test_a_difference_is_told_in_yen_and_accounts() -> None:
    moved = [
        movement("choutei", 10_000),
        movement("shuunou", 4_000),
        movement("choutei", 300, kamoku="entaikin"),
    ]
    right = {key: total.zandaka for key, total in balances(moved).items()}
    assert judge(moved, right) == Verdict((), 0, 0, 0) and judge(moved, right).is_balanced
    wrong = dict.fromkeys(right, 1)
    verdict = judge(moved, wrong)
    assert (verdict.yen, verdict.accounts, verdict.is_balanced) == (5_999 + 299, 1, False)
    assert not judge([*moved, movement("juutou_out", 7)], right).is_balanced


def test_three_years_of_one_bill_are_a_chain() -> None:
    moved = [movement("choutei", 10_000), movement("shuunou", 1_000, 2026), movement("shuunou", 500, 2027)]
    ((_, rows),) = by_nendo(moved).items()
    assert rows == (
        Carried(2025, 0, 10_000, 10_000),
        Carried(2026, 10_000, -1_000, 9_000),
        Carried(2027, 9_000, -500, 8_500),
    )


def test_every_kind_has_its_sum() -> None:
    assert tuple(OWED) == balance.Balance._fields == toukei.Tally._fields[:-1]


# -- random histories ------------------------------------------------------------------------------


def history(chance: random.Random) -> list[Movement]:
    """What may happen to three bills of one person over three years; 充当 always with both its sides."""
    bills = [
        (f"2025{chance.randint(1, 4):02d}000000000{at}01", 2025 + chance.randint(0, 2)) for at in range(3)
    ]
    found, on = [], date(2025, 4, 1)
    for _ in range(chance.randint(2, 14)):
        on += timedelta(chance.randint(0, 90))
        key, year = chance.choice(bills)
        kamoku = chance.choice(KAMOKU) if chance.random() < 0.3 else "honzei"
        kind = chance.choice(tuple(OWED))
        yen = chance.randint(-500, 5000) if kind == KOUSEI else chance.randint(0, 5000)
        found.append(_moved(on, key, year, kind, kamoku, yen))
        if kind.startswith("juutou"):
            other, its_year = chance.choice(bills)
            back = "juutou_in" if kind == "juutou_out" else "juutou_out"
            found.append(_moved(on, other, its_year, back, chance.choice(KAMOKU), yen))
    return found


def _moved(on: date, key: str, year: int, kind: str, kamoku: str, yen: int) -> Movement:
    nendo = kaikei.kubun_on(year, on)[0]
    return Movement(on, key, 2025, year, nendo, key[4:6], key[-2:], kind, kamoku, f"c{yen % 3}", yen)


def _both() -> Iterator[tuple[int, list[Movement]]]:
    chance = random.Random(20260601)
    for number in range(HISTORIES):
        yield number, history(chance)


def test_the_identity_agrees_with_its_second_writing() -> None:
    """10,000 random histories in one database: balances, years, 充当 and months, to the yen."""
    journal = Journal()
    ours: dict[tuple[int, Key], int] = {}
    years: dict[tuple[int, Key], list[tuple[int, int, int]]] = {}
    months: dict[tuple[int, GekkeiKey], tuple[int, int]] = {}
    apart: dict[int, int] = {}
    for number, moved in _both():
        journal.write(number, moved)
        ours |= {(number, key): total.zandaka for key, total in balances(moved).items()}
        for key, rows in by_nendo(moved).items():
            years[number, key] = [(row.nendo, row.change, row.closing) for row in rows]
        months |= {(number, key): (one.shuunyuu, one.kensuu) for key, one in gekkei(moved).items()}
        apart[number] = judge(moved, {}).juutou_apart
    assert len(apart) == HISTORIES and len(ours) > HISTORIES
    assert ours == {(row[0], Key(*row[1:6])): row[6] for row in journal.balances()}
    theirs: dict[tuple[int, Key], list[tuple[int, int, int]]] = {}
    for row in journal.carried():
        theirs.setdefault((row[0], Key(*row[1:6])), []).append(row[6:])
    assert years == theirs
    assert months == {(row[0], GekkeiKey(*row[1:8])): row[8:] for row in journal.months()}
    assert apart == journal.apart() == dict.fromkeys(range(HISTORIES), 0)


def test_a_wrong_sign_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    journal, moved = Journal(), [movement("choutei", 900), movement("kanpu", 50)]
    journal.write(0, moved)
    monkeypatch.setitem(OWED, "kanpu", -1)
    assert [row[6] for row in journal.balances()] != [total.zandaka for total in balances(moved).values()]


SEEDS = st.integers(0, 2**32)


@STABLE
@over(SEEDS)
def test_days_add_up_to_months_and_months_to_years(seed: int) -> None:
    moved = [one for step in range(8) for one in history(random.Random(seed + step))]
    days, months = nikkei(moved), gekkei(moved)
    assert toukei.disagreements(days, months) == ()
    assert folded(months, lambda month: NenkeiKey(*month[2:])) == nenkei(moved)
    assert folded(days, lambda day: NenkeiKey(*day[1:])) == nenkei(moved)
    by_bill = folded(toukei.toukei(moved), lambda row: (row.kaikei_nendo, row.zeimoku_code, row.kamoku))
    assert by_bill == folded(nenkei(moved), lambda row: (row.kaikei_nendo, row.zeimoku_code, row.kamoku))
    assert nikkei(moved[::-1]) == days


def test_a_month_that_does_not_add_up_is_named() -> None:
    moved = [movement(), movement(nendo=2026)]
    months = gekkei(moved)
    key = next(iter(months))
    assert toukei.disagreements(nikkei(moved), {**months, key: toukei.Tally(kensuu=9)}) == (key,)
    assert isinstance(next(iter(nikkei(moved))), NikkeiKey)


@STABLE
@over(SEEDS)
def test_what_closes_a_year_opens_the_next(seed: int) -> None:
    moved = [one for step in range(8) for one in history(random.Random(seed + step))]
    totals = balances(moved)
    for key, rows in by_nendo(moved).items():
        assert rows[0].opening == 0 and rows[-1].closing == totals[key].zandaka
        assert all(before.closing == after.opening for before, after in pairwise(rows))
        assert all(isinstance(row, Carried) and row.opening + row.change == row.closing for row in rows)
        total = totals[key]
        assert total.minou >= 0 and total.kagonou >= 0 and total.minou - total.kagonou == total.zandaka


@STABLE
@over(SEEDS)
def test_without_what_is_to_be_paid_back_no_rate_is_above_one(seed: int) -> None:
    moved = [one for one in history(random.Random(seed)) if one.kind not in {"kousei", "torikeshi"}]
    for nendo in (2025, 2026, 2027, 2028):
        for rate in shuunou_ritsu(moved, nendo):
            assert rate.ritsu is None or rate.ritsu <= 10_000
