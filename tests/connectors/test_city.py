"""The synthetic city: the same for the same seed, every trouble in it, real formats, and sums that hold."""

import csv
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

import schemas
from connectors.base import FileFacts, FileReader, Refused
from connectors.city import City, Manifest, found_in_clear, make_city, write_city
from connectors.city.bills import bills_of
from connectors.city.confidential import kojin_bangou, kouza_bangou, without_zero
from connectors.city.deck import Deck
from connectors.city.files import Delivered
from connectors.city.model import ShuunouChange
from connectors.city.people import PERSON_CARDS
from connectors.city.schedule import month_end, monthly_day_after, nendo_of, store_day_after, zeimoku_of
from connectors.city.stories import AFTER_DEATH, BANK_CARDS, IN_TIME, RESULT_CARDS, STORE_CARDS
from connectors.city.truth import Repeats
from connectors.fixed_width import Record, load_layout
from connectors.ids import event_id
from connectors.secrets import Cipher, KeyFile
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_convenience import ConvenienceReader
from connectors.source_kiroku_csv import KirokuReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from state import checks
from tests.golden.compare import lines_of, same_as_golden

PERSONS, SEED = 2_000, 20260601
CSV_FILES = {"atena": "atena_*.csv", "choutei": "choutei_*.csv", "kiroku": "kiroku_*.csv"}


class Written(NamedTuple):
    city: City
    folder: Path
    manifest: Manifest
    seconds: float


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("city")
    city, begun = make_city(PERSONS, SEED), time.process_time()
    manifest = write_city(city, folder)
    return Written(city, folder, manifest, time.process_time() - begun)


def digests(manifest: Manifest) -> dict[str, str]:
    return {file.name: file.digest for file in manifest.files}


def rows(folder: Path, pattern: str) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def bank_records(folder: Path, file: Delivered) -> list[bytes]:
    found = load_layout("kouza_furikae").split((folder / file.name).read_bytes())
    assert isinstance(found, list)
    return [record for _, record in found]


def with_trouble(manifest: Manifest, trouble: str) -> Delivered:
    (file,) = [file for file in manifest.files if file.trouble == trouble]
    return file


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
    cards = {*PERSON_CARDS, *BANK_CARDS, *STORE_CARDS, *Repeats._fields, AFTER_DEATH} - {"", IN_TIME}
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


# --- what a perfect hub must make of it ---


def readers() -> list[FileReader]:
    cipher = Cipher(KeyFile("testkey0", bytes(range(32))))
    choutei = [ChouteiReader(department, cipher) for department in ("zeimu", "hoken")]
    return [AtenaReader(cipher), *choutei, KirokuReader(cipher), KouzaFurikaeReader(), ConvenienceReader()]


class Read(NamedTuple):
    events: dict[str, Any]
    repeated: int
    refused_lines: Counter[str]
    refused_files: Counter[str]


@pytest.fixture(scope="module")
def taken(written: Written) -> Read:
    """What the sources' readers make of the files, each file once by its digest."""
    result, seen, known = Read({}, 0, Counter(), Counter()), set[str](), readers()
    repeated = 0
    for file in written.manifest.files:
        if file.digest in seen:
            result.refused_files["R-107"] += 1
            continue
        seen.add(file.digest)
        path = written.folder / file.name
        (reader,) = [reader for reader in known if reader.matches(file.name)]
        received_at = int(path.stat().st_mtime * 1000)
        facts = FileFacts(file.name, file.digest, received_at, written.city.jichitai_code)
        held = reader.check(path.read_bytes(), facts)
        if held is not None:
            result.refused_files[held.refusal.reason.code] += 1
            continue
        for item in reader.lines(path.read_bytes(), facts):
            if isinstance(item, Refused):
                result.refused_lines[item.refusal.reason.code] += 1
            else:
                repeated += item.event.event_id in result.events
                result.events[item.event.event_id] = item.event
    return result._replace(repeated=repeated)


def test_the_readers_refuse_what_must_be_refused(written: Written, taken: Read) -> None:
    expected = written.manifest.expected
    assert taken.refused_lines == expected.refused_lines
    assert taken.refused_files == expected.refused_files
    assert set(expected.refused) == {"R-101", "R-104", "R-107", "R-205", "R-206", "R-207", "R-208"}


def test_the_readers_take_what_the_journal_says(written: Written, taken: Read) -> None:
    assert taken.repeated == written.manifest.expected.repeated_changes > 0
    journal = written.city.journal()
    assert set(taken.events) == {_event_id(change) for change in journal}
    assert len(taken.events) == len(journal)
    for change in journal:
        event = taken.events[_event_id(change)]
        if change.kind == "choutei":
            assert (event.atena_bangou, event.kibetsu_choutei_gaku) == (change.atena_bangou, change.gaku)
        elif isinstance(change, ShuunouChange):
            kingaku = event.furikae_gaku if change.kind == "funou" else event.shuunou_kingaku
            assert (event.shuunou_key, kingaku, event.occurred_on) == (
                change.shuunou_key,
                change.kingaku,
                change.on,
            )


