"""納税承継の筋書き: what the office does when a person who still owes has died, and one mistake that it makes."""

from __future__ import annotations

from datetime import timedelta

from connectors.city.act_lines import Act, Part
from connectors.city.bills import shuunou_key, tsuuchisho_bangou
from connectors.city.confidential import without_zero
from connectors.city.model import SENT_BACK, Effect, Person
from connectors.city.scripts import Owed, Told

HEIR_ENDINGS = ("13", "14")


def shoukei(person: Person, owed: Owed, due: int, taken: str | None = None) -> list[Told]:
    """納税承継: two heirs take what the dead person still owed, half and half.

    With `taken`, another person's 収納キー that the office gives to the second heir by mistake, his half comes
    back.
    """
    bill, shares = owed.bill, (due // 2, due - due // 2)
    went = due if taken is None else shares[0]
    parts, effects = list[Part](), [Effect(bill.shuunou_key, "shoukei", went)]
    for at, (yen, ending) in enumerate(zip(shares, HEIR_ENDINGS, strict=True), 1):
        notice = tsuuchisho_bangou(person.serial, bill.zeimoku_code, ending)
        key = shuunou_key(bill._asdict() | {"fuka_nendo": str(bill.fuka_nendo), "tsuuchisho_bangou": notice})
        if taken is not None and at == len(shares):
            key, effect = taken, Effect(bill.shuunou_key, SENT_BACK, yen)
        else:
            effect = Effect(key, "shoukei_in", yen)
        parts.append(Part(key, yen, atena_bangou=heir(person.serial, at)))
        effects.append(effect)
    act = Act("NouzeiShoukeiMade", bill.noukigen + timedelta(days=30), bill.shuunou_key, parts=tuple(parts))
    return [Told(act, tuple(effects))]


def heir(serial: int, at: int) -> str:
    """相続人の宛名番号: of nobody else in the city."""
    return f"77{without_zero(serial, 7)}{at}"
