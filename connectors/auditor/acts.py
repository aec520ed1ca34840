"""手続の測定: acts of the office and what they moved: each applied or refused, once, and every yen of it told.

What an act must do to the ledger is worked out where it follows from the act alone: 配当 is a receipt, 繰上徴収
changes the 納期限, 納税承継 makes the 調定 of the heirs. What the law decides besides (how much 延滞金, which 充当) is
taken from the movements that the hub announced, and these must agree with the rows of its table.
"""

from __future__ import annotations

from typing import Any

from connectors.auditor.book import Book, text
from connectors.auditor.cut import SEIRI_FACT
from connectors.auditor.events import KAKUHOU
from connectors.auditor.report import Difference, Finding
from connectors.auditor.seisan import GONE, KAMOKU, NET, RECEIPTS, SIGNS

REPEATED = "RepetitionIgnored"
HAITOU, KURIAGE, SHOUKEI_KIND = "HaitouReceived", "KuriageChoushuuMade", "NouzeiShoukeiMade"
HAITOU_KUBUN = "haitou"
_STILL = "NOT IN (SELECT shuunou_key FROM moving)"
SENT_BACK = "(SELECT returned FROM share WHERE refused)"
"""差戻しの印: of the events by which shares that matching refused come back to the deceased's 期別."""
_IN = ", ".join(f"'{kind}'" for kind in RECEIPTS)
_SIGN = "CASE kind " + " ".join(f"WHEN '{kind}' THEN {sign}" for kind, sign in SIGNS.items()) + " ELSE 0 END"


def accept(book: Book) -> None:
    """受け入れた手続: `act`, of each act the first record that was not refused; and whose acts wait."""
    book.make(
        "CREATE INDEX seiri_event ON seiri_fact (event, kind)",
        "CREATE INDEX line_place ON tetsuzuki_line (topic, part, at)",
        "CREATE INDEX movement_event ON movement (event)",
        "CREATE TABLE act AS SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY event ORDER BY at) "
        "AS n FROM tetsuzuki WHERE refused = 0) WHERE n = 1",
        "CREATE INDEX act_event ON act (event)",
        "CREATE TABLE act_line AS SELECT a.event, a.kind, a.bangou, a.day, l.shuunou_key, l.atena_bangou, "
        "l.kingaku FROM act a JOIN tetsuzuki_line l ON (l.topic, l.part, l.at) = (a.topic, a.part, a.at)",
        "UPDATE share SET refused = 1 WHERE (topic, part, at) IN (SELECT topic, part, at FROM letter)",
        "CREATE TABLE moving_person (atena_bangou PRIMARY KEY)",
        "INSERT OR IGNORE INTO moving_person SELECT atena_bangou FROM tetsuzuki WHERE moving",
    )


def move(book: Book) -> None:
    """動いている期別: an act that waits may touch every 期別 of its person."""
    book.make(
        "INSERT OR IGNORE INTO moving SELECT shuunou_key FROM choutei "
        "WHERE atena_bangou IN (SELECT atena_bangou FROM moving_person)",
        "INSERT OR IGNORE INTO moving SELECT shuunou_key FROM tetsuzuki_line WHERE shuunou_key IS NOT NULL "
        "AND (topic, part, at) IN (SELECT topic, part, at FROM tetsuzuki WHERE moving)",
        # a share that has not come through matching yet, which may still send it back
        "INSERT OR IGNORE INTO moving SELECT shuunou_key FROM share WHERE moving",
        "INSERT OR IGNORE INTO moving SELECT moto_key FROM share WHERE moving AND moto_key IS NOT NULL",
    )


def book_haitou(book: Book) -> None:
    """配当の領収: into `receipt`, one of each act on each 期別 that it names."""
    book.make(
        "CREATE TABLE haitou AS SELECT shuunou_key, 'haitou:' || bangou AS receipt_no, "
        f"SUM(kingaku) AS yen, day FROM act_line WHERE kind = '{HAITOU}' "
        "GROUP BY event, shuunou_key HAVING SUM(kingaku) > 0",
        f"INSERT INTO receipt SELECT shuunou_key, receipt_no, {KAKUHOU}, yen, day, day, day, day, "
        f"'{HAITOU_KUBUN}' FROM haitou",
        "CREATE TABLE haitou_paid AS SELECT shuunou_key, SUM(yen) AS yen FROM haitou GROUP BY shuunou_key",
        "CREATE INDEX haitou_paid_key ON haitou_paid (shuunou_key)",
    )


