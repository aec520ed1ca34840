"""手続 CSV: what becomes of a line, cells of several values, seals, every way of being refused."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

import schemas
from connectors.base import Refused
from connectors.csv_lines import BadCell
from connectors.ids import event_id
from connectors.source_tetsuzuki_csv import TetsuzukiReader, read_jouken, read_uchiwake
from state.law.uchiwake import KAMOKU, KAMOKU_JA
from state.seiri.event import Bubun, TetsuzukiTaken
from state.seiri.kinds import KAITOU_TOPIC, TOPIC, UCHIWAKE_MAX, kinds
from state.wire import encode
from tests import given
from tests.connectors.source_files import (
    JICHITAI,
    KEY_HOKEN,
    KEY_ZEIMU,
    RECEIVED_AT,
    csv_file,
    event,
    held_for,
    kojin_bangou,
    read,
    reasons,
    sample_cipher,
    sent_to,
)
from tests.golden.compare import lines_of, same_as_golden

CIPHER = sample_cipher()
READER, ANSWERS = TetsuzukiReader("tetsuzuki", CIPHER), TetsuzukiReader("chousa_kaitou", CIPHER)
PERSON = "0000000001"
ACT = {
    "自治体コード": JICHITAI,
    "宛名番号": PERSON,
    "手続の種類": "納税通知書の返戻",
    "手続の番号": "収納第12号",
    "手続の日": "2026-07-20",
    "収納キー": KEY_ZEIMU,
}
RECEIPT = {
    "手続の種類": "HaitouReceived",
    "対象の手続の番号": "差押第3号",
    "手続の金額": "5300",
    "手続の内訳": f"{KEY_ZEIMU}//本税//5000;{KEY_ZEIMU}//entaikin/2026-07-20/300",
}
YUUYO = {
    "手続の種類": "YuuyoApplied",
    "手続のコード": "choushuu_yuuyo",
    "手続の金額": "10000",
    "手続の条件": "jiyuu=saigai",
}
ANSWER = {
    "手続の種類": "ChousaAnswered",
    "収納キー": "",
    "対象の手続の番号": "照会第7号",
    "手続のコード": "ari",
}


def acts(*rows: dict[str, str], extra: tuple[str, ...] = ()) -> bytes:
    return csv_file("tetsuzuki_csv", [{**ACT, **row} for row in rows], extra)


def one(row: dict[str, str], reader: TetsuzukiReader = READER, extra: tuple[str, ...] = ()) -> Any:
    (item,) = read(reader, acts(row, extra=extra))
    return event(item)


def test_a_line_becomes_an_act_under_its_own_number() -> None:
    (item,) = read(READER, acts({}))
    got = event(item)
    assert isinstance(got, TetsuzukiTaken)
    assert sent_to(item) == (TOPIC, PERSON)
    assert got.event_id == event_id("TetsuzukiTaken", PERSON, "NoutsuuReturned", "収納第12号")
    assert (got.kind, got.bangou, got.on) == ("NoutsuuReturned", "収納第12号", date(2026, 7, 20))
    assert (got.occurred_on, got.recorded_at, got.source) == (got.on, RECEIVED_AT, "収納課")
    assert (got.shuunou_key, got.kingaku, got.uchiwake, got.jouken, got.held) == (
        KEY_ZEIMU, None, (), {}, {}
    )  # fmt: skip


def test_the_lines_and_conditions_of_an_act_stand_in_one_cell_each() -> None:
    got = one(RECEIPT)
    assert got.uchiwake == (
        Bubun(KEY_ZEIMU, None, "honzei", None, 5000),
        Bubun(KEY_ZEIMU, None, "entaikin", date(2026, 7, 20), 300),
    )
    assert (got.kingaku, got.taishou_bangou) == (5300, "差押第3号")
    assert one(YUUYO).jouken == {"jiyuu": "saigai"}


def test_a_golden_line_of_every_column() -> None:
    row = {**ACT, **RECEIPT, "担当者コード": "T001", "期間の始め": "2026-07-01", "期間の終わり": "2026-08-31"}
    stated = schemas.load_toml("layout/tetsuzuki_csv")
    lines = lines_of(stated["ja"], {column["ja"]: row.get(column["ja"], "") for column in stated["columns"]})
    said = one(row)._asdict()
    said["uchiwake"] = "; ".join(str(tuple(line)) for line in said["uchiwake"])
    lines += lines_of("TetsuzukiTaken", {name: str(value) for name, value in said.items()})
    assert same_as_golden("tetsuzuki_csv", lines)


def test_answers_come_in_files_of_their_own_on_their_own_topic() -> None:
    (item,) = read(ANSWERS, acts(ANSWER))
    assert sent_to(item) == (KAITOU_TOPIC, PERSON)
    assert event(item).source == "財産調査・実態調査の照会先"
    names = ("tetsuzuki_20260720_001.csv", "chousa_kaitou_20260720_001.csv", "kiroku_1.csv")
    assert [READER.matches(name) for name in names] == [True, False, False]
    assert [ANSWERS.matches(name) for name in names] == [False, True, False]
    assert reasons(read(READER, acts(ANSWER))) == reasons(read(ANSWERS, acts({}))) == ["R-202"]


def test_every_kind_can_be_named_both_ways_and_no_two_alike() -> None:
    assert len({label for kind in kinds().values() for label in (kind.name, kind.ja)}) == 2 * len(kinds())
    other = one({"手続の種類": "NoutsuuReturned"})
    assert other._replace(source_seq="") == one({})._replace(source_seq="")


def test_the_layout_names_every_field_of_an_act_and_every_kamoku() -> None:
    stated = schemas.load_toml("layout/tetsuzuki_csv")
    columns = [column["field"] for column in stated["columns"]]
    own = TetsuzukiTaken._fields[TetsuzukiTaken._fields.index("atena_bangou") : -1]
    assert columns == ["jichitai_code", *own]
    assert tuple(stated["uchiwake"]["parts"]) == Bubun._fields
    assert stated["kamoku"] == {ja: name for name, ja in KAMOKU_JA.items()}
    assert set(stated["files_of"].values()) == {kind.topic for kind in kinds().values()}


def test_official_items_are_held_and_numbers_among_them_sealed() -> None:
    extra = ("行動記録内容", "個人番号(マイナンバー)", "口座番号")
    row = {"手続の種類": "KoushouRecorded", "手続のコード": "01", "行動記録内容": "電話"}
    got = one({**row, extra[1]: kojin_bangou(3), "口座番号": "9000003"}, extra=extra)
    assert got.held["koudou_kiroku_naiyou"] == "電話"
    assert CIPHER.open_text(got.held["kojin_bangou"], f"kojin_bangou/{PERSON}") == kojin_bangou(3)
    assert CIPHER.open_text(got.held["kouza_bangou"], f"kouza_bangou/{PERSON}") == "9000003"
    assert kojin_bangou(3).encode() not in encode(got)
    assert one({}, extra=extra).held == {}, "an empty cell is no item"


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("R-203", {"手続の番号": ""}),
        ("R-203", {"手続の日": ""}),
        ("R-203", {"収納キー": ""}),
        ("R-203", {**YUUYO, "手続の条件": ""}),
        ("R-203", {**RECEIPT, "手続の内訳": ""}),
        ("R-203", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税//"}),
        ("R-203", {**RECEIPT, "手続の内訳": "//本税//300"}),
        ("R-204", {"宛名番号": "A1"}),
        ("R-204", {"手続の番号": "1|2"}),
        ("R-204", {"手続の番号": "9" * 65}),
        ("R-204", {"収納キー": "2026"}),
        ("R-204", {"手続の日": "20260720"}),
        ("R-204", {"手続の条件": "jiyuu=saigai"}),
        ("R-204", {**YUUYO, "手続の条件": "jiyuu"}),
        ("R-204", {**YUUYO, "手続の条件": "jiyuu="}),
        ("R-204", {**YUUYO, "手続の条件": "=saigai"}),
        ("R-204", {**YUUYO, "手続の条件": "jiyuu=saigai;"}),
        ("R-204", {**YUUYO, "手続の条件": "jiyuu=a=b"}),
        ("R-204", {**YUUYO, "手続の条件": "jiyuu=saigai;jiyuu=saigai"}),
        ("R-203", {**YUUYO, "手続の条件": "jiyuu =saigai"}),
        ("R-204", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税//5000;"}),
        ("R-204", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}/本税/5000"}),
        ("R-204", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税//5,000"}),
        ("R-204", {**RECEIPT, "手続の内訳": f" {KEY_ZEIMU}//本税//5000"}),
        ("R-204", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税/7.20/5000"}),
        ("R-204", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}/甲/本税//5000"}),
        ("R-204", {**RECEIPT, "手続の内訳": ";".join([f"{KEY_ZEIMU}//本税//1"] * (UCHIWAKE_MAX + 1))}),
        ("R-206", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税//-1"}),
        ("R-206", {"手続の金額": "-1"}),
        ("R-206", {"手続の金額": "9" * 19}),
        ("R-208", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//本税/2026-02-29/1"}),
        ("R-208", {"手続の日": "1901-07-20"}),
        ("R-209", {"自治体コード": "131016"}),
        ("R-211", {"手続の種類": "NoSuchAct"}),
        ("R-211", {**RECEIPT, "手続の内訳": f"{KEY_ZEIMU}//利息//5000"}),
        ("R-211", {"手続の種類": "TeishiSet", "手続のコード": "nothing"}),
    ],
)
def test_one_bad_line_is_refused_alone_and_says_nothing_of_what_it_held(
    reason: str, changed: dict[str, str]
) -> None:
    raw = acts({}, changed, {"手続の番号": "3"})
    items = read(READER, raw)
    assert reasons(items) == [None, reason, None]
    refused = items[1]
    assert isinstance(refused, Refused) and refused.original in raw
    said = " ".join(refused.refusal[1:])
    assert PERSON not in said and KEY_ZEIMU not in said and "saigai" not in said


def test_a_column_that_is_missing_or_unknown_holds_the_file() -> None:
    assert held_for(READER, acts({}, extra=("備忘",))) == "R-105"
    assert held_for(READER, acts({}).replace(",手続の条件".encode(), b"")) == "R-105"


def test_the_same_file_gives_the_same_acts() -> None:
    raw = acts({}, RECEIPT, YUUYO)
    assert read(READER, raw) == read(TetsuzukiReader("tetsuzuki", sample_cipher()), raw)


KEYS = st.sampled_from([None, KEY_ZEIMU, KEY_HOKEN])
DAYS = st.one_of(st.none(), st.dates(date(1950, 1, 1), date(2099, 12, 31)))
KAMOKUS = st.one_of(st.none(), st.sampled_from(KAMOKU))
LINES = st.builds(
    Bubun, KEYS, st.sampled_from([None, PERSON]), KAMOKUS, DAYS, st.integers(0, 9_999_999_999)
)
WORDS = st.text(st.characters(exclude_characters=";=", exclude_categories=("Cs", "Cc")), min_size=1)


def written(line: Bubun) -> str:
    return "/".join("" if part is None else str(part) for part in line)


@given.STABLE
@over(st.lists(LINES, min_size=1, max_size=8))
def test_any_lines_that_are_written_are_read_as_they_were(lines: list[Bubun]) -> None:
    assert read_uchiwake(";".join(map(written, lines))) == tuple(lines)


@given.STABLE
@over(st.dictionaries(WORDS, WORDS, max_size=5))
def test_any_conditions_that_are_written_are_read_as_they_were(conditions: dict[str, str]) -> None:
    text = ";".join(f"{name}={value}" for name, value in conditions.items()) or None
    assert read_jouken(text) == conditions


@given.STABLE
@over(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for how in (read_uchiwake, read_jouken):
        try:
            how(text)
        except BadCell as bad:
            assert bad.code in {"R-203", "R-204", "R-206", "R-208", "R-211"}
