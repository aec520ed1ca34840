"""One partition's owner: fencing, commit, abort and retry, restore. On the real broker, without a worker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from streams.engine.owner import Fenced, Owner, Stuck, Work
from streams.engine.store import Store
from streams.local.kafka import LocalKafka
from tests.engine.conftest import Bench, owner_settings


def _owner(bench: Bench, directory: str = "owner") -> Owner:
    owner = Owner(*owner_settings(bench, directory), 0)
    owner.take()
    return owner


def _work(bench: Bench, begin: int, end: int) -> Work:
    """Rows and outputs numbered from `begin` to `end`, as a fold of that range would leave them."""
    unit_rows = [(b"c%06d" % number, number.to_bytes(8, "big")) for number in range(begin, end)]
    outputs = [(f"{bench.name}out", b"k", b"%d" % number, 0) for number in range(begin, end)]
    return Work(outputs, unit_rows, {}, {bench.sources[0]: end})  # type: ignore[arg-type]


def test_two_owners_the_former_one_writes_nothing_more(bench: Bench) -> None:
    former = _owner(bench, "former")
    former.commit(_work(bench, 0, 10))
    later = _owner(bench, "later")
    assert later.position(bench.sources[0]) == 10
    with pytest.raises(Fenced):
        former.commit(_work(bench, 10, 20))
    later.commit(_work(bench, 10, 15))
    assert sorted(int(m.value()) for m in bench.read(f"{bench.name}out")) == list(range(15))
    assert former.position(bench.sources[0]) == 10, "what was not committed must not move the position"
    former.close()
    later.close()


def _breaks(owner: Owner, monkeypatch: pytest.MonkeyPatch, *, commits: bool) -> None:
    """The next commit leaves the producer unable to go on, before or after the broker has committed."""
    finish = Owner._finish

    def broken(self: Owner, producer: Producer) -> None:
        monkeypatch.undo()
        if commits:
            finish(self, producer)
        raise KafkaException(KafkaError(KafkaError._STATE))

    monkeypatch.setattr(Owner, "_finish", broken)


@pytest.mark.parametrize("commits", [False, True])
def test_a_broken_producer_is_made_anew_and_the_changelog_says_what_became_of_its_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, commits: bool
) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 10))
    before = list(owner._producers)
    _breaks(owner, monkeypatch, commits=commits)
    owner.commit(_work(bench, 10, 20))
    assert not set(before) & set(owner._producers)
    owner.commit(_work(bench, 20, 30))
    assert sorted(int(m.value()) for m in bench.read(f"{bench.name}out")) == list(range(30))
    assert owner.store.positions() == owner.positions == {bench.sources[0]: 30}
    assert len(dict(owner.store.scan(b"c", b"d"))) == 30
    owner.close()


def test_a_broken_producer_finds_that_the_partition_was_another_s_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = _owner(bench, "former")
    former.commit(_work(bench, 0, 10))
    later: list[Owner] = []

    def broken(self: Owner, producer: Producer) -> None:
        raise KafkaException(KafkaError(KafkaError._STATE))

    def taken_over(self: Owner, producer: Producer, cause: Exception) -> None:
        monkeypatch.undo()
        later.append(_owner(bench, "later"))
        later[0].commit(_work(bench, 10, 15))

    monkeypatch.setattr(Owner, "_finish", broken)
    monkeypatch.setattr(Owner, "_abort", taken_over)
    with pytest.raises(Fenced, match="another owner"):
        former.commit(_work(bench, 10, 20))
    assert sorted(int(m.value()) for m in bench.read(f"{bench.name}out")) == list(range(15))
    former.close()
    later[0].close()


def test_a_broken_producer_does_not_go_on_with_another_changelog(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 10))
    owner._changelog_id = "the-one-before"
    _breaks(owner, monkeypatch, commits=False)
    with pytest.raises(Stuck, match="bring the topic back"):
        owner.commit(_work(bench, 10, 20))
    assert len(bench.read(f"{bench.name}out")) == 10
    owner.close()


def test_a_denied_topic_is_waited_for_and_then_written_once(
    tmp_path: Path, local_kafka: Callable[..., LocalKafka]
) -> None:
    """The broker refuses one topic of the transaction: nothing of it is seen, then all of it once."""
    rights = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
    }
    bench = Bench(local_kafka(settings=rights).bootstrap, "denied-", tmp_path)
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 10))
    with _denied(bench.bootstrap, f"{bench.name}out"):
        waiting = Thread(target=owner.commit, args=[_work(bench, 10, 20)])
        waiting.start()
        waiting.join(6)
        assert waiting.is_alive() and owner.position(bench.sources[0]) == 10
    waiting.join(30)
    assert not waiting.is_alive() and owner.position(bench.sources[0]) == 20
    assert sorted(int(m.value()) for m in bench.read(f"{bench.name}out")) == list(range(20))
    owner.close()


@contextmanager
def _denied(bootstrap: str, topic: str) -> Iterator[None]:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    whose = (ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*")
    allow, deny = AclPermissionType.ALLOW, AclPermissionType.DENY
    everything = AclBinding(*whose, AclOperation.ALL, allow)
    for answer in admin.create_acls([everything, AclBinding(*whose, AclOperation.WRITE, deny)]).values():
        answer.result(30)
    yield
    for deleted in admin.delete_acls([AclBindingFilter(*whose, AclOperation.WRITE, deny)]).values():
        deleted.result(30)


def test_giving_up_does_not_wait_for_what_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = _owner(bench)
    begun = Event()

    def failing(self: Owner, producer: Producer) -> None:
        begun.set()
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, retriable=True))

    monkeypatch.setattr(Owner, "_transact", failing)
    failed: list[BaseException] = []

    def commit() -> None:
        try:
            owner.commit(_work(bench, 0, 10))
        except Fenced as error:
            failed.append(error)

    waiting = Thread(target=commit)
    waiting.start()
    assert begun.wait(10)
    owner.close()
    waiting.join(10)
    assert [str(error) for error in failed] == [f"{owner.transactional_id}: given up while it tried again"]


def test_a_transaction_left_open_is_aborted_by_the_next_owner(bench: Bench) -> None:
    former = _owner(bench, "former")
    former._live.begin_transaction()
    former._produce(former._live, _work(bench, 0, 5))
    former._live.flush(10)
    later = _owner(bench, "later")
    assert later.position(bench.sources[0]) is None
    assert bench.read(f"{bench.name}out") == []
    assert len(bench.read(f"{bench.name}out", "read_uncommitted")) == 5
    former.close()
    later.close()


def test_restore_from_an_empty_directory(bench: Bench) -> None:
    owner = _owner(bench)
    for step in range(4):
        owner.commit(_work(bench, step * 100, step * 100 + 100))
    deleted = _work(bench, 400, 400)._replace(rows=[(b"c000000", None)])
    owner.commit(deleted)
    owner.close()
    shutil.rmtree(bench.directory / "owner")
    again = _owner(bench)
    rows = dict(again.store.scan(b"c", b"d"))
    assert rows == {b"c%06d" % n: n.to_bytes(8, "big") for n in range(1, 400)}
    assert again.position(bench.sources[0]) == 400
    assert again.restored_rows >= 400
    again.close()


def test_a_damaged_store_is_made_again_from_the_changelog(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 100))
    owner.close()
    get = Store.get
    damaged = [True]

    def read(self: Store, key: bytes) -> bytes | None:
        if damaged:
            damaged.clear()
            raise self._judged(Exception("Corruption: block checksum mismatch"))
        return get(self, key)

    monkeypatch.setattr(Store, "get", read)
    again = _owner(bench)
    assert again.restored_rows >= 100 and not damaged
    assert len(dict(again.store.scan(b"c", b"d"))) == 100
    assert again.position(bench.sources[0]) == 100
    again.close()


def test_a_store_that_is_still_held_is_waited_for(bench: Bench) -> None:
    """A process that was killed holds its stores until the system has cleared it away."""
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 10))
    owner.close()
    holder = Store(owner.store.path)
    holder.open()
    again = Owner(*owner_settings(bench, "owner"), 0)
    waiting = Thread(target=again.take)
    waiting.start()
    waiting.join(3)
    assert waiting.is_alive() and again.positions == {}
    holder.close()
    waiting.join(20)
    assert again.position(bench.sources[0]) == 10
    again.close()


def test_a_store_that_is_up_to_date_reads_nothing_again(bench: Bench) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 100))
    owner.close()
    again = _owner(bench)
    assert again.restored_rows == 0
    assert again.position(bench.sources[0]) == 100
    again.close()


def test_a_stale_copy_is_brought_up_to_date(bench: Bench) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 100))
    owner.close()
    shutil.copytree(bench.directory / "owner", bench.directory / "copy")
    owner = _owner(bench)
    owner.commit(_work(bench, 100, 200)._replace(rows=[(b"c000007", None), (b"c000008", b"x" * 8)]))
    owner.close()
    stale = _owner(bench, "copy")
    rows = dict(stale.store.scan(b"c", b"d"))
    assert b"c000007" not in rows
    assert rows[b"c000008"] == b"x" * 8
    assert stale.position(bench.sources[0]) == 200
    stale.close()


def test_a_copy_of_another_changelog_is_thrown_away(bench: Bench) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 50))
    owner.close()
    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    log = f"{bench.name}log"
    admin.delete_topics([log])[log].result(30)
    made = None
    while made is None:
        try:
            admin.create_topics([NewTopic(log, 3, 1, config={"cleanup.policy": "compact"})])[log].result(30)
            made = True
        except Exception as error:  # noqa: BLE001 -- deletion is not instantaneous
            assert "exist" in str(error).lower() or "deletion" in str(error).lower(), error
    again = _owner(bench)
    assert again.position(bench.sources[0]) is None
    assert list(again.store.scan(b"c", b"d")) == []
    again.close()


def test_a_damaged_store_is_made_again(bench: Bench) -> None:
    owner = _owner(bench)
    owner.commit(_work(bench, 0, 100))
    owner.close()
    current = bench.directory / "owner" / "count" / "0" / "CURRENT"
    current.write_bytes(b"MANIFEST-999999\n")
    again = _owner(bench)
    assert len(dict(again.store.scan(b"c", b"d"))) == 100
    again.close()
