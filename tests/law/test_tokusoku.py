"""督促・催告の表: the day of sending, the selection, the fee, what becomes of a notice, and 催告."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from state.law import tokusokujou
from state.law.rules import Outcome
from state.law.saikoku import Saikoku, ask
from state.law.tokusoku import Hassou, Taishou, hassou, judge, may_issue, tesuuryou
from state.law.tokusokujou import Tokusokujou, sashiosae
from state.reasons import Refusal
from tests.state.scenario import table

HERE = Path(__file__).parent
HASSOU, SENTEI, TESUURYOU, TOKUSOKUJOU, SAIKOKU = (
    table(HERE / f"{name}.csv")
    for name in ("tokusoku_hassou", "tokusoku_sentei", "tokusoku_tesuuryou", "tokusokujou", "saikoku")
)
# Two invented cities that gave the fee up: by the year of the 賦課, and by the day of sending.
MASTER = [
    {
        "jichitai_code": "",
        "zeimoku_code": "",
        "kijun": "hakkou_on",
        "valid_from": date(2000, 4, 1),
        "gaku": 0,
    },
    *(
        {"jichitai_code": city, "zeimoku_code": tax, "kijun": kijun, "valid_from": date(*day), "gaku": gaku}
        for city, tax, kijun, day, gaku in (
            ("990001", "", "fuka_nendo", (2000, 4, 1), 100),
            ("990001", "", "fuka_nendo", (2023, 4, 1), 0),
            ("990002", "", "hakkou_on", (2000, 4, 1), 100),
            ("990002", "", "hakkou_on", (2025, 4, 1), 0),
            ("990002", "04", "hakkou_on", (2000, 4, 1), 50),
        )
    ),
]
STEPS: dict[str, Callable[[Tokusokujou, date], Any]] = {
    "返戻": tokusokujou.henrei,
    "判明": lambda notice, on: tokusokujou.chousa(notice, on, True),
    "不明": lambda notice, on: tokusokujou.chousa(notice, on, False),
    "再発送": tokusokujou.saihassou,
    "公示": tokusokujou.koujisoutatsu,
    "取消": tokusokujou.torikeshi,
    "日": tokusokujou.reach,
}


def taishou(**changed: Any) -> Taishou:
    """市県民税, owed, its 納期限 past."""
    whole = Taishou("0" * 18, "132110", "01", 2026, date(2026, 6, 30), 30000, False, ())
    return whole._replace(**changed)


def names(rows: list[dict[str, str]]) -> list[str]:
    return [row["名前"] for row in rows]


def patched(monkeypatch: pytest.MonkeyPatch, path: str, content: dict[str, Any]) -> None:
    """The same tables, but for one."""
    load = schemas.load_toml
    monkeypatch.setattr(schemas, "load_toml", lambda wanted: content if wanted == path else load(wanted))


@pytest.mark.parametrize("row", HASSOU, ids=names(HASSOU))
def test_発送日(row: dict[str, str]) -> None:
    found = hassou(date.fromisoformat(row["納期限"]), row["税目"])
    if isinstance(found, Refusal):
        assert found.reason.code == row["発送日"]
        return
    assert (found.hassou_on.isoformat(), found.kigen_on.isoformat()) == (row["発送日"], row["期限"])
    assert (found.applied.provision, found.applied.version) == (row["条項"], row["版"])
    assert found.applied.outputs == {"hassou_on": row["発送日"], "kigen_on": row["期限"]}


def test_the_day_may_be_one_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = dict(schemas.load_toml("law/tokusoku_hassou")["rule"][0])
    setting |= {"houhou": "ichiran", "hassou_bi": [date(2026, 8, 19), date(2026, 7, 15), date(2026, 6, 30)]}
    whole = {**schemas.load_toml("law/tokusoku_hassou"), "rule": [setting]}
    patched(monkeypatch, "law/tokusoku_hassou", whole)
    listed = hassou(date(2026, 6, 30), "01")
    assert isinstance(listed, Hassou) and listed.hassou_on == date(2026, 7, 15)
    late = hassou(date(2026, 7, 20), "01")
    assert isinstance(late, Refusal) and late.reason.code == "R-515"


@given(st.dates(date(2000, 4, 1), date(2030, 12, 1)), st.sampled_from(["01", "02", "03", "04"]))
@settings(max_examples=200, deadline=None)
def test_it_is_always_sent_within_the_days_of_the_law(noukigen: date, zeimoku: str) -> None:
    found = hassou(noukigen, zeimoku)
    assert isinstance(found, Hassou)
    assert noukigen < found.hassou_on <= found.kigen_on == noukigen + timedelta(days=20)


@pytest.mark.parametrize("row", SENTEI, ids=names(SENTEI))
def test_選定(row: dict[str, str]) -> None:
    of = taishou(
        zeimoku_code=row["税目"],
        noukigen=date.fromisoformat(row["納期限"]),
        minou_gaku=int(row["未納額"]),
        has_tokusoku=row["督促済み"] == "○",
        teishi=tuple(row["停止"].split()),
    )
    on = date.fromisoformat(row["見る日"])
    judged = judge(of, on)
    assert (judged.is_taishou, judged.riyuu or "") == (row["対象"] == "○", row["理由"])
    assert (judged.applied.provision, judged.applied.version) == (row["条項"], "2000-04-01")
    assert judged.applied.inputs["minou_gaku"] == row["未納額"]
    refused = may_issue(of, on)
    assert (refused.reason.code if refused else "") == row["発付の拒否"]
    assert refused is None or (refused.found == row["理由"] and "地方税法" in refused.expected)


def test_a_threshold_may_keep_small_sums_back(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = {**schemas.load_toml("law/tokusoku_hassou")["rule"][0], "shougaku_miman": 100}
    whole = {**schemas.load_toml("law/tokusoku_hassou"), "rule": [setting]}
    patched(monkeypatch, "law/tokusoku_hassou", whole)
    small, enough = (judge(taishou(minou_gaku=yen), date(2026, 7, 17)) for yen in (99, 100))
    assert (small.riyuu, small.applied.provision) == ("未納額が100円に満たない", "shi-toriatsukai")
    assert enough.is_taishou
    refused = may_issue(taishou(minou_gaku=99), date(2026, 7, 17))
    assert refused is not None and refused.reason.code == "R-512"


@pytest.mark.parametrize("row", TESUURYOU, ids=names(TESUURYOU))
def test_手数料(row: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    patched(monkeypatch, "law/tokusoku_tesuuryou", {"tesuuryou": MASTER})
    fee = tesuuryou(row["団体"], row["税目"], int(row["賦課年度"]), date.fromisoformat(row["発付日"]))
    assert fee.gaku == int(row["手数料"])
    assert (fee.applied.provision, fee.applied.version) == (row["条項"], row["版"])
    assert fee.applied.outputs == {"gaku": row["手数料"]}


def test_the_master_is_consistent() -> None:
    """One 判定基準 per 団体 and 税目, no day twice, and a line for everyone from the hub's first day."""
    lines = schemas.load_toml("law/tokusoku_tesuuryou")["tesuuryou"]
    kijun: dict[tuple[str, str], set[str]] = {}
    for line in lines:
        kijun.setdefault((line["jichitai_code"], line["zeimoku_code"]), set()).add(line["kijun"])
    assert all(len(kinds) == 1 and kinds <= {"hakkou_on", "fuka_nendo"} for kinds in kijun.values())
    keys = [(line["jichitai_code"], line["zeimoku_code"], line["valid_from"]) for line in lines]
    assert len(set(keys)) == len(keys) and ("", "", date(2000, 4, 1)) in keys
    for code in ("01", "02", "03", "04"):
        assert tesuuryou("132110", code, 2000, date(2000, 4, 1)).gaku == 0


