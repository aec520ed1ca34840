"""再計算: the ledger as the change events demand it, worked out in SQL from the journal of what the sources
sent.

Of assessments the highest 履歴番号 prevails; of a receipt the highest 段階 (速報, 取消, 確報), a denied one counts
nothing; of what was said twice the first to arrive at the ledger counts. What was refused (a letter stands
for it) and what is held does not count; a payment that staff gave another 収納キー counts there, and so does
whatever else comes of the same receipt. 滞納 is what is owed after its 納期限 on the 基準日 that the partition has
reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from connectors.auditor import acts
from connectors.auditor.book import RECEIPT, RIREKI, STATED, Book
from connectors.auditor.cut import ASSIGNED, INPUT, topics
from connectors.auditor.events import CANCELLED, ESTABLISHED, FAILED, SOKUHOU, TORIKESHI
from connectors.auditor.items import Figures
from connectors.auditor.seisan import NET

EVENTS = ("choutei", "nounyuu", "assigned", "kept", "kijunbi", "tetsuzuki", "unread")
_RECEIPT = ", ".join(RECEIPT[1:])


def _same(table: str) -> str:
    """A payment that was given another 収納キー is the same in all but that."""
    return " AND ".join(f"m.{name} IS {table}.{name}" for name in RECEIPT[1:])


def numbers() -> Mapping[str, int]:
    """トピックの番号。"""
    return {name: number for number, name in enumerate(topics())}


def prepare(book: Book) -> None:
    """整える: what was refused, held, assigned or is in motion; then `expected`, the ledger as it must be."""
    _index(book)
    _refuse(book)
    acts.accept(book)
    _route(book)
    _hold(book)
    _move(book)
    _order_repetitions(book)
    _book_receipts(book)
    _add_up_receipts(book)
    acts.book_movements(book)
    _book_fuka(book)
    _expect(book)
    _keep(book)


def _index(book: Book) -> None:
    book.make(
        "CREATE INDEX letter_place ON letter (topic, part, at)",
        "CREATE INDEX input_body ON input (body)",
        "CREATE INDEX input_event ON input (event, refused)",
        "CREATE INDEX moved_body ON moved (body)",
        "CREATE INDEX moved_event ON moved (event)",
        "CREATE INDEX choutei_event ON choutei (event, refused)",
        "CREATE INDEX nounyuu_event ON nounyuu (event, refused)",
        "CREATE INDEX fact_event ON fact (event, is_first)",
        "CREATE INDEX fact_id ON fact (fact, kind)",
        "CREATE INDEX fact_key ON fact (shuunou_key, part, at)",
    )


def _refuse(book: Book) -> None:
    """Letters at the event's own place, or at a place where the same message stood later."""
    book.make("UPDATE input SET refused = 0")
    for table in EVENTS:
        book.make(
            f"UPDATE {table} SET refused = 1 WHERE (topic, part, at) IN (SELECT topic, part, at FROM letter)"
        )
    number = numbers()
    letters = "SELECT part, at FROM letter WHERE topic = {}"
    book.make(
        f"UPDATE input SET refused = 1 WHERE (part, at) IN ({letters.format(number[INPUT])})",
        "CREATE TABLE refused_later (body PRIMARY KEY)",
        "INSERT OR IGNORE INTO refused_later SELECT body FROM input WHERE refused = 1",
        "INSERT OR IGNORE INTO refused_later SELECT body FROM moved "
        f"WHERE (part, at) IN ({letters.format(number[ASSIGNED])})",
        f"INSERT OR IGNORE INTO refused_later SELECT n.body FROM nounyuu n JOIN moved m ON m.event = "
        f"n.event "
        f"AND {_same('n')} WHERE m.body IN (SELECT body FROM refused_later)",
    )
    for table in ("choutei", "nounyuu"):
        book.make(
            f"UPDATE {table} SET refused = 2 WHERE refused = 0 AND body IN (SELECT body FROM refused_later)"
        )


