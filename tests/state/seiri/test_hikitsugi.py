"""引継ぎの性質: a debt that passed to an heir runs on as if it had never changed hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from state.law import entaikin, shikkou_teishi, yuuyo
from state.law.jikou import standing
from state.law.jikou_count import Jiyuu
from state.law.rules import rule
from state.law.tokusokujou import Tokusokujou
from state.law.uchiwake import Uchiwake
from state.receipt.seisan import Seisan
from state.seiri import hikitsugi
from state.seiri.entaikin_bill import bill_of_kibetsu
from state.seiri.jikou_of import jikou_of
from state.seiri.person import Person, SeiriStep
from state.seiri.samatage import samatage
from state.seiri.shoukei_steps import shoukei
from state.seiri.told import is_extinct
from state.seiri.values import KibetsuSeiri, Seiribo, Shobun, ShoukeiNoufu, ShoukeiRireki
from tests import given
from tests.state.seiri.shoukei_world import HEIR, SHARE, Family, act, family, inherit

FEW = settings(given.STABLE, max_examples=40)
ON = date(2026, 11, 2)


def snapshot(of: Family, key: str = given.KEY, person: str = given.PERSON) -> tuple[Any, KibetsuSeiri]:
    return of.hub.accounts()[key], of.hub.seiri(key, person) or KibetsuSeiri(key, person)


def passed_on(of: Family) -> tuple[Any, KibetsuSeiri, Any, KibetsuSeiri] | None:
    """The 期別 of the deceased before one heir took it over whole, and his; None where the law forbids it."""
    account, seiri = snapshot(of)
    if not inherit(of, ON, account.minou_gaku):
        return None
    return account, seiri, *snapshot(of, SHARE, HEIR)


def on_days(numbers: list[int]) -> list[date]:
    return [ON + timedelta(days=number) for number in numbers]


@examples(family(), st.lists(st.integers(0, 4_000), min_size=1, max_size=6))
@FEW
def test_the_jikou_of_a_share_stands_as_that_of_the_deceased_would(of: Family, days: list[int]) -> None:
    rows = passed_on(of)
    if rows is None:
        return
    account, seiri, share, taken = rows
    for day in on_days(days):
        asked = standing(jikou_of(account, seiri), day)
        assert standing(jikou_of(share, taken), day) == asked
    before = samatage(_alone(account, seiri), account, ON)
    after = samatage(_alone(share, taken), share, ON)
    assert after == tuple(code for code in before if code not in _flags(seiri))


def _alone(account: Any, seiri: KibetsuSeiri) -> Person:
    own, rows = {account.shuunou_key: account}, {account.shuunou_key: seiri}
    return Person(account.atena_bangou, own, rows, Seiribo(account.atena_bangou), None, None)


def _flags(seiri: KibetsuSeiri) -> set[str]:
    return {flag.code for flag in seiri.teishi}


@examples(family(), st.lists(st.integers(0, 59), min_size=1, max_size=4))
@FEW
def test_the_entaikin_of_one_heir_is_that_of_the_deceased(of: Family, days: list[int]) -> None:
    rows = passed_on(of)
    if rows is None:
        return
    account, seiri, share, taken = rows
    for day in on_days(days):
        original = bill_of_kibetsu(account, {given.KEY: seiri}, day)
        bill = bill_of_kibetsu(share, {SHARE: taken}, day)
        assert bill == original
        assert entaikin.calculate(bill, day) == entaikin.calculate(original, day)
        left = bill_of_kibetsu(*_of_deceased(of), day)
        assert (left.zeigaku, left.owed) == (0, ()), "nothing of it is counted twice"


def _of_deceased(of: Family) -> tuple[Any, dict[str, KibetsuSeiri]]:
    account, seiri = snapshot(of)
    return account, {given.KEY: seiri}


@examples(family(), st.integers(1, 29_999))
@FEW
def test_two_heirs_share_every_yen_of_the_present_and_of_the_past(of: Family, first: int) -> None:
    account, seiri = snapshot(of)
    whole = account.minou_gaku
    if whole < 2 or not inherit(of, ON, min(first, whole - 1), max(whole - first, 1)):
        return
    shares = of.shares()
    assert sum(share.minou_gaku for share, _ in shares) == whole
    sums = [sum(yen) for yen in zip(*(share.wariate.minou for share, _ in shares), strict=True)]
    assert Uchiwake(*sums) == account.wariate.minou
    original = bill_of_kibetsu(account, {given.KEY: seiri}, ON)
    bills = [bill_of_kibetsu(share, {share.shuunou_key: taken}, ON) for share, taken in shares]
    assert sum(bill.zeigaku for bill in bills) == original.zeigaku
    for place, one in enumerate(seiri.yuuyo):
        parts = [taken.yuuyo[place].kingaku for _, taken in shares]
        assert sum(parts) == one.kingaku
        for yen, (share, _) in zip(parts, shares, strict=True):
            assert abs(yen * whole - one.kingaku * share.minou_gaku) < whole, "in proportion, to the yen"
            assert yen <= share.minou_gaku or one.kingaku > whole, "more may be granted than is left"


@examples(family())
@FEW
def test_a_share_told_again_or_returned_twice_changes_nothing_more(of: Family) -> None:
    account, seiri = snapshot(of)
    of.occupy(SHARE)
    if not inherit(of, ON, account.minou_gaku):
        return
    assert "R-303" in [letter.reason for letter in of.hub.letters]
    again, restored = snapshot(of)
    assert (again.seisan or Seisan()).shoukei == Uchiwake()
    assert again.wariate.minou == account.wariate.minou
    assert restored._replace(kaisuu=(), keikoku=()) == seiri._replace(kaisuu=(), keikoku=())
    assert of.hub.accounts()[SHARE].shuunou_key == SHARE and HEIR not in of.persons()
    before = of.rows()
    of.repeat_shares()
    assert of.rows() == before


@pytest.mark.parametrize("kind", ["SashiosaeMade", "KoufuYoukyuuMade"])
def test_a_shobun_goes_on_against_the_heir_until_it_is_released_there(kind: str) -> None:
    of = Family().tell(given.choutei(), given.kijunbi(date(2026, 7, 20)))
    of.tell(act("TokusokuIssued", date(2026, 7, 20)))
    lines = (given.bubun(given.KEY, 10_000),)
    of.tell(act(kind, date(2026, 8, 10), bangou="差1", key=None, kingaku=10_000, uchiwake=lines))
    of.tell(act("ShobunhiIncurred", date(2026, 8, 11), kingaku=700, taishou_bangou="差1"))
    inherit(of, ON, 10_700)
    (one,) = of.hub.seiribo(HEIR).shobun
    assert (one.bangou, one.keys, one.kaijo_on, one.shobunhi) == ("差1", (SHARE,), None, 0)
    assert of.hub.seiri(SHARE, HEIR).shobun == ("差1",)
    assert "BecameDue" not in " ".join(of.kinds()), "what went to an heir is not paid"
    _, taken = snapshot(of, SHARE, HEIR)
    assert standing(jikou_of(of.hub.accounts()[SHARE], taken), date(2035, 1, 1)).kansei_on is None
    of.tell(given.received("cvs:z", 10_700, key=SHARE, on=date(2026, 11, 20)))
    assert of.kinds()[-1].endswith("KaijoBecameDue")
    of.tell(act("ShobunReleased", date(2026, 11, 25), person=HEIR, key=None, taishou_bangou="差1", code="1"))
    assert of.hub.seiri(SHARE, HEIR).shobun == () and not of.hub.letters
    (still,) = of.hub.seiribo().shobun
    assert still.kaijo_on is None, "that of the deceased is released by an act of its own"


def test_no_second_tokusoku_is_due_or_possible_and_a_sashiosae_is() -> None:
    of = Family().tell(given.choutei(), given.kijunbi(date(2026, 7, 21)))
    of.tell(act("TokusokuIssued", date(2026, 7, 21)))
    inherit(of, ON, 10_000)
    due = [fact.shuunou_key for fact in of.hub.facts if fact.kind == "TokusokuBecameDue"]
    assert due == [given.KEY], "that of the deceased alone"
    of.tell(act("TokusokuIssued", date(2026, 11, 10), person=HEIR, key=SHARE))
    assert [letter.reason for letter in of.hub.letters] == ["R-512"]
    lines = (given.bubun(SHARE, 10_000),)
    of.tell(act("SashiosaeMade", ON, person=HEIR, key=None, kingaku=1, uchiwake=lines))
    assert of.kinds()[-2:] == ["SashiosaeMade", "JikouRenewed"]


def test_a_kuriage_goes_on_and_allows_the_sashiosae_without_tokusoku() -> None:
    of = Family().tell(given.choutei())
    of.tell(act("KuriageChoushuuMade", date(2026, 6, 10), made=date(2026, 6, 15)))
    inherit(of, ON, 10_000)
    assert of.hub.accounts()[SHARE].noukigen == date(2026, 6, 15)
    lines = (given.bubun(SHARE, 10_000),)
    of.tell(act("SashiosaeMade", ON, person=HEIR, key=None, kingaku=1, uchiwake=lines))
    assert not of.hub.letters and of.kinds()[-2] == "SashiosaeMade"


def test_fixed_entaikin_that_the_deceased_had_met_in_part_is_not_demanded_again() -> None:
    """本税 met late, 延滞金 fixed, a part of it paid: another 調定 of the heir's finds the same sum."""
    of = Family().tell(given.choutei(gaku=1_000_000))
    paid = given.confirmed("cvs:a", 1_000_000, on=date(2026, 9, 30), torikomibi=date(2026, 9, 30))
    of.tell(paid, act("EntaikinAssessed", date(2026, 9, 30)))
    fixed = of.hub.accounts()[given.KEY].minou_gaku
    assert fixed > 4_000
    of.tell(given.confirmed("cvs:b", 1_500, on=date(2026, 10, 9), torikomibi=date(2026, 10, 9)))
    inherit(of, ON, fixed - 1_500)
    share, taken = snapshot(of, SHARE, HEIR)
    assert (share.kibetsu_choutei_gaku, share.wariate.minou.entaikin) == (0, fixed - 1_500)
    assert taken.shoukei_rireki == ShoukeiRireki(
        given.KEY, (ShoukeiNoufu(date(2026, 9, 30), 1_000_000),), 1_500
    )
    of.tell(act("EntaikinAssessed", date(2026, 11, 5), person=HEIR, key=SHARE))
    assert of.hub.accounts()[SHARE].minou_gaku == fixed - 1_500 and not of.hub.letters
    of.tell(act("EntaikinAssessed", date(2026, 11, 5), bangou="2"))
    assert (of.hub.accounts()[given.KEY].minou_gaku, of.hub.accounts()[given.KEY].kagonou_gaku) == (0, 0)


