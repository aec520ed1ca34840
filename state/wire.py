"""符号器: the one codec of the hub, with every value type registered under its schema."""

from __future__ import annotations

from schemas.codec import Codec
from state import events, facts
from state.delinquency.case import DelinquencyCase
from state.law.bunnou_check import Bunnou, Kai
from state.law.entaikin_value import Waiver
from state.law.jikou_count import Jiyuu
from state.law.juutou import Juutou
from state.law.kagonou import Kagonou, Tetsuzuki
from state.law.kesson import FunouKesson
from state.law.movement import Movement
from state.law.saikoku import Saikoku
from state.law.shikkou_teishi import ShikkouTeishi
from state.law.tokusokujou import Tokusokujou
from state.law.uchiwake import Uchiwake
from state.law.yuuyo import Yuuyo
from state.receipt.account import ChouteiRireki, Receipt, ReceiptAccount
from state.receipt.seisan import Seisan
from state.record.build import record_types
from state.seiri import older, values
from state.seiri.event import Bubun, TetsuzukiTaken
from state.seiri.fact import SeiriFact
from state.seiri.shoukei_moto import ShoukeiMoto
from state.transfer import message_types

_LAW = (
    Bunnou, Kai, Waiver, Jiyuu, Juutou, Kagonou, Tetsuzuki, FunouKesson, Movement, Saikoku, ShikkouTeishi,
    Tokusokujou, Uchiwake, Yuuyo,
)  # fmt: skip
_SEIRI = (
    values.Kaisuu, values.Teishi, values.Keikoku, values.KibetsuSeiri, values.Shobun, values.KibetsuBubun,
    values.BunnouKiroku, values.Chousa, values.Seiribo, values.ShoukeiNoufu, values.ShoukeiRireki,
    ShoukeiMoto, Bubun,
)  # fmt: skip

CODEC = Codec(
    {
        "event/atena_changed": events.AtenaChanged,
        "event/choutei_established": events.ChouteiEstablished,
        "event/choutei_corrected": events.ChouteiCorrected,
        "event/choutei_cancelled": events.ChouteiCancelled,
        "event/shuunou_received": events.ShuunouReceived,
        "event/shuunou_reversed": events.ShuunouReversed,
        "event/kouza_furikae_failed": events.KouzaFurikaeFailed,
        "event/shuunou_assigned": events.ShuunouAssigned,
        "event/shoukei_returned": events.ShoukeiReturned,
        "event/kiroku_held": events.KirokuHeld,
        "event/kijunbi_advanced": events.KijunbiAdvanced,
        "event/tetsuzuki_taken": TetsuzukiTaken,
        "state/receipt_account": ReceiptAccount,
        "state/delinquency_case": DelinquencyCase,
        "state/kibetsu_seiri": values.KibetsuSeiri,
        "state/seiribo": values.Seiribo,
        "fact/ledger_fact": facts.LedgerFact,
        "fact/seiri_fact": SeiriFact,
        "matching/match_entry": facts.MatchEntry,
        "matching/matching_notice": facts.MatchingNotice,
        "deadletter/letter": facts.Letter,
        "audit/provision": facts.Provision,
        **message_types(),
        **record_types(),
    },
    nested={
        "ChouteiRireki": ChouteiRireki,
        "Receipt": Receipt,
        "ReceiptAccount": ReceiptAccount,
        "DelinquencyCase": DelinquencyCase,
        "Applied": facts.Applied,
        "Seisan": Seisan,
        **{cls.__name__: cls for cls in (*_LAW, *_SEIRI)},
    },
    mended={"state/seiribo": older.seiribo, "fact/seiri_fact": older.seiri_fact},
)

encode = CODEC.encode
decode = CODEC.decode
