"""整理の共通: what the families of procedures share: what to tell, what to refuse, and movements by 科目."""

from __future__ import annotations

from datetime import date

from schemas.provisions import provisions
from state.law.kaikei import kubun_on
from state.law.movement import Movement
from state.law.rules import Outcome, Value
from state.law.shikkou_teishi import EXTINCT_3, EXTINCT_NOW
from state.law.uchiwake import KAMOKU, Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.seiri.event import TetsuzukiTaken
from state.seiri.kinds import kinds
from state.seiri.person import Person, SeiriHappened, movement
from state.seiri.values import KibetsuSeiri

SHOUMETSU = {EXTINCT_3: "chihouzeihou-15_7-4", EXTINCT_NOW: "chihouzeihou-15_7-5"}
"""消滅の条項: by which the duty to pay is extinct; from then on nothing may be demanded."""


def told(outcome: Outcome[Value], shuunou_key: str | None, kingaku: int = 0) -> tuple[SeiriHappened, ...]:
    """起きたこと: one for each kind that a law function names, with the provisions of the step."""
    return tuple(
        SeiriHappened(kind, shuunou_key, kingaku, outcome.applied) for kind in outcome.happened
    )


def day_of(person: Person, on: date) -> date:
    """今の日: the business day that has come, or that of what is told where it is later."""
    return max(on, person.kijunbi or on)


def moved(account: ReceiptAccount, on: date, kind: str, yen: Uchiwake) -> tuple[Movement, ...]:
    """科目ごとの動き: in the books of the year in which the 期別 stands on that day."""
    nendo, _ = kubun_on(account.choutei_nendo, on)
    return tuple(
        movement(account, on, nendo, kind, kamoku, amount)
        for kamoku, amount in zip(KAMOKU, yen, strict=True)
        if amount
    )


def is_extinct(seiri: KibetsuSeiri) -> bool:
    """納税義務が消滅しているか: by 執行停止."""
    return seiri.shikkou_teishi is not None and seiri.shikkou_teishi.joutai in SHOUMETSU


def extinct(event: TetsuzukiTaken, seiri: KibetsuSeiri) -> Refusal | None:
    """消滅した期別の拒否: R-530 once the duty is extinct by 執行停止 (15条の7第4項・第5項)."""
    teishi = seiri.shikkou_teishi
    if teishi is None or teishi.joutai not in SHOUMETSU:
        return None
    expected = f"納税義務のある期別({provisions()[SHOUMETSU[teishi.joutai]].ja})"
    found = f"{teishi.shoumetsu_on} に消滅"
    return refusal("R-530", _what(event), expected, found, "不納欠損の手続をとる")


def nothing_owed(event: TetsuzukiTaken, account: ReceiptAccount, provision: str) -> Refusal | None:
    """未納のない期別の拒否: R-564."""
    if account.minou_gaku > 0:
        return None
    expected = f"未納のある期別({provisions()[provision].ja})"
    return refusal("R-564", _what(event), expected, "未納がない", "収納キーと収納の状況を確かめる")


def _what(event: TetsuzukiTaken) -> str:
    return f"{kinds()[event.kind].ja}({event.on})"
