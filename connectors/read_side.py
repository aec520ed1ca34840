"""照会: what staff ask of the projection, as plain values; nothing here writes or prints.

Names and addresses are returned as they are; the ciphertext of 個人番号 and 口座番号 is never read out, the sealed
originals of dead letters only by `sealed_letters`. Amounts are yen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Engine, Table

import schemas
from connectors.tables import (
    ACCOUNT,
    ATENA,
    DELINQUENCY_CASE,
    FACT,
    LETTER,
    MOVEMENT,
    PROVISION,
    RECEIPT,
    SINK_PROBLEM,
    UNMATCHED,
    newest,
)
from state.delinquency.case import OPEN, DelinquencyCase
from state.law.movement import OWED, SHUUNOU
from state.law.movement import TORIKESHI as SHUUNOU_TORIKESHI
from state.receipt.account import TORIKESHI, Receipt

HELD = "held"
FACTS_SHOWN = 100
_KEY_PARTS = schemas.load_toml("layout/shuunou_key")["parts"]
BILL = sum(part["length"] for part in _KEY_PARTS if part["name"] != "kibetsu_code")
"""What of a 収納キー names the bill; the 期別 is its last part (a test holds the layout to it)."""
_CONFIDENTIAL = frozenset(
    field["name"]
    for field in schemas.load_avsc(newest("event/atena_changed"))["fields"]
    if "confidential" in field
)


class FactRow(NamedTuple):
    """事実: one line of the history."""

    kind: str
    kingaku: int
    occurred_on: date
    recorded_at: int
    source: str
    fact_id: str


class AccountView(NamedTuple):
    """期別の姿: `items` are the columns of the account by name, `zeimoku` the short name of its 税目."""

    items: Mapping[str, Any]
    zeimoku: str
    receipts: tuple[Receipt, ...]
    facts: tuple[FactRow, ...]


class HeldNoufu(NamedTuple):
    """保留中の納付: a payment whose bill is unknown."""

    event_id: str
    shuunou_key: str
    shuunou_kingaku: int
    ryoushuu_nengappi: date | None
    source: str
    recorded_at: int


class PersonView(NamedTuple):
    """人の姿: `atena` without its confidential items, None when no 宛名 is known."""

    atena_bangou: str
    atena: Mapping[str, Any] | None
    accounts: tuple[Mapping[str, Any], ...]
    case: DelinquencyCase | None
    held: tuple[HeldNoufu, ...]


class ZeimokuTotal(NamedTuple):
    """税目ごとの計。"""

    zeimoku_code: str
    zeimoku: str
    accounts: int
    choutei_gaku: int
    shuunou_gaku: int
    minou_gaku: int
    kagonou_gaku: int


class Count(NamedTuple):
    """内訳の一行: a name (contract, reason) and how many."""

    name: str
    kensuu: int


class Summary(NamedTuple):
    """全体の姿。"""

    accounts: int
    persons: int
    persons_in_tainou: int
    tainou_kingaku: int
    totals: tuple[ZeimokuTotal, ...]
    unmatched: int
    unmatched_kingaku: int
    transfers: tuple[Count, ...]
    letters: tuple[Count, ...]
    facts: int
    sink_problems: int


class LetterRow(NamedTuple):
    """受入拒否の一行: without the original."""

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


class Balance(NamedTuple):
    """突き合わせの一行: of one 会計年度×税目×期別, 調定 + 精算 − 収納 = 未納 − 過誤納, 収納 recomputed from its receipts.

    精算 is what movements other than receipts made of it (還付, 充当, 不納欠損, 附随調定 and the like). `sa_gaku` is
    the difference in yen, `sa_kensuu` the number of accounts whose rows do not agree; both must be 0.
    """

    kaikei_nendo: int | None
    zeimoku_code: str | None
    kibetsu_code: str | None
    accounts: int
    choutei_gaku: int
    shuunou_gaku: int
    minou_gaku: int
    kagonou_gaku: int
    sa_gaku: int
    sa_kensuu: int
    seisan_gaku: int


class Conservation(NamedTuple):
    """金額の保存: every group, and all of them together."""

    groups: tuple[Balance, ...]
    total: Balance

    @property
    def is_exact(self) -> bool:
        """一致: 0 yen and 0 accounts; the only pass."""
        return all(group.sa_gaku == group.sa_kensuu == 0 for group in (*self.groups, self.total))


def account(engine: Engine, shuunou_key: str) -> AccountView | None:
    """期別を引く: by 収納キー, with its receipts and its latest facts (newest last); None when there is none."""
    with engine.connect() as connection:
        found = _rows(connection, sa.select(ACCOUNT).where(ACCOUNT.c.shuunou_key == shuunou_key))
        if not found:
            return None
        receipts = sa.select(*_fields(RECEIPT, Receipt)).where(RECEIPT.c.shuunou_key == shuunou_key)
        receipts = receipts.order_by(RECEIPT.c.ryoushuu_nengappi, RECEIPT.c.receipt_no)
        facts = sa.select(*_fields(FACT, FactRow)).where(FACT.c.shuunou_key == shuunou_key)
        facts = facts.order_by(FACT.c.partition.desc(), FACT.c.offset.desc()).limit(FACTS_SHOWN)
        return AccountView(
            found[0],
            _zeimoku(found[0]["zeimoku_code"]),
            tuple(Receipt(*row) for row in connection.execute(receipts)),
            tuple(FactRow(*row) for row in connection.execute(facts))[::-1],
        )


def person(engine: Engine, atena_bangou: str) -> PersonView | None:
    """人を引く: by 宛名番号, with accounts, case and held payments; None when nothing at all is known.

    A held payment has no owner yet; those are shown whose 収納キー differs from one of theirs in the 期別 alone.
    """
    with engine.connect() as connection:
        shown = [column for column in ATENA.columns if column.name not in _CONFIDENTIAL]
        atena = _rows(connection, sa.select(*shown).where(ATENA.c.atena_bangou == atena_bangou))
        asked = sa.select(ACCOUNT).where(ACCOUNT.c.atena_bangou == atena_bangou)
        accounts = _rows(connection, asked.order_by(ACCOUNT.c.shuunou_key))
        case = connection.execute(
            sa.select(*_fields(DELINQUENCY_CASE, DelinquencyCase)).where(
                DELINQUENCY_CASE.c.atena_bangou == atena_bangou
            )
        ).first()
        if not (atena or accounts or case):
            return None
        bills = {row["shuunou_key"][:BILL] for row in accounts}
        is_theirs = sa.func.substr(UNMATCHED.c.shuunou_key, 1, BILL).in_(sorted(bills))
        return PersonView(
            atena_bangou,
            atena[0] if atena else None,
            tuple(accounts),
            DelinquencyCase(*case) if case else None,
            _held(connection, is_theirs),
        )


def held_noufu(engine: Engine, limit: int = 1_000) -> tuple[HeldNoufu, ...]:
    """保留中の納付: the oldest first."""
    with engine.connect() as connection:
        return _held(connection, sa.true(), limit)


def summary(engine: Engine) -> Summary:
    """全体を引く: accounts, people in arrears, totals by 税目, what is held, transferred and refused."""
    with engine.connect() as connection:
        is_open = DELINQUENCY_CASE.c.joutai == OPEN
        in_tainou, tainou = connection.execute(
            sa.select(_count(), _sum(DELINQUENCY_CASE.c.tainou_kingaku)).where(is_open)
        ).one()
        unmatched, yen = connection.execute(_held_receipts()).one()
        totals = _totals(connection)
        return Summary(
            accounts=sum(total.accounts for total in totals),
            persons=_number(connection, ATENA),
            persons_in_tainou=in_tainou,
            tainou_kingaku=int(tainou),
            totals=totals,
            unmatched=unmatched,
            unmatched_kingaku=int(yen),
            transfers=_counts(connection, PROVISION.c.contract),
            letters=_counts(connection, LETTER.c.reason),
            facts=_number(connection, FACT),
            sink_problems=_number(connection, SINK_PROBLEM),
        )


def _held_receipts() -> sa.Select[Any]:
    """How many receipts are held, and their yen: the 速報 and the 確報 of one receipt are one payment."""
    own = UNMATCHED.c
    amount = sa.func.max(own.shuunou_kingaku).label("yen")
    each = sa.select(own.shuunou_key, own.receipt_no, amount).where(own.status == HELD)
    of = each.group_by(own.shuunou_key, own.receipt_no).subquery()
    return sa.select(_count(), _sum(of.c.yen)).select_from(of)


def letters(engine: Engine, reason: str | None = None, limit: int = 100) -> tuple[LetterRow, ...]:
    """受入拒否の一覧: the newest first, of one reason code when given."""
    asked = sa.select(*_fields(LETTER, LetterRow)).order_by(LETTER.c.recorded_at.desc(), LETTER.c.letter_id)
    if reason is not None:
        asked = asked.where(LETTER.c.reason == reason)
    with engine.connect() as connection:
        return tuple(LetterRow(*row) for row in connection.execute(asked.limit(limit)))


def letter(engine: Engine, letter_id: str) -> LetterRow | None:
    """受入拒否を引く: None when there is none of this id."""
    asked = sa.select(*_fields(LETTER, LetterRow)).where(LETTER.c.letter_id == letter_id)
    with engine.connect() as connection:
        row = connection.execute(asked).first()
    return LetterRow(*row) if row else None


def sealed_letters(engine: Engine, beginning: str) -> tuple[dict[str, Any], ...]:
    """封のままの受入拒否: at most two whose id begins so, with the sealed original, for who sends it again."""
    asked = sa.select(LETTER).where(LETTER.c.letter_id.startswith(beginning, autoescape=True)).limit(2)
    with engine.connect() as connection:
        return tuple(dict(row) for row in connection.execute(asked).mappings())


def conservation(engine: Engine) -> Conservation:
    """金額の保存を確かめる: the accounts' own figures against their receipts, per group and in total."""
    with engine.connect() as connection:
        groups = tuple(_balance(*row) for row in connection.execute(_balances()))
        orphans, yen = connection.execute(_orphans()).one()
    sums = [sum(group[4:][n] for group in groups) for n in range(len(Balance._fields[4:]))]
    total = Balance(None, None, None, sum(group.accounts for group in groups), *sums)
    # receipts of an account that is not there belong to no group, but they are money
    sa_gaku, sa_kensuu = total.sa_gaku - int(yen), total.sa_kensuu + orphans
    return Conservation(groups, total._replace(sa_gaku=sa_gaku, sa_kensuu=sa_kensuu))


