"""できごと: what happens to each bill in its year, told as lines of files.

A card is drawn for every bill, from one deck for bills debited from an account and another for bills paid
at a store; its function tells the story. The cards' counts say how common each is: most bills are paid in
time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from connectors.city import lines
from connectors.city.bills import unknown_key
from connectors.city.deck import Deck
from connectors.city.lines import CANCELLED, CORRECTED, Noufu
from connectors.city.model import KAKUHOU, SOKUHOU, TORIKESHI, Bill, Line, Person
from connectors.city.schedule import CORRECTION_DAY, monthly_day_after, store_day_after

NOT_BY_ACCOUNT = frozenset({"03"})  # 軽自動車税 comes once a year; nobody in this city has it debited
IN_TIME, NEVER, LATE, AFTER_DEATH = "in_time", "never", "late", "unpaid_after_death"

BANK_CARDS = {
    IN_TIME: 172, "funou_then_store": 8, "funou_never": 6, "double_bank_store": 3, "corrected_up": 2,
    "corrected_down": 3, "cancelled": 2, "before_choutei": 2, "unknown_bill_bank": 1, "kana_undecodable": 1,
}  # fmt: skip
STORE_CARDS = {
    IN_TIME: 200, LATE: 16, NEVER: 14, "part_then_rest": 3, "part_only": 2, "double_store": 2, "over": 2,
    "corrected_up": 1, "corrected_down": 1, "cancelled": 1, "before_choutei": 2, "sokuhou_cancelled": 2,
    "kakuhou_after_torikeshi": 1, "kakuhou_only": 2, "unknown_bill_store": 1, "barcode_wrong": 1,
    "gaku_negative": 1, "zeimoku_unknown": 1, "noukigen_invalid": 1, "shuunoubi_invalid": 1,
}  # fmt: skip
RESULT_CARDS = {"1": 8, "2": 1, "3": 1, "4": 1, "8": 1, "9": 1}
_OVER_GAKU, _CHANGE_UNIT = 3_000, 1_000


class Stories:
    """物語: tells the bills of one city in order; all chance comes from the one generator it is given."""

    def __init__(self, rng: Random, jichitai_code: str) -> None:
        self._rng, self._jichitai_code = rng, jichitai_code
        self._bank, self._store = Deck(rng, BANK_CARDS), Deck(rng, STORE_CARDS)
        self._results = Deck(rng, RESULT_CARDS)

    def tell(self, person: Person, bill: Bill, died_on: date | None) -> tuple[list[Line], str]:
        """一つの期別を語る: its lines in order of delivery, and the card's name."""
        by_account = person.account is not None and bill.zeimoku_code not in NOT_BY_ACCOUNT
        if died_on is not None and bill.noukigen > died_on:
            card = AFTER_DEATH
        else:
            card = (self._bank if by_account else self._store).draw()
        teller = _Teller(self._rng, self._jichitai_code, person, bill, by_account, self._results)
        told = _TOLD[card](teller)
        return sorted(told, key=lambda line: line.route.delivered_on), card


class _Teller:
    """What the stories are made of: assessing, paying and correcting one bill."""

    def __init__(
        self,
        rng: Random,
        jichitai_code: str,
        person: Person,
        bill: Bill,
        by_account: bool,
        results: Deck,
    ) -> None:
        self._rng, self._jichitai_code, self._results = rng, jichitai_code, results
        self.person, self.bill, self.by_account = person, bill, by_account

    def assessed(self, delivered_on: date | None = None) -> Line:
        return lines.choutei(self._jichitai_code, self.bill, delivered_on=delivered_on)

    def changed(self, kubun: str, gaku: int, after: list[Line]) -> Line:
        last_on = max(line.route.delivered_on for line in after)
        on = monthly_day_after(last_on, CORRECTION_DAY)
        return lines.choutei(self._jichitai_code, self.bill, kubun=kubun, gaku=gaku, delivered_on=on)

    def spoiled(self, refused: str, **fields: str) -> Line:
        """A line of the 調定 file that must be refused; it comes with the first one and changes nothing."""
        return lines.spoiled_choutei(self._jichitai_code, self.bill, refused, fields)

    def paid(self) -> list[Line]:
        """Paid in full and in time, by account or at a store."""
        return [self.debited()] if self.by_account else self.reported(self.at_store())

    def debited(self, *, key: str | None = None, refused: str | None = None) -> Line:
        return lines.debit(self.person, self.bill, lines.FURIKAEZUMI, key=key, refused=refused)

    def not_debited(self) -> Line:
        return lines.debit(self.person, self.bill, self._results.draw())

    def at_store(self, gaku: int | None = None, *, days_late: int = 0, reissued: str = "0") -> Noufu:
        """A visit to a store, in time, or that many days after the 納期限."""
        bill = self.bill
        first = max(bill.choutei_on + timedelta(days=10), bill.noukigen - timedelta(days=25))
        paid_on = first + timedelta(days=self._rng.randrange((bill.noukigen - first).days + 1))
        if days_late:
            paid_on = bill.noukigen + timedelta(days=days_late)
        return lines.store_noufu(self._rng, bill, bill.gaku if gaku is None else gaku, paid_on, reissued)

    def late(self) -> Noufu:
        return self.at_store(days_late=self._rng.randrange(5, 60), reissued="1")

    def reported(self, noufu: Noufu, *stages: str) -> list[Line]:
        """速報 on the next day of delivery, each following stage on the one after."""
        told, on = [], noufu.paid_on
        for stage in stages or (SOKUHOU, KAKUHOU):
            on = store_day_after(on)
            told.append(lines.store(noufu, stage, on))
        return told


