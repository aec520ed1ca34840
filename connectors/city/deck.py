"""札の山: draws without replacement, so that what happens rarely happens for certain, and in exact proportion.

A probability of one in two hundred may miss two hundred times in a row; a shuffled deck of two hundred
cards never does. That is what lets a test say that every trouble occurs in a city of 2,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random


class Deck:
    """札の山: `cards` says how many of each; shuffled anew whenever it is used up."""

    def __init__(self, rng: Random, cards: Mapping[str, int]) -> None:
        self._rng = rng
        self._cards = [name for name, count in cards.items() for _ in range(count)]
        self._left: list[str] = []

    def draw(self) -> str:
        """一枚引く。"""
        if not self._left:
            self._left = list(self._cards)
            self._rng.shuffle(self._left)
        return self._left.pop()
