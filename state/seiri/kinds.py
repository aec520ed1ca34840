"""手続の種類: what each kind must bring, and what counts it (`schemas/tetsuzuki.toml`); the checks of its form.

Whether the law allows an act in the state of things is judged where it is applied (`state.seiri.apply`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import schemas
from state.law.uchiwake import KAMOKU
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken

TOPIC, KAITOU_TOPIC = "ido.tetsuzuki.v1", "ido.chousa-kaitou.v1"
UCHIWAKE_MAX = 200
"""A bound on the lines of one act: far above the instalments of a plan or the 期別 of one person."""

YEN_MAX = 9_999_999_999  # the ten digits of 全銀's 引落金額, the widest amount that any source delivers
TRUE, FALSE = "true", "false"


class Kind(NamedTuple):
    """手続の種類: as stated."""

    name: str
    ja: str
    topic: str
    needs: tuple[str, ...]
    uchiwake: tuple[str, ...]
    counter: str | None
    counts: int
    day: str | None
    jouken: Mapping[str, bool]
    """Names that `jouken` may hold, and whether it must."""


@cache
def kinds() -> Mapping[str, Kind]:
    """手続の一覧: by the name of the kind."""
    stated = schemas.load_toml("tetsuzuki")["kind"]
    return {
        name: Kind(
            name,
            entry["ja"],
            entry.get("topic", TOPIC),
            tuple(entry.get("needs", ())),
            tuple(entry.get("uchiwake", ())),
            entry.get("counter"),
            entry.get("counts", 1),
            entry.get("day"),
            {each.removesuffix("!"): each.endswith("!") for each in entry.get("jouken", ())},
        )
        for name, entry in stated.items()
    }


def counter_of(kind: Kind, code: str | None) -> str | None:
    """数える項目: that of the kind, or for 停止フラグ and 猶予 that of their code; None when nothing counts it."""
    stated = schemas.load_toml("tetsuzuki")
    if kind.name == "TeishiSet":
        return str(stated["teishi_counter"][code])
    if kind.name == "YuuyoGranted":
        return str(stated["yuuyo_counter"][code])
    return kind.counter


def check(event: TetsuzukiTaken) -> Refusal | None:
    """手続の形: R-203 for what is missing, R-204 and R-206 for a wrong form, R-211 for unknown codes."""
    kind = kinds().get(event.kind)
    if kind is None:
        return refusal("R-211", "手続の種類", "一覧にある種類", "ない種類", "schemas/tetsuzuki.toml を確かめる")
    return next((found for found in _wrong(kind, event) if found is not None), None)


def _wrong(kind: Kind, event: TetsuzukiTaken) -> Iterator[Refusal | None]:
    yield _text("番号", event.bangou)
    for name in kind.needs:
        if getattr(event, name) in (None, (), ""):
            yield refusal("R-203", f"{kind.ja}の {name}", "値", "空", "送り元に確かめる")
    if event.kingaku is not None and not 0 <= event.kingaku <= YEN_MAX:
        yield _yen(kind)
    yield from _wrong_lines(kind, event)
    for name, is_needed in kind.jouken.items():
        if is_needed and not event.jouken.get(name):
            yield refusal("R-203", f"{kind.ja}の条件 {name}", "値", "空", "送り元に確かめる")
    foreign = sorted(set(event.jouken) - set(kind.jouken))
    if foreign:
        expected = f"一覧にある条件({'、'.join(kind.jouken)})"
        yield refusal("R-204", f"{kind.ja}の条件", expected, f"{len(foreign)}個のほかの名", "送り元に確かめる")
    if kind.name in ("TeishiSet", "TeishiLifted"):
        known = schemas.load_toml("tetsuzuki")["teishi_counter"]
        if event.code not in known:
            yield refusal("R-211", "停止フラグ", "、".join(known), "ない種類", "送り元に確かめる")


def _wrong_lines(kind: Kind, event: TetsuzukiTaken) -> Iterator[Refusal | None]:
    if len(event.uchiwake) > UCHIWAKE_MAX:
        found = f"{len(event.uchiwake)}行"
        yield refusal("R-204", f"{kind.ja}の内訳", f"{UCHIWAKE_MAX}行まで", found, "手続を分けて送る")
    for line in event.uchiwake:
        if not 0 <= line.kingaku <= YEN_MAX:
            yield _yen(kind)
        if any(getattr(line, name) is None for name in kind.uchiwake):
            expected = f"すべての行に {'、'.join(kind.uchiwake)}"
            yield refusal("R-203", f"{kind.ja}の内訳", expected, "ない行がある", "送り元に確かめる")
        if line.kamoku is not None and line.kamoku not in KAMOKU:
            yield refusal("R-211", f"{kind.ja}の科目", "、".join(KAMOKU), "ない科目", "送り元に確かめる")


def _text(what: str, text: str) -> Refusal | None:
    if 0 < len(text) <= 64 and text.isprintable() and "|" not in text:
        return None
    return refusal("R-204", what, "1から64文字、区切りの | を含まない", f"{len(text)}文字", "送り元に確かめる")


def _yen(kind: Kind) -> Refusal:
    return refusal("R-206", f"{kind.ja}の金額", f"0から{YEN_MAX}円", "範囲を外れる", "送り元に金額を確かめる")


def is_true(event: TetsuzukiTaken, name: str) -> bool:
    """条件は真か: what is not stated is not true."""
    return event.jouken.get(name) == TRUE
