"""監査の帳面: the temporary SQLite file in which records are laid out and compared; it goes when the audit ends.

Days are kept as their ordinal number, ids and bodies as 64 bits of their BLAKE2b digest: enough to tell
some millions
of them apart, an eighth of their size. A record's place is `topic` (its number in the list), `part` and
`at`. Columns
have no type, so that a value is compared as it was put in.
"""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from connectors.auditor.report import SAMPLES, Difference, Finding
from connectors.auditor.seisan import NET, kagonou, minou

PLACE = "topic, part, at"
EVENT = f"{PLACE}, event, body, event_id, moving, refused, arrived"
"""Of a change event: `moving` when its stage had not worked it off, `refused` 1 where a letter stands at
its own place and 2 where one stands at a place it reached later, `arrived` its place in `ledger.input.v1`
where that matters."""

STATED = (
    "jichitai_code", "rireki_bangou", "fuka_nendo", "zeimoku_code", "taishou_nendo", "tsuuchisho_bangou",
    "kibetsu_code", "choutei_nendo", "kaikei_nendo", "kibetsu_choutei_gaku", "noukigen", "houtei_noukigen",
    "houtei_noukigen_tou", "choutei_nengappi", "zuiki_flag", "jiyuu_code", "held",
)  # fmt: skip
"""What an assessment says of a 期別, under the same names in the event and in the account."""
FIGURED = ("is_cancelled", "shuunou_gaku", "kousei_nengappi", "kousei_kaisuu", "koufuri_funou_kaisuu")
ACCOUNT = ("shuunou_key", "atena_bangou", *STATED, *FIGURED, "is_tainou")
RECEIPT = (
    "shuunou_key", "receipt_no", "dankai", "kingaku", "ryoushuu_nengappi", "shuunou_nengappi", "nikkeibi",
    "torikomibi", "shuunou_kubun",
)  # fmt: skip
RIREKI = ("shuunou_key", "rireki_bangou", "kind", "kibetsu_choutei_gaku", "occurred_on")

TABLES: dict[str, str] = {
    "choutei": f"{EVENT}, kind, occurred_on, shuunou_key, atena_bangou, {', '.join(STATED)}",
    "nounyuu": f"{EVENT}, own_key, is_held, {', '.join(RECEIPT)}",
    "assigned": f"{EVENT}, shuunou_key, held_event, target",
    "kept": f"{EVENT}, name, key, rireki_bangou",
    "kijunbi": f"{EVENT}, kijunbi",
    "tetsuzuki": f"{EVENT}, atena_bangou, kind, bangou, day, shuunou_key, made, said",
    "tetsuzuki_line": f"{PLACE}, shuunou_key, atena_bangou, kingaku",
    "share": f"{PLACE}, event, returned, moving, refused, shuunou_key, atena_bangou, kingaku, moto_key",
    "unread": f"{EVENT}, why",
    "letter": f"{PLACE}, letter, stage, reason, event",
    "notice": "shuunou_key, event, kind, assigned, kingaku, PRIMARY KEY (shuunou_key, event)",
    "moved": f"part, at, event, body, moving, {', '.join(RECEIPT)}",
    "input": "part, at, event, body, refused",
    "latest": "part, key PRIMARY KEY, value",
    "account": f"part, {', '.join(ACCOUNT)}, minou_gaku, kagonou_gaku, {', '.join(NET)}",
    "seiri_fact": "part, at, fact, event, kind, shuunou_key, atena_bangou",
    "movement": "fact, number, event, shuunou_key, kind, kamoku, kingaku, PRIMARY KEY (fact, number)",
    "told": "name, key, atena_bangou, part, body, fact, PRIMARY KEY (name, key)",
    "seiri_row": "name, key, atena_bangou, part, body",
    "receipt_row": ", ".join(RECEIPT),
    "rireki_row": ", ".join(RIREKI),
    "case_row": "part, atena_bangou, joutai, tainou_kingaku, tainou_kensuu",
    "kept_row": "name, key, event, rireki_bangou",
    "kept_out": "name, key, event, body, PRIMARY KEY (name, key)",
    "kijunbi_row": "part, kijunbi",
    "provision": "part, at, transfer, contract, fact, shuunou_key, body",
    "transfer": "contract, part, at, fact, transfer, digest, body",
    "projected": "shuunou_key PRIMARY KEY, kibetsu_choutei_gaku, shuunou_gaku, "
    "minou_gaku, kagonou_gaku, is_tainou",
    "projected_movement": "fact, number, shuunou_key, kind, kamoku, kingaku, PRIMARY KEY (fact, number)",
    "projected_seiri": "name, key, atena_bangou, fact, body, PRIMARY KEY (name, key)",
    "wrong": "measure, what, key, expected, found",
    "moving": "shuunou_key PRIMARY KEY",
    "route": "shuunou_key, receipt_no, target, PRIMARY KEY (shuunou_key, receipt_no)",
}


