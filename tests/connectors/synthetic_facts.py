"""What the ledger would announce about a few synthetic people, by seed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from connectors.delivery import Place, Record, Span
from state.delinquency.case import CLOSED, OPEN, DelinquencyCase
from state.events import AtenaChanged, KirokuHeld
from state.facts import Applied, LedgerFact, Letter, MatchingNotice, Provision
from state.law.movement import Movement
from state.receipt.account import KAKUHOU, SOKUHOU, TORIKESHI, ChouteiRireki, Receipt, ReceiptAccount
from state.seiri.fact import SeiriFact
from state.seiri.values import Kaisuu, KibetsuSeiri, Seiribo
from state.wire import encode

FIRST_DAY = date(2026, 4, 1)
SCHEMAS = (
    "fact/ledger_fact",
    "event/atena_changed",
    "event/kiroku_held",
    "matching/matching_notice",
    "deadletter/letter",
    "audit/provision",
    "fact/seiri_fact",
)


class Message(NamedTuple):
    """A message by the schema that decides its topic."""

    schema: str
    key: str
    value: Any


def account(number: int, kibetsu: int, gaku: int, receipts: Sequence[Receipt] = ()) -> ReceiptAccount:
    """An account with the receipts given; 収納額 is what of them was not taken back."""
    zeimoku = f"{number % 4 + 1:02d}"
    received = sum(receipt.kingaku for receipt in receipts if receipt.dankai != TORIKESHI)
    return ReceiptAccount(
        shuunou_key=f"2026{zeimoku}{number:010d}{kibetsu:02d}",
        atena_bangou=f"{number:010d}",
        jichitai_code="132110",
        rireki_bangou=1,
        is_cancelled=False,
        fuka_nendo=2026,
        zeimoku_code=zeimoku,
        taishou_nendo=2026,
        tsuuchisho_bangou=f"{number:010d}",
        kibetsu_code=f"{kibetsu:02d}",
        choutei_nendo=2026,
        kaikei_nendo=2026,
        kibetsu_choutei_gaku=gaku,
        shuunou_gaku=received,
        noukigen=date(2026, 6, 30),
        houtei_noukigen=None,
        houtei_noukigen_tou=date(2026, 6, 30),
        choutei_nengappi=FIRST_DAY,
        choutei_rireki=(ChouteiRireki(1, "established", gaku, FIRST_DAY),),
        kousei_nengappi=None,
        kousei_kaisuu=0,
        zuiki_flag=None,
        jiyuu_code=None,
        receipts=tuple(receipts),
        furikae_funou=(),
        koufuri_funou_kaisuu=0,
        is_tainou=False,
        tokusoku_due_on=None,
        held={},
    )


def receipt(number: int, kingaku: int, dankai: str = KAKUHOU) -> Receipt:
    """A receipt of the day."""
    day = FIRST_DAY + timedelta(days=number % 90)
    return Receipt(f"cvs:{number:024x}", dankai, kingaku, day, day, day, day, "30")


def fact(kind: str, of: ReceiptAccount, step: int, case: DelinquencyCase | None = None) -> LedgerFact:
    """A fact about an account, `step` being its place in the account's history."""
    return LedgerFact(
        fact_id=f"{of.shuunou_key}-{step}/{kind}",
        kind=kind,
        event_id=f"{of.shuunou_key}-{step}",
        source="税務課",
        atena_bangou=of.atena_bangou,
        shuunou_key=of.shuunou_key,
        kingaku=of.shuunou_gaku,
        occurred_on=FIRST_DAY + timedelta(days=step),
        recorded_at=1_775_000_000_000 + step,
        minou_gaku=of.minou_gaku,
        kagonou_gaku=of.kagonou_gaku,
        account=of,
        case=case,
        applied=(),
    )