def test_a_yuuyo_that_was_taken_over_ends_on_its_day() -> None:
    of = Family().tell(given.choutei(), *_yuuyo_granted())
    inherit(of, ON, 10_000)
    of.tell(given.kijunbi(date(2027, 7, 19)), given.kijunbi(date(2027, 7, 20)))
    ended = [fact.atena_bangou for fact in of.hub.seiri_facts if fact.kind == "YuuyoEnded"]
    assert sorted(ended) == [given.PERSON, HEIR]


def _yuuyo_granted() -> Iterator[Any]:
    code, jiyuu = "choushuu_yuuyo", {"jiyuu": "15-1-1"}
    yield act("YuuyoApplied", date(2026, 7, 10), code=code, kingaku=10_000, jouken=jiyuu)
    days = {"kara": date(2026, 7, 20), "made": date(2027, 7, 19)}
    yield act("YuuyoGranted", date(2026, 7, 20), code=code, **days)


@contextmanager
def setting(**switches: bool) -> Iterator[None]:
    """The table of 納税承継 with some of its settings changed."""
    with mock.patch.object(hikitsugi, "rule", lambda table, on: {**rule(table, on), **switches}):
        yield


def test_a_city_may_leave_yuuyo_and_teishi_with_the_deceased() -> None:
    of = Family().tell(given.choutei(), *_yuuyo_granted())
    of.tell(act("ShikkouTeishiDecided", date(2026, 9, 1), code="1"))
    person, event = of.person(), of.act_of(ON, 10_000)
    with setting(hikitsugu_yuuyo=False, hikitsugu_shikkou_teishi=False):
        done = shoukei(person, event)
    assert isinstance(done, SeiriStep)
    moto = done.shoukei[0].moto
    (one,) = moto.yuuyo
    days = (date(2026, 7, 20), date(2026, 11, 1))
    assert (one.joutai, one.kikan_kara, one.kikan_made) == (yuuyo.ENDED, *days)
    stop = next(each for each in moto.jikou if each.code == "choushuu_yuuyo")
    assert stop.until == date(2026, 11, 1)
    teishi = moto.shikkou_teishi
    assert teishi is not None and (teishi.joutai, teishi.torikeshi_on) == (shikkou_teishi.CANCELLED, ON)


