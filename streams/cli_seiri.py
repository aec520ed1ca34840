"""命令行(整理の照会): 整理簿, 期別の整理 and the last acts, in Japanese, for `shuunou show`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

import schemas
from connectors import read_seiri
from schemas import records
from state.law.uchiwake import KAMOKU_JA
from state.seiri.kinds import kinds
from state.seiri.values import KibetsuSeiri, Seiribo
from streams.cli_shared import console, listing

JOUTAI = {
    "shinsei": "申請中", "kyoka": "許可", "fukyoka": "不許可", "torikeshi": "取消し", "shuuryou": "終了",
    "hassei": "発生", "kettei": "決定", "tsuuchi": "通知済み", "seikyuu": "請求あり", "shiharai": "支払済み",
    "juutou_zumi": "充当済み", "jikou": "時効", "kesson": "不納欠損", "rikou": "履行中", "kannou": "完納",
    "furikou": "不履行", "teishi": "停止中", "shoumetsu_sannen": "消滅(3年)", "shoumetsu_sokuji": "即時消滅",
    "hakkou": "発付", "henrei": "返戻", "chousa_hanmei": "調査済み(送付先判明)",
    "chousa_fumei": "調査済み(送付先不明)", "koujisoutatsu": "公示送達中", "soutatsu": "送達済み",
}  # fmt: skip
"""状態: those of `state.law`, which no two kinds of procedures use for different things."""

HOUHOU = {"jikou": "時効", "sannen": "執行停止の3年", "sokuji": "即時消滅"}
UGOKI = {
    "choutei": "調定", "kousei": "更正", "shuunou": "収納", "torikeshi": "取消", "kanpu": "還付",
    "juutou_out": "充当(出)", "juutou_in": "充当(入)", "kesson": "不納欠損", "shoumetsu": "消滅",
}  # fmt: skip
"""収納の動きの種類: those of `state.law.movement.OWED` (a test holds the two together)."""


def kind_ja(kind: str) -> str:
    """種類の日本語: of an act or of what happened by it; the name itself where no list has it yet."""
    stated = kinds().get(kind)
    return stated.ja if stated is not None else _happened().get(kind, kind)


@cache
def _happened() -> Mapping[str, str]:
    return {row["code"]: row["ja"] for row in schemas.load_csv("code/fact_kind")}


@cache
def _items() -> Mapping[str, str]:
    """The Japanese of every official item."""
    return {item.name: item.ja for record in records.records() for item in records.items(record)}


def _stated(table: Mapping[str, Any], *path: str) -> dict[str, str]:
    for name in path:
        table = table[name]
    return {code: entry["ja"] for code, entry in table.items()}


@cache
def _codes() -> Mapping[str, Mapping[str, str]]:
    """Codes in words, by record and field; a code of no list is shown as it is."""
    law = {name: schemas.load_toml(f"law/{name}") for name in ("yuuyo", "jikou", "bunnou", "shikkou_teishi")}
    saikoku = schemas.load_toml("law/tokusoku_hassou")["saikoku"][-1]
    shubetsu = law["yuuyo"]["shubetsu"]
    jiyuu = {code: ja for kind in shubetsu.values() for code, ja in _stated(kind, "jiyuu").items()}
    listed = {name: _listed(name) for name in ("chousa_saki", "chousa_kaitou")}
    stopped = schemas.load_toml("tetsuzuki")["teishi_counter"]
    return {
        "Yuuyo.shubetsu": _stated(shubetsu),
        "Yuuyo.jiyuu": jiyuu,
        "Saikoku.shubetsu": _stated(saikoku, "shubetsu"),
        "Bunnou.konkyo": _stated(law["bunnou"], "konkyo"),
        "ShikkouTeishi.jiyuu": _stated(law["shikkou_teishi"], "jiyuu"),
        "Jiyuu.code": _stated(law["jikou"], "jiyuu"),
        "Teishi.code": {code: _items().get(name, name) for code, name in stopped.items()},
        "FunouKesson.houhou": HOUHOU,
        "Kaisuu.name": _items(),
        "Chousa.saki": listed["chousa_saki"],
        "Chousa.kaitou_code": listed["chousa_kaitou"],
        "Shobun.kind": {kind.name: kind.ja for kind in kinds().values()},
        "Chousa.kind": {kind.name: kind.ja for kind in kinds().values()},
    }


def _listed(name: str) -> dict[str, str]:
    return {row["code"]: row["ja"] for row in schemas.load_csv(f"code/{name}")}


@cache
def _labels() -> Mapping[str, Mapping[str, tuple[str, bool]]]:
    """Of every record within the two values: its fields' Japanese, and whether they are yen."""
    found: dict[str, dict[str, tuple[str, bool]]] = {}

    def walk(kind: Any) -> None:
        if isinstance(kind, list):
            for each in kind:
                walk(each)
        elif isinstance(kind, Mapping) and kind["type"] == "array":
            walk(kind["items"])
        elif isinstance(kind, Mapping) and kind["type"] == "record":
            own = found.setdefault(kind["name"], {})
            for field in kind["fields"]:
                own[field["name"]] = re.split(r"[(:]", field["ja"])[0], "(円)" in field["ja"]
                walk(field["type"])

    for name in ("state/kibetsu_seiri.v2", "state/seiribo.v1"):
        walk(schemas.load_avsc(name))
    return found


