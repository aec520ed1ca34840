"""会計の表: which year, until when, what is carried over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import schemas
from schemas.provisions import provisions
from state.facts import Applied
from state.law import kaikei
from state.law.kaikei import Minou, Nendo, Sainyuu
from state.law.rules import Outcome, rule
from state.law.uchiwake import KAMOKU, Uchiwake
from state.reasons import Refusal
from tests.given import STABLE
from tests.state.scenario import table

ROWS = table(Path(__file__).parent / "kaikei.csv")
KEY = "202501000000000101"
DAYS = {"納期末日": "nouki_matsubi", "通知": "tsuuchi_on", "徴収": "choushuu_on", "領収": "ryoushuu_on"}
Said = dict[str, str]
Answer = tuple[str, tuple[Applied, ...]] | Refusal


def _sainyuu(said: Said) -> Answer:
    days = {DAYS[ja]: date.fromisoformat(text) for ja, text in said.items() if ja in DAYS}
    found = kaikei.choutei_nendo(Sainyuu(said["区分"], **days))
    return found if isinstance(found, Refusal) else (str(found.nendo), found.applied)


def _shuunyuu(said: Said) -> Answer:
    ryoushuu = date.fromisoformat(said["領収"])
    shuunou = date.fromisoformat(said.get("収納", said["領収"]))
    return _nendo(kaikei.shuunou_nendo(int(said["調定"]), ryoushuu, shuunou))


def _fuzui(said: Said) -> Answer:
    on = date.fromisoformat(said["日"])
    found = kaikei.fuzui_nendo(said["科目"], int(said["本税"]), int(said["年度"]), on)
    if found is None:
        return "なし", ()
    return found if isinstance(found, Refusal) else (found.outputs["kaikei_nendo"], (found,))


def _kichou(said: Said) -> Answer:
    found = kaikei.booked(int(said["年度"]), date.fromisoformat(said["日"]))
    return found if isinstance(found, Refusal) else ("可", (found,))


def _teisei(said: Said) -> Answer:
    return _nendo(kaikei.teisei_nendo(int(said["年度"]), date.fromisoformat(said["日"])))


def _kanpu(said: Said) -> Answer:
    kubun, basis = kaikei.kanpu_kubun(int(said["年度"]), date.fromisoformat(said["日"]))
    return kubun, (basis,)


def _kurikoshi(said: Said) -> Answer:
    carried = int(said["繰越"]) if "繰越" in said else None
    owed = Minou(KEY, "01", int(said["調定"]), carried, Uchiwake(int(said["本税"])))
    found = kaikei.kurikoshi(owed, date.fromisoformat(said["日"]))
    if isinstance(found, Refusal):
        return found
    assert found.value.uchiwake == owed.uchiwake
    return f"{found.value.nendo} {found.value.uchiwake.goukei}", found.applied


def _nendo(found: Nendo) -> Answer:
    return f"{found.nendo} {found.kubun}", found.applied


ASKED: dict[str, Callable[[Said], Answer]] = {
    "歳入": _sainyuu,
    "収入": _shuunyuu,
    "附随": _fuzui,
    "記帳": _kichou,
    "訂正": _teisei,
    "還付": _kanpu,
    "繰越": _kurikoshi,
}


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_会計(row: dict[str, str]) -> None:
    said = dict(word.split("=") for word in row["与件"].split(" "))
    found = ASKED[row["問"]](said)
    if isinstance(found, Refusal):
        assert found.reason.code == row["期待"]
        assert (
            provisions()[row["条項"]].ja if row["条項"] else "地方自治法施行令 第142条"
        ) in found.expected
        return
    answer, applied = found
    assert answer == row["期待"]
    assert ";".join(basis.provision for basis in applied) == row["条項"]
    assert {basis.version for basis in applied} <= {"2000-01-01"}


def test_every_provision_of_the_rules_is_known() -> None:
    for entry in schemas.load_toml("law/kaikei")["rule"]:
        assert set(entry["provision"].values()) <= set(provisions())
        assert entry["kurikoshi_days"] >= 1, "nothing is carried before the books are closed"
        assert set(entry["kurikoshi_kamoku"]) <= set(KAMOKU)


def test_the_収納日_decides_when_set_so(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {**rule("kaikei", date(2026, 5, 31)), "hantei_bi": "shuunou"}
    monkeypatch.setattr(kaikei, "rule", lambda table, on: entry)
    found = kaikei.shuunou_nendo(2025, date(2026, 5, 31), date(2026, 6, 3))
    assert (found.nendo, found.kubun) == (2026, "taikuri")


def test_what_is_unpaid_is_split_by_the_day() -> None:
    owed = [
        Minou("1", "01", 2024, 2025, Uchiwake(100, 0, 5)),
        Minou("2", "01", 2025, None, Uchiwake(1000)),
        Minou("3", "02", 2025, None, Uchiwake(2000, 50)),
        Minou("4", "02", 2026, None, Uchiwake(40_000)),
    ]
    before = [(one.nendo, one.kubun, one.uchiwake.goukei) for one in kaikei.split(owed, date(2026, 5, 31))]
    assert before == [(2025, "gennen", 3050), (2025, "taikuri", 105), (2026, "gennen", 40_000)]
    after = [(one.nendo, one.kubun, one.uchiwake.goukei) for one in kaikei.split(owed, date(2026, 6, 1))]
    assert after == [(2026, "gennen", 40_000), (2026, "taikuri", 3155)]


YEARS = st.integers(2005, 2040)


@STABLE
@over(YEARS, st.dates(date(2005, 1, 1), date(2045, 12, 31)))
def test_a_receipt_stands_in_open_books(choutei: int, on: date) -> None:
    found = kaikei.shuunou_nendo(choutei, on, on)
    assert isinstance(kaikei.booked(found.nendo, on), Applied)
    assert found.nendo >= choutei and (found.kubun == "gennen") == (found.nendo == choutei)
    assert (found.nendo, found.kubun) == kaikei.kubun_on(choutei, on)
    if on > kaikei.heisa_on(choutei):
        assert found.kubun == "taikuri" and kaikei.nendo_of(on) - found.nendo in (0, 1)


@STABLE
@over(YEARS, st.integers(0, 2000))
def test_carrying_keeps_every_yen_and_ends_where_the_day_says(choutei: int, days: int) -> None:
    """Carried as often as is allowed, a due stands in the books in which a receipt of that day would."""
    on = date(choutei + 1, 3, 31) + timedelta(days)
    owed: Any = Minou(KEY, "01", choutei, None, Uchiwake(5000, 100, 800, 30))
    while isinstance(done := kaikei.kurikoshi(owed, on), Outcome):
        assert done.happened == ("TainouCarriedOver",) and done.value.uchiwake == owed.uchiwake
        owed = done.value
    assert done.reason.code == "R-435"
    assert owed.nendo == kaikei.kubun_on(choutei, on)[0]