def _event_id(change: Any) -> str:
    """The id that the contract gives to a change, from its natural key alone."""
    if isinstance(change, ShuunouChange):
        prefix, *words = change.natural_key
        number = f"{prefix}:{hashlib.sha256('|'.join(words).encode()).hexdigest()[:24]}"
        kinds = {"torikeshi": ("ShuunouReversed", number), "funou": ("KouzaFurikaeFailed", number)}
        return event_id(*kinds.get(change.kind, ("ShuunouReceived", number, change.kind)))
    if change.kind == "choutei":
        kind = "ChouteiEstablished" if change.rireki_bangou == 1 else "ChouteiCorrected"
        kind = "ChouteiCancelled" if change.gaku == 0 else kind
        return event_id(kind, change.shuunou_key, str(change.rireki_bangou))
    if change.kind == "atena":
        return event_id("AtenaChanged", change.atena_bangou, str(change.rireki_bangou))
    return event_id(
        "KirokuHeld", change.record, change.atena_bangou, change.record_key, str(change.rireki_bangou)
    )


def test_expected_yen_are_those_of_the_journal(written: Written) -> None:
    """Counted again in the plainest way: all of it in memory, three dictionaries."""
    expected, choutei, receipts = written.manifest.expected, dict[str, Any](), dict[Any, Any]()
    order = ("sokuhou", "torikeshi", "kakuhou")
    for change in written.city.journal():
        if change.kind == "choutei" and choutei.get(change.shuunou_key, (0,))[0] < change.rireki_bangou:
            choutei[change.shuunou_key] = (change.rireki_bangou, change.gaku)
        elif change.kind in order:
            key = (change.shuunou_key, change.natural_key)
            receipts[key] = max(receipts.get(key, (-1, 0)), (order.index(change.kind), change.kingaku))
    received, astray = Counter[str](), Counter[str]()
    for (key, _), (stage, kingaku) in receipts.items():
        (received if key in choutei else astray)[key] += 0 if order[stage] == "torikeshi" else kingaku
    gaku = {key: stated for key, (_, stated) in choutei.items()}
    assert expected.accounts == len(gaku)
    assert expected.choutei_gaku == sum(gaku.values())
    assert expected.shuunou_gaku == received.total()
    assert expected.minou_gaku == sum(max(gaku[key] - received[key], 0) for key in gaku)
    assert expected.kagonou_gaku == sum(max(received[key] - gaku[key], 0) for key in gaku)
    assert expected.choutei_gaku - expected.shuunou_gaku == expected.minou_gaku - expected.kagonou_gaku
    assert (expected.unmatched_gaku, expected.unmatched_receipts) == (astray.total(), len(astray))
    sums = [sum(column) for column in zip(*expected.by_kibetsu.values(), strict=True)]
    assert sums == [expected.accounts, expected.choutei_gaku, expected.shuunou_gaku]


# --- numbers that must not be found ---


def test_confidential_numbers_are_those_of_the_files(written: Written) -> None:
    numbers = set(written.city.confidential_numbers())
    atena = list(rows(written.folder, CSV_FILES["atena"]))
    assert numbers == {row[name] for row in atena for name in ("個人番号", "口座番号")} - {""}
    wrong = [row for row in atena if not checks.is_kojin_bangou(row["個人番号"])]
    assert len(wrong) == written.manifest.troubles["kojin_bangou_wrong"]


def test_the_search_finds_them_where_they_stand(written: Written) -> None:
    numbers = frozenset(number.encode() for number in written.city.confidential_numbers())
    for path in written.folder.glob("atena_*.csv"):
        data = path.read_bytes()
        cells = [row[name] for row in rows(path.parent, path.name) for name in ("個人番号", "口座番号")]
        assert found_in_clear(data, numbers) == sum(cell != "" for cell in cells)
    for file in written.manifest.files:
        if file.name.startswith("kouza_furikae"):
            assert found_in_clear((written.folder / file.name).read_bytes(), numbers) >= file.lines


@pytest.mark.parametrize(
    "around",
    [
        b"%s",
        b'{"kouza": "%s"}',
        b"\x0e%s\x02",
        b"a,%s\r\n",
        b"(%s)",
        b"0991-101-%s",
        b"/%s/",
        b"00001%s\xb1",
        b" 1%s\xb1",
    ],
    ids=repr,
)
def test_the_search_finds_an_account_in(around: bytes) -> None:
    number = kouza_bangou(12).encode()
    assert found_in_clear(b"x " + around % number + b" y", frozenset([number])) == 1
    assert found_in_clear(b"x " + around % number + b" y", frozenset([kouza_bangou(13).encode()])) == 0


def test_the_search_finds_a_kojin_bangou_anywhere() -> None:
    number = kojin_bangou(12).encode()
    for around in (b"%s", b"0%s0", b"abc%sdef", b"0000%s"):
        assert found_in_clear(around % number, frozenset([number])) == 1


