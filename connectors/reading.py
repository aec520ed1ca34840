"""読み手の部品: what the readers of all file sources share: names, days, the envelope of an event, the 収納キー.

Refusals say what, expected and found in Japanese, by shape only: a reader never repeats what a person's
line holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import NamedTuple

import schemas
from connectors.base import Arrived, FileFacts, Spec
from connectors.ids import source_seq
from state import ingest
from state.events import Event
from state.reasons import Refusal, refusal
from state.seiri.event import TetsuzukiTaken

JST = timezone(timedelta(hours=9))
FIRST_YEAR = 1868
"""明治元年: the first year that 生年月日 of any record can name; an earlier one is a filler."""
EXACTLY_ONCE = "一度だけ: 異動とファイルの位置を一つのトランザクションで送る"
ASK_SENDER = "送り元に確かめ、正しいものを送ってもらう"
_SAFE_NAME = re.compile(r"[0-9A-Za-z_.\-]{1,100}")
_DATE_LENGTH = 8


def fits(name: str, patterns: Sequence[str]) -> bool:
    """様式の名前か: one of the layout's patterns, in plain ASCII, so that the name can be shown and logged."""
    return _SAFE_NAME.fullmatch(name) is not None and any(fnmatchcase(name, part) for part in patterns)


def shape(text: str) -> str:
    """形: what a text looks like, without what it says."""
    if not text:
        return "空"
    if text.isascii() and text.isdigit():
        return f"{len(text)}桁の数字"
    return f"数字でない文字を含む{len(text)}文字"


@lru_cache(maxsize=4096)
def day_of(text: str) -> date | None:
    """YYYYMMDD の日付: None for what is not in the calendar."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == _DATE_LENGTH else None
    except ValueError:
        return None


def bad_day(what: str) -> Refusal:
    """暦にない日付の拒否。"""
    return refusal("R-208", what, "暦にある日付 (YYYYMMDD)", "暦にない日付", ASK_SENDER)


@lru_cache(maxsize=256)
def _jst_day(received_at: int) -> date:
    return datetime.fromtimestamp(received_at / 1000, UTC).astimezone(JST).date()


def received_on(facts: FileFacts) -> date:
    """取込日: the day in Japan on which the file was received."""
    return _jst_day(facts.received_at)


Envelope = tuple[str, str, str, date, int, str, None]


def envelope(spec: Spec, facts: FileFacts, line: int, occurred_on: date) -> Envelope:
    """封筒: the envelope of an event without its id, in the order of the schemas."""
    seq = source_seq(facts.digest, line)
    return spec.system, spec.channel, seq, occurred_on, facts.received_at, facts.jichitai_code, None


def arrived(
    line: int, topic: str, key: str, event: Event | TetsuzukiTaken, facts: FileFacts
) -> Arrived | Refusal:
    """届いた異動: the event, if the hub takes it in (`state.ingest`), asked here while the line is known."""
    bad = ingest.check(event, key.encode(), facts.jichitai_code)
    return Arrived(line, topic, key, event) if bad is None else bad


class _KeyLayout(NamedTuple):
    length: int
    zeimoku: slice
    kokyaku_length: int
    free_length: int
    free_prefix: str


@cache
def _key_layout() -> _KeyLayout:
    stated = schemas.load_toml("layout/shuunou_key")
    begin = 0
    for part in stated["parts"]:
        if part["name"] == "zeimoku_code":
            zeimoku = slice(begin, begin + part["length"])
        begin += part["length"]
    bank, shop = stated["kouza_furikae"], stated["convenience"]
    return _KeyLayout(stated["length"], zeimoku, bank["field_length"], shop["field_length"], shop["prefix"])


def _key_after(what: str, text: str, field_length: int, prefix: str) -> str | Refusal:
    """The 収納キー at the end of a field, if what stands before it is `prefix` and its 税目 is one of ours."""
    layout = _key_layout()
    key = text[-layout.length :]
    if len(text) != field_length or not (text.isascii() and text.isdigit()) or text != prefix + key:
        expected = f"{prefix} と{layout.length}桁の収納キー"
        return refusal("R-204", what, expected, f"それ以外の作り({shape(text)})", ASK_SENDER)
    if key[layout.zeimoku] not in ingest.zeimoku_codes():
        return refusal(
            "R-207",
            f"{what}の税目コード",
            "コード表 (schemas/code/zeimoku.csv) にある税目",
            "ない税目",
            ASK_SENDER,
        )
    return key


def key_of_kokyaku_bangou(text: str) -> str | Refusal:
    """顧客番号から収納キー: 20 digits of 全銀, the key at their right, zeros before it."""
    layout = _key_layout()
    prefix = "0" * (layout.kokyaku_length - layout.length)
    return _key_after("顧客番号", text, layout.kokyaku_length, prefix)


def key_of_jiyuu_shiyouran(text: str) -> str | Refusal:
    """自由使用欄から収納キー: 21 digits of the barcode, the agent's prefix, then the key."""
    layout = _key_layout()
    return _key_after("バーコードの自由使用欄", text, layout.free_length, layout.free_prefix)
