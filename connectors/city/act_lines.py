"""手続の行: the lines of 手続 CSV, as field values; the layout says how a cell of several lines is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import schemas
from connectors.city.model import Effect, Line, Route, TetsuzukiChange
from state.seiri.kinds import kinds


class Part(NamedTuple):
    """内訳の一行: by the names of the layout; what a kind does not use stays empty."""

    shuunou_key: str = ""
    kingaku: int = 0
    on: date | None = None
    atena_bangou: str = ""
    kamoku: str = ""


class Act(NamedTuple):
    """手続: one act as the office's system writes it."""

    kind: str
    on: date
    key: str = ""
    kingaku: int | None = None
    code: str = ""
    kara: date | None = None
    made: date | None = None
    taishou: str = ""
    staff: str = ""
    parts: Sequence[Part] = ()
    jouken: Mapping[str, str] = {}
    held: Mapping[str, str] = {}


def act_line(
    jichitai_code: str,
    atena: str,
    bangou: str,
    act: Act,
    delivered_on: date,
    *,
    effects: Sequence[Effect] = (),
    refused: str | None = None,
) -> Line:
    """手続の行を作る: `effects` are the yen that it moves when it is accepted, `refused` why it must not be."""
    lines, conditions = _layout()["uchiwake"], _layout()["jouken"]
    fields = {
        "jichitai_code": jichitai_code,
        "atena_bangou": atena,
        "kind": act.kind,
        "bangou": bangou,
        "on": act.on.isoformat(),
        "shuunou_key": act.key,
        "kingaku": "" if act.kingaku is None else str(act.kingaku),
        "code": act.code,
        "kara": _day(act.kara),
        "made": _day(act.made),
        "taishou_bangou": act.taishou,
        "tantousha_code": act.staff,
        "uchiwake": lines["separator"].join(_part(part, lines) for part in act.parts),
        "jouken": conditions["separator"].join(map(conditions["assignment"].join, act.jouken.items())),
        **act.held,
    }
    route = Route(delivered_on, _families()[act.kind], "", delivered_on)
    if refused is not None:
        return Line(route, fields, None, refused)
    return Line(route, fields, TetsuzukiChange("tetsuzuki", atena, act.kind, bangou, tuple(effects)))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _part(part: Part, lines: Mapping[str, Any]) -> str:
    cells = {**part._asdict(), "on": _day(part.on), "kingaku": str(part.kingaku)}
    joined: str = lines["part_separator"].join(cells[name] for name in lines["parts"])
    return joined


def _layout() -> Mapping[str, Any]:
    return schemas.load_toml("layout/tetsuzuki_csv")


@cache
def _families() -> Mapping[str, str]:
    """In which file a kind is told: that of the topic on which it may come."""
    families = {topic: family for family, topic in _layout()["files_of"].items()}
    return {kind.name: families[kind.topic] for kind in kinds().values()}
