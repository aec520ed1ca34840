"""延滞金の定め: its numbers and settings by date, its provisions by 税目, what each 猶予 does.

Source: `schemas/law/entaikin.toml`; the rates are those of `state.law.tokurei_ritsu`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import schemas
from state.law.tokurei_ritsu import Ritsu, ritsu_table

SAIGO, KUBUN = "saigo", "kubun"
TOKUREI, HANGAKU = "tokurei", "hangaku"
ATO, ZENKIKAN = "ato", "zenkikan"
ZENTAI, KAKUJI = "zentai", "kakuji"
HOKA_SAKI, YUUYO_SAKI = "hoka_saki", "yuuyo_saki"
WARIAI, ZENGAKU, YUUYO = "wariai", "zengaku", "yuuyo"


class Provisions(NamedTuple):
    """条項: the ones that every 税目 shares, by what they decide."""

    kiso_hasuu: str
    kakutei_hasuu: str
    ichibu_noufu: str
    kikan: str
    nen_nissuu: str


class Rule(NamedTuple):
    """計算の定め: numbers and settings in force from `valid_from`. Amounts in yen."""

    valid_from: date
    nen_nissuu: int
    kiso_tani: int
    kiso_saitei: int
    kakutei_tani: int
    kakutei_saitei: int
    segment_rounding: str
    yuuyo_method: str
    yuuyo_scope: str
    yuuyo_kiso: str
    yuuyo_noufu: str
    provision: Provisions


class ZeimokuRule(NamedTuple):
    """税目の定め: the months at the lower rate, by which provision; in force from `valid_from`."""

    code: str
    valid_from: date
    months: int
    entaikin: str
    genmen: str


class WaiverRule(NamedTuple):
    """減免・猶予の定め: what a kind does to its days. Without a provision, that of the 税目 counts."""

    kind: str
    ja: str
    effect: str
    provision: str | None


class Law(NamedTuple):
    """延滞金の法: everything that a calculation is decided by."""

    rules: tuple[Rule, ...]
    zeimoku: tuple[ZeimokuRule, ...]
    waivers: Mapping[str, WaiverRule]
    ritsu: Mapping[int, Ritsu]

    def rule_on(self, day: date) -> Rule | None:
        """その日の定め: the latest rule in force, None before the first."""
        found = [rule for rule in self.rules if rule.valid_from <= day]
        return max(found, key=lambda rule: rule.valid_from, default=None)

    def zeimoku_on(self, code: str, day: date) -> ZeimokuRule | None:
        """その日の税目の定め: None for a 税目 that has none, or not yet."""
        found = [rule for rule in self.zeimoku if rule.code == code and rule.valid_from <= day]
        return max(found, key=lambda rule: rule.valid_from, default=None)


@cache
def entaikin_law() -> Law:
    """延滞金の法: as written in `schemas/law`."""
    stated = schemas.load_toml("law/entaikin")
    return Law(
        tuple(_rule(entry) for entry in stated["rule"]),
        tuple(
            ZeimokuRule(
                entry["code"],
                entry["valid_from"],
                entry["months"],
                entry["provision"]["entaikin"],
                entry["provision"]["genmen"],
            )
            for entry in stated["zeimoku"]
        ),
        {
            entry["kind"]: WaiverRule(entry["kind"], entry["ja"], entry["effect"], entry.get("provision"))
            for entry in stated["waiver"]
        },
        ritsu_table(),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    numbers = {name: entry[name] for name in Rule._fields if name != "provision"}
    return Rule(**numbers, provision=Provisions(**entry["provision"]))
