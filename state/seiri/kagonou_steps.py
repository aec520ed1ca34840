"""過誤納の手続: 充当・還付 decided, withdrawn, notified, claimed, paid, expired; both sides of 充当 in one step.

With the decision nothing is too much any more: what is to be paid back leaves the account that day
(`kanpu`), whatever day it is paid. 還付加算金 is the city's expenditure and stands in no account. When the
claim expires the money stays with the city (雑入): the account does not change, unless nothing had been
decided; then it leaves the account as a 還付 would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from state.law import juutou as law
from state.law import kagonou_apply
from state.law.juutou import Juutou, Kagonoukin
from state.law.kagonou import (
    HASSEI,
    Kagonou,
    KagonouDecided,
    KagonouDecisionWithdrawn,
    KagonouEvent,
    KagonouNotified,
    KanpuClaimed,
    KanpuExpired,
    KanpuPaid,
)
from state.law.kaikei import kanpu_kubun, kubun_on, shuunou_nendo
from state.law.movement import JUUTOU_IN, JUUTOU_OUT, KANPU, Movement
from state.law.rules import Outcome
from state.law.uchiwake import KAMOKU, Uchiwake, uchiwake_of
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import NOTHING, minus, plus
from state.seiri.event import TetsuzukiTaken
from state.seiri.kagonou_plan import FINAL, dues_of, kasankin, ready
from state.seiri.kaisuu import counted
from state.seiri.person import Person, SeiriHappened, SeiriStep, movement, seisan_of, step
from state.seiri.values import KibetsuSeiri

KANPU_KAISUU, JUUTOU_KAISUU = "kanpu_kaisuu", "juutou_kaisuu"
"""還付回数 is the source's, 充当回数 the target's; a withdrawal takes both back."""


class _Work:
    """What one step does to accounts and rows of the person, and what happened, in order."""

    def __init__(
        self, person: Person, event: TetsuzukiTaken, happened: Iterable[SeiriHappened] = ()
    ) -> None:
        self._person, self._event = person, event
        self._accounts: dict[str, ReceiptAccount] = {}
        self._seiri: dict[str, KibetsuSeiri] = {}
        self._happened = list(happened)

    def seiri(self, key: str) -> KibetsuSeiri:
        return self._seiri.get(key) or self._person.seiri_of(key)

    def hold(self, key: str, value: Kagonou) -> None:
        self._seiri[key] = self.seiri(key)._replace(kagonou=value)

    def count(self, key: str, name: str, by: int) -> None:
        self._seiri[key] = counted(self.seiri(key), name, by, self._event.on)

    def move(self, key: str, field: str, yen: Uchiwake, *, back: bool = False) -> tuple[Movement, ...]:
        """Yen by 科目 into a field of the 精算, or back out of it, and the movements that tell it."""
        account = self._accounts.get(key) or self._person.accounts[key]
        seisan = seisan_of(account)
        now = (minus if back else plus)(getattr(seisan, field), yen)
        self._accounts[key] = account._replace(seisan=seisan._replace(**{field: now}))
        kind, sign = _MOVED[field, back]
        nendo, _ = kubun_on(account.choutei_nendo, self._event.on)
        return tuple(
            movement(account, self._event.on, nendo, kind, kamoku, sign * amount)
            for kamoku, amount in zip(KAMOKU, yen, strict=True)
            if amount
        )

    def tell(self, happened: SeiriHappened) -> None:
        self._happened.append(happened)

    def done(self) -> SeiriStep:
        return step(
            *self._happened, accounts=tuple(self._accounts.values()), seiri=tuple(self._seiri.values())
        )


_MOVED = {
    ("kanpu", False): (KANPU, 1),
    ("kanpu", True): (KANPU, -1),
    ("juutou_out", False): (JUUTOU_OUT, 1),
    ("juutou_out", True): (JUUTOU_IN, 1),
    ("juutou_in", False): (JUUTOU_IN, 1),
    ("juutou_in", True): (JUUTOU_OUT, 1),
}
"""A 充当 that is withdrawn is told as one in the other direction, so that both its sides still meet."""


def decide(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """充当・還付の決定: by the plan of the law over all 期別 of the person, with the 還付加算金."""
    account = person.accounts[event.shuunou_key or ""]
    found = ready(person, account, event, is_expiry=False)
    if isinstance(found, Refusal):
        return found
    value, key = found.value, account.shuunou_key
    kagonoukin = Kagonoukin(key, account.zeimoku_code, value.kagonou, value.hassei_on)
    plan = law.plan(kagonoukin, tuple(dues_of(person, event.on)), event.on)
    if isinstance(plan, Refusal):
        return plan
    added = kasankin(plan, found.parts, event)
    if isinstance(added, Refusal):
        return added
    decided = KagonouDecided(_no(event), event.on, plan, added.juutou, added.kanpu)
    outcome = kagonou_apply.apply(value, decided)
    if isinstance(outcome, Refusal):
        return outcome
    work = _Work(person, event, found.happened)
    work.hold(key, outcome.value)
    moved = work.move(key, "juutou_out", _from(plan.juutou)) + work.move(key, "kanpu", plan.kanpu)
    bases = (*outcome.applied, *added.applied)
    if plan.kanpu.goukei:
        last = found.parts[-1].noufu_on
        bases += (kanpu_kubun(shuunou_nendo(account.choutei_nendo, last, last).nendo, event.on)[1],)
        work.count(key, KANPU_KAISUU, 1)
    work.tell(SeiriHappened("KagonouDecided", key, value.kagonou.goukei, bases, moved))
    _bring(work, plan.juutou, back=False)
    return work.done()


def _bring(work: _Work, juutou: tuple[Juutou, ...], *, back: bool) -> None:
    """The other side: what each 期別 gets, or gives back."""
    for key in dict.fromkeys(part.to_key for part in juutou):
        yen = uchiwake_of((part.to_kamoku, part.kingaku) for part in juutou if part.to_key == key)
        moved = work.move(key, "juutou_in", yen, back=back)
        work.count(key, JUUTOU_KAISUU, -1 if back else 1)
        kind = "JuutouWithdrawn" if back else "JuutouReceived"
        work.tell(SeiriHappened(kind, key, yen.goukei, (), moved))


def _from(juutou: tuple[Juutou, ...]) -> Uchiwake:
    return uchiwake_of((part.from_kamoku, part.kingaku) for part in juutou)


def withdraw(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """決定の取消し: before it is paid; everything goes back to where it was."""
    key = event.shuunou_key or ""
    before = person.seiri_of(key).kagonou
    outcome = kagonou_apply.apply(before, KagonouDecisionWithdrawn(_no(event), event.on))
    if isinstance(outcome, Refusal) or before is None:
        assert isinstance(outcome, Refusal), "without a 過誤納 the law refuses"
        return outcome
    work = _Work(person, event)
    work.hold(key, outcome.value)
    moved = work.move(key, "juutou_out", _from(before.juutou), back=True)
    moved += work.move(key, "kanpu", before.kanpu, back=True)
    if before.kanpu.goukei:
        work.count(key, KANPU_KAISUU, -1)
    yen = before.kagonou.goukei
    work.tell(SeiriHappened("KagonouDecisionWithdrawn", key, yen, outcome.applied, moved))
    _bring(work, before.juutou, back=True)
    return work.done()


def expire(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """還付請求権の時効: of what was decided, or of what nobody decided while it could be claimed."""
    key = event.shuunou_key or ""
    account, value = person.accounts[key], person.seiri_of(key).kagonou
    is_open = value is None or value.joutai in (HASSEI, *FINAL)
    if not is_open or account.wariate.kagonou == NOTHING:
        return _taken(person, event, KanpuExpired(_no(event), event.on))
    found = ready(person, account, event, is_expiry=True)
    if isinstance(found, Refusal):
        return found
    outcome = kagonou_apply.apply(found.value, KanpuExpired(_no(event), event.on))
    if isinstance(outcome, Refusal):
        return outcome
    work = _Work(person, event, found.happened)
    work.hold(key, outcome.value)
    yen = found.value.kagonou
    moved = work.move(key, "kanpu", yen)
    work.tell(SeiriHappened("KanpuExpired", key, yen.goukei, outcome.applied, moved))
    return work.done()


def _taken(person: Person, event: TetsuzukiTaken, taken: KagonouEvent) -> SeiriStep | Refusal:
    """A step that moves nothing in the accounts."""
    key = event.shuunou_key or ""
    outcome: Outcome[Kagonou] | Refusal = kagonou_apply.apply(person.seiri_of(key).kagonou, taken)
    if isinstance(outcome, Refusal):
        return outcome
    work = _Work(person, event)
    work.hold(key, outcome.value)
    yen = outcome.value.shiharai_gaku
    for kind in outcome.happened:
        work.tell(SeiriHappened(kind, key, yen, outcome.applied))
    return work.done()


def _no(event: TetsuzukiTaken) -> str:
    """The number of a step in the 経過: acts of other kinds may bear the same one."""
    return f"{event.kind}/{event.bangou}"


HANDLERS: dict[str, Callable[[Person, TetsuzukiTaken], SeiriStep | Refusal]] = {
    "KagonouDecided": decide,
    "KagonouDecisionWithdrawn": withdraw,
    "KanpuJuutouNotified": lambda who, act: _taken(who, act, KagonouNotified(_no(act), act.on)),
    "KanpuClaimed": lambda who, act: _taken(who, act, KanpuClaimed(_no(act), act.on)),
    "KanpuPaid": lambda who, act: _taken(who, act, KanpuPaid(_no(act), act.on, act.kingaku or 0)),
    "KanpuExpired": expire,
}
