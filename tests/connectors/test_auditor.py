"""監査: a real hub on a broker of its own passes every measure; each fault planted in a topic is found, by its key."""

from __future__ import annotations

import ast
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

import connectors.auditor
from connectors.auditor import audit, cut
from connectors.auditor.report import MOVING, PASS, Report
from connectors.migrations import migrate
from connectors.secrets import create_key_file
from connectors.sink_projection import Projection
from state import wire
from streams import cli_verify, commands, topics
from streams.local.kafka import LocalKafka
from streams.settings import settings
from tests import given

ROOT = Path(__file__).parents[2]
PARTITIONS, APPLICATION, BILLS = 3, "audited", 4
DAYS = (date(2026, 7, 10), date(2026, 8, 1))
FOLDS = {"state.receipt.apply", "state.delinquency.apply", "state.ledger", "state.matching"}
CONVENIENCE, GINKOU, SHOKUIN = "ido.shuunou-convenience.v1", "ido.shuunou-ginkou.v1", "ido.shokuin.v1"
ATENA, KIROKU = "ido.atena.v1", "ido.kiroku.v1"
Found = set[tuple[str, str, str]]


class Sent(NamedTuple):
    topic: str
    key: str | bytes
    value: bytes | None
    partition: int = -1


def key_of(person: int, kibetsu: int) -> str:
    return given.shuunou_key(kibetsu, zeimoku=f"{kibetsu:02d}", tsuuchisho=person)


def bill(person: int, kibetsu: int, make: Any = given.choutei, *args: Any, **over: Any) -> Sent:
    """調定 of a person's bill; a person has one of each 税目."""
    key = over.pop("key", key_of(person, kibetsu))
    event = make(*args, key=key, **{"atena_bangou": f"{person:010d}", **over})
    topic = "ido.choutei-hoken.v1" if event.zeimoku_code == "04" else "ido.choutei-zeimu.v1"
    return Sent(topic, key, wire.encode(event))


def paid(event: Any, topic: str = CONVENIENCE) -> Sent:
    return Sent(topic, event.shuunou_key, wire.encode(event))


