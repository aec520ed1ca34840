"""収納の科目別: which of the 科目 each receipt of a 期別 met, so that statistics can tell them apart.

As the account stands: a 延滞金 that is fixed later draws to itself what had been received too much before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from state.receipt.account import TORIKESHI, Receipt
from state.receipt.seisan import Seisan, junjo, seikyuu

Part = tuple[Receipt, str, int]


def shared(choutei_gaku: int, seisan: Seisan | None, receipts: Sequence[Receipt]) -> Iterator[Part]:
    """領収の内訳: receipts in the order of their days, 本税 first; what no 科目 has room for is of the 本税 (円)."""
    taken = [each for each in receipts if each.dankai != TORIKESHI]
    if seisan is None:
        yield from ((each, "honzei", each.kingaku) for each in taken)
        return
    owed = seikyuu(choutei_gaku, seisan)._asdict()
    room = [[kamoku, max(owed[kamoku], 0)] for kamoku in junjo()]
    for each in sorted(taken, key=lambda receipt: (receipt.ryoushuu_nengappi, receipt.receipt_no)):
        left = each.kingaku
        for place in room:
            part = min(place[1], left)
            if part:
                place[1] -= part
                left -= part
                yield each, str(place[0]), part
        if left:
            yield each, "honzei", left
