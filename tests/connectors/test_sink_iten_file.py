"""移転ファイル: every transfer on exactly one line, wherever killed and whoever takes files away."""

import csv
import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastavro import schemaless_writer

import schemas
from connectors.base import Terminal, Transient
from connectors.delivery import Record, topics_of
from connectors.iten_layout import as_list, contracts, layout, read_transfer
from connectors.sink_iten_file import MANIFEST, NAME, SPEC, ItenFile
from connectors.tables import newest
from schemas import registry
from schemas.codec import HEADER, MAGIC, NewerRelease, without_instants
from state.wire import encode
from tests.connectors import sink_topics
from tests.connectors.sink_topics import SECONDS, soon
from tests.connectors.synthetic_facts import letter
from tests.given import of_a_newer_release

ROOT = Path(__file__).parents[2]
CONTRACT = "zeimuka"
NUMBER = 600

# Ends itself with SIGKILL before the n-th thing it asks of the disk.
KILLED = """
import os, signal, sys
from pathlib import Path
bootstrap, topic, outbox, at = sys.argv[1:4] + [int(sys.argv[4])]
steps = 0
def counted(call):
    def counting(*given, **named):
        global steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)
    return counting
for name in ("fsync", "replace", "unlink", "open"):
    setattr(os, name, counted(getattr(os, name)))
from connectors.sink_iten_file import ItenFile
ItenFile(bootstrap, "zeimuka", Path(outbox), topic=topic, batch=400).drain(60)
"""


def _transfer(number: int, contract: str = CONTRACT) -> bytes:
    """A transfer in wire format; texts of full and half width, some with what CSV must quote."""
    name = newest(f"transfer/{contract}")
    made = {
        "string": f'用途"{number}",\n二行',
        "int": number,
        "long": number,
        "date": date(2026, 6, 1) + timedelta(days=number % 30),
        "timestamp-millis": 1_775_000_000_000 + number,
        "array": ["a", "b"],
    }
    value: dict[str, Any] = {}
    for field in schemas.load_avsc(name)["fields"]:
        is_optional = isinstance(field["type"], list)
        kind = field["type"][1] if is_optional else field["type"]
        word = kind if isinstance(kind, str) else kind.get("logicalType", kind["type"])
        value[field["name"]] = None if is_optional and number % 2 else made[word]
    value |= {"transfer_id": f"transfer-{number}", "contract": contract, "atena_bangou": f"{number:010d}"}
    body = io.BytesIO()
    schemaless_writer(body, without_instants(schemas.load_avsc(name)), value)
    return HEADER.pack(MAGIC, registry.id_of(name)) + body.getvalue()


@pytest.fixture
def topic(broker: str, topic_prefix: str) -> str:
    """A topic of three partitions with 600 transfers, and others that were taken back."""
    name = f"{topic_prefix}iten"
    sink_topics.make(broker, [name])
    sink_topics.send(broker, [(name, f"{n}", _transfer(n)) for n in range(NUMBER)])
    sink_topics.send(
        broker, [(name, f"{n}", _transfer(n)) for n in range(NUMBER, NUMBER + 50)], aborted=True
    )
    return name


def _drain(broker: str, topic: str, outbox: Path, **settings: Any) -> tuple[int, int]:
    sink = ItenFile(broker, CONTRACT, outbox, topic=topic, **settings)
    try:
        counts = sink.drain(SECONDS)
        assert sum(sink.lag().values()) == 0
        assert sink.status().lag == 0
    finally:
        sink.close()
    return counts.records, counts.problems


