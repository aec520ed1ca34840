"""滞納整理の畳み込み: 猶予, 執行停止, 欠損, 分納, 承継 and 時効 on the ledger's agent, by what the hub keeps and tells."""

from __future__ import annotations

from datetime import date

import pytest

from streams import seiri
from tests import given
from tests.streams.memory_hub import Hub

HEIR, OTHER_HEIR = "0000000008", "0000000009"
SHARE, OTHER_SHARE = (given.shuunou_key(kibetsu, tsuuchisho=9) for kibetsu in (1, 2))
PLAN_ON = date(2026, 8, 3)


def kinds(hub: Hub) -> list[str]:
    return [fact.kind for fact in hub.seiri_facts]


def shoukei(first: int, second: int) -> object:
    lines = (given.bubun(SHARE, first, atena=HEIR), given.bubun(OTHER_SHARE, second, atena=OTHER_HEIR))
    return given.tetsuzuki("NouzeiShoukeiMade", date(2026, 9, 1), uchiwake=lines)


def plan(
    *, bangou: str = "1", on: date = PLAN_ON, key: str = given.KEY, person: str = given.PERSON
) -> object:
    days = (date(on.year, 8, 31), date(on.year, 9, 30))
    lines = (given.bubun(key, 10_000), *(given.bubun(None, 5_000, on=day) for day in days))
    return given.tetsuzuki(
        "BunnouPlanned", on, bangou=bangou, key=None, person=person, code="seiyaku", kingaku=10_000,
        uchiwake=lines,
    )  # fmt: skip


def test_what_a_deceased_owed_stands_on_the_accounts_of_the_heirs() -> None:
    hub = Hub().tell(given.choutei(), given.received(gaku=1_000), given.kijunbi(date(2026, 7, 31)))
    hub.tell(shoukei(6_000, 3_000))
    accounts = hub.accounts()
    assert not hub.letters
    assert [accounts[key].minou_gaku for key in (given.KEY, SHARE, OTHER_SHARE)] == [0, 6_000, 3_000]
    assert [accounts[key].atena_bangou for key in (SHARE, OTHER_SHARE)] == [HEIR, OTHER_HEIR]
    assert {account.noukigen for account in accounts.values()} == {given.NOUKIGEN}
    assert [hub.case(one).tainou_kingaku for one in (given.PERSON, HEIR, OTHER_HEIR)] == [0, 6_000, 3_000]
    assert hub.seiri().shoukei_saki == (SHARE, OTHER_SHARE)
    hub.tell(given.received("cvs:b", 6_000, key=SHARE))
    assert hub.accounts()[SHARE].is_kannou, "the heir pays under a 収納キー of his own"


def test_shares_that_do_not_sum_are_refused_whole() -> None:
    hub = Hub().tell(given.choutei(), shoukei(6_000, 3_999))
    assert [letter.reason for letter in hub.letters] == ["R-537"]
    assert list(hub.accounts()) == [given.KEY] and hub.accounts()[given.KEY].minou_gaku == 10_000
    hub.tell(shoukei(6_000, 4_000))
    assert kinds(hub) == ["NouzeiShoukeiMade", *["NouzeiShoukeiTakenOver"] * 2], "its number stayed free"


def test_a_plan_is_filled_by_receipts_and_opened_again_by_their_denial() -> None:
    hub = Hub().tell(given.choutei(), plan(), given.received(gaku=7_000, on=date(2026, 8, 20)))
    (kiroku,) = hub.seiribo().bunnou
    assert [one.noufu_gaku for one in kiroku.bunnou.kai] == [5_000, 2_000]
    hub.tell(given.confirmed(gaku=7_000, on=date(2026, 8, 20)), given.received("cvs:b", 3_000, on=PLAN_ON))
    assert kinds(hub)[2:] == ["BunnouReceived", "BunnouReceived", "BunnouCompleted"]
    assert hub.seiri().bunnou == ()
    hub.tell(given.reversal("cvs:b", 3_000, on=PLAN_ON))
    assert kinds(hub)[5:] == ["BunnouReceiptTakenBack", "BunnouCompletionLost"]
    assert hub.seiri().bunnou == ("1",) and hub.seiribo().bunnou[0].bunnou.noufu_gaku == 7_000


def test_a_plan_that_is_not_kept_is_in_default_on_its_day_and_once() -> None:
    hub = Hub().tell(given.choutei(), plan())
    hub.tell(*(given.kijunbi(date(2026, 9, day)) for day in (1, 30)))
    assert "BunnouDefaulted" not in kinds(hub)
    hub.tell(*(given.kijunbi(date(2026, 10, day)) for day in (1, 2)))
    assert kinds(hub).count("BunnouDefaulted") == 1
    assert hub.seiri_facts[-1].on == date(2026, 10, 1)