def book_movements(book: Book) -> None:
    """動きの計: `net`, of each 期別 what movements add up to, by 科目, those of receipts left out; and `kuriage`."""
    sums = ", ".join(
        f"SUM(CASE WHEN kamoku = '{kamoku}' THEN yen ELSE 0 END) AS {column}"
        for kamoku, column in zip(KAMOKU, NET, strict=True)
    )
    gone = ", ".join(f"'{kind}'" for kind in GONE)
    book.make(
        f"CREATE TABLE net AS SELECT shuunou_key, {sums}, "
        f"-SUM(CASE WHEN kamoku = 'honzei' AND kind IN ({gone}) THEN yen ELSE 0 END) AS gone "
        f"FROM (SELECT *, {_SIGN} * kingaku AS yen FROM movement WHERE kind NOT IN ({_IN})) "
        "GROUP BY shuunou_key",
        "CREATE INDEX net_key ON net (shuunou_key)",
        # the last one that was made counts; `stated` says whether any 調定 stated another 納期限
        "CREATE TABLE kuriage AS SELECT shuunou_key, made, MAX(at), (SELECT COUNT(DISTINCT noukigen) "
        "FROM choutei c WHERE c.shuunou_key = act.shuunou_key AND c.refused = 0) AS stated "
        f"FROM act WHERE kind = '{KURIAGE}' GROUP BY shuunou_key",
        "CREATE INDEX kuriage_key ON kuriage (shuunou_key)",
    )


def nothing_lost(book: Book) -> list[Finding]:
    """C1 欠落なし: each act told of, each share of an heir assessed, nothing from nowhere."""
    return [_lost(book), _from_nowhere(book), _shares_lost(book), _shares_from_nowhere(book)]


def _lost(book: Book) -> Finding:
    def show(atena: str, kind: str, event_id: str) -> Difference:
        return Difference(atena, f"{kind} (event {event_id}) applied or refused", "neither")

    sql = (
        "SELECT atena_bangou, kind, event_id FROM act a WHERE NOT moving "
        "AND NOT EXISTS (SELECT 1 FROM seiri_fact f WHERE f.event = a.event)"
    )
    return book.finding("acts that left no trace", sql, show)


def _from_nowhere(book: Book) -> Finding:
    def show(atena: str, part: int, at: int, kind: str) -> Difference:
        found = f"{kind} ({SEIRI_FACT}/{part}/{at}) of none"
        return Difference(atena, "an event on a source's topic", found)

    causes = " ".join(
        f"AND event NOT IN (SELECT event FROM {table})" for table in ("act", "choutei", "nounyuu", "kijunbi")
    )
    causes += f" AND event NOT IN {SENT_BACK}"
    sql = f"SELECT atena_bangou, part, at, kind FROM seiri_fact WHERE 1 {causes}"
    return book.finding("facts of procedures that no event caused", sql, show)


def _shares(book: Book, what: str, lost: bool) -> Finding:
    def show(key: str, atena: str, yen: int) -> Difference:
        share = f"調定 of {yen} for {atena}"
        return Difference(key, *((share, "none such") if lost else ("what a 納税承継 says", share)), abs(yen))

    acts = f"SELECT shuunou_key, atena_bangou, kingaku FROM act_line WHERE kind = '{SHOUKEI_KIND}'"
    made = "SELECT shuunou_key, atena_bangou, kingaku FROM share"
    one, other = (acts, made) if lost else (made, acts)
    sql = f"SELECT * FROM ({one} EXCEPT {other}) WHERE shuunou_key {_STILL}"
    return book.finding(what, sql, show)


def _shares_lost(book: Book) -> Finding:
    return _shares(book, "shares of heirs that were not assessed", True)


def _shares_from_nowhere(book: Book) -> Finding:
    return _shares(book, "調定 of heirs that no act demanded", False)


def nothing_doubled(book: Book) -> list[Finding]:
    """C2 重複なし: one act under one number, applied once; each effect once; each share once."""
    return [_two_under_one_number(book), _applied_twice(book), _effects_twice(book), _shares_twice(book)]


def _two_under_one_number(book: Book) -> Finding:
    def show(atena: str, kind: str, bangou: str, said: int) -> Difference:
        return Difference(atena, f"one {kind} under the number {bangou}", f"{said} that differ")

    sql = (
        "SELECT atena_bangou, kind, bangou, COUNT(DISTINCT said) FROM tetsuzuki WHERE refused = 0 "
        "AND NOT moving GROUP BY event HAVING COUNT(DISTINCT said) > 1"
    )
    return book.finding("acts under the number of another", sql, show)


def _applied_twice(book: Book) -> Finding:
    """An act that came so often was applied once, and each further time reported as a repetition."""

    def show(atena: str, kind: str, event_id: str, came: int, ignored: int) -> Difference:
        return Difference(atena, f"{kind} (event {event_id}) ignored {came - 1} times", f"{ignored} times")

    ignored = f"(SELECT COUNT(*) FROM seiri_fact f WHERE f.event = t.event AND f.kind = '{REPEATED}')"
    sql = (
        f"SELECT atena_bangou, kind, event_id, COUNT(*) AS came, {ignored} AS ignored FROM tetsuzuki t "
        "WHERE refused = 0 AND event NOT IN (SELECT event FROM tetsuzuki WHERE moving) "
        "GROUP BY event HAVING ignored <> came - 1"
    )
    return book.finding("acts and the repetitions of them", sql, show)