def _lines(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in sorted(folder.rglob("*.csv")):
        found += csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    return found


def _ids(folder: Path) -> Counter[str]:
    return Counter(line["移転識別子"] for line in _lines(folder))


ALL = Counter(f"transfer-{n}" for n in range(NUMBER))


def test_every_transfer_is_on_one_line(broker: str, topic: str, tmp_path: Path) -> None:
    assert _drain(broker, topic, tmp_path) == (NUMBER, 0)
    assert _ids(tmp_path) == ALL
    files = sorted(path.name for path in (tmp_path / CONTRACT).iterdir() if path.suffix == ".csv")
    assert all(re.fullmatch(r"zeimuka-p0000[0-2]-\d{15}-\d{15}\.csv", name) for name in files)
    assert {path.stem for path in tmp_path.rglob("*.txt")} == {name[:-4] for name in files}
    assert _drain(broker, topic, tmp_path) == (0, 0)
    sink_topics.send(broker, [(topic, "0", _transfer(NUMBER))])
    assert _drain(broker, topic, tmp_path) == (1, 0)
    assert _ids(tmp_path) == ALL + Counter([f"transfer-{NUMBER}"])


def test_csv_says_what_the_transfer_says(broker: str, topic: str, tmp_path: Path) -> None:
    _drain(broker, topic, tmp_path)
    fields = schemas.load_avsc(newest(f"transfer/{CONTRACT}"))["fields"]
    line = next(line for line in _lines(tmp_path) if line["移転識別子"] == "transfer-8")
    assert list(line) == [field["ja"] for field in fields]
    assert line["用途"] == '用途"8",\n二行'
    assert line["法令上の根拠"] == "a;b"
    assert (line["業務日付"], line["収納年月日"], line["未納金額"]) == ("2026-06-09", "2026-06-09", "8")
    assert line["記録時刻"] == "2026-04-01T08:33:20.008+09:00"
    odd = next(line for line in _lines(tmp_path) if line["移転識別子"] == "transfer-9")
    assert (odd["収納年月日"], odd["未納金額"]) == ("", "")
    raw = next(tmp_path.rglob("*.csv")).read_bytes()
    assert raw.startswith("移転識別子,".encode()) and b"\r\n" in raw


def test_killed_at_every_step_nothing_is_lost_or_doubled(broker: str, topic: str, tmp_path: Path) -> None:
    """Each run is killed one step later than the one before; meanwhile the receiver takes files away."""
    outbox, taken = tmp_path / "outbox", tmp_path / "taken"
    taken.mkdir()
    for at in range(1, 200):
        command = [sys.executable, "-c", KILLED, broker, topic, str(outbox), str(at)]
        ended = subprocess.run(command, cwd=ROOT, timeout=SECONDS, check=False).returncode
        for path in [*outbox.rglob("*.csv"), *outbox.rglob("*.txt")] if at % 3 else []:
            assert not (taken / path.name).exists(), "a file comes once"
            path.rename(taken / path.name)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    assert ended == 0 and at > 15
    assert _ids(tmp_path) == ALL
    assert sum(_printed(path.read_text()) for path in tmp_path.rglob("*.txt")) == NUMBER
    assert not list(tmp_path.rglob("*.part"))


def _printed(text: str) -> int:
    return int(re.findall(r"^(\d+)件$", text, re.MULTILINE)[0])


def test_the_same_name_means_the_same_bytes(broker: str, topic: str, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    _drain(broker, topic, one, batch=10_000)
    _drain(broker, topic, other, batch=70)
    assert _ids(one) == _ids(other) == ALL
    names = {path.name: path.read_bytes() for path in one.rglob("zeimuka-*")}
    common = [path for path in other.rglob("zeimuka-*") if path.name in names]
    assert all(path.read_bytes() == names[path.name] for path in common)
    for partition in range(sink_topics.PARTITIONS):
        name = f"*-p{partition:05d}-*.csv"
        assert [
            line["移転識別子"]
            for path in sorted(one.rglob(name))
            for line in csv.DictReader(path.open(newline=""))
        ] == [
            line["移転識別子"]
            for path in sorted(other.rglob(name))
            for line in csv.DictReader(path.open(newline=""))
        ]


def test_poison_is_told_beside_and_passed(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    name = f"{topic_prefix}poison"
    sink_topics.make(broker, [name])
    whole = _transfer(1)
    values = [
        b"",
        None,
        b"\0\0\0\0\1x",
        encode(letter(1)),
        _transfer(2, "hokennenkinka_zei"),
        whole[:-2],
        whole + b"x",
        whole,
    ]
    sink_topics.send(broker, [(name, "k", value) for value in values])
    assert _drain(broker, name, tmp_path) == (8, 7)
    assert _ids(tmp_path) == Counter(["transfer-1"])
    told = list(csv.reader(next(tmp_path.rglob("*.problem")).open(newline="")))
    assert [row[3] for row in told[1:]] == ["R-201", "R-201", "R-202", "R-202", "R-202", "R-201", "R-201"]
    again = ItenFile(broker, CONTRACT, tmp_path, topic=name)
    assert again.status().problems == 7


def test_a_newer_release_stops_the_sink(broker: str, topic_prefix: str, tmp_path: Path) -> None:
    name = f"{topic_prefix}newer"
    sink_topics.make(broker, [name])
    sink_topics.send(broker, [(name, "k", of_a_newer_release(_transfer(1)))])
    with pytest.raises(NewerRelease, match="newer release"):
        _drain(broker, name, tmp_path)
    assert not list(tmp_path.rglob("*.problem")) and not _ids(tmp_path)


def test_channels_are_a_choice_within_the_contract(broker: str, topic: str, tmp_path: Path) -> None:
    _drain(broker, topic, tmp_path / "paper", channels=["kami"])
    _drain(broker, topic, tmp_path / "machine", channels=["chounai_renkei_system"])
    assert {path.suffix for path in tmp_path.rglob("paper/*/zeimuka-*")} == {".txt"}
    assert {path.suffix for path in tmp_path.rglob("machine/*/zeimuka-*")} == {".csv"}
    with pytest.raises(Terminal, match="expected channels among"):
        ItenFile(broker, CONTRACT, tmp_path, channels=["fax"])
    with pytest.raises(Terminal, match="expected one of the contracts"):
        ItenFile(broker, "nobody", tmp_path)


def test_files_without_their_manifest_stop_it(broker: str, topic: str, tmp_path: Path) -> None:
    _drain(broker, topic, tmp_path)
    (tmp_path / CONTRACT / MANIFEST).unlink()
    with pytest.raises(Terminal, match="restore it"):
        _drain(broker, topic, tmp_path)


def test_another_topic_of_the_same_name_stops_it(broker: str, topic: str, tmp_path: Path) -> None:
    _drain(broker, topic, tmp_path)
    manifest = tmp_path / CONTRACT / MANIFEST
    content = json.loads(manifest.read_text())
    content["identity"][f"topic_id/{topic}"] = "another"
    manifest.write_text(json.dumps(content))
    with pytest.raises(Terminal, match="made anew"):
        _drain(broker, topic, tmp_path)


def test_a_second_writer_waits_for_the_first(broker: str, topic: str, tmp_path: Path) -> None:
    first = ItenFile(broker, CONTRACT, tmp_path, topic=topic)
    first.drain(SECONDS)
    second = ItenFile(broker, CONTRACT, tmp_path, topic=topic)
    with pytest.raises(Transient, match="another process writes here"):
        second.drain(0.5)
    first.close()
    assert second.drain(SECONDS).records == 0
    second.close()


def test_a_full_disk_is_waited_for(
    broker: str, topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, stop, is_full = ItenFile(broker, CONTRACT, tmp_path, topic=topic), threading.Event(), True
    fsync = os.fsync

    def full(handle: int) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    thread = threading.Thread(target=sink.run, args=(stop,))
    thread.start()
    soon(lambda: "No space left" in sink.loop.waiting, "it says that it waits")
    assert not _lines(tmp_path)
    is_full = False
    soon(lambda: sink.status().lag == 0, "it goes on")
    stop.set()
    thread.join(SECONDS)
    assert _ids(tmp_path) == ALL


def test_the_printed_list_has_forty_lines_a_page_and_totals() -> None:
    form = layout(CONTRACT)
    rows = [read_transfer(Record("t", 0, n, _transfer(n)), form) for n in range(1, 96)]
    assert all(isinstance(row, dict) for row in rows)
    text = as_list(form, [row for row in rows if isinstance(row, dict)], "zeimuka-p00000").decode()
    pages = text.split("\f")
    numbers = [re.findall(r"^ *(\d+)  \d{10}  ", page, re.MULTILINE) for page in pages]
    assert [len(page) for page in numbers] == [40, 40, 15]
    assert [int(n) for page in numbers for n in page] == list(range(1, 96))
    assert all("税務課" in page and f"{n}/3頁" in page for n, page in enumerate(pages, 1))
    assert all(field["ja"] in page for field in form.items for page in pages)
    assert text.endswith("95件\n")
    foot = text.splitlines()[-2]
    assert foot.split() == ["計", *["2,256"] * 3], (
        "調定・収納・未納: the even ones from 2 to 94, the others null"
    )


def test_no_contract_has_a_column_for_kojin_bangou() -> None:
    assert len(contracts()) == 3
    for contract in contracts():
        form = layout(contract)
        assert [field["name"] for field in form.items] == sorted(
            form.contract["fields"], key=[field["name"] for field in form.fields].index
        )
        assert "kojin_bangou" not in {field["name"] for field in form.fields}
        assert f"transfer/{contract}" in {base for bases in topics_of(NAME).values() for base in bases}
    assert SPEC.topics == tuple(topics_of(NAME))
