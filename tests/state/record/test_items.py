"""記録の項目: the table of what each item is, and that all 324 of them can be filled as their provenance says."""

from __future__ import annotations

import inspect
from datetime import date
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

import schemas
from schemas import records
from state.record import build, koushou
from state.record.build import BUNNOU, KAZOKU, KOUSHOU, SHOBUN
from state.record.held import unreadable, value_of
from state.record.known import UNSEEN, Known
from state.seiri.values import Seiribo
from state.wire import decode, encode
from tests import given
from tests.state.record.materials import known
from tests.state.scenario import table

MATERIALS = ("seiri", "book", "case", "atena", "kiroku", "kijunbi")
ROWS = table(Path(__file__).parent / "items.csv")


def row(record: str, notation: str, held: str = "") -> Any:
    """The record that a row of the table is about: what its file has no use for is left out."""
    made = known(notation, held)
    if record in (SHOBUN, BUNNOU):
        made = made._replace(account=None, seiri=None)
    return build.build(record, made)


@pytest.mark.parametrize("case", ROWS, ids=[case["名前"] for case in ROWS])
def test_事例(case: dict[str, str]) -> None:
    assert case["根拠"], "a row says what it rests on"
    value = getattr(row(case["記録"], case["材料"], case["前のシステム"]), case["項目"])
    assert ("" if value is None else str(value)) == case["値"]


def _sample(item: records.Item) -> str:
    """Some text of an item's type, as the former system would hold it."""
    if item.confidential:
        return f"{schemas.SEALED}x"
    return {
        "string": "x", "int": "7", "long": "700", "date": "2020-02-03",
        "timestamp-millis": "2020-02-03T04:05:06",
    }[item.type]  # fmt: skip


@pytest.mark.parametrize("record", records.records())
def test_every_item_comes_alive_from_some_source(record: str) -> None:
    """From a former system that held every item, beside events that say little: none of 324 stays empty."""
    everything = {item.name: _sample(item) for item in records.items(record)}
    assert unreadable(record, everything) == ()
    kiroku = given.kiroku(held=everything)
    said = known("調定 10000 / 収納 4000 / 宛名")
    said = said._replace(account=said.account and said.account._replace(held=everything, **_assessed()))
    atena = said.atena and said.atena._replace(held=everything, **_of_person())
    made = said._replace(kiroku=kiroku, atena=atena)
    if record in (SHOBUN, BUNNOU):
        made = Known(kiroku=kiroku)
    value = build.build_held(record, kiroku) if record == KOUSHOU else build.build(record, made)
    empty = [name for name, each in value._asdict().items() if each is None]
    assert empty == [], "items that nothing can fill"
    assert decode(encode(value)) == value


def _assessed() -> dict[str, Any]:
    day = date(2026, 6, 1)
    return {"houtei_noukigen": day, "houtei_noukigen_tou": day, "zuiki_flag": "1", "kousei_nengappi": day}


def _of_person() -> dict[str, Any]:
    """Every field of a person, of its type; what is sealed is sealed."""
    fields = schemas.load_avsc("event/atena_changed.v1")["fields"]
    optional = [field for field in fields if isinstance(field["type"], list)]
    made: dict[str, Any] = {}
    for field in optional:
        is_day = isinstance(field["type"][1], dict)
        text = f"{schemas.SEALED}x" if "confidential" in field else "x"
        made[field["name"]] = date(2020, 2, 3) if is_day else text
    return made


def test_functions_take_what_is_known_by_its_name_and_bear_the_name_of_a_known_item() -> None:
    names = {item.name for record in records.records() for item in records.items(record)}
    derived = [
        (item, origin.function or "")
        for record in records.records()
        for item in records.items(record)
        if (origin := records.provenance(record, item.name)).kind == "derived"
    ]
    assert len(derived) > 100
    for item, dotted in derived:
        module, _, name = dotted.rpartition(".")
        function = getattr(build._MODULES[module], name)
        assert name in names, dotted
        if item.record != KOUSHOU:
            assert set(inspect.signature(function).parameters) <= set(Known._fields), dotted


def test_every_derived_item_says_nothing_where_nothing_was_seen() -> None:
    """With `otherwise`, a function of nothing is UNSEEN, and without a former system the item is empty."""
    blank = Known(account=given.an_account())
    for record in records.records():
        for item in records.items(record):
            origin = records.provenance(record, item.name)
            if origin.kind != "derived" or origin.otherwise is None or record == KOUSHOU:
                continue
            module, _, name = (origin.function or "").rpartition(".")
            function = getattr(build._MODULES[module], name)
            taken = [getattr(blank, word) for word in inspect.signature(function).parameters]
            assert function(*taken) is UNSEEN, f"{record}/{item.name}"


