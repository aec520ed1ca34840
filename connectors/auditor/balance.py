"""帳尻の測定: C3 yen are conserved, C4 the state is the replay of the change events."""

from __future__ import annotations

from typing import Any

from connectors.auditor import acts
from connectors.auditor.book import ACCOUNT, RECEIPT, RIREKI, Book, iso, text
from connectors.auditor.cut import Cut
from connectors.auditor.flow import STILL, judged
from connectors.auditor.projection import Projected, shown_apart
from connectors.auditor.report import UNMEASURED, Difference, Finding, Group, Measure, total
from connectors.auditor.seisan import NET, columns

OPEN, CLOSED = "open", "closed"
COMPARED = ACCOUNT[1:]
_DAYS = frozenset(
    {"noukigen", "houtei_noukigen", "houtei_noukigen_tou", "choutei_nengappi", "kousei_nengappi"}
)
_GAKU = {"kibetsu_choutei_gaku", "shuunou_gaku"}
_YEN = "ABS(COALESCE(e.{0}, 0) - COALESCE(s.{0}, 0))"
_STATED_YEN = f"{_YEN.format('kibetsu_choutei_gaku')} + {_YEN.format('shuunou_gaku')}"
YEN = " + ".join([_STATED_YEN, *map(_YEN.format, NET)])
"""An account's difference in yen: of its 調定, its 収納, and what movements made of each 科目, without signs."""
_APART = (*sorted(_GAKU), *NET)
BOTH = (
    "bill b LEFT JOIN expected e ON e.shuunou_key = b.shuunou_key LEFT JOIN account s ON s.shuunou_key = "
    f"b.shuunou_key "
    f"WHERE b.shuunou_key {STILL}"
)
"""Every 期別 that is not in motion, with both sides of it."""


def yen_conserved(
    book: Book, cut: Cut, projected: Projected | None
) -> tuple[Measure, tuple[Group, ...], Group]:
    """C3 円の保存: Σ調定 − Σ収納 from the change events = Σ未納 − Σ過誤納 in the table and in the projection."""
    groups = _groups(book)
    whole = total(groups)
    findings = [*book.noticed("C3"), _accounts(book), *acts.yen_conserved(book)]
    arrived = cut.has_arrived("matching", "ledger")
    notes = list[str]()
    if projected is None:
        notes.append("the projection was left out")
    elif projected.trouble:
        notes.append(projected.trouble)
    else:
        findings += [_projection(book), *shown_apart(book), _passed_over(projected)]
        arrived = arrived and projected.arrived
    status, found = judged(findings, arrived)
    if projected is not None and projected.trouble and not found:
        status = UNMEASURED
    figures = {
        "accounts": whole.accounts,
        "choutei yen": whole.choutei_gaku,
        "shuunou yen": whole.shuunou_gaku,
        "minou yen": whole.minou_gaku,
        "kagonou yen": whole.kagonou_gaku,
        "seisan yen": whole.seisan_gaku,
        "movements": book.number("SELECT COUNT(*) FROM movement"),
        "yen that differ": whole.sa_gaku,
        "accounts that differ": whole.sa_kensuu,
        "accounts in the projection": book.number("SELECT COUNT(*) FROM projected"),
        "accounts in motion": book.number("SELECT COUNT(*) FROM moving"),
    }
    measure = Measure("C3", "円の保存", "yen conserved", status, figures, found, tuple(notes))
    return measure, groups, whole


def _groups(book: Book) -> tuple[Group, ...]:
    by = [f"COALESCE(e.{name}, s.{name})" for name in ("kaikei_nendo", "zeimoku_code", "kibetsu_code")]
    differs = " OR ".join(f"COALESCE(e.{name}, 0) <> COALESCE(s.{name}, 0)" for name in _APART)
    net = " + ".join(columns("e"))
    is_apart = f"e.shuunou_key IS NOT s.shuunou_key OR {differs}"
    stated = ("e.kibetsu_choutei_gaku", "e.shuunou_gaku", "s.minou_gaku", "s.kagonou_gaku")
    sums = (*stated, YEN, is_apart, net)
    asked = ", ".join(f"COALESCE(SUM({what}), 0)" for what in sums)
    places = "1, 2, 3"
    sql = f"SELECT {', '.join(by)}, COUNT(*), {asked} FROM {BOTH} GROUP BY {places} ORDER BY {places}"
    return tuple(Group(*row) for row in book.rows(sql))


