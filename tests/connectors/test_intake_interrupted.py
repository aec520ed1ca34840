"""受付の中断: a file that is broken off anywhere goes on where it was, with nothing lost or doubled."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Transient
from connectors.ids import file_digest
from connectors.intake import TAKEN
from connectors.journal import POSITIONS, read_positions
from connectors.source_atena_csv import AtenaReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from tests.connectors.inbox import (
    ATENA_TOPIC,
    BANK,
    CIPHER,
    Breaking,
    Interrupted,
    Place,
    atena_rows,
    bank_records,
    expected_ids,
    make_place,
    raise_interrupted,
)
from tests.connectors.source_files import (
    RECEIVED_AT,
    bank_file,
    csv_file,
    debit,
    replaced,
)


@pytest.fixture
def place(broker: str, topic_prefix: str, tmp_path: Path) -> Place:
    return make_place(broker, topic_prefix, tmp_path)


@pytest.mark.parametrize("line", [2, 11, 12, 13, 57])
def test_an_interrupted_file_continues_at_its_position(place: Place, line: int) -> None:
    bad = replaced(debit(), "ﾉｳ".encode("cp932"), b"\x81\x40")
    raw = bank_file([*bank_records(30), bad, *bank_records(25)])
    name = "kouza_furikae_0001_20260630.dat"
    place.put(name, raw)
    broken = place.intake([Breaking(KouzaFurikaeReader(), line, raise_interrupted)], transaction_lines=10)
    with pytest.raises(Interrupted):
        broken.scan_once()
    assert place.files() == [f"inbox/{TAKEN}/{name}"]
    os.utime(
        place.inbox / TAKEN / name
    )  # the time of receipt is that of the first start, whatever happens to the file

    (result,) = place.intake(transaction_lines=10).scan_once()
    assert (result.events, result.refused, result.state) == (55, {"R-101": 1}, "done")
    got = place.committed(BANK)
    assert sorted(event.event_id for event in got) == expected_ids(KouzaFurikaeReader(), raw, name)
    assert len(place.letters()) == 1
    if line > 12:
        assert {event.recorded_at for event in got} == {RECEIVED_AT}
    assert place.files() == [f"archive/{result.digest}.sealed"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.connectors.inbox import Breaking, Place
from connectors import intake
from connectors.source_atena_csv import AtenaReader
from tests.connectors.source_files import sample_cipher

broker, prefix, root, where = sys.argv[1:]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
reader = AtenaReader(sample_cipher())
if where.isdigit():
    reader = Breaking(reader, int(where), die)
elif where == "sealing":
    intake.seal_file = die
else:
    intake.sync_folder = die
Place(broker, prefix, Path(root)).intake([reader], transaction_lines=100).scan_once()
"""


@pytest.mark.timeout(120)
def test_killed_again_and_again_no_event_is_lost_or_doubled(place: Place) -> None:
    raw = csv_file("atena_csv", atena_rows(1000))
    name = "atena_20260703_001.csv"
    place.put(name, raw)
    for where in ("2", "151", "730", "sealing", "unlinked"):
        command = [sys.executable, "-c", KILLED, place.broker, place.prefix, str(place.root), where]
        died = subprocess.run(command, cwd=Path(__file__).parents[2], timeout=60, check=False)
        assert died.returncode == -signal.SIGKILL
    assert place.intake().scan_once() == []

    counts = Counter(event.event_id for event in place.committed(ATENA_TOPIC))
    assert sorted(counts) == expected_ids(AtenaReader(CIPHER), raw, name)
    assert set(counts.values()) == {1}
    assert place.letters() == []
    assert place.files() == [f"archive/{file_digest(raw)}.sealed"]


def test_killed_while_a_file_is_held_its_letter_is_not_written_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Path:
        raise Interrupted

    place.put("kouza_furikae_0001_20260630.dat", bank_file(bank_records(3), goukei_kensuu="1"))
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr("connectors.intake.seal_file", fail)
        place.intake().scan_once()
    (result,) = place.intake().scan_once()
    assert (result.state, result.refused) == ("held", {"R-104": 1})
    assert len(place.letters()) == 1
    assert place.files() == [f"held/{result.digest}.sealed"]


