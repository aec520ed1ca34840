"""符号器: the one codec of the hub, with every value type registered under its schema."""

from __future__ import annotations

from schemas.codec import Codec
from state import events, facts
from state.delinquency.case import DelinquencyCase
from state.receipt.account import ChouteiRireki, Receipt, ReceiptAccount
from state.transfer import message_types

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
        "event/kiroku_held": events.KirokuHeld,
        "event/kijunbi_advanced": events.KijunbiAdvanced,
        "state/receipt_account": ReceiptAccount,
        "state/delinquency_case": DelinquencyCase,
        "fact/ledger_fact": facts.LedgerFact,
        "matching/match_entry": facts.MatchEntry,
        "matching/matching_notice": facts.MatchingNotice,
        "deadletter/letter": facts.Letter,
        "audit/provision": facts.Provision,
        **message_types(),
    },
    nested={
        "ChouteiRireki": ChouteiRireki,
        "Receipt": Receipt,
        "ReceiptAccount": ReceiptAccount,
        "DelinquencyCase": DelinquencyCase,
        "Applied": facts.Applied,
    },
)

encode = CODEC.encode
decode = CODEC.decode
