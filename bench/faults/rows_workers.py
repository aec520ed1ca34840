"""行(働き手): 1 kill -9, 2 rolling restart, 11 rebalance storm, 14 state lost, 17 operator error."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from random import Random

from confluent_kafka import Consumer, TopicPartition

from bench.faults.checks import FACTS
from bench.faults.crew import Member
from bench.faults.world import ACTS, FIRST, PARTITIONS, SESSION_S, SINKS, YEAR, World
from bench.support import Broker, records
from streams import topics
from streams.cityfiles import deliver
from streams.engine.stage import EXIT_STOPPED
from streams.local.process import wait_until
from streams.topics import STAGES

WORKER_POINTS = {
    "before-read": 12,
    "after-fold": 12,
    "after-outputs": 12,
    "before-commit": 12,
    "after-commit": 12,
    "half-store": 12,
    "after-store": 12,
    "before-restore": 3,
    "half-restore": 3,
}
"""Fail points of a worker, and the latest passage at which each is armed."""
SINK_POINTS = {"before-database-commit": 5, "after-database-commit": 5}
SOURCE_POINTS = {"before-source-commit": 5, "after-source-commit": 5}
PEACE = "to be born unarmed"
POINTS_OF = {"worker": WORKER_POINTS, "sinks": SINK_POINTS, "intake": SOURCE_POINTS}
TOLD_S = 40.0
"""How long two of one name may go on putting each other out."""
PATIENCE_S, HANGING_S = 4.0, 60.0
"""One that is ready and did not come to its point for so long is killed where it is."""


def arming(random: Random) -> Callable[[Member], str]:
    """仕掛け方: every point of a kind of process in turn, in an order of the seed's; a passage of the seed's."""
    decks: dict[str, list[str]] = {}

    def arm(member: Member) -> str:
        kind = member.name.rstrip("0123456789")
        points = POINTS_OF[kind]
        deck = decks.setdefault(kind, [])
        if not deck:
            deck += sorted(points)
            random.shuffle(deck)
        point = deck.pop()
        if point == "half-restore" or (kind == "worker" and random.random() < 0.2):
            shutil.rmtree(member.state_dir, ignore_errors=True)  # nothing but the changelog is left
        return f"{point}=kill@{random.randint(1, points[point])}"

    return arm


def kill_the_patient(world: World, names: tuple[str, ...]) -> None:
    """待ちくたびれた者を殺す: those that are ready and were not killed at their point in time.

    One that does not become ready is killed too, and told of as a defect: nothing else would wake it.
    """
    now = time.monotonic()
    for name in names:
        member = world.crew.members[name]
        if member.pid is None:
            continue
        if member.ready_at is not None and now - member.ready_at > PATIENCE_S:
            world.crew.kill(name)
        elif member.ready_at is None and now - member.born_at > HANGING_S:
            world.crew.strange.append(f"{name}: not ready within {HANGING_S:.0f} s of its start")
            world.crew.kill(name, "hanging")


def killed(world: World) -> None:
    """1: kill -9 at random and at named points, store deleted for one in five; sinks likewise."""
    world.begin(seconds=world.seconds * YEAR)
    names = (*(m.name for m in world.workers), SINKS)
    world.crew.arming = arming(world.random)
    for name in names:
        world.crew.kill(name)
    _go_on_killing(world, names, world.seconds * YEAR / 2)
    world.advance(FIRST)
    _go_on_killing(world, names, world.seconds * YEAR / 2)
    of_the_year = sum(world.crew.kills.values())
    _kill_while_acting(world, names)
    total = sum(world.crew.kills.values())
    while_acting = killed_so_far(world.crew.kills) - of_the_year
    world.figures["kills while acts came"] = while_acting
    world.claim(
        "workers were killed, in the year and while acts came", of_the_year > 0 < while_acting, total
    )


def killed_so_far(kills: Mapping[str, int]) -> int:
    """強制終了の数: without those by which the harness itself makes peace between year and acts."""
    return sum(count for why, count in kills.items() if why != PEACE)


def _kill_while_acting(world: World, names: tuple[str, ...]) -> None:
    turn_to_acts(world, names)
    _go_on_killing(world, names, world.seconds * ACTS)


def turn_to_acts(world: World, names: tuple[str, ...], share: float = ACTS) -> None:
    """手続へ: the year comes to its end in peace, since whoever dies again and again may take for ever."""
    arm, world.crew.arming = world.crew.arming, lambda member: ""
    for name in names:
        world.crew.kill(name, PEACE)
    world.act(share=share)
    world.crew.arming = arm
    for name in names:
        world.crew.kill(name)


def _go_on_killing(world: World, names: tuple[str, ...], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.2)
        kill_the_patient(world, names)


def killed_intake(world: World) -> None:
    """1: kill -9 of the intake while it reads files."""
    town = world.begin(files=True)
    world.crew.arming = arming(world.random)
    names = ("intake", SINKS)
    for name in names:
        world.crew.kill(name)
    pause = world.seconds * YEAR / len(town.files)
    for path in town.files:
        deliver(path.parent, [path.name], world.inbox())
        time.sleep(pause)
        kill_the_patient(world, names)
    _kill_while_acting(world, names)
    total = sum(world.crew.kills.values())
    world.claim("the intake was killed", total > 0, total)


def rolled(world: World) -> None:
    """2: SIGTERM to one worker after the other, each started again."""
    world.begin(seconds=world.seconds * YEAR)
    took = _roll(world, world.seconds * YEAR)
    world.act()
    took += _roll(world, world.seconds * ACTS)
    world.rest()
    aborted = _aborted(world)
    world.figures |= {
        "restarts": len(took),
        "slowest stop s": round(max(took), 2),
        "records aborted": aborted,
    }
    other = {code: n for code, n in world.crew.codes.items() if code != "worker 0"}
    world.claim("every worker ended with 0", not other, other)
    world.claim("nothing was begun and thrown away", aborted == 0, aborted)


def _roll(world: World, seconds: float) -> list[float]:
    """One worker after the other, at least once; how long each took to stop."""
    until, took = time.monotonic() + seconds, list[float]()
    while not took or time.monotonic() < until:
        for member in world.workers:
            took += world.crew.stop(member.name).values()
            world.crew.start(member.name)
            world.crew.wait_ready(member.name)
            time.sleep(0.3)
    return took


def _aborted(world: World) -> int:
    """Facts that were produced and not committed: work that a restart threw away."""
    counted = sum(1 for _ in records(world.bootstrap, FACTS))
    found = sum(1 for _ in records(world.bootstrap, FACTS, **{"isolation.level": "read_uncommitted"}))
    return max(found - counted, 0)


def stormed(world: World) -> None:
    """11: workers come and go every 2 to 10 s without names of their own; one sleeps past its session."""
    nameless = {"SHUUNOU_INSTANCE_ID": ""}
    world.begin(settings=nameless)
    until = time.monotonic() + world.seconds
    guests = changes = 0
    slept = world.seconds < 3 * SESSION_S
    while time.monotonic() < until:
        guests += 1
        guest = world.crew.add(world.worker(100 + guests, nameless))
        _invite(world, guest)
        time.sleep(world.random.uniform(0.5, min(5.0, world.seconds / 4)))
        if world.random.random() < 0.5:
            world.crew.leave(guest.name)
        else:
            world.crew.stop(guest.name)
        changes += 2
        if not slept:
            slept = True
            _sleep(world)
        time.sleep(world.random.uniform(0.5, min(5.0, world.seconds / 4)))
    world.figures |= {"membership changes": changes}
    slowest = max(world.crew.recoveries, default=0.0)
    world.claim("no worker was stuck joining for more than 60 s", slowest < 60, round(slowest, 1))


def _invite(world: World, guest: Member) -> None:
    """A worker more than there are partitions is given none, and never says that it is ready."""
    world.crew.start(guest.name)
    if sum(member.is_wanted for member in world.workers) <= PARTITIONS:
        world.crew.wait_ready(guest.name)


def _sleep(world: World) -> None:
    """SIGSTOP for longer than its session; another has its partitions when it wakes."""
    sleeper = world.workers[0].name
    guest = world.crew.add(world.worker(99, {"SHUUNOU_INSTANCE_ID": ""}))
    _invite(world, guest)
    world.crew.pause(sleeper)
    time.sleep(SESSION_S * 2)
    world.crew.resume(sleeper)
    time.sleep(2)
    world.crew.stop(guest.name)
    world.figures["asleep s"] = SESSION_S * 2


def lost(world: World) -> None:
    """14: state directories deleted in the year, and while acts come a stale copy put back."""
    world.begin(seconds=world.seconds * YEAR)
    first = world.workers[0]
    copy = world.home / "stale"
    world.during(YEAR / 3)
    world.crew.stop(*(m.name for m in world.workers))
    if first.state_dir.exists():
        shutil.copytree(first.state_dir, copy)
    _start_again(world)
    world.advance(FIRST)
    world.during(YEAR / 3)
    world.crew.stop(*(m.name for m in world.workers))
    for member in world.workers:
        shutil.rmtree(member.state_dir)
    world.figures["ready with no state s"] = _start_again(world)
    world.during(YEAR / 3)
    world.act()
    world.during(ACTS / 2)
    world.crew.stop(*(m.name for m in world.workers))
    shutil.rmtree(first.state_dir)
    shutil.copytree(copy, first.state_dir)
    _start_again(world)
    world.during(ACTS / 2)
    world.claim(
        "nobody stopped by itself", world.crew.codes[f"worker {EXIT_STOPPED}"] == 0, world.crew.codes
    )


def _start_again(world: World) -> float:
    """Everybody that was stopped; seconds until they are ready."""
    begun = time.monotonic()
    world.crew.start()
    world.crew.wait_ready()
    return round(time.monotonic() - begun, 2)


def erred(world: World) -> None:
    """17: offsets of the groups set to the end, one worker started twice in one home, and twice by
    one name."""
    world.begin()
    world.during(0.2)
    world.crew.stop(*(m.name for m in world.workers))
    move_groups(world, to_end=True)  # to the beginning: row 4
    world.crew.start()
    world.crew.wait_ready()
    world.during(0.2)
    world.claim(
        "moved offsets stopped nobody", world.crew.codes[f"worker {EXIT_STOPPED}"] == 0, world.crew.codes
    )
    _start_twice(world)
    _same_name(world)


def move_groups(world: World, *, to_end: bool) -> None:
    """What an operator's reset does to offsets that the hub decides nothing from."""
    broker = Broker(world.bootstrap, 3)
    for stage in STAGES:
        group = {"bootstrap.servers": world.bootstrap, "group.id": f"{world.application}-{stage}"}
        consumer = Consumer({**group, "enable.auto.commit": False, "log_level": 2})
        places = []
        for name in topics.read_by(stage):
            for partition in range(broker.partitions):
                end = consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=30)[1]
                places.append(TopicPartition(name, partition, end if to_end else 0))
        if not wait_until(lambda c=consumer, p=places: _moved(c, p), 60, 0.5):  # type: ignore[misc]
            raise RuntimeError(f"group of {stage}: its offsets could not be moved within 60 s")
        consumer.close()