def test_a_city_may_send_a_tokusoku_of_its_own_to_the_heirs() -> None:
    of = Family().tell(given.choutei(), given.kijunbi(date(2026, 7, 21)))
    of.tell(act("TokusokuIssued", date(2026, 7, 21)))
    with setting(hikitsugu_tokusoku=False):
        inherit(of, ON, 10_000)
    taken = of.hub.seiri(SHARE, HEIR)
    assert taken.tokusoku is None and [one.code for one in taken.jikou] == ["tokusoku"]
    assert of.hub.accounts()[SHARE].tokusoku_due_on == date(2026, 7, 20), "due of the heir too"


def test_a_number_that_means_another_shobun_to_the_heir_gets_its_origin_in_front() -> None:
    held = Shobun("1", "sashiosae", None, 1, ON, ("x",), None, None, None, False, 0, 0, None, {})
    person = Person(HEIR, {}, {}, Seiribo(HEIR, shobun=(held,)), None, ON)
    share = given.choutei(1, 10_000, key=SHARE, atena_bangou=HEIR, shoukei=_moto(held))
    account = given.an_account(shuunou_key=SHARE, atena_bangou=HEIR, seisan=Seisan())
    done = hikitsugi.follow(person._replace(accounts={SHARE: account}), account, share)
    assert done.book is not None
    assert [(one.bangou, one.keys) for one in done.book.shobun] == [
        ("1", ("x",)), (f"{given.KEY}/1", (SHARE,)),
    ]  # fmt: skip
    assert [one.bangou for one in done.seiri[SHARE].jikou] == [f"{given.KEY}/1", "1"]


