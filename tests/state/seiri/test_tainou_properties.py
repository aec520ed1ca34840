"""滞納整理の性質: whatever the office does: no yen is lost, no act counts twice, no refusal is half done."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import given as given_that
from hypothesis import settings

from state.law import bunnou_check
from state.law.jikou import standing
from state.law.movement import KESSON, KOUSEI
from state.law.uchiwake import Uchiwake
from state.receipt.seisan import Seisan
from state.seiri import tainou_steps
from state.seiri.bunnou_uketori import speaking_for
from state.seiri.event import TetsuzukiTaken
from state.seiri.jikou_of import jikou_of
from state.seiri.values import KibetsuSeiri
from tests import given
from tests.state.seiri.tainou_stories import KINDS, stories
from tests.state.seiri.tainou_world import World, read, yen_of

FEW = settings(given.STABLE, max_examples=25)


@given_that(stories())
@given.STABLE
def test_what_holds_after_any_story(told: list[Any]) -> None:
    world = World()
    for event in told:
        world.tell(event)
        world.holds()
        _plans_hold(world)
    _money_holds(world, told)


def _plans_hold(world: World) -> None:
    """What a plan says was received is what came in on its 期別 since, and one plan speaks for a 期別."""
    for kiroku in world.seiribo.bunnou:
        plan, parts = kiroku.bunnou, {part.shuunou_key: part for part in kiroku.bubun}
        assert sum(one.kingaku for one in plan.kai) == plan.kingaku == sum(p.kingaku for p in parts.values())
        assert all(0 <= one.noufu_gaku <= one.kingaku for one in plan.kai)
        assert (plan.joutai == bunnou_check.COMPLETED) <= (plan.nokori_gaku == 0)
        if all(speaking_for(world.seiribo, key) is kiroku for key in kiroku.keys):
            came = {key: world.accounts[key].shuunou_gaku - part.shuunou_gaku for key, part in parts.items()}
            filled = sum(sorted((0, yen, parts[key].kingaku))[1] for key, yen in came.items())
            assert plan.noufu_gaku == filled
    for key, seiri in world.seiri.items():
        assert len(seiri.bunnou) <= 1, key
        assert len({(one.code, one.bangou) for one in seiri.jikou}) == len(seiri.jikou)


def _money_holds(world: World, told: list[Any]) -> None:
    """What stands in 精算 is what the movements say, and each share of an heir is somewhere."""
    moved: Counter[tuple[str, str]] = Counter()
    for fact in world.facts:
        for one in fact.movements:
            place = "kesson" if fact.kind.startswith("FunouKesson") else "shoukei"
            moved[one.shuunou_key, place] += one.change
    for key, account in world.accounts.items():
        seisan = account.seisan or Seisan()
        assert moved[key, "kesson"] == -seisan.kesson.goukei
        assert moved[key, "shoukei"] == -seisan.shoukei.goukei
    shares = sum(yen_of(share) for share in world.shoukei)
    assert shares == sum((a.seisan or Seisan()).shoukei.goukei for a in world.accounts.values())


@given_that(stories())
@FEW
def test_every_act_told_again_changes_nothing(told: list[Any]) -> None:
    world, repeated = World(), []
    for event in told:
        world.tell(event)
        if isinstance(event, TetsuzukiTaken) and (event.kind, event.bangou) in world.acts:
            repeated.append(event)
    before, days = world.kept, set(world.schedule)
    world.tell(*repeated)
    assert (world.kept, world.schedule) == (before, days)


@given_that(stories())
@FEW
def test_a_day_told_again_says_nothing_new(told: list[Any]) -> None:
    world = World().tell(*told)
    last = given.kijunbi(max(world.kijunbi or date(2040, 1, 1), date(2040, 1, 1)))
    world.tell(last, last._replace(event_id="again"))
    assert not world.last, [fact.kind for fact in world.last]


def test_the_stories_try_every_kind_of_these_families() -> None:
    assert frozenset(tainou_steps.HANDLERS) == KINDS


def fuzui(world: World, seisan: Seisan) -> World:
    """The first 期別 with what follows its 本税 fixed, as the procedures for that leave it."""
    world.accounts[given.KEY] = world.accounts[given.KEY]._replace(seisan=seisan)
    return world


def test_a_kesson_takes_the_kamoku_in_their_order_and_a_reversal_gives_them_back() -> None:
    old = Seisan(fuzui=Uchiwake(0, 100, 2_000, 300))
    world = fuzui(World().tell(*read("調定1 30000 納期限=2020-06-30")), old)
    world.tell(*read("欠損1 2025-07-01 方法=jikou 額=31000"))
    (fact,) = world.last
    assert [(one.kind, one.kamoku, one.kingaku) for one in fact.movements] == [
        (KESSON, "honzei", 30_000), (KESSON, "tokusoku_tesuuryou", 100), (KESSON, "entaikin", 900),
    ]  # fmt: skip
    assert world.accounts[given.KEY].wariate.minou == Uchiwake(0, 0, 1_100, 300)
    world.tell(*read("欠損取消1 2025-07-02"))
    (fact,) = world.last
    assert [(one.kind, one.kamoku, one.kingaku) for one in fact.movements] == [
        (KOUSEI, "honzei", 30_000), (KOUSEI, "tokusoku_tesuuryou", 100), (KOUSEI, "entaikin", 900),
    ]  # fmt: skip
    assert world.accounts[given.KEY].seisan == old


def test_the_whole_of_what_is_owed_goes_to_the_heirs_by_kamoku() -> None:
    world = fuzui(World().tell(*read("調定1 30000")), Seisan(fuzui=Uchiwake(0, 100, 2_000, 0)))
    world.tell(*read("承継1 2026-09-01 内訳=2番:91期:20000/3番:92期:12100"))
    (fact,) = world.last
    assert [(one.kind, one.kamoku, one.kingaku) for one in fact.movements] == [
        (KOUSEI, "honzei", -30_000), (KOUSEI, "tokusoku_tesuuryou", -100), (KOUSEI, "entaikin", -2_000),
    ]  # fmt: skip
    # 20,000 of 32,100: 本税 18,691.6, 手数料 62.3, 延滞金 1,246.1; the yen that is missing goes to the 本税
    assert [(one.atena_bangou, one.kibetsu_choutei_gaku, one.noukigen) for one in world.shoukei] == [
        ("0000000002", 18_692, given.NOUKIGEN), ("0000000003", 11_308, given.NOUKIGEN),
    ]  # fmt: skip
    assert [one.shoukei.fuzui for one in world.shoukei if one.shoukei is not None] == [
        Uchiwake(0, 62, 1_246, 0), Uchiwake(0, 38, 754, 0),
    ]  # fmt: skip
    assert world.seiri[given.KEY].shoukei_saki == tuple(one.shuunou_key for one in world.shoukei)


def test_a_movement_stands_in_the_books_of_the_year_that_is_open() -> None:
    for on, nendo in (("2027-05-31", 2026), ("2027-06-01", 2027)):
        world = World().tell(*read("調定1 30000 → 執行停止1 2026-08-01 号=1 → 即時消滅1 2026-08-02 明らか=はい"))
        world.tell(*read(f"欠損1 {on} 方法=sokuji 額=30000"))
        (movement,) = world.last[0].movements
        assert (movement.choutei_nendo, movement.kaikei_nendo) == (2026, nendo)


def test_a_stop_on_ground_2_asks_for_the_release_of_a_sashiosae() -> None:
    world = World().tell(*read("調定1 30000 → 返戻1 2026-07-01"))
    world.seiri[given.KEY] = world.seiri[given.KEY]._replace(shobun=("7",))
    world.tell(*read("執行停止1 2026-08-01 号=2"))
    assert [fact.kind for fact in world.last][:2] == ["ShikkouTeishiDecided", "SashiosaeKaijoBecameDue"]


def test_the_houtei_noukigen_begins_the_time_unless_it_is_none() -> None:
    known, none = (date(2020, 5, 31), date(2025, 5, 31)), (date(9999, 12, 31), date(2025, 6, 30))
    for houtei, complete_on in (known, none):
        bill = given.choutei(1, 30_000, noukigen=date(2020, 6, 30), houtei_noukigen=houtei)
        world = World().tell(bill, *read("執行停止1 2024-08-01 号=1"))
        world.tell(given.kijunbi(complete_on), given.kijunbi(complete_on + timedelta(days=1)))
        assert [fact.kind for fact in world.last] == ["JikouCompleted"]


def test_what_is_paid_before_the_noukigen_acknowledges_nothing_that_is_late() -> None:
    bill = given.choutei(1, 30_000, noukigen=date(2020, 6, 30), houtei_noukigen=date(2020, 5, 31))
    in_time, late = (date(2020, 6, 30), date(2025, 5, 31)), (date(2020, 7, 1), date(2025, 7, 1))
    for paid_on, complete_on in (in_time, late):
        account = World().tell(bill, given.received(gaku=1_000, on=paid_on)).accounts[given.KEY]
        now = standing(jikou_of(account, KibetsuSeiri(given.KEY, given.PERSON)), paid_on)
        assert now.kansei_on == complete_on