@pytest.mark.parametrize("row", TOKUSOKUJOU, ids=names(TOKUSOKUJOU))
def test_督促状(row: dict[str, str]) -> None:
    notice, refused = None, ""
    for step in row["手順"].split(" → "):
        word, day = step.split()
        on = date.fromisoformat(day)
        outcome = tokusokujou.issue(taishou(), on) if notice is None else STEPS[word](notice, on)
        if isinstance(outcome, Refusal):
            refused = outcome.reason.code
            assert "地方税法 第20条" in outcome.expected
        else:
            notice = outcome.value
    assert notice is not None
    assert (notice.joutai, refused) == (row["状態"], row["拒否"])
    allowed = sashiosae(notice)
    assert (allowed.kanou_on.isoformat() if allowed.kanou_on else "") == row["差押可能日"]
    assert (notice.soutatsu_on.isoformat() if notice.soutatsu_on else "") == row["公示による送達"]
    assert (allowed.applied.provision, allowed.applied.version) == (row["条項"], row["版"])
    assert allowed.applied.outputs["kanou_on"] == row["差押可能日"]


def test_each_step_says_what_happened_and_why() -> None:
    notice = tokusokujou.issue(taishou(), date(2026, 7, 17))
    assert isinstance(notice, Outcome) and notice.happened == ("TokusokuIssued",)
    assert [basis.provision for basis in notice.applied] == ["chihouzeihou-329-1", "chihouzeihou-330"]
    seen, value = [], notice.value
    for word, day in (("返戻", 27), ("不明", 28), ("公示", 29)):
        outcome = STEPS[word](value, date(2026, 7, day))
        seen.append((outcome.happened, outcome.applied[0].provision))
        value = outcome.value
    delivered = tokusokujou.reach(value, date(2026, 12, 1))
    assert seen == [
        (("TokusokuReturned",), "chihouzeihou-20-4"),
        (("TokusokuAddressInvestigated",), "chihouzeihou-20_2-1"),
        (("TokusokuPosted",), "chihouzeihou-20_2-3"),
    ]
    assert delivered.happened == ("TokusokuDelivered",)
    assert delivered.value.updated_on == date(2026, 8, 5) and value.henrei_kaisuu == 1
    again = tokusokujou.reach(delivered.value, date(2026, 12, 2))
    assert (again.happened, again.value) == ((), delivered.value)