def _route(book: Book) -> None:
    """Where staff sent a receipt: from the 収納キー written on it, from one assignment to the next, to the
    last."""
    steps: dict[tuple[str, str], list[str]] = defaultdict(list)
    asked = (
        "SELECT DISTINCT a.part, a.at, a.shuunou_key, n.receipt_no, a.target FROM assigned a "
        "JOIN nounyuu n ON n.event = a.held_event WHERE a.refused = 0 ORDER BY a.part, a.at"
    )
    for _, _, key, receipt_no, target in book.rows(asked):
        steps[key, receipt_no].append(target)
    written = "SELECT DISTINCT shuunou_key FROM nounyuu WHERE receipt_no = ?"
    receipts = {receipt_no for _, receipt_no in steps}
    rows = [(key, no, _followed(steps, key, no)) for no in receipts for (key,) in book.rows(written, no)]
    book.add("route", rows)
    book.make(
        "UPDATE nounyuu SET own_key = (SELECT target FROM route r WHERE r.shuunou_key = nounyuu.shuunou_key "
        "AND r.receipt_no = nounyuu.receipt_no) WHERE (shuunou_key, receipt_no) IN "
        "(SELECT shuunou_key, receipt_no FROM route)"
    )


def _followed(steps: Mapping[tuple[str, str], list[str]], key: str, receipt_no: str) -> str:
    """Each assignment is made where the payment lies, so each is taken once, those of one 収納キー in their
    order."""
    taken: dict[str, int] = defaultdict(int)
    while taken[key] < len(steps.get((key, receipt_no), ())):
        taken[key] += 1
        key = steps[key, receipt_no][taken[key] - 1]
    return key


def _hold(book: Book) -> None:
    book.make(
        "CREATE TABLE held_now AS SELECT shuunou_key, event, kingaku FROM notice WHERE kind = 'held'",
        "CREATE INDEX held_now_event ON held_now (event)",
        "UPDATE nounyuu SET is_held = 1 WHERE event IN (SELECT event FROM held_now)",
        "CREATE INDEX nounyuu_own ON nounyuu (own_key, receipt_no)",
        "CREATE INDEX choutei_key ON choutei (shuunou_key)",
    )


def _move(book: Book) -> None:
    """収納キー in motion: touched by a record that was not worked off, or bound by an assignment to one that
    was."""
    add = "INSERT OR IGNORE INTO moving "
    book.make(
        f"{add} SELECT shuunou_key FROM choutei WHERE moving",
        f"{add} SELECT shuunou_key FROM nounyuu WHERE moving",
        f"{add} SELECT own_key FROM nounyuu WHERE moving",
        f"{add} SELECT shuunou_key FROM assigned WHERE moving",
        f"{add} SELECT target FROM assigned WHERE moving",
        f"{add} SELECT shuunou_key FROM moved WHERE moving",
    )
    acts.move(book)
    book.make(
        f"{add} SELECT n.shuunou_key FROM nounyuu n WHERE n.own_key IN (SELECT shuunou_key FROM moving)",
        f"{add} SELECT n.own_key FROM nounyuu n WHERE n.shuunou_key IN (SELECT shuunou_key FROM moving)",
        "CREATE TABLE moving_event (event PRIMARY KEY)",
        "INSERT OR IGNORE INTO moving_event SELECT event FROM nounyuu WHERE own_key IN (SELECT shuunou_key "
        "FROM moving)",
        "INSERT OR IGNORE INTO moving_event "
        "SELECT event FROM choutei WHERE shuunou_key IN (SELECT shuunou_key FROM moving)",
        "CREATE TABLE moving_atena (atena_bangou PRIMARY KEY)",
        "INSERT OR IGNORE INTO moving_atena "
        "SELECT atena_bangou FROM choutei WHERE shuunou_key IN (SELECT shuunou_key FROM moving)",
        "INSERT OR IGNORE INTO moving_atena SELECT atena_bangou FROM moving_person",
        "CREATE TABLE moving_part (part PRIMARY KEY)",
        "INSERT OR IGNORE INTO moving_part SELECT part FROM kijunbi WHERE moving",
        "CREATE TABLE moving_kept (name, key, PRIMARY KEY (name, key))",
        "INSERT OR IGNORE INTO moving_kept SELECT name, key FROM kept WHERE moving",
    )


