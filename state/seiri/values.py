"""整理の値: what the procedures of the law left on one 期別 (`KibetsuSeiri`) and on one person (`Seiribo`).

The nested values are those of `state.law`. Every list is bounded by `TETSUZUKI_MAX` acts a person; a further
act is refused, never silently forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.law.bunnou_check import Bunnou
from state.law.entaikin_value import Waiver
from state.law.jikou_count import Jiyuu
from state.law.kagonou import Kagonou
from state.law.kesson import FunouKesson
from state.law.saikoku import Saikoku
from state.law.shikkou_teishi import ShikkouTeishi
from state.law.tokusokujou import Tokusokujou
from state.law.yuuyo import Yuuyo

TETSUZUKI_MAX = 2_000


class Kaisuu(NamedTuple):
    """回数: how often something was done to one 期別, and the last day; `name` is the official item's."""

    name: str
    kaisuu: int
    last_on: date | None


class Teishi(NamedTuple):
    """停止: a 停止フラグ in force: `code` is one of `teishi_counter` in `schemas/tetsuzuki.toml`."""

    code: str
    on: date


class Keikoku(NamedTuple):
    """時効の警告: so many days before the 時効 is complete, on which day, and the day of completion told then."""

    days: int
    on: date
    kansei_on: date


class ShoukeiNoufu(NamedTuple):
    """承継で移る納付: yen of the 本税 that were met on a day after the 納期限, before the heir took the rest over."""

    on: date
    kingaku: int


class ShoukeiRireki(NamedTuple):
    """承継の履歴: what of the past goes with a debt, so that its 延滞金 is as if it had never changed hands.

    `moto` is the 期別 from which it came, None where it only went. `noufu` (one line a day) and `entaikin`,
    the 延滞金 that was fixed and met, are positive for what came and negative for what went (円).
    """

    moto: str | None
    noufu: tuple[ShoukeiNoufu, ...]
    entaikin: int


class KibetsuSeiri(NamedTuple):
    """期別の整理: what procedures left on one 期別."""

    shuunou_key: str
    atena_bangou: str
    kaisuu: tuple[Kaisuu, ...] = ()
    teishi: tuple[Teishi, ...] = ()
    tokusoku: Tokusokujou | None = None
    jikou: tuple[Jiyuu, ...] = ()
    shikkou_teishi: ShikkouTeishi | None = None
    yuuyo: tuple[Yuuyo, ...] = ()
    menjo: tuple[Waiver, ...] = ()
    kagonou: Kagonou | None = None
    kesson: FunouKesson | None = None
    entaikin_on: date | None = None
    kuriagemae_noukigen: date | None = None
    kuriage_on: date | None = None
    shobun: tuple[str, ...] = ()
    """The numbers of the 処分 in force that name this 期別; the 処分 themselves stand in the 整理簿."""
    bunnou: tuple[str, ...] = ()
    """The numbers of the 分納 in force or in default that name it."""
    shoukei_saki: tuple[str, ...] = ()
    """The 収納キー of the heirs' shares after 納税承継."""
    keikoku: tuple[Keikoku, ...] = ()
    """The 時効 warnings that were given."""
    shoukei_rireki: ShoukeiRireki | None = None


class Shobun(NamedTuple):
    """処分: one 差押, 参加差押, 交付要求 or other disposition of a person's property, for some 期別."""

    bangou: str
    kind: str
    code: str | None
    kingaku: int
    on: date
    keys: tuple[str, ...]
    tantousha_code: str | None
    kaijo_on: date | None
    kaijo_riyuu: str | None
    is_torikeshi: bool
    haitou_gaku: int
    shobunhi: int
    haitou_on: date | None
    held: Mapping[str, str]


class KibetsuBubun(NamedTuple):
    """期別の部分: the part of a plan that is for one 期別, and what had been received on it by then (円)."""

    shuunou_key: str
    kingaku: int
    shuunou_gaku: int


class BunnouKiroku(NamedTuple):
    """分納の記録: one plan, the 期別 it is for with their parts, and the official items held with it."""

    bunnou: Bunnou
    keys: tuple[str, ...]
    tantousha_code: str | None
    held: Mapping[str, str]
    bubun: tuple[KibetsuBubun, ...] = ()


class Chousa(NamedTuple):
    """調査: one 財産調査 or 実態調査: whom was asked, by when, and what came back (a code and its day)."""

    bangou: str
    kind: str
    saki: str
    on: date
    kigen_on: date | None
    kaitou_on: date | None
    kaitou_code: str | None
    is_okure: bool


class Seiribo(NamedTuple):
    """滞納整理簿: what procedures left on one person."""

    atena_bangou: str
    tetsuzuki_kaisuu: int = 0
    tantousha_code: str | None = None
    tantou_on: date | None = None
    rank: str | None = None
    rank_hizuke: date | None = None
    kumiai_on: date | None = None
    saikoku_kaisuu: int = 0
    saikoku: Saikoku | None = None
    koushou_kaisuu: int = 0
    koushou_on: date | None = None
    shobun: tuple[Shobun, ...] = ()
    bunnou: tuple[BunnouKiroku, ...] = ()
    chousa: tuple[Chousa, ...] = ()
