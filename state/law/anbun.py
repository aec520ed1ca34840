"""あん分: yen divided among heirs in proportion to their shares, to the yen (地方税法9条2項).

What remains below one yen goes where the largest part of a yen is missing, the earlier line first: the law
as we have it says nothing of it (★未), and so no yen is made or lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise


def anbun(gaku: Sequence[int], shares: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """各人の内訳: for each share its part of every amount.

    Each share is met exactly, and so is each amount. Raises ValueError unless both add up to the same.
    """
    if sum(gaku) != sum(shares):
        raise ValueError(f"shares: expected {sum(gaku)} yen in all, found {sum(shares)}")
    left, found = list(gaku), list[tuple[int, ...]]()
    for share in shares:
        part = _part(left, share)
        left = [yen - taken for yen, taken in zip(left, part, strict=True)]
        found.append(part)
    return tuple(found)


def wakeru(kingaku: int, shares: Sequence[int]) -> tuple[int, ...]:
    """一つの額を分ける: the parts add up to it; a share of nothing gets nothing."""
    whole = sum(shares)
    if whole == 0:
        return (0,) * len(shares)
    marks = [kingaku * upto // whole for upto in accumulate(shares, initial=0)]
    return tuple(upper - lower for lower, upper in pairwise(marks))


def _part(left: Sequence[int], share: int) -> tuple[int, ...]:
    whole = sum(left) or 1
    exact = [divmod(yen * share, whole) for yen in left]
    part = [yen for yen, _ in exact]
    by_rest = sorted(range(len(part)), key=lambda at: -exact[at][1])
    for at in by_rest[: share - sum(part)]:
        part[at] += 1
    return tuple(part)
