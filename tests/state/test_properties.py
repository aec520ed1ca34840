"""性質: what holds of every sequence of changes: repetition, order, interleaving, conservation of yen, replay.

Bound to the order of arrival, and left out of the comparisons for it: which of two contradicting repetitions
is refused (R-401, R-403: no example here contradicts itself); the order in which failed debits are kept; how
often and since when a case was open, and whether the 督促 date was reached, because these say what was so on
a day that has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import given as examples
from hypothesis import strategies as st

from state import wire
from state.delinquency.case import OPEN
from state.receipt.account import TORIKESHI, ReceiptAccount
from tests import given
from tests.given import STABLE
from tests.state.scenario import World, held_until_assessed
from tests.state.stories import bills, days, segments, stories

SUMS = {
    "shuunou_gaku": ("ShuunouPosted", "ShuunouConfirmed", "ShuunouReversed"),
    "kibetsu_choutei_gaku": ("ChouteiPosted", "ChouteiRevised", "ChouteiVoided"),
    "kagonou_gaku": ("KagonouArose", "KagonouResolved"),
}
CASE_KINDS = ("TainouCaseOpened", "TainouCaseChanged", "TainouCaseClosed")
HARMLESS = {"RepetitionIgnored", "ShuunouSuperseded", "ShuunouContradicted"}


def settled(account: ReceiptAccount) -> ReceiptAccount:
    """An account without what the order of arrival may decide (see above)."""
    return account._replace(furikae_funou=tuple(sorted(account.furikae_funou)), tokusoku_due_on=None)


def totals(world: World) -> tuple[bool, int, int]:
    """What the case counts."""
    case = world.case
    return (case.joutai == OPEN, case.tainou_kingaku, case.tainou_kensuu) if case else (False, 0, 0)


def conserved(world: World) -> None:
    """Every yen of every account and of the case is accounted for by the facts and by the definitions."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for fact in world.facts:
        sums[fact.shuunou_key or "", fact.kind] += fact.kingaku
    for key, account in world.accounts.items():
        for field, kinds in SUMS.items():
            assert getattr(account, field) == sum(sums[key, kind] for kind in kinds), f"{field} of {key}"
        received = sum(r.kingaku for r in account.receipts if r.dankai != TORIKESHI)
        assert account.shuunou_gaku == received >= 0
        assert (
            account.kibetsu_choutei_gaku - account.shuunou_gaku == account.minou_gaku - account.kagonou_gaku
        )
        assert account.minou_gaku >= 0 <= account.kagonou_gaku
    overdue = world.overdue()
    assert {a.shuunou_key for a in overdue} == {k for k, a in world.accounts.items() if a.is_tainou}
    said = sum(fact.kingaku for fact in world.facts if fact.kind in CASE_KINDS)
    assert totals(world) == (bool(overdue), said, len(overdue))
    assert said == sum(account.minou_gaku for account in overdue)


@STABLE
@examples(stories())
def test_円は一歩ごとに保存される(story: list[Any]) -> None:
    world = World()
    for event in story:
        world.tell(event)
        conserved(world)
    assert not world.refusals


@STABLE
@examples(stories())
def test_完納の知らせは完納の別と合う(story: list[Any]) -> None:
    world = World()
    for event in story:
        world.tell(event)
        for key, account in world.accounts.items():
            kinds = [fact.kind for fact in world.facts if fact.shuunou_key == key]
            reached = kinds.count("KannouReached") - kinds.count("KannouLost")
            assert reached == account.is_kannou, key


@STABLE
@examples(stories(), st.data())
def test_同じ異動が二度届いても変わらない(story: list[Any], data: st.DataObject) -> None:
    once = World().tell(*story)
    twice = World()
    for place, event in enumerate(story):
        twice.tell(event)
        again = story[data.draw(st.integers(0, place))]
        if type(again).__name__ == "KijunbiAdvanced":
            again = given.kijunbi(twice.kijunbi or again.kijunbi)
        before = dict(twice.accounts), twice.case
        twice.tell(again)
        assert (twice.accounts, twice.case) == before
        for fact in twice.last:
            assert getattr(fact, "kind", fact) in HARMLESS and getattr(fact, "kingaku", None) == 0
    assert twice.accounts == once.accounts and twice.case == once.case


@STABLE
@examples(bills(1), st.data())
def test_一期別の異動はどの順で届いても同じ台帳になる(events: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    one = World().tell(*held_until_assessed(events))
    other = World().tell(*held_until_assessed(shuffled))
    assert not one.refusals and not other.refusals
    assert settled(one.accounts[given.KEY]) == settled(other.accounts[given.KEY])


@STABLE
@examples(bills(1), st.data(), days)
def test_基準日が来たあとでも順によらない(events: list[Any], data: st.DataObject, day: date) -> None:
    shuffled = data.draw(st.permutations(events))
    worlds = [World().tell(given.kijunbi(day), *held_until_assessed(order)) for order in (events, shuffled)]
    one, other = worlds
    assert settled(one.accounts[given.KEY]) == settled(other.accounts[given.KEY])
    assert totals(one) == totals(other)


def _mix(data: st.DataObject, part: dict[int, list[Any]]) -> Iterable[Any]:
    """The events of several 期別, each in its own order, interleaved somehow."""
    waiting = {kibetsu: list(events) for kibetsu, events in part.items() if events}
    while waiting:
        kibetsu = data.draw(st.sampled_from(sorted(waiting)))
        yield waiting[kibetsu].pop(0)
        if not waiting[kibetsu]:
            del waiting[kibetsu]


@STABLE
@examples(segments(), st.data())
def test_期別をまたぐ混ざり方によらない(parts: list[dict[int, list[Any]]], data: st.DataObject) -> None:
    worlds = (World(), World())
    for part, day in zip(parts, (date(2026, 7, 1), date(2026, 8, 10), date(2026, 10, 31)), strict=True):
        worlds[0].tell(*(event for events in part.values() for event in events), given.kijunbi(day))
        worlds[1].tell(*_mix(data, part), given.kijunbi(day))
        assert worlds[0].accounts == worlds[1].accounts
        assert totals(worlds[0]) == totals(worlds[1])


@STABLE
@examples(stories())
def test_初めからやり直しても同じ(story: list[Any]) -> None:
    """Replay from zero, once in memory and once through the bytes of tables and topics."""
    one, other = World().tell(*story), World()
    for event in story:
        other.accounts = {key: wire.decode(wire.encode(value)) for key, value in other.accounts.items()}
        other.case = wire.decode(wire.encode(other.case)) if other.case else None
        other.tell(wire.decode(wire.encode(event)))
    assert other.accounts == one.accounts and other.case == one.case
    assert other.facts == one.facts
    assert [wire.encode(fact) for fact in other.facts] == [wire.encode(fact) for fact in one.facts]


@STABLE
@examples(stories())
def test_日を一つずつ進めても飛ばしても同じ(story: list[Any]) -> None:
    jumped, walked = World(), World()
    for event in story:
        if type(event).__name__ == "KijunbiAdvanced" and walked.kijunbi is not None:
            day = walked.kijunbi + timedelta(days=1)
            while day < event.kijunbi:
                walked.tell(given.kijunbi(day))
                day += timedelta(days=1)
        jumped.tell(event)
        walked.tell(event)
    assert walked.accounts == jumped.accounts
    assert totals(walked) == totals(jumped)
