"""延滞金: the office's tables, what must hold of every calculation, and the data that it rests on."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.provisions import provisions
from state.ingest import zeimoku_codes
from state.law.entaikin import calculate
from state.law.entaikin_bubun import kiso_of
from state.law.entaikin_rules import (
    ATO,
    HANGAKU,
    HOKA_SAKI,
    KAKUJI,
    KUBUN,
    SAIGO,
    TOKUREI,
    WARIAI,
    YUUYO,
    YUUYO_SAKI,
    ZENGAKU,
    ZENKIKAN,
    ZENTAI,
    entaikin_law,
)
from state.law.entaikin_value import Bill, Entaikin, Owed, Waiver, by_days
from state.law.tokurei_ritsu import percent, ritsu_table
from state.reasons import Refusal
from tests.law.entaikin_rows import bill_of, law_of, segments_text
from tests.state.scenario import table

HERE = Path(__file__).parent
NAMES = ("entaikin", "entaikin_ichibu_noufu", "entaikin_genmen_yuuyo")
ROWS = [row for name in NAMES for row in table(HERE / f"{name}.csv")]
REFUSALS = table(HERE / "entaikin_kyohi.csv")
DAY = timedelta(days=1)


def found_of(row: dict[str, str]) -> Entaikin:
    """The calculation of a row that is not refused."""
    found = calculate(bill_of(row), date.fromisoformat(row["基準日"]), law_of(row["設定"], int(row["月数"])))
    assert isinstance(found, Entaikin), found
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row["事例"] for row in ROWS])
def test_延滞金(row: dict[str, str]) -> None:
    found = found_of(row)
    assert found.inai_to_on.isoformat() == row["経過する日"]
    assert segments_text(found) == row["区分"]
    assert (found.goukei, found.kakutei) == (int(row["合計"]), int(row["延滞金"]))
    assert [f"{basis.provision}@{basis.version}" for basis in found.applied] == row["条項"].split()


@pytest.mark.parametrize("row", REFUSALS, ids=[row["事例"] for row in REFUSALS])
def test_計算の拒否(row: dict[str, str]) -> None:
    found = calculate(bill_of(row), date.fromisoformat(row["基準日"]), law_of())
    if not row["理由コード"]:
        assert isinstance(found, Entaikin), found
        return
    assert isinstance(found, Refusal)
    assert (found.reason.code, found.found) == (row["理由コード"], row["見つかったもの"])
    assert any(word in found.expected for word in ("条", "附則")), "it must name its provision"


def test_what_was_applied_says_what_went_in_and_what_came_out() -> None:
    bill = Bill(
        "01",
        123456,
        date(2025, 6, 30),
        (Owed(date(2025, 9, 10), 50500),),
        (Waiver("kanka_yuuyo", date(2026, 1, 1), date(2026, 1, 31)),),
    )
    found = calculate(bill, date(2026, 3, 10), law_of())
    assert isinstance(found, Entaikin)
    told = [(basis.provision, dict(basis.inputs), dict(basis.outputs)) for basis in found.applied]
    assert told == [
        (
            "chihouzeihou-326-1",
            {"zeimoku_code": "01", "zeigaku": "123456", "noukigen": "2025-06-30", "kijunbi": "2026-03-10"},
            {"kisanbi": "2025-07-01", "nissuu": "253"},
        ),
        ("minpou-143-2", {"kisanbi": "2025-07-01", "months": "1"}, {"inai_to_on": "2025-07-31"}),
        (
            "chihouzeihou-20_4_2-2",
            {"owed": "123456", "tani": "1000", "saitei": "2000"},
            {"kiso": "123000"},
        ),
        (
            "chihouzeihou-20_9_4-1",
            {"owed": "123456", "noufu": "72956"},
            {"owed": "50500", "from_on": "2025-09-11"},
        ),
        ("chihouzeihou-20_4_2-2", {"owed": "50500", "tani": "1000", "saitei": "2000"}, {"kiso": "50000"}),
        (
            "chihouzeihou-fusoku-3_2-1",
            {"year": "2025", "tokurei_kijun": "1.4"},
            {"inai": "2.4", "ato": "8.7"},
        ),
        (
            "chihouzeihou-fusoku-3_2-1",
            {"year": "2026", "tokurei_kijun": "1.8"},
            {"inai": "2.8", "ato": "9.1"},
        ),
        (
            "chihouzeihou-fusoku-3_2-2",
            {"kind": "kanka_yuuyo", "from_on": "2026-01-01", "to_on": "2026-01-31", "usual": "9.1"},
            {"rate": "1.3", "share": "1/1"},
        ),
        ("nenriho-25", {}, {"nen_nissuu": "365"}),
        (
            "chihouzeihou-20_4_2-5",
            {"goukei": "3316", "segment_rounding": "saigo", "tani": "100", "saitei": "1000"},
            {"kakutei": "3300"},
        ),
    ]


# -- what holds of every calculation ---------------------------------------------------------------

DAYS = st.dates(date(2000, 1, 1), date(2026, 6, 30))
NOUKIGEN = st.dates(date(2000, 1, 1), date(2025, 6, 30))
KINDS = st.sampled_from(sorted(entaikin_law().waivers))
SETTINGS = st.sampled_from(("", HANGAKU, ZENKIKAN, KAKUJI, YUUYO_SAKI, f"{KAKUJI} {YUUYO_SAKI}"))
AMOUNTS = st.one_of(st.integers(0, 5000), st.integers(0, 10_000_000))


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """Any bill with parts paid and waivers."""
    zeigaku = draw(AMOUNTS)
    left = sorted(draw(st.lists(st.integers(0, zeigaku), max_size=3)), reverse=True)
    days = sorted(draw(st.lists(DAYS, min_size=len(left), max_size=len(left))))
    waivers = []
    for kind in draw(st.lists(KINDS, max_size=2)):
        first, gendo = draw(DAYS), draw(st.one_of(st.none(), st.integers(0, 4000), st.integers(0, zeigaku)))
        waivers.append(Waiver(kind, first, first + DAY * draw(st.integers(0, 900)), gendo_gaku=gendo))
    owed = tuple(Owed(on, after) for on, after in zip(days, left, strict=True))
    return Bill("01", zeigaku, draw(NOUKIGEN), owed, tuple(waivers))


def charged(bill: Bill, on: date, stated: str = "") -> Entaikin:
    """The calculation, which nothing refuses between 2000 and 2026."""
    found = calculate(bill, on, law_of(stated))
    assert isinstance(found, Entaikin), found
    return found


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 500))
def test_segments_follow_one_another_until_all_is_paid(bill: Bill, days: int) -> None:
    found = charged(bill, bill.noukigen + DAY * days)
    following = found.kisanbi
    for parts in by_days(found.segments):
        segment = parts[0]
        assert segment.from_on == following
        assert {(part.to_on, part.days, part.owed, part.kikan, part.usual) for part in parts} == {
            (segment.to_on, segment.days, segment.owed, segment.kikan, segment.usual)
        }
        assert segment.days == (segment.to_on - segment.from_on).days + 1 > 0
        assert segment.from_on.year == segment.to_on.year or segment.kiso == 0
        following = segment.to_on + DAY
    left = [bill.zeigaku, *(change.after for change in bill.owed if change.on < following)][-1]
    assert following == found.on + DAY or left == 0


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 500))
def test_amounts_are_what_the_segments_say(bill: Bill, days: int) -> None:
    found = charged(bill, bill.noukigen + DAY * days)
    assert found.exact == sum(segment.exact for segment in found.segments)
    assert found.goukei <= found.exact < found.goukei + 1
    assert found.kakutei % 100 == 0 and (found.kakutei == 0 or found.kakutei >= 1000)
    assert found.kakutei <= found.goukei
    assert all(segment.kiso % 1000 == 0 and segment.kiso <= segment.owed for segment in found.segments)


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 500))
def test_rounding_by_segment_never_takes_more_and_loses_less_than_a_yen_each(bill: Bill, days: int) -> None:
    on = bill.noukigen + DAY * days
    at_end, each = charged(bill, on, SAIGO), charged(bill, on, KUBUN)
    assert each.goukei <= at_end.goukei
    assert at_end.exact - each.goukei < max(1, len(at_end.segments))


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 500), SETTINGS)
def test_the_parts_of_a_day_are_all_that_is_owed_and_all_of_its_base(
    bill: Bill, days: int, stated: str
) -> None:
    found = charged(bill, bill.noukigen + DAY * days, stated)
    for parts in by_days(found.segments):
        owed, kiso = parts[0].owed, kiso_of(parts[0].owed, found.rule)
        if len(parts) == 1:
            assert (parts[0].bubun, parts[0].kiso) == (None, kiso)
            continue
        assert sum(part.bubun or 0 for part in parts) == owed
        assert all(part.bubun for part in parts)
        costs = [part.rate * Fraction(part.share_bunshi, part.share_bunbo) for part in parts]
        assert costs == sorted(costs), "what is waived most comes first"
        assert all(part.waiver for part in parts[:-1])
        base = sum(part.kiso for part in parts)
        assert base <= kiso if "kakuji" in stated else base == kiso


@settings(max_examples=200, deadline=None)
@given(bills(), st.integers(0, 500), st.integers(0, 3))
def test_a_limit_of_all_that_is_owed_is_none(bill: Bill, days: int, more: int) -> None:
    on = bill.noukigen + DAY * days
    whole = bill._replace(waivers=tuple(each._replace(gendo_gaku=None) for each in bill.waivers))
    limited = tuple(each._replace(gendo_gaku=bill.zeigaku + more) for each in bill.waivers)
    assert charged(bill._replace(waivers=limited), on).segments == charged(whole, on).segments


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 400), st.integers(1, 100))
def test_a_later_day_is_never_less(bill: Bill, days: int, more: int) -> None:
    on = bill.noukigen + DAY * days
    assert charged(bill, on).kakutei <= charged(bill, on + DAY * more).kakutei


@settings(max_examples=400, deadline=None)
@given(bills(), st.integers(0, 500), SETTINGS)
def test_a_waiver_or_a_part_paid_never_makes_it_more(bill: Bill, days: int, stated: str) -> None:
    """Where it could, by less than the base of 1,000 yen: a remainder moves from one part into another."""
    on = bill.noukigen + DAY * days
    found = charged(bill, on, stated)
    assert found.exact <= charged(bill._replace(waivers=()), on, stated).exact
    if stated != YUUYO_SAKI:
        assert found.exact <= charged(bill._replace(owed=()), on, stated).exact
    if KAKUJI not in stated:
        assert found.exact <= charged(bill._replace(waivers=bill.waivers[:1]), on, stated).exact


@settings(max_examples=60, deadline=None)
@given(bills(), st.integers(0, 500))
def test_the_order_in_which_they_are_told_does_not_matter(bill: Bill, days: int) -> None:
    on = bill.noukigen + DAY * days
    turned = bill._replace(owed=bill.owed[::-1], waivers=bill.waivers[::-1])
    assert charged(turned, on).exact == charged(bill, on).exact


# -- the data --------------------------------------------------------------------------------------


def test_every_year_from_heisei_12_to_reiwa_8_has_its_rates() -> None:
    assert list(ritsu_table()) == list(range(2000, 2027))


@pytest.mark.parametrize("ritsu", ritsu_table().values(), ids=[str(year) for year in ritsu_table()])
def test_rates_follow_the_formula_of_their_year(ritsu) -> None:
    kijun = ritsu.tokurei_kijun
    if ritsu.year < 2014:
        assert (ritsu.ichigetsu_inai, ritsu.ichigetsu_ato, ritsu.kanpu_kasan) == (kijun, 14600, kijun)
        assert ritsu.yuuyo is None
        return
    assert (ritsu.ichigetsu_inai, ritsu.ichigetsu_ato) == (kijun + 1000, kijun + 7300)
    eased = kijun if ritsu.year < 2021 else kijun - 500
    assert (ritsu.kanpu_kasan, ritsu.yuuyo) == (eased, eased)


def test_a_rate_is_written_as_the_notice_writes_it() -> None:
    assert [percent(rate) for rate in (9100, 14600, 900, 1000, 1250, 0)] == [
        "9.1",
        "14.6",
        "0.9",
        "1.0",
        "1.25",
        "0.0",
    ]


def test_a_new_year_is_one_more_entry() -> None:
    law = law_of()
    bill, on = Bill("01", 100000, date(2026, 10, 31)), date(2027, 3, 31)
    assert isinstance(calculate(bill, on, law), Refusal)
    added = law._replace(ritsu={**law.ritsu, 2027: law.ritsu[2026]._replace(year=2027)})
    found = calculate(bill, on, added)
    assert isinstance(found, Entaikin)
    assert [(segment.to_on.year, segment.days) for segment in found.segments] == [
        (2026, 30),
        (2026, 31),
        (2027, 90),
    ]


def test_a_rule_of_a_later_day_leaves_the_earlier_ones_as_they_were() -> None:
    law = law_of()
    later = law.rules[0]._replace(valid_from=date(2026, 4, 1), segment_rounding=KUBUN)
    law = law._replace(rules=(*law.rules, later))
    bill = Bill("01", 36000, date(2025, 6, 30))
    before, after = (calculate(bill, on, law) for on in (date(2026, 3, 31), date(2026, 4, 1)))
    assert isinstance(before, Entaikin) and isinstance(after, Entaikin)
    assert before.rule.segment_rounding == SAIGO and after.rule.segment_rounding == KUBUN
    assert (before.applied[-1].version, after.applied[-1].version) == ("2000-01-01", "2026-04-01")


def test_months_follow_the_first_day_not_the_day_of_counting() -> None:
    law = law_of()
    changed = [rule._replace(valid_from=date(2026, 4, 1), months=3) for rule in law.zeimoku]
    law = law._replace(zeimoku=(*law.zeimoku, *changed))
    found = [
        calculate(Bill("04", 100000, day), date(2026, 6, 30), law)
        for day in (date(2026, 3, 30), date(2026, 3, 31))
    ]
    assert [one.months for one in found if isinstance(one, Entaikin)] == [1, 3]


def test_every_tax_has_its_rule_and_every_setting_is_one_that_is_known() -> None:
    law = entaikin_law()
    assert {rule.code for rule in law.zeimoku} == zeimoku_codes()
    for rule in law.rules:
        assert rule.segment_rounding in {SAIGO, KUBUN}
        assert rule.yuuyo_method in {TOKUREI, HANGAKU}
        assert rule.yuuyo_scope in {ATO, ZENKIKAN}
        assert rule.yuuyo_kiso in {ZENTAI, KAKUJI}
        assert rule.yuuyo_noufu in {HOKA_SAKI, YUUYO_SAKI}
    assert {waiver.effect for waiver in law.waivers.values()} == {WARIAI, ZENGAKU, YUUYO}
    assert all(waiver.provision for waiver in law.waivers.values() if waiver.effect != WARIAI)


def test_rules_begin_no_later_than_the_rates() -> None:
    """Else a day between them would be told to lack its rate."""
    law, first = entaikin_law(), date(min(ritsu_table()), 1, 1)
    assert min(rule.valid_from for rule in law.rules) <= first
    assert all(any(r.valid_from <= first for r in law.zeimoku if r.code == code) for code in zeimoku_codes())


def test_every_provision_that_can_be_cited_is_known_and_in_force() -> None:
    law = entaikin_law()
    cited = [(provision, rule.valid_from) for rule in law.rules for provision in rule.provision]
    cited += [
        (provision, rule.valid_from) for rule in law.zeimoku for provision in (rule.entaikin, rule.genmen)
    ]
    cited += [
        (waiver.provision, law.rules[0].valid_from) for waiver in law.waivers.values() if waiver.provision
    ]
    for ritsu in law.ritsu.values():
        first = date(ritsu.year, 1, 1)
        cited += [(p, first) for p in (ritsu.entaikin_provision, ritsu.yuuyo_provision) if p]
        assert (ritsu.yuuyo is None) == (ritsu.yuuyo_provision is None)
    for provision_id, day in cited:
        found = provisions()[provision_id]
        assert found.valid_from <= day and (found.valid_to is None or day <= found.valid_to), provision_id
