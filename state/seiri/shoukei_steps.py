"""納税承継の手続: what a deceased owes goes on to the heirs, to each a 期別 of his own (地方税法9条).

The shares add up to the whole 未納 of the 期別: 本税 and, once fixed, 督促手数料, 延滞金 and 滞納処分費, for all of them are
徴収金. It leaves the books of the deceased by `Seisan.shoukei`, told by negative movements of `kousei`, and
enters those of the heirs as 調定, with the deceased's 納期限 and 法定納期限 and what stood on his 期別
(`state.seiri.hikitsugi`). A share that matching cannot take up comes back by a `ShoukeiReturned`.
"""

from __future__ import annotations

from state.events import ShoukeiReturned
from state.law import jikou
from state.law.joubun import by, cite
from state.law.movement import KOUSEI
from state.law.rules import rule
from state.law.uchiwake import Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import minus, plus
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.hikitsugi import TABLE, back, gone, shares_of
from state.seiri.kaijo import after_step
from state.seiri.person import Person, SeiriHappened, SeiriStep, seisan_of, step
from state.seiri.told import day_of, extinct, moved, nothing_owed

REPEATED, RETURNED = "RepetitionIgnored", "NouzeiShoukeiReturned"


def shoukei(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """承継させる: one to many. Refuses with R-521, R-530, R-537, R-560 or R-564."""
    key = event.shuunou_key or ""
    account, seiri = person.accounts[key], person.seiri_of(key)
    refused = (
        extinct(event, seiri)
        or nothing_owed(event, account, "chihouzeihou-9-1")
        or _complete(event, jikou.standing(jikou_of.jikou_of(account, seiri), event.on))
        or _wrong_lines(person, event)
        or _wrong_sum(event, account)
    )
    if refused is not None:
        return refused
    minou, seisan = account.wariate.minou, seisan_of(account)
    after = account._replace(seisan=seisan._replace(shoukei=plus(seisan.shoukei, minou)))
    shares = shares_of(person, event)
    saki, rireki = seiri.shoukei_saki, seiri.shoukei_rireki
    for share in shares:
        saki, rireki = (*saki, share.shuunou_key), gone(rireki, share.moto.noufu, share.moto.entaikin)
    return step(
        _made(event, account, minou),
        accounts=(after,),
        seiri=(seiri._replace(shoukei_saki=saki, shoukei_rireki=rireki),),
        shoukei=shares,
    )


def returned(person: Person, event: ShoukeiReturned) -> SeiriStep | Refusal:
    """承継分が戻る: matching could not take it up, so its yen and its past are the deceased's again.

    Once: a share that is not with an heir any more is a repetition. Refuses with R-502.
    """
    account, seiri = person.accounts.get(event.shuunou_key), person.seiri_of(event.shuunou_key)
    if account is None:
        expected, todo = "この人の台帳にある収納キー", "`shuunou verify` で台帳と照らす"
        return refusal("R-502", "納税承継の差戻し", expected, "ない", todo)
    if event.saki_key not in seiri.shoukei_saki:
        return step(SeiriHappened(REPEATED, event.shuunou_key))
    seisan, on = seisan_of(account), event.occurred_on
    after = account._replace(seisan=seisan._replace(shoukei=minus(seisan.shoukei, event.gaku)))
    again = seiri._replace(
        shoukei_saki=tuple(key for key in seiri.shoukei_saki if key != event.saki_key),
        shoukei_rireki=back(seiri.shoukei_rireki, event.noufu, event.entaikin),
    )
    inputs = {"bangou": event.bangou, "saki_key": event.saki_key, "riyuu": event.riyuu}
    basis = by(rule(TABLE, on), "shoukei", inputs, {"modoshi_gaku": event.gaku.goukei})
    moves = moved(account, on, KOUSEI, event.gaku)
    told = SeiriHappened(RETURNED, account.shuunou_key, event.gaku.goukei, (basis,), moves)
    day = day_of(person, on)
    done = step(told, accounts=(after,), seiri=(again,), look_on=(jikou_of.next_on(after, again, day),))
    return after_step(person, done, day)


def _made(event: TetsuzukiTaken, account: ReceiptAccount, minou: Uchiwake) -> SeiriHappened:
    entry = rule(TABLE, event.on)
    inputs = {"minou_gaku": minou.goukei, "kensuu": len(event.uchiwake)}
    applied = [by(entry, "shoukei", inputs, {"shoukei_gaku": minou.goukei})]
    if len(event.uchiwake) > 1:
        yen = ",".join(str(line.kingaku) for line in event.uchiwake)
        applied.append(by(entry, "anbun", inputs, {"kingaku": yen}))
    leaves = Uchiwake(*(-yen for yen in minou))
    movements = moved(account, event.on, KOUSEI, leaves)
    return SeiriHappened(event.kind, account.shuunou_key, minou.goukei, tuple(applied), movements)


def _complete(event: TetsuzukiTaken, now: jikou.Standing) -> Refusal | None:
    """What the 時効 has extinguished is not inherited."""
    if not now.is_kansei:
        return None
    expected = "時効の完成の前(地方税法 第18条第1項・第2項)"
    found = f"{now.kansei_on} に完成"
    return refusal("R-521", f"納税承継({event.on})", expected, found, "不納欠損の手続をとる")


def _wrong_lines(person: Person, event: TetsuzukiTaken) -> Refusal | None:
    """Each heir once, another person than the deceased; each share under a 収納キー that is new."""
    keys = [line.shuunou_key or "" for line in event.uchiwake]
    heirs = [line.atena_bangou or "" for line in event.uchiwake]
    found = ""
    if len(set(keys)) < len(keys) or len(set(heirs)) < len(heirs):
        found = "同じ収納キーまたは同じ承継人が二度ある"
    elif any(key in person.accounts for key in keys):
        found = "本人の期別の収納キーがある"
    elif set(keys) & {key for each in person.seiri.values() for key in each.shoukei_saki}:
        found = "既に承継させた収納キーがある"
    elif any(not (heir.isascii() and heir.isdigit()) for heir in heirs):
        found = "数字でない宛名番号がある"
    elif person.atena_bangou in heirs:
        found = "承継人が本人である"
    elif any(line.kingaku < 1 for line in event.uchiwake):
        found = "0円の行がある"
    if not found:
        return None
    article = cite(rule(TABLE, event.on), "anbun")
    expected = f"本人でない承継人ごとに、新しい収納キーと1円以上の額({article})"
    return refusal("R-560", f"納税承継の内訳({event.on})", expected, found, "内訳を直す")


def _wrong_sum(event: TetsuzukiTaken, account: ReceiptAccount) -> Refusal | None:
    total = sum(line.kingaku for line in event.uchiwake)
    if total == account.minou_gaku:
        return None
    article = cite(rule(TABLE, event.on), "anbun")
    expected = f"未納の全額 {account.minou_gaku} 円({article})"
    found = f"{total} 円(差 {total - account.minou_gaku} 円)"
    return refusal("R-537", f"納税承継の額の計({event.on})", expected, found, "各人の額を直す")


HANDLERS = {"NouzeiShoukeiMade": shoukei}