def story(person: int) -> Iterator[Sent]:
    """What happens on the four bills of one person; ten different stories."""
    one, two, three, four = (key_of(person, kibetsu) for kibetsu in range(1, BILLS + 1))
    p, tale = f"{person}", person % 10
    yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(1, f"{person:010d}")))
    if tale == 3:  # paid before the bill is known
        yield paid(given.received(f"cvs:{p}early", 4_000, key=one))
    yield from (bill(person, kibetsu) for kibetsu in range(1, BILLS + 1))
    if tale in (0, 3):
        yield paid(given.confirmed(f"cvs:{p}full", 10_000, key=two))
    elif tale == 1:
        yield paid(given.received(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.confirmed(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.received(f"cvs:{p}b", 3_000, key=four))
    elif tale == 2:  # denied, and a 速報 that comes after its 確報
        yield paid(given.received(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.reversal(f"cvs:{p}a", 6_000, key=one))
        yield paid(given.confirmed(f"cvs:{p}b", 6_000, key=four))
        yield paid(given.received(f"cvs:{p}b", 6_000, key=four))
    elif tale == 4:  # corrected both ways, after payment; then one that comes late
        yield paid(given.confirmed(f"cvs:{p}a", 10_000, key=one))
        yield bill(person, 1, given.corrected, 3, 7_000)
        yield bill(person, 1, given.corrected, 2, 12_000)
        yield bill(person, 4, given.corrected, 2, 15_000, noukigen=date(2026, 9, 30))
    elif tale == 5:
        yield bill(person, 2, given.cancelled, 2)
        yield paid(given.confirmed(f"cvs:{p}a", 10_000, key=two))
        yield paid(given.debit_failed(f"kfr:{p}a", key=three), GINKOU)
        yield paid(given.debit_failed(f"kfr:{p}a", key=three), GINKOU)
    elif tale == 6:  # said again, the second time with another 取込日; and what contradicts
        again = given.confirmed(f"cvs:{p}a", 9_000, key=one)
        yield from [paid(again), paid(again), paid(again._replace(torikomibi=date(2026, 7, 1)))]
        yield paid(again._replace(shuunou_kingaku=9_001))
        yield bill(person, 1)
        yield bill(person, 1, given.choutei, 1, 10_001)
        yield bill(person, 2, atena_bangou="0000999999")
    elif tale == 7:
        yield paid(given.received(f"cvs:{p}lost", 1_500, key=given.shuunou_key(9, tsuuchisho=person)))
        yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(3, f"{person:010d}")))
        yield Sent(ATENA, f"{person:010d}", wire.encode(given.atena(2, f"{person:010d}")))
        other = given.atena(3, f"{person:010d}", henshuuzumi_shimei_kanji="別人")
        yield Sent(ATENA, f"{person:010d}", wire.encode(other))
        yield Sent(KIROKU, f"{person:010d}", wire.encode(given.kiroku(1, f"{person:010d}")))
    elif tale == 8:  # what is refused at the door
        yield bill(person, 4, given.choutei, 2, -1)
        yield Sent(CONVENIENCE, one, b"\x01not ours")
        yield Sent(CONVENIENCE, one, None)
        yield paid(given.received(f"cvs:{p}a", key="12345"))
        yield Sent(GINKOU, one, wire.encode(given.atena()))
    else:
        yield paid(astray(person))


def astray(person: int) -> Any:
    """A payment under a 収納キー that no bill has, of a person of story nine."""
    return given.received(f"cvs:{person}a", 2_500, key=given.shuunou_key(8, tsuuchisho=person))


def assignment(person: int, target: str) -> Sent:
    held = astray(person)
    return paid(given.assigned(held.event_id, target, key=held.shuunou_key), SHOKUIN)


def afterwards(person: int) -> Iterator[Sent]:
    """Staff give the payment to a bill (once too often), and the 確報 and a repetition follow it there."""
    yield assignment(person, key_of(person, 3))
    yield assignment(person, key_of(person, 4))
    yield paid(given.confirmed(f"cvs:{person}a", 2_500, key=astray(person).shuunou_key), GINKOU)
    yield paid(astray(person))


def kijunbi(on: date) -> list[Sent]:
    return [Sent(*message) for message in commands.kijunbi_messages(on, PARTITIONS, given.JICHITAI)]


class AuditedHub:
    """A hub of its own: broker, topics, a worker as a process, and its projection; and what the auditor says of it."""

    def __init__(self, broker: LocalKafka, home: Path) -> None:
        self.bootstrap, self.home, self.known = broker.bootstrap, home, set[tuple[str, str, str]]()
        self.url = f"sqlite:///{home / 'projection.db'}"
        self.broker = cut.Broker(self.bootstrap, {})
        self.environment = {
            "SHUUNOU_HOME": str(home),
            "SHUUNOU_BOOTSTRAP": self.bootstrap,
            "SHUUNOU_APPLICATION": APPLICATION,
            "SHUUNOU_PARTITIONS": str(PARTITIONS),
            "SHUUNOU_DATABASE_URL": self.url,
        }
        self.process: subprocess.Popen[bytes] | None = None
        topics.create(self.bootstrap, PARTITIONS, {})
        create_key_file(home / "keys" / "kojin.key")
        migrate(self.url)

    def start(self) -> None:
        command = [sys.executable, "-m", "streams.cli", "worker"]
        self.process = subprocess.Popen(command, env={**os.environ, **self.environment}, cwd=self.home)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(30) == 0
        self.process = None

    def send(self, *messages: Sent) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        for topic, key, value, partition in messages:
            producer.produce(topic, value, key, partition)
        assert producer.flush(30) == 0

    def settle(self) -> None:
        """Waits until every stage has worked off everything, seen twice; then the projection."""
        give_up, quiet = time.monotonic() + 90, 0
        while quiet < 2:
            assert time.monotonic() < give_up, "the stages do not come to rest"
            left = 0
            for stage in cut.STAGES:
                ends = self.broker.ends(cut.read_by(stage))
                left += cut.behind(ends, self.broker.shown(f"{APPLICATION}-{stage}"))
            quiet = quiet + 1 if left == 0 else 0
            time.sleep(0.2)
        sink = Projection(self.bootstrap, self.url)
        sink.drain(30)
        sink.close()

    def pretend_applied(self) -> None:
        """Shows positions at the ends, as if the stages had worked off what was planted."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for stage in cut.STAGES:
            ends = self.broker.ends(cut.read_by(stage))
            places = [TopicPartition(*place, end) for place, end in ends.items()]
            asked = [ConsumerGroupTopicPartitions(f"{APPLICATION}-{stage}", places)]
            for answer in admin.alter_consumer_group_offsets(asked).values():
                answer.result(30)

    def read(self, topic: str) -> list[Sent]:
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "t", "enable.partition.eof": True}
            | {"isolation.level": "read_committed", "enable.auto.commit": False}
        )
        consumer.assign([TopicPartition(topic, part, 0) for part in range(PARTITIONS)])
        found, ended = list[Sent](), 0
        while ended < PARTITIONS:
            for m in consumer.consume(10_000, 1.0):
                if m.error() is None:
                    found.append(Sent(topic, m.key(), m.value(), m.partition()))
                elif m.error().code() == KafkaError._PARTITION_EOF:
                    ended += 1
        consumer.close()
        return found

    def verify(self, wait_s: float = 20.0, **options: Any) -> Report:
        return audit.verify(audit.Hub(self.bootstrap, APPLICATION, self.url, wait_s=wait_s, **options))

    def new(self, **options: Any) -> tuple[Report, Found]:
        """The audit, and what it finds now that it did not find before."""
        report = self.verify(**options)
        all_of_it = {(m.id, f.what, d.key) for m in report.measures for f in m.findings for d in f.differences}
        new, self.known = all_of_it - self.known, all_of_it
        return report, new


def statuses(report: Report) -> dict[str, str]:
    return {measure.id: measure.status for measure in report.measures}


def figures(report: Report, measure: str) -> dict[str, int]:
    return dict(next(m.figures for m in report.measures if m.id == measure))


def named(found: Found) -> set[tuple[str, str]]:
    return {(measure, key) for measure, _, key in found}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuditedHub]:
    """The hub at work."""
    place = tmp_path_factory.mktemp("audited")
    with LocalKafka(place / "kafka", jar_dir=ROOT / ".hub" / "jars", heap="512m", is_short_lived=True) as broker:
        hub = AuditedHub(broker, place)
        hub.start()
        try:
            hub.send(*(message for person in range(1, 31) for message in story(person)))
            hub.settle()
            for day in (DAYS[0], DAYS[1], DAYS[1], DAYS[0]):
                hub.send(*kijunbi(day))
                hub.settle()
            hub.send(*(message for person in (9, 19) for message in afterwards(person)))
            hub.send(*(message for person in range(31, 51) for message in story(person)))
            hub.settle()
            yield hub
        finally:
            hub.stop()


@pytest.fixture
def hub(started: AuditedHub) -> AuditedHub:
    """The hub after its worker was stopped, ready for something to be planted."""
    if started.process is not None:
        started.stop()
        started.new()
    return started


def test_a_sound_hub_passes_every_measure(started: AuditedHub) -> None:
    report = started.verify()
    shown = [(f.what, f.differences[:3]) for m in report.measures for f in m.findings]
    assert (shown, report.exit_code) == ([], 0)
    assert set(statuses(report).values()) == {PASS}
    c1, c3 = figures(report, "C1"), figures(report, "C3")
    assert (c1["held"], c1["held yen"], c1["in motion"]) == (8, 5 * 1_500 + 3 * 2_500, 0)
    assert (c3["accounts"], c3["accounts in the projection"], c3["accounts in motion"]) == (200, 200, 0)
    assert report.total.choutei_gaku - report.total.shuunou_gaku == (
        report.total.minou_gaku - report.total.kagonou_gaku
    )
    letters = figures(report, "C5")
    assert (letters["ingest R-201"], letters["receipt R-403"], letters["matching R-302"]) == (10, 5, 2)
    assert figures(report, "C6")["provisions"] == len(started.read("audit.provision.v1"))


def test_a_hub_that_runs_is_audited_without_stopping_it(started: AuditedHub) -> None:
    """Money goes on coming in while it is audited; nothing differs, and what moved is left out."""
    done = threading.Event()

    def go_on() -> None:
        number = 0
        while not done.is_set():
            number += 1
            event = given.confirmed(f"cvs:more{number}", 100, key=key_of(number % 50 + 1, 1))
            started.send(paid(event))

    sender = threading.Thread(target=go_on)
    sender.start()
    try:
        reports = [started.verify(projection) for projection in (5.0, 0.0)]
    finally:
        done.set()
        sender.join()
    for report in reports:
        assert [f for m in report.measures for f in m.findings] == []
        assert set(statuses(report).values()) <= {PASS, MOVING}
    assert figures(reports[1], "C3")["accounts in motion"] > 0
    started.settle()
    assert started.verify().exit_code == 0


def test_the_command_says_it_in_figures_and_in_its_exit_code(
    started: AuditedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    cli_verify.register(app)
    for name, value in started.environment.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    shown = CliRunner().invoke(app, ["verify"])
    assert (shown.exit_code, "欠落なし" in shown.stdout) == (0, True)
    listed = CliRunner().invoke(app, ["verify", "--json", "--no-projection"])
    values = json.loads(listed.stdout)
    assert (values["exit_code"], [m["id"] for m in values["measures"]]) == (0, [f"C{n}" for n in range(1, 8)])
    assert values["total"]["sa_gaku"] == 0
    assert CliRunner().invoke(app, ["verify", "--paused", "nobody"]).exit_code == 2
    monkeypatch.setenv("SHUUNOU_DATABASE_URL", f"sqlite:///{started.home / 'none.db'}")
    settings.cache_clear()
    assert CliRunner().invoke(app, ["verify"]).exit_code == 3
    monkeypatch.setenv("SHUUNOU_BOOTSTRAP", "127.0.0.1:1")
    settings.cache_clear()
    unreachable = CliRunner().invoke(app, ["verify"])
    assert (unreachable.exit_code, unreachable.stdout) == (3, "")
    settings.cache_clear()


def test_what_is_not_worked_off_is_in_motion_and_what_was_passed_over_is_lost(hub: AuditedHub) -> None:
    key = key_of(10, 2)
    hub.send(paid(given.confirmed("cvs:lost", 700, key=key)), bill(60, 1), Sent(CONVENIENCE, key, b"\x00"))
    report, new = hub.new(wait_s=0.5)
    assert (new, report.exit_code) == (set(), 3)
    assert statuses(report) == dict.fromkeys(("C1", "C2", "C3", "C4", "C6", "C7"), MOVING) | {"C5": PASS}
    assert (figures(report, "C1")["in motion"], figures(report, "C7")["matching behind"]) == (3, 3)
    hub.pretend_applied()
    report, new = hub.new()
    assert report.exit_code == 1
    lost = {("C1", key), ("C1", key_of(60, 1)), ("C3", key), ("C3", key_of(60, 1)), ("C4", key)}
    assert lost <= named(new)
    assert any(m == "C1" and "cannot be read" in what for m, what, _ in new)
    assert (report.total.sa_gaku, report.total.sa_kensuu) == (10_700, 2)


def test_a_fact_that_comes_twice_is_found(hub: AuditedHub) -> None:
    facts = {wire.decode(m.value or b""): m for m in hub.read("ledger.fact.v1") if m.value}
    chosen = next(f for f in facts if f.kind == "ShuunouPosted")
    hub.send(facts[chosen])
    hub.pretend_applied()
    _, new = hub.new()
    assert named(new) == {("C2", chosen.shuunou_key)}
    assert {what for _, what, _ in new} >= {
        "effects that took place more than once",
        "accounts whose facts do not add up",
    }


def last_row(hub: AuditedHub, tag: bytes, chosen: Any) -> tuple[Sent, Any]:
    """The last value of one row of the ledger's tables, and the message that holds it."""
    rows = {m.key: m for m in hub.read("state.ledger.v1") if bytes(m.key)[:1] == tag}
    return next((m, v) for m in rows.values() if m.value and chosen(v := wire.decode(m.value)))


def test_a_row_with_one_yen_more_is_found(hub: AuditedHub) -> None:
    message, account = last_row(hub, b"r", lambda a: a.shuunou_key == key_of(11, 4))
    changed = wire.encode(account._replace(shuunou_gaku=account.shuunou_gaku + 1))
    before = hub.verify().total
    hub.send(message._replace(value=changed))
    report, new = hub.new()
    assert named(new) == {("C3", account.shuunou_key), ("C4", account.shuunou_key)}
    differ = report.total.sa_gaku - before.sa_gaku, report.total.sa_kensuu - before.sa_kensuu
    assert differ == (1, 1)
    assert any("projection" in what for _, what, _ in new)


def test_rows_of_another_content_are_found(hub: AuditedHub) -> None:
    message, account = last_row(hub, b"r", lambda a: a.shuunou_key == key_of(12, 4))
    receipts = tuple(r._replace(torikomibi=date(2026, 1, 1)) for r in account.receipts)
    assert receipts
    hub.send(message._replace(value=wire.encode(account._replace(receipts=receipts))))
    message, case = last_row(hub, b"d", lambda c: c.atena_bangou == "0000000013")
    changed = case._replace(tainou_kingaku=case.tainou_kingaku - 5, tainou_kensuu=case.tainou_kensuu - 1)
    hub.send(message._replace(value=wire.encode(changed)))
    message, person = last_row(hub, b"a", lambda a: a.atena_bangou == "0000000017")
    hub.send(message._replace(value=wire.encode(person._replace(event_id="another"))))
    _, new = hub.new()
    assert named(new) == {
        ("C4", account.shuunou_key),
        ("C2", case.atena_bangou),
        ("C4", case.atena_bangou),
        ("C4", person.atena_bangou),
    }


def transfer_of(hub: AuditedHub, key: str) -> tuple[Sent, Any]:
    """The last transfer of a 期別 to 税務課."""
    facts = [wire.decode(m.value or b"") for m in hub.read("ledger.fact.v1")]
    mine = {fact.fact_id for fact in facts if fact.shuunou_key == key}
    sent = [(m, wire.decode(m.value or b"")) for m in hub.read("iten.zeimuka.v1")]
    return [(m, t) for m, t in sent if t.fact_id in mine][-1]


def test_a_transfer_of_another_content_and_one_without_its_record_are_found(hub: AuditedHub) -> None:
    message, sent = transfer_of(hub, key_of(14, 1))
    changed = sent._replace(minou_kingaku=sent.minou_kingaku + 1, transfer_id="another/zeimuka")
    hub.send(message._replace(value=wire.encode(changed)))
    _, new = hub.new()
    assert {m for m, _, _ in new} == {"C6"} and ("C6", key_of(14, 1)) in named(new)
    assert {what for _, what, key in new if key == key_of(14, 1)} >= {
        "transfers of another content than the account had",
        "transfers without their one provision",
        "期別 of which zeimuka was last given something else",
    }


def test_a_record_that_was_tampered_with_is_found(hub: AuditedHub) -> None:
    message = hub.read("audit.provision.v1")[-1]
    provision = wire.decode(message.value or b"")
    changed = provision._replace(seq=provision.seq + 1, previous_hash=provision.hash, atena_bangou="0000000099")
    hub.send(message._replace(value=wire.encode(changed)))
    _, new = hub.new()
    assert {what for _, what, _ in new} == {
        "breaks in the chain of provisions",
        "transfers without their one provision",
    }
    assert ("C6", provision.shuunou_key) in named(new)


def test_a_transfer_that_is_missing_is_found_unless_its_contract_is_paused(hub: AuditedHub) -> None:
    facts = [(m, wire.decode(m.value or b"")) for m in hub.read("ledger.fact.v1")]
    message, fact = next((m, f) for m, f in facts if f.account and f.shuunou_key == key_of(15, 3))
    owing = fact.account._replace(kibetsu_choutei_gaku=1)
    invented = fact._replace(fact_id="none/Invented", kind="Invented", account=owing)
    hub.send(message._replace(value=wire.encode(invented)))
    hub.pretend_applied()
    _, new = hub.new()
    assert named(new) == {("C1", fact.shuunou_key), ("C2", fact.shuunou_key), ("C6", fact.shuunou_key)}
    report = hub.verify(paused=("zeimuka",))
    assert figures(report, "C6")["left out while paused"] > 0
    found = {f.what for m in report.measures if m.id == "C6" for f in m.findings}
    assert "transfers to zeimuka that are missing" not in found


def test_a_projection_that_shows_something_else_is_found(hub: AuditedHub) -> None:
    key = key_of(16, 2)
    with sqlite3.connect(hub.home / "projection.db") as database:
        database.execute("UPDATE account SET minou_gaku = minou_gaku + 1 WHERE shuunou_key = ?", (key,))
    report, new = hub.new()
    assert named(new) == {("C3", key)}
    assert hub.verify(database_url=None).total == report.total


def test_the_latest_state_of_a_person_must_be_passed_on(hub: AuditedHub) -> None:
    message = hub.read("ledger.atena.v1")[-1]
    person = wire.decode(message.value or b"")
    hub.send(message._replace(value=wire.encode(person._replace(henshuuzumi_shimei_kanji="別人"))))
    _, new = hub.new()
    assert named(new) == {("C1", person.atena_bangou)}


def test_a_letter_without_its_record_is_found(hub: AuditedHub) -> None:
    message = hub.read("deadletter.v1")[-1]
    letter = wire.decode(message.value or b"")
    hub.send(message, message._replace(value=wire.encode(letter._replace(offset=1_000_000))))
    _, new = hub.new()
    place = f"{letter.topic}/{letter.partition}"
    assert named(new) == {("C5", f"{place}/{letter.offset}"), ("C5", f"{place}/1000000")}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    return names | {n.module or "" for n in froms} | {f"{n.module}.{a.name}" for n in froms for a in n.names}


def test_the_auditor_uses_none_of_the_folds() -> None:
    """Neither by name nor by way of another module: a fault of theirs must not be repeated here."""
    folder = Path(connectors.auditor.__file__).parent
    files = sorted(folder.glob("*.py"))
    assert len(files) > 5
    assert [f for f in files if imported(f) & (FOLDS | {"state.receipt.record", "state.transfer"})] == []
    loaded = "import sys, connectors.auditor.audit; print(*sorted(m for m in sys.modules if m.startswith('state')))"
    shown = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not FOLDS & set(shown.stdout.split())
