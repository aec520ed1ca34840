"""Workers as real processes, killed at named points: nothing lost, nothing doubled. On the real broker."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.engine.stage import EXIT_STOPPED
from tests.engine.conftest import PARTITIONS, Bench
from tests.engine_counting import PARTS

KILLS = [
    "before-read",
    "after-fold",
    "after-outputs",
    "before-commit",
    "after-commit",
    "half-store",
    "after-store",
]


@pytest.mark.parametrize("point", KILLS)
def test_kill_9_at_a_named_point(bench: Bench, point: str) -> None:
    bench.produce(3000, per_transaction=70)
    first = bench.start(f"{point}=kill@5")
    assert first.wait(60) == -signal.SIGKILL
    bench.ready(bench.start())
    bench.assert_exact()


@pytest.mark.parametrize("point", ["before-restore", "half-restore"])
def test_kill_9_during_a_restore(bench: Bench, point: str) -> None:
    bench.produce(2000)
    first = bench.start()
    bench.ready(first)
    bench.wait_done()
    first.terminate()
    assert first.wait(30) == 0
    shutil.rmtree(bench.directory / "worker")
    assert bench.start(f"{point}=kill@2").wait(60) == -signal.SIGKILL
    bench.produce(500)
    bench.ready(bench.start())
    bench.assert_exact()


def _wait_until_noted(bench: Bench) -> None:
    """Positions are shown once a second; beside each stands the changelog that it was reached with."""
    settings = {"bootstrap.servers": bench.bootstrap, "group.id": f"{bench.name}-count"}
    consumer = Consumer(settings)
    places = [TopicPartition(bench.sources[0], number) for number in range(PARTITIONS)]
    deadline = time.monotonic() + 30
    while not all(place.metadata for place in consumer.committed(places, timeout=10)):
        assert time.monotonic() < deadline, "no changelog was noted"
        time.sleep(0.2)
    consumer.close()


def _remake_changelog(bench: Bench) -> None:
    """As by an operator's mistake: the topic is there again, and empty."""
    admin, name = AdminClient({"bootstrap.servers": bench.bootstrap}), f"{bench.name}log"
    admin.delete_topics([name], operation_timeout=30)[name].result(30)
    again = NewTopic(name, PARTITIONS, 1, config={"cleanup.policy": "compact"})
    deadline = time.monotonic() + 30
    while True:
        try:
            return admin.create_topics([again])[name].result(30)
        except KafkaException:  # its deletion is not over yet
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.parametrize("is_store_kept", [True, False])
def test_a_changelog_that_was_lost_is_not_taken_for_a_beginning(bench: Bench, is_store_kept: bool) -> None:
    """Else everything would be folded again from the first record on, and sent a second time."""
    bench.produce(900)
    first = bench.start()
    bench.ready(first)
    bench.wait_done()
    _wait_until_noted(bench)
    first.terminate()
    assert first.wait(30) == 0
    _remake_changelog(bench)
    if not is_store_kept:
        shutil.rmtree(bench.directory / "worker")
    assert bench.start().wait(60) == EXIT_STOPPED
    bench.produce(100)
    assert bench.start().wait(60) == EXIT_STOPPED, "and no more at the second start"
    assert len(bench.read(f"{bench.name}out")) == 900, "nothing was sent again, and nothing new"


@pytest.mark.parametrize("point", ["after-outputs", "before-commit"])
def test_an_aborted_transaction_is_tried_again(bench: Bench, point: str) -> None:
    bench.produce(2000)
    bench.send(b"poison", b"k1")
    bench.ready(bench.start(f"{point}=raise@2"))
    bench.assert_exact()
    letters = bench.read(f"{bench.name}letters")
    assert len(letters) == 1, "the letter is in the same transaction: once, or the batch was not applied"
    if point == "after-outputs":
        return  # what was aborted had not left the process
    seen = len(bench.read(f"{bench.name}out", "read_uncommitted"))
    assert seen > sum(bench.sent.values()), (
        "the abort must have left uncommitted copies, or nothing was tested"
    )


@pytest.mark.parametrize("point", ["after-outputs", "before-commit", "after-commit", "after-store"])
def test_a_fold_in_parts_goes_on_where_it_was_killed(bench: Bench, point: str) -> None:
    """Its position stays until the last part; each part is committed once, and what follows waits."""
    bench.produce(300)
    bench.send(b"long", b"k1")
    bench.produce(300)
    first = bench.start(f"{point}=kill@6")
    assert first.wait(60) == -signal.SIGKILL
    second = bench.start("before-commit=raise@2")
    bench.ready(second)
    assert bench.wait_done() == bench.sent
    parts = [message.value() for message in bench.read(f"{bench.name}letters")]
    assert parts == [b"part %d" % number for number in range(PARTS)]