def _balance(nendo: int, zeimoku: str, kibetsu: str, *figures: Any) -> Balance:
    return Balance(nendo, zeimoku, kibetsu, *map(int, figures))  # some databases sum to a Decimal


def _balances() -> sa.Select[Any]:
    counted = sa.case((RECEIPT.c.dankai == TORIKESHI, 0), else_=RECEIPT.c.kingaku)
    received = sa.select(RECEIPT.c.shuunou_key, sa.func.sum(counted).label("yen")).group_by(
        RECEIPT.c.shuunou_key
    )
    of, moved = received.subquery(), _moved().subquery()
    shuunou, seisan = sa.func.coalesce(of.c.yen, 0), sa.func.coalesce(moved.c.yen, 0)
    own = ACCOUNT.c
    difference = own.kibetsu_choutei_gaku + seisan - shuunou - (own.minou_gaku - own.kagonou_gaku)
    disagrees = sa.case((sa.or_(difference != 0, own.shuunou_gaku != shuunou), 1), else_=0)
    group = (own.kaikei_nendo, own.zeimoku_code, own.kibetsu_code)
    owed = (own.minou_gaku, own.kagonou_gaku)
    sums = (own.kibetsu_choutei_gaku, shuunou, *owed, difference, disagrees, seisan)
    return (
        sa.select(*group, _count(), *map(_sum, sums))
        .select_from(
            ACCOUNT.outerjoin(of, of.c.shuunou_key == own.shuunou_key).outerjoin(
                moved, moved.c.shuunou_key == own.shuunou_key
            )
        )
        .group_by(*group)
        .order_by(*group)
    )


