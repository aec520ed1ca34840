"""CSV の読み手: 宛名, 調定 and 記録: what becomes of a line, what is sealed, and every way of being refused."""

from datetime import date

import pytest

from connectors.base import Refused
from connectors.csv_lines import JOINED_LINES, CsvReader
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_kiroku_csv import KirokuReader
from state.events import AtenaChanged, ChouteiCancelled, ChouteiCorrected, ChouteiEstablished, KirokuHeld
from state.wire import encode
from tests.connectors.source_files import (
    ATENA,
    CHOUTEI,
    JICHITAI,
    KEY_HOKEN,
    KEY_ZEIMU,
    KIROKU,
    RECEIVED_AT,
    csv_file,
    event,
    facts_of,
    held_for,
    kojin_bangou,
    read,
    reasons,
    replaced,
    sample_cipher,
    sent_to,
)

CIPHER = sample_cipher()
READER = AtenaReader(CIPHER)
ZEIMU, HOKEN = ChouteiReader("zeimu", CIPHER), ChouteiReader("hoken", CIPHER)
KIROKU_READER = KirokuReader(CIPHER)


def atena(*rows: dict[str, str], extra: tuple[str, ...] = ()) -> bytes:
    return csv_file("atena_csv", [{**ATENA, **row} for row in rows], extra)


def choutei(*rows: dict[str, str], extra: tuple[str, ...] = ()) -> bytes:
    return csv_file("choutei_csv", [{**CHOUTEI, **row} for row in rows], extra)


def kiroku(*rows: dict[str, str], extra: tuple[str, ...] = ()) -> bytes:
    return csv_file("kiroku_csv", [{**KIROKU, **row} for row in rows], extra)


def assert_one_is_refused(reader: CsvReader, raw: bytes, reason: str) -> None:
    """The second of three lines is refused with its reason, and its letter repeats nothing of it."""
    items = read(reader, raw)
    assert reasons(items) == [None, reason, None]
    refused = items[1]
    assert isinstance(refused, Refused)
    assert refused.original in raw
    said = " ".join(refused.refusal[1:])
    assert "0000000001" not in said and kojin_bangou(1) not in said and KEY_ZEIMU not in said


def test_a_line_of_atena_becomes_a_change() -> None:
    raw = atena({})
    (item,) = read(READER, raw)
    got = event(item)
    assert isinstance(got, AtenaChanged)
    assert item.line == 2
    assert sent_to(item) == ("ido.atena.v1", "0000000001")
    assert (got.source, got.channel, got.jichitai_code) == ("市民課", "庁内連携システム", JICHITAI)
    assert (got.occurred_on, got.recorded_at) == (date(2026, 4, 1), RECEIVED_AT)
    assert got.source_seq == f"{facts_of(raw).digest[:16]}:2"
    assert (got.rireki_bangou, got.seinengappi) == (1, date(1980, 2, 29))
    assert got.henshuuzumi_shimei_kanji == "納税 太郎"
    assert got.setai_bangou is None
    assert got.held == {}


def test_numbers_are_sealed_for_their_person() -> None:
    got = event(read(READER, atena({}))[0])
    assert CIPHER.open_text(got.kojin_bangou, "kojin_bangou/0000000001") == kojin_bangou(1)
    assert CIPHER.open_text(got.kouza_bangou, "kouza_bangou/0000000001") == "9000001"
    assert kojin_bangou(1).encode() not in encode(got)


@pytest.mark.parametrize(
    "name", ["個人番号(マイナンバー)", "個人番号(マイナンバー)", "個人番号", "kojin_bangou"]
)
def test_a_number_under_another_name_is_sealed_too(name: str) -> None:
    raw = choutei({name: kojin_bangou(2), "口座番号": "9000002"}, extra=(name, "口座番号"))
    got = event(read(ZEIMU, raw)[0])
    assert CIPHER.open_text(got.held["kojin_bangou"], "kojin_bangou/0000000001") == kojin_bangou(2)
    assert CIPHER.open_text(got.held["kouza_bangou"], "kouza_bangou/0000000001") == "9000002"


def test_official_items_beside_the_layout_are_held_as_given() -> None:
    raw = atena(
        {"口座停止日": "不明", "旧自治体コード": "007"},
        {"口座停止日": ""},
        extra=("口座停止日", "旧自治体コード"),
    )
    first, second = map(event, read(READER, raw))
    assert first.held == {"kouza_teishibi": "不明", "kyuu_jichitai_code": "007"}
    assert second.held == {}


def test_characters_outside_cp932_pass_unchanged() -> None:
    name = "髙𠮷\U000e0100 \ue000﨑"
    assert event(read(READER, atena({"編集済氏名漢字": name}))[0]).henshuuzumi_shimei_kanji == name


