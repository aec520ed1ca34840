"""充当の表: which dues a 過誤納金 meets, in which order, from which day; and that no yen is made or lost."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import schemas
from schemas.provisions import provisions
from state.law.juutou import Due, Juutou, Kagonoukin, Plan, plan
from state.law.rules import rule
from state.law.uchiwake import KAMOKU, KAMOKU_JA, Uchiwake, uchiwake_of
from state.reasons import Refusal
from tests.given import STABLE
from tests.state.scenario import table

ROWS = table(Path(__file__).parent / "juutou.csv")
CODE = {ja: code for code, ja in KAMOKU_JA.items()}
NAMED = {"甲": "202501000000000101", "乙": "202502000000000201"}
DAYS = {"告知": "kokuchi_on", "督促": "tokusoku_on", "処分": "shobunhi_on"}


def uchiwake(text: str) -> Uchiwake:
    """`本税1000 延滞金200`."""
    return uchiwake_of((CODE[ja], int(yen)) for ja, yen in re.findall(r"([^\d\s=-]+)(-?\d+)(?:\s|$)", text))


def due(text: str) -> Due:
    """`甲 2025-04-30 本税8000 督促=2025-05-20 区分=jikou`."""
    name, noukigen, *rest = text.split(" ")
    yen = uchiwake(" ".join(word for word in rest if "=" not in word))
    said = dict(word.split("=") for word in rest if "=" in word)
    days: dict[str, Any] = {DAYS[ja]: date.fromisoformat(day) for ja, day in said.items() if ja in DAYS}
    on, key = date.fromisoformat(noukigen), NAMED[name]
    made = on - timedelta(60)
    return Due(key, key[4:6], 2025, *yen, on, made, kubun=said.get("区分"), **days)


def told(parts: tuple[Juutou, ...]) -> str:
    """The parts of a plan as the table writes them."""
    name = {key: ja for ja, key in NAMED.items()}
    return " / ".join(
        f"{KAMOKU_JA[p.from_kamoku]}→{name[p.to_key]}{KAMOKU_JA[p.to_kamoku]}{p.kingaku} {p.tekijou_on}"
        for p in parts
    )


def planned(row: dict[str, str], entry: Any = None) -> Plan | Refusal:
    money = Kagonoukin(NAMED["甲"], "01", uchiwake(row["過誤納"]), date.fromisoformat(row["発生"]))
    dues = [due(text) for text in row["充当先"].split(" / ") if text]
    return plan(money, dues, date.fromisoformat(row["決定"]), entry)


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_充当(row: dict[str, str]) -> None:
    made = planned(row)
    if isinstance(made, Refusal):
        assert (made.reason.code, "") == (row["充当"], row["定めの施行日"])
        assert provisions()[row["条項"]].ja in made.expected
        return
    assert told(made.juutou) == row["充当"]
    assert made.kanpu == uchiwake(row["還付"])
    name = {key: ja for ja, key in NAMED.items()}
    assert " / ".join(f"{name[s.shuunou_key]} {s.riyuu}" for s in made.skipped) == row["外した期別"]
    assert all(re.search("[一-鿿]", skipped.ja) for skipped in made.skipped)
    cited = {basis.provision for basis in made.applied}
    assert set(row["条項"].split(";")) <= cited <= set(provisions())
    assert {basis.version for basis in made.applied} == {row["定めの施行日"]}


def changed(**over: Any) -> dict[str, Any]:
    """The rule with other settings of 充当."""
    entry = dict(rule("kanpu", date(2025, 8, 1)))
    return {**entry, "juutou": {**entry["juutou"], **over}}


def test_the_本税_of_all_first_when_set_so() -> None:
    row = next(row for row in ROWS if row["名前"] == "期別ごとに延滞金まで済ませて次へ")
    made = planned(row, changed(honzei_hani="zentai"))
    assert isinstance(made, Plan)
    assert told(made.juutou) == "本税→甲本税6000 2025-07-01 / 本税→乙本税4000 2025-07-01"


def test_the_same_税目_first_when_set_so() -> None:
    row = {"過誤納": "本税9000", "発生": "2025-07-01", "決定": "2025-08-01"}
    row["充当先"] = "乙 2025-04-30 本税8000 / 甲 2025-06-30 本税6000"
    made = planned(row, changed(junjo=["onaji_zeimoku", "noukigen", "shuunou_key"]))
    assert isinstance(made, Plan)
    assert told(made.juutou) == "本税→甲本税6000 2025-07-01 / 本税→乙本税3000 2025-07-01"


def test_a_due_whose_納期限_is_to_come_is_met_on_the_day_itself_when_set_so() -> None:
    row = next(row for row in ROWS if row["名前"] == "納期限の来ていない期別は外す")
    made = planned(row, changed(minouki="juutou_suru"))
    assert isinstance(made, Plan)
    assert told(made.juutou) == "本税→甲本税6000 2025-08-01"


def test_本税_is_before_延滞金_in_every_rule() -> None:
    for entry in schemas.load_toml("law/kanpu")["rule"]:
        order = entry["juutou"]["uchiwake"]
        assert sorted(order) == sorted(KAMOKU)
        assert order.index("honzei") < order.index("entaikin")


def test_every_provision_of_the_rules_is_known() -> None:
    for entry in schemas.load_toml("law/kanpu")["rule"]:
        assert set(entry["provision"].values()) <= set(provisions())


def _in_part(yen: int, **over: Any) -> Due:
    return due("乙 2025-04-30 本税8000 督促手数料100")._replace(ichibu=("kanka_yuuyo", yen), **over)


@pytest.mark.parametrize(
    ("one", "parts", "kanpu", "skipped"),
    [
        (_in_part(3_000), "本税→乙本税5000 2025-07-01 / 本税→乙督促手数料100", 3_900, ()),
        (_in_part(8_000, tokusoku_tesuuryou=0), "", 9_000, ("kanka_yuuyo",)),
        (_in_part(0), "本税→乙本税8000 2025-07-01 / 本税→乙督促手数料100", 900, ()),
        (_in_part(3_000, kubun="jikou"), "", 9_000, ("jikou",)),
    ],
)
def test_of_a_due_under_猶予_in_part_the_rest_is_met(
    one: Due, parts: str, kanpu: int, skipped: tuple[str, ...]
) -> None:
    made = plan(Kagonoukin(NAMED["甲"], "01", Uchiwake(9_000), date(2025, 7, 1)), [one], date(2025, 8, 1))
    assert isinstance(made, Plan)
    assert told(made.juutou).rpartition(" ")[0] == parts
    assert (made.kanpu.goukei, tuple(each.riyuu for each in made.skipped)) == (kanpu, skipped)


def test_a_part_that_is_not_left_out_is_met_too() -> None:
    known = rule("kanpu", date(2025, 8, 1))["juutou"]["kubun"]
    entry = changed(kubun=[{**kubun, "hazusu": False} for kubun in known])
    money = Kagonoukin(NAMED["甲"], "01", Uchiwake(9_000), date(2025, 7, 1))
    made = plan(money, [_in_part(3_000)], date(2025, 8, 1), entry)
    assert isinstance(made, Plan) and made.juutou_gaku == 8_100


@pytest.mark.parametrize("ichibu", [("mumei", 1), ("kanka_yuuyo", 8_001), ("kanka_yuuyo", -1)])
def test_a_part_that_cannot_be_is_refused(ichibu: tuple[str, int]) -> None:
    money = Kagonoukin(NAMED["甲"], "01", Uchiwake(9_000), date(2025, 7, 1))
    made = plan(money, [_in_part(0)._replace(ichibu=ichibu)], date(2025, 8, 1))
    assert isinstance(made, Refusal) and made.reason.code == "R-429"


YEN = st.integers(0, 5000)
DAY = st.dates(date(2024, 1, 1), date(2025, 12, 31))
KUBUN = st.sampled_from([None, None, "choushuu_yuuyo", "shikkou_teishi", "jikou"])
DUES = st.lists(st.tuples(YEN, YEN, YEN, YEN, DAY, DAY, KUBUN), max_size=5)


@STABLE
@over(st.tuples(YEN, YEN, YEN, YEN), DAY, DUES)
def test_no_yen_is_made_or_lost(have: tuple[int, int, int, int], hassei: date, rows: list[Any]) -> None:
    dues = [
        Due(f"2025010000000001{at:02d}", "01", 2025, a, b, c, d, noukigen, made, kubun=kubun)
        for at, (a, b, c, d, noukigen, made, kubun) in enumerate(rows)
    ]
    money, on = Kagonoukin(NAMED["乙"], "02", Uchiwake(*have), hassei), date(2025, 12, 31)
    made = plan(money, dues, on)
    if sum(have) == 0:
        assert isinstance(made, Refusal) and made.reason.code == "R-421"
        return
    assert isinstance(made, Plan)
    out = uchiwake_of((part.from_kamoku, part.kingaku) for part in made.juutou)
    assert all(a + b == c for a, b, c in zip(out, made.kanpu, money.uchiwake, strict=True))
    skipped = {one.shuunou_key for one in made.skipped}
    for one in dues:
        met = uchiwake_of((p.to_kamoku, p.kingaku) for p in made.juutou if p.to_key == one.shuunou_key)
        assert all(paid <= owed for paid, owed in zip(met, one.minou, strict=True))
        assert not (met.goukei and one.shuunou_key in skipped)
        assert met.entaikin == 0 or met.honzei == one.honzei
        if made.kanpu.goukei and one.shuunou_key not in skipped:
            assert met == one.minou
    assert all(part.kingaku > 0 and hassei <= part.tekijou_on <= on for part in made.juutou)
    assert plan(money, dues[::-1], on) == made