def test_an_unknown_failure_stops_the_process_before_it_acknowledges(bench: Bench) -> None:
    bench.produce(1000)
    failed = bench.start("after-fold=raise@3")
    assert failed.wait(60) == 70
    bench.ready(bench.start())
    bench.assert_exact()


def test_a_second_worker_joins_and_leaves(bench: Bench) -> None:
    first = bench.start()
    bench.ready(first)
    bench.produce(2000)
    other = bench.given(directory=str(bench.directory / "second"))
    second = bench.start(directory=other["directory"])
    bench.produce(2000)
    bench.ready(second)
    bench.produce(2000)
    second.terminate()
    assert second.wait(30) == 0
    bench.produce(2000)
    third = bench.start(directory=str(bench.directory / "third"))
    bench.ready(third)
    bench.produce(1000)
    third.kill()
    bench.produce(1000)
    bench.assert_exact()
    assert first.poll() is None


def test_a_worker_asleep_past_its_session_finds_itself_fenced(bench: Bench) -> None:
    bench.produce(500)
    sleeper = bench.start(slow_s=0.05, batch_records=20)
    bench.ready(sleeper)
    sleeper.send_signal(signal.SIGSTOP)
    bench.produce(2000)
    other = bench.start(directory=str(bench.directory / "second"))
    bench.ready(other)
    time.sleep(1)
    sleeper.send_signal(signal.SIGCONT)
    bench.produce(1000)
    bench.assert_exact()


def _fence(bench: Bench, partition: int) -> None:
    """As the broker does when a transaction outlives its time, or as another owner would: a newer epoch."""
    for turn in ("", ".1"):
        name = f"{bench.name}-count-{partition}{turn}"
        Producer({"bootstrap.servers": bench.bootstrap, "transactional.id": name}).init_transactions(30)


def _told(bench: Bench, worker: subprocess.Popen[str]) -> list[str]:
    """What the worker has said of being fenced, a line each time."""
    return [line for line in bench.said(worker).splitlines() if '"error": "Fenced"' in line]


def _fence_until_told(bench: Bench, worker: subprocess.Popen[str], partition: int) -> int:
    """Fences the owner at work; how often. One that is only about to take the partition fences us instead,
    and has nothing to tell (the worker joins the group again after the partition before): then once more."""
    for fences in range(1, 5):
        _fence(bench, partition)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            bench.produce(50)
            if any(f'"partition": {partition}' in line for line in _told(bench, worker)):
                return fences
            time.sleep(0.1)
    raise AssertionError(f"partition {partition}: fenced four times, and the worker did not notice")


def test_a_worker_that_was_fenced_asks_the_group_and_goes_on(bench: Bench) -> None:
    worker = bench.start(batch_records=50)
    bench.ready(worker)
    fences = 0
    for partition in range(PARTITIONS):
        bench.produce(2000)
        fences += _fence_until_told(bench, worker, partition)
    bench.assert_exact()
    assert worker.poll() is None, "no restart was needed"
    assert PARTITIONS <= len(_told(bench, worker)) <= fences, "joining again fences nobody else"


def test_a_worker_that_is_fenced_again_and_again_stops(bench: Bench) -> None:
    """Somebody who does not ask the group takes the partition each time: a person must look."""
    worker = bench.start()
    bench.ready(worker)
    deadline = time.monotonic() + 60
    while worker.poll() is None and time.monotonic() < deadline:
        bench.produce(50)
        _fence(bench, 0)
    assert worker.wait(1) == EXIT_STOPPED
    bench.ready(bench.start())
    bench.assert_exact()


def test_two_of_one_name_end_each_other_and_nobody_stands_still(bench: Bench) -> None:
    """aiokafka does not know the broker's word for it, and would leave a consumer that is of no group."""
    other_home = str(bench.directory / "other")
    processes = [bench.start(instance="same"), bench.start(instance="same", directory=other_home)]
    deadline = time.monotonic() + 25
    while all(process.poll() is None for process in processes) and time.monotonic() < deadline:
        bench.produce(50)
        time.sleep(0.2)
    survivor, other = sorted(processes, key=lambda process: process.poll() is not None)
    other.kill()
    assert other.wait(10) in (EXIT_STOPPED, -signal.SIGKILL)
    if survivor.poll() is not None:
        assert survivor.wait(1) == EXIT_STOPPED
        bench.ready(bench.start())
    bench.produce(500)
    bench.assert_exact()


def test_two_source_topics_feed_one_table(two_sources: Bench) -> None:
    two_sources.produce(1500, source=0)
    two_sources.produce(1500, source=1, per_transaction=100)
    first = two_sources.start("before-commit=kill@6")
    assert first.wait(60) == -signal.SIGKILL
    two_sources.ready(two_sources.start())
    two_sources.assert_exact()
    positions = [key for key in two_sources.rows() if key[:1] == b"\x00"]
    assert {key[1:].decode() for key in positions} == set(two_sources.sources)
