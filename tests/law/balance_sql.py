"""均衡の別実装: the balance identity and the sums again, in SQL over a journal, apart from state/law."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_TABLE = """
CREATE TABLE movement (
    history INTEGER, at TEXT, shuunou_key TEXT,
    fuka_nendo INTEGER, choutei_nendo INTEGER, kaikei_nendo INTEGER,
    zeimoku_code TEXT, kibetsu_code TEXT, kind TEXT, kamoku TEXT, channel TEXT, kingaku INTEGER
)
"""
# What raises a debt, and what lowers it: written out here, so that a wrong sign there is seen.
_SIGNED = """
CASE WHEN kind IN ('choutei', 'kousei', 'torikeshi', 'kanpu', 'juutou_out') THEN kingaku
     WHEN kind IN ('shuunou', 'juutou_in', 'kesson', 'shoumetsu') THEN -kingaku END
"""
_BALANCE = f"""
SELECT history, choutei_nendo, zeimoku_code, kibetsu_code, shuunou_key, kamoku, SUM({_SIGNED})
FROM movement GROUP BY 1, 2, 3, 4, 5, 6
"""
_CARRIED = f"""
WITH yearly AS (
    SELECT history, choutei_nendo, zeimoku_code, kibetsu_code, shuunou_key, kamoku, kaikei_nendo,
           SUM({_SIGNED}) AS change
    FROM movement GROUP BY 1, 2, 3, 4, 5, 6, 7
)
SELECT history, choutei_nendo, zeimoku_code, kibetsu_code, shuunou_key, kamoku, kaikei_nendo, change,
       SUM(change) OVER (
           PARTITION BY history, choutei_nendo, zeimoku_code, kibetsu_code, shuunou_key, kamoku
           ORDER BY kaikei_nendo
       )
FROM yearly ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
_APART = """
SELECT history,
       SUM(CASE kind WHEN 'juutou_out' THEN kingaku WHEN 'juutou_in' THEN -kingaku ELSE 0 END)
FROM movement GROUP BY history
"""
_MONTHS = """
SELECT history, strftime('%Y', at) + 0, strftime('%m', at) + 0, kaikei_nendo,
       CASE WHEN kaikei_nendo = choutei_nendo THEN 'gennen' ELSE 'taikuri' END,
       zeimoku_code, kamoku, channel,
       SUM(CASE kind WHEN 'shuunou' THEN kingaku WHEN 'juutou_in' THEN kingaku
                     WHEN 'torikeshi' THEN -kingaku WHEN 'kanpu' THEN -kingaku
                     WHEN 'juutou_out' THEN -kingaku
                     ELSE 0 END),
       SUM(kind = 'shuunou')
FROM movement GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""


class Journal:
    """仕訳帳: the movements of many histories in one database in memory."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute(_TABLE)

    def write(self, history: int, movements: Iterable[tuple[Any, ...]]) -> None:
        """Keep one history; a movement is its fields in order, the day first."""
        rows = ((history, row[0].isoformat(), *row[1:]) for row in movements)
        self._db.executemany(f"INSERT INTO movement VALUES ({', '.join('?' * 12)})", rows)

    def balances(self) -> Iterator[tuple[Any, ...]]:
        """History, the five parts of the key, what is owed."""
        return self._db.execute(_BALANCE)

    def carried(self) -> Iterator[tuple[Any, ...]]:
        """History, the five parts of the key, year, change, closing."""
        return self._db.execute(_CARRIED)

    def apart(self) -> dict[int, int]:
        """History: 充当 that went out and did not come in."""
        return dict(self._db.execute(_APART))

    def months(self) -> Iterator[tuple[Any, ...]]:
        """History, the seven parts of the key of a month, 収入済額, receipts."""
        return self._db.execute(_MONTHS)
