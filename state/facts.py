"""台帳の事実: what the hub itself announces, past tense, with the state that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from state.delinquency.case import DelinquencyCase
from state.receipt.account import ReceiptAccount


class Applied(NamedTuple):
    """適用した根拠: which provision, in which version, turned which inputs into which outputs."""

    provision: str
    version: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


class LedgerFact(NamedTuple):
    """台帳の事実: 収納・滞納の台帳に起きたこと。後の姿を添える。"""

    fact_id: str
    kind: str
    event_id: str
    source: str
    atena_bangou: str
    shuunou_key: str | None
    kingaku: int
    occurred_on: date
    recorded_at: int
    minou_gaku: int
    kagonou_gaku: int
    account: ReceiptAccount | None
    case: DelinquencyCase | None
    applied: tuple[Applied, ...]


class MatchEntry(NamedTuple):
    """突合索引: 収納キーの属する宛名番号。"""

    atena_bangou: str
    rireki_bangou: int


class MatchingNotice(NamedTuple):
    """突合の知らせ: 納付を保留・解放・指定した。"""

    notice_id: str
    kind: str
    event_id: str
    shuunou_key: str
    receipt_no: str
    target_shuunou_key: str | None
    shuunou_kingaku: int
    ryoushuu_nengappi: date | None
    source: str
    source_seq: str
    recorded_at: int
    tantousha_code: str | None
    riyuu: str | None


class Letter(NamedTuple):
    """受入拒否: 受け入れられなかった入力と理由。原本は暗号文で持つ。"""

    letter_id: str
    reason: str
    stage: str
    what: str
    expected: str
    found: str
    todo: str
    source: str
    origin: str
    topic: str | None
    partition: int | None
    offset: int | None
    event_id: str | None
    recorded_at: int
    original_key: bytes | None
    original: bytes


class Provision(NamedTuple):
    """提供記録: どの移転先に、何の根拠で、だれの、どの項目を渡したか。区画ごとのハッシュ連鎖。"""

    seq: int
    chain: str
    previous_hash: bytes
    transfer_id: str
    contract: str
    contract_version: int
    iten_saki: str
    legal_basis: tuple[str, ...]
    purpose: str
    atena_bangou: str
    shuunou_key: str
    fields: tuple[str, ...]
    left_out: tuple[str, ...]
    body_hash: bytes
    fact_id: str
    recorded_at: int
    hash: bytes
