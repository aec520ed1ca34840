"""The short form of `python -m bench.faults`: some rows of the matrix for some seconds each, on the real
broker."""

from __future__ import annotations

import pytest

from bench.faults.load import Item
from bench.faults.playing import play
from bench.faults.report import BROKEN, HELD
from bench.faults.rows import ROWS, Row
from bench.faults.world import Site, World
from state import wire

SHORT = ("workers", "rolling", "duplicates", "order", "poison", "state", "operator")


@pytest.mark.parametrize("row", [row for row in ROWS if row.scene in SHORT], ids=lambda row: row.name)
def test_a_row_of_the_matrix_holds(place: Site, row: Row) -> None:
    result = play(row, place)
    assert (result.wrong, [c for c in result.claims if not c["holds"]]) == ([], [])
    assert set(result.measures.values()) == {"pass"}
    assert result.status == HELD
    assert result.events > 0
    if row.scene == "workers":
        assert sum(result.kills.values()) >= 3


def test_what_is_lost_on_the_way_would_be_found(place: Site) -> None:
    """A payment and an act that were acknowledged and are on no topic: city and journal both miss them."""

    def lose(world: World) -> None:
        def without(lost: Item, items: list[Item]) -> list[Item]:
            world.journal.send(lost)(None, _Placed())
            return [item for item in items if item is not lost]

        def without_the_last(items: list[Item]) -> list[Item]:
            return without([item for item in items if item.topic == "ido.shuunou-ginkou.v1"][-1], items)

        def without_a_payment_of_kanpu(items: list[Item]) -> list[Item]:
            paid = [item for item in items if wire.decode(item.value or b"").kind == "KanpuPaid"]
            return without(paid[-1], items)

        world.begin(arrange=without_the_last, sinks=False)
        world.act(without_a_payment_of_kanpu, share=0.0)

    result = play(Row(0, "planted", "a payment and an act are lost", lose), place)
    assert result.status == BROKEN
    assert any(wrong.startswith("the journal: 2 acknowledged") for wrong in result.wrong)
    for missed in ("minou_gaku", "KanpuPaid"):
        assert any(wrong.startswith(f"the city: {missed} expected") for wrong in result.wrong)


class _Placed:
    """Where the message is said to be."""

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 0