def test_a_disk_that_is_full_stops_the_file_after_its_commit_and_mends_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    place.put("atena_1.csv", csv_file("atena_csv", atena_rows(5)))
    intake = place.intake()
    with monkeypatch.context() as patch, pytest.raises(Transient, match="No space left"):
        patch.setattr("connectors.intake.seal_file", full)
        intake.scan_once()
    (result,) = intake.scan_once()
    assert (result.state, result.events) == ("done", 5)
    assert len(place.committed(ATENA_TOPIC)) == 5


@pytest.mark.parametrize("point", ["before-source-commit", "after-source-commit"])
def test_small_files_of_one_scan_are_committed_together_and_put_away_after_it(
    place: Place, point: str
) -> None:
    raws = {f"atena_{n}.csv": csv_file("atena_csv", atena_rows(n)) for n in (1, 2, 3)}
    for name, raw in raws.items():
        place.put(name, raw)
    passed: list[str] = []

    def break_off(at: str) -> None:
        passed.append(at)
        if at == point:
            raise Interrupted

    with pytest.raises(Interrupted):
        place.intake(at_point=break_off).scan_once()
    assert passed.count("before-source-commit") == 1
    assert place.files() == [f"inbox/{TAKEN}/{name}" for name in raws]

    again: list[str] = []
    results = place.intake(at_point=again.append).scan_once()
    assert [(result.name, result.events, result.state) for result in results] == [
        (name, n, "done") for n, name in enumerate(raws, 1)
    ]
    is_committed = point == "after-source-commit"
    assert again.count("before-source-commit") == (0 if is_committed else 1)
    got = sorted(event.event_id for event in place.committed(ATENA_TOPIC))
    reader = AtenaReader(CIPHER)
    assert got == sorted(one for name, raw in raws.items() for one in expected_ids(reader, raw, name))
    assert place.files() == sorted(f"archive/{file_digest(raw)}.sealed" for raw in raws.values())


def test_a_file_that_breaks_does_not_keep_those_before_it_from_being_committed(place: Place) -> None:
    raws = {f"atena_{n}.csv": csv_file("atena_csv", atena_rows(n)) for n in (1, 2, 5)}
    for name, raw in raws.items():
        place.put(name, raw)
    broken = place.intake([Breaking(AtenaReader(CIPHER), 5, raise_interrupted)])
    for _ in range(2):  # the same again at the next start
        with pytest.raises(Interrupted):
            broken.scan_once()
        assert len(place.committed(ATENA_TOPIC)) == 3, "nothing of the broken file, of the others all"
        whole = [f"archive/{file_digest(raws[f'atena_{n}.csv'])}.sealed" for n in (1, 2)]
        assert place.files() == [*sorted(whole), f"inbox/{TAKEN}/atena_5.csv"]


def test_files_that_keep_much_memory_are_not_committed_together(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.intake.TRANSACTION_BYTES", 1_000)
    for n in range(3):
        place.put(f"strange_{n}.bin", bytes(2_000 + n))
    passed: list[str] = []
    assert len(place.intake(at_point=passed.append).scan_once()) == 3
    assert passed.count("before-source-commit") == 3


def test_the_position_says_how_far_a_file_was_committed(place: Place) -> None:
    raw = bank_file(bank_records(25))
    place.put("kouza_furikae_0001_20260630.dat", raw)
    broken = place.intake([Breaking(KouzaFurikaeReader(), 23, raise_interrupted)], transaction_lines=10)
    with pytest.raises(Interrupted):
        broken.scan_once()
    positions = read_positions({"bootstrap.servers": place.broker}, place.prefix + POSITIONS)
    (position,) = [json.loads(value) for value in positions.values()]
    assert list(positions) == [f"source_kouza_furikae/{file_digest(raw)}"]
    assert (position["line"], position["events"], position["state"]) == (21, 20, "going")
    assert position["received_at"] == RECEIVED_AT
