"""妨げ: what keeps an act back on a day: 停止フラグ, 猶予 and 執行停止 of one 期別, by their codes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from state.law import yuuyo
from state.law.shikkou_teishi import is_stopped
from state.seiri.values import KibetsuSeiri

SHIKKOU_TEISHI = "shikkou_teishi"


def samatage(seiri: KibetsuSeiri, on: date) -> tuple[str, ...]:
    """妨げの一覧: 停止フラグ, "choushuu_yuuyo", "kanka_yuuyo" and "shikkou_teishi", each once."""
    return tuple(dict.fromkeys(_all(seiri, on)))


def _all(seiri: KibetsuSeiri, on: date) -> Iterator[str]:
    yield from (flag.code for flag in seiri.teishi if flag.on <= on)
    for granted in seiri.yuuyo:
        effects = yuuyo.effects(granted)
        if effects is not None and effects.kara <= on <= effects.made:
            yield effects.jikou_code
    if is_stopped(seiri.shikkou_teishi, on):
        yield SHIKKOU_TEISHI
