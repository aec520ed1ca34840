"""記録の照会: what staff see of the seven records, made from the projection, is what was published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from connectors import records as read_side
from connectors.migrations import migrate
from connectors.sink_projection import Store
from connectors.tables import engine_for
from schemas import records
from state import wire
from streams import cli_record, ledger, seiri
from streams.cli import app
from streams.engine.unit import Output
from streams.records import topic_of
from tests import given
from tests.connectors.synthetic_facts import Message, as_spans
from tests.state.record.materials import known as materials
from tests.streams.memory_records import Recorded, latest
from tests.streams.test_folds_records import SEALED, STORY

TOPICS = {
    "fact/ledger_fact": ledger.FACT,
    "fact/seiri_fact": seiri.SEIRI_FACT,
    "event/atena_changed": ledger.ATENA_OUT,
    "event/kiroku_held": ledger.KIROKU_OUT,
}
TODAY, LATE = date(2027, 6, 3), given.shuunou_key(2)
REWORKED = {"kurikoshiji_choutei_gaku", "kurikoshi_choutei_gaku"}
"""Of a 期別 that was corrected after the closing (LATE): the projection keeps no history of its 調定."""


@pytest.fixture(scope="module")
def told() -> Recorded:
    """The story of the records, and one 処分 and one plan in the book of its person."""
    hub = Recorded().tell(*STORY)
    shobun = materials("処分 S1 SashiosaeMade 2026-09-01").shobun
    plan = materials("分納 B1 rikou 2026-08-01 2026-08-31:3000:0").bunnou
    assert shobun is not None and plan is not None
    fact = hub.hub.seiri_facts[-1]
    assert fact.book is not None
    book = fact.book._replace(shobun=(shobun,), bunnou=(plan,))
    last = fact._replace(fact_id="last", book=book, seiri=None)
    hub.hub.ledger.outputs.append(Output(seiri.SEIRI_FACT, given.PERSON.encode(), wire.encode(last)))
    return hub.tell(given.corrected(2, 6_000, key=LATE, on=date(2027, 6, 2)))


@pytest.fixture(scope="module")
def engine(told: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('records')}/projection.db"
    migrate(url)
    store = Store(url, {topic: [schema] for schema, topic in TOPICS.items()})
    starts = {(topic, 0): 0 for topic in TOPICS.values()}
    store.begin({"cluster_id": "test"}, starts)
    given_ = [
        Message(schema, "", value)
        for schema, topic in TOPICS.items()
        for value in told.hub.ledger.sent(topic)
    ]
    store.keep(as_spans(given_, TOPICS, starts))
    assert store.problems() == 0
    store.close()
    opened = engine_for(url)
    yield opened
    opened.dispose()


def _shown(view: read_side.RecordView) -> dict[str, Any]:
    return {item.name: item.value for item in view.items}


@pytest.mark.parametrize("record", records.records())
def test_what_staff_see_is_what_was_published(record: str, told: Recorded, engine: Engine) -> None:
    published = {
        key: value._asdict()
        for (topic, key), value in latest(told.records).items()
        if topic == topic_of(record)
    }
    views = {view.key: _shown(view) for view in read_side.of_person(engine, record, given.PERSON, TODAY)}
    assert published and set(views) == set(published)
    confidential = {item.name for item in records.items(record) if item.confidential}
    for key, items in published.items():
        seen = views[key]
        assert list(seen) == list(items), "every item, in the order of 別添1"
        for name, value in items.items():
            if name in confidential:
                assert seen[name] == (read_side.SEALED if value else None)
            elif key != LATE or name not in REWORKED:
                assert seen[name] == value, f"{record}/{key}/{name}"


def test_滞納繰越_is_of_the_day_and_of_todays_調定(told: Recorded, engine: Engine) -> None:
    (view,) = read_side.of_bill(engine, "shuutainou", given.KEY, date(2027, 5, 31))
    assert _shown(view)["kurikoshi_choutei_gaku"] is None
    (view,) = read_side.of_bill(engine, "shuutainou", LATE, TODAY)
    published = told.record("shuutainou", LATE).kurikoshi_choutei_gaku
    assert (_shown(view)["kurikoshi_choutei_gaku"], published) == (6_000, 7_000), "the one known difference"


def test_a_bill_or_person_of_nobody_has_no_record(engine: Engine) -> None:
    assert read_side.of_bill(engine, "shuutainou", "0" * 18, TODAY) == ()
    for record in records.records():
        assert read_side.of_person(engine, record, "9999999999", TODAY) == ()


def _run(monkeypatch: pytest.MonkeyPatch, engine: Engine, *words: str) -> Result:
    monkeypatch.setattr(cli_record, "engine", lambda: engine)
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner().invoke(app, ["record", "show", *words])


def test_the_command_shows_number_name_and_value(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    shown = _run(monkeypatch, engine, "shuutainou", "--key", given.KEY, "--on", "2027-06-03")
    assert shown.exit_code == 0
    lines = [" ".join(line.replace("│", " ").split()) for line in shown.output.splitlines()]
    assert "65 期別調定額 8,000円" in lines and "89 納通返戻設定カウンタ 2" in lines
    assert "2 個人番号 (暗号文)" in lines and SEALED not in shown.output
    assert not any(line.startswith("56 ") for line in lines), "empty items are left out"
    every = _run(monkeypatch, engine, "収滞納", "--key", given.KEY, "--all")
    assert "申告区分コード" in every.output


def test_the_command_gives_json_of_every_row(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> None:
    shown = _run(monkeypatch, engine, "交渉経過", "--person", given.PERSON, "--json")
    (row,) = json.loads(shown.output)
    assert row["record"] == "tainou_koushou_keika" and len(row["items"]) == 15
    assert row["items"][1] == {
        "item_no": 2, "ja": "記録日付", "name": "kiroku_hizuke", "value": "2026-07-20"
    }  # fmt: skip
    bills = json.loads(_run(monkeypatch, engine, "shuutainou", "--person", given.PERSON, "--json").output)
    assert len(bills) == 2 and SEALED not in json.dumps(bills)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("no_such", "--key", "1"), 2),
        (("shuutainou",), 2),
        (("shuutainou", "--key", "1", "--person", "2"), 2),
        (("tainou_kojin", "--key", "1"), 2),
        (("tainou_kojin", "--person", "9999999999"), 1),
    ],
)
def test_wrong_use_and_nothing_found(
    words: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    shown = _run(monkeypatch, engine, *words)
    assert shown.exit_code == code and "expected" in shown.output
