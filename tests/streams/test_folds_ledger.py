"""台帳の畳み込み: days, persons, held records; the steps of accounts are in the tables of tests/state."""

from __future__ import annotations

from datetime import date

import pytest

from state import wire
from streams import ledger
from tests import given
from tests.streams.memory_hub import CIPHER, KIJUNBI, Hub


@pytest.fixture
def hub() -> Hub:
    """An empty hub."""
    return Hub()


def test_the_agenda_brings_back_accounts_on_their_days(hub: Hub) -> None:
    july, august = date(2026, 7, 31), date(2026, 8, 31)
    hub.tell(
        given.kijunbi(date(2026, 6, 1)),
        given.choutei(),
        given.choutei(key=given.shuunou_key(2), noukigen=july),
        given.choutei(key=given.shuunou_key(3), noukigen=august, atena_bangou=given.OTHER_PERSON),
    )
    seen = []
    for day in ("2026-06-30", "2026-07-01", "2026-07-20", "2026-07-31", "2026-08-20", "2026-09-30"):
        before = len(hub.facts)
        hub.tell(given.kijunbi(date.fromisoformat(day)))
        seen.append(
            [f"{int((f.shuunou_key or '')[16:])}期{f.kind}" for f in hub.facts[before:] if f.account]
        )
    assert seen == [
        [],
        ["1期TainouStarted"],
        ["1期TokusokuBecameDue"],
        [],
        ["2期TainouStarted"],
        ["3期TainouStarted"],
    ]
    due = {key: account.tokusoku_due_on for key, account in hub.accounts().items()}
    assert list(due.values()) == [date(2026, 7, 20), date(2026, 8, 20), date(2026, 9, 20)]
    assert not hub.rows(hub.ledger, ledger.AGENDA.tag), "everything is done"
    assert (hub.case().tainou_kensuu, hub.case(given.OTHER_PERSON).tainou_kensuu) == (2, 1)


def test_a_day_in_parts_comes_to_what_it_comes_to_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> Hub:
        made = Hub().tell(
            *(given.choutei(key=given.shuunou_key(number)) for number in range(1, 6)),
            given.choutei(key=given.shuunou_key(6), atena_bangou=given.OTHER_PERSON),
            given.received(key=given.shuunou_key(2)),
        )
        made.batch(KIJUNBI, [given.kijunbi(date(2026, 7, 10)), given.kijunbi(date(2026, 8, 20))])
        return made

    whole = told()
    monkeypatch.setattr(ledger, "AT_ONCE", 2)
    parts = told()
    assert [fact.kind for fact in whole.facts].count("TokusokuBecameDue") == 5
    assert parts.facts == whole.facts
    assert parts.ledger.store.rows == whole.ledger.store.rows
    assert (whole.ledger.commits, parts.ledger.commits) == (8, 8 + 2 + 2)


def test_what_is_paid_leaves_no_trace_on_the_day(hub: Hub) -> None:
    hub.tell(given.choutei(), given.received(), given.kijunbi(date(2026, 8, 1)))
    assert hub.case() is None and not hub.rows(hub.ledger, ledger.AGENDA.tag)


def test_a_day_that_goes_back_is_refused_and_the_same_day_is_not(hub: Hub) -> None:
    hub.tell(given.choutei(), given.kijunbi(date(2026, 7, 10)), given.kijunbi(date(2026, 7, 10)))
    assert not hub.letters
    hub.tell(given.kijunbi(date(2026, 7, 9)))
    assert [letter.reason for letter in hub.letters] == ["R-501"]
    reached = wire.decode(hub.rows(hub.ledger, ledger.KIJUNBI.tag)[ledger.TODAY])
    assert reached.kijunbi == date(2026, 7, 10)


def test_several_days_in_one_batch_are_all_reached(hub: Hub) -> None:
    hub.tell(given.choutei())
    hub.batch(KIJUNBI, [given.kijunbi(date(2026, month, 1)) for month in (7, 8, 6)])
    assert [letter.reason for letter in hub.letters] == ["R-501"]
    kinds = [fact.kind for fact in hub.facts]
    assert kinds == ["ChouteiPosted", "TainouStarted", "TainouCaseOpened", "TokusokuBecameDue"]


def test_persons_and_records_go_on_as_they_came(hub: Hub) -> None:
    person, record = given.atena(2), given.kiroku(1)
    hub.tell(person, given.atena(1), person, record, record)
    sent = [(o.topic, o.key, o.value, o.partition) for o in hub.ledger.outputs]
    assert sent == [
        (ledger.ATENA_OUT, given.PERSON.encode(), wire.encode(person), 0),
        (ledger.KIROKU_OUT, f"tainou_kazoku/{given.PERSON}/1".encode(), wire.encode(record), 0),
    ]
    hub.tell(given.atena(2, seibetsu_kubun="1"))
    assert [letter.reason for letter in hub.letters] == ["R-405"]


def test_numbers_in_clear_are_refused(hub: Hub) -> None:
    """個人番号 and 口座番号 are ciphertext from ingest on; a message that brings them in clear must not pass."""
    sealed = CIPHER.seal_text("000000000000", f"kojin_bangou/{given.PERSON}")
    hub.tell(given.atena(1, kojin_bangou=sealed))
    assert len(hub.ledger.sent(ledger.ATENA_OUT)) == 1 and not hub.letters
    hub.tell(given.atena(2, kojin_bangou="000000000000"), given.atena(3, kouza_bangou="0000000"))
    assert len(hub.ledger.sent(ledger.ATENA_OUT)) == 1
    assert len(hub.letters) == 2
