"""延滞金の二つ目の計算: written apart from `state.law`, in SQL, one row per day and history.

It shares nothing with the first but the shape of its inputs: the rates are typed in again, the months are
SQLite's, and every amount is an integer. Shares of a waiver are twelfths.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from state.law.entaikin_value import Bill

FIRST, LAST = date(2000, 1, 1), date(2026, 12, 31)


class History(NamedTuple):
    """一つの経過: a bill, the day to count to, the settings and the months at the lower rate."""

    bill: Bill
    on: date
    months: int
    is_kubun: bool
    is_hangaku: bool
    is_zenkikan: bool
    is_kakuji: bool
    is_yuuyo_saki: bool


_TABLES = """
CREATE TABLE ritsu (since INT, until INT, inai INT, ato INT, yuuyo INT);
INSERT INTO ritsu VALUES
  (2000, 2001, 45, 146, NULL), (2002, 2006, 41, 146, NULL), (2007, 2007, 44, 146, NULL),
  (2008, 2008, 47, 146, NULL), (2009, 2009, 45, 146, NULL), (2010, 2013, 43, 146, NULL),
  (2014, 2014, 29, 92, 19), (2015, 2016, 28, 91, 18), (2017, 2017, 27, 90, 17), (2018, 2020, 26, 89, 16),
  (2021, 2021, 25, 88, 10), (2022, 2025, 24, 87, 9), (2026, 2026, 28, 91, 13);
CREATE TABLE calendar (day TEXT PRIMARY KEY, n INT, year INT, inai INT, ato INT, yuuyo INT);
INSERT INTO calendar
  WITH RECURSIVE d(day) AS (
    VALUES ('2000-01-01') UNION ALL SELECT date(day, '+1 day') FROM d WHERE day < '2026-12-31')
  SELECT day, CAST(julianday(day) AS INT), CAST(strftime('%Y', day) AS INT), inai, ato, yuuyo
  FROM d JOIN ritsu ON CAST(strftime('%Y', day) AS INT) BETWEEN since AND until;
CREATE TABLE bill (id INTEGER PRIMARY KEY, zeigaku INT, noukigen TEXT, kijunbi TEXT, months INT,
                   is_kubun INT, is_hangaku INT, is_zenkikan INT, is_kakuji INT, is_yuuyo_saki INT);
CREATE TABLE owed (bill INT, day TEXT, after INT);
CREATE INDEX owed_of ON owed (bill, day);
CREATE TABLE waiver (bill INT, place INT, kind TEXT, from_on TEXT, to_on TEXT, twelfths INT,
                     gendo INT);
CREATE INDEX waiver_of ON waiver (bill);
CREATE TABLE kind (name TEXT PRIMARY KEY, is_half INT, is_genmen INT);
INSERT INTO kind VALUES ('genmen', 0, 1), ('shikkou_teishi', 0, 0), ('saigai_yuuyo', 0, 0),
  ('kigen_enchou', 0, 0), ('choushuu_yuuyo', 1, 0), ('kanka_yuuyo', 1, 0);
"""

# The last day of the first months: the day before the one of the same number, or else the end of the month.
_MONTHS = """
CREATE TABLE claim AS
  WITH first AS (SELECT *, date(noukigen, '+1 day') AS k FROM bill),
  aim AS (SELECT *, date(k, 'start of month', '+' || months || ' months') AS m FROM first),
  ends AS (SELECT *, date(m, '+1 month', '-1 day') AS e FROM aim)
  SELECT *, CASE WHEN strftime('%d', k) > strftime('%d', e) THEN e
                 ELSE date(m, '+' || (strftime('%d', k) - 1) || ' days', '-1 day') END AS inai_to
  FROM ends
"""

# One row per day: what was owed that morning, its base (in 1,000 yen), and the usual rate (in 1/10 %).
_DAYS = """
CREATE TABLE daily AS
  WITH known AS (
    SELECT b.id, b.is_kubun, b.is_hangaku, b.is_zenkikan, b.is_kakuji, b.is_yuuyo_saki, c.n, c.day, c.year,
           c.yuuyo, c.day <= b.inai_to AS is_inai,
           CASE WHEN c.day <= b.inai_to THEN c.inai ELSE c.ato END AS rate,
           coalesce((SELECT after FROM owed o WHERE o.bill = b.id AND o.day < c.day
                     ORDER BY o.day DESC, o.after LIMIT 1), b.zeigaku) AS owed
    FROM claim b JOIN calendar c ON c.day > b.noukigen AND c.day <= b.kijunbi)
  SELECT * FROM known WHERE owed >= 2000
