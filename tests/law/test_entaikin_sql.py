"""延滞金の二つの計算: the one in `state.law` and the one in SQL agree, yen for yen, on random histories."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from state.law.entaikin import calculate
from state.law.entaikin_rules import HANGAKU, KAKUJI, KUBUN, YUUYO_SAKI, ZENKIKAN, Law
from state.law.entaikin_value import Bill, Entaikin, Owed, Waiver
from tests.law.entaikin_rows import law_of
from tests.law.entaikin_sql import FIRST, LAST, History, totals

HISTORIES = 10_000
SETTINGS = (KUBUN, HANGAKU, ZENKIKAN, KAKUJI, YUUYO_SAKI)
KINDS = ("genmen", "shikkou_teishi", "saigai_yuuyo", "kigen_enchou", "choushuu_yuuyo", "kanka_yuuyo")


def any_history(random: Random) -> History:
    """A history that could be: for months, sometimes years; days like to be the last of a month."""
    span = random.choice((40, 120, 120, 300, 300, 900))
    noukigen = _day(random, FIRST - timedelta(days=1), LAST - timedelta(days=1))
    on = min(noukigen + timedelta(days=random.randint(0, span)), LAST)
    zeigaku = random.choice(
        (random.randint(0, 4000), random.randint(0, 300_000), random.randint(0, 9_999_999))
    )
    owed, left = [], zeigaku
    for day in sorted(_day(random, noukigen, on) for _ in range(random.choice((0, 0, 1, 2, 4)))):
        left = random.choice((0, left, min(left, random.randint(1900, 2100)), random.randint(0, left)))
        owed.append(Owed(day, left))
    waivers = tuple(_waiver(random, zeigaku, noukigen, on) for _ in range(random.choice((0, 0, 1, 2, 3))))
    bill = Bill(random.choice(("01", "02", "03", "04")), zeigaku, noukigen, tuple(owed), waivers)
    return History(bill, on, random.choice((1, 1, 3)), *(random.random() < 0.5 for _ in SETTINGS))


def _waiver(random: Random, zeigaku: int, noukigen: date, on: date) -> Waiver:
    ends = sorted(_day(random, noukigen - timedelta(days=40), on + timedelta(days=40)) for _ in range(2))
    kind = random.choice(KINDS)
    bunshi, bunbo = random.choice(((1, 1), (1, 2), (1, 3), (3, 4), (0, 1))) if kind == "genmen" else (1, 1)
    gendo = random.choice((None, None, random.randint(0, 3000), random.randint(0, zeigaku), zeigaku // 2))
    return Waiver(kind, ends[0], ends[1], bunshi, bunbo, gendo)


def _day(random: Random, first: date, last: date) -> date:
    day = first + timedelta(days=random.randint(0, (last - first).days))
    if random.random() < 0.4:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        day = following - timedelta(days=random.choice((1, 1, 2, 3, 4)))
    return min(max(day, first), last)


def _law(choice: tuple[int, bool, bool, bool, bool, bool]) -> Law:
    months, *chosen = choice
    return law_of(
        " ".join(name for name, is_chosen in zip(SETTINGS, chosen, strict=True) if is_chosen), months
    )


def test_both_agree_on_random_histories() -> None:
    random = Random(2026)
    histories = [any_history(random) for _ in range(HISTORIES)]
    laws = {choice: _law(choice) for choice in {history[2:] for history in histories}}
    charged = in_parts = 0
    for history, expected in zip(histories, totals(histories), strict=True):
        found = calculate(history.bill, history.on, laws[history[2:]])
        assert isinstance(found, Entaikin), history
        assert (found.goukei, found.kakutei) == expected, history
        charged += found.kakutei > 0
        in_parts += found.kakutei > 0 and any(segment.bubun for segment in found.segments)
    assert charged > HISTORIES / 3, "the histories hardly charge anything: they prove little"
    assert in_parts > HISTORIES / 12, "hardly any history has a 猶予 of a part"
