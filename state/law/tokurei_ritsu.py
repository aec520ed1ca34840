"""特例の割合: the rates of 延滞金, 還付加算金 and 猶予 of every calendar year.

Rates are integers in 1/1000 percent a year: 2800 is 年2.8%. Source: `schemas/law/tokurei_ritsu.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

import schemas
from state.reasons import Refusal, refusal

PERCENT = 1000
"""How many units of a rate make one percent."""


class Ritsu(NamedTuple):
    """割合: of one calendar year, with the provisions that it rests on."""

    year: int
    tokurei_kijun: int
    ichigetsu_inai: int
    ichigetsu_ato: int
    kanpu_kasan: int
    yuuyo: int | None
    derived: tuple[str, ...]
    reference: tuple[str, ...]
    entaikin_provision: str
    yuuyo_provision: str | None

    @property
    def version(self) -> str:
        """割合の始期: the first day of its year."""
        return date(self.year, 1, 1).isoformat()


@cache
def ritsu_table() -> Mapping[int, Ritsu]:
    """割合の表: by calendar year, earliest first."""
    table = schemas.load_toml("law/tokurei_ritsu")
    rules = sorted(table["rule"], key=lambda rule: rule["valid_from"])
    found = {}
    for row in sorted(table["ritsu"], key=lambda row: row["year"]):
        rule = [rule for rule in rules if rule["valid_from"] <= date(row["year"], 1, 1)][-1]
        found[row["year"]] = Ritsu(
            row["year"],
            row["tokurei_kijun"],
            row["ichigetsu_inai"],
            row["ichigetsu_ato"],
            row["kanpu_kasan"],
            row.get("yuuyo"),
            tuple(row["derived"]),
            tuple(row["reference"]),
            rule["provision"]["entaikin"],
            rule["provision"].get("yuuyo"),
        )
    return found


def no_ritsu(year: int, table: Mapping[int, Ritsu]) -> Refusal:
    """割合がない: why nothing can be calculated over a year that the table lacks."""
    if year < min(table):
        return refusal(
            "R-412",
            "計算の期間",
            f"{min(table)}年1月1日以後(地方税法 附則第3条の2)",
            f"{year}年にかかる",
            "職員が当時の率で計算する",
        )
    return refusal(
        "R-411",
        "その年の割合",
        "地方税法 附則第3条の2の割合が告示されている年",
        f"{year}年の割合は表にない(最後は{max(table)}年)",
        "告示を確かめ、割合の表に1年分を加える",
    )


def percent(rate: int) -> str:
    """割合の表記: 9100 -> "9.1", 1250 -> "1.25"."""
    whole, part = divmod(rate, PERCENT)
    return f"{whole}.{f'{part:03d}'.rstrip('0') or '0'}"
