"""回数: how a counter of the official items moves."""

from __future__ import annotations

from datetime import date

from state.seiri.values import Kaisuu, KibetsuSeiri


def counted(seiri: KibetsuSeiri, name: str, by: int, on: date) -> KibetsuSeiri:
    """一つ数える: the counter of that name moved by `by`, and its last day."""
    old = next((each for each in seiri.kaisuu if each.name == name), Kaisuu(name, 0, None))
    last_on = max(on, old.last_on or on)
    new = Kaisuu(name, max(old.kaisuu + by, 0), last_on)
    kept = tuple(each for each in seiri.kaisuu if each.name != name)
    return seiri._replace(kaisuu=tuple(sorted((*kept, new))))
