"""還付の表: the steps of one 過誤納金, what each leaves, and what the law refuses."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from schemas.provisions import provisions
from state.law import kagonou_apply
from state.law.juutou import Due, Kagonoukin, plan
from state.law.kagonou import (
    JOUTAI_JA,
    TETSUZUKI_MAX,
    Kagonou,
    KagonouArose,
    KagonouChanged,
    KagonouDecided,
    KagonouDecisionWithdrawn,
    KagonouEvent,
    KagonouNotified,
    KanpuClaimed,
    KanpuExpired,
    KanpuPaid,
)
from state.law.kagonou_apply import ALLOWED, apply, jikou_on, notice
from state.law.rules import Outcome, rule
from state.law.uchiwake import Uchiwake
from state.reasons import Refusal
from tests.given import STABLE
from tests.state.scenario import table

ROWS = table(Path(__file__).parent / "kanpu.csv")
KEY, OTHER = "202501000000000101", "202502000000000201"


def decision(no: str, on: date, yen: int, owed: int = 0, kasan: int = 0) -> KagonouDecided:
    """A plan for so many yen, with one due of so many."""
    money = Kagonoukin(KEY, "01", Uchiwake(yen), date(2020, 1, 1))
    dues = [Due(OTHER, "02", 2019, owed, 0, 0, 0, date(2019, 6, 30), date(2019, 4, 1))] if owed else []
    made = plan(money, dues, on)
    assert not isinstance(made, Refusal)
    return KagonouDecided(no, on, made, kasan if owed else 0, 0 if owed else kasan)


def event(no: str, text: str) -> KagonouEvent:
    """`決定 2025-08-01 10000 未納4000 加算500`."""
    word, day, *rest = text.split(" ")
    on, yen = date.fromisoformat(day), [int(part) for part in rest if part.isdigit()]
    named = {part[:2]: int(part[2:]) for part in rest if not part.isdigit()}
    if word == "決定":
        return decision(no, on, yen[0], named.get("未納", 0), named.get("加算", 0))
    if word == "発生":
        return KagonouArose(no, on, "K1", KEY, "01", "1", Uchiwake(yen[0]))
    if word == "増減":
        return KagonouChanged(no, on, Uchiwake(yen[0]))
    if word == "支払":
        return KanpuPaid(no, on, yen[0])
    plain: dict[str, type[Any]] = {"通知": KagonouNotified, "請求": KanpuClaimed, "時効": KanpuExpired}
    made: KagonouEvent = plain.get(word, KagonouDecisionWithdrawn)(no, on)
    return made


def run(text: str) -> tuple[Kagonou | None, Outcome[Kagonou] | Refusal]:
    """Every step but the last must be allowed; the last is returned with the value that it leaves."""
    value: Kagonou | None = None
    steps = [event(f"E{at}", step) for at, step in enumerate(text.split(" → "))]
    for step in steps[:-1]:
        done = apply(value, step)
        assert not isinstance(done, Refusal), done
        value = done.value
    last = apply(value, steps[-1])
    return (value if isinstance(last, Refusal) else last.value), last


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_還付の手続(row: dict[str, str]) -> None:
    value, last = run(row["手続"])
    assert (value.joutai if value else "") == row["状態"]
    assert (str(value.shiharai_gaku) if value else "") == row["支払額"]
    if isinstance(last, Refusal):
        assert last.reason.code == row["拒否"]
        assert provisions()[row["条項"]].ja in last.expected
        return
    assert row["拒否"] == "" and len(last.happened) == 1
    assert row["条項"] in {basis.provision for basis in last.applied} <= set(provisions())
    assert {basis.version for basis in last.applied} == {"2000-01-01"}


def test_every_step_names_its_provision() -> None:
    entry = rule("kanpu", date(2025, 4, 1))
    for name, states, role in ALLOWED.values():
        assert name and states and set(states) <= set(JOUTAI_JA)
        assert entry["provision"][role] in provisions()


@pytest.mark.parametrize("row", [r for r in ROWS if not r["拒否"]], ids=lambda row: row["名前"])
def test_a_step_told_twice_changes_nothing(row: dict[str, str]) -> None:
    value: Kagonou | None = None
    for at, step in enumerate(row["手続"].split(" → ")):
        done = apply(value, event(f"E{at}", step))
        assert isinstance(done, Outcome)
        value = done.value
        assert apply(value, event(f"E{at}", step)) == Outcome(value, ("RepetitionIgnored",), ())


def test_another_step_under_a_known_number_is_refused() -> None:
    value, _ = run("発生 2025-07-01 10000 → 増減 2025-07-10 12000")
    refused = apply(value, event("E1", "増減 2025-07-10 13000"))
    assert isinstance(refused, Refusal) and refused.reason.code == "R-424"


def test_the_steps_that_are_remembered_are_bounded() -> None:
    value, _ = run("発生 2025-07-01 10000")
    for at in range(TETSUZUKI_MAX - 1):
        done = apply(value, KagonouChanged(f"C{at}", date(2025, 7, 2), Uchiwake(at + 1)))
        assert isinstance(done, Outcome)
        value = done.value
    refused = apply(value, KagonouChanged("C-more", date(2025, 7, 2), Uchiwake(1)))
    assert isinstance(refused, Refusal) and refused.reason.code == "R-424"


def test_a_plan_of_another_期別_is_refused() -> None:
    value, _ = run("発生 2025-07-01 10000")
    made = decision("E1", date(2025, 8, 1), 10_000)
    other = made.plan._replace(kagonoukin=made.plan.kagonoukin._replace(shuunou_key=OTHER))
    refused = apply(value, made._replace(plan=other))
    assert isinstance(refused, Refusal) and refused.reason.code == "R-424"


def test_a_plan_with_negative_yen_is_refused() -> None:
    value, _ = run("発生 2025-07-01 10000")
    made = decision("E1", date(2025, 8, 1), 10_000)
    for bad in (
        made._replace(plan=made.plan._replace(kanpu=Uchiwake(10_001, -1))),
        made._replace(kanpu_kasankin=-1),
    ):
        refused = apply(value, bad)
        assert isinstance(refused, Refusal) and refused.reason.code == "R-429"


def test_the_notice_states_what_was_decided() -> None:
    value, _ = run("発生 2025-07-01 10000 → 決定 2025-08-01 10000 未納4000 加算1000 → 通知 2025-08-05")
    assert value is not None
    told = notice(value)
    assert told is not None
    assert (told.kagonou_gaku, told.kanpu_gaku, told.shiharai_gaku) == (10_000, 6_000, 7_000)
    assert [(part.to_key, part.kingaku) for part in told.juutou] == [(OTHER, 4_000)]
    assert told.josan_from == date(2025, 9, 5), "8月5日の30日後は9月4日"
    assert told.seikyuu_kigen == date(2030, 7, 1)


def test_no_notice_before_it_is_sent_and_no_claim_when_all_is_充当() -> None:
    early, _ = run("発生 2025-07-01 10000 → 決定 2025-08-01 10000")
    assert early is not None and notice(early) is None
    done, _ = run("発生 2025-07-01 10000 → 決定 2025-08-01 10000 未納12000 → 通知 2025-08-05")
    assert done is not None
    told = notice(done)
    assert told is not None and (told.josan_from, told.seikyuu_kigen) == (None, None)


def test_settings_change_the_claim_and_the_時効(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = dict(rule("kanpu", date(2025, 8, 1)))
    other = {**entry, "seikyuu_hitsuyou": False, "jikou": {"years": 5, "koushin_by_tsuuchi": True}}
    monkeypatch.setattr(kagonou_apply, "rule", lambda table, on: other)
    value, last = run(
        "発生 2020-07-01 10000 → 決定 2020-08-01 10000 → 通知 2020-08-05 → 支払 2025-08-05 10000"
    )
    assert isinstance(last, Outcome) and last.happened == ("KanpuPaid",)
    assert value is not None and jikou_on(value)[0] == date(2025, 8, 5)
    _, late = run("発生 2020-07-01 10000 → 決定 2020-08-01 10000 → 通知 2020-08-05 → 支払 2025-08-06 10000")
    assert isinstance(late, Refusal) and late.reason.code == "R-427"


ROUTE = ["発生", "決定", "通知", "請求", "支払", "支払"]
NOISE = st.lists(
    st.sampled_from(["発生", "増減", "決定", "取消", "通知", "請求", "支払", "時効"]), max_size=1
)
STEPS = st.tuples(*(st.tuples(NOISE, st.sampled_from([0, 0, 1, 30, 900])) for _ in ROUTE))


@STABLE
@over(STEPS, st.integers(0, 9000))
def test_never_more_goes_out_than_came_in(noise: tuple[tuple[list[str], int], ...], owed: int) -> None:
    """The usual steps, with others told in between: what is decided is what is there, paid once."""
    numbers, on, paid = count(), date(2020, 7, 1), 0
    value: Kagonou | None = None
    told = [
        (word, days) for step, (first, days) in zip(ROUTE, noise, strict=True) for word in (*first, step)
    ]
    for word, days in told:
        on += timedelta(days)
        yen: Any = value.shiharai_gaku if value and word == "支払" else 10_000
        text = f"{word} {on} {yen}" + (f" 未納{owed}" if word == "決定" and owed else "")
        done = apply(value, event(f"E{next(numbers)}", text))
        if isinstance(done, Refusal):
            continue
        paid += done.happened == ("KanpuPaid",)
        value = done.value
        decided = value.juutou_gaku + value.kanpu.goukei
        assert decided in (0, value.kagonou.goukei)
    assert paid <= 1
