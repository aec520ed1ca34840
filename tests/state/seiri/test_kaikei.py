"""延滞金と過誤納の手続: one act after a story, by the office's tables; and what holds over any history."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over

from state.law.entaikin_value import Waiver
from state.law.movement import check_all
from state.law.shikkou_teishi import ShikkouTeishi
from state.law.uchiwake import Uchiwake
from state.law.yuuyo import CANCELLED, DENIED, GRANTED, Yuuyo
from state.reasons import REASONS
from state.receipt.noufu import Beyond, Noufu, beyond, remaining
from state.receipt.seisan import Seisan
from state.seiri.apply import HANDLERS
from state.seiri.entaikin_bill import bill_of_kibetsu, waivers_of
from state.seiri.kinds import kinds
from state.seiri.values import KibetsuSeiri
from state.seiri.yuuyo_bubun import bubun_on
from tests import given
from tests.state.scenario import World, table
from tests.state.scenario import read as read_story
from tests.state.seiri import kaikei_story as story
from tests.state.seiri.kaikei_histories import Turn, histories
from tests.streams.memory_hub import Hub

HERE = Path(__file__).parent
ROWS = [*table(HERE / "entaikin.csv"), *table(HERE / "kagonou.csv")]


@pytest.mark.parametrize("row", ROWS, ids=[row["名前"] for row in ROWS])
def test_手続(row: dict[str, str]) -> None:
    hub = story.told(row["出来事"])
    assert not hub.letters, "the story itself is refused"
    since, before, balance = len(hub.seiri_facts), story.rows(hub), story.balance(hub)
    hub.tell(story.read(row["手続"]))
    told = (story.happened(hub, since), story.moved(hub, since), story.left(hub))
    assert told == (row["起きたこと"], row["動き"], row["残り"])
    applied = {basis.provision for fact in hub.seiri_facts[since:] for basis in fact.applied}
    if row["理由"]:
        (letter,) = hub.letters
        assert letter.reason == row["理由"] and row["条項"] in letter.expected
        assert story.rows(hub) == before, "a refused act changes nothing"
    else:
        assert not hub.letters and row["条項"] in applied
    moved = [m for fact in hub.seiri_facts[since:] for m in fact.movements]
    assert check_all(moved) == () and sum(m.change for m in moved) == story.balance(hub) - balance
    if row.get("支払額"):
        assert hub.seiri().kagonou.shiharai_gaku == int(row["支払額"])


def test_every_kind_of_this_family_has_its_function() -> None:
    assert set(story.KINDS.values()) <= set(HANDLERS)
    assert set(story.KINDS.values()) <= set(kinds())
    used = {row["理由"] for row in ROWS} - {""}
    assert {"R-416", "R-417", "R-415", "R-421", "R-424", "R-426", "R-427", "R-428", "R-430"} <= used
    assert used <= set(REASONS)


# -- which yen goes back --------------------------------------------------------------------------


def account(notation: str) -> Any:
    return World().tell(*read_story(notation)).accounts[given.KEY]


def test_what_is_too_much_is_found_from_the_last_payment_backwards() -> None:
    of = account("調定1 10000 → 確報甲 6000 領収=2026-06-10 → 確報乙 6000 領収=2026-07-10")
    assert beyond(of) == (Beyond(date(2026, 7, 10), 2000, date(2026, 7, 10)),)
    of = account(
        "調定1 10000 → 確報甲 6000 領収=2026-06-10 → 確報乙 4000 領収=2026-06-20"
        " → 更正2 5000 異動=2026-08-01"
    )
    corrected = date(2026, 8, 1)
    assert beyond(of) == (
        Beyond(date(2026, 6, 10), 1000, corrected),
        Beyond(date(2026, 6, 20), 4000, corrected),
    )


def test_what_went_out_before_is_not_found_again() -> None:
    """The second payment was paid back; a later 更正 makes yen of the first too much, not of the second."""
    of = account("調定1 10000 → 確報甲 10000 領収=2026-06-10 → 確報乙 10000 領収=2026-06-20")
    decided = of._replace(seisan=Seisan(kanpu=Uchiwake(10_000)), kibetsu_choutei_gaku=7_000)
    (part,) = beyond(decided, (), date(2026, 6, 30))
    assert (part.noufu_on, part.kingaku) == (date(2026, 6, 10), 3_000)


def test_充当_whose_day_is_no_longer_known_counts_on_the_noukigen() -> None:
    of = account("調定1 10000")._replace(seisan=Seisan(juutou_in=Uchiwake(4_000)))
    known = Noufu(date(2026, 8, 1), 1_000, date(2026, 8, 2), "honzei")
    assert remaining(of, (known,)) == [Noufu(given.NOUKIGEN, 3_000, given.NOUKIGEN, "honzei"), known]


def test_earlier_充当_of_a_replaced_過誤納_keep_their_days() -> None:
    """The 2期 was met by two 過誤納 of the 1期, one after the other: both days still count for its 延滞金."""
    hub = story.told(
        "調定1 10000 → 2期:調定1 100000 → 確報甲 60000 領収=2026-07-10 → 充当還付決定1 2026-08-01 種別=sonota"
        " → 通知書発送1 2026-08-02 → 確報乙 50000 領収=2026-09-10 → 充当還付決定2 2026-10-01 種別=sonota"
    )
    key, seiri = given.shuunou_key(2), {given.KEY: hub.seiri(), given.shuunou_key(2): None}
    rows = {k: v or KibetsuSeiri(k, given.PERSON) for k, v in seiri.items()}
    bill = bill_of_kibetsu(hub.accounts()[key], rows, date(2026, 12, 1))
    assert bill.zeigaku == 100_000
    assert [tuple(owed) for owed in bill.owed] == [(date(2026, 7, 10), 50_000), (date(2026, 9, 10), 0)]


# -- 猶予 and 執行停止 -----------------------------------------------------------------------------


def _yuuyo(shubetsu: str, jiyuu: str, joutai: str = GRANTED, torikeshi_on: date | None = None) -> Yuuyo:
    kara, made = date(2026, 7, 1), date(2026, 12, 31)
    return Yuuyo(given.KEY, shubetsu, joutai, jiyuu, 1, None, kara, made, True, 0, torikeshi_on, None)


def test_猶予_and_執行停止_become_waivers() -> None:
    stopped = ShikkouTeishi(given.KEY, "teishi", "1", date(2026, 8, 1), date(2029, 7, 31), None, None)
    menjo = Waiver("genmen", date(2026, 7, 1), date(2026, 7, 31), 1, 2)
    seiri = KibetsuSeiri(
        given.KEY,
        given.PERSON,
        menjo=(menjo,),
        shikkou_teishi=stopped,
        yuuyo=(
            _yuuyo("choushuu_yuuyo", "15-1-1"),
            _yuuyo("choushuu_yuuyo", "15-1-3", CANCELLED, date(2026, 9, 1)),
            _yuuyo("kanka_shokken", "15_5-1-1"),
            _yuuyo("kanka_shinsei", "15_6-1", DENIED)._replace(kikan_kara=None),
        ),
    )
    kara, made = date(2026, 7, 1), date(2026, 12, 31)
    assert waivers_of(seiri, date(2026, 11, 1)) == (
        menjo,
        Waiver("saigai_yuuyo", kara, made, gendo_gaku=1),
        Waiver("choushuu_yuuyo", kara, date(2026, 8, 31), gendo_gaku=1),
        Waiver("kanka_yuuyo", kara, made, gendo_gaku=1),
        Waiver("shikkou_teishi", date(2026, 8, 1), date(2026, 11, 1)),
    )


@pytest.mark.parametrize(
    ("granted", "met"), [(100_000, 0), (60_000, 40_000), (95_000, 5_000), (30_000, 50_000)]
)
def test_充当_meets_what_of_a_期別_is_not_under_猶予(granted: int, met: int) -> None:
    hub, key = story.told("調定1 10000 → 2期:調定1 100000 → 確報甲 60000 領収=2026-07-10"), given.shuunou_key(2)
    grace = given.tetsuzuki(
        "YuuyoGranted", date(2026, 7, 20), key=key, code="kanka_shokken", kingaku=granted,
        kara=date(2026, 7, 20), made=date(2027, 7, 19), jouken={"jiyuu": "15_5-1-1", "has_seii": "true"},
    )  # fmt: skip
    hub.tell(grace, story.read("充当還付決定1 2026-08-01 種別=sonota"))
    assert not hub.letters
    seisan = hub.accounts()[given.KEY].seisan
    assert seisan is not None
    assert (seisan.juutou_out.goukei, seisan.kanpu.goukei) == (met, 50_000 - met)
    assert hub.accounts()[key].minou_gaku == 100_000 - met
    rows = {k: hub.seiri(k) or KibetsuSeiri(k, given.PERSON) for k in (given.KEY, key)}
    under = bubun_on(hub.accounts()[key], rows, date(2026, 8, 2))
    assert (under.gaku, under.codes) == (granted, ("kanka_yuuyo",))
    assert under.is_whole == (granted >= 100_000 - met), "what is left is what the 猶予 is for"


@pytest.mark.parametrize(("shounin", "met"), [("", 0), (" → 2期:確報乙 1000 領収=2024-05-01", 49_000)])
def test_充当_does_not_meet_what_時効_has_ended_unless_a_part_payment_acknowledged_it(
    shounin: str, met: int
) -> None:
    """民法152条: a receipt after the 納期限 that left something owed begins the five years anew."""
    hub = story.told(
        f"調定1 10000 → 2期:調定1 50000 納期限=2020-06-30{shounin}"
        " → 確報甲 60000 領収=2026-07-10 → 充当還付決定1 2026-08-01 種別=sonota"
    )
    assert not hub.letters
    seisan = hub.accounts()[given.KEY].seisan
    assert seisan is not None
    assert (seisan.juutou_out.goukei, seisan.kanpu.goukei) == (met, 50_000 - met)


# -- any history ----------------------------------------------------------------------------------

@given.STABLE
@over(histories())
def test_yen_are_conserved_by_every_act(history: list[Any]) -> None:
    hub, acts = Hub(), []
    for event in history:
        act = event.act(hub) if isinstance(event, Turn) else event
        acts.append(act)
        balance, since, letters = story.balance(hub), len(hub.seiri_facts), len(hub.letters)
        before = story.rows(hub)
        hub.tell(act)
        moved = [m for fact in hub.seiri_facts[since:] for m in fact.movements]
        if hasattr(act, "uchiwake"):
            assert sum(m.change for m in moved) == story.balance(hub) - balance
            assert check_all(moved) == ()
        if len(hub.letters) > letters:
            assert story.rows(hub) == before, "a refused act changes nothing"
        for each in hub.accounts().values():
            assert not each.wariate.minou.has_negative and not each.wariate.kagonou.has_negative
            assert min(min(field) for field in each.seisan or ((0,),)) >= 0
    _every_act_once(hub, acts)
    _counters_count(hub)


def _every_act_once(hub: Hub, history: list[Any]) -> None:
    """Accepted acts told again change nothing."""
    accepted = {fact.event_id for fact in hub.seiri_facts}
    before = story.rows(hub)
    for event in history:
        if hasattr(event, "uchiwake") and event.event_id in accepted:
            known = len(hub.letters)
            hub.tell(event)
            assert len(hub.letters) == known or hub.letters[-1].reason == "R-504"
    assert story.rows(hub) == before


def _counters_count(hub: Hub) -> None:
    facts = hub.seiri_facts
    brought = sum(fact.kind == "JuutouReceived" for fact in facts)
    back = sum(fact.kind == "JuutouWithdrawn" for fact in facts)
    assert story.counters(hub, "juutou_kaisuu") == brought - back
    kanpu = 0
    for fact in facts:
        paid = sum(m.kingaku for m in fact.movements if m.kind == "kanpu")
        decided = fact.kind == "KagonouDecided"
        kanpu += (decided and paid > 0) - (fact.kind == "KagonouDecisionWithdrawn" and paid < 0)
    assert story.counters(hub, "kanpu_kaisuu") == kanpu
