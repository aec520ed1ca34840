"""監査(手続): a hub that books acts of the office passes; each fault that is planted among them is found.

Acts that move money are planted as a whole (act, row, facts of both kinds), so that what a later fault
changes is seen against a ledger that the auditor holds to be right.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from state import wire
from state.law.movement import Movement
from state.law.uchiwake import Uchiwake
from state.receipt.account import KAKUHOU, Receipt, ReceiptAccount
from state.receipt.seisan import Seisan
from state.seiri.event import TetsuzukiTaken
from streams.cli import app
from streams.settings import settings
from tests import given
from tests.connectors.audited_hub import (
    DAYS,
    AuditedHub,
    Sent,
    assert_sound,
    at_rest,
    audited,
    bill,
    figures,
    key_of,
    kijunbi,
    last_row,
    named,
    paid,
    started_hub,
)
from tests.connectors.planted_acts import ON, SEIRI_FACT, TETSUZUKI, Planter, act, moved, told, who

LATER = 77
"""A person whose bill comes after the act on it."""


def acts(person: int) -> Iterator[Sent]:
    """What the office did about one person."""
    one = key_of(person, 1)
    sent = act(person, "NoutsuuSent", key=one)
    yield told(sent)
    yield told(act(person, "TantouAssigned", tantousha_code=f"T{person:03d}"))
    yield told(act(person, "NoutsuuReturned", key=one))
    if person % 3 == 0:  # said again twice, and another thing under the same number
        yield told(sent)
        yield told(sent._replace(source_seq="fedcba9876543210:1"))
        yield told(sent._replace(on=DAYS[0], occurred_on=DAYS[0]))
    if person % 3 == 1:  # about a bill that nobody has, and no act at all
        yield told(act(person, "NoutsuuSent", "2", given.shuunou_key(9, tsuuchisho=person)))
        yield told(act(person, "NoSuchAct"))
        yield Sent(TETSUZUKI, who(person), b"\x01not ours")
    if person % 3 == 2:  # on the topic of answers
        yield told(act(person, "RankSet", code="A"), "ido.chousa-kaitou.v1")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditedHub]:
    """The hub at work."""
    with started_hub(tmp_path_factory.mktemp("acts")) as hub:
        for person in range(1, 13):
            hub.send(*(bill(person, kibetsu) for kibetsu in range(1, 5)))
            hub.send(paid(given.confirmed(f"cvs:{person}", 10_000, key=key_of(person, 2))))
        hub.settle()
        hub.send(*kijunbi(DAYS[0]), *(message for person in range(1, 13) for message in acts(person)))
        hub.send(told(act(LATER, "NoutsuuReturned", key=key_of(LATER, 1))))
        hub.settle()
        yield hub


def test_a_hub_that_books_acts_passes_every_measure(started: AuditedHub) -> None:
    report = started.verify()
    assert_sound(report)
    c1 = figures(report, "C1")
    assert (c1["acts"], c1["acts applied"]) == (12 * 3 + 4 * 3 + 4 * 2 + 4 + 1, 12 * 3)
    letters = figures(report, "C5")
    assert sum(count for name, count in letters.items() if name.endswith("R-502")) == 4 + 1
    assert sum(count for name, count in letters.items() if name.endswith("R-504")) == 4
    assert figures(report, "C2")["facts of procedures"] == 12 * 3 + 4 * 2


def test_a_refused_act_is_sent_again_by_staff_once_its_bill_is_there(
    started: AuditedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    started.settings(monkeypatch)
    letter = next(
        letter for _, letter in started.values("deadletter.v1")
        if letter.reason == "R-502" and letter.event_id == act(LATER, "NoutsuuReturned").event_id
    )  # fmt: skip

    def resend(*words: str) -> Any:
        decided = ("--staff", "T001", "--reason", "調定を待って再送")
        return CliRunner().invoke(app, ["deadletter", "resend", letter.letter_id[:12], *decided, *words])

    shown = resend()
    assert (shown.exit_code, "納税通知書の返戻" in shown.stdout) == (0, True), shown.output
    place = f"{TETSUZUKI}/{letter.partition}"
    for part in (letter.reason, f"{place}/{letter.offset}", f"→ {place}", "T001", "調定を待って再送"):
        assert part in shown.stdout
    assert who(LATER) not in shown.output and "repeat with --yes" in shown.stdout
    before = started.read(TETSUZUKI)
    stated = {
        "letter_id": letter.letter_id, "topic": TETSUZUKI, "partition": letter.partition,
        "offset": letter.offset, "reason": "R-502", "what": "納税通知書の返戻",
    }  # fmt: skip
    assert json.loads(resend("--json").stdout) == {**stated, "outcome": "would_be_sent", "sent_to": None}
    assert len(started.read(TETSUZUKI)) == len(before), "shown, not done"
    done = resend("--yes", "--json")
    sent = json.loads(done.stdout)["sent_to"]
    assert (done.exit_code, json.loads(done.stdout)) == (0, {**stated, "outcome": "sent", "sent_to": sent})
    assert (sent["topic"], sent["partition"]) == (TETSUZUKI, letter.partition)
    started.settle()
    again = resend("--yes")
    assert again.exit_code == 1 and "sent again already" in again.stderr and "refused again" in again.stderr
    newer = next(
        other for _, other in started.values("deadletter.v1")
        if other.event_id == letter.event_id and other.letter_id != letter.letter_id
    )  # fmt: skip
    assert newer.letter_id in again.stderr and newer.letter_id == sent["letter_id"]
    refused = resend("--json")
    assert refused.exit_code == 1, "nothing is done twice"
    assert json.loads(refused.stdout) == {**stated, "outcome": "refused_again", "sent_to": sent}
    assert len(started.read(TETSUZUKI)) == len(before) + 1

    started.send(bill(LATER, 1))
    started.settle()
    letter = newer
    assert resend("--yes").exit_code == 0
    started.settle()
    assert "taken in" in resend().stderr
    assert json.loads(resend("--json", "--yes").stdout)["outcome"] == "taken_in"
    facts = [fact.kind for _, fact in started.values(SEIRI_FACT) if fact.atena_bangou == who(LATER)]
    assert facts == ["NoutsuuReturned"]
    assert_sound(started.verify())
    letter = letter._replace(letter_id="no-such-letter")
    assert resend().exit_code == 1
    settings.cache_clear()


@pytest.fixture
def planter(started: AuditedHub) -> Planter:
    return Planter(at_rest(started))


Planted = tuple[TetsuzukiTaken, ReceiptAccount, list[Movement]]


def kanpu(planter: Planter, person: int, yen: int = 40) -> Planted:
    """還付 on the bill that is paid."""
    _, account = planter.account(key_of(person, 2))
    after = account._replace(seisan=Seisan(kanpu=Uchiwake(yen)))
    event = act(person, "KanpuPaid", key=account.shuunou_key, kingaku=yen)
    return event, after, [moved(account, "kanpu", "honzei", yen)]


def test_acts_that_move_yen_as_they_say_are_right(planter: Planter) -> None:
    """還付; 充当 from one 期別 to another with 督促手数料 on it; 配当; 繰上徴収; 不納欠損."""
    hub = planter.hub
    event, after, movements = kanpu(planter, 1)
    hub.send(*planter.book(event, after, movements=movements))

    (_, out), (_, into) = planter.account(key_of(2, 2)), planter.account(key_of(2, 3))
    movements = [moved(out, "juutou_out", "honzei", 300), moved(into, "juutou_in", "honzei", 300)]
    movements.append(moved(into, "choutei", "tokusoku_tesuuryou", 100))
    sides = (
        out._replace(seisan=Seisan(juutou_out=Uchiwake(300))),
        into._replace(seisan=Seisan(juutou_in=Uchiwake(300), fuzui=Uchiwake(0, 100))),
    )
    decided = act(2, "KagonouDecided", key=out.shuunou_key, code="kettei")
    hub.send(*planter.book(decided, *sides, movements=movements))

    _, account = planter.account(key_of(3, 3))
    line = given.bubun(account.shuunou_key, 2_500, kamoku="honzei")
    haitou = act(3, "HaitouReceived", "配9", taishou_bangou="1", kingaku=2_500, uchiwake=(line,))
    received = Receipt("haitou:配9", KAKUHOU, 2_500, ON, ON, ON, ON, "haitou")
    hub.send(*planter.book(haitou, account._replace(
        shuunou_gaku=2_500, receipts=(received,), seisan=Seisan()
    )))  # fmt: skip

    _, account = planter.account(key_of(4, 3))
    earlier = act(4, "KuriageChoushuuMade", key=account.shuunou_key, made=date(2026, 6, 25))
    hub.send(*planter.book(earlier, account._replace(noukigen=date(2026, 6, 25), seisan=Seisan())))

    report, found = audited(hub)
    assert found == set()
    assert report.total.choutei_gaku + report.total.seisan_gaku - report.total.shuunou_gaku == (
        report.total.minou_gaku - report.total.kagonou_gaku
    )
    assert report.total.seisan_gaku == 40 + 100
    assert figures(report, "C3")["movements"] == 4


def test_a_yen_that_moved_otherwise_than_told_is_found(planter: Planter) -> None:
    event, after, movements = kanpu(planter, 5)
    more = after._replace(seisan=Seisan(kanpu=Uchiwake(41)))
    planter.hub.send(*planter.book(event, more, movements=movements))
    report, found = audited(planter.hub)
    key = after.shuunou_key
    assert ("C3", "accounts whose yen are not those of the change events", key) in found
    assert ("C2", "accounts whose facts do not add up", key) in found
    assert named(found) <= {("C3", key), ("C2", key), ("C4", who(5)), ("C2", who(5))}
    assert (report.total.sa_gaku, report.total.sa_kensuu) == (1, 1)


def test_yen_of_another_kamoku_are_found(planter: Planter) -> None:
    """The sum is right, and yet it is wrong."""
    _, account = planter.account(key_of(6, 3))
    assessed = act(6, "EntaikinAssessed", key=account.shuunou_key)
    after = account._replace(seisan=Seisan(fuzui=Uchiwake(0, 0, 300)))
    movements = [moved(account, "choutei", "tokusoku_tesuuryou", 300)]
    planter.hub.send(*planter.book(assessed, after, movements=movements))
    _, found = audited(planter.hub)
    assert found == {("C3", "accounts whose yen are not those of the change events", account.shuunou_key)}


def test_an_act_that_is_lost_is_found(planter: Planter) -> None:
    planter.hub.send(told(act(7, "RankSet", "9", code="B")))
    report, new = planter.hub.new()
    assert new == set() and figures(report, "C1")["in motion"] == 1
    _, found = audited(planter.hub)
    assert found == {("C1", "acts that left no trace", who(7))}


def test_an_act_that_is_applied_twice_is_found(planter: Planter) -> None:
    message, fact = next(
        (m, f) for m, f in planter.hub.values(SEIRI_FACT)
        if f.atena_bangou == who(8) and f.kind == "NoutsuuReturned"
    )  # fmt: skip
    planter.hub.send(message)
    _, found = audited(planter.hub)
    assert found == {("C2", "effects of procedures that took place more than once", fact.atena_bangou)}


def test_another_act_under_a_number_that_is_taken_is_found(planter: Planter) -> None:
    planter.hub.send(told(act(8, "TantouAssigned", tantousha_code="T999")))
    _, found = audited(planter.hub)
    assert found == {
        ("C2", "acts under the number of another", who(8)),
        ("C2", "acts and the repetitions of them", who(8)),
    }


def test_a_juutou_that_does_not_come_in_is_found(planter: Planter) -> None:
    _, account = planter.account(key_of(9, 2))
    decided = act(9, "KagonouDecided", key=account.shuunou_key, code="kettei")
    after = account._replace(seisan=Seisan(juutou_out=Uchiwake(70)))
    planter.hub.send(*planter.book(decided, after, movements=[moved(account, "juutou_out", "honzei", 70)]))
    _, found = audited(planter.hub)
    assert found == {("C3", "充当 of which the two sides differ", who(9))}


def test_a_haitou_that_was_not_booked_is_found(planter: Planter) -> None:
    _, account = planter.account(key_of(10, 3))
    line = given.bubun(account.shuunou_key, 800, kamoku="honzei")
    haitou = act(10, "HaitouReceived", "配1", taishou_bangou="1", kingaku=800, uchiwake=(line,))
    planter.hub.send(*planter.book(haitou, account._replace(seisan=Seisan())))
    _, found = audited(planter.hub)
    assert ("C3", "accounts whose yen are not those of the change events", account.shuunou_key) in found
    assert ("C4", "receipts that are not the replay", account.shuunou_key) in found


def test_heirs_who_get_more_than_was_owed_or_no_bill_are_found(planter: Planter) -> None:
    _, account = planter.account(key_of(11, 3))
    heirs = [given.shuunou_key(3, zeimoku="03", tsuuchisho=n) for n in (901, 902)]
    lines = tuple(
        given.bubun(key, yen, atena=who(900 + n))
        for n, (key, yen) in enumerate(zip(heirs, (6_000, 4_000), strict=True))
    )
    made = act(11, "NouzeiShoukeiMade", key=account.shuunou_key, uchiwake=lines)
    after = account._replace(seisan=Seisan(shoukei=Uchiwake(9_999)))
    moves = [moved(account, "kousei", "honzei", -9_999)]
    share = given.choutei(1, 6_000, key=heirs[0], atena_bangou=who(900))
    planter.hub.send(
        *planter.book(made, after, movements=moves),
        Sent("ledger.shoukei.v1", heirs[0], wire.encode(share)),
        Sent("ledger.shoukei.v1", heirs[0], wire.encode(share._replace(atena_bangou=who(1)))),
    )
    _, found = audited(planter.hub)
    assert {
        ("C3", "納税承継 that leaves other yen than it brings", account.shuunou_key),
        ("C1", "shares of heirs that were not assessed", heirs[1]),
        ("C1", "調定 of heirs that no act demanded", heirs[0]),
        ("C2", "調定 of heirs that were made more than once", heirs[0]),
    } <= found


def test_a_noukigen_that_no_act_brought_forward_is_found(planter: Planter) -> None:
    message, account = planter.account(key_of(12, 4))
    planter.hub.send(message._replace(value=wire.encode(account._replace(noukigen=date(2026, 6, 29)))))
    _, found = audited(planter.hub)
    assert found == {("C4", "accounts that are not the replay", account.shuunou_key)}


def test_seiri_that_was_never_told_and_facts_of_nothing_are_found(planter: Planter) -> None:
    message, seiri = last_row(planter.hub, b"s", lambda s: s.shuunou_key == key_of(12, 1))
    planter.hub.send(message._replace(value=wire.encode(seiri._replace(bunnou=("9",)))))
    told_, fact = next((m, f) for m, f in planter.hub.values(SEIRI_FACT) if f.atena_bangou == who(12))
    nowhere = fact._replace(event_id="none", fact_id="none/NoutsuuSent", seiri=None, book=None)
    planter.hub.send(told_._replace(value=wire.encode(nowhere)))
    _, found = audited(planter.hub)
    assert found == {
        ("C4", "整理 that are not as announced", key_of(12, 1)),
        ("C1", "facts of procedures that no event caused", who(12)),
    }


def test_a_projection_that_shows_another_movement_or_another_seiri_is_found(planter: Planter) -> None:
    planter.hub.sink.drain(30)
    key = key_of(1, 2)
    planter.hub.tamper("UPDATE movement SET kingaku = kingaku + 1 WHERE shuunou_key = ?", key)
    planter.hub.tamper("UPDATE kibetsu_seiri SET fact_id = 'x' WHERE shuunou_key = ?", key_of(3, 1))
    _, found = audited(planter.hub)
    assert found == {
        ("C3", "movements that the projection shows otherwise", key),
        ("C3", "整理 that the projection shows otherwise", key_of(3, 1)),
    }
