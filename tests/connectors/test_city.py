"""The synthetic city: the same for the same seed, every trouble in it, real formats."""

import hashlib
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import schemas
from connectors.city import make_city, write_city
from connectors.city.acts import OWED_CARDS
from connectors.city.model import ShuunouChange
from connectors.city.people import PERSON_CARDS
from connectors.city.stories import AFTER_DEATH, BANK_CARDS, IN_TIME, RESULT_CARDS, STORE_CARDS
from connectors.city.truth import Repeats
from connectors.fixed_width import Record, load_layout
from tests.connectors.city_files import CSV_FILES, Written, bank_records, digests, rows, with_trouble
from tests.golden.compare import lines_of, same_as_golden

# --- the same city again ---


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    first = write_city(make_city(60, 7), tmp_path / "first")
    again = write_city(make_city(60, 7), tmp_path / "again")
    other = write_city(make_city(60, 8), tmp_path / "other")
    assert first == again
    assert not set(digests(first).values()) & set(digests(other).values())


def test_writing_says_what_the_city_expects(written: Written) -> None:
    assert written.city.expected() == written.manifest.expected


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="empty folder"):
        write_city(make_city(1, 1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"persons": 0}, "persons"),
        ({"persons": 5_000_000}, "persons"),
        ({"jichitai_code": "132111"}, "自治体コード"),
        ({"today": date(1999, 6, 1)}, "年度 1999"),
    ],
)
def test_a_city_that_cannot_be(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_city(**{"persons": 10, "seed": 1} | wrong)


def test_today_says_which_nendo(tmp_path: Path) -> None:
    city = make_city(30, 3, jichitai_code="131016", today=date(2028, 3, 31))
    write_city(city, tmp_path)
    choutei = list(rows(tmp_path, CSV_FILES["choutei"]))
    assert {row["賦課年度"] for row in choutei} == {"2027"}
    assert {row["自治体コード"] for row in choutei} == {"131016"}
    assert min(row["納期限"] for row in choutei) >= "2027-04-30"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_city(make_city(250, 1), tmp_path, lambda done, total: told.append((done, total)))
    assert told == [(100, 250), (200, 250), (250, 250)]


def test_time_is_measured_not_asserted(written: Written, record_property: Any) -> None:
    record_property("seconds_for_2000_persons", round(written.seconds, 2))
    assert written.manifest.totals["lines"] > 30_000


# --- what is in it ---


def test_every_trouble_is_there(written: Written) -> None:
    acts = {*OWED_CARDS, "kanpu", "entaikin", "shoukei"}
    cards = {*PERSON_CARDS, *BANK_CARDS, *STORE_CARDS, *Repeats._fields, AFTER_DEATH, *acts} - {"", IN_TIME}
    troubles = written.manifest.troubles
    assert set(troubles) == cards
    assert all(count > 0 for count in troubles.values())


def test_every_result_of_a_debit_is_there(written: Written) -> None:
    by_kekka = written.manifest.expected.funou_by_kekka
    assert set(by_kekka) == set(RESULT_CARDS)
    assert (
        sum(by_kekka.values())
        == written.manifest.expected.funou
        == written.manifest.expected.changes["funou"]
    )


def test_most_bills_are_paid_in_time_and_some_never(written: Written) -> None:
    expected = written.manifest.expected
    assert 0.85 <= expected.kannou_in_time_accounts / expected.accounts <= 0.90
    assert 7 <= expected.accounts / expected.persons <= 8.2
    assert expected.minou_accounts > 0 and expected.kagonou_accounts > 0


def test_files_are_listed_in_order_of_delivery_and_dated(written: Written) -> None:
    files = written.manifest.files
    assert [file.delivered_on for file in files] == sorted(file.delivered_on for file in files)
    for file in files:
        path = written.folder / file.name
        data = path.read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.digest, file.size)
        assert datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat() == file.delivered_on
    there = {path.name for path in written.folder.iterdir()}
    assert there == {file.name for file in files} | {"city.json"}


