"""督促から滞納処分までの後の姿: what acts leave on the rows of the 期別 and of the person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from state.ingest import zeimoku_codes
from state.law import shobun as law
from state.law import tokusokujou
from state.law.rules import rule
from state.reasons import Refusal
from state.receipt.account import ReceiptAccount
from state.seiri import (
    chousa_steps,
    haitou_steps,
    kumiai_steps,
    kuriage_steps,
    saikoku_steps,
    shobun_steps,
    tokusoku_steps,
)
from state.seiri.values import KibetsuSeiri
from tests import given
from tests.state.seiri.office import ACTS, Office, act, tell

OURS = (
    tokusoku_steps, saikoku_steps, shobun_steps, haitou_steps, kuriage_steps, kumiai_steps, chousa_steps,
)  # fmt: skip
SEIZED = "調定1 10000 → 督促 1 2026-07-17 → 差押 1 2026-07-28 円=30000 期=1"


def after(story: str) -> tuple[Office, ReceiptAccount, KibetsuSeiri]:
    office = tell(Office(), story)
    assert not any(isinstance(item, Refusal) for item in office.last)
    return office, office.person.accounts[given.KEY], office.person.seiri_of(given.KEY)


def counts(seiri: KibetsuSeiri) -> dict[str, tuple[int, date | None]]:
    return {one.name: (one.kaisuu, one.last_on) for one in seiri.kaisuu}


def test_the_tables_have_a_word_for_every_act() -> None:
    handled: set[str] = {kind for module in OURS for kind in module.HANDLERS}
    assert set(ACTS.values()) == handled


def test_a_shobun_stands_in_the_book_as_given() -> None:
    office = tell(Office(), "調定1 10000 → 督促 1 2026-07-17")
    held = {"saimusha": "試験銀行", "kian_bi": "2026-07-20"}
    taken = act("差押", "8", date(2026, 7, 28), lines=[(given.KEY, 4_000)], kingaku=30_000, code="yokin")
    office.tell(taken._replace(tantousha_code="T001", held=held))
    (one,) = office.person.book.shobun
    assert (one.bangou, one.kind, one.code, one.kingaku) == ("8", "sashiosae", "yokin", 30_000)
    assert (one.on, one.keys, one.tantousha_code) == (date(2026, 7, 28), (given.KEY,), "T001")
    assert (one.kaijo_on, one.kaijo_riyuu, one.haitou_gaku, one.shobunhi) == (None, None, 0, 0)
    assert dict(one.held) == held and office.person.seiri_of(given.KEY).shobun == ("8",)
    assert next(fact.kingaku for fact in office.last if not isinstance(fact, Refusal)) == 4_000


def test_a_release_leaves_its_day_and_reason() -> None:
    office, _, seiri = after(f"{SEIZED} → 処分取消 2 2026-08-03 処分=1 コード=ihou")
    (one,) = office.person.book.shobun
    assert (one.kaijo_on, one.kaijo_riyuu, one.is_torikeshi) == (date(2026, 8, 3), "ihou", True)
    held = [each for each in seiri.jikou if each.code == "sashiosae"]
    assert seiri.shobun == () and [each.until for each in held] == [one.kaijo_on]


def test_a_release_that_is_due_is_noted_and_replaced() -> None:
    office, _, _ = after(f"{SEIZED} → 配当 1 2026-08-03 円=10000 処分=1 内訳=1:10000")
    (one,) = office.person.book.shobun
    assert (one.kaijo_on, one.kaijo_riyuu) == (None, "kannou")
    tell(office, "解除 2 2026-08-04 処分=1 コード=kannou_kaijo")
    assert office.last[0].applied[0].provision == "kokuzeichoushuuhou-79-1-1"  # type: ignore[union-attr]
    (one,) = office.person.book.shobun
    assert (one.kaijo_on, one.kaijo_riyuu) == (date(2026, 8, 4), "kannou_kaijo")


def test_a_release_for_another_reason_rests_on_the_article_as_a_whole() -> None:
    office, _, _ = after(f"{SEIZED} → 解除 2 2026-08-04 処分=1 コード=nini")
    assert office.last[0].applied[0].provision == "kokuzeichoushuuhou-79"  # type: ignore[union-attr]


def test_haitou_is_a_receipt_of_its_own_kind_and_adds_up() -> None:
    begun = f"{SEIZED} → 処分費 1 2026-08-01 円=1500 処分=1"
    paid = "配当 1 2026-08-03 円=4000 処分=1 内訳=1:4000 → 配当 2 2026-08-02 円=7500 処分=1 内訳=1:3500・1:4000"
    office, account, _ = after(f"{begun} → {paid}")
    assert [(one.receipt_no, one.dankai, one.kingaku) for one in account.receipts] == [
        ("haitou:2", "kakuhou", 7_500),
        ("haitou:1", "kakuhou", 4_000),
    ]
    assert {one.shuunou_kubun for one in account.receipts} == {"haitou"}
    assert account.wariate.shuunou._asdict() == {
        "honzei": 10_000, "tokusoku_tesuuryou": 0, "entaikin": 0, "shobunhi": 1_500
    }  # fmt: skip
    (one,) = office.person.book.shobun
    assert (one.haitou_gaku, one.shobunhi, one.haitou_on) == (11_500, 1_500, date(2026, 8, 3))


def test_the_cost_of_a_bill_carried_over_stands_in_the_year_it_was_carried_to() -> None:
    office = tell(Office(), SEIZED)
    office.tell(act("処分費", "1", date(2028, 6, 1), kingaku=1_500, taishou_bangou="1"))
    (moved,) = [each for fact in office.last for each in fact.movements]  # type: ignore[union-attr]
    assert (moved.choutei_nendo, moved.kaikei_nendo, moved.kubun) == (2026, 2028, "taikuri")


def test_a_fee_that_was_written_off_is_not_paid_back(monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"kijun": "hakkou_on", "gaku": 100, "valid_from": date(2000, 4, 1)}
    monkeypatch.setattr("state.law.tokusoku._line", lambda *of: line)
    office, account, _ = after("調定1 10000 → 督促 1 2026-07-17 → 確報甲 10000")
    assert account.seisan is not None
    kesson = account.seisan.kesson._replace(tokusoku_tesuuryou=100)
    written_off = account._replace(seisan=account.seisan._replace(kesson=kesson))
    office.person = office.person._replace(accounts={given.KEY: written_off})
    tell(office, "督促取消 2 2026-07-31")
    assert office.person.accounts[given.KEY].kagonou_gaku == 0
    assert [fact.movements for fact in office.last] == [(), ()]  # type: ignore[union-attr]


def test_kuriage_moves_the_deadline_and_remembers_the_first() -> None:
    story = "調定1 10000 → 繰上徴収 1 2026-06-10 期限=2026-06-20 → 繰上徴収 2 2026-06-12 期限=2026-06-15"
    _, account, seiri = after(story)
    assert account.noukigen == date(2026, 6, 15)
    assert (seiri.kuriagemae_noukigen, seiri.kuriage_on) == (given.NOUKIGEN, date(2026, 6, 15))
    assert counts(seiri)["kuriage_choushuu_counter"] == (2, date(2026, 6, 12))


@pytest.mark.parametrize(
    ("story", "noukigen"),
    [
        ("更正2 8000", date(2026, 6, 15)),
        ("更正2 8000 納期限=2026-09-30", date(2026, 9, 30)),
        ("調定1 10000", date(2026, 6, 15)),
    ],
)
def test_a_correction_keeps_the_deadline_unless_it_states_a_new_one(story: str, noukigen: date) -> None:
    _, account, _ = after(f"調定1 10000 → 繰上徴収 1 2026-06-10 期限=2026-06-15 → {story}")
    assert account.noukigen == noukigen


def test_the_union_holds_from_the_first_transfer_until_the_return() -> None:
    office, _, seiri = after("調定1 10000 → 2期:調定1 500 → 移管 1 2026-10-01 期=1 → 移管 2 2026-11-01 期=1・2")
    assert office.person.book.kumiai_on == date(2026, 10, 1)
    assert counts(seiri) == {"tainou_seiri_kumiai_counter": (2, date(2026, 11, 1))}
    tell(office, "返還 3 2027-03-31")
    assert office.person.book.kumiai_on is None


@pytest.mark.parametrize(
    ("story", "kaitou"),
    [
        ("回答 1 2026-10-31 照会=1 コード=ari", (date(2026, 10, 31), "ari", False)),
        ("回答 1 2026-11-01 照会=1 コード=nashi", (date(2026, 11, 1), "nashi", True)),
        ("基準日 2026-11-01", (None, None, True)),
        ("基準日 2026-11-01 → 回答 1 2026-10-31 照会=1 コード=ari", (date(2026, 10, 31), "ari", False)),
        (
            "回答 1 2026-10-20 照会=1 コード=nashi → 回答 2 2026-10-15 照会=1 コード=ari",
            (date(2026, 10, 20), "nashi", False),
        ),
    ],
)
def test_an_inquiry_keeps_its_latest_answer(story: str, kaitou: Any) -> None:
    asked = "調定1 10000 → 照会 1 2026-10-01 コード=kinyuu 期限=2026-10-31 種類=zaisan"
    office, _, _ = after(f"{asked} → {story}")
    (one,) = office.person.book.chousa
    assert (one.kind, one.saki, one.kigen_on) == ("zaisan", "kinyuu", date(2026, 10, 31))
    assert (one.kaitou_on, one.kaitou_code, one.is_okure) == kaitou


def test_the_latest_saikoku_stands_whatever_the_order() -> None:
    story = "催告 1 2026-11-01 コード=bunsho → 催告 2 2026-10-01 コード=denwa"
    office, _, _ = after(f"調定1 10000 → {story}")
    book = office.person.book
    assert book.saikoku is not None and book.saikoku.shubetsu == "bunsho" and book.saikoku_kaisuu == 2


def test_flags_are_counted_by_their_code() -> None:
    flags = "停止設定 1 2026-07-01 コード=saikoku_teishi → 停止解除 2 2026-07-02 コード=saikoku_teishi"
    _, _, seiri = after(f"調定1 10000 → {flags} → 停止設定 3 2026-07-03 コード=saikoku_teishi")
    assert counts(seiri) == {"saikoku_teishi_counter": (2, date(2026, 7, 3))}
    assert [flag.on for flag in seiri.teishi] == [date(2026, 7, 3)]


@pytest.mark.parametrize("zeimoku", sorted(zeimoku_codes()))
def test_every_tax_has_its_article_for_sashiosae(zeimoku: str) -> None:
    on = date(2026, 7, 28)
    taishou = law.Taishou(zeimoku, given.NOUKIGEN, 10_000, None, False, ())
    refused = law.may_take("sashiosae", taishou, on)
    assert isinstance(refused, Refusal) and "第1項第1号" in refused.expected
    brought = law.may_take("sashiosae", taishou._replace(is_kuriage=True), on)
    assert not isinstance(brought, Refusal) and brought.provision.endswith("-1-2")
    issued = date(2026, 7, 17)
    notice = tokusokujou.Tokusokujou(
        given.KEY, zeimoku, tokusokujou.ISSUED, issued, issued, 0, None, 0, None, None, None, issued
    )
    allowed = law.may_take("sashiosae", taishou._replace(tokusoku=notice), on)
    stated = rule("tokusoku_hassou", on)["sashiosae_provision"]
    assert not isinstance(allowed, Refusal) and allowed.provision == stated[zeimoku]
