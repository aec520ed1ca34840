"""整理の表と、期別の精算・保持項目。

Revision ID: 0002
Revises: 0001

The account gains columns that older rows lack: the position of its topic is forgotten, so that all facts are
read again from Kafka and fill them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("seiri_fact", "movement", "kibetsu_seiri", "seiribo")


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{columns[0]}", table, list(columns))


def _create_seiri_fact() -> None:
    op.create_table(
        "seiri_fact",
        *(_text(name) for name in ("fact_id", "kind", "event_id", "source", "atena_bangou")),
        _text("shuunou_key", nullable=True),
        _text("bangou", nullable=True),
        _big("kingaku"),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        _big("recorded_at"),
        _text("applied"),
        _number("partition"),
        _big("offset"),
        sa.PrimaryKeyConstraint("fact_id", name="pk_seiri_fact"),
    )
    _index("seiri_fact", "atena_bangou")
    _index("seiri_fact", "shuunou_key")
    _index("seiri_fact", "kind", "on")


def _create_movement() -> None:
    op.create_table(
        "movement",
        _text("fact_id"),
        _number("number"),
        sa.Column("on", sa.Date(), nullable=False),
        _text("shuunou_key"),
        *(_number(name) for name in ("fuka_nendo", "choutei_nendo", "kaikei_nendo")),
        *(_text(name) for name in ("zeimoku_code", "kibetsu_code", "kind", "kamoku", "channel")),
        _big("kingaku"),
        sa.PrimaryKeyConstraint("fact_id", "number", name="pk_movement"),
    )
    _index("movement", "shuunou_key")
    _index("movement", "kaikei_nendo", "zeimoku_code")


def _create_values() -> None:
    op.create_table(
        "kibetsu_seiri",
        _text("shuunou_key"),
        _text("atena_bangou"),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        _text("fact_id"),
        sa.PrimaryKeyConstraint("shuunou_key", name="pk_kibetsu_seiri"),
    )
    _index("kibetsu_seiri", "atena_bangou")
    op.create_table(
        "seiribo",
        _text("atena_bangou"),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        _text("fact_id"),
        sa.PrimaryKeyConstraint("atena_bangou", name="pk_seiribo"),
    )


def upgrade() -> None:
    """表を加える。"""
    _create_seiri_fact()
    _create_movement()
    _create_values()
    op.add_column("account", _text("seisan", nullable=True))
    op.add_column("account", sa.Column("held", sa.Text(), nullable=False, server_default="{}"))
    op.execute("DELETE FROM position WHERE topic = 'ledger.fact.v1'")


def downgrade() -> None:
    """表を除く: nothing is lost, since all of it is read again from Kafka."""
    with op.batch_alter_table("account") as account:
        account.drop_column("held")
        account.drop_column("seisan")
    for table in TABLES:
        op.drop_table(table)
