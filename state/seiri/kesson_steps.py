"""不納欠損の手続: what is extinct leaves the books, and comes back when the ground was not there.

A booking goes into `Seisan.kesson`, taken from the 科目 that are owed in the order 本税, 督促手数料, 延滞金, 滞納処分費, and
is told by movements of `kesson`. A movement may not be negative but for a 更正, so a reversal is told by
positive movements of `kousei` of those 科目: the yen that are owed again. The movements stand in the books of
the year in which the 期別 stands on the day.
"""

from __future__ import annotations

from state.law import kesson
from state.law.kesson import WAYS, Ground
from state.law.kikan import DAY
from state.law.movement import KESSON, KOUSEI
from state.law.uchiwake import KAMOKU, Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.seisan import NOTHING, plus
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriStep, seisan_of, step
from state.seiri.told import day_of, moved, told


def booked(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """欠損にする: by one of the three ways, for no more than is owed. R-531 to R-534, R-536 or R-562."""
    if event.code not in WAYS:
        listed = "、".join(f"{way}({words[3]})" for way, words in WAYS.items())
        return refusal("R-562", "不納欠損の方法", listed, event.code or "", "方法を直して送り直す")
    key, kingaku = event.shuunou_key or "", event.kingaku or 0
    account, seiri = person.accounts[key], person.seiri_of(key)
    ground = Ground(jikou_of.jikou_of(account, seiri), seiri.shikkou_teishi, account.minou_gaku)
    outcome = kesson.book(seiri.kesson, key, event.code, kingaku, ground, event.on)
    if isinstance(outcome, Refusal):
        return outcome
    taken = _taken(account.wariate.minou, kingaku)
    seisan = seisan_of(account)
    after = account._replace(seisan=seisan._replace(kesson=plus(seisan.kesson, taken)))
    after_seiri = seiri._replace(kesson=outcome.value)
    (happened,) = told(outcome, key, kingaku)
    return step(
        happened._replace(movements=moved(account, event.on, KESSON, taken)),
        accounts=(after,),
        seiri=(after_seiri,),
    )


def torikeshi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """欠損を取り消す: all that was booked is owed again. Refuses with R-535."""
    key = event.shuunou_key or ""
    account, seiri = person.accounts[key], person.seiri_of(key)
    outcome = kesson.reverse(seiri.kesson, event.on)
    if isinstance(outcome, Refusal):
        return outcome
    back = seisan_of(account).kesson
    after = account._replace(seisan=seisan_of(account)._replace(kesson=NOTHING))
    after_seiri = seiri._replace(kesson=outcome.value)
    (happened,) = told(outcome, key, back.goukei)
    return step(
        happened._replace(movements=moved(account, event.on, KOUSEI, back)),
        accounts=(after,),
        seiri=(after_seiri,),
        # the next day: the other procedures on what is owed again go on
        look_on=(day_of(person, event.on) + DAY,),
    )


def _taken(minou: Uchiwake, kingaku: int) -> Uchiwake:
    """The yen by 科目: each one's 未納 before the next."""
    taken, left = dict.fromkeys(KAMOKU, 0), kingaku
    for kamoku, owed in zip(KAMOKU, minou, strict=True):
        taken[kamoku] = min(owed, left)
        left -= taken[kamoku]
    return Uchiwake(**taken)


HANDLERS = {
    "FunouKessonBooked": booked,
    "FunouKessonReversed": torikeshi,
}
