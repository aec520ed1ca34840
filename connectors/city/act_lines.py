"""手続の行: the lines of 手続 CSV, as field values; the layout says how a cell of several lines is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from connectors.city.model import KAITOU, TETSUZUKI, Effect, Line, Route, TetsuzukiChange

ANSWERS = frozenset({"ChousaAnswered"})


class Part(NamedTuple):
    """内訳の一行: what a kind does not use stays empty."""

    key: str = ""
    kingaku: int = 0
    on: date | None = None
    atena: str = ""
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
        "uchiwake": ";".join(_part(part) for part in act.parts),
        "jouken": ";".join(f"{name}={value}" for name, value in act.jouken.items()),
        **act.held,
    }
    route = Route(delivered_on, KAITOU if act.kind in ANSWERS else TETSUZUKI, "", delivered_on)
    if refused is not None:
        return Line(route, fields, None, refused)
    return Line(route, fields, TetsuzukiChange("tetsuzuki", atena, act.kind, bangou, tuple(effects)))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _part(part: Part) -> str:
    return "/".join((part.key, part.atena, part.kamoku, _day(part.on), str(part.kingaku)))
