"""記録の材料: all that is known of one row of 別添1 when its items are worked out.

What a row has no use for is None. `UNSEEN` is what a function gives when no event of its kind has come yet:
then the record that the former system left (`kiroku`) speaks. None says that there is nothing now.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from state.delinquency.case import DelinquencyCase
from state.events import AtenaChanged, KirokuHeld
from state.receipt.account import ReceiptAccount
from state.seiri.values import BunnouKiroku, KibetsuSeiri, Seiribo, Shobun


class Unseen(Enum):
    """未到来: no event of this kind has been seen."""

    UNSEEN = "unseen"


UNSEEN: Final = Unseen.UNSEEN
YES, NO = "1", "0"


class Known(NamedTuple):
    """記録の材料: the parameters of the functions that derive items are named as these."""

    account: ReceiptAccount | None = None
    seiri: KibetsuSeiri | None = None
    book: Seiribo | None = None
    case: DelinquencyCase | None = None
    atena: AtenaChanged | None = None
    kiroku: KirokuHeld | None = None
    shobun: Shobun | None = None
    bunnou: BunnouKiroku | None = None
    kijunbi: date | None = None


def flag(is_so: bool) -> str:
    """フラグ: as 別添1's flags are written here."""
    return YES if is_so else NO
