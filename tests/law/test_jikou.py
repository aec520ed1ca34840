"""時効の表: from what the time counts, when it is complete, and what is said of it on a day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from state.law.jikou import Jikou, add, end, keikoku_on, standing, start
from state.law.jikou_count import Jiyuu
from state.law.kikan import end_of, months_between
from state.law.rules import Outcome
from state.reasons import Refusal
from tests.state.scenario import table

CASES = table(Path(__file__).parent / "jikou.csv")
CODES = {
    "告知": "noufu_kokuchi", "督促": "tokusoku", "差押": "sashiosae", "交付要求": "koufu_youkyuu",
    "参加差押": "sanka_sashiosae", "一部納付": "ichibu_noufu", "誓約": "noufu_seiyaku", "猶予申請": "yuuyo_shinsei",
    "徴収猶予": "choushuu_yuuyo", "換価猶予": "kanka_yuuyo", "催告": "saikoku", "執行停止": "shikkou_teishi",
}  # fmt: skip
HOLDS = {"sashiosae", "koufu_youkyuu", "sanka_sashiosae"}
_STEP = re.compile(r"(\D+)(\d+) (\S{10})(?:~(\S{10}))?(取消)?")
DAYS = st.dates(date(2019, 1, 1), date(2032, 12, 31))


def began(moto_on: str = "2020-06-30", kamoku: str = "honzei") -> Jikou:
    outcome = start("0" * 18, kamoku, date.fromisoformat(moto_on))
    assert isinstance(outcome, Outcome)
    return outcome.value


def told(jikou: Jikou, text: str) -> tuple[Jikou, str]:
    """The value after the steps of the notation, and the code of the last refusal."""
    refused = ""
    for step in filter(None, text.split(" → ")):
        found = _STEP.fullmatch(step)
        assert found, step
        code, on, until = CODES[found[1]], date.fromisoformat(found[3]), found[4]
        last = date.fromisoformat(until) if until else None
        outcome = add(jikou, Jiyuu(code, found[2], on, None if code in HOLDS else last))
        if isinstance(outcome, Outcome) and code in HOLDS and last:
            outcome = end(outcome.value, code, found[2], last, bool(found[5]))
        if isinstance(outcome, Refusal):
            refused = outcome.reason.code
            assert "地方税法 第18条" in outcome.expected
        else:
            jikou = outcome.value
    return jikou, refused


@pytest.mark.parametrize("row", CASES, ids=[row["名前"] for row in CASES])
def test_時効(row: dict[str, str]) -> None:
    jikou, refused = told(began(row["元の日"], row["科目"]), row["事由"])
    now = standing(jikou, date.fromisoformat(row["見る日"]))
    days = [day.isoformat() if day else "" for day in (now.kisan_on, now.kansei_on)]
    left = [str(each) if each is not None else "" for each in (now.nokori_days, now.keikoku_days)]
    assert [*days, now.shinkou, *left] == [
        row[name] for name in ("起算日", "完成日", "様子", "残り", "警告")
    ]
    assert (now.riyuu, refused) == (row["言い方"], row["拒否"])
    assert (now.applied.provision, now.applied.version) == (row["条項"], row["版"])
    assert now.applied.inputs["moto_on"] == row["元の日"]
    outputs = {"kisan_on": row["起算日"], "kansei_on": row["完成日"], "shinkou": row["様子"]}
    assert now.applied.outputs == outputs
    assert now.is_kansei == (row["様子"] == "kansei")


@pytest.mark.parametrize(
    ("kisan_on", "months", "last"),
    [
        ("2025-07-01", 1, "2025-07-31"),
        ("2025-02-01", 1, "2025-02-28"),
        ("2024-02-01", 1, "2024-02-29"),
        ("2025-05-31", 1, "2025-06-30"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2025-12-16", 6, "2026-06-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_months_follow_the_calendar(kisan_on: str, months: int, last: str) -> None:
    begin, until = date.fromisoformat(kisan_on), date.fromisoformat(last)
    assert end_of(begin, months) == until
    assert months_between(begin, until) == months
    assert months_between(begin, until + timedelta(1)) == months + 1


def test_what_is_told_twice_changes_nothing() -> None:
    once, _ = told(began(), "督促1 2020-07-20 → 差押1 2021-03-01~2022-05-31")
    for jiyuu in (Jiyuu("tokusoku", "1", date(2020, 7, 20)), Jiyuu("sashiosae", "1", date(2021, 3, 1))):
        again = add(once, jiyuu)
        assert isinstance(again, Outcome) and (again.value, again.happened) == (once, ())
    ended = end(once, "sashiosae", "1", date(2022, 5, 31))
    assert isinstance(ended, Outcome) and (ended.value, ended.happened) == (once, ())


def test_steps_say_what_happened() -> None:
    renewed = add(began(), Jiyuu("sashiosae", "1", date(2021, 3, 1)))
    noted = add(began(), Jiyuu("saikoku", "1", date(2021, 3, 1)))
    assert isinstance(renewed, Outcome) and renewed.happened == ("JikouRenewed",)
    assert isinstance(noted, Outcome) and noted.happened == ("JikouNoted",)
    ended = end(renewed.value, "sashiosae", "1", date(2022, 3, 1))
    assert isinstance(ended, Outcome) and ended.happened == ("JikouHoldEnded",)
    assert ended.applied[0].outputs["kisan_on"] == "2022-03-02"


@pytest.mark.parametrize(
    ("jiyuu", "code"),
    [
        (Jiyuu("mail", "1", date(2021, 1, 1)), "R-524"),
        (Jiyuu("sashiosae", "1", date(2021, 5, 1)), "R-523"),
        (Jiyuu("choushuu_yuuyo", "1", date(2021, 5, 1), date(2021, 4, 30)), "R-523"),
        (Jiyuu("noufu_kokuchi", "1", date(2021, 5, 1)), "R-523"),
    ],
)
def test_what_cannot_be_is_refused(jiyuu: Jiyuu, code: str) -> None:
    held, _ = told(began(), "差押1 2021-03-01")
    outcome = add(held, jiyuu)
    assert isinstance(outcome, Refusal) and outcome.reason.code == code


def test_only_what_is_open_ends() -> None:
    held, _ = told(began(), "差押1 2021-03-01~2022-05-31 → 差押2 2021-03-01")
    for bangou, on in (("1", date(2022, 6, 1)), ("2", date(2021, 2, 28)), ("3", date(2022, 1, 1))):
        outcome = end(held, "sashiosae", bangou, on)
        assert isinstance(outcome, Refusal) and outcome.reason.code == "R-523"
    asked, _ = told(began(), "催告1 2025-01-10")
    never = end(asked, "saikoku", "1", date(2025, 2, 1))
    assert isinstance(never, Refusal) and never.reason.code == "R-523"
    unknown = start("0" * 18, "rishi", date(2020, 6, 30))
    assert isinstance(unknown, Refusal) and unknown.reason.code == "R-524"


def test_there_is_a_bound() -> None:
    most = schemas.load_toml("law/jikou")["rule"][0]["jiyuu_max"]
    full = began()._replace(
        jiyuu=tuple(Jiyuu("ichibu_noufu", str(n), date(2021, 1, 1)) for n in range(most))
    )
    outcome = add(full, Jiyuu("ichibu_noufu", "x", date(2021, 1, 1)))
    assert isinstance(outcome, Refusal) and outcome.reason.code == "R-522"


def test_an_early_end_of_猶予_stops_no_longer() -> None:
    jikou, _ = told(began(), "換価猶予1 2022-04-01~2023-03-31")
    ended = end(jikou, "kanka_yuuyo", "1", date(2022, 4, 30))
    assert isinstance(ended, Outcome)
    assert standing(ended.value, date(2023, 1, 1)).kansei_on == date(2025, 7, 30)


def test_warnings_are_on_their_days() -> None:
    coming = keikoku_on(date(2025, 6, 30), date(2024, 12, 31))
    assert coming == ((180, date(2025, 1, 1)), (90, date(2025, 4, 1)), (30, date(2025, 5, 31)))


@st.composite
def histories(draw: st.DrawFn) -> list[Jiyuu]:
    """Up to eight 事由, with an end where they need one."""
    made = []
    for number in range(draw(st.integers(0, 8))):
        code = draw(st.sampled_from(sorted(CODES.values())))
        on = draw(st.dates(date(2020, 7, 1), date(2030, 12, 31)))
        until = on + timedelta(days=draw(st.integers(0, 700)))
        has_end = code in HOLDS | {"noufu_kokuchi", "choushuu_yuuyo", "kanka_yuuyo"}
        made.append(Jiyuu(code, str(number), on, until if has_end else None))
    return made


@given(histories(), st.integers(0, 10), DAYS)
@settings(max_examples=300, deadline=None)
def test_the_order_of_registration_does_not_matter(made: list[Jiyuu], seed: int, on: date) -> None:
    shuffled = list(made)
    Random(seed).shuffle(shuffled)
    jikou = began()
    assert standing(jikou._replace(jiyuu=tuple(made)), on) == standing(
        jikou._replace(jiyuu=tuple(shuffled)), on
    )


@given(histories(), DAYS)
@settings(max_examples=300, deadline=None)
def test_nothing_completes_before_five_years_and_nothing_revives(made: list[Jiyuu], on: date) -> None:
    jikou = began()._replace(jiyuu=tuple(made))
    now, later = standing(jikou, on), standing(jikou, on + timedelta(days=400))
    if now.kansei_on is not None:
        assert now.kisan_on is not None and now.kansei_on >= end_of(now.kisan_on, 60)
        assert now.kisan_on >= date(2020, 7, 1)
    if now.is_kansei:
        assert later.is_kansei and later.kansei_on == now.kansei_on
    assert (now.nokori_days is None) == (now.is_kansei or now.kansei_on is None)


@given(histories(), DAYS)
@settings(max_examples=200, deadline=None)
def test_what_was_extinct_takes_no_more(made: list[Jiyuu], on: date) -> None:
    jikou = began()
    for one in made:
        outcome = add(jikou, one)
        if isinstance(outcome, Refusal):
            assert outcome.reason.code == "R-521" and standing(jikou, one.on).is_kansei
        else:
            jikou = outcome.value