def _accounts(book: Book) -> Finding:
    def show(key: str, yen: int, *values: Any) -> Difference:
        return Difference(key, said(values[: len(_APART)]), said(values[len(_APART) :]), yen)

    def said(values: tuple[Any, ...]) -> str:
        shown = f"調定 {text(values[0])} − 収納 {text(values[1])}"
        return f"{shown}; {acts.shown_net(values[2:])}" if any(values[2:]) else shown

    differs = " OR ".join(f"e.{name} IS NOT s.{name}" for name in _APART)
    chosen = ", ".join([f"e.{name}" for name in _APART] + [f"s.{name}" for name in _APART])
    sql = f"SELECT b.shuunou_key, {YEN}, {chosen} FROM {BOTH} AND ({differs})"
    return book.finding("accounts whose yen are not those of the change events", sql, show)


def _projection(book: Book) -> Finding:
    """The projection shows what the table holds; 期別 with facts that it has not read yet are in motion."""
    names = ("kibetsu_choutei_gaku", "shuunou_gaku", "minou_gaku", "kagonou_gaku", "is_tainou")

    def show(key: str, yen: int, *values: Any) -> Difference:
        expected, found = values[: len(names)], values[len(names) :]
        apart = [n for n, (a, b) in enumerate(zip(expected, found, strict=True)) if a != b]
        said = [", ".join(f"{names[n]} {text(side[n])}" for n in apart) for side in (expected, found)]
        return Difference(key, said[0], said[1], yen)

    differs = " OR ".join(f"s.{name} IS NOT p.{name}" for name in names)
    chosen = ", ".join([f"s.{name}" for name in names] + [f"p.{name}" for name in names])
    either = "SELECT shuunou_key FROM account UNION SELECT shuunou_key FROM projected"
    sql = (
        f"SELECT k.shuunou_key, {_STATED_YEN.replace('e.', 'p.')}, {chosen} FROM ({either}) k "
        "LEFT JOIN account s ON s.shuunou_key = k.shuunou_key "
        "LEFT JOIN projected p ON p.shuunou_key = k.shuunou_key "
        f"WHERE ({differs}) AND k.shuunou_key {STILL} "
        "AND k.shuunou_key NOT IN (SELECT shuunou_key FROM moving_projected) "
        "AND COALESCE(s.part, -1) NOT IN (SELECT part FROM moving_part)"
    )
    return book.finding("accounts that the projection shows otherwise", sql, show)


def _passed_over(projected: Projected) -> Finding:
    rows = tuple(Difference(place, "a row", reason) for place, reason in projected.problems)
    return Finding("records that the projection could not take", len(rows), rows)


def state_is_replay(book: Book, cut: Cut) -> Measure:
    """C4 状態＝再計算: every account, receipt, history, case and day of the table is what the replay gives."""
    findings = [
        *book.noticed("C4"),
        acts.state_is_told(book),
        _twice(book),
        _states(book),
        _rows_apart(book, "receipts", "receipt", "receipt_row", RECEIPT),
        _rows_apart(book, "entries of the history of 調定", "rireki", "rireki_row", RIREKI),
        _cases(book),
        _kijunbi(book),
        _kept(book),
    ]
    status, found = judged(findings, cut.has_arrived("matching", "ledger"))
    figures = {
        "accounts": book.number("SELECT COUNT(*) FROM account"),
        "receipts": book.number("SELECT COUNT(*) FROM receipt_row"),
        "persons in arrears": book.number(f"SELECT COUNT(*) FROM case_row WHERE joutai = '{OPEN}'"),
        "tainou yen": book.number("SELECT SUM(tainou_kingaku) FROM case_row"),
        "accounts that differ": next((f.kensuu for f in found if f.what == STATES), 0),
        "accounts in motion": book.number("SELECT COUNT(*) FROM moving"),
    }
    return Measure("C4", "状態＝再計算", "state is the replay", status, figures, found)


STATES = "accounts that are not the replay"


def _states(book: Book) -> Finding:
    def show(key: str, day_known: int, *values: Any) -> Difference | None:
        expected, found = values[: len(COMPARED)], values[len(COMPARED) :]
        apart = [n for n, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1]]
        if not day_known:
            apart = [n for n in apart if COMPARED[n] != "is_tainou"]
        if not apart:
            return None
        said = [
            ", ".join(f"{COMPARED[n]} {_shown(n, side[n])}" for n in apart) for side in (expected, found)
        ]
        yen = sum(abs((expected[n] or 0) - (found[n] or 0)) for n in apart if COMPARED[n] in _GAKU)
        return Difference(key, said[0], said[1], yen)

    differs = " OR ".join(f"e.{name} IS NOT s.{name}" for name in COMPARED)
    columns = ", ".join([f"e.{name}" for name in COMPARED] + [f"s.{name}" for name in COMPARED])
    known = "COALESCE(s.part, -1) NOT IN (SELECT part FROM moving_part)"
    return book.finding(
        STATES, f"SELECT b.shuunou_key, {known}, {columns} FROM {BOTH} AND ({differs})", show
    )


def _shown(number: int, value: Any) -> str:
    return iso(value) if COMPARED[number] in _DAYS else text(value)


