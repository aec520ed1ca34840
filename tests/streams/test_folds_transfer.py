"""移転の畳み込み: what each contract is given, when, and the chain of records of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from state import audit, transfer, wire
from streams import ledger
from streams.transfer import PROVISION
from tests import given
from tests.streams.memory_hub import Hub


@pytest.fixture
def hub() -> Hub:
    """An empty hub."""
    return Hub()


def _iten(hub: Hub, contract: str) -> list[Any]:
    (topic,) = [c.topic for c in transfer.contracts() if c.id == contract]
    return hub.transfer.sent(topic)


def test_a_transfer_holds_what_its_contract_lists_and_says_what_it_left_out(hub: Hub) -> None:
    hub.tell(given.choutei())
    (sent,) = _iten(hub, "zeimuka")
    (contract,) = [c for c in transfer.contracts() if c.id == "zeimuka"]
    assert sent._fields == transfer.ENVELOPE + contract.fields
    assert (sent.iten_saki, sent.purpose) == (contract.iten_saki, contract.purpose)
    assert (sent.minou_kingaku, sent.kannou_flag, sent.atena_bangou) == (10_000, "0", given.PERSON)
    assert set(sent.left_out).isdisjoint(contract.fields) and "koufuri_funou_kaisuu" in sent.left_out
    assert sent.transfer_id == f"{hub.facts[0].fact_id}/zeimuka"


def test_a_transfer_rests_on_the_law_of_its_day(hub: Hub) -> None:
    """番号法's tables were renumbered on 2024-05-27: what was told before rests on 別表第一 for ever."""
    days = {1_716_735_599_000: "bangouhou-beppyou1-16", 1_716_735_600_000: "bangouhou-beppyou-24"}
    for rireki, at in enumerate(days, 1):
        hub.tell(given.choutei(rireki=rireki, gaku=10_000 * rireki, recorded_at=at))
    assert [sent.legal_basis[1] for sent in _iten(hub, "zeimuka")] == list(days.values())
    provisions = [p for p in hub.transfer.sent("audit.provision.v1") if p.contract == "zeimuka"]
    assert [p.legal_basis[1] for p in provisions] == list(days.values())
    hub.tell(given.choutei(rireki=3, gaku=1, recorded_at=-(2**62)))
    assert _iten(hub, "zeimuka")[-1].legal_basis[1] == "bangouhou-beppyou1-16", "no instant stops the stage"


def test_no_contract_gives_the_number_of_a_person() -> None:
    for contract in transfer.contracts():
        assert "kojin_bangou" not in contract.fields and "kouza_bangou" not in contract.fields
        assert "kojin_bangou" not in contract.message._fields


def test_what_did_not_change_for_the_receiver_is_not_sent_again(hub: Hub) -> None:
    hub.tell(given.choutei(), given.received())
    assert len(_iten(hub, "zeimuka")) == 2
    hub.tell(given.received(), given.choutei(), given.debit_failed(), given.kijunbi(date(2026, 7, 1)))
    assert len(_iten(hub, "zeimuka")) == 2, "a repetition, and what the contract does not list"
    hub.tell(given.reversal())
    assert [t.kibetsu_shuunou_gaku for t in _iten(hub, "zeimuka")] == [0, 10_000, 0]


def test_scope_is_by_tax(hub: Hub) -> None:
    hub.tell(given.choutei(), given.choutei(key=given.shuunou_key(1, zeimoku="04")))
    codes = {c.id: [t.zeimoku_code for t in _iten(hub, c.id)] for c in transfer.contracts()}
    assert codes == {"hokennenkinka_kokuho": ["04"], "hokennenkinka_zei": ["04"], "zeimuka": ["01", "04"]}


def test_a_paused_contract_sends_nothing_and_the_others_go_on() -> None:
    hub = Hub(paused=frozenset({"zeimuka"}))
    hub.tell(given.choutei(key=given.shuunou_key(zeimoku="04")))
    assert [len(_iten(hub, c.id)) for c in transfer.contracts()] == [1, 1, 0]
    assert {p.contract for p in hub.transfer.sent(PROVISION)} == {
        "hokennenkinka_kokuho",
        "hokennenkinka_zei",
    }


def test_every_transfer_has_its_record_in_one_unbroken_chain(hub: Hub) -> None:
    hub.tell(
        given.choutei(),
        given.choutei(key=given.shuunou_key(zeimoku="04")),
        given.received(),
        given.confirmed(),
    )
    provisions = hub.transfer.sent(PROVISION)
    bodies = [o.value or b"" for o in hub.transfer.outputs if o.topic.startswith("iten.")]
    assert len(provisions) == len(bodies) == 5
    assert [hashlib.sha256(body).digest() for body in bodies] == [p.body_hash for p in provisions]
    assert {p.chain for p in provisions} == {"transfer/3"}
    assert [p.seq for p in provisions] == [1, 2, 3, 4, 5]
    assert audit.broken(provisions) is None


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(
            lambda p: [*p[:1], p[1]._replace(atena_bangou=given.OTHER_PERSON), *p[2:]],
            2,
            id="人を書き換える",
        ),
        pytest.param(lambda p: [*p[:1], p[1]._replace(fields=()), *p[2:]], 2, id="項目を書き換える"),
        pytest.param(
            lambda p: [*p[:1], p[1]._replace(body_hash=bytes(32)), *p[2:]], 2, id="中身を差し替える"
        ),
        pytest.param(lambda p: [*p[:1], *p[2:]], 3, id="一件を抜く"),
        pytest.param(lambda p: p[1:], 2, id="初めの一件を抜く"),
        pytest.param(lambda p: [p[1], p[0], *p[2:]], 2, id="順を入れ替える"),
        pytest.param(lambda p: [*p[:2], p[1], *p[2:]], 2, id="一件を重ねる"),
        pytest.param(
            lambda p: [*p[:1], _signed_again(p[1]._replace(purpose="別の目的")), *p[2:]],
            3,
            id="書き換えて封じ直す",
        ),
    ],
)
def test_a_tampered_record_is_found(change: Callable[[list[Any]], list[Any]], found: int, hub: Hub) -> None:
    hub.tell(given.choutei(), given.received("cvs:a", 1_000), given.received("cvs:b", 1_000))
    provisions = hub.transfer.sent(PROVISION)
    assert len(provisions) == 3 and audit.broken(provisions) is None
    assert audit.broken(change(provisions)) == found


def _signed_again(provision: Any) -> Any:
    return provision._replace(hash=audit.hash_of(provision))


def test_without_a_picture_of_the_account_nothing_is_sent(hub: Hub) -> None:
    hub.tell(given.choutei())
    before = len(hub.transfer.outputs)
    fact = hub.facts[0]._replace(account=None)
    assert not hub.transfer.run(ledger.FACT, (given.PERSON.encode(), wire.encode(fact)))
    assert len(hub.transfer.outputs) == before