def _never(t: _Teller) -> list[Line]:
    return [t.assessed()]


def _in_time(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.paid()]


def _late(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.late())]


def _funou_then_store(t: _Teller) -> list[Line]:
    return [t.assessed(), t.not_debited(), *t.reported(t.late())]


def _funou_never(t: _Teller) -> list[Line]:
    return [t.assessed(), t.not_debited()]


def _double_bank_store(t: _Teller) -> list[Line]:
    return [t.assessed(), t.debited(), *t.reported(t.at_store())]


def _double_store(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.paid(), *t.reported(t.at_store(days_late=3))]


def _part(t: _Teller) -> int:
    return max(_CHANGE_UNIT, t.bill.gaku // 2 // _CHANGE_UNIT * _CHANGE_UNIT)


def _part_only(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.at_store(_part(t), reissued="1"))]


def _part_then_rest(t: _Teller) -> list[Line]:
    rest = t.at_store(t.bill.gaku - _part(t), days_late=20, reissued="2")
    return [*_part_only(t), *t.reported(rest)]


def _over(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.at_store(t.bill.gaku + _OVER_GAKU, reissued="1"))]


def _corrected_up(t: _Teller) -> list[Line]:
    told = _in_time(t)
    return [*told, t.changed(CORRECTED, t.bill.gaku + _part(t), told)]


def _corrected_down(t: _Teller) -> list[Line]:
    told = _in_time(t)
    return [*told, t.changed(CORRECTED, t.bill.gaku - _part(t), told)]


def _cancelled(t: _Teller) -> list[Line]:
    told = _in_time(t)
    return [*told, t.changed(CANCELLED, 0, told)]


def _before_choutei(t: _Teller) -> list[Line]:
    told = t.paid()
    reported_on = min(line.route.delivered_on for line in told)
    return [*told, t.assessed(monthly_day_after(reported_on, CORRECTION_DAY))]


def _sokuhou_cancelled(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.at_store(), SOKUHOU, TORIKESHI)]


def _kakuhou_after_torikeshi(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.at_store(), SOKUHOU, TORIKESHI, KAKUHOU)]


def _kakuhou_only(t: _Teller) -> list[Line]:
    return [t.assessed(), *t.reported(t.at_store(), KAKUHOU)]


def _unknown_bill_store(t: _Teller) -> list[Line]:
    astray = t.at_store()._replace(shuunou_key=unknown_key(t.bill))
    return [*_in_time(t), *t.reported(astray)]


def _unknown_bill_bank(t: _Teller) -> list[Line]:
    return [*_in_time(t), t.debited(key=unknown_key(t.bill))]


def _kana_undecodable(t: _Teller) -> list[Line]:
    return [*_in_time(t), t.debited(refused="R-101")]


def _barcode_wrong(t: _Teller) -> list[Line]:
    noufu = t.at_store()
    wrong = lines.store(noufu, SOKUHOU, store_day_after(noufu.paid_on), refused="R-205")
    return [*_in_time(t), wrong]


def _shuunoubi_invalid(t: _Teller) -> list[Line]:
    noufu = t.at_store()
    wrong = lines.store(noufu, SOKUHOU, store_day_after(noufu.paid_on), refused="R-208")
    return [*_in_time(t), wrong]


def _gaku_negative(t: _Teller) -> list[Line]:
    return [*_in_time(t), t.spoiled("R-206", kibetsu_choutei_gaku=str(-_OVER_GAKU))]


def _zeimoku_unknown(t: _Teller) -> list[Line]:
    return [*_in_time(t), t.spoiled("R-207", zeimoku_code=lines.UNKNOWN_ZEIMOKU)]


def _noukigen_invalid(t: _Teller) -> list[Line]:
    return [*_in_time(t), t.spoiled("R-208", noukigen=f"{t.bill.fuka_nendo + 1}-02-30")]


_TOLD: dict[str, Callable[[_Teller], list[Line]]] = {
    IN_TIME: _in_time,
    LATE: _late,
    NEVER: _never,
    AFTER_DEATH: _never,
    "funou_then_store": _funou_then_store,
    "funou_never": _funou_never,
    "double_bank_store": _double_bank_store,
    "double_store": _double_store,
    "part_only": _part_only,
    "part_then_rest": _part_then_rest,
    "over": _over,
    "corrected_up": _corrected_up,
    "corrected_down": _corrected_down,
    "cancelled": _cancelled,
    "before_choutei": _before_choutei,
    "sokuhou_cancelled": _sokuhou_cancelled,
    "kakuhou_after_torikeshi": _kakuhou_after_torikeshi,
    "kakuhou_only": _kakuhou_only,
    "unknown_bill_store": _unknown_bill_store,
    "unknown_bill_bank": _unknown_bill_bank,
    "kana_undecodable": _kana_undecodable,
    "barcode_wrong": _barcode_wrong,
    "shuunoubi_invalid": _shuunoubi_invalid,
    "gaku_negative": _gaku_negative,
    "zeimoku_unknown": _zeimoku_unknown,
    "noukigen_invalid": _noukigen_invalid,
}
