"""整理の記帳: from what a procedure changed to the changes of the ledger and to the facts.

Accounts that moved go through the same delinquency fold as after a receipt, so that the person's totals
agree. Ids are the event's id, the 期別 and the kind: whoever reads twice recognises a repetition.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from state import ledger
from state.events import ChouteiEstablished, KijunbiAdvanced
from state.receipt.account import ReceiptAccount
from state.receipt.apply import Happened, turns
from state.receipt.seisan import Seisan
from state.seiri.event import TetsuzukiTaken
from state.seiri.fact import SeiriFact
from state.seiri.person import Person, SeiriHappened, SeiriStep, Shoukei
from state.seiri.values import KibetsuSeiri

SETTLED = "SeisanBooked"
"""The ledger's fact of a 期別 that a procedure moved; the procedure itself is told in `seiri.fact.v1`."""

UPDATED = "KibetsuSeiriUpdated"

_SHOUKEI = uuid.uuid5(uuid.NAMESPACE_URL, "https://shuunou-hub.example/shoukei")


class Booked(NamedTuple):
    """記帳の結果: changes of accounts, rows of procedures, facts, and the 調定 of the shares of heirs."""

    changes: tuple[ledger.Change, ...]
    seiri: Mapping[str, KibetsuSeiri]
    facts: tuple[SeiriFact, ...]
    shoukei: tuple[ChouteiEstablished, ...]


def book(person: Person, event: Any, prefix: str, done: SeiriStep) -> Booked:
    """記帳する: `event` is what caused the step, `prefix` begins the ids of its facts."""
    accounts = dict(done.accounts)
    for key in done.seiri:
        account = accounts.get(key) or person.accounts.get(key)
        if account is not None and account.seisan is None:
            # the mark by which the ledger knows, without looking, that procedures must be told of a receipt
            accounts[key] = account._replace(seisan=Seisan())
    changes, case = [], person.case
    for key, account in accounts.items():
        before = person.accounts[key]
        happened = _settled(before, account)
        change = ledger.settle(before, account, case, person.kijunbi, event, f"{prefix}/{key}", happened)
        case = change.case
        changes.append(change)
    done = done._replace(happened=done.happened + _silent(person, done))
    facts = tuple(_fact(person, event, prefix, at, done) for at in range(len(done.happened)))
    return Booked(
        tuple(changes), done.seiri, facts, tuple(_choutei(event, share) for share in done.shoukei)
    )


def _silent(person: Person, done: SeiriStep) -> tuple[SeiriHappened, ...]:
    """A 期別 whose 整理 changed without a fact of its own shows it by this one (a 分納 tells of the plan)."""
    named = {happened.shuunou_key for happened in done.happened}
    return tuple(
        SeiriHappened(UPDATED, key)
        for key, seiri in done.seiri.items()
        if key not in named and seiri != person.seiri.get(key)
    )


def _settled(before: ReceiptAccount, after: ReceiptAccount) -> tuple[Happened, ...]:
    """By how much 未納 less 過誤納 moved, and what turned; the mark alone is no fact."""
    if before == after or (before.seisan is None and before._replace(seisan=Seisan()) == after):
        return ()
    moved = (after.minou_gaku - after.kagonou_gaku) - (before.minou_gaku - before.kagonou_gaku)
    return (Happened(SETTLED, moved), *turns(before, after))


def _fact(person: Person, event: Any, prefix: str, at: int, done: SeiriStep) -> SeiriFact:
    """The 整理 after the step stands on the first fact about its 期別, the 整理簿 on the first fact of all."""
    happened, earlier = done.happened[at], done.happened[:at]
    key, is_act = happened.shuunou_key, isinstance(event, TetsuzukiTaken)
    is_first = all(other.shuunou_key != key for other in earlier)
    return SeiriFact(
        _id_of(prefix, happened, earlier),
        happened.kind,
        event.event_id,
        event.source,
        person.atena_bangou,
        key,
        event.bangou if is_act else None,
        happened.kingaku,
        event.kijunbi if isinstance(event, KijunbiAdvanced) else event.on if is_act else event.occurred_on,
        event.occurred_on,
        event.recorded_at,
        happened.applied,
        happened.movements,
        done.seiri.get(key) if key is not None and is_first else None,
        done.book if at == 0 else None,
    )


def _id_of(prefix: str, happened: SeiriHappened, earlier: tuple[SeiriHappened, ...]) -> str:
    """A kind that happens to one 期別 more than once in a step is numbered from the second time on."""
    place = f"{prefix}/{happened.shuunou_key}" if happened.shuunou_key else prefix
    times = sum((one.kind, one.shuunou_key) == (happened.kind, happened.shuunou_key) for one in earlier)
    return f"{place}/{happened.kind}/{times + 1}" if times else f"{place}/{happened.kind}"


def _choutei(event: Any, share: Shoukei) -> ChouteiEstablished:
    """承継した期別の調定: as that of the deceased stood, for the share's yen, under the heir's own 収納キー."""
    moto, ident = share.account, str(uuid.uuid5(_SHOUKEI, f"{event.event_id}/{share.shuunou_key}"))
    return ChouteiEstablished(
        ident,
        event.source,
        event.channel,
        event.source_seq,
        event.on,
        event.recorded_at,
        event.jichitai_code,
        f"納税承継({event.bangou}): {moto.shuunou_key}",
        share.shuunou_key,
        1,
        share.atena_bangou,
        moto.fuka_nendo,
        moto.zeimoku_code,
        moto.taishou_nendo,
        moto.tsuuchisho_bangou,
        moto.kibetsu_code,
        moto.choutei_nendo,
        moto.kaikei_nendo,
        share.honzei,
        moto.noukigen,
        moto.houtei_noukigen,
        moto.houtei_noukigen_tou,
        moto.choutei_nengappi,
        moto.zuiki_flag,
        None,
        moto.held,
        share.moto,
    )
