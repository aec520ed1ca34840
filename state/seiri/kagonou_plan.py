"""充当・還付の計画(整理): what a decision needs of the person: the 過誤納, the 未納 of every 期別, the 還付加算金."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from state.facts import Applied
from state.law import kagonou_apply, kanpu_kasankin
from state.law.jikou import standing
from state.law.juutou import Due, Plan
from state.law.kagonou import (
    HASSEI,
    JIKOU,
    JUUTOU_ZUMI,
    SHIHARAI,
    TORIKESHI,
    Kagonou,
    KagonouArose,
    KagonouChanged,
)
from state.law.kanpu_kasankin import Bubun, Kisan
from state.law.kikan import DAY, end_of
from state.law.rules import rule
from state.law.shikkou_teishi import is_stopped
from state.law.uchiwake import KAMOKU, Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.receipt.noufu import Beyond, beyond
from state.seiri.entaikin_bill import carried, juutou_in, kettei_on
from state.seiri.event import TetsuzukiTaken
from state.seiri.jikou_of import jikou_of
from state.seiri.person import Person, SeiriHappened
from state.seiri.values import KibetsuSeiri
from state.seiri.yuuyo_bubun import YuuyoBubun, bubun_on

FINAL = (SHIHARAI, JUUTOU_ZUMI, JIKOU, TORIKESHI)
"""States after which a new 過誤納 may take the place of the old one."""


class Ready(NamedTuple):
    """用意した過誤納: the value in its state 発生, the payments it is made of, and what happened to get there."""

    value: Kagonou
    parts: tuple[Beyond, ...]
    happened: tuple[SeiriHappened, ...]


class Kasankin(NamedTuple):
    """還付加算金: the shares of 充当 and of 還付 in the sum, and its grounds."""

    juutou: int
    kanpu: int
    applied: tuple[Applied, ...]


def ready(
    person: Person, account: ReceiptAccount, event: TetsuzukiTaken, *, is_expiry: bool
) -> Ready | Refusal:
    """過誤納の発生: as the account shows it. R-421 where there is none, R-424 while an earlier one is not final.

    Payments of which the claim has expired are one 過誤納, the others another: a decision takes those that can
    be claimed, an expiry those that cannot, and only where there are none of them the law refuses.
    """
    seiri, overpaid = person.seiri_of(account.shuunou_key), account.wariate.kagonou
    if overpaid.goukei == 0:
        return refusal("R-421", "過誤納", "1円以上(地方税法 第17条)", "0円", "過誤納の有無を確かめる")
    parts = beyond(account, juutou_in(person.seiri, account.shuunou_key), kettei_on(seiri))
    behind = sum(part.kingaku for part in parts)
    if behind != overpaid.goukei:
        expected = f"過誤納額{overpaid.goukei}円に当たる納付(地方税法 第17条)"
        return refusal("R-418", "過誤納", expected, f"{behind}円", "欠損・消滅の後の更正を確かめる")
    chosen = [part for part in parts if _has_expired(part, event.on) == is_expiry] or list(parts)
    yen = _share(overpaid, sum(part.kingaku for part in chosen))
    hassei_on = min(part.hassei_on for part in chosen)
    old = seiri.kagonou
    if old is not None and old.joutai == HASSEI and (old.kagonou, old.hassei_on) == (yen, hassei_on):
        return Ready(old, tuple(chosen), ())
    return _arisen(old, account, event, yen, hassei_on, tuple(chosen))


def _arisen(
    old: Kagonou | None,
    account: ReceiptAccount,
    event: TetsuzukiTaken,
    yen: Uchiwake,
    hassei_on: date,
    parts: tuple[Beyond, ...],
) -> Ready | Refusal:
    """A new 過誤納 under the number of the act; one that was left undecided and is another now is void."""
    key, happened = account.shuunou_key, []
    arose = KagonouArose(
        f"KagonouArose/{event.bangou}", hassei_on, event.bangou, key,
        account.zeimoku_code, event.jouken.get("jiyuu_code", ""), yen,
    )  # fmt: skip
    if old is not None and old.joutai == HASSEI:
        no, on = f"KagonouChanged/{event.bangou}", max(event.on, old.tetsuzuki[-1].on)
        void = kagonou_apply.apply(old, KagonouChanged(no, on, Uchiwake()))
        if isinstance(void, Refusal):
            return void
        happened.append(SeiriHappened("KagonouVoided", key, old.kagonou.goukei, void.applied))
        old = void.value
    elif old is not None and old.joutai not in FINAL:
        again = kagonou_apply.apply(old, arose)
        assert isinstance(again, Refusal), "a 過誤納 that is not final is not replaced"
        return again
    made = kagonou_apply.apply(None, arose)
    if isinstance(made, Refusal):
        return made
    happened.append(SeiriHappened("KagonouArose", key, yen.goukei, made.applied))
    value = made.value._replace(tetsuzuki=(*carried(old), *made.value.tetsuzuki))
    return Ready(value, parts, tuple(happened))


def _has_expired(part: Beyond, on: date) -> bool:
    years: int = rule("kanpu", part.hassei_on)["jikou"]["years"]
    return on > end_of(part.hassei_on + DAY, 12 * years)


def _share(overpaid: Uchiwake, kingaku: int) -> Uchiwake:
    """So many yen of what is too much, in the order of the 科目."""
    found, left = dict.fromkeys(KAMOKU, 0), kingaku
    for kamoku, yen in zip(KAMOKU, overpaid, strict=True):
        found[kamoku] = min(yen, left)
        left -= found[kamoku]
    return Uchiwake(**found)


def dues_of(person: Person, on: date) -> Iterator[Due]:
    """充当先の一覧: every 期別 of the person with what it owes; 延滞金 only where it is fixed."""
    for key, account in sorted(person.accounts.items()):
        seiri, under = person.seiri_of(key), bubun_on(account, person.seiri, on)
        is_part = under.gaku > 0 and not under.is_whole
        owed = account.wariate.minou.honzei
        yield Due(
            key,
            account.zeimoku_code,
            account.kaikei_nendo,
            *account.wariate.minou,
            account.noukigen,
            account.choutei_nengappi,
            tokusoku_on=seiri.tokusoku.hakkou_on if seiri.tokusoku is not None else None,
            kubun=_kubun(account, seiri, under, on),
            ichibu=(under.codes[0], min(under.gaku, owed)) if is_part else None,
        )


def _kubun(account: ReceiptAccount, seiri: KibetsuSeiri, under: YuuyoBubun, on: date) -> str | None:
    """What sets a whole due apart on a day: 猶予 of all its 本税, 時効 or 執行停止.

    争訟 (審査請求・訴訟) stands in none of the 324 items and no act tells it: `soushou` of kanpu.toml is never said.
    """
    if under.is_whole:
        return under.codes[0]
    if standing(jikou_of(account, seiri), on).is_kansei:
        return "jikou"
    return "shikkou_teishi" if is_stopped(seiri.shikkou_teishi, on) else None


def kasankin(plan: Plan, parts: Sequence[Beyond], event: TetsuzukiTaken) -> Kasankin | Refusal:
    """還付加算金: of the whole 過誤納, cut once; what 充当 alone comes to is its share, the rest that of 還付."""
    days = {name: _day(event, name) for name in ("seikyuu_on", "kousei_on", "tsuuchi_on")}
    kisan = Kisan(event.code or "", **days)
    bubun = _bubun(plan, parts, event.on)
    whole = kanpu_kasankin.calculate(bubun, kisan)
    if isinstance(whole, Refusal):
        return whole
    moved = [part for part in bubun if part.is_juutou]
    of_juutou = kanpu_kasankin.calculate(moved, kisan) if moved else None
    if isinstance(of_juutou, Refusal):
        return of_juutou
    juutou = of_juutou.kakutei if of_juutou is not None else 0
    return Kasankin(juutou, whole.kakutei - juutou, whole.applied)


def _day(event: TetsuzukiTaken, name: str) -> date | None:
    """A day among the conditions; one that is none counts as missing, and the law says which it needs."""
    try:
        return date.fromisoformat(event.jouken[name]) if event.jouken.get(name) else None
    except ValueError:
        return None


def _bubun(plan: Plan, parts: Sequence[Beyond], on: date) -> list[Bubun]:
    """The payments, the earliest first, against the parts of the plan in their order; the rest is 還付."""
    have = [(part.noufu_on, part.kingaku) for part in parts]
    wanted = [
        (each.kingaku, kanpu_kasankin.shuuki_on(on, each.tekijou_on), True) for each in plan.juutou
    ]
    if plan.kanpu.goukei:
        wanted.append((plan.kanpu.goukei, on, False))
    found = []
    for kingaku, shuuki_on, is_juutou in wanted:
        while kingaku:
            noufu_on, left = have.pop(0)
            part = min(kingaku, left)
            found.append(Bubun(noufu_on, part, shuuki_on, is_juutou))
            kingaku -= part
            if left > part:
                have.insert(0, (noufu_on, left - part))
    return found