def _moved(consumer: Consumer, places: list[TopicPartition]) -> bool:
    """A group whose last member has just left refuses for a while."""
    from confluent_kafka import KafkaException

    try:
        consumer.commit(offsets=places, asynchronous=False)
    except KafkaException:
        return False
    return True


def _start_twice(world: World) -> None:
    """The same home: each partition's store is one process's at a time; the group divides them between
    the two."""
    first = world.workers[0]
    double = world.member("double", ("worker",), first.home, {"SHUUNOU_INSTANCE_ID": "double"})
    world.crew.add(double)
    world.crew.start(double.name)
    double.is_wanted = False
    ended = wait_until(lambda: double.pid is None, 8)
    world.figures["second one in a home"] = (
        f"ended with {double.last_code}" if ended else "worked beside the first"
    )
    if not ended:
        world.crew.leave(double.name)


def _same_name(world: World) -> None:
    """The same name, another home: the group lets the later one in and the first one out, and that one in
    again; sooner or later one of them is told, says so and stops."""
    first = world.workers[0]
    births = first.births
    double = world.member("namesake", ("worker",), world.home / "namesake", {})
    double.settings["SHUUNOU_INSTANCE_ID"] = first.settings["SHUUNOU_INSTANCE_ID"]
    world.crew.add(double)
    world.crew.start(double.name)
    before = {first.name: births, double.name: 1}

    def ended() -> list[str]:
        return [name for name, n in before.items() if world.crew.members[name].births > n]

    wait_until(lambda: bool(ended()), TOLD_S)
    world.figures["of one name, who was put out"] = ended() or f"nobody within {TOLD_S:.0f} s"
    world.crew.leave(double.name)
