"""調定: which taxes a person owes in one 年度, and how much each 期 is.

Amounts are invented. The year's amount is divided as 地方税法20条の4の2 has it: each 期 a multiple of 1,000 yen,
what is left over joins the first (domain.md 2.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import schemas
from connectors.city.confidential import without_zero
from connectors.city.model import Bill, Person
from connectors.city.schedule import Kibetsu, Zeimoku

PERCENT_OWING = {"01": 60, "02": 55, "03": 50, "04": 33}
_SHARE_UNIT = 1_000
_YEAR_GAKU = {  # lowest, highest, step: for each 期 at least 2,000 yen, and never more than a barcode can say
    "01": (10_000, 480_000, 100),
    "02": (12_000, 390_000, 100),
    "04": (24_000, 720_000, 100),
}
_KEI_GAKU = (2_400, 3_700, 6_000, 7_200, 10_800, 12_900)
_REAL_NOTICE, _UNKNOWN_NOTICE = "11", "12"


def tsuuchisho_bangou(serial: int, zeimoku_code: str, ending: str = _REAL_NOTICE) -> str:
    """通知書番号: ten digits without a zero; the ending 12 is never assessed."""
    return f"{int(zeimoku_code)}{without_zero(serial, 7)}{ending}"


def shuunou_key(parts: dict[str, str]) -> str:
    """収納キー: the parts of `schemas/layout/shuunou_key.toml` in their order and length."""
    stated: dict[str, Any] = schemas.load_toml("layout/shuunou_key")
    return "".join(parts[part["name"]].rjust(part["length"], "0") for part in stated["parts"])


def unknown_key(bill: Bill) -> str:
    """だれのものでもない収納キー: like the bill's, of a notice that was never sent."""
    parts = bill._asdict() | {
        "fuka_nendo": str(bill.fuka_nendo),
        "tsuuchisho_bangou": bill.tsuuchisho_bangou[: -len(_UNKNOWN_NOTICE)] + _UNKNOWN_NOTICE,
    }
    return shuunou_key(parts)


def bills_of(rng: Random, person: Person, nendo: int, taxes: tuple[Zeimoku, ...]) -> Iterator[Bill]:
    """一人の期別: every 期 of every tax that this person owes."""
    for tax in taxes:
        if rng.randrange(100) >= PERCENT_OWING[tax.code]:
            continue
        for kibetsu, gaku in zip(tax.kibetsu, _shares(rng, tax), strict=True):
            yield _bill(person, nendo, tax, kibetsu, gaku)


def _shares(rng: Random, tax: Zeimoku) -> list[int]:
    count = len(tax.kibetsu)
    if tax.code not in _YEAR_GAKU:
        return [rng.choice(_KEI_GAKU)]
    lowest, highest, step = _YEAR_GAKU[tax.code]
    # most people owe little: the lower of two draws
    year = min(rng.randrange(lowest, highest, step), rng.randrange(lowest, highest, step))
    share = year // count // _SHARE_UNIT * _SHARE_UNIT
    return [year - share * (count - 1)] + [share] * (count - 1)


def _bill(person: Person, nendo: int, tax: Zeimoku, kibetsu: Kibetsu, gaku: int) -> Bill:
    notice = tsuuchisho_bangou(person.serial, tax.code)
    parts = {
        "fuka_nendo": str(nendo),
        "zeimoku_code": tax.code,
        "tsuuchisho_bangou": notice,
        "kibetsu_code": kibetsu.kibetsu_code,
    }
    return Bill(
        shuunou_key=shuunou_key(parts),
        atena_bangou=person.atena_bangou,
        fuka_nendo=nendo,
        zeimoku_code=tax.code,
        kibetsu_code=kibetsu.kibetsu_code,
        tsuuchisho_bangou=notice,
        producer=tax.producer,
        gaku=gaku,
        noukigen=kibetsu.noukigen,
        choutei_on=tax.choutei_on,
    )