def test_a_bill_is_paid_before_its_choutei_is_delivered(written: Written) -> None:
    first_choutei: dict[str, date] = {}
    first_payment: dict[str, date] = {}
    for story in written.city.stories():
        for line in story.lines:
            if line.change is None or line.route.family not in ("choutei", "convenience", "kouza_furikae"):
                continue
            is_payment = isinstance(line.change, ShuunouChange)
            found = first_payment if is_payment else first_choutei
            found.setdefault(line.change.shuunou_key, line.route.delivered_on)  # type: ignore[union-attr]
    early = [key for key, on in first_choutei.items() if key in first_payment and first_payment[key] < on]
    assert len(early) == written.manifest.troubles["before_choutei"]


def test_names_beyond_cp932_survive(written: Written) -> None:
    def fits_cp932(text: str) -> bool:
        try:
            text.encode("cp932")
        except UnicodeEncodeError:
            return False
        return True

    names = {row["編集済氏名漢字"] for row in rows(written.folder, CSV_FILES["atena"])}
    beyond = "".join(name for name in names if not fits_cp932(name))
    assert {"\U00020bb7", "\U000e0100", "\U000e0101", "\U000f0001"} <= set(beyond)


def test_moved_died_and_late_older_lines(written: Written) -> None:
    atena = list(rows(written.folder, CSV_FILES["atena"]))
    kinds = Counter(row["異動区分"] for row in atena)
    troubles = written.manifest.troubles
    assert (kinds["03"], kinds["04"]) == (troubles["moved"], troubles["died"])
    latest: dict[str, int] = {}
    older = 0
    for row in atena:
        rireki = int(row["履歴番号"])
        older += rireki < latest.get(row["宛名番号"], 0)
        latest[row["宛名番号"]] = max(rireki, latest.get(row["宛名番号"], 0))
    assert older == troubles["atena_older_late"]


# --- the files of the banks ---


def test_trailers_add_up_except_where_they_must_not(written: Written) -> None:
    layout = load_layout("kouza_furikae")
    wrong = []
    for file in written.manifest.files:
        if not file.name.startswith("kouza_furikae"):
            continue
        records = bank_records(written.folder, file)
        assert [record[:1] for record in (records[0], *records[-2:])] == [b"1", b"8", b"9"]
        sums = Counter[str]()
        for record in records[1:-2]:  # by position, as the source states it, not by the layout
            kind = "furikaezumi" if record[111:112] == b"0" else "funou"
            for name in ("goukei", kind):
                sums.update({f"{name}_kensuu": 1, f"{name}_kingaku": int(record[80:90])})
        trailer = layout.parse(records[-2])
        assert isinstance(trailer, Record)
        stated = {name: int(text) for name, text in trailer.fields.items() if name != "data_kubun"}
        assert len(records) - 3 == file.lines
        if stated != {name: sums[name] for name in stated}:
            wrong.append(file.name)
    assert wrong == [with_trouble(written.manifest, "trailer_wrong").name]


def test_the_corrected_file_has_the_same_debits(written: Written) -> None:
    wrong = with_trouble(written.manifest, "trailer_wrong")
    right = with_trouble(written.manifest, "trailer_corrected")
    assert wrong.delivered_on < right.delivered_on
    before, after = bank_records(written.folder, wrong), bank_records(written.folder, right)
    assert before[:-2] == after[:-2] and before[-2] != after[-2]


def test_files_come_again(written: Written) -> None:
    manifest = written.manifest
    assert sorted(Counter(digests(manifest).values()).values())[-2:] == [1, 2]
    identical = with_trouble(manifest, "resent_identical")
    assert list(digests(manifest).values()).count(identical.digest) == 2
    other = (written.folder / with_trouble(manifest, "resent_line_ends").name).read_bytes()
    before = (
        written.folder / with_trouble(manifest, "resent_line_ends").name.replace("_9", "")
    ).read_bytes()
    assert b"\n" not in other and other == before.replace(b"\r\n", b"")


# --- golden lines ---


@pytest.mark.parametrize("family", sorted(CSV_FILES))
def test_golden_lines(family: str, tmp_path: Path) -> None:
    write_city(make_city(200, 1), tmp_path)
    first = next(rows(tmp_path, CSV_FILES[family]))
    layout = schemas.load_toml(f"layout/{family}_csv")
    own = [column["ja"] for column in layout["columns"]]
    assert list(first)[: len(own)] == own
    assert same_as_golden(f"{family}_csv", lines_of(layout["ja"], first))
