"""監査: one audit of a running hub from beginning to end; and C7, whether it keeps up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Message

from connectors.auditor import balance, flow, giving, projection, replay
from connectors.auditor.book import Book
from connectors.auditor.cut import (
    ASSIGNED,
    ATENA,
    FACT,
    INPUT,
    KAITOU,
    KIROKU,
    LEDGER_TABLE,
    LETTER,
    PROVISION,
    SEIRI_FACT,
    SHOUKEI,
    TETSUZUKI,
    UNMATCHED,
    Broker,
    Cut,
    Tell,
    sources,
    take,
)
from connectors.auditor.events import Events
from connectors.auditor.items import Projections
from connectors.auditor.ledger import LedgerSide
from connectors.auditor.projection import Projected
from connectors.auditor.reading import read
from connectors.auditor.report import Difference, Finding, Measure, Report
from connectors.auditor.transfers import Transfers

WAIT_S = 30.0
STEPS = 7
_KEPT = "(SELECT * FROM kept WHERE topic = ?1)"
_ACTS = "(SELECT * FROM tetsuzuki WHERE topic = ?1)"
_WHERE = {INPUT: "input", "ido.atena.v1": _KEPT, "ido.kiroku.v1": _KEPT, "ido.kijunbi.v1": "kijunbi"}
_WHERE |= {TETSUZUKI: _ACTS, KAITOU: _ACTS}
"""Where the book has the records of the ledger's sources."""


class Hub(NamedTuple):
    """監査する相手: where it is, and how patient to be with it.

    `client` are librdkafka's settings of security; `database_url` the projection's, None to leave it out;
    `wait_s`
    how long the stages may take to work off what was there when the audit began, and the projection after
    them;
    `paused` contracts that are or were paused; `folder` where the temporary file goes.
    """

    bootstrap: str
    application: str
    database_url: str | None
    client: Mapping[str, Any] = {}
    wait_s: float = WAIT_S
    paused: tuple[str, ...] = ()
    folder: Path | None = None


def verify(hub: Hub, tell: Tell = lambda what, done, total: None) -> Report:
    """監査する: C1–C7 of a hub, without stopping it.

    Raises KafkaException and Transient when the broker does not answer, Terminal when topics are missing or
    cut.
    """
    broker = Broker(hub.bootstrap, hub.client)
    try:
        return _audited(hub, broker, tell)
    finally:
        broker.close()


def _audited(hub: Hub, broker: Broker, tell: Tell) -> Report:
    began = time.monotonic()
    projections = Projections()
    cut = take(broker, hub.application, hub.wait_s, tell)
    with Book(len(projections.contracts), hub.folder) as book:
        side, transfers = LedgerSide(book, cut, projections), Transfers(book, projections)
        events = Events(book, cut)
        takers = _takers(side, transfers, events)
        messages = read(broker, cut.ends, takers, "reading what stages wrote", tell)
        projected = _projected(book, cut, hub, tell)
        takers = dict.fromkeys(sources(), events.take)
        messages += read(broker, broker.ends(sources()), takers, "reading the change events", tell)
        waited = cut.waited_s + (projected.waited_s if projected else 0.0)
        read_s = time.monotonic() - began - waited
        report = _judge(book, cut, projections, projected, hub, side, transfers, tell)
    seconds = time.monotonic() - began
    return report._replace(
        messages=messages, events=events.count, waited_s=waited, read_s=read_s, seconds=seconds
    )


def _takers(
    side: LedgerSide, transfers: Transfers, events: Events
) -> dict[str, Callable[[Sequence[Message]], None]]:
    return {
        INPUT: side.take_input,
        ASSIGNED: events.take_moved,
        UNMATCHED: side.take_notices,
        FACT: side.take_facts,
        SEIRI_FACT: side.take_seiri,
        SHOUKEI: events.take,
        ATENA: side.take_kept,
        KIROKU: side.take_kept,
        LETTER: side.take_letters,
        LEDGER_TABLE: side.take_table,
        PROVISION: transfers.take_provisions,
        **dict.fromkeys(transfers.topics, transfers.take),
    }


def _projected(book: Book, cut: Cut, hub: Hub, tell: Tell) -> Projected | None:
    if hub.database_url is None:
        return None
    return projection.take(book, cut, hub.database_url, time.monotonic() + hub.wait_s, tell)


def _judge(
    book: Book,
    cut: Cut,
    projections: Projections,
    projected: Projected | None,
    hub: Hub,
    side: LedgerSide,
    transfers: Transfers,
    tell: Tell,
) -> Report:
    def step(number: int) -> None:
        tell("comparing", number, STEPS)

    step(0)
    side.spread_table()
    replay.prepare(book)
    step(2)
    lost = flow.nothing_lost(book, cut)
    step(3)
    doubled = flow.nothing_doubled(book, cut)
    step(4)
    conserved, groups, total = balance.yen_conserved(book, cut, projected)
    step(5)
    replayed = balance.state_is_replay(book, cut)
    failures = flow.failures_accounted(book)
    step(6)
    given = giving.transfers_given(book, cut, projections, hub.paused, transfers.chains)
    alive = keeps_up(book, cut, projected, side.positions)
    step(STEPS)
    measures = (lost, doubled, conserved, replayed, failures, given, alive)
    return Report(measures, groups, total, 0, 0, 0.0, 0.0, 0.0)


def keeps_up(
    book: Book, cut: Cut, projected: Projected | None, positions: Mapping[tuple[str, int], int]
) -> Measure:
    """C7 追いつき: what stages and the projection are behind; a position that is shown must be true."""
    figures = {f"{lag.stage} behind": lag.behind for lag in cut.lags}
    notes = [f"{lag.stage} did not come to the cut in time" for lag in cut.lags if not lag.arrived]
    arrived = all(lag.arrived for lag in cut.lags)
    if projected is not None:
        figures["projection behind"] = projected.behind
        arrived = arrived and (projected.arrived or bool(projected.trouble))
        if not projected.arrived:
            notes.append(projected.trouble or "the projection did not come to the cut in time")
    status, found = flow.judged([_beyond(cut), _shown_too_far(book, cut, positions)], arrived)
    return Measure("C7", "追いつき", "keeps up", status, figures, found, tuple(notes))


def _beyond(cut: Cut) -> Finding:
    found = [
        Difference(f"{topic}/{part}", f"{lag.stage} at the end or before", "beyond the end")
        for lag in cut.lags
        for topic, part in lag.shown_beyond
    ]
    return Finding("positions beyond the end of their topic", len(found), tuple(found))


def _shown_too_far(book: Book, cut: Cut, positions: Mapping[tuple[str, int], int]) -> Finding:
    """The ledger's own position is a row of its table; what its group shows must not skip a record beyond
    it."""
    found = []
    for (topic, part), shown in cut.applied.items():
        own = positions.get((topic, part), 0)
        if topic in _WHERE and own < shown:
            asked = f"SELECT COUNT(*), ?1 FROM {_WHERE[topic]} WHERE part = ?2 AND at >= ?3 AND at < ?4"
            skipped = book.number(asked, replay.numbers()[topic], part, own, shown)
            if skipped:
                expected = f"position {own}, as the ledger's table has it"
                found.append(Difference(f"{topic}/{part}", expected, f"{shown}, over {skipped} records"))
    return Finding("positions shown that the ledger's table does not have", len(found), tuple(found))