def _moved() -> sa.Select[Any]:
    """By how much movements changed what is owed of each 期別; those of receipts stand in the receipts."""
    own = MOVEMENT.c
    signs = {kind: sign for kind, sign in OWED.items() if kind not in (SHUUNOU, SHUUNOU_TORIKESHI)}
    change = own.kingaku * sa.case(signs, value=own.kind, else_=0)
    return sa.select(own.shuunou_key, sa.func.sum(change).label("yen")).group_by(own.shuunou_key)


def _orphans() -> sa.Select[Any]:
    is_known = sa.exists().where(ACCOUNT.c.shuunou_key == RECEIPT.c.shuunou_key)
    keys = sa.func.count(sa.distinct(RECEIPT.c.shuunou_key))
    return sa.select(keys, _sum(RECEIPT.c.kingaku)).where(~is_known, RECEIPT.c.dankai != TORIKESHI)


def _totals(connection: Connection) -> tuple[ZeimokuTotal, ...]:
    own = ACCOUNT.c
    sums = map(_sum, (own.kibetsu_choutei_gaku, own.shuunou_gaku, own.minou_gaku, own.kagonou_gaku))
    asked = (
        sa.select(own.zeimoku_code, _count(), *sums).group_by(own.zeimoku_code).order_by(own.zeimoku_code)
    )
    return tuple(
        ZeimokuTotal(code, _zeimoku(code), *map(int, figures))
        for code, *figures in connection.execute(asked)
    )


def _held(connection: Connection, where: Any, limit: int = 1_000) -> tuple[HeldNoufu, ...]:
    asked = sa.select(*_fields(UNMATCHED, HeldNoufu)).where(UNMATCHED.c.status == HELD, where)
    asked = asked.order_by(UNMATCHED.c.recorded_at, UNMATCHED.c.event_id).limit(limit)
    return tuple(HeldNoufu(*row) for row in connection.execute(asked))


def _counts(connection: Connection, column: Column[Any]) -> tuple[Count, ...]:
    asked = sa.select(column, _count()).group_by(column).order_by(column)
    return tuple(Count(name, kensuu) for name, kensuu in connection.execute(asked))


def _number(connection: Connection, table: Table) -> int:
    return connection.execute(sa.select(_count()).select_from(table)).scalar_one()


def _rows(connection: Connection, asked: sa.Select[Any]) -> list[Mapping[str, Any]]:
    return [dict(row) for row in connection.execute(asked).mappings()]


def _fields(table: Table, kind: Any) -> Iterable[Column[Any]]:
    return [table.c[name] for name in kind._fields]


def _count() -> Any:
    return sa.func.count()


def _sum(of: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(of), 0)


def _zeimoku(code: str) -> str:
    """The short name of a 税目, or its code when the list has none."""
    return next((row["short"] for row in schemas.load_csv("code/zeimoku") if row["code"] == code), code)