def test_a_bom_columns_in_another_order_and_quoted_cells_with_line_ends() -> None:
    raw = atena({"宛名方書漢字": '第一"荘",\n2号'}, {"宛名番号": "0000000002"})
    moved = b"\xef\xbb\xbf" + b"\r\n".join(
        b",".join(reversed(line.split(b","))) for line in atena({}).split(b"\r\n")
    )
    items = read(READER, raw)
    assert [item.line for item in items] == [2, 4]
    assert event(items[0]).atena_katagaki_kanji == '第一"荘",\n2号'
    assert event(read(READER, moved)[0])._replace(source_seq="") == event(
        read(READER, atena({}))[0]
    )._replace(source_seq="")


def test_the_same_file_gives_the_same_events() -> None:
    raw = atena({}, {"宛名番号": "0000000002"})
    assert read(READER, raw) == read(AtenaReader(sample_cipher()), raw)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("R-203", {"宛名番号": ""}),
        ("R-203", {"異動年月日": ""}),
        ("R-204", {"宛名番号": "A1"}),
        ("R-204", {"履歴番号": "一"}),
        ("R-204", {"履歴番号": "0"}),
        ("R-204", {"履歴番号": "2147483648"}),
        ("R-204", {"履歴番号": "9" * 5000}),
        ("R-204", {"個人番号": kojin_bangou(1)[:-1]}),
        ("R-204", {"口座番号": "90-00001"}),
        ("R-204", {"生年月日": "19800229"}),
        ("R-204", {"編集済氏名カナ": "ﾀﾛｳ\x00"}),
        ("R-204", {"備考": "あ" * 30_000}),
        ("R-205", {"個人番号": f"{kojin_bangou(1)[:-1]}{(int(kojin_bangou(1)[-1]) + 1) % 10}"}),
        ("R-208", {"生年月日": "1981-02-29"}),
        ("R-208", {"生年月日": "0001-01-01"}),
        ("R-209", {"自治体コード": "131016"}),
    ],
)
def test_one_bad_line_of_atena_is_refused(reason: str, changed: dict[str, str]) -> None:
    raw = atena({}, changed, {"宛名番号": "0000000003"}, extra=("備考",))
    assert_one_is_refused(READER, raw, reason)


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        pytest.param("R-101", "納税 花子".encode("cp932"), id="cp932"),
        pytest.param("R-105", "納税,花子".encode(), id="one-column-more"),
        pytest.param("R-204", '納税 "花子'.encode(), id="open-quote"),
        pytest.param("R-204", '"納税" 花子'.encode(), id="text-after-quote"),
    ],
)
def test_bytes_that_are_no_line_are_refused_alone(reason: str, name: bytes) -> None:
    raw = atena({}, {"編集済氏名漢字": "納税 花子"}, {"宛名番号": "0000000003"})
    assert_one_is_refused(READER, replaced(raw, "納税 花子".encode(), name), reason)


def test_a_quote_that_is_never_closed_costs_one_line() -> None:
    rows = [{"宛名番号": f"{n:010d}"} for n in range(1, JOINED_LINES * 2)]
    rows[3]["編集済氏名漢字"] = "納税 花子"
    raw = replaced(atena(*rows), "納税 花子".encode(), '"納税 花子'.encode())
    items = read(READER, raw)
    assert len(items) == len(rows)
    assert [at for at, reason in enumerate(reasons(items)) if reason] == [3]


def test_two_stray_quotes_cost_their_own_lines_only() -> None:
    rows = [{"宛名番号": f"{n:010d}", "編集済氏名漢字": name} for n, name in enumerate("壱弐参肆伍", 1)]
    raw = atena(*rows).replace("弐".encode(), '"弐'.encode()).replace("肆".encode(), '"肆'.encode())
    assert reasons(read(READER, raw)) == [None, "R-204", None, "R-204", None]


def test_an_empty_line_among_others_is_refused_not_dropped() -> None:
    raw = atena({}, {"宛名番号": "0000000002"})
    header, first, second, _ = raw.split(b"\r\n")
    items = read(READER, b"\r\n".join([header, first, b"", second, b"", b""]))
    assert reasons(items) == [None, "R-105", None]


@pytest.mark.parametrize(
    ("reason", "raw"),
    [
        pytest.param("R-105", b"", id="empty"),
        pytest.param("R-105", atena({}).split(b"\r\n", 1)[1], id="no-header"),
        pytest.param("R-105", replaced(atena({}), "続柄,".encode(), b""), id="missing"),
        pytest.param("R-105", replaced(atena({}), "続柄,".encode(), "続柄,続柄,".encode()), id="twice"),
        pytest.param(
            "R-105",
            replaced(atena({}), "続柄,".encode(), "続柄,tsuzukigara,".encode()),
            id="twice-in-romaji",
        ),
        pytest.param("R-105", replaced(atena({}), "続柄,".encode(), "続柄,番号,".encode()), id="unknown"),
        pytest.param("R-101", atena({}).decode().encode("cp932"), id="cp932"),
    ],
)
def test_a_header_that_is_not_the_layouts_holds_the_file(reason: str, raw: bytes) -> None:
    assert held_for(READER, raw) == reason