def test_nothing_is_seized_before_a_posted_notice_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven days end within the ten; were they more, delivery would decide."""
    posted = schemas.load_toml("law/tokusoku_hassou")["kouji"][0]
    whole = {**schemas.load_toml("law/tokusoku_hassou"), "kouji": [{**posted, "days": 14}]}
    patched(monkeypatch, "law/tokusoku_hassou", whole)
    notice = tokusokujou.issue(taishou(), date(2026, 7, 17))
    assert isinstance(notice, Outcome)
    value = notice.value
    for word, day in (("返戻", 27), ("不明", 28), ("公示", 29)):
        value = STEPS[word](value, date(2026, 7, day)).value
    assert sashiosae(value).kanou_on == date(2026, 8, 12)


def test_a_kept_back_bill_is_not_issued() -> None:
    refused = tokusokujou.issue(taishou(teishi=("tokusoku_teishi",)), date(2026, 7, 17))
    assert isinstance(refused, Refusal) and refused.reason.code == "R-513"


@pytest.mark.parametrize("row", SAIKOKU, ids=names(SAIKOKU))
def test_催告(row: dict[str, str]) -> None:
    saikoku = Saikoku("0000012345", row["種別"], date(2026, 10, 1), int(row["滞納額"]))
    outcome = ask(saikoku, tuple(row["停止"].split()))
    if isinstance(outcome, Refusal):
        assert (outcome.reason.code, "") == (row["拒否"], row["条項"]) and "市の取扱い" in outcome.expected
        return
    (basis,) = outcome.applied
    assert (outcome.value, outcome.happened, "") == (saikoku, ("SaikokuIssued",), row["拒否"])
    assert (basis.provision, basis.version) == (row["条項"], row["版"])
    assert basis.outputs == {"tainou_kingaku": row["滞納額"]}


def test_every_tax_has_its_provisions() -> None:
    for setting in schemas.load_toml("law/tokusoku_hassou")["rule"]:
        for part in ("tesuuryou_provision", "sashiosae_provision"):
            assert set(setting[part]) == {row["code"] for row in schemas.load_csv("code/zeimoku")}
