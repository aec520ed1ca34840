"""監査(納税承継): shares of heirs that are taken up, and that come back; and a fault planted on each side."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from typer.testing import CliRunner

import schemas
from connectors.auditor.book import mark
from connectors.auditor.ledger import state_mark
from schemas import registry
from schemas.codec import HEADER, MAGIC, without_instants
from state import wire
from state.facts import Letter
from state.law.uchiwake import Uchiwake
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import Seisan
from state.seiri.shoukei_moto import ShoukeiMoto
from state.seiri.values import KibetsuSeiri
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
    key_of,
    kijunbi,
    last_row,
    started_hub,
)
from tests.connectors.planted_acts import SEIRI_FACT, Planter, act, moved, told, who

DECEASED = 78
SHOUKEI = "ledger.shoukei.v1"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditedHub]:
    """The hub at work, with the bills of three persons and of one who has died."""
    with started_hub(tmp_path_factory.mktemp("shoukei")) as hub:
        hub.send(*(bill(person, kibetsu) for person in (1, 2, 3) for kibetsu in range(1, 5)))
        hub.send(bill(DECEASED, 1))
        hub.settle()
        hub.send(*kijunbi(DAYS[0]))
        hub.settle()
        yield hub


def test_a_share_whose_key_is_taken_comes_back_and_every_measure_passes(
    started: AuditedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the real stages: one heir's 収納キー is another person's, the other's is new; fees are owed too."""
    moto, share = key_of(DECEASED, 1), given.shuunou_key(7, zeimoku="03", tsuuchisho=980)
    costs = act(DECEASED, "ShobunhiIncurred", key=moto, kingaku=700, taishou_bangou="1")
    lines = (given.bubun(key_of(1, 1), 6_000, atena=who(980)), given.bubun(share, 4_700, atena=who(981)))
    made = act(DECEASED, "SonotaShobunMade", code="1", uchiwake=(given.bubun(moto, 10_000),))
    started.send(told(made), told(costs))
    started.send(told(act(DECEASED, "NouzeiShoukeiMade", key=moto, uchiwake=lines)))
    started.settle()
    rows = {key: last_row(started, b"r", lambda a, k=key: a.shuunou_key == k)[1] for key in (moto, share)}
    assert [rows[key].minou_gaku for key in (moto, share)] == [6_000, 4_700]
    assert rows[share].wariate.minou == Uchiwake(4_393, 0, 0, 307), "本税 4,392.5, 滞納処分費 307.5"
    assert_sound(started.verify())
    letter = next(one for _, one in started.values("deadletter.v1") if one.reason == "R-303")
    started.settings(monkeypatch)
    words = ("--staff", "T001", "--reason", "確かめ", "--yes")
    sent = CliRunner().invoke(app, ["deadletter", "resend", letter.letter_id[:12], *words])
    assert (sent.exit_code, "only a stage may write" in sent.stderr) == (2, True), "its yen are back already"
    settings.cache_clear()


@pytest.fixture
def planter(started: AuditedHub) -> Planter:
    return Planter(at_rest(started))


def _share(account: ReceiptAccount, number: int) -> Any:
    """The 調定 of one heir for all that this 期別 owes."""
    moto = ShoukeiMoto(
        account.shuunou_key, account.atena_bangou, "1", Uchiwake(), (), None, (), (), None, None, None, None,
        None, (), 0, (),
    )  # fmt: skip
    key = given.shuunou_key(3, zeimoku="03", tsuuchisho=number)
    return given.choutei(1, 10_000, key=key, atena_bangou=who(number), shoukei=moto)


def _inherited(planter: Planter, account: ReceiptAccount, person: int, share: Any) -> list[Sent]:
    lines = (given.bubun(share.shuunou_key, 10_000, atena=share.atena_bangou),)
    made = act(person, "NouzeiShoukeiMade", key=account.shuunou_key, uchiwake=lines)
    after = account._replace(seisan=Seisan(shoukei=Uchiwake(10_000)))
    moves = [moved(account, "kousei", "honzei", -10_000)]
    sent = planter.book(made, after, movements=moves)
    return [*sent, Sent(SHOUKEI, share.shuunou_key, wire.encode(share))]


def test_a_refused_share_that_does_not_come_back_is_found(planter: Planter) -> None:
    _, account = planter.account(key_of(3, 4))
    share, hub = _share(account, 903), planter.hub
    before = hub.broker.ends([SHOUKEI])
    hub.send(*_inherited(planter, account, 3, share))
    ((_, part), at) = next(p for p in hub.broker.ends([SHOUKEI]).items() if before[p[0]] < p[1])
    letter = Letter(
        "refused-903", "R-303", "matching", "", "", "", "", share.source, share.source_seq, SHOUKEI, part,
        at - 1, share.event_id, 0, None, b"",
    )  # fmt: skip
    hub.send(Sent("deadletter.v1", "refused-903", wire.encode(letter)))
    _, found = audited(hub)
    assert found == {("C3", "shares of heirs that came back with other yen", account.shuunou_key)}


def test_a_share_that_comes_back_though_the_heir_has_it_is_found(planter: Planter) -> None:
    _, fact = next((m, f) for m, f in planter.hub.values(SEIRI_FACT) if f.kind == "NouzeiShoukeiMade")
    share = next(s for _, s in planter.hub.values(SHOUKEI) if s.atena_bangou == who(981))
    _, account = planter.account(key_of(DECEASED, 1))
    ident = f"{share.event_id}/returned"
    moves = (moved(account, "kousei", "honzei", 4_700),)
    back = {"event_id": ident, "fact_id": f"{ident}/x", "kind": "NouzeiShoukeiReturned"}
    doubled = fact._replace(**back, movements=moves, seiri=None, book=None)
    planter.hub.send(Sent(SEIRI_FACT, who(DECEASED), wire.encode(doubled)))
    _, found = audited(planter.hub)
    assert {
        ("C3", "shares of heirs that came back with other yen", account.shuunou_key),
        ("C1", "facts of procedures that no event caused", fact.atena_bangou),
        ("C3", "accounts whose yen are not those of the change events", account.shuunou_key),
    } <= found


def test_a_row_of_the_version_before_is_the_row_that_was_told() -> None:
    """A renewed hub holds rows of both versions; what they say is compared, not how it is written."""
    row = KibetsuSeiri(key_of(1, 1), who(1), entaikin_on=DAYS[0])
    avsc = without_instants(schemas.load_avsc("state/kibetsu_seiri.v1"))
    old = HEADER.pack(MAGIC, registry.id_of("state/kibetsu_seiri.v1"))
    body = io.BytesIO()
    schemaless_writer(body, parse_schema(avsc), {**row._asdict(), "shoukei_rireki": None})
    now = wire.encode(row)
    assert old + body.getvalue() != now
    assert state_mark(old + body.getvalue()) == state_mark(now) == mark(now)
    assert state_mark(b"not ours") == mark(b"not ours")