def _order_repetitions(book: Book) -> None:
    """Where the same thing was said more than once, the place in `ledger.input.v1` at which each version
    arrived."""
    book.make(
        "CREATE TABLE repeated AS SELECT own_key, receipt_no FROM nounyuu WHERE refused = 0 AND is_held = 0 "
        "GROUP BY own_key, receipt_no, dankai HAVING COUNT(*) > 1",
        "CREATE INDEX repeated_key ON repeated (own_key, receipt_no)",
        "UPDATE nounyuu SET arrived = (SELECT MIN(at) FROM (SELECT i.at FROM input i WHERE i.body = "
        f"nounyuu.body "
        "UNION ALL SELECT i.at FROM moved m JOIN input i ON i.body = m.body WHERE m.event = nounyuu.event "
        f"AND {_same('nounyuu')})) "
        "WHERE (own_key, receipt_no) IN (SELECT own_key, receipt_no FROM repeated)",
        "CREATE TABLE restated AS SELECT shuunou_key, rireki_bangou FROM choutei WHERE refused = 0 "
        "GROUP BY shuunou_key, rireki_bangou HAVING COUNT(*) > 1",
        "CREATE INDEX restated_key ON restated (shuunou_key, rireki_bangou)",
        "UPDATE choutei SET arrived = (SELECT MIN(i.at) FROM input i WHERE i.body = choutei.body) "
        "WHERE (shuunou_key, rireki_bangou) IN (SELECT shuunou_key, rireki_bangou FROM restated)",
    )


def _book_receipts(book: Book) -> None:
    """The stage of each receipt that prevails, on bills that are known."""
    book.make(
        f"CREATE TABLE receipt AS SELECT own_key AS shuunou_key, {_RECEIPT} FROM ("
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY own_key, receipt_no ORDER BY dankai DESC, arrived IS "
        f"NULL, arrived) AS n "
        f"FROM nounyuu WHERE refused = 0 AND is_held = 0 AND dankai > {FAILED} AND EXISTS "
        "(SELECT 1 FROM choutei c WHERE c.shuunou_key = nounyuu.own_key AND c.refused = 0)) WHERE n = 1",
    )
    acts.book_haitou(book)


def _add_up_receipts(book: Book) -> None:
    """What each 期別 received, its last receipt, and how often a debit failed."""
    counts = f"dankai <> {TORIKESHI}"
    book.make(
        "CREATE TABLE paid AS SELECT shuunou_key, SUM(kingaku) AS yen, COUNT(*) AS receipts, "
        f"SUM(dankai = {SOKUHOU}) AS sokuhou, MAX(shuunou_nengappi) AS latest_on FROM receipt "
        f"WHERE {counts} GROUP BY shuunou_key",
        "CREATE INDEX paid_key ON paid (shuunou_key)",
        "CREATE TABLE last_receipt AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY shuunou_key "
        f"ORDER BY ryoushuu_nengappi DESC, receipt_no DESC) AS n FROM receipt WHERE {counts}) WHERE n = 1",
        "CREATE INDEX last_receipt_key ON last_receipt (shuunou_key)",
        "CREATE TABLE funou AS SELECT own_key AS shuunou_key, COUNT(DISTINCT receipt_no) AS times FROM "
        f"nounyuu "
        f"WHERE refused = 0 AND is_held = 0 AND dankai = {FAILED} GROUP BY own_key",
        "CREATE INDEX funou_key ON funou (shuunou_key)",
    )


def _book_fuka(book: Book) -> None:
    said = ", ".join(("atena_bangou", "kind", "occurred_on", *STATED))
    book.make(
        f"CREATE TABLE rireki AS SELECT {', '.join(RIREKI)} FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY shuunou_key, rireki_bangou ORDER BY arrived IS NULL, arrived) AS n FROM choutei "
        f"WHERE refused = 0) "
        "WHERE n = 1",
        f"CREATE TABLE history AS SELECT shuunou_key, SUM(kind <> {ESTABLISHED}) AS corrections FROM rireki "
        "GROUP BY shuunou_key",
        "CREATE INDEX history_key ON history (shuunou_key)",
        f"CREATE TABLE prevailing AS SELECT shuunou_key, {said} FROM (SELECT *, ROW_NUMBER() OVER "
        "(PARTITION BY shuunou_key ORDER BY rireki_bangou DESC, arrived IS NULL, arrived) AS n FROM choutei "
        f"WHERE refused = 0) "
        "WHERE n = 1",
    )


