"""滞納処分の手続: 差押, 参加差押, 交付要求 and the like, their costs, and their release.

A 処分 stands in the 整理簿 of its person under its number and names 期別; while it lasts the 時効 of these does not
become complete. Every 期別 that an act names has a fact of its own, for its 整理 changes.
"""

from __future__ import annotations

from state.law import shobun as law
from state.law.jikou_count import Jiyuu
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken
from state.seiri.fuzui import joined
from state.seiri.jikou_of import ended, with_jiyuu
from state.seiri.kaijo import KANNOU, after_step, find, replaced
from state.seiri.kinds import is_true, kinds
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.samatage import samatage
from state.seiri.values import KibetsuSeiri, Shobun

KIND = {
    "SashiosaeMade": "sashiosae",
    "SankaSashiosaeMade": "sanka_sashiosae",
    "KoufuYoukyuuMade": "koufu_youkyuu",
    "SonotaShobunMade": "sonota",
}
Done = SeiriStep | Refusal


def made(person: Person, event: TetsuzukiTaken) -> Done:
    """処分する: for every 期別 named, or for none. Refuses with R-519, R-525, R-521 or, for its number, R-550."""
    kind = KIND[event.kind]
    lines: dict[str, int] = {}
    for line in event.uchiwake:
        lines[line.shuunou_key or ""] = lines.get(line.shuunou_key or "", 0) + line.kingaku
    if find(person.book, event.bangou) is not None:
        ja = kinds()[event.kind].ja
        expected = "ほかの処分と重ならない番号(市の取扱い)"
        return refusal("R-550", f"{ja}の番号", expected, "既にある番号", "処分の番号を付け直して送る")
    happened: list[SeiriHappened] = []
    changed: list[KibetsuSeiri] = []
    for key, yen in lines.items():
        taken = _taken(person, event, kind, key, yen)
        if isinstance(taken, Refusal):
            return taken
        changed.append(taken[0])
        happened += taken[1]
    one = Shobun(
        event.bangou, kind, event.code, event.kingaku or 0, event.on, tuple(lines), event.tantousha_code,
        None, None, False, 0, 0, None, event.held,
    )  # fmt: skip
    book = person.book._replace(shobun=(*person.book.shobun, one))
    return step(*happened, seiri=tuple(changed), book=book)


def _taken(
    person: Person, event: TetsuzukiTaken, kind: str, key: str, yen: int
) -> tuple[KibetsuSeiri, tuple[SeiriHappened, ...]] | Refusal:
    account, seiri = person.accounts[key], person.seiri_of(key)
    taishou = law.Taishou(
        account.zeimoku_code,
        account.noukigen,
        account.minou_gaku,
        seiri.tokusoku,
        seiri.kuriage_on is not None,
        samatage(person, account, event.on),
    )
    basis = law.may_take(kind, taishou, event.on)
    if isinstance(basis, Refusal):
        return basis
    told: tuple[SeiriHappened, ...] = (SeiriHappened(event.kind, key, yen, (basis,)),)
    code = law.shubetsu(kind, event.on)["jikou"]
    if code:
        held = with_jiyuu(account, seiri, Jiyuu(code, event.bangou, event.on))
        if isinstance(held, Refusal):
            return held
        seiri, told = held[0], told + held[1]
    return seiri._replace(shobun=(*seiri.shobun, event.bangou)), told


def released(person: Person, event: TetsuzukiTaken) -> Done:
    """処分の解除: ends the 処分 and its hold on the 時効. Refuses with R-551 what is not in force."""
    one = find(person.book, event.taishou_bangou)
    if one is None or one.kaijo_on is not None or event.on < one.on:
        return _not_now("処分の解除", "続いている処分と、処分の日以後の日", one)
    is_torikeshi = is_true(event, "is_torikeshi")
    after = one._replace(kaijo_on=event.on, kaijo_riyuu=event.code, is_torikeshi=is_torikeshi)
    inputs = {"bangou": one.bangou, "riyuu": event.code, "is_torikeshi": is_torikeshi}
    basis = law.kaijo(one.kind, event.on, one.kaijo_riyuu == KANNOU, inputs, {"kaijo_on": event.on})
    happened: list[SeiriHappened] = []
    changed: list[KibetsuSeiri] = []
    for key in one.keys:
        seiri = person.seiri_of(key)
        told: tuple[SeiriHappened, ...] = (SeiriHappened(event.kind, key, 0, (basis,)),)
        code = law.shubetsu(one.kind, one.on)["jikou"]
        if code:
            end = ended(person.accounts[key], seiri, code, one.bangou, event.on, is_torikeshi)
            if isinstance(end, Refusal):
                return end
            seiri, told = end[0], told + end[1]
        changed.append(seiri._replace(shobun=tuple(each for each in seiri.shobun if each != one.bangou)))
        happened += told
    return step(*happened, seiri=tuple(changed), book=replaced(person.book, after))


def incurred(person: Person, event: TetsuzukiTaken) -> Done:
    """滞納処分費の発生: joins what the 期別 owes. Refuses with R-551 a 処分 that is none of this 期別, or annulled."""
    key, kingaku = event.shuunou_key or "", event.kingaku or 0
    one = find(person.book, event.taishou_bangou)
    if one is None or key not in one.keys or one.is_torikeshi or event.on < one.on:
        return _not_now("滞納処分費", "その期別についての、取り消されていない処分と、処分の日以後の日", one)
    account, seiri = person.accounts[key], person.seiri_of(key)
    cost = joined(account, "shobunhi", kingaku, event.on)
    if isinstance(cost, Refusal):
        return cost
    basis = law.shobunhi(kingaku, event.on)
    told = SeiriHappened(event.kind, key, kingaku, (basis, *cost.applied), cost.movements)
    book = replaced(person.book, one._replace(shobunhi=one.shobunhi + kingaku))
    done = step(told, accounts=(cost.account,), seiri=(seiri,), book=book)
    return after_step(person, done, event.on)


def _not_now(what: str, expected: str, one: Shobun | None) -> Refusal:
    if one is None:
        found = "番号の合う処分がない"
    elif one.kaijo_on is not None:
        found = f"{one.on} の処分、{one.kaijo_on} に解除"
    else:
        found = f"{one.on} の処分"
    return refusal("R-551", what, f"{expected}(市の取扱い)", found, "処分の番号と日、期別を確かめる")


HANDLERS = {
    **dict.fromkeys(KIND, made),
    "ShobunReleased": released,
    "ShobunhiIncurred": incurred,
}