"""

# What each waiver would take on a day: its price (1/10 % times twelfths) and the yen that it may be for.
# With 猶予に係る部分から, what was paid since its first day has used its limit up.
_OFFERS = """
CREATE TABLE offer AS
  WITH begun AS (
    SELECT w.*, coalesce((SELECT after FROM owed o WHERE o.bill = b.id
                            AND o.day < max(w.from_on, date(b.noukigen, '+1 day'))
                          ORDER BY o.day DESC, o.after LIMIT 1), b.zeigaku) AS first_owed
    FROM waiver w JOIN claim b ON b.id = w.bill),
  priced AS (
    SELECT d.*, w.place, w.kind,
           CASE WHEN is_genmen THEN rate * (12 - twelfths)
                WHEN NOT is_half THEN 0
                WHEN is_inai AND NOT is_zenkikan THEN rate * 12
                WHEN is_hangaku OR yuuyo IS NULL THEN rate * 6
                ELSE yuuyo * 12 END AS price,
           CASE WHEN gendo IS NULL THEN owed
                WHEN is_yuuyo_saki THEN min(owed, max(gendo + owed - first_owed, 0))
                ELSE min(owed, gendo) END AS upto
    FROM daily d JOIN begun w ON w.bill = d.id AND d.day BETWEEN w.from_on AND w.to_on
    JOIN kind ON name = w.kind)
  SELECT * FROM priced WHERE price < rate * 12 AND upto > 0
"""

# The yen of a day in a row from 0 to what is owed, the cheapest first; the usual rate takes what is left.
# The thousands within [low, high) are its base, or by 各別 those of its own yen alone.
_SLICES = """
CREATE TABLE slice AS
  WITH stacked AS (
    SELECT id, n, owed, is_kakuji, price, kind, upto,
           sum(upto) OVER (PARTITION BY id, n ORDER BY price, -upto, place ROWS UNBOUNDED PRECEDING) AS up
    FROM offer),
  edged AS (
    SELECT id, n, is_kakuji, price, kind, min(up - upto, owed) AS low, min(up, owed) AS high FROM stacked
    UNION ALL
    SELECT d.id, d.n, d.is_kakuji, d.rate * 12, '', min(coalesce(t.upto, 0), d.owed), d.owed
    FROM daily d LEFT JOIN (SELECT id, n, sum(upto) AS upto FROM offer GROUP BY id, n) t
      ON t.id = d.id AND t.n = d.n)
  SELECT id, n, low, high, price, kind,
         CASE WHEN NOT is_kakuji THEN high / 1000 - low / 1000
              WHEN high - low < 2000 THEN 0 ELSE (high - low) / 1000 END AS kiso
  FROM edged WHERE high > low
"""

_INDEX = "CREATE INDEX slice_of ON slice (id, n, low)"

# What the days of one segment must share, as a text.
_SHAPES = """
CREATE TABLE shaped AS
  SELECT d.id, d.n, d.is_kubun, d.year || ' ' || d.is_inai || ' ' || d.owed || ' ' || (
           SELECT group_concat(part, ' ') FROM (
             SELECT high || ':' || kiso || ':' || price || ':' || kind AS part
             FROM slice s WHERE s.id = d.id AND s.n = d.n ORDER BY low)) AS shape
  FROM daily d
"""

# A segment begins where the day before is missing or unlike; its slices are those of its first day.
_SEGMENTS = """
CREATE TABLE segment AS
  WITH marked AS (
    SELECT id, n, is_kubun,
           coalesce(lag(n) OVER w <> n - 1 OR lag(shape) OVER w <> shape, 1) AS is_first
    FROM shaped WINDOW w AS (PARTITION BY id ORDER BY n)),
  numbered AS (SELECT *, sum(is_first) OVER (PARTITION BY id ORDER BY n) AS number FROM marked),
  span AS MATERIALIZED (
    SELECT id, is_kubun, min(n) AS first_n, count(*) AS days FROM numbered GROUP BY id, is_kubun, number)
  SELECT p.id, p.is_kubun, p.days * s.kiso * s.price AS cost
  FROM span p CROSS JOIN slice s ON s.id = p.id AND s.n = p.first_n
"""

# 1,000 yen × 1/10 % × 1/12: a cost of 12 × 365 is one yen.
_SUMS = """
  SELECT b.id, coalesce(CASE WHEN b.is_kubun THEN sum(s.cost / 4380) ELSE sum(s.cost) / 4380 END, 0)
  FROM claim b LEFT JOIN segment s ON s.id = b.id GROUP BY b.id ORDER BY b.id
"""


def totals(histories: Sequence[History]) -> list[tuple[int, int]]:
    """合計と確定額: of each history, in yen, in the order given."""
    with sqlite3.connect(":memory:") as database:
        database.executescript(_TABLES)
        for place, history in enumerate(histories):
            _insert(database, place, history)
        for statement in (_MONTHS, _DAYS, _OFFERS, _SLICES, _INDEX, _SHAPES, _SEGMENTS):
            database.execute(statement)
        sums = [goukei for _, goukei in database.execute(_SUMS)]
    return [(goukei, goukei // 100 * 100 if goukei >= 1000 else 0) for goukei in sums]


def _insert(database: sqlite3.Connection, place: int, history: History) -> None:
    bill = history.bill
    database.execute(
        "INSERT INTO bill VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (place, bill.zeigaku, bill.noukigen.isoformat(), history.on.isoformat(), *history[2:]),
    )
    database.executemany(
        "INSERT INTO owed VALUES (?, ?, ?)",
        [(place, change.on.isoformat(), change.after) for change in bill.owed],
    )
    database.executemany(
        "INSERT INTO waiver VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                place,
                number,
                waiver.kind,
                waiver.from_on.isoformat(),
                waiver.to_on.isoformat(),
                waiver.bunshi * 12 // waiver.bunbo,
                waiver.gendo_gaku,
            )
            for number, waiver in enumerate(bill.waivers)
        ],
    )
