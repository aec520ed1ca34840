"""会計の物語: acts on 延滞金 and 過誤納 in the notation of the tables, beside that of `tests.state.scenario`.

`2期:充当還付決定1 2026-08-01 種別=sonota`: the act, its number, its day, then what it brings.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from state import wire
from tests import given
from tests.state import scenario
from tests.streams.memory_hub import Hub

KINDS = {
    "延滞金調定": "EntaikinAssessed",
    "延滞金減免": "EntaikinWaived",
    "充当還付決定": "KagonouDecided",
    "決定取消": "KagonouDecisionWithdrawn",
    "通知書発送": "KanpuJuutouNotified",
    "還付請求": "KanpuClaimed",
    "還付支払": "KanpuPaid",
    "還付時効": "KanpuExpired",
}
_FIELDS = {"額": "kingaku", "種別": "code", "から": "kara", "まで": "made"}
_ACT = re.compile(rf"(?:(\d)期:)?({'|'.join(KINDS)})(\S*) (\d{{4}}-\d\d-\d\d)((?: \S+=\S+)*)")
JA = {"juutou_out": "充当出", "juutou_in": "充当入", "kanpu": "還付", "choutei": "調定", "kousei": "更正"}
KAMOKU_JA = {"honzei": "本税", "entaikin": "延滞金", "tokusoku_tesuuryou": "督促手数料", "shobunhi": "処分費"}


def read(text: str) -> Any:
    """One event or act."""
    found = _ACT.fullmatch(text)
    if found is None:
        (event,) = scenario.read(text)
        return event
    over: dict[str, Any] = {"jouken": {}}
    for part in found[5].split():
        name, _, value = part.partition("=")
        if name not in _FIELDS:
            over["jouken"][name] = value
        elif name == "額":
            over["kingaku"] = int(value)
        else:
            over[_FIELDS[name]] = date.fromisoformat(value) if name in ("から", "まで") else value
    key = given.shuunou_key(int(found[1] or 1))
    day = date.fromisoformat(found[4])
    return given.tetsuzuki(KINDS[found[2]], day, bangou=found[3] or "1", key=key, **over)


def told(story: str, *acts: Any) -> Hub:
    """The hub after a story, and after `acts`."""
    return Hub().tell(*(read(part.strip()) for part in story.split("→")), *acts)


def kibetsu(key: str | None) -> str:
    """`2期`."""
    return f"{int((key or '00')[-2:])}期"


def happened(hub: Hub, since: int) -> str:
    """What the facts from the number `since` on say: kind and yen, the 期別 when it is not the first."""
    return " ".join(
        ("" if fact.shuunou_key == given.KEY else f"{kibetsu(fact.shuunou_key)}:")
        + f"{fact.kind}{fact.kingaku}"
        for fact in hub.seiri_facts[since:]
    )


def moved(hub: Hub, since: int) -> str:
    """The movements of those facts: 期別, kind, 科目 and yen, and the year of the books unless it is 2026."""
    return " ".join(
        f"{kibetsu(m.shuunou_key)}{JA[m.kind]}{KAMOKU_JA[m.kamoku]}{m.kingaku}"
        + ("" if m.kaikei_nendo == 2026 else f"@{m.kaikei_nendo}")
        for fact in hub.seiri_facts[since:]
        for m in fact.movements
    )


def left(hub: Hub) -> str:
    """未納 and 過誤納 of every 期別."""
    return " ".join(
        f"{kibetsu(key)}{each.minou_gaku}/{each.kagonou_gaku}"
        for key, each in sorted(hub.accounts().items())
    )


def rows(hub: Hub) -> dict[bytes, bytes]:
    """The tables of the ledger, without the positions and the letters."""
    return {k: v for k, v in hub.ledger.store.rows.items() if not k.startswith(b"\x00")}


def balance(hub: Hub) -> int:
    """未納 less 過誤納 of everything (円)."""
    return sum(each.minou_gaku - each.kagonou_gaku for each in hub.accounts().values())


def counters(hub: Hub, name: str) -> int:
    """A counter over every 期別 of the person."""
    tag = b"s"
    each = (wire.decode(row) for row in hub.rows(hub.ledger, tag).values())
    return sum(k.kaisuu for seiri in each for k in seiri.kaisuu if k.name == name)
