"""移転の測定: C6 each receiver was given what its contract demands, once, with a record of it, and nothing
else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.auditor.book import Book, iso, text
from connectors.auditor.cut import FACT, PROVISION, Cut
from connectors.auditor.flow import judged
from connectors.auditor.items import DAYS, Agreed, Figures, Projections
from connectors.auditor.report import SAMPLES, Difference, Finding, Measure

SETTLED = "NOT IN (SELECT fact FROM moving_fact)"


def transfers_given(
    book: Book, cut: Cut, projections: Projections, paused: Iterable[str], chains: int
) -> Measure:
    """C6 移転: `paused` are contracts that are or were paused: what they left out is told, not counted."""
    _prepare(book, cut, projections)
    is_paused = frozenset(paused)
    findings = [
        *book.noticed("C6"),
        _twice(book, projections),
        _unlike(book, projections),
        _unrecorded(book, projections),
        _recorded_wrongly(book, projections),
        _recorded_only(book),
    ]
    left_out = 0
    last = _last(book, projections)
    for number, contract in enumerate(projections.contracts):
        found = [_demanded(book, number, contract), _undemanded(book, number, contract), last[number]]
        if contract.id in is_paused:
            left_out += sum(finding.kensuu for finding in found)
        else:
            findings += found
    status, differing = judged(findings, cut.has_arrived("matching", "ledger", "transfer"))
    figures = {
        contract.id: book.number("SELECT COUNT(*) FROM transfer WHERE contract = ?", number)
        for number, contract in enumerate(projections.contracts)
    }
    figures |= {
        "provisions": book.number("SELECT COUNT(*) FROM provision"),
        "chains": chains,
        "facts in motion": book.number("SELECT COUNT(*) FROM moving_fact"),
    }
    notes = list[str]()
    if is_paused:
        figures["left out while paused"] = left_out
        notes.append(f"paused, now or before: {', '.join(sorted(is_paused))}")
    return Measure("C6", "移転", "transfers", status, figures, differing, tuple(notes))


def _prepare(book: Book, cut: Cut, projections: Projections) -> None:
    """Which facts the transfer stage had not worked off; and which of the others demand a transfer, by
    contract."""
    book.make(
        "CREATE TABLE transferred_to (part PRIMARY KEY, at)",
        "CREATE TABLE moving_fact (fact PRIMARY KEY)",
        "CREATE TABLE moving_bill (shuunou_key PRIMARY KEY)",
        "CREATE TABLE demand (contract, fact, shuunou_key, part, at, digest)",
    )
    reached = [(part, offset) for (topic, part), offset in cut.applied.items() if topic == FACT]
    book.db.executemany("INSERT INTO transferred_to VALUES (?, ?)", reached)
    late = "FROM fact f JOIN transferred_to t ON t.part = f.part WHERE f.at >= t.at"
    book.make(
        f"INSERT OR IGNORE INTO moving_fact SELECT f.fact {late}",
        f"INSERT OR IGNORE INTO moving_bill SELECT f.shuunou_key {late} AND f.shuunou_key IS NOT NULL",
        "INSERT OR IGNORE INTO moving_bill SELECT shuunou_key FROM moving",
    )
    for number in range(len(projections.contracts)):
        shown = f"d{number}"
        book.make(
            f"INSERT INTO demand SELECT {number}, fact, shuunou_key, part, at, {shown} FROM ("
            f"SELECT fact, shuunou_key, part, at, {shown}, LAG({shown}) OVER "
            f"(PARTITION BY shuunou_key ORDER BY part, at) AS before FROM fact WHERE {shown} IS NOT NULL) "
            f"WHERE {shown} IS NOT before"
        )
    book.make(
        "CREATE INDEX demand_fact ON demand (fact, contract)",
        "CREATE INDEX transfer_fact ON transfer (fact, contract)",
        "CREATE INDEX transfer_id ON transfer (transfer)",
        "CREATE INDEX provision_transfer ON provision (transfer)",
    )


def _place(contract: Agreed, part: int, at: int) -> str:
    return f"{contract.topic}/{part}/{at}"


def _twice(book: Book, projections: Projections) -> Finding:
    def show(key: str | None, number: int, part: int, at: int, times: int) -> Difference:
        place = _place(projections.contracts[number], part, at)
        return Difference(text(key), "one transfer of this id", f"{times}, the last at {place}")

    sql = (
        "SELECT (SELECT shuunou_key FROM fact f WHERE f.fact = t.fact), contract, part, MAX(at), COUNT(*) "
        "FROM transfer t GROUP BY transfer HAVING COUNT(*) > 1"
    )
    return book.finding("transfers sent more than once", sql, show)


def _unlike(book: Book, projections: Projections) -> Finding:
    """Each transfer shows what the fact that caused it shows of the account."""

    def show(key: str | None, number: int, part: int, at: int) -> Difference:
        contract = projections.contracts[number]
        expected = f"what the fact shows of {contract.id}" if key else "a fact that caused it"
        return Difference(
            text(key), expected, f"{'another' if key else 'none'} ({_place(contract, part, at)})"
        )

    digests = " ".join(f"WHEN {number} THEN f.d{number}" for number in range(len(projections.contracts)))
    sql = (
        "SELECT f.shuunou_key, t.contract, t.part, t.at FROM transfer t LEFT JOIN fact f ON f.fact = t.fact "
        f"WHERE t.fact {SETTLED} GROUP BY t.rowid HAVING NOT MAX(COALESCE(CASE t.contract {digests} END = "
        f"t.digest, 0))"
    )
    return book.finding("transfers of another content than the account had", sql, show)


def _unrecorded(book: Book, projections: Projections) -> Finding:
    def show(key: str | None, number: int, part: int, at: int, times: int) -> Difference:
        place = _place(projections.contracts[number], part, at)
        return Difference(text(key), f"one provision of {place}", f"{times}")

    sql = (
        "SELECT (SELECT shuunou_key FROM fact f WHERE f.fact = t.fact), t.contract, t.part, t.at, "
        "(SELECT COUNT(*) FROM provision p WHERE p.transfer = t.transfer) AS times "
        f"FROM transfer t WHERE times <> 1 AND t.fact {SETTLED}"
    )
    return book.finding("transfers without their one provision", sql, show)


def _recorded_wrongly(book: Book, projections: Projections) -> Finding:
    def show(key: str, number: int, part: int, at: int) -> Difference:
        place = _place(projections.contracts[number], part, at)
        return Difference(key, f"hash, contract and 収納キー of {place}", "others")

    sql = (
        "SELECT p.shuunou_key, t.contract, t.part, t.at FROM transfer t JOIN provision p ON p.transfer = "
        "t.transfer "
        "WHERE p.body <> t.body OR p.contract <> t.contract OR p.fact <> t.fact OR NOT EXISTS "
        "(SELECT 1 FROM fact f WHERE f.fact = p.fact AND f.shuunou_key = p.shuunou_key)"
    )
    return book.finding("provisions that do not match their transfer", sql, show)


def _recorded_only(book: Book) -> Finding:
    def show(key: str, part: int, at: int) -> Difference:
        return Difference(key, f"the transfer that {PROVISION}/{part}/{at} records", "none")

    sql = (
        "SELECT shuunou_key, part, at FROM provision p WHERE NOT EXISTS "
        f"(SELECT 1 FROM transfer t WHERE t.transfer = p.transfer) AND p.fact {SETTLED}"
    )
    return book.finding("provisions without their transfer", sql, show)


def _demanded(book: Book, number: int, contract: Agreed) -> Finding:
    def show(key: str, part: int, at: int) -> Difference:
        return Difference(key, f"a transfer to {contract.id} for {FACT}/{part}/{at}", "none")

    sql = (
        f"SELECT shuunou_key, part, at FROM demand d WHERE contract = {number} AND fact {SETTLED} AND NOT "
        f"EXISTS "
        "(SELECT 1 FROM transfer t WHERE t.fact = d.fact AND t.contract = d.contract)"
    )
    return book.finding(f"transfers to {contract.id} that are missing", sql, show)


def _undemanded(book: Book, number: int, contract: Agreed) -> Finding:
    def show(key: str | None, part: int, at: int) -> Difference:
        return Difference(text(key), f"no transfer to {contract.id}", _place(contract, part, at))

    sql = (
        "SELECT (SELECT shuunou_key FROM fact f WHERE f.fact = t.fact), part, at FROM transfer t "
        f"WHERE contract = {number} AND fact {SETTLED} AND NOT EXISTS "
        "(SELECT 1 FROM demand d WHERE d.fact = t.fact AND d.contract = t.contract)"
    )
    return book.finding(f"transfers to {contract.id} that nothing demanded", sql, show)


def _last(book: Book, projections: Projections) -> list[Finding]:
    """The last transfer of each 期別 shows the account as the change events demand it; by contract."""
    book.make(
        # the bare columns belong to the row of the maximum
        "CREATE TABLE last_sent AS SELECT contract, shuunou_key, digest, MAX(at) AS at "
        "FROM (SELECT t.contract, t.at AS at, t.digest AS digest, "
        "(SELECT f.shuunou_key FROM fact f WHERE f.fact = t.fact) AS shuunou_key "
        "FROM transfer t) GROUP BY contract, shuunou_key",
        "CREATE INDEX last_sent_key ON last_sent (shuunou_key, contract, digest)",
    )
    contracts = projections.contracts
    sent = ", ".join(
        f"(SELECT digest FROM last_sent s WHERE s.shuunou_key = e.shuunou_key AND s.contract = {number})"
        for number in range(len(contracts))
    )
    columns = ", ".join(f"e.{name}" for name in Figures._fields)
    sql = (
        f"SELECT {sent}, {columns} FROM expected e "
        "WHERE e.shuunou_key NOT IN (SELECT shuunou_key FROM moving_bill)"
    )
    times, shown = [0] * len(contracts), [list[Difference]() for _ in contracts]
    for row in book.rows(sql):
        figures = Figures(*row[len(contracts) :])
        for number, demanded in enumerate(projections.marks(figures)):
            if demanded is not None and demanded != row[number]:
                times[number] += 1
                if len(shown[number]) < SAMPLES:
                    shown[number].append(_given_otherwise(projections, number, figures, row[number]))
    what = "期別 of which {} was last given something else"
    return [
        Finding(what.format(contract.id), times[number], tuple(shown[number]))
        for number, contract in enumerate(contracts)
    ]


def _given_otherwise(
    projections: Projections, number: int, figures: Figures, sent: int | None
) -> Difference:
    fields, values = projections.contracts[number].fields, projections.values(number, figures)
    said = " ".join(f"{name} {_shown(name, value)}" for name, value in zip(fields, values, strict=True))
    return Difference(figures.shuunou_key, said, "none" if sent is None else "another content")


def _shown(name: str, value: Any) -> str:
    return iso(value) if name in DAYS else text(value)
