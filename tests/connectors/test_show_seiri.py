"""照会(整理): what procedures left is read back whole, shown in Japanese, and never with a sealed number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from sqlalchemy import Engine
from typer.testing import CliRunner

from connectors import read_seiri, read_side
from connectors.migrations import migrate
from connectors.sink_projection import Store
from connectors.tables import engine_for
from state.law import bunnou_check, kagonou, kesson, shikkou_teishi, tokusokujou, yuuyo
from state.law.movement import OWED, Movement
from state.law.uchiwake import Uchiwake
from state.receipt.seisan import Seisan
from state.seiri.fact import SeiriFact
from state.seiri.values import Kaisuu, KibetsuSeiri, Seiribo, Shobun, Teishi
from streams.cli import app
from streams.cli_seiri import HOUHOU, JOUTAI, UGOKI, kind_ja, pairs
from streams.settings import settings
from tests import given
from tests.connectors.synthetic_facts import Message, account, as_spans, fact, seiri

TOPICS = {"fact/ledger_fact": "test.fact", "fact/seiri_fact": "test.seiri"}
ON = date(2026, 7, 20)
ACCOUNT = account(4, 1, 10_000)._replace(
    seisan=Seisan(
        fuzui=Uchiwake(0, 100, 300, 0),
        kanpu=Uchiwake(40),
        juutou_out=Uchiwake(30),
        juutou_in=Uchiwake(30),
        kesson=Uchiwake(70),
    ),
    shuunou_gaku=10_220,
)
KEY, WHO = ACCOUNT.shuunou_key, ACCOUNT.atena_bangou
LEFT = KibetsuSeiri(
    KEY,
    WHO,
    kaisuu=(Kaisuu("tokusoku_henrei_settei_counter", 2, ON),),
    teishi=(Teishi("saikoku_teishi", ON),),
)
HELD = {"kojin_bangou": "enc1:0:secret", "biko": "財産あり"}
BOOK = Seiribo(
    WHO,
    tetsuzuki_kaisuu=3,
    tantousha_code="T001",
    shobun=(
        Shobun(
            "差押第3号", "SashiosaeMade", "yokin", 9_000, ON, (KEY,), None, None, None, False, 0, 0, None, HELD
        ),
    ),
)


def moved(kind: str, kamoku: str, yen: int) -> Movement:
    return Movement(ON, KEY, 2026, 2026, 2026, "01", "01", kind, kamoku, "", yen)


def act(kind: str, number: int, *movements: Movement, **over: Any) -> SeiriFact:
    told = seiri(4, number)._replace(kind=kind, fact_id=f"{number}/{kind}", movements=movements, on=ON)
    return told._replace(**{"shuunou_key": KEY, "atena_bangou": WHO, "seiri": LEFT, "book": BOOK, **over})


FACTS = [
    act(
        "EntaikinAssessed", 1, moved("choutei", "entaikin", 300), moved("choutei", "tokusoku_tesuuryou", 100)
    ),
    act("KanpuPaid", 2, moved("kanpu", "honzei", 40)),
    act("KagonouDecided", 3, moved("juutou_out", "honzei", 30), moved("juutou_in", "honzei", 30)),
    act("FunouKessonBooked", 4, moved("kesson", "honzei", 70)),
    act("TantouAssigned", 5, shuunou_key=None, seiri=None),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database that keeps these facts."""
    url = f"sqlite:///{tmp_path_factory.mktemp('seiri')}/p.db"
    migrate(url)
    store = Store(url, {topic: [schema] for schema, topic in TOPICS.items()})
    starts = {(topic, 0): 0 for topic in TOPICS.values()}
    store.begin({"cluster_id": "test"}, starts)
    told = [Message("fact/ledger_fact", WHO, fact("ChouteiPosted", ACCOUNT, 1))]
    told += [Message("fact/seiri_fact", WHO, each) for each in FACTS]
    store.keep(as_spans(told, TOPICS, starts))
    assert store.problems() == 0
    store.close()
    return url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = engine_for(url)
    yield opened
    opened.dispose()


