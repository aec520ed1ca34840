"""納税証明: what was assessed, paid and is owed of one 税目 and year on a day, 期別 by 期別, with the grounds.

Nothing is certified while it is unsettled: a 速報 alone, a payment that is held, a 過誤納 that is not decided.
地方税法 第20条の10; the year it is about is a setting of `schemas/law/shoumei.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import NamedTuple

from state.facts import Applied
from state.law import entaikin
from state.law.entaikin_value import Entaikin
from state.law.joubun import by, cite
from state.law.rules import rule
from state.law.shikkou_teishi import is_stopped
from state.reasons import Refusal, refusal
from state.receipt.account import SOKUHOU, ReceiptAccount
from state.receipt.entaikin import owed_after
from state.receipt.seisan import Seisan
from state.seiri.entaikin_bill import bill_of_kibetsu, ended_on
from state.seiri.values import KibetsuSeiri
from state.seiri.yuuyo_bubun import YuuyoBubun, bubun_on


class KibetsuShoumei(NamedTuple):
    """期別の証明: in yen; 税額 = 納付済 + 未納 + 納期未到来 + 消滅・承継. `chuuki` says what else is to be known.

    `entaikin_kakutei` is fixed and owed; `entaikin` runs, as of the day, where nothing is fixed yet.
    """

    shuunou_key: str
    kibetsu_code: str
    noukigen: date
    zeigaku: int
    noufuzumi_gaku: int
    minou_gaku: int
    mitourai_gaku: int
    shoumetsu_gaku: int
    entaikin_kakutei: int
    entaikin: int
    chuuki: tuple[str, ...]
    keisan: Entaikin


class Shoumei(NamedTuple):
    """納税証明: of one person, year and 税目 on a day."""

    atena_bangou: str
    nendo: int
    zeimoku_code: str
    on: date
    kibetsu: tuple[KibetsuShoumei, ...]
    applied: tuple[Applied, ...]

    def goukei(self, name: str) -> int:
        """合計: of one amount over all 期別, in yen."""
        return sum(getattr(each, name) for each in self.kibetsu)


def certify(
    atena_bangou: str,
    accounts: Mapping[str, ReceiptAccount],
    seiri: Mapping[str, KibetsuSeiri],
    held: AbstractSet[str],
    nendo: int,
    zeimoku_code: str,
    on: date,
) -> Shoumei | Refusal:
    """納税証明を作る: `accounts` and `seiri` are all of the person's, `held` the 期別 with a payment that is held.

    Refuses with R-440 to R-443, and with what the calculation of 延滞金 refuses.
    """
    entry = rule("shoumei", on)
    asked = [
        account
        for _, account in sorted(accounts.items())
        if getattr(account, entry["nendo"]) == nendo and account.zeimoku_code == zeimoku_code
    ]
    basis = cite(entry, "shoumei")
    if not asked:
        expected = f"{nendo}年度・税目{zeimoku_code}の期別({basis})"
        return refusal("R-443", "納税証明", expected, "一つもない", "年度と税目を確かめる")
    unsettled = next(_unsettled(asked, held, on, basis), None)
    if unsettled is not None:
        return unsettled
    found: list[KibetsuShoumei] = []
    for account in asked:
        line = _line(account, seiri, on)
        if isinstance(line, Refusal):
            return line
        found.append(line)
    made = Shoumei(atena_bangou, nendo, zeimoku_code, on, tuple(found), ())
    inputs = {"nendo": nendo, "zeimoku_code": zeimoku_code, "on": on}
    outputs = {name: made.goukei(name) for name in ("zeigaku", "noufuzumi_gaku", "minou_gaku")}
    return made._replace(applied=(by(entry, "shoumei", inputs, outputs),))


def _unsettled(
    asked: list[ReceiptAccount], held: AbstractSet[str], on: date, basis: str
) -> Iterator[Refusal]:
    for account in asked:
        name = f"期別{account.kibetsu_code}の納付"
        kari = [each for each in account.receipts if each.dankai == SOKUHOU and each.ryoushuu_nengappi <= on]
        if kari:
            expected, found = f"確報のある納付({basis})", f"速報だけの納付が{len(kari)}件"
            yield refusal("R-440", name, expected, found, "確報を待つか、領収証書の提示を求める")
        if account.shuunou_key in held:
            expected = f"保留中の納付がないこと({basis})"
            yield refusal("R-441", name, expected, "保留がある", "`shuunou unmatched list` で行き先を決める")
        if account.kagonou_gaku:
            expected, found = f"過誤納がないこと({basis})", f"過誤納{account.kagonou_gaku}円"
            yield refusal("R-442", name, expected, found, "充当・還付を決定する")


def _line(
    account: ReceiptAccount, seiri: Mapping[str, KibetsuSeiri], on: date
) -> KibetsuShoumei | Refusal:
    own = seiri.get(account.shuunou_key) or KibetsuSeiri(account.shuunou_key, account.atena_bangou)
    bill = bill_of_kibetsu(account, seiri, on)
    keisan = entaikin.calculate(bill, on)
    if isinstance(keisan, Refusal):
        return keisan
    owed, seisan = owed_after(bill), account.seisan or Seisan()
    ended = ended_on(own)
    extinct = seisan.kesson.honzei + seisan.shoumetsu.honzei if ended is None or ended <= on else 0
    zeigaku = account.kibetsu_choutei_gaku
    gone = min(extinct + seisan.shoukei.honzei, zeigaku - owed)
    is_due = account.noukigen < on
    is_fixed = own.entaikin_on is not None
    return KibetsuShoumei(
        account.shuunou_key,
        account.kibetsu_code,
        account.noukigen,
        zeigaku,
        zeigaku - owed - gone,
        owed if is_due else 0,
        0 if is_due else owed,
        gone,
        account.wariate.minou.entaikin,
        0 if is_fixed else keisan.kakutei,
        tuple(_chuuki(account, own, bubun_on(account, seiri, on), on, gone)),
        keisan,
    )


def _chuuki(
    account: ReceiptAccount, own: KibetsuSeiri, under: YuuyoBubun, on: date, gone: int
) -> Iterator[str]:
    """What is noted beside the amounts, and is no reason to refuse; of a 猶予 of a part, how much it is."""
    if account.is_cancelled:
        yield "課税取消"
    for each, yen in under.yuuyo:
        name = "徴収の猶予中" if each.jikou_code == "choushuu_yuuyo" else "換価の猶予中"
        part = "" if yen == under.honzei else f"、本税のうち{yen:,}円"
        yield f"{name}({each.made}まで{part})"
    if is_stopped(own.shikkou_teishi, on):
        yield "滞納処分の執行停止中"
    if own.bunnou:
        yield "分割納付中"
    if gone:
        yield f"消滅・承継 {gone:,}円"
