"""会計の来歴: random histories of three 期別 of one person: receipts, 更正 and acts, most of them possible."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests import given
from tests.state.seiri import kaikei_story as story
from tests.streams.memory_hub import Hub

BILLS = (1, 2, 3)
NEXT = {
    "kettei": ("KanpuJuutouNotified", "KanpuJuutouNotified", "KagonouDecisionWithdrawn"),
    "tsuuchi": ("KanpuClaimed", "KanpuClaimed", "KagonouDecisionWithdrawn"),
    "seikyuu": ("KanpuPaid", "KanpuPaid", "KagonouDecisionWithdrawn"),
}
"""Acts that the state of a 過誤納 lets through: by chance alone hardly any would be right."""

OTHERWISE = ("KagonouDecided",) * 4 + ("EntaikinAssessed", "EntaikinWaived", "KanpuExpired")


def _kagonou(hub: Hub, key: str) -> Any:
    seiri = hub.seiri(key)
    return seiri.kagonou if seiri else None


def _joutai(hub: Hub, key: str) -> str:
    kagonou = _kagonou(hub, key)
    return kagonou.joutai if kagonou else ""


class Turn(NamedTuple):
    """An act that is chosen when its turn comes: mostly one that may be right then."""

    key: str
    on: date
    pick: int
    is_wild: bool
    bangou: str

    def act(self, hub: Hub) -> Any:
        lively = [
            key
            for key, each in sorted(hub.accounts().items())
            if each.kagonou_gaku or _joutai(hub, key) in NEXT
        ]
        key = self.key if self.is_wild or not lively else lively[self.pick % len(lively)]
        kagonou = _kagonou(hub, key)
        usual = NEXT.get(_joutai(hub, key), OTHERWISE)
        among = tuple(story.KINDS.values()) if self.is_wild else usual
        kind = among[self.pick % len(among)]
        rest: dict[str, Any] = {"code": "genmen" if kind == "EntaikinWaived" else "sonota"}
        if kind == "EntaikinWaived":
            rest |= {"kara": date(2026, 7, 1), "made": self.on, "jouken": {"bunshi": "1", "bunbo": "2"}}
        if kind == "KanpuPaid":
            rest["kingaku"] = kagonou.shiharai_gaku if kagonou and not self.is_wild else 1_000
        return given.tetsuzuki(kind, self.on, bangou=self.bangou, key=key, **rest)


@st.composite
def events(draw: st.DrawFn, number: int) -> Any:
    """Something that may happen to one of three 期別, sensible or not; the days go forward."""
    key, on = given.shuunou_key(draw(st.sampled_from(BILLS))), date(2026, 7, 1) + timedelta(6 * number)
    what = draw(st.sampled_from(("収納", "収納", "更正", "取消", "手続", "手続", "手続", "手続")))
    if what == "収納":
        yen = draw(st.sampled_from((700, 30_000, 100_000, 300_000)))
        return given.received(f"cvs:{number}", yen, key=key, on=on, torikomibi=on)
    if what == "更正":
        return given.corrected(number + 2, draw(st.sampled_from((0, 90_000, 300_000))), key=key, on=on)
    if what == "取消":
        return given.reversal(f"cvs:{draw(st.integers(0, number))}", key=key, on=on)
    is_wild, bangou = draw(st.integers(0, 9)) == 0, str(draw(st.integers(number - 2, number)))
    return Turn(key, on, draw(st.integers(0, 9)), is_wild, bangou)


@st.composite
def histories(draw: st.DrawFn) -> list[Any]:
    gaku = st.sampled_from((0, 30_000, 100_000, 300_000))
    first = [given.choutei(gaku=draw(gaku), key=given.shuunou_key(kibetsu)) for kibetsu in BILLS]
    return [*first, *(draw(events(number)) for number in range(draw(st.integers(8, 28))))]