def test_held_text_is_read_as_its_items_type_or_named() -> None:
    held = {
        "kouza_teishibi": "20260401", "renban": "1", "zennou_houshoukin": "1,000",
        "kojin_bangou": "123456789018",
        "koushin_gyoumu_nichiji": "2026-04-01T09:00:00", "not_an_item": "?", "enchou_gessuu": str(2**31),
    }  # fmt: skip
    names = unreadable("shuutainou", held)
    assert set(names) == {"zennou_houshoukin", "kojin_bangou", "enchou_gessuu"}
    made = build.build("shuutainou", Known(account=given.an_account(), kiroku=given.kiroku(held=held)))
    assert made.kojin_bangou is None and made.enchou_gessuu is None, "never a number in clear"
    assert made.koushin_gyoumu_nichiji == 1_775_001_600_000, "without a zone: the office's clock"
    assert made.kouza_teishibi == date(2026, 4, 1)


def _asked_one_by_one(record: str, made: Known) -> list[Any]:
    """Every item by its own way, nothing taken for granted."""
    held = made.kiroku.held if made.kiroku else {}
    values = []
    for way in build._ways(record):
        value = way.get(made)
        if value is UNSEEN:
            value = value_of(way.read, held.get(way.name)) if way.read else None
        values.append(value)
    return values


@pytest.mark.parametrize("record", [record for record in records.records() if record != KOUSHOU])
def test_what_is_not_asked_again_is_what_it_would_have_answered(record: str) -> None:
    """Whatever is there and whatever is missing of the materials, with held text and without."""
    notation = "調定 10000 / 収納 4000 / 宛名 / 回数 sashiosae_counter 2 2026-08-01 / 事案 closed 0"
    text = {item.name: _sample(item) for item in records.items(record)}
    book = Seiribo(given.PERSON, saikoku_kaisuu=2)
    whole = known(notation)._replace(kiroku=given.kiroku(held=text), book=book, kijunbi=date(2028, 6, 1))
    told = 0
    for held in ({}, text):
        for missing in chain.from_iterable(combinations(MATERIALS, n) for n in range(len(MATERIALS) + 1)):
            made = whole._replace(**dict.fromkeys(missing))
            made = made._replace(
                account=made.account and made.account._replace(held=held),
                atena=made.atena and made.atena._replace(held=held),
            )
            value = build.build(record, made)
            expected = _asked_one_by_one(record, made)
            if value is not None:
                assert list(value) == expected
                told += 1
            else:
                assert None in expected
    assert told > 0, "no row came about at all"


def test_a_row_without_its_key_is_none() -> None:
    assert build.build(KAZOKU, Known(atena=given.atena())) is None, "no 世帯番号"
    assert build.build(KAZOKU, Known(atena=given.atena(setai_bangou="S1"))) is not None
    assert build.build(SHOBUN, Known(book=Seiribo(given.PERSON))) is None


def test_a_number_of_the_former_system_is_its_key_when_no_item_says_so() -> None:
    kiroku = given.kiroku(held={"kianbi": "2020-02-03"})._replace(record_key="77")
    for record in (SHOBUN, BUNNOU):
        made = build.build(record, Known(kiroku=kiroku))
        assert (made.edaban, made.shobun_atena_bangou) == ("77", given.PERSON)


def test_滞納管理_has_only_whom_it_needs() -> None:
    book = Seiribo(given.PERSON, tetsuzuki_kaisuu=3)
    assert not build.is_kanri(None, None, None)
    assert not build.is_kanri(None, book, None), "a notice sent to everybody makes nobody a debtor"
    assert build.is_kanri(None, book._replace(saikoku_kaisuu=1), None)
    assert build.is_kanri(known("事案 closed 0").case, None, None)
    assert build.is_kanri(None, None, given.kiroku())


def test_交渉経過_is_kept_as_it_was_told() -> None:
    act = given.tetsuzuki(
        "KoushouRecorded", date(2026, 8, 1), key=None, code="denwa", tantousha_code="T1",
        held={"koudou_kiroku_naiyou": "約束", "kekka_kiroku_hizuke": "2026-08-02", "busho": "収納課"},
    )  # fmt: skip
    kiroku = koushou.as_kiroku(act)
    assert kiroku is not None and build.record_of(kiroku.record) == KOUSHOU
    made = build.build_held(KOUSHOU, kiroku)
    assert (made.kiroku_hizuke, made.koudou_kiroku_bunrui, made.tantousha) == (
        koushou.kiroku_hizuke(act), koushou.koudou_kiroku_bunrui(act), koushou.tantousha(act),
    )  # fmt: skip
    assert (made.koudou_kiroku_naiyou, made.kekka_kiroku_hizuke) == ("約束", date(2026, 8, 2))
    assert koushou.as_kiroku(act._replace(kind="RankSet")) is None
    blank = koushou.as_kiroku(act._replace(tantousha_code=None, held={}))
    assert blank is not None and build.build_held(KOUSHOU, blank).tantousha is None