def test_two_shares_of_one_heir_under_one_shobun_stand_on_it_together() -> None:
    on = date(2026, 8, 1)
    held = Shobun("1", "sashiosae", None, 1, on, ("x",), None, None, None, False, 0, 0, None, {})
    person = Person(HEIR, {}, {}, Seiribo(HEIR, shobun=(held,)), None, ON)
    share = given.choutei(1, 10_000, key=SHARE, atena_bangou=HEIR, shoukei=_moto(held))
    account = given.an_account(shuunou_key=SHARE, atena_bangou=HEIR, seisan=Seisan())
    done = hikitsugi.follow(person._replace(accounts={SHARE: account}), account, share)
    assert done.book is not None and [one.keys for one in done.book.shobun] == [("x", SHARE)]


def _moto(held: Shobun) -> Any:
    one = held._replace(keys=(SHARE,), on=date(2026, 8, 1))
    notice = Tokusokujou(SHARE, "01", "hakkou", ON, ON, 0, None, 0, None, None, None, ON)
    jikou = (Jiyuu("sashiosae", "1", one.on), Jiyuu("tokusoku", "1", ON))
    return hikitsugi.ShoukeiMoto(
        given.KEY, given.PERSON, "1", Uchiwake(), jikou, notice, (), (), None, None, None, None, None, (), 0,
        (one,),
    )  # fmt: skip


def test_what_is_extinct_is_still_not_inherited() -> None:
    of = Family().tell(given.choutei(), act("ShikkouTeishiDecided", date(2026, 8, 1), code="1"))
    of.tell(act("SokujiShoumetsuDecided", date(2026, 8, 2), jouken={"is_akiraka": "true"}))
    assert is_extinct(of.hub.seiri()) and not inherit(of, ON, 10_000)
    assert [letter.reason for letter in of.hub.letters] == ["R-530"]
