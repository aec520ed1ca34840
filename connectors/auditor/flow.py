"""流れの測定: C1 nothing lost, C2 nothing doubled, C5 every failure accounted for."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.auditor import acts
from connectors.auditor.book import Book, text
from connectors.auditor.cut import ASSIGNED, FACT, INPUT, Cut, topics
from connectors.auditor.ledger import CASE_KINDS
from connectors.auditor.replay import EVENTS, numbers
from connectors.auditor.report import DIFFERS, MOVING, PASS, Difference, Finding, Measure
from connectors.auditor.seisan import columns

HARMLESS = ("RepetitionIgnored", "ShuunouSuperseded", "ShuunouContradicted")
"""Kinds that change nothing; what is said for the third time is ignored under the same id as the second
time."""
RECEIVED = ("ShuunouPosted", "ShuunouConfirmed", "ShuunouReversed")
ASSESSED = ("ChouteiPosted", "ChouteiRevised", "ChouteiVoided")
SETTLED = ("SeisanBooked",)
STILL = "NOT IN (SELECT shuunou_key FROM moving)"


def listed(kinds: Iterable[str]) -> str:
    """SQL の並び。"""
    return "(" + ", ".join(f"'{kind}'" for kind in kinds) + ")"


def judged(findings: Iterable[Finding], all_arrived: bool) -> tuple[str, tuple[Finding, ...]]:
    """判定: what differs counts, whatever is in motion beside it."""
    found = tuple(finding for finding in findings if finding.kensuu)
    if found:
        return DIFFERS, found
    return PASS if all_arrived else MOVING, ()


def nothing_lost(book: Book, cut: Cut) -> Measure:
    """C1 欠落なし: every event was applied, refused or is held; nothing came from nowhere."""
    findings = [
        *book.noticed("C1"),
        *(_lost(book, table, key) for table, key in (("choutei", "shuunou_key"), ("nounyuu", "own_key"))),
        _unanswered(book),
        _unread(book),
        _kept(book),
        _days(book),
        _from_nowhere(book),
        _held_in_vain(book),
        _held_from_nowhere(book),
        *acts.nothing_lost(book),
    ]
    status, found = judged(findings, cut.has_arrived("matching", "ledger"))
    count = sum(book.number(f"SELECT COUNT(*) FROM {table}") for table in EVENTS)
    moving = sum(book.number(f"SELECT COUNT(*) FROM {table} WHERE moving") for table in EVENTS)
    refused = sum(book.number(f"SELECT COUNT(*) FROM {table} WHERE refused") for table in EVENTS)
    figures = {
        "events": count,
        "refused": refused,
        "held": book.number("SELECT COUNT(*) FROM held_now"),
        "held yen": book.number("SELECT SUM(kingaku) FROM held_now"),
        **acts.counted(book),
        "in motion": moving,
        "lost": sum(finding.kensuu for finding in found),
    }
    return Measure("C1", "欠落なし", "nothing lost", status, figures, found)


def _lost(book: Book, table: str, key: str) -> Finding:
    def show(event_id: str, shuunou_key: str) -> Difference:
        return Difference(shuunou_key, f"event {event_id} applied, refused or held", "none of these")

    held = "AND is_held = 0" if table == "nounyuu" else ""
    sql = (
        f"SELECT event_id, {key} FROM {table} t WHERE refused = 0 {held} AND {key} {STILL} "
        "AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.event = t.event)"
    )
    return book.finding("events that left no trace", sql, show)


def _unanswered(book: Book) -> Finding:
    """職員の指定: each one that was not refused is told of."""

    def show(key: str, event_id: str) -> Difference:
        return Difference(key, f"assignment {event_id} carried out or refused", "neither")

    sql = (
        "SELECT a.shuunou_key, a.event_id FROM assigned a WHERE a.refused = 0 AND NOT a.moving AND NOT "
        "EXISTS "
        "(SELECT 1 FROM notice n WHERE n.shuunou_key = a.shuunou_key AND n.event = a.held_event AND "
        "n.assigned > 0)"
    )
    return book.finding("assignments by staff that left no trace", sql, show)


def _unread(book: Book) -> Finding:
    names = topics()

    def show(topic: int, part: int, at: int, why: str) -> Difference:
        return Difference(f"{names[topic]}/{part}/{at}", "a letter in deadletter.v1", f"none ({why})")

    sql = "SELECT topic, part, at, why FROM unread WHERE refused = 0 AND NOT moving"
    return book.finding("records that cannot be read and have no letter", sql, show)


def _kept(book: Book) -> Finding:
    """宛名・記録: the highest 履歴番号 prevails, the first of those that bear it."""

    def show(name: str, key: str, event_id: str, rireki: int, found: int | None) -> Difference:
        return Difference(
            key, f"{name} of 履歴番号 {rireki} (event {event_id})", "another" if found else "none"
        )

    sql = (
        "SELECT k.name, k.key, k.event_id, k.rireki_bangou, o.event FROM newest k "
        "LEFT JOIN kept_out o ON o.name = k.name AND o.key = k.key "
        "WHERE (k.name, k.key) NOT IN (SELECT name, key FROM moving_kept) "
        "AND (o.event IS NOT k.event OR o.body IS NOT k.body)"
    )
    return book.finding("persons and records whose latest state was not passed on", sql, show)


def _days(book: Book) -> Finding:
    def show(part: int, event_id: str) -> Difference:
        return Difference(
            f"partition {part}", f"基準日 of event {event_id} reached", "an earlier one, or none"
        )

    sql = (
        "SELECT k.part, k.event_id FROM kijunbi k WHERE k.refused = 0 AND NOT k.moving AND k.kijunbi > "
        "COALESCE((SELECT MAX(kijunbi) FROM kijunbi_row r WHERE r.part = k.part), 0)"
    )
    return book.finding("基準日 that the ledger did not reach", sql, show)


def _from_nowhere(book: Book) -> Finding:
    def show(part: int, at: int, kind: str, key: str | None) -> Difference:
        return Difference(text(key), "an event on a source's topic", f"{kind} ({FACT}/{part}/{at}) of none")

    sql = (
        "SELECT part, at, kind, shuunou_key FROM fact WHERE event NOT IN (SELECT event FROM choutei) "
        "AND event NOT IN (SELECT event FROM nounyuu) AND event NOT IN (SELECT event FROM kijunbi) "
        f"AND event NOT IN (SELECT event FROM tetsuzuki) AND event NOT IN {acts.SENT_BACK}"
    )
    return book.finding("facts that no event caused", sql, show)


def _held_in_vain(book: Book) -> Finding:
    def show(key: str, event_id: str | None, yen: int) -> Difference:
        return Difference(key, "released, since its bill is known", f"held (event {text(event_id)})", yen)

    sql = (
        "SELECT h.shuunou_key, (SELECT event_id FROM nounyuu n WHERE n.event = h.event), h.kingaku FROM "
        f"held_now h "
        f"WHERE h.shuunou_key {STILL} AND EXISTS "
        "(SELECT 1 FROM choutei c WHERE c.shuunou_key = h.shuunou_key AND c.refused = 0)"
    )
    return book.finding("payments held though their bill is known", sql, show)


def _held_from_nowhere(book: Book) -> Finding:
    def show(key: str, yen: int) -> Difference:
        return Difference(key, "a payment on a source's topic", "held, but of none", yen)

    sql = "SELECT shuunou_key, kingaku FROM held_now WHERE event NOT IN (SELECT event FROM nounyuu)"
    return book.finding("held payments that no event caused", sql, show)


def nothing_doubled(book: Book, cut: Cut) -> Measure:
    """C2 重複なし: each arrival was worked off once, each effect took place once, and effects add up to the
    ledger."""
    findings = [
        *book.noticed("C2"),
        _doubled(book),
        _worked_off(book),
        _passed_on(book),
        _effects(book),
        _case_effects(book),
        *acts.nothing_doubled(book),
    ]
    status, found = judged(findings, cut.has_arrived("matching", "ledger"))
    figures = {
        "facts": book.number("SELECT COUNT(*) FROM fact"),
        "facts of procedures": book.number("SELECT COUNT(*) FROM seiri_fact"),
        "repetitions ignored": book.number(f"SELECT COUNT(*) FROM fact WHERE kind IN {listed(HARMLESS)}"),
        "doubled": sum(finding.kensuu for finding in found),
    }
    return Measure("C2", "重複なし", "nothing doubled", status, figures, found)


def _doubled(book: Book) -> Finding:
    """Effects with one id; the id is that of the event and the kind."""

    def show(key: str | None, kind: str, times: int, yen: int, event_id: str | None) -> Difference:
        return Difference(text(key), f"{text(event_id)}/{kind} once", f"{times} times", yen * (times - 1))

    event_id = (
        "COALESCE((SELECT event_id FROM choutei e WHERE e.event = f.event), "
        "(SELECT event_id FROM nounyuu e WHERE e.event = f.event), "
        "(SELECT event_id FROM kijunbi e WHERE e.event = f.event), "
        "(SELECT event_id FROM act e WHERE e.event = f.event))"
    )
    sql = (
        f"SELECT f.shuunou_key, f.kind, d.times, ABS(f.kingaku), {event_id} "
        "FROM (SELECT fact, COUNT(*) AS times "
        f"FROM fact WHERE kind NOT IN {listed(HARMLESS)} GROUP BY fact HAVING COUNT(*) > 1) d "
        "JOIN fact f ON f.fact = d.fact GROUP BY d.fact"
    )
    return book.finding("effects that took place more than once", sql, show)


def _worked_off(book: Book) -> Finding:
    """Every arrival at the ledger has one fact that shows the account, no more and no fewer.

    What procedures then make of it (`SETTLED`: a 納期限 that is kept, the fees of a share) shows the account
    once more. A share that comes back moves yen as an act does: `acts.yen_conserved` counts it.
    """

    def show(event_id: str | None, key: str | None, arrived: int, facts: int) -> Difference:
        return Difference(text(key), f"event {text(event_id)} worked off {arrived} times", f"{facts} times")

    sql = (
        "SELECT COALESCE(n.event_id, c.event_id), COALESCE(n.own_key, c.shuunou_key), i.times, i.facts FROM "
        "(SELECT event, COUNT(*) AS times, "
        "(SELECT COUNT(*) FROM fact f WHERE f.event = input.event AND f.is_first "
        f"AND f.kind NOT IN {listed(SETTLED)}) AS facts "
        "FROM input WHERE refused = 0 GROUP BY event) i "
        "LEFT JOIN nounyuu n ON n.event = i.event LEFT JOIN choutei c ON c.event = i.event "
        "WHERE i.times <> i.facts AND i.event NOT IN (SELECT event FROM moving_event) "
        "AND i.event NOT IN (SELECT returned FROM share) GROUP BY i.event"
    )
    return book.finding(f"arrivals in {INPUT} and the facts of them", sql, show)


def _passed_on(book: Book) -> Finding:
    """Matching passes on what it is given as often as it came; a payment that is held goes on once, when
    released."""

    def show(event_id: str, key: str, came: int, went: int) -> Difference:
        return Difference(key, f"event {event_id} passed on {came} times", f"{went} times")

    def asked(table: str, key: str) -> str:
        return (
            f"SELECT e.event_id, e.{key}, d.came, d.went FROM (SELECT event, COUNT(*) AS came, "
            "(SELECT COUNT(*) FROM input i WHERE i.event = t.event) AS went "
            f"FROM {table} t WHERE refused <> 1 GROUP BY event) d JOIN {table} e ON e.event = d.event "
            "WHERE (went > came "
            "OR (went < came AND went > 0 AND d.event NOT IN (SELECT event FROM notice))) "
            "AND d.event NOT IN (SELECT event FROM moving_event) GROUP BY d.event"
        )

    sql = f"{asked('choutei', 'shuunou_key')} UNION ALL {asked('nounyuu', 'own_key')}"
    return book.finding("events that matching passed on another number of times", sql, show)


def _effects(book: Book) -> Finding:
    """What the facts of an account add up to is what change events, acts and movements demand."""

    def show(key: str, *values: int) -> Difference:
        expected, found = values[:3], values[3:]
        yen = sum(abs(one - other) for one, other in zip(expected, found, strict=True))
        shown = "調定 {}, 収納 {}, 精算 {}".format(*expected)
        return Difference(key, shown, "facts add up to {}, {}, {}".format(*found), yen)

    # 配当 is booked by an act: its facts tell what it changed, as those of 精算 do
    haitou = "(SELECT COALESCE(SUM(h.yen), 0) FROM haitou_paid h WHERE h.shuunou_key = e.shuunou_key)"
    sums = {"gaku": listed(ASSESSED), "paid": listed(RECEIVED), "settled": listed(SETTLED)}
    added = ", ".join(
        f"SUM(CASE WHEN kind IN {kinds} THEN kingaku ELSE 0 END) AS {name}" for name, kinds in sums.items()
    )
    sql = (
        "SELECT * FROM (SELECT e.shuunou_key, e.kibetsu_choutei_gaku AS gaku, "
        f"e.shuunou_gaku - {haitou} AS paid, {' + '.join(columns('e'))} - {haitou} AS settled, "
        f"{', '.join(f'COALESCE(s.{name}, 0) AS of_{name}' for name in sums)} "
        f"FROM expected e LEFT JOIN (SELECT shuunou_key, {added} FROM fact GROUP BY shuunou_key) s "
        "ON s.shuunou_key = e.shuunou_key WHERE NOT e.moving) "
        f"WHERE {' OR '.join(f'{name} <> of_{name}' for name in sums)}"
    )
    return book.finding("accounts whose facts do not add up", sql, show)


def _case_effects(book: Book) -> Finding:
    def show(atena: str, owed: int, facts: int) -> Difference:
        return Difference(atena, f"滞納金額 {owed}", f"facts add up to {facts}", abs(owed - facts))

    sql = (
        "SELECT c.atena_bangou, c.tainou_kingaku, COALESCE(s.yen, 0) FROM case_row c LEFT JOIN "
        f"(SELECT atena_bangou, SUM(kingaku) AS yen FROM fact WHERE kind IN {listed(CASE_KINDS)} "
        "GROUP BY atena_bangou) s ON s.atena_bangou = c.atena_bangou WHERE c.tainou_kingaku <> "
        f"COALESCE(s.yen, 0) "
        "AND c.atena_bangou NOT IN (SELECT atena_bangou FROM moving_atena) "
        "AND c.part NOT IN (SELECT part FROM moving_part)"
    )
    return book.finding("delinquency cases whose facts do not add up", sql, show)


def failures_accounted(book: Book) -> Measure:
    """C5 拒否の内訳: letters by stage and reason; each stands for a record that is there, and only one does."""
    rows = book.rows(
        "SELECT stage, reason, COUNT(*) FROM letter GROUP BY stage, reason ORDER BY stage, reason"
    )
    figures = {f"{stage} {reason}": count for stage, reason, count in rows}
    names, number = topics(), numbers()

    def twice(topic: int, part: int, at: int, times: int) -> Difference:
        return Difference(f"{names[topic]}/{part}/{at}", "one letter", f"{times} letters")

    def stray(topic: int, part: int, at: int) -> Difference:
        return Difference(f"{names[topic]}/{part}/{at}", "a record at this place", "a letter, but no record")

    placed = "SELECT topic, part, at, COUNT(*) FROM letter WHERE topic >= 0 GROUP BY topic, part, at"
    there = [f"SELECT topic, part, at FROM {table}" for table in EVENTS]
    there += [f"SELECT {number[INPUT]}, part, at FROM input", f"SELECT {number[FACT]}, part, at FROM fact"]
    there += [f"SELECT {number[ASSIGNED]}, part, at FROM moved"]
    known = " UNION ALL ".join(there)
    sql = f"SELECT topic, part, at FROM letter WHERE topic >= 0 EXCEPT SELECT * FROM ({known})"
    findings = [
        *book.noticed("C5"),
        book.finding("records with more than one letter", f"{placed} HAVING COUNT(*) > 1", twice),
        book.finding("letters without their record", sql, stray),
    ]
    status, found = judged(findings, True)
    return Measure("C5", "拒否の内訳", "every failure accounted for", status, figures, found)
