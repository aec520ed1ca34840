"""The parts of the harness: the choice of rows, the journal, the relay, the report."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.faults import rows_input, rows_soak
from bench.faults.load import Item, Journal, mark, shuffled
from bench.faults.means import Link
from bench.faults.report import BROKEN, HELD, Played, skipped, summary, text
from bench.faults.rows import ROWS, chosen
from bench.faults.town import make_town, mixed
from tests.connectors.source_files import sample_cipher


def test_memory_that_grows_after_it_was_warm_is_not_flat() -> None:
    assert rows_soak.is_flat([100, 400, 405, 430], 32)
    assert rows_soak.is_flat([50, 100, 110, 130], 32), "so few MiB say nothing"
    assert not rows_soak.is_flat([100, 400, 430, 445], 32)
    assert not rows_soak.is_flat([400, 400, 400], 32), "hardly looked at"


def test_rows_are_chosen_by_number_range_and_scene() -> None:
    assert {row.number for row in ROWS} == set(range(1, 19))
    assert [row.number for row in chosen("2,4-5")] == [2, 4, 5]
    assert [row.scene for row in chosen("8")] == ["store", "sinks", "broker"]
    assert [row.scene for row in chosen("network,13")] == ["network", "names"]
    with pytest.raises(ValueError, match="lunch"):
        chosen("1,lunch")


class _Answer:
    def name(self) -> str:
        return "_MSG_TIMED_OUT"

    def partition(self) -> int:
        return 2

    def offset(self) -> int:
        return 7


def test_only_what_was_acknowledged_is_accepted(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    one, other = Item("a", b"k", b"1"), Item("a", b"k", b"2")
    journal.send(one)(None, _Answer())
    journal.send(other)(_Answer(), None)
    journal.close()
    assert journal.acknowledged == {mark("a", b"1"): 1}
    assert journal.sent.total() == 2
    assert journal.failed == {"_MSG_TIMED_OUT": 1}
    assert (tmp_path / "journal").read_text() == f"a/2/7 {mark('a', b'1').hex()}\n"
    assert mark("a", None) != mark("a", b"")


def test_the_same_seed_gives_the_same_order() -> None:
    items = [Item("a", b"%d" % n, b"") for n in range(20)]
    assert shuffled(items, 1) == shuffled(items, 1)
    assert shuffled(items, 1) != shuffled(items, 2)
    assert sorted(shuffled(items, 1)) == sorted(items)


def test_acts_are_mixed_but_for_the_order_of_each_person() -> None:
    items = [Item("a", b"%d" % (n % 4), b"%d" % n) for n in range(40)]
    found = mixed(items, 1)
    assert found == mixed(items, 1) != items and sorted(found) == sorted(items)
    for key in {item.key for item in items}:
        assert [i for i in found if i.key == key] == [i for i in items if i.key == key]


def test_a_town_brings_its_acts_after_its_year_and_the_answers_last(tmp_path: Path) -> None:
    town = make_town(1_190, 2, tmp_path / "city", sample_cipher())
    of_acts = {"ido.tetsuzuki.v1": town.acts, "ido.chousa-kaitou.v1": town.answers}
    assert not of_acts.keys() & {item.topic for item in town.year.items}
    for topic, leg in of_acts.items():
        assert {item.topic for item in leg.items} == {topic} and len(leg.files) == 1
    expected, allowed = town.expected, town.allowed_acts()
    assert len(town.acts.items) + len(town.answers.items) == (
        sum(expected.acts.values()) + sum(expected.refused_acts.values())
    )
    assert len(town.acts.items) - len(allowed) == sum(expected.refused_acts.values()) > 0
    assert town.days.first < town.days.last < town.days.after_acts
    assert len(town.items) > 1_000


def test_an_act_told_again_comes_at_once_and_as_often_as_it_was_chosen() -> None:
    items = [Item("a", b"k", b"%d" % n) for n in range(5)]
    told = rows_input._twice(items, [items[1], items[3]])
    assert [item.value for item in told] == [b"0", b"1", b"1", b"2", b"3", b"3", b"4"]


@pytest.fixture
def echo() -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                end, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(end,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def _echo(end: socket.socket) -> None:
    with end:
        while data := end.recv(100):
            end.sendall(data)


def _ask(end: socket.socket) -> bytes:
    end.settimeout(0.5)
    try:
        end.sendall(b"there?")
        return end.recv(100)
    except TimeoutError:
        return b"silence"
    except OSError:
        return b""


def test_the_relay_passes_falls_silent_cuts_and_refuses(echo: int) -> None:
    with Link() as link:
        link.target = echo
        first = socket.create_connection(("127.0.0.1", link.port))
        assert _ask(first) == b"there?"
        link.silence()
        assert _ask(first) == b"silence"
        link.silence(False)
        assert first.recv(100) == b"there?"
        link.cut()
        assert _ask(first) == b""
        assert _ask(socket.create_connection(("127.0.0.1", link.port))) == b"there?"
        link.refuse()
        assert _ask(socket.create_connection(("127.0.0.1", link.port))) == b""
        link.refuse(False)
        assert _ask(socket.create_connection(("127.0.0.1", link.port))) == b"there?"


def _row(**over: Any) -> Played:
    base = skipped(1, "scene", "fault", 1, "")._replace(status=HELD, not_injected=(), events=10, wall_s=1.0)
    return base._replace(**over)


def test_the_report_adds_up_and_names_what_was_wrong() -> None:
    rows = [
        _row(kills={"after-fold": 3}, recoveries=[1.0, 2.0], fenced=1),
        _row(status=BROKEN, differing_yen=5, differing_accounts=1, wrong=("C3 yen",), kills={"random": 1}),
        skipped(9, "clock", "clocks", 1, "no library"),
    ]
    figures = summary(rows, machine={"broker": "b", "python": "3"}, seed=4)
    assert (figures["kills"], figures["fenced_owners"], figures["runs"]) == (4, 1, 3)
    assert figures["statuses"] == {"held": 1, "broken": 1, "not injected": 1}
    assert (figures["differing_yen"], figures["differing_accounts"]) == (5, 1)
    assert figures["recoveries"]["count"] == 2
    shown = "\n".join(text(figures))
    assert "WRONG: C3 yen" in shown
    assert "not injected: no library" in shown
