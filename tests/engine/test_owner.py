"""One partition's owner: fencing, commit, abort and retry, restore. On the real broker, without a worker."""

from __future__ import annotations

import shutil

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from streams.engine.owner import Fenced, Owner, Work
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
