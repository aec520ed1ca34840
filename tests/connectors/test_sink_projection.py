"""照会用の表への書き込み: exact on a real broker and real databases, whatever is killed, repeated or poisoned."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import tables
from connectors.delivery import topics_of
from connectors.migrations import drift, head, migrate
from connectors.sink_projection import NAME, SPEC
from connectors.tables import KIBETSU_SEIRI, METADATA, POSITION, SINK_PROBLEM, engine_for
from schemas.codec import NewerRelease
from state.wire import decode, encode
from tests.connectors import sink_topics
from tests.connectors.sink_topics import SECONDS, Flow, change, rows
from tests.connectors.synthetic_facts import (
    SCHEMAS,
    account,
    atena,
    fact,
    letter,
    messages,
    notice,
    provision,
)
from tests.given import of_a_newer_release

ROOT = Path(__file__).parents[2]
CITY = messages(persons=60, seed=7)

# Ends itself with SIGKILL at the n-th step; steps are the statements, the commit, and the moment after it.
KILLED = """
import json, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from connectors.sink_projection import Projection, Store
bootstrap, url, topics, at = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
steps, kept = 0, Store.keep
def step(*_, **__):
    global steps
    steps += 1
    if steps == at:
        os.kill(os.getpid(), signal.SIGKILL)
def keep(self, spans):
    kept(self, spans)
    step()
Store.keep = keep
event.listen(Engine, "before_cursor_execute", step)
event.listen(Engine, "commit", step)
Projection(bootstrap, url, batch=150, topics=topics).drain(60)
"""


@pytest.fixture
def flow(broker: str, topic_prefix: str) -> Flow:
    return Flow(broker, topic_prefix)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/projection.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of either kind."""
    chosen = f"sqlite:///{tmp_path}/p.db"
    if request.param == "postgresql":
        chosen = request.getfixturevalue("database_url")
    migrate(chosen)
    yield chosen


def _digest(url: str) -> str:
    return hashlib.sha256(json.dumps(rows(url)).encode()).hexdigest()


def test_every_message_is_kept_and_what_was_taken_back_is_not(flow: Flow, url: str) -> None:
    flow.send(CITY)
    taken_back = [(flow.names["deadletter/letter"], f"x{n}", encode(letter(9_000 + n))) for n in range(50)]
    sink_topics.send(flow.bootstrap, taken_back, aborted=True)
    projection = flow.projection(url)
    counts = projection.drain(SECONDS)
    assert (counts.records, counts.problems) == (len(CITY), 0)
    assert sum(projection.lag().values()) == 0
    assert projection.drain(SECONDS).records == 0
    status = projection.status()
    projection.close()
    assert status[:5] == (NAME, len(CITY), 0, 0, "")
    kept_rows = rows(url)
    for schema, table in zip(SCHEMAS[3:6], ("unmatched", "letter", "provision"), strict=True):
        kept = {m.value.event_id if table == "unmatched" else m.value for m in CITY if m.schema == schema}
        assert len(kept_rows[table]) == len(kept)
    assert len(kept_rows["fact"]) == sum(m.schema == "fact/ledger_fact" for m in CITY)
    assert len(kept_rows["atena"]) == 60
    acts = [m.value for m in CITY if m.schema == "fact/seiri_fact"]
    assert len(kept_rows["seiri_fact"]) == len(acts) > 0
    assert len(kept_rows["movement"]) == sum(len(act.movements) for act in acts) == 2 * len(acts)
    newest = {act.shuunou_key: act.seiri for act in acts}
    with engine_for(url).connect() as connection:
        left = connection.execute(sa.select(KIBETSU_SEIRI)).all()
    assert {row.shuunou_key: decode(row.encoded) for row in left} == newest
    assert len(kept_rows["seiribo"]) == len(newest)


def test_reading_again_from_nothing_changes_nothing(flow: Flow, url: str) -> None:
    flow.send(CITY)
    flow.drain(url)
    before = _digest(url)
    change(url, sa.update(POSITION).values(next_offset=0))
    assert flow.drain(url, batch=37).records == len(CITY)
    assert _digest(url) == before