def fact_columns(contracts: int) -> str:
    """事実の列: with one digest for each contract that covers the account shown in the fact."""
    digests = "".join(f", d{number}" for number in range(contracts))
    return f"part, at, fact, event, kind, shuunou_key, atena_bangou, kingaku, is_first{digests}"


def mark(data: bytes) -> int:
    """印: 64 bits that stand for these bytes."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def day(on: date | None) -> int | None:
    """日の番号。"""
    return None if on is None else on.toordinal()


def iso(number: int | None) -> str:
    """日を読める形に: `-` where there is none."""
    return "-" if number is None else date.fromordinal(number).isoformat()


def text(value: Any) -> str:
    """値を読める形に。"""
    return "-" if value is None else str(value)


class Book:
    """監査の帳面: a context; what is in it is gone at its end."""

    def __init__(self, contracts: int, folder: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="shuunou-verify-", dir=folder)
        self.db = sqlite3.connect(Path(self._folder.name) / "book.db", isolation_level=None)
        for pragma in (
            "journal_mode=OFF",
            "synchronous=OFF",
            "locking_mode=EXCLUSIVE",
            "cache_size=-131072",
        ):
            self.db.execute(f"PRAGMA {pragma}")
        for name, work_out in (("minou", minou), ("kagonou", kagonou)):
            self.db.create_function(name, 2 + len(NET), work_out, deterministic=True)
        self.db.execute("BEGIN")
        self._insert: dict[str, str] = {}
        for name, columns in (TABLES | {"fact": fact_columns(contracts)}).items():
            self.make(f'CREATE TABLE "{name}" ({columns})')
            places = ", ".join("?" for _ in self.db.execute(f'PRAGMA table_info("{name}")'))
            self._insert[name] = f'INSERT OR REPLACE INTO "{name}" VALUES ({places})'

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()
        self._folder.cleanup()

    def add(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """書き込む: rows with a value for every column; one with the same primary key is replaced."""
        self.db.executemany(self._insert[table], rows)

    def make(self, *statements: str) -> None:
        """手を加える: statements that give nothing back, one after another."""
        for statement in statements:
            self.db.execute(statement)

    def rows(self, sql: str, *given: Any) -> sqlite3.Cursor:
        """引く: row by row."""
        return self.db.execute(sql, given)

    def number(self, sql: str, *given: Any) -> int:
        """数を引く: the one number that the question has for an answer; 0 for none."""
        found = self.db.execute(sql, given).fetchone()
        return int(found[0] or 0) if found else 0

    def wrong(self, measure: str, what: str, key: str, expected: str, found: str) -> None:
        """読むうちに気付いた食い違いを書き留める。"""
        self.add("wrong", [(measure, what, key, expected, found)])

    def finding(self, what: str, sql: str, show: Callable[..., Difference | None]) -> Finding:
        """指摘を作る: `show` turns a row into the difference it is, or None when it is none after all."""
        count, shown = 0, list[Difference]()
        for row in self.db.execute(sql):
            difference = show(*row)
            if difference is not None:
                count += 1
                if len(shown) < SAMPLES:
                    shown.append(difference)
        return Finding(what, count, tuple(shown))

    def noticed(self, measure: str) -> list[Finding]:
        """書き留めた食い違い: as findings, by what they are."""
        kinds = self.rows("SELECT DISTINCT what FROM wrong WHERE measure = ? ORDER BY what", measure)
        asked = f"SELECT key, expected, found FROM wrong WHERE measure = '{measure}' AND what = "
        return [self.finding(what, f"{asked}'{what}'", Difference) for (what,) in kinds.fetchall()]
