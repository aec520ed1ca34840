"""監査の結果: what a measure found, as plain values; how it is shown is the caller's affair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

PASS, DIFFERS, MOVING, UNMEASURED = "pass", "differs", "in motion", "not measured"
"""判定: `in motion`: nothing differs, but a stage or sink did not come so far in time that all could be
compared."""
SAMPLES = 100_000
"""A bound on the differences that one finding lists; all of them are counted."""


class Difference(NamedTuple):
    """食い違い: where, what must be there, what is there, and how many yen that is."""

    key: str
    expected: str
    found: str
    yen: int = 0


class Finding(NamedTuple):
    """指摘: one kind of difference; `kensuu` is how many there are, `differences` the first of them."""

    what: str
    kensuu: int
    differences: tuple[Difference, ...]

    @property
    def yen(self) -> int:
        return sum(difference.yen for difference in self.differences)


class Measure(NamedTuple):
    """測定: one of C1–C7. `figures` are counts by name, `notes` what a reader must know beside them."""

    id: str
    ja: str
    en: str
    status: str
    figures: Mapping[str, int]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


class Group(NamedTuple):
    """会計年度×税目×期別の計: 調定 and 収納 from the change events, 未納 and 過誤納 from the hub's table (円).

    `seisan_gaku` is what movements other than receipts made of it (還付, 充当, 不納欠損, 附随調定 and the like):
    調定 + 精算 − 収納 = 未納 − 過誤納. `sa_gaku` adds up the differences of its accounts without their signs, so
    that two of them never cancel.
    """

    kaikei_nendo: int
    zeimoku_code: str
    kibetsu_code: str
    accounts: int
    choutei_gaku: int
    shuunou_gaku: int
    minou_gaku: int
    kagonou_gaku: int
    sa_gaku: int
    sa_kensuu: int
    seisan_gaku: int = 0


class Report(NamedTuple):
    """監査報告: every measure, the totals of C3, and what it took: seconds waited, read (with parsing), and in
    all."""

    measures: tuple[Measure, ...]
    groups: tuple[Group, ...]
    total: Group
    messages: int
    events: int
    waited_s: float
    read_s: float
    seconds: float

    @property
    def exit_code(self) -> int:
        """終了コード: 0 all pass, 1 something differs, 3 something could not be measured."""
        statuses = {measure.status for measure in self.measures}
        if DIFFERS in statuses:
            return 1
        return 3 if statuses & {MOVING, UNMEASURED} else 0


def total(groups: tuple[Group, ...]) -> Group:
    """総計: the sum of all groups."""
    sums = [sum(int(group[place]) for group in groups) for place in range(3, len(Group._fields))]
    return Group(0, "", "", *sums)
