"""執行停止・不納欠損の表: how a stop leads to extinction, and what may be struck from the books."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.law import jikou, kesson
from state.law.jikou_count import Jiyuu
from state.law.kesson import FunouKesson, Ground, book, reverse
from state.law.rules import Outcome
from state.law.shikkou_teishi import (
    MenjoKikan,
    ShikkouTeishi,
    cancel,
    is_stopped,
    menjo_kikan,
    reach,
    sokuji,
    start,
)
from state.reasons import Refusal
from tests.state.scenario import table

HERE = Path(__file__).parent
TEISHI, KESSON = table(HERE / "shikkou_teishi.csv"), table(HERE / "kesson.csv")
KEY = "0" * 18


def stop(teishi: ShikkouTeishi | None, step: str) -> Outcome[ShikkouTeishi] | Refusal:
    """One step of the notation: 停止<号> <日>[差押], 取消, 即時, 不明 (即時 without its being clear), 日."""
    word, day = step.split()
    has_sashiosae, on = day.endswith("差押"), date.fromisoformat(day[:10])
    if word.startswith("停止"):
        return start(teishi, KEY, word[2:], on, has_sashiosae)
    assert teishi is not None
    if word == "日":
        return reach(teishi, on)
    return cancel(teishi, on) if word == "取消" else sokuji(teishi, on, word == "即時")


def stopped(text: str) -> tuple[ShikkouTeishi, tuple[str, ...], list[str], str]:
    teishi, happened, cited, refused = None, tuple[str, ...](), list[str](), ""
    for step in text.split(" → "):
        outcome = stop(teishi, step)
        if isinstance(outcome, Refusal):
            refused = outcome.reason.code
            assert "地方税法 第15条の" in outcome.expected
        else:
            teishi, happened = outcome.value, outcome.happened
            cited = [basis.provision for basis in outcome.applied]
            assert {basis.version for basis in outcome.applied} == {"2000-04-01"}
    assert teishi is not None
    return teishi, happened, cited, refused


@pytest.mark.parametrize("row", TEISHI, ids=[row["名前"] for row in TEISHI])
def test_執行停止(row: dict[str, str]) -> None:
    teishi, _, cited, refused = stopped(row["手順"])
    on = date.fromisoformat(row["見る日"])
    reached = reach(teishi, on)
    cited = [basis.provision for basis in reached.applied] or cited
    teishi = reached.value
    shoumetsu = teishi.shoumetsu_on.isoformat() if teishi.shoumetsu_on else ""
    assert [teishi.joutai, teishi.manryou_on.isoformat(), shoumetsu, refused] == [
        row[name] for name in ("状態", "満了日", "消滅日", "拒否")
    ]
    assert cited[-1] == row["条項"]
    menjo = menjo_kikan(teishi, on)
    assert (menjo.value.made.isoformat() if menjo.value else "") == row["免除の終わり"]
    assert [(basis.provision, basis.version) for basis in menjo.applied] == [
        ("chihouzeihou-15_9-1", row["版"])
    ]


def test_a_ground_that_is_none_is_refused() -> None:
    outcome = start(None, KEY, "4", date(2023, 7, 1), False)
    assert isinstance(outcome, Refusal) and outcome.reason.code == "R-526"


def test_only_ground_2_releases_what_is_seized() -> None:
    said = {jiyuu: stopped(f"停止{jiyuu} 2023-07-01差押")[1] for jiyuu in "123"}
    assert said["2"] == ("ShikkouTeishiDecided", "SashiosaeKaijoBecameDue")
    assert said["1"] == said["3"] == ("ShikkouTeishiDecided",)
    assert stopped("停止2 2023-07-01")[1] == ("ShikkouTeishiDecided",)


def test_each_end_has_its_own_fact() -> None:
    assert stopped("停止1 2023-07-01 → 日 2026-07-02")[1] == ("NouzeiGimuExtinguished",)
    assert stopped("停止1 2023-07-01 → 即時 2023-07-01")[1] == ("NouzeiGimuExtinguishedAtOnce",)
    assert stopped("停止1 2023-07-01 → 取消 2023-08-01")[1] == ("ShikkouTeishiCancelled",)
    gone = stopped("停止1 2023-07-01 → 日 2026-07-02")[0]
    assert (reach(gone, date(2027, 1, 1)).value, reach(gone, date(2027, 1, 1)).happened) == (gone, ())


@given(st.dates(date(2000, 4, 1), date(2025, 12, 31)), st.integers(-5, 1500))
@settings(max_examples=200, deadline=None)
def test_stopped_waived_and_extinct_meet_without_gap(on: date, days: int) -> None:
    teishi = stopped(f"停止1 {on}")[0]
    day = date.fromordinal(on.toordinal() + days)
    now = reach(teishi, day).value
    waived = menjo_kikan(now, day).value
    assert is_stopped(now, day) == (on <= day <= teishi.manryou_on)
    assert (waived is None) == (day < on)
    if waived is not None:
        assert waived == MenjoKikan(on, min(day, teishi.manryou_on))
    assert not is_stopped(None, day)


def ground(text: str, on: date, minou: int) -> Ground:
    """What the table calls the ground, as it stands on `on`."""
    word, *rest = text.split()
    if word == "なし":
        return Ground(None, None, minou)
    begin = date.fromisoformat(rest[0])
    if word == "時効":
        outcome = jikou.start(KEY, "honzei", begin)
        assert isinstance(outcome, Outcome)
        value = outcome.value
        if "督促" in rest:
            value = value._replace(jiyuu=(Jiyuu("tokusoku", "1", date(2020, 7, 20)),))
        return Ground(value, None, minou)
    teishi = stopped(f"停止1 {begin}" + (f" → 即時 {begin}" if word == "即時" else ""))[0]
    return Ground(None, reach(teishi, on).value, minou)


@pytest.mark.parametrize("row", KESSON, ids=[row["名前"] for row in KESSON])
def test_不納欠損(row: dict[str, str]) -> None:
    on = date.fromisoformat(row["欠損日"])
    outcome = book(None, KEY, row["方法"], int(row["額"]), ground(row["根拠"], on, int(row["未納額"])), on)
    if isinstance(outcome, Refusal):
        assert (outcome.reason.code, "") == (row["拒否"], row["事実"])
        assert "地方税法" in outcome.expected
        return
    assert (outcome.happened, row["拒否"]) == ((row["事実"],), "")
    assert (outcome.value.shoumetsu_on.isoformat(), outcome.value.kingaku) == (
        row["消滅日"],
        int(row["額"]),
    )
    (basis,) = outcome.applied
    assert (basis.provision, basis.version) == (row["条項"], row["版"])
    assert basis.outputs == {"kingaku": row["額"]}


def booked() -> tuple[FunouKesson, Ground]:
    on = date(2025, 7, 1)
    given_ground = ground("時効 2020-06-30", on, 30000)
    outcome = book(None, KEY, "jikou", 30000, given_ground, on)
    assert isinstance(outcome, Outcome)
    return outcome.value, given_ground


def test_it_is_booked_once_and_reversed_once() -> None:
    first, given_ground = booked()
    twice = book(first, KEY, "jikou", 30000, given_ground, date(2025, 8, 1))
    assert isinstance(twice, Refusal) and twice.reason.code == "R-534"
    early = reverse(first, date(2025, 6, 30))
    assert isinstance(early, Refusal) and early.reason.code == "R-535"
    back = reverse(first, date(2025, 9, 1))
    assert isinstance(back, Outcome) and back.happened == ("FunouKessonReversed",)
    assert back.applied[0].provision == "shi-toriatsukai"
    assert (back.value.joutai, back.value.torikeshi_on) == ("torikeshi", date(2025, 9, 1))
    for nothing in (None, back.value):
        outcome = reverse(nothing, date(2025, 9, 2))
        assert isinstance(outcome, Refusal) and outcome.reason.code == "R-535"
    before = book(back.value, KEY, "jikou", 30000, given_ground, date(2025, 8, 31))
    assert isinstance(before, Refusal) and before.reason.code == "R-534"
    again = book(back.value, KEY, "jikou", 30000, given_ground, date(2025, 9, 1))
    assert isinstance(again, Outcome) and again.value.joutai == "kesson"


def test_the_three_ways_have_each_their_own() -> None:
    assert len({way[0] for way in kesson.WAYS.values()}) == 3
    assert len({way[1] for way in kesson.WAYS.values()}) == 3
    assert len({way[2] for way in kesson.WAYS.values()}) == 3