@pytest.fixture
def command(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`shuunou ...` on this database, in a wide terminal."""
    monkeypatch.setenv("SHUUNOU_DATABASE_URL", url)
    monkeypatch.setenv("SHUUNOU_HOME", str(tmp_path))
    monkeypatch.setattr("streams.cli_shared.console.width", 220)
    monkeypatch.setattr("streams.cli_seiri.console.width", 220)
    settings.cache_clear()
    yield lambda *words: CliRunner().invoke(app, list(words))
    settings.cache_clear()


def test_a_kibetsu_is_read_back_with_its_acts_and_movements(engine: Engine) -> None:
    found = read_seiri.kibetsu(engine, KEY)
    assert found.seiri == LEFT
    assert [each.kind for each in found.acts] == [f.kind for f in FACTS[:4]]
    assert found.acts[0].provisions == ("chihouzeihou-17",)
    assert sum(OWED[m.kind] * m.kingaku for m in found.movements) == 300 + 100 + 40 - 70
    assert read_seiri.kibetsu(engine, "9" * 18) == read_seiri.KibetsuView(None, (), ())


def test_a_person_is_read_back_without_what_is_sealed(engine: Engine) -> None:
    found = read_seiri.person(engine, WHO)
    assert found.book is not None and found.book.shobun[0].held == {"biko": "財産あり"}
    assert found.book._replace(shobun=()) == BOOK._replace(shobun=())
    assert (found.seiri, len(found.acts)) == ((LEFT,), len(FACTS))
    assert "enc1:" not in repr(found)
    assert read_seiri.person(engine, "9999999999") == read_seiri.PersonView(None, (), ())


def test_the_sums_are_those_of_the_accounts_and_of_the_receipts_shared_out(engine: Engine) -> None:
    """10,220円 meet 9,970円 of 本税 first; the 250円 left are all that came in beside it."""
    assert read_seiri.seisan_sums(engine) == read_seiri.SeisanSums(40, 30, 70, 400, 250)


def test_the_balance_of_the_projection_counts_what_movements_made_of_it(engine: Engine) -> None:
    """調定 10,000 + 精算 370 − 収納 0: this account has no receipts, so its 10,220円 are not explained."""
    found = read_side.conservation(engine).total
    assert found.seisan_gaku == 300 + 100 + 40 + 30 - 30 - 70
    assert ACCOUNT.minou_gaku - ACCOUNT.kagonou_gaku == 10_000 + 370 - 10_220
    assert (found.sa_gaku, found.sa_kensuu) == (10_220, 1)


def test_show_account_and_person_say_it_in_japanese(command: Any) -> None:
    for words in (("show", "account", KEY), ("show", "person", WHO)):
        shown = command(*words)
        assert shown.exit_code == 0, shown.output
        for text in ("期別の整理", "延滞金の調定", "不納欠損", "催告停止", "2026-07-20"):
            assert text in shown.stdout, text
        assert "enc1:" not in shown.stdout
    assert "差押第3号" in shown.stdout and "T001" in shown.stdout and "9,000円" in shown.stdout


def test_show_as_json_holds_the_same(command: Any) -> None:
    of_account = json.loads(command("show", "account", KEY, "--json").stdout)["seiri"]
    assert of_account["seiri"]["teishi"] == [{"code": "saikoku_teishi", "on": "2026-07-20"}]
    assert [m["kingaku"] for m in of_account["movements"]].count(30) == 2
    of_person = json.loads(command("show", "person", WHO, "--json").stdout)["seiri"]
    assert of_person["book"]["shobun"][0]["keys"] == [KEY]
    assert "enc1:" not in json.dumps(of_person)
    assert json.loads(command("show", "summary", "--json").stdout)["seisan"]["fuzui_shuunou"] == 250
    shown = command("show", "summary").stdout
    assert "還付 40円、充当 30円、不納欠損 70円" in shown and "附随収入 250円" in shown


def test_the_words_are_those_of_the_law() -> None:
    names = [
        (yuuyo, "APPLIED_FOR GRANTED DENIED CANCELLED ENDED"),
        (kagonou, "HASSEI KETTEI TSUUCHI SEIKYUU SHIHARAI JUUTOU_ZUMI JIKOU TORIKESHI"),
        (kesson, "BOOKED REVERSED"),
        (bunnou_check, "ACTIVE COMPLETED DEFAULTED CANCELLED"),
        (shikkou_teishi, "STOPPED CANCELLED EXTINCT_3 EXTINCT_NOW"),
        (tokusokujou, "ISSUED RETURNED FOUND UNKNOWN POSTED DELIVERED WITHDRAWN"),
    ]
    assert {getattr(module, name) for module, listed in names for name in listed.split()} == set(JOUTAI)
    assert set(kesson.WAYS) == set(HOUHOU)
    assert set(OWED) == set(UGOKI)
    assert kind_ja("ChouteiPosted") == "調定" and kind_ja("NoSuchKind") == "NoSuchKind"


@given.STABLE
@over(st.one_of(st.from_type(KibetsuSeiri), st.from_type(Seiribo)))
def test_whatever_stands_there_is_shown_under_japanese_names(value: KibetsuSeiri | Seiribo) -> None:
    shown = list(pairs(value))
    assert shown[0] == ("収納キー" if isinstance(value, KibetsuSeiri) else "宛名番号", value[0])
    for label, _ in shown:
        assert re.search("[ぁ-んァ-ヶ一-龠]", label.split("・")[0]), label