def _effects_twice(book: Book) -> Finding:
    def show(atena: str, kind: str, times: int, yen: int) -> Difference:
        return Difference(atena, f"{kind} once", f"{times} times", yen * (times - 1))

    told = "(SELECT COALESCE(SUM(ABS(kingaku)), 0) FROM movement m WHERE m.fact = f.fact)"
    sql = (
        f"SELECT atena_bangou, kind, COUNT(*), {told} FROM seiri_fact f WHERE kind <> '{REPEATED}' "
        "GROUP BY fact HAVING COUNT(*) > 1"
    )
    return book.finding("effects of procedures that took place more than once", sql, show)


def _shares_twice(book: Book) -> Finding:
    def show(key: str, times: int, yen: int) -> Difference:
        return Difference(key, "one 調定 of an heir", f"{times}", yen * (times - 1))

    sql = (
        "SELECT shuunou_key, COUNT(*), kingaku FROM share WHERE refused = 0 GROUP BY shuunou_key "
        "HAVING COUNT(*) > 1"
    )
    return book.finding("調定 of heirs that were made more than once", sql, show)


def yen_conserved(book: Book) -> list[Finding]:
    """C3 円の保存: what goes out by 充当 comes in, what leaves the deceased comes to the heirs or comes back."""
    return [_juutou(book), _shoukei(book), _sent_back(book)]


def _juutou(book: Book) -> Finding:
    def show(atena: str, yen: int) -> Difference:
        return Difference(atena, "充当 that comes in as it goes out", f"{yen} more goes out", abs(yen))

    sql = (
        "SELECT (SELECT atena_bangou FROM seiri_fact f WHERE f.fact = m.fact), "
        f"SUM({_SIGN} * kingaku) AS yen FROM movement m WHERE kind IN ('juutou_out', 'juutou_in') "
        "GROUP BY event HAVING yen <> 0"
    )
    return book.finding("充当 of which the two sides differ", sql, show)


def _shoukei(book: Book) -> Finding:
    def show(key: str, brought: int, left: int) -> Difference:
        return Difference(key, f"{brought} leaves with the heirs", f"{left}", abs(brought - left))

    left = (
        f"(SELECT COALESCE(-SUM({_SIGN} * kingaku), 0) FROM movement m WHERE m.event = a.event "
        "AND m.shuunou_key = a.shuunou_key)"
    )
    brought = "(SELECT COALESCE(SUM(l.kingaku), 0) FROM act_line l WHERE l.event = a.event)"
    sql = (
        f"SELECT shuunou_key, {brought} AS brought, {left} AS went FROM act a WHERE kind = '{SHOUKEI_KIND}' "
        f"AND NOT moving AND shuunou_key {_STILL} AND brought <> went"
    )
    return book.finding("納税承継 that leaves other yen than it brings", sql, show)


def _sent_back(book: Book) -> Finding:
    """A share that matching refused is in the deceased's books again, once and whole; no other ever is."""

    def show(key: str, due: int, came: int) -> Difference:
        return Difference(key, f"{due} of a share comes back", f"{came}", abs(due - came))

    came = (
        f"(SELECT COALESCE(SUM({_SIGN} * kingaku), 0) FROM movement m WHERE m.event = s.returned "
        "AND m.shuunou_key = s.moto_key)"
    )
    shares = (
        "SELECT returned, moto_key, MAX(refused) * kingaku AS due FROM share "
        f"WHERE moto_key IS NOT NULL AND moto_key {_STILL} GROUP BY event"
    )
    sql = f"SELECT moto_key, due, {came} AS came FROM ({shares}) s WHERE due <> came"
    return book.finding("shares of heirs that came back with other yen", sql, show)


def state_is_told(book: Book) -> Finding:
    """C4 状態＝再計算: every 整理 and 整理簿 in the table is the one that was announced last."""

    def show(name: str, key: str, told: Any, held: Any) -> Difference:
        found = "none" if held is None else "another" if told is not None else "one that was never told"
        return Difference(key, f"{name} as announced last" if told is not None else "none", found)

    still = "AND atena_bangou NOT IN (SELECT atena_bangou FROM moving_atena)"
    sql = (
        "SELECT k.name, k.key, t.body, r.body FROM "
        "(SELECT name, key, atena_bangou, part FROM told UNION SELECT name, key, atena_bangou, part "
        "FROM seiri_row) k LEFT JOIN told t ON (t.name, t.key) = (k.name, k.key) "
        "LEFT JOIN seiri_row r ON (r.name, r.key) = (k.name, k.key) WHERE t.body IS NOT r.body "
        f"{still.replace('atena_bangou NOT', 'k.atena_bangou NOT')} "
        "AND k.part NOT IN (SELECT part FROM moving_part)"
    )
    return book.finding("整理 that are not as announced", sql, show)


def counted(book: Book) -> dict[str, int]:
    """手続の数: for the figures of C1."""
    return {
        "acts": book.number("SELECT COUNT(*) FROM tetsuzuki"),
        "acts applied": book.number("SELECT COUNT(*) FROM act WHERE NOT moving"),
    }


def shown_net(values: tuple[Any, ...]) -> str:
    """差引を読める形に: by 科目."""
    return ", ".join(f"{name} {text(yen)}" for name, yen in zip(KAMOKU, values, strict=True))
