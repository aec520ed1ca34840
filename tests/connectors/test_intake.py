"""受付: files to Kafka and to the archive on a real broker; repeated, refused, and never in clear."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import open_archive
from connectors.base import FileFacts, Terminal, Transient
from connectors.ids import file_digest
from connectors.intake import LETTER_ORIGINAL_BYTES, LETTERS, TAKEN, FileResult
from connectors.journal import POSITIONS, Journal
from connectors.source_kouza_furikae import KouzaFurikaeReader
from state.wire import decode
from tests.connectors.inbox import (
    ATENA_TOPIC,
    BANK,
    CHOUTEI_TOPIC,
    CIPHER,
    Place,
    atena_rows,
    bank_records,
    committed,
    make_place,
)
from tests.connectors.source_files import (
    CHOUTEI,
    RECEIVED_AT,
    bank_file,
    csv_file,
    debit,
    replaced,
)


@pytest.fixture
def place(broker: str, topic_prefix: str, tmp_path: Path) -> Place:
    return make_place(broker, topic_prefix, tmp_path)


def test_a_file_becomes_events_and_a_sealed_original(place: Place) -> None:
    raw = csv_file("atena_csv", atena_rows(25))
    place.put("atena_20260703_001.csv", raw)
    seen: list[FileResult] = []
    (result,) = place.intake(transaction_lines=10).scan_once(seen.append)

    digest = file_digest(raw)
    assert result == FileResult("atena_20260703_001.csv", "source_atena_csv", digest, 25, {}, "done")
    assert [(step.events, step.state) for step in seen] == [(10, "going"), (20, "going"), (25, "done")]
    events = place.committed(ATENA_TOPIC)
    assert sorted(event.atena_bangou for event in events) == [f"{n:010d}" for n in range(1, 26)]
    assert {event.recorded_at for event in events} == {RECEIVED_AT}
    assert place.files() == [f"archive/{digest}.sealed"]
    assert open_archive(place.root / "archive" / f"{digest}.sealed", CIPHER) == raw


def test_lines_of_one_key_keep_their_order(place: Place) -> None:
    rows = [{**CHOUTEI, "履歴番号": str(n)} for n in range(1, 400)]
    place.put("choutei_zeimu_20260703_001.csv", csv_file("choutei_csv", rows))
    place.intake(transaction_lines=7).scan_once()
    values = committed(place.broker, place.prefix + CHOUTEI_TOPIC)
    assert [decode(value).rireki_bangou for value in values] == list(range(1, 400))


def test_nothing_on_disk_or_in_a_topic_holds_a_number_in_clear(place: Place) -> None:
    rows = atena_rows(30)
    rows[7]["個人番号"] = rows[7]["個人番号"][:-1] + "x"
    numbers = [row[name].encode() for row in rows for name in ("個人番号", "口座番号")]
    place.put("atena_20260703_001.csv", csv_file("atena_csv", rows))
    place.put("kouza_furikae_0001_20260630.dat", bank_file(bank_records(3), goukei_kensuu="99"))
    place.put("people.csv", csv_file("atena_csv", rows))
    results = place.intake().scan_once()
    assert [result.state for result in results] == ["done", "held", "unknown"]

    written = [(place.root / name).read_bytes() for name in place.files()]
    topics = (ATENA_TOPIC, BANK, LETTERS, POSITIONS)
    sent = [value for topic in topics for value in committed(place.broker, place.prefix + topic)]
    assert len(written) == 3 and len(sent) == 29 + 3 + 3
    for data in (*written, *sent):
        assert not [number for number in numbers if number in data]


def test_a_bad_line_becomes_a_letter_with_its_sealed_original(place: Place) -> None:
    bad = replaced(debit(), "ﾉｳ".encode("cp932"), b"\x81\x40")
    raw = bank_file([*bank_records(2), bad, *bank_records(2)])
    place.put("kouza_furikae_0001_20260630.dat", raw)
    (result,) = place.intake().scan_once()

    assert (result.events, result.refused) == (4, {"R-101": 1})
    (letter,) = place.letters()
    assert (letter.reason, letter.origin) == ("R-101", "kouza_furikae_0001_20260630.dat:4")
    assert (letter.source, letter.recorded_at, letter.original_key) == ("金融機関", RECEIVED_AT, None)
    assert CIPHER.open(letter.original, f"letter/{letter.letter_id}") == bad


def test_a_file_that_does_not_add_up_is_held_as_a_whole(place: Place) -> None:
    raw = bank_file(bank_records(3), furikaezumi_kingaku="1")
    place.put("kouza_furikae_0001_20260630.dat", raw)
    (result,) = place.intake().scan_once()

    assert (result.state, result.events, result.refused) == ("held", 0, {"R-104": 1})
    assert place.committed(BANK) == []
    (letter,) = place.letters()
    assert letter.origin == "kouza_furikae_0001_20260630.dat:5"
    assert CIPHER.open(letter.original, f"letter/{letter.letter_id}") == raw
    assert place.files() == [f"held/{result.digest}.sealed"]
    assert open_archive(place.root / "held" / f"{result.digest}.sealed", CIPHER) == raw


def test_of_a_large_file_the_letter_holds_the_line_in_question(place: Place) -> None:
    records = bank_records(LETTER_ORIGINAL_BYTES // 120)
    raw = bank_file(records, goukei_kensuu="1")
    place.put("kouza_furikae_0001_20260630.dat", raw)
    place.intake().scan_once()
    (letter,) = place.letters()
    trailer = raw.split(b"\r\n")[-3]
    assert CIPHER.open(letter.original, f"letter/{letter.letter_id}") == trailer + b"\r"


def test_a_held_file_is_taken_when_it_comes_again_and_is_now_right(place: Place) -> None:
    class Stricter(KouzaFurikaeReader):
        def check(self, raw: bytes, facts: FileFacts) -> Any:
            return super().check(bank_file([], goukei_kensuu="1"), facts)

    raw = bank_file(bank_records(3))
    place.put("kouza_furikae_0001_20260630.dat", raw)
    place.intake([Stricter()]).scan_once()
    place.put("kouza_furikae_0001_20260630.dat", raw, RECEIVED_AT + 1)
    (result,) = place.intake().scan_once()
    assert (result.state, result.events) == ("done", 3)
    assert {event.recorded_at for event in place.committed(BANK)} == {RECEIVED_AT + 1}


def test_a_file_sent_again_is_reported_once_and_changes_nothing(place: Place) -> None:
    raw = bank_file(bank_records(3))
    place.put("kouza_furikae_0001_20260630.dat", raw)
    intake = place.intake()
    intake.scan_once()
    before = place.committed(BANK)
    place.put("kouza_furikae_0001_20260630_2.dat", raw, RECEIVED_AT + 5)
    (again,) = intake.scan_once()

    assert (again.state, again.events, again.refused) == ("resent", 0, {"R-107": 1})
    assert place.committed(BANK) == before
    (letter,) = place.letters()
    assert (letter.reason, letter.origin) == ("R-107", "kouza_furikae_0001_20260630_2.dat:0")
    assert "3" in letter.found
    assert letter.recorded_at == RECEIVED_AT + 5
    assert place.files() == [f"archive/{again.digest}.sealed"]
    assert intake.scan_once() == []


def test_two_copies_in_one_scan_are_a_file_and_its_repetition(place: Place) -> None:
    raw = bank_file(bank_records(3))
    place.put("kouza_furikae_0001_20260630_1.dat", raw)
    place.put("kouza_furikae_0001_20260630_2.dat", raw)
    assert [result.state for result in place.intake().scan_once()] == ["done", "resent"]
    assert len(place.committed(BANK)) == 3


def test_a_name_of_no_form_is_held_and_not_shown(place: Place) -> None:
    raw = "名簿".encode()
    place.put("納税太郎.csv", raw)
    (result,) = place.intake().scan_once()
    assert (result.state, result.connector, result.refused) == ("unknown", "unknown", {"R-108": 1})
    (letter,) = place.letters()
    assert "納税太郎" not in f"{result} {letter}"
    assert CIPHER.open(letter.original_key, f"letter/{letter.letter_id}").decode() == "納税太郎.csv"
    assert open_archive(place.root / "held" / f"{result.digest}.sealed", CIPHER) == raw


def test_unfinished_files_and_folders_are_left_alone(place: Place) -> None:
    raw = csv_file("atena_csv", atena_rows(1))
    place.put("atena_1.csv.tmp", raw)
    place.put(".atena_1.csv", raw)
    (place.inbox / "atena_2.csv").mkdir()
    (place.inbox / "atena_3.csv").symlink_to(place.inbox / "atena_1.csv.tmp")
    assert place.intake().scan_once() == []
    assert place.files() == ["inbox/.atena_1.csv", "inbox/atena_1.csv.tmp", "inbox/atena_3.csv"]


def test_a_file_that_still_grows_is_left_until_it_rests(place: Place) -> None:
    intake = place.intake(settle_seconds=0.3)
    intake.scan_once()
    lines = csv_file("atena_csv", atena_rows(500)).splitlines(keepends=True)
    path = place.put("atena_1.csv", lines[0], time.time_ns() // 1_000_000)
    at_once = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for line in lines[1:]:
                file.write(line)
                at_once.wait(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    first = intake.scan_once()
    at_once.set()
    writer.join()
    assert first == []
    (result,) = intake.scan_once()
    assert (result.events, result.refused) == (500, {})


def test_a_second_intake_of_the_same_id_fences_the_first(place: Place) -> None:
    first, second = place.intake(), place.intake()
    first.scan_once()
    second.scan_once()
    place.put("atena_1.csv", csv_file("atena_csv", atena_rows(5)))
    for _ in range(2):  # and it does not fence the second in its turn
        with pytest.raises(Terminal, match="expected to be the only one"):
            first.scan_once()
    (result,) = second.scan_once()
    assert (result.state, result.events) == ("done", 5)
    assert len(place.committed(ATENA_TOPIC)) == 5


def test_run_goes_on_until_it_is_told_to_stop(place: Place) -> None:
    stop, seen = threading.Event(), list[FileResult]()
    intake = place.intake()
    thread = threading.Thread(target=intake.run, args=(stop, 0.05, seen.append))
    thread.start()
    for number in (1, 2):
        place.put(f"atena_{number}.csv", csv_file("atena_csv", atena_rows(number)))
        deadline = time.monotonic() + 30
        while len(seen) < number and time.monotonic() < deadline:
            time.sleep(0.02)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert [step.events for step in seen] == [1, 2]


def test_told_to_stop_in_the_middle_of_a_file_it_stops_there_and_goes_on_at_the_next_start(
    place: Place,
) -> None:
    stop, seen = threading.Event(), list[FileResult]()

    def progress(result: FileResult) -> None:
        seen.append(result)
        stop.set()

    for number in (1, 2):
        place.put(f"atena_{number}.csv", csv_file("atena_csv", atena_rows(30 + number)))
    place.intake(transaction_lines=10).run(stop, 0.05, progress)
    assert [(step.name, step.events, step.state) for step in seen] == [("atena_1.csv", 10, "going")]
    assert place.files() == [f"inbox/{TAKEN}/atena_1.csv", "inbox/atena_2.csv"]
    assert [result.events for result in place.intake().scan_once()] == [31, 32]
    assert len(place.committed(ATENA_TOPIC)) == 31 + 32


def test_transient_errors_are_waited_out(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, seen, failures = (
        threading.Event(),
        list[FileResult](),
        iter([Transient("down"), Transient("down")]),
    )
    opened = Journal.open

    def open_journal(journal: Journal, topics: list[str]) -> None:
        for failure in failures:
            raise failure
        opened(journal, topics)

    def progress(result: FileResult) -> None:
        seen.append(result)
        stop.set()

    monkeypatch.setattr(Journal, "open", open_journal)
    place.put("atena_1.csv", csv_file("atena_csv", atena_rows(2)))
    place.intake().run(stop, 0.01, progress)
    assert [result.state for result in seen] == ["done"]
    assert [record.message for record in caplog.records] == ["intake waits: down"] * 2


def test_a_file_that_cannot_be_read_is_reported_and_the_others_go_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path.name == "atena_1.csv":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    for name in ("atena_1.csv", "atena_2.csv"):
        place.put(name, csv_file("atena_csv", atena_rows(2)))
    assert [result.state for result in place.intake().scan_once()] == ["unreadable", "done"]
    assert "inbox/atena_1.csv" in place.files()
