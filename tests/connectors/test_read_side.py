"""照会: the figures that staff read, against the same figures counted from the messages themselves."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

import schemas
from connectors import read_side
from connectors.migrations import migrate
from connectors.sink_projection import Store
from connectors.tables import ACCOUNT, RECEIPT, engine_for
from state.receipt.account import SOKUHOU, TORIKESHI, ReceiptAccount
from tests.connectors.synthetic_facts import (
    SCHEMAS,
    Message,
    account,
    as_spans,
    atena,
    fact,
    letter,
    messages,
    notice,
    provision,
    receipt,
)

TOPICS = {schema: f"test.{schema.replace('/', '.')}" for schema in SCHEMAS}
CITY = messages(persons=40, seed=20260401)


def _filled(url: str, given: list[Message]) -> Engine:
    """A database that has kept these messages."""
    migrate(url)
    store = Store(url, {topic: [schema] for schema, topic in TOPICS.items()})
    starts = {(topic, 0): 0 for topic in TOPICS.values()}
    store.begin({"cluster_id": "test"}, starts)
    store.keep(as_spans(given, TOPICS, starts))
    assert store.problems() == 0
    store.close()
    return engine_for(url)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Engine]:
    """The synthetic city in a SQLite database."""
    engine = _filled(f"sqlite:///{tmp_path}/city.db", CITY)
    yield engine
    engine.dispose()


def _last_accounts() -> dict[str, ReceiptAccount]:
    facts = [m.value for m in CITY if m.schema == "fact/ledger_fact"]
    return {f.account.shuunou_key: f.account for f in facts}


def test_summary_counts_what_the_messages_say(city: Engine) -> None:
    found = read_side.summary(city)
    accounts = _last_accounts().values()
    assert found.accounts == len(accounts)
    assert found.persons == 40
    for total in found.totals:
        own = [a for a in accounts if a.zeimoku_code == total.zeimoku_code]
        assert total.accounts == len(own)
        assert total.choutei_gaku == sum(a.kibetsu_choutei_gaku for a in own)
        assert total.shuunou_gaku == sum(a.shuunou_gaku for a in own)
        assert total.minou_gaku == sum(a.minou_gaku for a in own)
        assert total.kagonou_gaku == sum(a.kagonou_gaku for a in own)
    assert [total.zeimoku for total in found.totals] == ["市県民税", "固定資産税", "軽自動車税", "国保税"]


def test_summary_counts_cases_held_noufu_transfers_and_letters(city: Engine) -> None:
    found = read_side.summary(city)
    cases = {
        m.value.case.atena_bangou: m.value.case for m in CITY if m.schema == SCHEMAS[0] and m.value.case
    }
    open_cases = [case for case in cases.values() if case.joutai == "open"]
    assert (found.persons_in_tainou, found.tainou_kingaku) == (
        len(open_cases),
        sum(case.tainou_kingaku for case in open_cases),
    )
    notices = {m.value.event_id: m.value for m in CITY if m.schema == "matching/matching_notice"}
    held = [n for n in notices.values() if n.kind == "held"]
    assert 0 < len(held) < len(notices)
    assert (found.unmatched, found.unmatched_kingaku) == (len(held), sum(n.shuunou_kingaku for n in held))
    assert found.transfers == (read_side.Count("zeimuka", 80),)
    reasons = Counter(m.value.reason for m in CITY if m.schema == "deadletter/letter")
    assert found.letters == tuple(read_side.Count(*pair) for pair in sorted(reasons.items()))
    assert found.facts == sum(m.schema == "fact/ledger_fact" for m in CITY)
    assert found.sink_problems == 0


def test_account_shows_its_receipts_and_its_history(city: Engine) -> None:
    key, wanted = next((k, a) for k, a in sorted(_last_accounts().items()) if len(a.receipts) == 3)
    found = read_side.account(city, key)
    assert found is not None
    assert found.items["minou_gaku"] == wanted.minou_gaku
    assert found.items["noukigen"] == wanted.noukigen
    assert sorted(found.receipts) == sorted(wanted.receipts)
    assert [row.kind for row in found.facts] == [
        "ChouteiEstablished",
        *["ShuunouPosted"] * 3,
        "TainouOpened",
    ]
    assert read_side.account(city, "9" * 18) is None


def test_person_shows_everything_but_what_is_confidential(city: Engine) -> None:
    found = read_side.person(city, "0000000007")
    assert found is not None and found.atena is not None
    assert found.atena["henshuuzumi_shimei_kanji"] == "試験 7号"
    assert not {"kojin_bangou", "kouza_bangou"} & set(found.atena)
    assert "enc1:" not in repr(found)
    assert [row["kibetsu_code"] for row in found.accounts] == ["01", "02", "03", "04"]
    assert found.case is not None and found.case.atena_bangou == "0000000007"
    assert read_side.person(city, "9999999999") is None


def test_person_shows_held_noufu_of_the_same_bill(tmp_path: Path) -> None:
    own = account(5, 1, 10_000)
    unknown_kibetsu = notice(1, "held")._replace(shuunou_key=own.shuunou_key[:-2] + "09")
    other_bill = notice(2, "held")
    given = [Message("matching/matching_notice", n.shuunou_key, n) for n in (unknown_kibetsu, other_bill)]
    given += [Message("fact/ledger_fact", own.atena_bangou, fact("ChouteiEstablished", own, 0))]
    engine = _filled(f"sqlite:///{tmp_path}/held.db", given)
    found = read_side.person(engine, own.atena_bangou)
    assert found is not None
    assert [held.event_id for held in found.held] == [unknown_kibetsu.event_id]
    assert len(read_side.held_noufu(engine)) == 2


def test_layout_of_the_key_ends_in_the_kibetsu() -> None:
    assert schemas.load_toml("layout/shuunou_key")["parts"][-1]["name"] == "kibetsu_code"


def test_letters_newest_first_by_reason_and_without_the_original(tmp_path: Path) -> None:
    given = [letter(1), letter(2, "R-207"), letter(3)]
    engine = _filled(
        f"sqlite:///{tmp_path}/l.db", [Message("deadletter/letter", m.letter_id, m) for m in given]
    )
    assert [row.letter_id for row in read_side.letters(engine)] == ["letter-3", "letter-2", "letter-1"]
    assert [row.letter_id for row in read_side.letters(engine, reason="R-207")] == ["letter-2"]
    assert [row.letter_id for row in read_side.letters(engine, limit=1)] == ["letter-3"]
    found = read_side.letter(engine, "letter-2")
    assert found is not None and (found.topic, found.offset) == ("ido.shuunou-convenience.v1", 2)
    assert "enc1" not in repr(read_side.letters(engine))
    assert read_side.letter(engine, "letter-9") is None


def test_transfers_are_counted_per_contract(tmp_path: Path) -> None:
    given = [provision(1), provision(2, "hokennenkinka_zei"), provision(3)]
    engine = _filled(f"sqlite:///{tmp_path}/p.db", [Message("audit/provision", "0", m) for m in given])
    assert read_side.summary(engine).transfers == (
        read_side.Count("hokennenkinka_zei", 1),
        read_side.Count("zeimuka", 2),
    )


def test_conservation_of_the_city_is_exact(city: Engine) -> None:
    found = read_side.conservation(city)
    accounts = _last_accounts().values()
    assert found.is_exact
    assert (found.total.sa_gaku, found.total.sa_kensuu) == (0, 0)
    assert found.total.accounts == len(accounts)
    assert found.total.choutei_gaku == sum(a.kibetsu_choutei_gaku for a in accounts)
    assert found.total.shuunou_gaku == sum(
        r.kingaku for a in accounts for r in a.receipts if r.dankai != TORIKESHI
    )
    groups = {(a.kaikei_nendo, a.zeimoku_code, a.kibetsu_code) for a in accounts}
    assert {group[:3] for group in found.groups} == groups


@pytest.mark.parametrize(
    ("change", "yen", "accounts"),
    [
        pytest.param(sa.update(RECEIPT).values(kingaku=RECEIPT.c.kingaku + 1), -1, 1, id="領収が1円多い"),
        pytest.param(
            sa.update(ACCOUNT).values(minou_gaku=ACCOUNT.c.minou_gaku + 1), -1, 1, id="未納が1円多い"
        ),
        pytest.param(
            sa.update(ACCOUNT).values(shuunou_gaku=ACCOUNT.c.shuunou_gaku + 1), 0, 1, id="収納だけ違う"
        ),
        pytest.param(sa.delete(RECEIPT), 600, 1, id="領収がない"),
        pytest.param(sa.delete(ACCOUNT), -600, 1, id="領収の属する期別がない"),
    ],
)
def test_conservation_finds_every_yen(tmp_path: Path, change: sa.Update, yen: int, accounts: int) -> None:
    own = account(1, 1, 1_000, [receipt(1, 600), receipt(2, 400, TORIKESHI)])
    other = account(2, 1, 1_000, [receipt(3, 1_500, SOKUHOU)])
    given = [Message("fact/ledger_fact", a.atena_bangou, fact("ShuunouPosted", a, 0)) for a in (own, other)]
    engine = _filled(f"sqlite:///{tmp_path}/c.db", given)
    assert read_side.conservation(engine).is_exact
    table = change.table
    keys = [table.c.shuunou_key == own.shuunou_key]
    if table is RECEIPT:
        keys.append(RECEIPT.c.receipt_no == own.receipts[0].receipt_no)
    with engine.begin() as connection:
        connection.execute(change.where(*keys))
    found = read_side.conservation(engine)
    assert not found.is_exact
    assert (found.total.sa_gaku, found.total.sa_kensuu) == (yen, accounts)


def test_postgresql_gives_the_same_answers(city: Engine, database_url: str) -> None:
    other = _filled(database_url, CITY)
    key = sorted(_last_accounts())[5]
    for ask in (
        read_side.summary,
        read_side.conservation,
        read_side.held_noufu,
        read_side.letters,
        lambda engine: read_side.account(engine, key),
        lambda engine: read_side.person(engine, key[6:16]),
    ):
        assert ask(other) == ask(city)
    other.dispose()


def test_atena_is_the_newest(tmp_path: Path) -> None:
    given = [atena(1), atena(1, rireki=2)._replace(atena_juusho="小平市仲町")]
    engine = _filled(f"sqlite:///{tmp_path}/a.db", [Message("event/atena_changed", "1", m) for m in given])
    found = read_side.person(engine, "0000000001")
    assert found is not None and found.atena is not None
    assert (found.atena["rireki_bangou"], found.atena["atena_juusho"]) == (2, "小平市仲町")