def test_nothing_else_in_the_city_looks_like_one(written: Written) -> None:
    """Everything but the two columns, and what the hub derives from it, as it may stand on disk."""
    numbers = frozenset(number.encode() for number in written.city.confidential_numbers())
    for story in islice(written.city.stories(), 400):
        words = {
            value
            for line in story.lines
            for name, value in line.fields.items()
            if name not in ("kojin_bangou", "kouza_bangou")
        }
        words |= {word.replace("-", "") for word in words}
        words |= {hashlib.sha256(word.encode()).hexdigest() for word in words}
        words |= {event_id("test", word) for word in words}
        for between in (" ", '","', "\x14", "|"):
            assert found_in_clear(between.join(sorted(words)).encode(), numbers) == 0
    assert found_in_clear((written.folder / "city.json").read_bytes(), numbers) == 0


def test_the_manifest_holds_totals_and_no_person(written: Written) -> None:
    text = (written.folder / "city.json").read_text(encoding="utf-8")
    stated = json.loads(text)
    assert (stated["persons"], stated["seed"], stated["nendo"]) == (PERSONS, SEED, 2026)
    assert stated["expected"]["choutei_gaku"] == written.manifest.expected.choutei_gaku
    person = next(written.city.stories()).person
    for word in (person.atena_bangou, person.row["henshuuzumi_shimei_kanji"], person.row["setai_bangou"]):
        assert word not in text


# --- its parts ---


def test_a_deck_gives_every_card_before_any_again() -> None:
    deck = Deck(Random(1), {"often": 5, "rarely": 1})
    for _ in range(3):
        assert Counter(deck.draw() for _ in range(6)) == {"often": 5, "rarely": 1}


def test_serials_without_a_zero() -> None:
    written_out = [without_zero(serial, 4) for serial in range(9**4)]
    assert len(set(written_out)) == 9**4
    assert not any("0" in text for text in written_out)
    with pytest.raises(ValueError, match="4 digits"):
        without_zero(9**4, 4)


def test_accounts_repeat_only_after_all_have_come() -> None:
    assert len({kouza_bangou(serial) for serial in range(100_000)}) == 100_000


def test_invented_kojin_bangou_are_sound_and_marked() -> None:
    assert all(checks.is_kojin_bangou(kojin_bangou(serial)) for serial in range(500))
    assert {kojin_bangou(serial)[:4] for serial in range(500)} == {"0000"}


@pytest.mark.parametrize(
    ("day", "following"),
    [("2026-06-09", "2026-06-10"), ("2026-06-10", "2026-06-20"), ("2026-06-20", "2026-06-30"),
     ("2026-06-30", "2026-07-10"), ("2026-12-31", "2027-01-10"), ("2027-02-27", "2027-02-28")],
)  # fmt: skip
def test_days_of_the_stores(day: str, following: str) -> None:
    assert store_day_after(date.fromisoformat(day)).isoformat() == following


def test_monthly_days() -> None:
    assert monthly_day_after(date(2026, 6, 14), 15) == date(2026, 6, 15)
    assert monthly_day_after(date(2026, 6, 15), 15) == date(2026, 7, 15)
    assert monthly_day_after(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)
    assert (nendo_of(date(2026, 3, 31)), nendo_of(date(2026, 4, 1))) == (2025, 2026)


def test_the_master_of_nouki_holds_every_tax() -> None:
    counts = {"01": 4, "02": 4, "03": 1, "04": 8}
    for nendo in range(2024, 2030):
        taxes = zeimoku_of(nendo)
        assert {tax.code: len(tax.kibetsu) for tax in taxes} == counts
        for tax in taxes:
            days = [kibetsu.noukigen for kibetsu in tax.kibetsu]
            assert days == sorted(days) and tax.choutei_on < days[0]
            assert all(day.weekday() < 5 for day in days)
            assert all(nendo_of(kibetsu.nouki_matsubi) == nendo for kibetsu in tax.kibetsu)
            assert [kibetsu.kibetsu_code for kibetsu in tax.kibetsu] == [
                f"{number:02d}" for number in range(1, len(days) + 1)
            ]


def test_a_years_tax_is_divided_as_the_law_says() -> None:
    city, rng = make_city(200, 5), Random(5)
    taxes = zeimoku_of(city.nendo)
    for story in city.stories():
        of_tax: dict[str, list[int]] = {}
        for bill in bills_of(rng, story.person, city.nendo, taxes):
            of_tax.setdefault(bill.zeimoku_code, []).append(bill.gaku)
        for first, *others in of_tax.values():
            assert len(set(others)) <= 1
            assert all(gaku % 1_000 == 0 for gaku in others)
            assert all(1_000 <= gaku <= 999_999 for gaku in (first, *others))
            assert not others or 0 <= first - others[0] < 1_000 * (len(others) + 1)


# --- golden lines ---


@pytest.mark.parametrize("family", sorted(CSV_FILES))
def test_golden_lines(family: str, tmp_path: Path) -> None:
    write_city(make_city(200, 1), tmp_path)
    first = next(rows(tmp_path, CSV_FILES[family]))
    layout = schemas.load_toml(f"layout/{family}_csv")
    own = [column["ja"] for column in layout["columns"]]
    assert list(first)[: len(own)] == own
    assert same_as_golden(f"{family}_csv", lines_of(layout["ja"], first))
