"""手続の物語: what the office does about the bills of one person after the year's files, told as 手続 CSV.

A script is drawn for every bill that is still owed, was paid too much or was paid late, from decks and a
generator of its own, so that the bills' stories stay as they are. Each script states the yen that it moves,
so that the expected end can be counted without the hub; some acts are wrong, and must be refused.

Acts are of the year in which the bills fall due, for the rates of the next one are not announced yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

from connectors.city.act_lines import act_line
from connectors.city.deck import Deck
from connectors.city.inheritance import shoukei
from connectors.city.model import Bill, Line, Person
from connectors.city.scripts import SCRIPTS, Owed, Scene, Told, entaikin, kanpu
from state.law.tokurei_ritsu import ritsu_table

OWED_CARDS = {
    "tokusoku": 10, "saikoku": 3, "sashiosae_haitou": 3, "sashiosae_kaijo": 2, "sashiosae_early": 2,
    "koufu_youkyuu": 1, "sanka_sashiosae": 1, "sonota_shobun": 1, "kuriage": 1, "kumiai": 1, "teishi": 2,
    "bunnou": 3, "bunnou_wrong": 1, "yuuyo": 2, "kanka": 1, "sokuji_kesson": 2, "kesson_wrong": 1,
    "henrei_kouji": 1, "henrei_saihassou": 1, "jikou": 1, "chousa": 1, "kanpu_wrong": 1, "shobunhi": 1,
    "withdrawn": 1, "menjo": 1, "kesson_reversed": 1, "bunnou_extended": 1, "yuuyo_denied": 1,
}  # fmt: skip
_LAST_NOUKIGEN = (9, 30)
_STAFF = ("T01", "T02", "T03")


class Acts:
    """手続の物語: tells the acts on one person's bills; all chance comes from a generator of its own."""

    def __init__(self, seed: int, jichitai_code: str, delivered_on: date) -> None:
        self._rng = Random(f"acts-{seed}")
        self._jichitai_code, self._delivered_on = jichitai_code, delivered_on
        self._owed = Deck(self._rng, OWED_CARDS)
        self._shoukei = 0
        self._others: str | None = None

    def tell(self, person: Person, bills: Sequence[Owed]) -> tuple[list[Line], list[str]]:
        """一人の手続を語る: its lines in the order in which they must be worked off, and the scripts' names."""
        told: list[Told] = []
        names: list[str] = []
        dues = {owed.bill.shuunou_key: max(owed.standing.zandaka, 0) for owed in bills}
        for name, script in self._scripts(person, bills, dues):
            told += script
            names.append(name)
        lines = [self._line(person, number, each) for number, each in enumerate(told, 1)]
        self._others = bills[0].bill.shuunou_key if bills else self._others
        return lines, names

    def _taken(self) -> str | None:
        """取られた収納キー: for every third 納税承継 that of a bill of somebody told of before; to one person once.

        Given twice, what becomes of the second act would depend on whether the share of the first has come
        back yet.
        """
        self._shoukei += 1
        if self._shoukei % 3 != 2:
            return None
        taken, self._others = self._others, None
        return taken

    def _line(self, person: Person, number: int, told: Told) -> Line:
        bangou = told.number or f"S{number:03d}"
        return act_line(
            self._jichitai_code,
            person.atena_bangou,
            bangou,
            told.act,
            self._delivered_on,
            effects=told.effects,
            refused=told.refused,
        )

    def _scripts(
        self, person: Person, bills: Sequence[Owed], dues: dict[str, int]
    ) -> Iterator[tuple[str, list[Told]]]:
        """First what was paid too much, since 充当 changes what the others owe; then 延滞金; then arrears."""
        early = [owed for owed in bills if _is_early(owed.bill)]
        for owed in early:
            if owed.standing.zandaka < 0:
                yield "kanpu", kanpu(owed, bills, dues)
        for owed in early:
            if owed.standing.is_paid_late and dues[owed.bill.shuunou_key] == 0:
                yield "entaikin", entaikin(owed)
        for owed in early:
            if dues[owed.bill.shuunou_key] <= 0:
                continue
            if owed.is_after_death:
                yield "shoukei", shoukei(person, owed, dues[owed.bill.shuunou_key], self._taken())
                continue
            card = self._owed.draw()
            due = dues[owed.bill.shuunou_key]
            scene = Scene(owed.bill, due, self._rng.choice(_STAFF), due < owed.standing.zandaka)
            yield card, SCRIPTS[card](scene)


def _is_early(bill: Bill) -> bool:
    """Due in the first half of a year whose rates are known: all that is done about it lies in that year."""
    return bill.noukigen <= date(bill.fuka_nendo, *_LAST_NOUKIGEN) and bill.fuka_nendo in ritsu_table()
