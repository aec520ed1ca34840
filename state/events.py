"""異動情報: the change events that arrive, as frozen values; each mirrors its schema in `schemas/avro/event`.

Field order is that of the schema (the codec checks it). Every event begins with the envelope: who it came
from (`source`, `channel`: 入手元 and 入手方法 of the assessment), where in that source (`source_seq`), the business
date, the instant of recording in milliseconds, the municipality, and a legal basis where one is cited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.law.uchiwake import Uchiwake
from state.seiri.shoukei_moto import ShoukeiMoto
from state.seiri.values import ShoukeiNoufu


class AtenaChanged(NamedTuple):
    """宛名異動: 宛名(住民・住登外)の最新の姿。履歴番号の大きいものが勝つ。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    atena_bangou: str
    rireki_bangou: int
    kojin_bangou: str | None
    henshuuzumi_shimei_kana: str | None
    henshuuzumi_shimei_kanji: str | None
    atena_yuubin_bangou: str | None
    atena_juusho_code: str | None
    atena_juusho: str | None
    atena_chiban: str | None
    atena_katagaki_kana: str | None
    atena_katagaki_kanji: str | None
    seinengappi: date | None
    seibetsu_kubun: str | None
    henshuu_denwa_bangou: str | None
    setai_bangou: str | None
    tsuzukigara: str | None
    tsuushoumei: str | None
    kana_tsuushoumei: str | None
    kojin_shubetsu: str | None
    idou_kubun: str | None
    idou_nengappi: date | None
    zenjuusho: str | None
    moushikomi_nengappi: date | None
    furikae_kubun: str | None
    kaishi_nengappi: date | None
    haishi_nengappi: date | None
    ginkou_code: str | None
    shiten_code: str | None
    kouza_bangou: str | None
    yokin_shubetsu_kubun: str | None
    meiginin_kana: str | None
    meiginin_kanji: str | None
    soufu_kaishi_nengappi: date | None
    soufu_shuuryou_nengappi: date | None
    soufusaki_shimei_kana: str | None
    soufusaki_shimei_kanji: str | None
    soufusaki_yuubin_bangou: str | None
    soufusaki_juusho_code: str | None
    soufusaki_juusho: str | None
    soufusaki_juusho_chiban: str | None
    soufusaki_katagaki_kana: str | None
    soufusaki_katagaki_kanji: str | None
    held: Mapping[str, str]


class ChouteiEstablished(NamedTuple):
    """調定: 一期別の税額が確定した。

    `shoukei` stands on the share of an heir alone: what it takes over from the 期別 of the deceased.
    """

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    rireki_bangou: int
    atena_bangou: str
    fuka_nendo: int
    zeimoku_code: str
    taishou_nendo: int
    tsuuchisho_bangou: str
    kibetsu_code: str
    choutei_nendo: int
    kaikei_nendo: int
    kibetsu_choutei_gaku: int
    noukigen: date
    houtei_noukigen: date | None
    houtei_noukigen_tou: date | None
    choutei_nengappi: date
    zuiki_flag: str | None
    jiyuu_code: str | None
    held: Mapping[str, str]
    shoukei: ShoukeiMoto | None = None


class ShuunouReceived(NamedTuple):
    """収納: 納付の知らせ。速報(仮消)または確報(本消)。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    receipt_no: str
    dankai: str
    shuunou_kingaku: int
    ryoushuu_nengappi: date
    shuunou_nengappi: date
    nikkeibi: date
    torikomibi: date
    shuunou_kubun: str


class ShuunouReversed(NamedTuple):
    """収納取消: 先の速報を否認する。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    receipt_no: str
    shuunou_kingaku: int
    ryoushuu_nengappi: date
    torikomibi: date
    shuunou_kubun: str


class KouzaFurikaeFailed(NamedTuple):
    """口座振替不能: 金融機関が振り替えられなかった。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    receipt_no: str
    furikae_gaku: int
    furikae_nengappi: date
    furikae_kekka_code: str
    torikomibi: date


class ShuunouAssigned(NamedTuple):
    """収納充当先指定: 保留中の納付を職員が期別に結び付ける。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    held_event_id: str
    target_shuunou_key: str
    tantousha_code: str
    riyuu: str


class ShoukeiReturned(NamedTuple):
    """納税承継の差戻し: 突合が受け入れなかった承継分を、被相続人の期別に戻す。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    shuunou_key: str
    atena_bangou: str
    bangou: str
    saki_key: str
    gaku: Uchiwake
    noufu: tuple[ShoukeiNoufu, ...]
    entaikin: int
    riyuu: str


class KirokuHeld(NamedTuple):
    """記録保持: 既存の滞納管理システムから与えられた項目を解釈せずに持つ。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    atena_bangou: str
    record: str
    record_key: str
    rireki_bangou: int
    held: Mapping[str, str]


class KijunbiAdvanced(NamedTuple):
    """基準日の到来: 業務の一日が来た。中核は時計を読まない。"""

    event_id: str
    source: str
    channel: str
    source_seq: str
    occurred_on: date
    recorded_at: int
    jichitai_code: str
    basis: str | None
    kijunbi: date


class ChouteiCorrected(ChouteiEstablished):
    """調定更正: 期別調定額等が改められた(増減とも、改めた後の姿で持つ)。"""

    __slots__ = ()


class ChouteiCancelled(ChouteiEstablished):
    """調定取消: 期別の調定が取り消された(期別調定額は0)。"""

    __slots__ = ()


Choutei = ChouteiEstablished | ChouteiCorrected | ChouteiCancelled
Nounyuu = ShuunouReceived | ShuunouReversed | KouzaFurikaeFailed
"""納入: what arrives knowing only its 収納キー and must be matched."""

Event = (
    AtenaChanged
    | ChouteiEstablished
    | ShuunouReceived
    | ShuunouReversed
    | KouzaFurikaeFailed
    | ShuunouAssigned
    | ShoukeiReturned
    | KirokuHeld
    | KijunbiAdvanced
)
