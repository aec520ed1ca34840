"""猶予の表: application, decision, extension, cancellation, and what follows from the period."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from state.law import yuuyo
from state.law.kikan import end_of
from state.law.rules import Outcome
from state.law.yuuyo import Yuuyo, effects
from state.law.yuuyo_check import Jouken, Shinsei
from state.reasons import Refusal
from tests.state.scenario import table

CASES = table(Path(__file__).parent / "yuuyo.csv")
KEY = "0" * 18
Step = Outcome[Yuuyo] | Refusal


def jouken(words: str) -> Jouken:
    """誠意, 滞納 (others), 担保, 事情 (why none is needed)."""
    riyuu = "差し押さえた財産で足りる" if "事情" in words else None
    return Jouken("誠意" in words, "滞納" in words, "担保" in words, riyuu)


def first(row: dict[str, str]) -> list[Step]:
    """Application and decision as the row has them."""
    kara, _, made = row["期間"].partition("~")
    yen, found = int(row["額"]), jouken(row["要件"])
    if not row["申請"]:
        days = date.fromisoformat(kara), date.fromisoformat(made)
        return [yuuyo.grant_shokken(KEY, row["事由"], yen, *days, found, days[0])]
    on = date.fromisoformat(row["申請"])
    asked = yuuyo.apply_for(
        Shinsei(KEY, row["種別"], row["事由"], yen, date.fromisoformat(row["納期限"]), on)
    )
    if isinstance(asked, Refusal) or not kara:
        return [asked]
    return [asked, yuuyo.grant(asked.value, date.fromisoformat(kara), date.fromisoformat(made), found, on)]


def then(value: Yuuyo, step: str, found: Jouken) -> Step:
    word, day, *rest = step.split()
    on = date.fromisoformat(day)
    if word == "延長":
        return yuuyo.extend(value, date.fromisoformat(rest[0]), found, on)
    if word == "取消":
        return yuuyo.cancel(value, rest[0], on)
    return yuuyo.deny(value, on) if word == "不許可" else yuuyo.reach(value, on)


@pytest.mark.parametrize("row", CASES, ids=[row["名前"] for row in CASES])
def test_猶予(row: dict[str, str]) -> None:
    outcomes = first(row)
    good = [each for each in outcomes if isinstance(each, Outcome)]
    for step in filter(None, row["後の手順"].split(" → ")):
        outcomes.append(then(good[-1].value, step, jouken(row["要件"])))
        good = [each for each in outcomes if isinstance(each, Outcome)]
    refused = [each for each in outcomes if isinstance(each, Refusal)]
    assert [each.reason.code for each in refused] == ([row["拒否"]] if row["拒否"] else [])
    assert all("地方税法 第1" in each.expected for each in refused)
    if not good:
        assert row["状態"] == ""
        return
    value = good[-1].value
    assert (value.joutai, value.kikan_made.isoformat() if value.kikan_made else "") == (
        row["状態"],
        row["期間の終わり"],
    )
    cited = [(basis.provision, basis.version) for each in good for basis in each.applied]
    assert (row["条項"], row["版"]) in cited
    follows = effects(value)
    expected = (row["効果の終わり"], row["免除"], row["督促"] == "禁止")
    if follows is None:
        assert expected == ("", "", False)
        return
    assert (follows.made.isoformat(), follows.entaikin, follows.is_tokusoku_kinshi) == expected
    assert (follows.applied.provision, follows.applied.version) == ("chihouzeihou-15_9-1", "2016-04-01")


def test_each_step_has_its_own_fact_and_grant_names_security() -> None:
    asked = yuuyo.apply_for(
        Shinsei(KEY, "choushuu_yuuyo", "15-1-1", 300000, date(2026, 6, 30), date(2026, 7, 10))
    )
    assert isinstance(asked, Outcome) and asked.happened == ("YuuyoApplied",)
    granted = yuuyo.grant(
        asked.value, date(2026, 7, 10), date(2026, 12, 31), jouken("担保"), date(2026, 7, 20)
    )
    assert isinstance(granted, Outcome) and granted.happened == ("YuuyoGranted",)
    assert granted.applied[1].outputs == {"is_needed": "False", "is_tanpo": "True"}
    early = yuuyo.grant(asked.value, date(2026, 7, 10), date(2026, 12, 31), jouken(""), date(2026, 7, 9))
    again = yuuyo.grant(granted.value, date(2026, 7, 10), date(2026, 12, 31), jouken(""), date(2026, 7, 21))
    denied = yuuyo.deny(granted.value, date(2026, 7, 21))
    for outcome in (early, again, denied):
        assert isinstance(outcome, Refusal) and outcome.reason.code == "R-542"
    assert yuuyo.reach(granted.value, date(2027, 1, 1)).happened == ("YuuyoEnded",)
    codes = {effects(granted.value).jikou_code}  # type: ignore[union-attr]
    assert codes <= set(schemas.load_toml("law/jikou")["jiyuu"])


def test_every_ground_has_its_provision_and_share() -> None:
    for kind in schemas.load_toml("law/yuuyo")["shubetsu"].values():
        assert kind["jiyuu"]
        for ground in kind["jiyuu"].values():
            assert ground["entaikin"] in ("zengaku", "hangaku") and ground["provision"] and ground["ja"]


@given(st.dates(date(2016, 4, 1), date(2029, 12, 31)), st.integers(0, 800), st.integers(1, 800))
@settings(max_examples=200, deadline=None)
def test_no_period_is_beyond_the_law(kara: date, days: int, more: int) -> None:
    granted = yuuyo.grant_shokken(KEY, "15_5-1-1", 1000, kara, kara + timedelta(days), jouken("誠意"), kara)
    assert isinstance(granted, Outcome) == (kara + timedelta(days) <= end_of(kara, 12))
    if isinstance(granted, Outcome):
        made = kara + timedelta(days + more)
        longer = yuuyo.extend(granted.value, made, jouken("誠意"), kara)
        if isinstance(longer, Outcome):
            assert longer.value.kikan_made == made <= end_of(kara, 24)
            assert longer.value.enchou_kaisuu == 1