def test_restart_in_midway_gives_what_one_run_gives(flow: Flow, url: str, tmp_path: Path) -> None:
    flow.send(CITY[:400])
    flow.drain(url, batch=90)
    flow.send(CITY[400:])
    assert flow.drain(url, batch=90).records == len(CITY) - 400
    at_once = f"sqlite:///{tmp_path}/once.db"
    migrate(at_once)
    flow.drain(at_once)
    assert rows(url) == rows(at_once)


def test_killed_at_any_step_it_goes_on_exactly(flow: Flow, url: str, tmp_path: Path) -> None:
    flow.send(CITY)
    kills, steps = 0, random.Random(11)
    for _ in range(60):
        command = [sys.executable, "-c", KILLED, flow.bootstrap, url, json.dumps(flow.topics)]
        ended = subprocess.run([*command, str(steps.randint(8, 30))], cwd=ROOT, timeout=SECONDS, check=False)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        kills += 1
    assert ended.returncode == 0 and kills >= 3
    untouched = f"sqlite:///{tmp_path}/untouched.db"
    migrate(untouched)
    flow.drain(untouched)
    assert rows(url) == rows(untouched)


@pytest.mark.parametrize("point", ["before the commit", "after the commit"])
def test_killed_around_the_commit(
    flow: Flow, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    migrate(sqlite_url)
    flow.send(CITY)
    projection = flow.projection(sqlite_url, batch=100)
    projection.drain(SECONDS)
    flow.send([m for m in CITY if m.schema == "deadletter/letter"])
    before = rows(sqlite_url)
    keep = projection.store.keep
    if point == "before the commit":
        sa.event.listen(projection.store.engine, "commit", kill)
    else:
        monkeypatch.setattr(projection.store, "keep", lambda spans: kill(keep(spans)))
    with pytest.raises(Killed):
        projection.drain(SECONDS)
    moved = rows(sqlite_url)["position"] != before["position"]
    assert moved == (point == "after the commit")
    assert flow.drain(sqlite_url).problems == 0
    after = rows(sqlite_url)
    assert {**after, "position": 0} == {**before, "position": 0}


def test_poison_is_recorded_and_passed(flow: Flow, url: str) -> None:
    good = letter(1)
    whole = encode(good)
    long_key = encode(letter(2)._replace(letter_id="k" * 201))
    nul = encode(letter(3)._replace(found="a\0b"))
    beyond = whole[:-1] + b"x" * 7
    values = [
        b"",
        None,
        b"no magic",
        b"\0\0\0\0\1z",
        whole[:-3],
        beyond,
        encode(atena(1)),
        long_key,
        nul,
        whole,
    ]
    flow.send_raw("deadletter/letter", values)
    projection = flow.projection(url)
    assert projection.drain(SECONDS)[:2] == (10, 9)
    assert projection.status().problems == 9
    projection.close()
    kept_rows = rows(url)
    assert len(kept_rows["letter"]) == 1 and "letter-1" in kept_rows["letter"][0]
    with engine_for(url).connect() as connection:
        told = connection.execute(sa.select(SINK_PROBLEM).order_by(SINK_PROBLEM.c.offset)).all()
    assert [(row.offset, row.reason) for row in told] == [
        *[(n, "R-201") for n in range(6)],
        (6, "R-202"),
        (7, "R-204"),
        (8, "R-204"),
    ]
    assert [row.found for row in told[6:]] == [
        "AtenaChanged",
        "letter: a key of 201 characters",
        "letter: a text with NUL",
    ]
    assert "no magic" not in repr(told)
    change(url, sa.update(POSITION).values(next_offset=0))
    flow.drain(url)
    assert rows(url) == kept_rows


def test_a_newer_release_stops_the_sink_and_is_read_by_its_successor(flow: Flow, url: str) -> None:
    whole = encode(letter(1))
    flow.send_raw("deadletter/letter", [whole, of_a_newer_release(whole)])
    projection = flow.projection(url)
    with pytest.raises(NewerRelease, match="newer release"):
        projection.drain(SECONDS)
    projection.close()
    with engine_for(url).connect() as connection:
        assert connection.execute(sa.select(SINK_PROBLEM)).all() == []
        assert connection.execute(sa.select(sa.func.sum(POSITION.c.next_offset))).scalar_one() == 0


def test_what_only_the_database_refuses_is_passed_over_alone(flow: Flow, url: str) -> None:
    constraint = "ALTER TABLE letter ADD CONSTRAINT c CHECK (letter_id <> 'letter-5')"
    if url.startswith("sqlite"):
        constraint = (
            "CREATE TRIGGER c BEFORE INSERT ON letter WHEN NEW.letter_id = 'letter-5' "
            "BEGIN SELECT RAISE(ABORT, 'letter-5 refused'); END"
        )
    change(url, constraint)
    flow.send_raw("deadletter/letter", [encode(letter(n)) for n in range(10)])
    assert flow.drain(url)[:2] == (10, 1)
    kept_rows = rows(url)
    assert len(kept_rows["letter"]) == 9
    assert "R-204" in kept_rows["sink_problem"][0] and "letter-5" not in kept_rows["sink_problem"][0]


def test_pictures_follow_the_order_and_logs_keep_the_first(flow: Flow, url: str) -> None:
    now = account(1, 1, 5_000)
    later = now._replace(kibetsu_choutei_gaku=4_000, rireki_bangou=2)
    facts = [fact("ChouteiEstablished", now, 0), fact("ChouteiCorrected", later, 1)]
    again = facts[0]._replace(kingaku=1, account=None)
    flow.send_raw("fact/ledger_fact", [encode(value) for value in (*facts, again)])
    flow.drain(url, batch=1)
    with engine_for(url).connect() as connection:
        assert connection.execute(sa.select(tables.ACCOUNT.c.kibetsu_choutei_gaku)).scalars().all() == [
            4_000
        ]
        assert connection.execute(sa.select(tables.FACT.c.kingaku)).scalars().all() == [0, 0]


def test_rows_of_two_origins_stand_beside_each_other(flow: Flow, url: str) -> None:
    """A payment that staff assigned is held once more under another 収納キー; a chain of 提供記録 forks."""
    first, assigned = notice(1, "held"), notice(1, "assigned")
    again = first._replace(shuunou_key="202602000000000999")
    flow.send_raw("matching/matching_notice", [encode(value) for value in (first, assigned, again)])
    fork = provision(1)._replace(hash=b"another")
    flow.send_raw("audit/provision", [encode(value) for value in (provision(1), fork, fork)])
    flow.drain(url)
    with engine_for(url).connect() as connection:
        held = connection.execute(sa.select(tables.UNMATCHED.c.status, tables.UNMATCHED.c.shuunou_key)).all()
        hashes = connection.execute(sa.select(tables.PROVISION.c.hash)).scalars().all()
    assert sorted(held) == [("assigned", first.shuunou_key), ("held", again.shuunou_key)]
    assert sorted(hashes) == sorted([provision(1).hash, b"another"])


def test_a_database_emptied_under_it_is_filled_again(flow: Flow, url: str) -> None:
    flow.send(CITY[:300])
    projection = flow.projection(url)
    projection.drain(SECONDS)
    change(url, *[sa.delete(table) for table in METADATA.tables.values()])
    flow.send(CITY[300:])
    projection.drain(SECONDS)
    projection.close()
    before = rows(url)
    change(url, sa.update(POSITION).values(next_offset=0))
    flow.drain(url)
    assert rows(url) == before
    assert len(before["fact"]) == sum(m.schema == "fact/ledger_fact" for m in CITY)


def test_two_at_once_write_what_one_writes(flow: Flow, url: str, tmp_path: Path) -> None:
    flow.send(CITY)
    both = [flow.projection(url, batch=50) for _ in range(2)]
    threads = [threading.Thread(target=projection.drain, args=(SECONDS,)) for projection in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    for projection in both:
        assert sum(projection.lag().values()) == 0
        projection.close()
    alone = f"sqlite:///{tmp_path}/alone.db"
    migrate(alone)
    flow.drain(alone)
    assert rows(url) == rows(alone)


def test_migrations_reach_the_tables_of_the_program(url: str) -> None:
    assert migrate(url) == head(), "once more changes nothing"
    assert drift(engine_for(url)) == []
    engine = engine_for(url)
    found = sa.inspect(engine)
    for name, table in METADATA.tables.items():
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key]
    change(url, "ALTER TABLE account DROP COLUMN jiyuu_code")
    assert drift(engine), "and a difference would be seen"


def test_spec_names_the_topics_of_the_list() -> None:
    assert SPEC.name == NAME
    assert set(SPEC.topics) == set(topics_of(NAME)) and len(SPEC.topics) == 7
