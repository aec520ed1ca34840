"""古い版の整理: what a row that an older version of its schema wrote becomes in the values of today.

Version 1 of the 整理簿 had no place for the parts of a plan: they stood as entries `hub/<収納キー>` = `円/収納額`
among the official items that are held.
"""

from __future__ import annotations

from state.seiri.fact import SeiriFact
from state.seiri.values import BunnouKiroku, KibetsuBubun, Seiribo

MARK = "hub/"


def seiribo(book: Seiribo) -> Seiribo:
    """滞納整理簿: with the parts of each plan in their own field, and only official items held."""
    return book._replace(bunnou=tuple(_bunnou(one) for one in book.bunnou))


def seiri_fact(fact: SeiriFact) -> SeiriFact:
    """整理の事実: with its 整理簿 as `seiribo` makes it."""
    return fact if fact.book is None else fact._replace(book=seiribo(fact.book))


def _bunnou(kiroku: BunnouKiroku) -> BunnouKiroku:
    parts = tuple(_bubun(name, text) for name, text in kiroku.held.items() if name.startswith(MARK))
    held = {name: text for name, text in kiroku.held.items() if not name.startswith(MARK)}
    return kiroku._replace(held=held, bubun=kiroku.bubun + parts)


def _bubun(name: str, text: str) -> KibetsuBubun:
    kingaku, _, shuunou_gaku = text.partition("/")
    return KibetsuBubun(name.removeprefix(MARK), int(kingaku), int(shuunou_gaku))
