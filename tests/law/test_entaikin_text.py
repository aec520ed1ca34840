"""延滞金の説明: what a clerk reads to a citizen, in full once, and complete for every row of the tables."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.provisions import provisions
from state.law.entaikin import calculate
from state.law.entaikin_text import tell, wareki
from state.law.entaikin_value import Bill, Entaikin, Owed, Waiver
from tests.law.entaikin_rows import law_of
from tests.law.test_entaikin import ROWS, found_of


def told(bill: Bill, on: date, stated: str = "") -> tuple[str, ...]:
    """The telling, without its list of provisions."""
    found = calculate(bill, on, law_of(stated))
    assert isinstance(found, Entaikin)
    lines = tell(found)
    return lines[: lines.index("根拠")] if "根拠" in lines else lines


def test_the_whole_of_a_calculation_is_told() -> None:
    bill = Bill(
        "01",
        100000,
        date(2025, 6, 30),
        (Owed(date(2025, 9, 10), 50500), Owed(date(2025, 12, 10), 1500), Owed(date(2026, 2, 1), 0)),
        (
            Waiver("kanka_yuuyo", date(2025, 7, 15), date(2025, 10, 31)),
            Waiver("genmen", date(2025, 11, 1), date(2025, 11, 10), 1, 3),
            Waiver("shikkou_teishi", date(2025, 11, 30), date(2025, 11, 30)),
        ),
    )
    assert told(bill, date(2026, 3, 10)) == (
        "市県民税(普通徴収) 税額100,000円",
        "納期限 令和7年6月30日 / 計算する日 令和8年3月10日",
        "納期限の翌日(令和7年7月1日)から計算します。1月を経過する日は令和7年7月31日です。",
        "計算の基礎は100,000円です。",
        "令和7年9月10日に49,500円が納付などにより減り、"
        "令和7年9月11日から未納額は50,500円です(地方税法 第20条の9の4第1項)。",
        "未納額50,500円の1,000円未満を切り捨て、計算の基礎は50,000円です(地方税法 第20条の4の2第2項)。",
        "令和7年12月10日に49,000円が納付などにより減り、"
        "令和7年12月11日から未納額は1,500円です(地方税法 第20条の9の4第1項)。",
        "未納額1,500円は2,000円未満のため全額を切り捨て、延滞金はかかりません(地方税法 第20条の4の2第2項)。",
        "令和8年2月1日に未納の税額はなくなりました。",
        "計算",
        "  令和7年7月1日から令和7年7月31日まで 31日 100,000円×年2.4%×31日÷365=203.83円余(1月を経過する日まで)",
        "  令和7年8月1日から令和7年9月10日まで 41日 100,000円×年0.9%×41日÷365=101.09円余"
        "(1月を経過した後、換価の猶予(本来は年8.7%))",
        "  令和7年9月11日から令和7年10月31日まで 51日 50,000円×年0.9%×51日÷365=62.87円余"
        "(1月を経過した後、換価の猶予(本来は年8.7%))",
        "  令和7年11月1日から令和7年11月10日まで 10日 50,000円×年8.7%×10日÷365×2/3=79.45円余"
        "(1月を経過した後、延滞金の減免)",
        "  令和7年11月11日から令和7年11月29日まで 19日 50,000円×年8.7%×19日÷365=226.43円余(1月を経過した後)",
        "  令和7年11月30日から令和7年11月30日まで 1日 全額免除 0円(1月を経過した後、滞納処分の執行停止)",
        "  令和7年12月1日から令和7年12月10日まで 10日 50,000円×年8.7%×10日÷365=119.17円余(1月を経過した後)",
        "  令和7年12月11日から令和8年2月1日まで 53日 0円(計算の基礎なし)",
        "合計 792.87円余(区分ごとの端数は切り捨てずに足す)",
        "延滞金 0円(1,000円未満のため全額を切捨て。地方税法 第20条の4の2第5項)",
    )


def test_both_parts_are_told_where_a_猶予_is_for_a_part() -> None:
    bill = Bill(
        "01",
        300700,
        date(2025, 6, 30),
        (Owed(date(2025, 10, 15), 180000), Owed(date(2025, 11, 15), 60000)),
        (Waiver("kanka_yuuyo", date(2025, 9, 1), date(2026, 8, 31), gendo_gaku=100800),),
    )
    lines = told(bill, date(2025, 12, 31))
    assert lines[3:10] == (
        "未納額300,700円の1,000円未満を切り捨て、計算の基礎は300,000円です(地方税法 第20条の4の2第2項)。",
        "令和7年9月1日から、未納額300,700円のうち換価の猶予に係る部分は100,800円(基礎100,000円)、"
        "そのほかの部分は199,900円(基礎200,000円)です(地方税法 第20条の4の2第2項)。",
        "令和7年10月15日に120,700円が納付などにより減り、"
        "令和7年10月16日から未納額は180,000円です(地方税法 第20条の9の4第1項)。",
        "計算の基礎は180,000円です。",
        "令和7年10月16日から、未納額180,000円のうち換価の猶予に係る部分は100,800円(基礎100,000円)、"
        "そのほかの部分は79,200円(基礎80,000円)です(地方税法 第20条の4の2第2項)。",
        "令和7年11月15日に120,000円が納付などにより減り、"
        "令和7年11月16日から未納額は60,000円です(地方税法 第20条の9の4第1項)。",
        "計算の基礎は60,000円です。",
    )
    assert lines[10] == "猶予などの限度額のある間の納付は、その限度額の外の部分から充てて計算しています。"
    assert lines[14:16] == (
        "  令和7年9月1日から令和7年10月15日まで 45日 未納額のうち100,800円の部分"
        " 100,000円×年0.9%×45日÷365=110.95円余(1月を経過した後、換価の猶予(本来は年8.7%))",
        "  令和7年9月1日から令和7年10月15日まで 45日 未納額のうち199,900円の部分"
        " 200,000円×年8.7%×45日÷365=2,145.20円余(1月を経過した後)",
    )
    assert lines[18].startswith("  令和7年11月16日から令和7年12月31日まで 46日 60,000円×年0.9%×46日÷365=")


def test_by_the_other_settings_each_part_has_its_base_and_is_met_first() -> None:
    waiver = Waiver("kanka_yuuyo", date(2025, 9, 1), date(2026, 8, 31), gendo_gaku=1900)
    bill = Bill("01", 300000, date(2025, 6, 30), (), (waiver,))
    lines = told(bill, date(2025, 12, 31), "kakuji yuuyo_saki")
    assert "猶予に係る部分は1,900円(基礎0円)、そのほかの部分は298,100円(基礎298,000円)です" in lines[4]
    assert lines[5] == "猶予などの限度額のある間の納付は、その限度額の中の部分から充てて計算しています。"
    assert lines[9].endswith(" 122日 未納額のうち1,900円の部分 0円(計算の基礎なし)")


def test_rounding_by_segment_is_told() -> None:
    lines = told(Bill("02", 65000, date(2021, 5, 31)), date(2022, 1, 31), "kubun")
    assert lines[-5:] == (
        "  令和3年6月1日から令和3年6月30日まで 30日 65,000円×年2.5%×30日÷365=133円(1月を経過する日まで)",
        "  令和3年7月1日から令和3年12月31日まで 184日 65,000円×年8.8%×184日÷365=2,883円(1月を経過した後)",
        "  令和4年1月1日から令和4年1月31日まで 31日 65,000円×年8.7%×31日÷365=480円(1月を経過した後)",
        "合計 3,496円(区分ごとに1円未満を切捨て)",
        "延滞金 3,400円(100円未満を切捨て。地方税法 第20条の4の2第5項)",
    )


@pytest.mark.parametrize(
    ("zeigaku", "on", "why"),
    [
        (100000, date(2025, 6, 30), "納期限までの納付であるため、延滞金はかかりません。"),
        (0, date(2025, 7, 31), "納期限の翌日から後に未納の税額がないため、延滞金はかかりません。"),
    ],
)
def test_why_there_is_none_is_told(zeigaku: int, on: date, why: str) -> None:
    assert told(Bill("01", zeigaku, date(2025, 6, 30)), on)[-2:] == (why, "延滞金 0円")


@pytest.mark.parametrize("row", ROWS, ids=[row["事例"] for row in ROWS])
def test_every_row_can_be_told(row: dict[str, str]) -> None:
    found = found_of(row)
    text = "\n".join(tell(found))
    assert f"延滞金 {found.kakutei:,}円" in text
    for segment in found.segments:
        assert f"{wareki(segment.from_on)}から{wareki(segment.to_on)}まで {segment.days}日" in text
    if found.segments:
        assert all(provisions()[basis.provision].ja in text for basis in found.applied)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2000, 1, 1), "平成12年1月1日"),
    ],
)
def test_days_are_told_in_wareki(day: date, text: str) -> None:
    assert wareki(day) == text


def test_a_day_before_every_gengou_has_no_wareki() -> None:
    with pytest.raises(LookupError, match="元号"):
        wareki(date(1868, 1, 24))