def pairs(value: KibetsuSeiri | Seiribo) -> Iterator[tuple[str, str]]:
    """項目と値: every item that says something, nested ones with the way to them in their name."""
    yield from _pairs(value, "")


def _pairs(value: Any, before: str) -> Iterator[tuple[str, str]]:
    kind = type(value).__name__
    for name, part in zip(value._fields, value, strict=True):
        ja, is_yen = _labels().get(kind, {}).get(name, (KAMOKU_JA.get(name, name), name in KAMOKU_JA))
        label = f"{before}{ja}"
        if part is None or part == () or part == {}:
            continue
        if isinstance(part, Mapping):
            yield from ((f"{label}・{_items().get(item, item)}", text) for item, text in sorted(part.items()))
        elif hasattr(part, "_fields"):
            yield from _pairs(part, f"{label}・")
        elif isinstance(part, tuple) and hasattr(part[0], "_fields"):
            for number, each in enumerate(part, 1):
                yield from _pairs(each, f"{label}{number}・")
        else:
            yield label, _shown(kind, name, part, is_yen)


def _shown(kind: str, name: str, value: Any, is_yen: bool) -> str:
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if isinstance(value, tuple):
        return "、".join(map(str, value))
    if is_yen and isinstance(value, int):
        return f"{value:,}円"
    words = JOUTAI if name == "joutai" else _codes().get(f"{kind}.{name}", {})
    return str(words.get(value, value))


def show(title: str, value: KibetsuSeiri | Seiribo) -> None:
    """表にする: one line for each item that says something."""
    table = listing(title, "項目", "値")
    for name, text in pairs(value):
        table.add_row(name, text)
    console.print(table)


def show_acts(acts: tuple[read_seiri.Act, ...]) -> None:
    """手続の経過を表にする: the newest last; the provisions by the names that `shuunou explain` knows."""
    if not acts:
        return
    table = listing("手続の経過", "日", "起きたこと", "番号", "収納キー", "金額", "入手元", "条項")
    for act in acts:
        yen = f"{act.kingaku:,}円" if act.kingaku else ""
        ids = act.bangou or "", act.shuunou_key or ""
        table.add_row(str(act.on), kind_ja(act.kind), *ids, yen, act.source, "、".join(act.provisions))
    console.print(table)


def show_movements(movements: tuple[read_seiri.Moved, ...]) -> None:
    """収納の動きを表にする: those that procedures made; receipts stand in 領収."""
    if not movements:
        return
    table = listing("手続による収納の動き", "日", "種類", "科目", "会計年度", "金額")
    for each in movements:
        said = UGOKI.get(each.kind, each.kind), KAMOKU_JA.get(each.kamoku, each.kamoku)
        table.add_row(str(each.on), *said, str(each.kaikei_nendo), f"{each.kingaku:,}円")
    console.print(table)


def as_plain(value: Any) -> Any:
    """JSON にする値: nested values by the names of their fields."""
    if hasattr(value, "_fields"):
        return {name: as_plain(part) for name, part in zip(value._fields, value, strict=True)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [as_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
