"""照会用の表(最初の版)。

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "account",
    "receipt",
    "delinquency_case",
    "atena",
    "kiroku",
    "fact",
    "unmatched",
    "letter",
    "provision",
    "sink_problem",
    "position",
    "projection_meta",
)
KINDS: dict[str, type[Any]] = {
    "text": sa.Text,
    "big": sa.BigInteger,
    "number": sa.Integer,
    "day": sa.Date,
    "flag": sa.Boolean,
    "raw": sa.LargeBinary,
}


def _create(table: str, keys: str, columns: str) -> None:
    """Creates a table from lines of `kind: names`; a name that ends in `?` may be null."""
    made = []
    for line in columns.strip().splitlines():
        kind, _, names = line.partition(":")
        for name in names.split():
            made.append(sa.Column(name.rstrip("?"), KINDS[kind.strip()](), nullable=name.endswith("?")))
    key = sa.PrimaryKeyConstraint(*keys.split(), name=f"pk_{table}")
    op.create_table(table, *made, key)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{columns[0]}", table, list(columns))


def _create_account() -> None:
    _create(
        "account",
        "shuunou_key",
        """
        text: shuunou_key atena_bangou jichitai_code
        number: rireki_bangou
        flag: is_cancelled
        number: fuka_nendo
        text: zeimoku_code
        number: taishou_nendo
        text: tsuuchisho_bangou kibetsu_code
        number: choutei_nendo kaikei_nendo
        big: kibetsu_choutei_gaku shuunou_gaku
        day: noukigen houtei_noukigen? houtei_noukigen_tou? choutei_nengappi kousei_nengappi?
        number: kousei_kaisuu
        text: zuiki_flag? jiyuu_code?
        number: koufuri_funou_kaisuu
        flag: is_tainou
        day: tokusoku_due_on?
        big: minou_gaku kagonou_gaku
        text: fact_id
        big: fact_offset
        """,
    )
    _index("account", "atena_bangou")


def _create_receipt() -> None:
    _create(
        "receipt",
        "shuunou_key receipt_no",
        """
        text: shuunou_key receipt_no dankai
        big: kingaku
        day: ryoushuu_nengappi shuunou_nengappi nikkeibi torikomibi
        text: shuunou_kubun
        """,
    )


def _create_delinquency_case() -> None:
    _create(
        "delinquency_case",
        "atena_bangou",
        """
        text: atena_bangou joutai
        day: opened_on closed_on?
        big: tainou_kingaku
        number: tainou_kensuu kaisuu
        text: fact_id
        big: fact_offset
        """,
    )


def _create_atena() -> None:
    _create(
        "atena",
        "atena_bangou",
        """
        text: event_id source channel source_seq
        day: occurred_on
        big: recorded_at
        text: jichitai_code basis? atena_bangou
        number: rireki_bangou
        text: kojin_bangou? henshuuzumi_shimei_kana? henshuuzumi_shimei_kanji? atena_yuubin_bangou?
        text: atena_juusho_code? atena_juusho? atena_chiban? atena_katagaki_kana?
        text: atena_katagaki_kanji?
        day: seinengappi?
        text: seibetsu_kubun? henshuu_denwa_bangou? setai_bangou? tsuzukigara? tsuushoumei?
        text: kana_tsuushoumei? kojin_shubetsu? idou_kubun?
        day: idou_nengappi?
        text: zenjuusho?
        day: moushikomi_nengappi?
        text: furikae_kubun?
        day: kaishi_nengappi? haishi_nengappi?
        text: ginkou_code? shiten_code? kouza_bangou? yokin_shubetsu_kubun? meiginin_kana?
        text: meiginin_kanji?
        day: soufu_kaishi_nengappi? soufu_shuuryou_nengappi?
        text: soufusaki_shimei_kana? soufusaki_shimei_kanji? soufusaki_yuubin_bangou?
        text: soufusaki_juusho_code? soufusaki_juusho? soufusaki_juusho_chiban?
        text: soufusaki_katagaki_kana? soufusaki_katagaki_kanji? held
        """,
    )


def _create_kiroku() -> None:
    _create(
        "kiroku",
        "atena_bangou record record_key",
        """
        text: event_id source channel source_seq
        day: occurred_on
        big: recorded_at
        text: jichitai_code basis? atena_bangou record record_key
        number: rireki_bangou
        text: held
        """,
    )


def _create_fact() -> None:
    _create(
        "fact",
        "fact_id",
        """
        text: fact_id kind event_id source atena_bangou shuunou_key?
        big: kingaku
        day: occurred_on
        big: recorded_at
        number: partition
        big: offset
        """,
    )
    _index("fact", "atena_bangou")
    _index("fact", "shuunou_key")


def _create_unmatched() -> None:
    _create(
        "unmatched",
        "event_id shuunou_key",
        """
        text: notice_id status event_id shuunou_key receipt_no target_shuunou_key?
        big: shuunou_kingaku
        day: ryoushuu_nengappi?
        text: source source_seq
        big: recorded_at
        text: tantousha_code? riyuu?
        """,
    )
    _index("unmatched", "status")


def _create_letter() -> None:
    _create(
        "letter",
        "letter_id",
        """
        text: letter_id reason stage what expected found todo source origin topic?
        number: partition?
        big: offset?
        text: event_id?
        big: recorded_at
        raw: original_key? original
        """,
    )
    _index("letter", "reason", "recorded_at")


def _create_provision() -> None:
    _create(
        "provision",
        "seq chain hash",
        """
        big: seq
        text: chain
        raw: previous_hash
        text: transfer_id contract
        number: contract_version
        text: iten_saki legal_basis purpose atena_bangou shuunou_key fields left_out
        raw: body_hash
        text: fact_id
        big: recorded_at
        raw: hash
        """,
    )
    _index("provision", "atena_bangou")
    _index("provision", "contract")


def _create_sink_problem() -> None:
    _create(
        "sink_problem",
        "topic partition offset",
        """
        text: topic
        number: partition
        big: offset
        text: reason found
        """,
    )


def _create_position() -> None:
    _create(
        "position",
        "topic partition",
        """
        text: topic
        number: partition
        big: next_offset
        """,
    )


def _create_projection_meta() -> None:
    _create(
        "projection_meta",
        "name",
        """
        text: name value
        """,
    )


def upgrade() -> None:
    """照会用の表を作る。"""
    _create_account()
    _create_receipt()
    _create_delinquency_case()
    _create_atena()
    _create_kiroku()
    _create_fact()
    _create_unmatched()
    _create_letter()
    _create_provision()
    _create_sink_problem()
    _create_position()
    _create_projection_meta()


def downgrade() -> None:
    """照会用の表を消す: nothing is lost, since all of it is read again from Kafka."""
    for table in TABLES:
        op.drop_table(table)