def atena(number: int, rireki: int = 1) -> AtenaChanged:
    """A person whose confidential numbers are ciphertext already; what is not said is null."""
    stated: dict[str, Any] = {
        "event_id": f"atena-{number}-{rireki}",
        "source": "住民基本台帳",
        "channel": "庁内連携システム",
        "source_seq": f"0123456789abcdef:{number}",
        "occurred_on": FIRST_DAY,
        "recorded_at": 1_775_000_000_000,
        "jichitai_code": "132110",
        "atena_bangou": f"{number:010d}",
        "rireki_bangou": rireki,
        "kojin_bangou": f"enc1:00000000:{number:08d}",
        "henshuuzumi_shimei_kanji": f"試験 {number}号",
        "henshuuzumi_shimei_kana": "シケン ﾀﾛｳ",
        "atena_juusho": "小平市小川町二丁目",
        "seinengappi": date(1950 + number % 60, 1, 1),
        "kouza_bangou": f"enc1:00000000:k{number:07d}",
        "held": {"kojin_memo": "行1\n行2", "a": "b"},
    }
    given: dict[str, Any] = {name: stated.get(name) for name in AtenaChanged._fields}
    return AtenaChanged(**given)


def provision(number: int, contract: str = "zeimuka") -> Provision:
    """A record of the chain; its hash stands for the real one."""
    digest = hashlib.sha256(str(number).encode()).digest()
    return Provision(
        seq=number,
        chain="transfer/0",
        previous_hash=hashlib.sha256(str(number - 1).encode()).digest(),
        transfer_id=f"transfer-{number}",
        contract=contract,
        contract_version=1,
        iten_saki="税務課",
        legal_basis=("bangouhou-9-1",),
        purpose="地方税の賦課徴収",
        atena_bangou=f"{number % 7:010d}",
        shuunou_key=f"{number:018d}",
        fields=("fuka_nendo", "minou_kingaku"),
        left_out=(),
        body_hash=digest,
        fact_id=f"fact-{number}",
        recorded_at=1_775_000_000_000 + number,
        hash=digest,
    )


def letter(number: int, reason: str = "R-205") -> Letter:
    """A dead letter whose original is sealed."""
    return Letter(
        letter_id=f"letter-{number}",
        reason=reason,
        stage="connector",
        what="検査数字",
        expected="7",
        found="3",
        todo="元のファイルを確かめる",
        source="コンビニ収納",
        origin=f"cvs.dat:{number}",
        topic=None if number % 2 else "ido.shuunou-convenience.v1",
        partition=None if number % 2 else 0,
        offset=None if number % 2 else number,
        event_id=None,
        recorded_at=1_775_000_000_000 + number,
        original_key=None,
        original=b"enc1:\x00\xff" + bytes([number % 256]),
    )


def notice(number: int, kind: str) -> MatchingNotice:
    """A payment without a bill: held, then perhaps released or assigned."""
    return MatchingNotice(
        notice_id=f"notice-{number}-{kind}",
        kind=kind,
        event_id=f"unmatched-{number}",
        shuunou_key=f"2026019{number:09d}01",
        receipt_no=f"cvs:{number:024x}",
        target_shuunou_key=f"202601{number:010d}01" if kind == "assigned" else None,
        shuunou_kingaku=1_000 + number,
        ryoushuu_nengappi=FIRST_DAY,
        source="コンビニ収納",
        source_seq=f"0123456789abcdef:{number}",
        recorded_at=1_775_000_000_000 + number,
        tantousha_code="T001" if kind == "assigned" else None,
        riyuu=None,
    )


def kiroku(number: int) -> KirokuHeld:
    """A record of the former system, held as it was given."""
    return KirokuHeld(
        event_id=f"kiroku-{number}",
        source="滞納管理システム",
        channel="ファイル",
        source_seq=f"0123456789abcdef:{number}",
        occurred_on=FIRST_DAY,
        recorded_at=1_775_000_000_000,
        jichitai_code="132110",
        basis=None,
        atena_bangou=f"{number:010d}",
        record="tainou_koushou_keika",
        record_key="1",
        rireki_bangou=1,
        held={"koushou_naiyou": "電話"},
    )


