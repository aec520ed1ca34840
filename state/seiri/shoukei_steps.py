"""納税承継の手続: what a deceased owes goes on to the heirs, to each a 期別 of his own (地方税法9条).

The shares add up to the whole 未納 of the 期別: 本税 and, once fixed, 督促手数料, 延滞金 and 滞納処分費, for all of them are
徴収金. It leaves the books of the deceased by `Seisan.shoukei`, told by negative movements of `kousei`, and
enters those of the heirs as 調定, with the deceased's 納期限 and 法定納期限.
"""

from __future__ import annotations

from state.law import jikou
from state.law.joubun import by, cite
from state.law.movement import KOUSEI
from state.law.rules import rule
from state.law.uchiwake import Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import plus
from state.seiri import jikou_of
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, Shoukei, seisan_of, step
from state.seiri.told import extinct, moved, nothing_owed

TABLE = "shoukei"


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
    shares = tuple(
        Shoukei(line.shuunou_key or "", line.atena_bangou or "", line.kingaku, account)
        for line in event.uchiwake
    )
    saki = (*seiri.shoukei_saki, *(share.shuunou_key for share in shares))
    return step(
        _made(event, account, minou),
        accounts=(after,),
        seiri=(seiri._replace(shoukei_saki=saki),),
        shoukei=shares,
    )


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
