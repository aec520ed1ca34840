"""滞納整理組合の手続: 期別 are transferred to the union that collects for its cities, and the person comes back."""

from __future__ import annotations

from state.law.rules import applied, rule
from state.law.tokusoku import TABLE
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step


def transferred(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """移管: further 期別 may follow the first. Refuses with R-554 when one of them owes nothing."""
    keys = tuple(dict.fromkeys(line.shuunou_key or "" for line in event.uchiwake))
    paid = sum(person.accounts[key].minou_gaku == 0 for key in keys)
    if paid:
        return _not_now("滞納整理組合への移管", "未納のある期別", f"未納のない期別が{paid}件")
    first_on = min(event.on, person.book.kumiai_on or event.on)
    inputs = {"on": event.on, "kensuu": len(keys)}
    basis = applied("shi-toriatsukai", rule(TABLE, event.on), inputs, {"kumiai_on": first_on})
    told = (SeiriHappened(event.kind, key, person.accounts[key].minou_gaku, (basis,)) for key in keys)
    return step(
        *told,
        seiri=tuple(person.seiri_of(key) for key in keys),
        book=person.book._replace(kumiai_on=first_on),
    )


def returned(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """返還: of all that was transferred. Refuses with R-554 when nothing is, or before its day."""
    since = person.book.kumiai_on
    if since is None or event.on < since:
        found = "移管されていない" if since is None else f"{since} に移管"
        return _not_now("滞納整理組合からの返還", "移管の日以後", found)
    basis = applied("shi-toriatsukai", rule(TABLE, event.on), {"kumiai_on": since}, {"on": event.on})
    return step(SeiriHappened(event.kind, None, 0, (basis,)), book=person.book._replace(kumiai_on=None))


def _not_now(what: str, expected: str, found: str) -> Refusal:
    return refusal("R-554", what, f"{expected}(市の取扱い)", found, "移管の登録と日を確かめる")


HANDLERS = {"KumiaiTransferred": transferred, "KumiaiReturned": returned}
