"""納税証明: amounts by 期別 as of a day, by the office's table; what is noted, and what stands in the way."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over

from state.law.shikkou_teishi import ShikkouTeishi
from state.law.shoumei import Shoumei, certify
from state.law.uchiwake import Uchiwake
from state.law.yuuyo import GRANTED, Yuuyo
from state.reasons import Refusal
from state.receipt.seisan import Seisan
from state.seiri.values import KibetsuSeiri
from tests import given
from tests.state.scenario import table
from tests.state.seiri.kaikei_histories import Turn, histories
from tests.state.seiri.kaikei_story import told
from tests.streams.memory_hub import Hub

ROWS = table(Path(__file__).parent / "shoumei.csv")
KEY2 = given.shuunou_key(2)


def certified(hub: Hub, on: date, held: frozenset[str] = frozenset(), **over_: Any) -> Shoumei | Refusal:
    accounts = hub.accounts()
    seiri = {key: left for key in accounts if (left := hub.seiri(key)) is not None}
    asked = {"nendo": 2026, "zeimoku_code": "01", **over_}
    return certify(given.PERSON, accounts, seiri, held, on=on, **asked)


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_納税証明(row: dict[str, str]) -> None:
    hub = told(row["出来事"])
    assert not hub.letters
    made = certified(hub, date.fromisoformat(row["日"]))
    if isinstance(made, Refusal):
        assert made.reason.code == row["理由"] and row["条項"] in made.expected
        return
    assert not row["理由"] and row["条項"] in [basis.provision for basis in made.applied]
    lines = [
        f"{each.zeigaku}={each.noufuzumi_gaku}+{each.minou_gaku}+{each.mitourai_gaku}"
        f" 延{each.entaikin_kakutei}/{each.entaikin}"
        for each in made.kibetsu
    ]
    assert lines == [row[column] for column in ("期別1", "期別2") if row[column]]
    assert made.goukei("zeigaku") == sum(each.zeigaku for each in made.kibetsu)


def _refused(made: Shoumei | Refusal) -> str:
    assert isinstance(made, Refusal)
    return made.reason.code


def test_a_held_payment_of_one_of_the_期別_stands_in_the_way() -> None:
    hub = told("調定1 10000 → 2期:調定1 5000")
    assert _refused(certified(hub, date(2026, 7, 1), frozenset({KEY2}))) == "R-441"
    assert isinstance(certified(hub, date(2026, 7, 1), frozenset({given.shuunou_key(9)})), Shoumei)


def test_of_another_year_or_zeimoku_there_is_none() -> None:
    hub = told("調定1 10000")
    assert _refused(certified(hub, date(2026, 7, 1), nendo=2025)) == "R-443"
    assert _refused(certified(hub, date(2026, 7, 1), zeimoku_code="02")) == "R-443"


def test_猶予_執行停止_and_分納_are_noted_and_refuse_nothing() -> None:
    hub, on = told("調定1 1000000"), date(2026, 12, 1)
    yuuyo = Yuuyo(given.KEY, "choushuu_yuuyo", GRANTED, "15-1-1", 1_000_000, None,
                  date(2026, 7, 1), date(2026, 12, 31), True, 0, None, None)  # fmt: skip
    seiri = KibetsuSeiri(
        given.KEY,
        given.PERSON,
        yuuyo=(yuuyo,),
        shikkou_teishi=ShikkouTeishi(given.KEY, "teishi", "1", on, date(2029, 11, 30), None, None),
        bunnou=("1",),
    )
    made = certify(given.PERSON, hub.accounts(), {given.KEY: seiri}, frozenset(), 2026, "01", on)
    assert isinstance(made, Shoumei)
    (line,) = made.kibetsu
    assert line.chuuki == ("徴収の猶予中(2026-12-31まで)", "滞納処分の執行停止中", "分割納付中")
    assert line.entaikin == 0, "災害による徴収の猶予: all of the 延滞金 of its days is waived"


def test_of_a_猶予_of_a_part_the_part_is_noted_and_the_rest_bears_延滞金() -> None:
    hub, on = told("調定1 1000000"), date(2026, 12, 1)
    whole = Yuuyo(given.KEY, "choushuu_yuuyo", GRANTED, "15-1-1", 1_000_000, None,
                  date(2026, 7, 1), date(2026, 12, 31), True, 0, None, None)  # fmt: skip
    lines = []
    for yen in (1_000_000, 400_000, 1):
        seiri = KibetsuSeiri(given.KEY, given.PERSON, yuuyo=(whole._replace(kingaku=yen),))
        made = certify(given.PERSON, hub.accounts(), {given.KEY: seiri}, frozenset(), 2026, "01", on)
        assert isinstance(made, Shoumei)
        lines.append(made.kibetsu[0])
    assert [line.minou_gaku for line in lines] == [1_000_000] * 3
    assert [line.chuuki for line in lines] == [
        ("徴収の猶予中(2026-12-31まで)",),
        ("徴収の猶予中(2026-12-31まで、本税のうち400,000円)",),
        ("徴収の猶予中(2026-12-31まで、本税のうち1円)",),
    ]
    # 600,000 and 1,000,000 yen: 31 days of 2.8 %, 123 of 9.1 %
    assert [line.entaikin for line in lines] == [0, 19_800, 33_000]


def test_what_was_written_off_or_taken_over_is_neither_paid_nor_owed() -> None:
    account = given.an_account(10_000)._replace(
        seisan=Seisan(kesson=Uchiwake(3_000), shoukei=Uchiwake(2_000)), shuunou_gaku=0
    )
    made = certify(given.PERSON, {given.KEY: account}, {}, frozenset(), 2026, "01", date(2026, 8, 1))
    assert isinstance(made, Shoumei)
    (line,) = made.kibetsu
    assert (line.noufuzumi_gaku, line.minou_gaku, line.shoumetsu_gaku) == (0, 5_000, 5_000)
    assert line.chuuki == ("消滅・承継 5,000円",)


@given.STABLE
@over(histories())
def test_amounts_add_up_and_agree_with_the_ledger(history: list[Any]) -> None:
    """On a day after everything, 未納 of the certificate is that of the ledger, 期別 by 期別."""
    hub = Hub()
    for event in history:
        hub.tell(event.act(hub) if isinstance(event, Turn) else event)
    accounts = {
        key: each._replace(receipts=tuple(r._replace(dankai="kakuhou") if r.dankai == "sokuhou" else r
                                          for r in each.receipts))
        for key, each in hub.accounts().items()
    }  # fmt: skip
    seiri = {key: left for key in accounts if (left := hub.seiri(key)) is not None}
    made = certify(given.PERSON, accounts, seiri, frozenset(), 2026, "01", date(2026, 12, 31))
    if isinstance(made, Refusal):
        assert made.reason.code == "R-442" and any(each.kagonou_gaku for each in accounts.values())
        return
    for line in made.kibetsu:
        parts = (line.noufuzumi_gaku, line.minou_gaku, line.mitourai_gaku, line.shoumetsu_gaku)
        assert min(parts) >= 0 and sum(parts) == line.zeigaku
        assert line.minou_gaku == accounts[line.shuunou_key].wariate.minou.honzei