def _of_person(number: int, chance: random.Random) -> Iterator[Message]:
    who = f"{number:010d}"
    yield Message("event/atena_changed", who, atena(number))
    for kibetsu in range(1, 5):
        gaku, paid, step = chance.randrange(1_000, 200_000, 100), [], 0
        yield Message(
            "fact/ledger_fact", who, fact("ChouteiEstablished", account(number, kibetsu, gaku), step)
        )
        for part in range(chance.randrange(4)):
            step += 1
            dankai = chance.choice([SOKUHOU, KAKUHOU, KAKUHOU, TORIKESHI])
            paid.append(
                receipt(number * 100 + kibetsu * 10 + part, chance.choice([gaku, gaku // 2]), dankai)
            )
            now = account(number, kibetsu, gaku, paid)
            yield Message("fact/ledger_fact", who, fact("ShuunouPosted", now, step))
        now = account(number, kibetsu, gaku, paid)
        joutai = OPEN if now.minou_gaku else CLOSED
        case = DelinquencyCase(who, joutai, FIRST_DAY, None, now.minou_gaku, 1, 1)
        yield Message("fact/ledger_fact", who, fact("TainouOpened", now, step + 1, case))
    for step in range(1, 1 + number % 3):
        yield Message("fact/seiri_fact", who, seiri(number, step))
    if number % 5 == 0:
        yield Message("event/kiroku_held", f"tainou_koushou_keika/{who}/1", kiroku(number))


def seiri(number: int, step: int) -> SeiriFact:
    """A procedure on the first 期別 of a person, what it left, and two movements that cancel each other."""
    of = account(number, 1, 10_000)
    left = KibetsuSeiri(of.shuunou_key, of.atena_bangou, kaisuu=(Kaisuu("kanpu_kaisuu", step, FIRST_DAY),))
    moved = Movement(
        FIRST_DAY, of.shuunou_key, 2026, 2026, 2026, of.zeimoku_code, "01", "kanpu", "honzei", "", 100 * step
    )
    back = moved._replace(kind="kousei", kingaku=-moved.kingaku)
    return SeiriFact(
        fact_id=f"seiri-{number}-{step}/KanpuPaid",
        kind="KanpuPaid",
        event_id=f"seiri-{number}-{step}",
        source="収納課",
        atena_bangou=of.atena_bangou,
        shuunou_key=of.shuunou_key,
        bangou=str(step),
        kingaku=100 * step,
        on=FIRST_DAY,
        occurred_on=FIRST_DAY,
        recorded_at=1_775_000_000_000 + step,
        applied=(Applied("chihouzeihou-17", "2000-01-01", {"kanpu_gaku": "100"}, {"shiharai_gaku": "100"}),),
        movements=(moved, back),
        seiri=left,
        book=Seiribo(of.atena_bangou, tetsuzuki_kaisuu=step),
    )


def messages(persons: int, seed: int) -> list[Message]:
    """Everything about so many persons, in one order in which each key's own messages are right."""
    chance = random.Random(seed)
    streams = [list(_of_person(number, chance)) for number in range(1, persons + 1)]
    for number in range(1, persons // 4 + 2):
        kinds = ["held", *([] if number % 3 else [chance.choice(["released", "assigned"])])]
        streams.append(
            [
                Message("matching/matching_notice", notice(number, kind).shuunou_key, notice(number, kind))
                for kind in kinds
            ]
        )
    streams.append([Message("audit/provision", "0", provision(n)) for n in range(persons * 2)])
    streams.append([Message("deadletter/letter", f"letter-{n}", letter(n)) for n in range(persons // 3 + 2)])
    found: list[Message] = []
    while streams:
        stream = chance.choice(streams)
        found.append(stream.pop(0))
        streams = [left for left in streams if left]
    return found


def as_spans(given: Sequence[Message], topics: dict[str, str], begin: dict[Place, int]) -> list[Span]:
    """The messages as a poll of one partition per topic would bring them, from `begin` on."""
    spans: dict[Place, list[Record]] = {}
    for message in given:
        place = (topics[message.schema], 0)
        records = spans.setdefault(place, [])
        offset = begin.get(place, 0) + len(records)
        records.append(Record(*place, offset, encode(message.value)))
    return [
        Span(*place, begin.get(place, 0), begin.get(place, 0) + len(records), records)
        for place, records in spans.items()
    ]