def _expect(book: Book) -> None:
    """`expected`: every account as it must be, with the columns of Figures; `is_tainou` needs the
    partition's day."""
    known = {
        "is_cancelled": f"p.kind = {CANCELLED}",
        "shuunou_gaku": "COALESCE(d.yen, 0)",
        "kousei_nengappi": f"CASE WHEN p.kind <> {ESTABLISHED} THEN p.occurred_on END",
        "kousei_kaisuu": "h.corrections",
        "koufuri_funou_kaisuu": "COALESCE(f.times, 0)",
        "receipts": "COALESCE(d.receipts, 0)",
        "sokuhou": "COALESCE(d.sokuhou, 0)",
        "latest_on": "d.latest_on",
        "last_shuunou": "l.shuunou_nengappi",
        "last_ryoushuu": "l.ryoushuu_nengappi",
        "last_nikkeibi": "l.nikkeibi",
        "last_torikomibi": "l.torikomibi",
        "last_kubun": "l.shuunou_kubun",
        "noukigen": "CASE WHEN k.made IS NULL OR (k.stated > 1 AND a.noukigen IS p.noukigen) "
        "THEN p.noukigen ELSE k.made END",
    }
    net = [f"COALESCE(v.{name}, 0)" for name in NET]
    paid = "COALESCE(d.yen, 0)"
    plain = f"p.kibetsu_choutei_gaku - {paid}"
    worked_out = f"(p.kibetsu_choutei_gaku, {paid}, {', '.join(net)})"
    known["minou_gaku"] = f"CASE WHEN v.shuunou_key IS NULL THEN MAX({plain}, 0) ELSE minou{worked_out} END"
    kagonou = f"CASE WHEN v.shuunou_key IS NULL THEN MAX(-({plain}), 0) ELSE kagonou{worked_out} END"
    owed = f"p.kibetsu_choutei_gaku + {net[0]} + COALESCE(v.gone, 0)"
    known["is_kannou"] = f"p.kind <> {CANCELLED} AND {owed} <= {paid}"
    columns = [*Figures._fields, "jiyuu_code", "held"]
    chosen = ", ".join(f"{known.get(name, f'p.{name}')} AS {name}" for name in columns)
    day = "(SELECT MAX(k.kijunbi) FROM kijunbi k WHERE k.part = a.part AND k.refused = 0 AND NOT k.moving)"
    book.make(
        "CREATE INDEX account_key ON account (shuunou_key)",
        f"CREATE TABLE expected AS SELECT *, COALESCE(noukigen < today AND minou_gaku > 0, 0) AS is_tainou "
        f"FROM (SELECT {chosen}, {kagonou} AS kagonou_gaku, "
        f"{', '.join(f'{each} AS {name}' for each, name in zip(net, NET, strict=True))}, "
        f"a.part AS part, {day} AS today, "
        "p.shuunou_key IN (SELECT shuunou_key FROM moving) AS moving "
        "FROM prevailing p JOIN history h ON h.shuunou_key = p.shuunou_key "
        "LEFT JOIN paid d ON d.shuunou_key = p.shuunou_key "
        "LEFT JOIN last_receipt l ON l.shuunou_key = p.shuunou_key "
        "LEFT JOIN funou f ON f.shuunou_key = p.shuunou_key "
        "LEFT JOIN net v ON v.shuunou_key = p.shuunou_key "
        "LEFT JOIN kuriage k ON k.shuunou_key = p.shuunou_key "
        "LEFT JOIN account a ON a.shuunou_key = p.shuunou_key)",
        "CREATE INDEX expected_key ON expected (shuunou_key)",
        "CREATE TABLE bill (shuunou_key PRIMARY KEY)",
        "INSERT OR IGNORE INTO bill SELECT shuunou_key FROM expected",
        "INSERT OR IGNORE INTO bill SELECT shuunou_key FROM account",
        "CREATE INDEX case_row_atena ON case_row (atena_bangou)",
    )


def _keep(book: Book) -> None:
    """`newest`: of persons and held records the highest 履歴番号, the first of those that bear it."""
    book.make(
        "CREATE TABLE newest AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name, key "
        "ORDER BY rireki_bangou DESC, part, at) AS n FROM kept WHERE refused = 0) WHERE n = 1",
        "CREATE INDEX newest_key ON newest (name, key)",
        "CREATE INDEX kept_row_key ON kept_row (name, key)",
    )
