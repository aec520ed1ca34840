"""正解: what a perfect hub must end with, counted by the generator's own bookkeeping from the changes it made.

This shares no code with the hub's core: the newest 調定 counts, a 確報 prevails over a 速報取消 and that over its
速報, a payment of an unknown bill is left unmatched. One person's bills are settled and forgotten before the
next ones come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from connectors.city.model import (
    BANK,
    FUNOU,
    KAKUHOU,
    SENT_BACK,
    SOKUHOU,
    STORE,
    TETSUZUKI,
    TORIKESHI,
    ChouteiChange,
    Effect,
    Line,
    Route,
    ShuunouChange,
    TetsuzukiChange,
)

_RANK = {SOKUHOU: 1, TORIKESHI: 2, KAKUHOU: 3}
_COUNTED = (
    "persons", "accounts", "choutei_gaku", "shuunou_gaku", "minou_gaku", "kagonou_gaku", "minou_accounts",
    "kagonou_accounts", "kannou_accounts", "kannou_in_time_accounts", "minou_persons", "funou",
    "unmatched_events", "unmatched_receipts", "unmatched_gaku",
)  # fmt: skip


class Repeats(NamedTuple):
    """繰り返されるファイル: which file comes with a wrong trailer, and which come again; None: there is none."""

    trailer_wrong: Route | None
    resent_identical: Route | None
    resent_line_ends: Route | None


class Expected(NamedTuple):
    """正解: yen and counts of a perfect hub when all files have been read and all 納期限 have passed."""

    persons: int
    accounts: int
    choutei_gaku: int
    shuunou_gaku: int
    minou_gaku: int
    kagonou_gaku: int
    minou_accounts: int
    kagonou_accounts: int
    kannou_accounts: int
    kannou_in_time_accounts: int
    minou_persons: int
    funou: int
    funou_by_kekka: Mapping[str, int]  # 口座振替不能 by 振替結果コード
    by_kibetsu: Mapping[str, tuple[int, int, int]]  # 税目-期別: accounts, Σ調定, Σ収納
    changes: Mapping[str, int]  # accepted ones by kind, each counted once
    repeated_changes: int  # accepted ones that came a second time in a file re-sent with other line ends
    unmatched_events: int  # 速報 and 確報 of one payment are two
    unmatched_receipts: int
    unmatched_gaku: int
    acts: Mapping[str, int]  # accepted 手続 by kind
    effects: Mapping[str, int]  # the yen that they move, by what they are
    refused_acts: Mapping[str, int]  # by the ledger, since the law does not allow them
    refused_shares: Mapping[str, int]  # of heirs, by matching: their yen come back
    refused_lines: Mapping[str, int]
    refused_files: Mapping[str, int]

    @property
    def refused(self) -> dict[str, int]:
        """受入拒否: acts, shares of heirs, lines and whole files together, by reason code."""
        kinds = (self.refused_acts, self.refused_shares, self.refused_lines, self.refused_files)
        return dict(sorted(sum(map(Counter, kinds), Counter[str]()).items()))


_ADDS = {
    "entaikin": 1, "shobunhi": 1, "kanpu": 1, "juutou_out": 1, "juutou_in": -1, "kesson": -1, "shoukei": -1,
}  # fmt: skip
"""By what an act changes what is owed; 配当 is a receipt, a share of an heir a bill of its own."""


class Standing(NamedTuple):
    """期別の残り: `zandaka` is what is owed (below zero: too much received), and what stories of acts ask."""

    zandaka: int
    is_corrected: bool
    kagonou_on: date
    first_on: date
    late_on: date
    late_gaku: int

    @property
    def is_paid_late(self) -> bool:
        """一度の遅れた納付で済んだか: nothing is owed, and one payment after the 納期限 brought the rest."""
        return self.zandaka == 0 and self.late_gaku > 0


def standings(lines: Iterable[Line]) -> dict[str, Standing]:
    """期別ごとの残り: of the bills that were assessed, from all lines about one person."""
    bills: dict[str, _Bill] = {}
    corrected: dict[str, date] = {}
    for line in lines:
        change = line.change
        if isinstance(change, ChouteiChange | ShuunouChange):
            bills.setdefault(change.shuunou_key, _Bill()).add(change)
            if isinstance(change, ChouteiChange) and change.rireki_bangou > 1:
                corrected[change.shuunou_key] = line.route.delivered_on
    return {
        key: _standing(bill, bill.choutei, corrected.get(key))
        for key, bill in bills.items()
        if bill.choutei is not None
    }


def _standing(bill: _Bill, choutei: ChouteiChange, corrected_on: date | None) -> Standing:
    received = bill.received()
    days = [change.on for change in received] or [choutei.noukigen]
    late = [change for change in received if change.on > choutei.noukigen]
    return Standing(
        choutei.gaku - sum(change.kingaku for change in received),
        corrected_on is not None,
        max([*days, corrected_on or days[0]]),
        min(days),
        late[0].on if late else choutei.noukigen,
        late[0].kingaku if len(late) == 1 else 0,
    )


class _Bill:
    """What is known of one 収納キー."""

    __slots__ = ("choutei", "events", "funou", "moved", "receipts")

    def __init__(self) -> None:
        self.choutei: ChouteiChange | None = None
        self.receipts: dict[tuple[str, ...], ShuunouChange] = {}
        self.moved: Counter[str] = Counter()
        self.events = self.funou = 0

    def add(self, change: ChouteiChange | ShuunouChange) -> None:
        if isinstance(change, ChouteiChange):
            if self.choutei is None or change.rireki_bangou > self.choutei.rireki_bangou:
                self.choutei = change
            return
        self.events += 1
        if change.kind not in _RANK:
            self.funou += 1
            return
        before = self.receipts.get(change.natural_key)
        if before is None or _RANK[change.kind] > _RANK[before.kind]:
            self.receipts[change.natural_key] = change

    def received(self) -> list[ShuunouChange]:
        return [change for change in self.receipts.values() if change.kind != TORIKESHI]


def _struck(bill: _Bill) -> int:
    """What left the books without being paid: it is not 完納."""
    return bill.moved["kesson"] + bill.moved["shoukei"]


def _fuzui(bill: _Bill) -> int:
    """What follows the 本税: whoever owes only that has paid in full."""
    return bill.moved["entaikin"] + bill.moved["shobunhi"]


def _share(moto: _Bill, effect: Effect) -> _Bill:
    """The bill of an heir: as that of the dead person, for the yen of the share."""
    share = _Bill()
    if moto.choutei is not None:
        share.choutei = moto.choutei._replace(
            shuunou_key=effect.shuunou_key, rireki_bangou=1, gaku=effect.kingaku
        )
    return share


class Truth:
    """帳簿: counts story after story; `expected` then says how it must end."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()
        self._kekka: Counter[str] = Counter()
        self._acts: Counter[str] = Counter()
        self._effects: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._refused_acts: Counter[str] = Counter()
        self._refused_shares: Counter[str] = Counter()
        self._kibetsu: dict[str, list[int]] = {}
        self._routes: dict[Route, list[int]] = {}  # of banks and stores: accepted and refused lines

    def add(self, lines: Iterable[Line]) -> None:
        """一人分を数える: all lines about one person."""
        bills: dict[str, _Bill] = {}
        shares: dict[str, _Bill] = {}
        for line in lines:
            self._note(line)
            if isinstance(line.change, ChouteiChange | ShuunouChange):
                bills.setdefault(line.change.shuunou_key, _Bill()).add(line.change)
            elif isinstance(line.change, TetsuzukiChange):
                self._act(bills, shares, line.change)
        owing = [self._settle(bill) for bill in bills.values()]
        self._count["persons"] += 1
        self._count["minou_persons"] += any(owing)
        heirs = {key[6:16] for key, share in shares.items() if self._settle(share)}
        self._count["minou_persons"] += len({notice[-2:] for notice in heirs})

    def _act(self, bills: dict[str, _Bill], shares: dict[str, _Bill], change: TetsuzukiChange) -> None:
        self._acts[change.act] += 1
        for effect in change.effects:
            if effect.name == SENT_BACK:
                self._refused_shares["R-303"] += 1
                continue
            self._effects[effect.name] += effect.kingaku
            if effect.name == "shoukei_in":
                shares[effect.shuunou_key] = _share(bills[change.effects[0].shuunou_key], effect)
            else:
                bills[effect.shuunou_key].moved[effect.name] += effect.kingaku

    def _note(self, line: Line) -> None:
        if line.refused is not None:
            is_act = line.route.family == TETSUZUKI
            (self._refused_acts if is_act else self._refused)[line.refused] += 1
        elif line.change is not None:
            self._changes[line.change.kind] += 1
            if line.change.kind == FUNOU and isinstance(line.change, ShuunouChange):
                self._kekka[line.change.kekka] += 1
        if line.route.family in (BANK, STORE):
            counted = self._routes.setdefault(line.route, [0, 0])
            counted[line.refused is not None] += 1

    def _settle(self, bill: _Bill) -> bool:
        received = sum(change.kingaku for change in bill.received()) + bill.moved["haitou"]
        count, choutei = self._count, bill.choutei
        if choutei is None:
            count["unmatched_events"] += bill.events
            count["unmatched_receipts"] += len(bill.receipts)
            count["unmatched_gaku"] += received
            return False
        rest = choutei.gaku - received + sum(sign * bill.moved[name] for name, sign in _ADDS.items())
        owed = max(rest, 0)
        in_time = sum(change.kingaku for change in bill.received() if change.on <= choutei.noukigen)
        is_kannou = choutei.gaku > 0 and rest - _fuzui(bill) + _struck(bill) <= 0
        count["accounts"] += 1
        count["choutei_gaku"] += choutei.gaku
        count["shuunou_gaku"] += received
        count["minou_gaku"] += owed
        count["kagonou_gaku"] += max(-rest, 0)
        count["minou_accounts"] += owed > 0
        count["kagonou_accounts"] += rest < 0
        count["kannou_accounts"] += is_kannou
        count["kannou_in_time_accounts"] += is_kannou and in_time >= choutei.gaku
        count["funou"] += bill.funou
        self._by_kibetsu(choutei, received)
        return owed > 0

    def _by_kibetsu(self, choutei: ChouteiChange, received: int) -> None:
        name = f"{choutei.shuunou_key[4:6]}-{choutei.shuunou_key[-2:]}"
        sums = self._kibetsu.setdefault(name, [0, 0, 0])
        for at, value in enumerate((1, choutei.gaku, received)):
            sums[at] += value

    def repeats(self) -> Repeats:
        """繰り返すファイルを決める: the first files of banks and of stores that suit; always the same ones."""
        banks = sorted(route for route in self._routes if route.family == BANK)
        sound = [route for route in banks[1:] if not self._routes[route][1]]
        kakuhou = sorted(route for route in self._routes if route.part == KAKUHOU)
        return Repeats(
            banks[0] if banks else None, kakuhou[0] if kakuhou else None, sound[0] if sound else None
        )

    def expected(self) -> Expected:
        """正解を出す。"""
        repeats, count = self.repeats(), self._count
        files = {
            "R-104": int(repeats.trailer_wrong is not None),
            "R-107": int(repeats.resent_identical is not None),
        }
        repeated = self._routes[repeats.resent_line_ends][0] if repeats.resent_line_ends else 0
        return Expected(
            **{name: count[name] for name in _COUNTED},
            repeated_changes=repeated,
            funou_by_kekka=dict(sorted(self._kekka.items())),
            by_kibetsu={name: (sums[0], sums[1], sums[2]) for name, sums in sorted(self._kibetsu.items())},
            changes=dict(sorted(self._changes.items())),
            acts=dict(sorted(self._acts.items())),
            effects=dict(sorted(self._effects.items())),
            refused_acts=dict(sorted(self._refused_acts.items())),
            refused_shares=dict(self._refused_shares),
            refused_lines=dict(sorted(self._refused.items())),
            refused_files={code: number for code, number in files.items() if number},
        )