def test_three_years_of_stop_extinguish_and_the_books_follow_with_the_kesson() -> None:
    stop = given.tetsuzuki("ShikkouTeishiDecided", date(2026, 8, 1), code="1")
    hub = Hub().tell(given.choutei(), given.kijunbi(date(2026, 7, 31)), stop)
    hub.tell(given.kijunbi(date(2029, 8, 1)), given.kijunbi(date(2029, 8, 2)))
    assert kinds(hub)[-1] == "NouzeiGimuExtinguished" and hub.accounts()[given.KEY].minou_gaku == 10_000
    hub.tell(plan(on=date(2029, 8, 2)))
    assert [letter.reason for letter in hub.letters] == ["R-530"]
    kesson = {"code": "sannen", "kingaku": 10_000}
    hub.tell(given.tetsuzuki("FunouKessonBooked", date(2029, 8, 3), **kesson))
    account = hub.accounts()[given.KEY]
    assert (account.minou_gaku, account.is_kannou, hub.case().tainou_kingaku) == (0, False, 0)
    assert [one.kingaku for one in hub.seiri_facts[-1].movements] == [10_000]
    hub.tell(given.tetsuzuki("FunouKessonReversed", date(2029, 8, 4)))
    assert (hub.accounts()[given.KEY].minou_gaku, hub.case().tainou_kingaku) == (10_000, 10_000)
    kaisuu = {one.name: one.kaisuu for one in hub.seiri().kaisuu}
    assert (kaisuu["funou_kesson_counter"], kaisuu["shikkou_teishi_counter"]) == (0, 1)


def test_a_yuuyo_ends_on_its_day_and_puts_the_jikou_off() -> None:
    hub = Hub().tell(
        given.choutei(),
        given.tetsuzuki(
            "YuuyoApplied", date(2026, 7, 10), code="choushuu_yuuyo", kingaku=10_000,
            jouken={"jiyuu": "15-1-1"},
        ),
        given.tetsuzuki(
            "YuuyoGranted", date(2026, 7, 20), code="choushuu_yuuyo", kara=date(2026, 7, 20),
            made=date(2027, 7, 19),
        ),
    )  # fmt: skip
    hub.tell(given.kijunbi(date(2027, 7, 19)), given.kijunbi(date(2027, 7, 20)))
    assert kinds(hub)[-1] == "YuuyoEnded"
    (kaisuu,) = hub.seiri().kaisuu
    assert (kaisuu.name, kaisuu.kaisuu) == ("choushuu_yuuyo_counter", 1)
    hub.tell(*(given.kijunbi(date(2032, 7, day)) for day in (9, 10)))
    assert kinds(hub)[-1] == "JikouCompleted", "2031-07-10 and the 365 days of the 猶予"


def test_the_warnings_of_the_jikou_come_each_once() -> None:
    note = given.tetsuzuki("JikouNoted", date(2026, 7, 10), code="noufu_seiyaku")
    hub = Hub().tell(given.choutei(), note)
    days = [date(2030, 7, 10), date(2030, 7, 11), date(2031, 1, 11), date(2031, 4, 11), date(2031, 6, 10)]
    hub.tell(*(given.kijunbi(day) for day in (*days, date(2031, 7, 10), date(2031, 7, 11))))
    assert kinds(hub) == ["JikouRenewed", *["JikouKeikoku"] * 4, "JikouCompleted"]
    warned = [fact.applied[0].outputs["keikoku_days"] for fact in hub.seiri_facts[1:5]]
    assert warned == ["365", "180", "90", "30"]
    assert [one.days for one in hub.seiri().keikoku] == [365, 180, 90, 30, 0]
    again = given.kijunbi(date(2031, 7, 12))
    assert kinds(hub.tell(again)).count("JikouCompleted") == 1


def test_an_act_before_the_tables_of_the_law_is_a_letter_and_no_crash() -> None:
    hub = Hub().tell(given.choutei())
    codes = {"ShikkouTeishiDecided": "1", "FunouKessonBooked": "jikou", "JikouNoted": "noufu_seiyaku"}
    for number, (kind, code) in enumerate(codes.items(), 1):
        act = given.tetsuzuki(kind, date(1999, 1, 1), bangou=str(number), code=code, kingaku=1)
        hub.tell(act)
    assert [letter.reason for letter in hub.letters] == ["R-565"] * 3
    assert ["定めの表の始まり" in letter.expected for letter in hub.letters] == [True] * 3


def test_a_day_on_which_many_persons_are_due_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them has two days by then, so that some are looked at in two parts."""
    people = [f"{number:010d}" for number in range(1, 6)]

    def told() -> Hub:
        made = Hub()
        for number, person in enumerate(people, 1):
            key = given.shuunou_key(number)
            made.tell(given.choutei(key=key, atena_bangou=person), plan(key=key, person=person))
        return made.tell(given.kijunbi(date(2027, 3, 31)))

    whole = told()
    monkeypatch.setattr(seiri, "PERSONS_AT_ONCE", 2)
    parts = told()
    assert kinds(whole).count("BunnouDefaulted") == len(people)
    assert parts.seiri_facts == whole.seiri_facts
    assert parts.ledger.store.rows == whole.ledger.store.rows
    assert parts.ledger.commits > whole.ledger.commits + 1


def test_nothing_is_scheduled_for_a_day_that_has_come() -> None:
    """An act told late is looked at on the next day, never again under the day that is being worked off."""
    hub = Hub().tell(given.choutei(), given.kijunbi(date(2026, 9, 10)), plan())
    assert not hub.letters
    days = {row.split(b"|")[0] for row in hub.rows(hub.ledger, seiri.SCHEDULE.tag)}
    assert min(days) == b"2026-09-11"
    hub.tell(given.kijunbi(date(2026, 9, 11)), given.kijunbi(date(2026, 10, 10)))
    assert kinds(hub)[-1] == "BunnouDefaulted"