def _twice(book: Book) -> Finding:
    def show(key: str, rows: int) -> Difference:
        return Difference(key, "one account", f"{rows} accounts")

    sql = "SELECT shuunou_key, COUNT(*) FROM account GROUP BY shuunou_key HAVING COUNT(*) > 1"
    return book.finding("収納キー with more than one account", sql, show)


def _rows_apart(book: Book, what: str, expected: str, found: str, columns: tuple[str, ...]) -> Finding:
    """Rows that only one side has; of those that both have in another form, the expected one is shown."""
    names = columns[1:]

    def show(side: str, key: str, *values: Any) -> Difference:
        shown = " ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
        return Difference(key, *((shown, "missing") if side == "e" else ("none such", shown)))

    chosen = ", ".join(columns)
    still = f"WHERE shuunou_key {STILL}"
    sql = (
        f"SELECT * FROM (SELECT 'e', {chosen} FROM (SELECT {chosen} FROM {expected} {still} "
        f"EXCEPT SELECT {chosen} FROM {found}) UNION ALL SELECT 's', {chosen} FROM "
        f"(SELECT {chosen} FROM {found} {still} EXCEPT SELECT {chosen} FROM {expected}))"
    )
    return book.finding(f"{what} that are not the replay", sql, show)


def _cases(book: Book) -> Finding:
    def show(atena: str, yen: int, bills: int, found_yen: int, found_bills: int, joutai: str) -> Difference:
        found = f"{found_yen} of {found_bills} 期別, {joutai}"
        state = OPEN if bills else CLOSED
        return Difference(atena, f"{yen} of {bills} 期別, {state}", found, abs(yen - found_yen))

    owing = (
        "SELECT atena_bangou, SUM(minou_gaku) AS yen, COUNT(*) AS bills, MIN(part) AS part FROM expected "
        "WHERE is_tainou GROUP BY atena_bangou"
    )
    book.make(f"CREATE TABLE owing AS {owing}", "CREATE INDEX owing_atena ON owing (atena_bangou)")
    sql = (
        "SELECT p.atena_bangou AS atena, COALESCE(o.yen, 0) AS yen, COALESCE(o.bills, 0) AS bills, "
        "COALESCE(c.tainou_kingaku, 0) AS found_yen, COALESCE(c.tainou_kensuu, 0) AS found_bills, "
        f"COALESCE(c.joutai, '{CLOSED}') AS joutai "
        "FROM (SELECT atena_bangou FROM owing UNION SELECT atena_bangou FROM case_row) p "
        "LEFT JOIN owing o ON o.atena_bangou = p.atena_bangou "
        "LEFT JOIN case_row c ON c.atena_bangou = p.atena_bangou "
        "WHERE COALESCE(c.part, o.part, -1) NOT IN (SELECT part FROM moving_part)"
    )
    apart = (
        f"SELECT * FROM ({sql}) WHERE (yen <> found_yen OR bills <> found_bills OR joutai <> "
        f"CASE WHEN bills THEN '{OPEN}' ELSE '{CLOSED}' END) "
        "AND atena NOT IN (SELECT atena_bangou FROM moving_atena)"
    )
    return book.finding("delinquency cases that are not the replay", apart, show)


def _kijunbi(book: Book) -> Finding:
    def show(part: int, expected: int | None, found: int | None) -> Difference:
        return Difference(f"partition {part}", f"基準日 {iso(expected)}", iso(found))

    sql = (
        "SELECT p.part, k.day, r.day FROM (SELECT part FROM kijunbi UNION SELECT part FROM kijunbi_row) p "
        "LEFT JOIN (SELECT part, MAX(kijunbi) AS day FROM kijunbi WHERE refused = 0 AND NOT moving GROUP BY "
        "part) k "
        "ON k.part = p.part LEFT JOIN (SELECT part, MAX(kijunbi) AS day FROM kijunbi_row GROUP BY part) r "
        "ON r.part = p.part WHERE k.day IS NOT r.day AND p.part NOT IN (SELECT part FROM moving_part)"
    )
    return book.finding("基準日 that are not the replay", sql, show)


def _kept(book: Book) -> Finding:
    def show(name: str, key: str, expected: int | None, found: int | None) -> Difference:
        return Difference(key, f"{name} of 履歴番号 {text(expected)}", text(found))

    sql = (
        "SELECT p.name, p.key, k.rireki_bangou, r.rireki_bangou FROM "
        "(SELECT name, key FROM kept UNION SELECT name, key FROM kept_row) p "
        "LEFT JOIN newest k ON k.name = p.name AND k.key = p.key "
        "LEFT JOIN kept_row r ON r.name = p.name AND r.key = p.key WHERE k.event IS NOT r.event "
        "AND (p.name, p.key) NOT IN (SELECT name, key FROM moving_kept)"
    )
    return book.finding("persons and records that are not the replay", sql, show)
