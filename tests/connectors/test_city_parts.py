"""The parts of the synthetic city: its decks, serials, days, taxes and bills."""

from collections import Counter
from datetime import date
from random import Random

import pytest

from connectors.city import make_city
from connectors.city.bills import bills_of
from connectors.city.confidential import kojin_bangou, kouza_bangou, without_zero
from connectors.city.deck import Deck
from connectors.city.model import Bill, TetsuzukiChange
from connectors.city.schedule import month_end, monthly_day_after, nendo_of, store_day_after, zeimoku_of
from connectors.city.scripts import SCRIPTS, Scene
from state import checks


def test_a_deck_gives_every_card_before_any_again() -> None:
    deck = Deck(Random(1), {"often": 5, "rarely": 1})
    for _ in range(3):
        assert Counter(deck.draw() for _ in range(6)) == {"often": 5, "rarely": 1}


def test_serials_without_a_zero() -> None:
    written_out = [without_zero(serial, 4) for serial in range(9**4)]
    assert len(set(written_out)) == 9**4
    assert not any("0" in text for text in written_out)
    with pytest.raises(ValueError, match="4 digits"):
        without_zero(9**4, 4)


def test_accounts_repeat_only_after_all_have_come() -> None:
    assert len({kouza_bangou(serial) for serial in range(100_000)}) == 100_000


def test_invented_kojin_bangou_are_sound_and_marked() -> None:
    assert all(checks.is_kojin_bangou(kojin_bangou(serial)) for serial in range(500))
    assert {kojin_bangou(serial)[:4] for serial in range(500)} == {"0000"}


@pytest.mark.parametrize(
    ("day", "following"),
    [("2026-06-09", "2026-06-10"), ("2026-06-10", "2026-06-20"), ("2026-06-20", "2026-06-30"),
     ("2026-06-30", "2026-07-10"), ("2026-12-31", "2027-01-10"), ("2027-02-27", "2027-02-28")],
)  # fmt: skip
def test_days_of_the_stores(day: str, following: str) -> None:
    assert store_day_after(date.fromisoformat(day)).isoformat() == following


def test_monthly_days() -> None:
    assert monthly_day_after(date(2026, 6, 14), 15) == date(2026, 6, 15)
    assert monthly_day_after(date(2026, 6, 15), 15) == date(2026, 7, 15)
    assert monthly_day_after(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)
    assert (nendo_of(date(2026, 3, 31)), nendo_of(date(2026, 4, 1))) == (2025, 2026)


def test_the_master_of_nouki_holds_every_tax() -> None:
    counts = {"01": 4, "02": 4, "03": 1, "04": 8}
    for nendo in range(2024, 2030):
        taxes = zeimoku_of(nendo)
        assert {tax.code: len(tax.kibetsu) for tax in taxes} == counts
        for tax in taxes:
            days = [kibetsu.noukigen for kibetsu in tax.kibetsu]
            assert days == sorted(days) and tax.choutei_on < days[0]
            assert all(day.weekday() < 5 for day in days)
            assert all(nendo_of(kibetsu.nouki_matsubi) == nendo for kibetsu in tax.kibetsu)
            assert [kibetsu.kibetsu_code for kibetsu in tax.kibetsu] == [
                f"{number:02d}" for number in range(1, len(days) + 1)
            ]


def test_a_years_tax_is_divided_as_the_law_says() -> None:
    city, rng = make_city(200, 5), Random(5)
    taxes = zeimoku_of(city.nendo)
    for story in city.stories():
        of_tax: dict[str, list[int]] = {}
        for bill in bills_of(rng, story.person, city.nendo, taxes):
            of_tax.setdefault(bill.zeimoku_code, []).append(bill.gaku)
        for first, *others in of_tax.values():
            assert len(set(others)) <= 1
            assert all(gaku % 1_000 == 0 for gaku in others)
            assert all(1_000 <= gaku <= 999_999 for gaku in (first, *others))
            assert not others or 0 <= first - others[0] < 1_000 * (len(others) + 1)


def test_延滞金_is_not_counted_by_hand_where_充当_met_part_of_the_bill() -> None:
    """A city in which that happens: 19,000 yen came over from another bill, the rest from a 配当."""
    met, fixed = set[str](), set[str]()
    for story in make_city(271, 5_019).stories():
        for change in (line.change for line in story.lines):
            if isinstance(change, TetsuzukiChange):
                met |= {effect.shuunou_key for effect in change.effects if effect.name == "juutou_in"}
        fixed |= {
            line.fields["shuunou_key"]
            for line in story.lines
            if line.fields.get("kind") == "EntaikinAssessed"
        }
    seized = Scene(BILL, 57_600, "T01")
    assert SCRIPTS["sashiosae_haitou"](seized)[-1].act.kind == "EntaikinAssessed"
    left_out = SCRIPTS["sashiosae_haitou"](seized._replace(has_juutou=True))
    assert left_out == SCRIPTS["sashiosae_haitou"](seized)[:-1]
    assert met and fixed and not met & fixed


BILL = Bill(
    "202602211112591101", "1111111259", 2026, "02", "01", "2111125911", "zeimu", 76_600,
    date(2026, 4, 30), date(2026, 4, 1),
)  # fmt: skip
