"""行(ブローカー): 3 outage, 8 its disk full, 13 the network to it, 16 the audit topic takes nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from bench.faults.checks import settle
from bench.faults.means import Link, small_disk
from bench.faults.preloaded import Exec, compiled
from bench.faults.world import World
from bench.support import Broker
from streams import topics
from streams.engine.owner import TRANSACTION_TIMEOUT_S
from streams.engine.stage import EXIT_STOPPED
from streams.local.kafka import BrokerError, LocalKafka
from streams.local.process import wait_until

AUDIT, FACT = "audit.provision.v1", "ledger.fact.v1"
ITEN = [t.name for t in topics.topics() if t.name.startswith("iten.")]
LONG_S = 120.0
"""A row that has so long also plays an outage that is longer than a transaction may last."""


def _own_broker(world: World, directory: str, **settings: str) -> LocalKafka:
    return LocalKafka(
        world.home / directory, jar_dir=world.site.jars, heap="512m", is_short_lived=True, settings=settings
    )


def outage(world: World) -> None:
    """3: kill -9 of the broker, some time without it; then SIGSTOP. Workers go on by themselves."""
    world.begin()
    pids = {m.name: m.pid for m in world.workers}
    away = TRANSACTION_TIMEOUT_S + 15.0 if world.seconds >= LONG_S else min(60.0, world.seconds / 3)
    world.during(0.2)
    world.kafka.kill()
    world.crew.kills["broker"] += 1
    time.sleep(away)
    world.kafka.start()
    back = time.monotonic()
    before = world.seen(FACT)
    wait_until(lambda: world.seen(FACT) > before, 120, 0.1)
    world.figures |= {"away s": away, "first fact after s": round(time.monotonic() - back, 2)}
    world.advance(0)
    world.during(0.2)
    world.kafka.pause()
    time.sleep(min(15.0, world.seconds / 4))
    world.kafka.resume()
    world.during(0.1)
    alive = sum(m.pid == pids[m.name] for m in world.workers)
    world.figures["workers that lived through it"] = f"{alive} of {len(pids)}"


def full_broker(world: World) -> None:
    """8: no room for the broker's log: it stops itself; with room again it is started, and all goes on."""
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_disk(world.home / "small", 512))
        world.stack.push(stack.pop_all())
    broker = world.use(_own_broker(world, "small/kafka"))
    world.begin()
    world.during(0.3)
    world.figures["free before bytes"] = disk.fill()
    ended = wait_until(lambda: broker.pid is None, max(10.0, world.seconds / 2))
    if not ended:
        broker.kill()  # it goes on with what it has in memory: end it, as an operator would
    world.figures["broker with a full disk"] = "stopped itself" if ended else "went on; killed"
    acknowledged = world.journal.acknowledged.total()
    time.sleep(2)
    more = world.journal.acknowledged.total() - acknowledged
    world.claim("nothing is acknowledged without a disk", more == 0, f"{more} acknowledged")
    disk.free()
    _start(broker)
    world.during(0.2)


def _start(broker: LocalKafka) -> None:
    """What a full disk left behind may need a second start."""
    try:
        broker.start()
    except BrokerError:
        broker.start()


def _behind_link(world: World, host: str) -> Link:
    """A broker of the row's own that tells its clients to come through a relay, at this host."""
    link = world.stack.enter_context(Link())
    told = {"advertised.listeners": f"PLAINTEXT://{host}:{link.port}"}
    broker = world.use(_own_broker(world, "kafka", **told))
    link.target = int(broker.bootstrap.rsplit(":", 1)[1])
    return link


def network(world: World) -> None:
    """13: everything to the broker passes a relay that is slow, then cut, then silent, then closed."""
    link = _behind_link(world, "127.0.0.1")
    world.begin()
    silent = min(30.0, world.seconds / 4)
    link.delay_s = 0.02
    world.during(0.15)
    link.delay_s = 0.0
    for _ in range(3):
        link.cut()
        world.during(0.05)
    link.silence()
    time.sleep(silent)
    link.silence(False)
    world.during(0.1)
    link.refuse()
    time.sleep(silent)
    link.refuse(False)
    world.during(0.1)
    world.figures |= {"silent s": silent, "closed s": silent, "MiB relayed": link.bytes >> 20}


def nameless(world: World) -> None:
    """13: the broker's name is not found any more, and every connection is cut: nobody can come back."""
    gone = world.home / "no-names"
    library = compiled("names.c", world.home)
    world.crew.nurse = Exec({"LD_PRELOAD": str(library), "FAULTS_NO_NAMES": str(gone)})
    link = _behind_link(world, "localhost")
    world.begin()
    world.during(0.3)
    away = min(30.0, world.seconds / 3)
    gone.touch()
    link.cut()
    time.sleep(1)
    before = world.seen(FACT)
    time.sleep(away)
    meanwhile = world.seen(FACT) - before
    gone.unlink()
    back = time.monotonic()
    went_on = wait_until(lambda: world.seen(FACT) > before + meanwhile, 120, 0.1)
    world.figures |= {"without names s": away, "first fact after s": round(time.monotonic() - back, 2)}
    world.claim("without a name nobody reached the broker", meanwhile == 0, f"{meanwhile} facts")
    world.claim("all went on by themselves", went_on, "")
    world.during(0.2)
    stops = {code: n for code, n in world.crew.codes.items() if code != "worker 0"}
    world.claim("nobody stopped", not stops, stops)


def audit_denied(world: World) -> None:
    """16: the broker denies every write to the audit topic: no transfer without its record; then all
    goes on."""
    world.use(_own_broker(world, "kafka", **ACLS))
    world.begin()
    world.during(0.3)
    denied = min(90.0, max(8.0, world.seconds / 3))
    broker = Broker(world.bootstrap, 3)
    everything = (AclOperation.ALL, AclPermissionType.ALLOW)
    _done(broker.admin.create_acls([AclBinding(*WHOSE, *everything), _denial_of(AclBinding)]))
    begun, before = time.monotonic(), world.seen(FACT)
    last, stopped_at = broker.count(ITEN), begun
    while time.monotonic() - begun < denied:
        time.sleep(0.3)
        given = broker.count(ITEN)  # one by one: offsets also grow by what is aborted
        if given != last:
            last, stopped_at = given, time.monotonic()
    facts = world.seen(FACT) - before
    _done(broker.admin.delete_acls([_denial_of(AclBindingFilter)]))
    resumed = time.monotonic()
    went_on = wait_until(lambda: broker.count(ITEN) > last, 120, 0.1)
    world.figures |= {
        "denied s": round(denied, 1),
        "transfers stopped after s": round(stopped_at - begun, 2),
        "transfers went on after s": round(time.monotonic() - resumed, 2),
        "facts meanwhile": facts,
    }
    world.claim("transfers stopped within 3 s", stopped_at - begun < 3, round(stopped_at - begun, 2))
    world.claim("the ledger went on meanwhile", facts > 0, facts)
    world.claim("transfers went on by themselves", went_on, round(time.monotonic() - resumed, 2))
    settle(world.bootstrap, world.application, 180)
    world.figures["workers that stopped meanwhile"] = world.crew.codes[f"worker {EXIT_STOPPED}"]


ACLS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}

WHOSE = (ResourceType.TOPIC, AUDIT, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*")


def _done(answers: Mapping[Any, Any]) -> None:
    for answer in answers.values():
        answer.result(30)


def _denial_of(kind: Any) -> Any:
    return kind(*WHOSE, AclOperation.WRITE, AclPermissionType.DENY)