def test_a_file_without_a_header_does_not_show_a_line() -> None:
    raw = atena({}).split(b"\r\n", 1)[1]
    refused = READER.check(raw, facts_of(raw))
    assert refused is not None
    said = " ".join(refused.refusal[1:])
    assert "太郎" not in said and kojin_bangou(1) not in said


@pytest.mark.parametrize(
    ("code", "cls", "gaku"),
    [("1", ChouteiEstablished, "10000"), ("2", ChouteiCorrected, "8000"), ("3", ChouteiCancelled, "0")],
)
def test_the_kubun_of_a_choutei_gives_its_event(code: str, cls: type[ChouteiEstablished], gaku: str) -> None:
    (item,) = read(ZEIMU, choutei({"区分": code, "期別調定額": gaku, "法定納期限": "2026-06-30"}))
    got = event(item)
    assert type(got) is cls and isinstance(got, ChouteiEstablished)
    assert sent_to(item) == ("ido.choutei-zeimu.v1", KEY_ZEIMU)
    assert (got.kibetsu_choutei_gaku, got.noukigen) == (int(gaku), date(2026, 6, 30))
    assert (got.houtei_noukigen, got.houtei_noukigen_tou) == (date(2026, 6, 30), None)
    assert (got.occurred_on, got.source) == (date(2026, 6, 1), "税務課")


HOKEN_ROW = {"収納キー": KEY_HOKEN, "税目コード": "04", "通知書番号": "0000000002", "期別コード": "08"}


def test_each_department_has_its_own_topic_names_and_taxes() -> None:
    item = read(HOKEN, choutei(HOKEN_ROW))[0]
    assert event(item).source == "保険年金課"
    assert sent_to(item) == ("ido.choutei-hoken.v1", KEY_HOKEN)
    assert ZEIMU.spec.topics == ("ido.choutei-zeimu.v1",)
    assert [ZEIMU.matches(name) for name in ("choutei_zeimu_1.csv", "choutei_hoken_1.csv")] == [True, False]
    assert [HOKEN.matches(name) for name in ("choutei_zeimu_1.csv", "choutei_hoken_1.csv")] == [False, True]
    assert reasons(read(HOKEN, choutei({}))) == ["R-202"]


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("R-106", {"区分": "4"}),
        ("R-202", HOKEN_ROW),
        ("R-204", {"期別調定額": "1,000"}),
        ("R-206", {"期別調定額": "-1"}),
        ("R-206", {"期別調定額": "10000000000"}),
        ("R-206", {"期別調定額": "9" * 19}),
        ("R-206", {"区分": "3"}),
        ("R-207", {"収納キー": "202699000000000101", "税目コード": "99"}),
        ("R-208", {"納期限": "2026-06-31"}),
        ("R-208", {"納期限": "1901-06-30"}),
        ("R-209", {"自治体コード": "132101"}),
        ("R-210", {"期別コード": "02"}),
        ("R-203", {"税目コード": ""}),
    ],
)
def test_one_bad_line_of_choutei_is_refused(reason: str, changed: dict[str, str]) -> None:
    raw = choutei({}, changed, {"履歴番号": "3"})
    assert_one_is_refused(ZEIMU, raw, reason)


def test_a_record_is_held_as_given_on_the_day_it_was_received() -> None:
    extra = ("記録日付", "行動記録内容", "担当者")
    (item,) = read(KIROKU_READER, kiroku({"記録日付": "R8.4.1", "行動記録内容": "電話"}, extra=extra))
    got = event(item)
    assert isinstance(got, KirokuHeld)
    assert sent_to(item) == ("ido.kiroku.v1", "0000000001")
    assert got.held == {"kiroku_hizuke": "R8.4.1", "koudou_kiroku_naiyou": "電話"}
    assert (got.record, got.record_key, got.rireki_bangou) == ("交渉経過ファイル", "1", 1)
    assert got.occurred_on == date(2026, 7, 3)


def test_the_municipality_of_a_record_is_ours_when_it_is_not_stated() -> None:
    assert event(read(KIROKU_READER, kiroku({"自治体コード": ""}))[0]).jichitai_code == JICHITAI


def test_a_number_in_a_record_is_sealed() -> None:
    row = {"記録名": "個人情報ファイル", "個人番号(マイナンバー)": kojin_bangou(3)}
    got = event(read(KIROKU_READER, kiroku(row, extra=("個人番号(マイナンバー)",)))[0])
    assert CIPHER.open_text(got.held["kojin_bangou"], "kojin_bangou/0000000001") == kojin_bangou(3)


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("R-211", {"記録名": "日記"}),
        ("R-105", {"枝番": "1"}),
        ("R-209", {"自治体コード": "131016"}),
        ("R-204", {"履歴番号": "-1"}),
        ("R-205", {"記録名": "個人情報ファイル", "kojin_bangou": "000000000010"}),
    ],
)
def test_one_bad_line_of_kiroku_is_refused(reason: str, changed: dict[str, str]) -> None:
    raw = kiroku({}, changed, {"記録鍵": "2"}, extra=("枝番", "kojin_bangou"))
    assert reasons(read(KIROKU_READER, raw)) == [None, reason, None]
