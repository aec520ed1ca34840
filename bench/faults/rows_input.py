"""行(入力): 4 duplicate delivery, 5 out of order, 6 poison, 7 schemas that do not fit."""

from __future__ import annotations

import copy
import threading
import time
from collections import Counter
from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

from bench.faults.checks import LETTERS, count_facts, settle
from bench.faults.load import Item, shuffled
from bench.faults.rows_workers import move_groups
from bench.faults.town import mixed
from bench.faults.world import ACTS, FIRST, PARTITIONS, YEAR, World
from bench.support import reading
from connectors.auditor.flow import HARMLESS
from schemas import gate
from schemas.codec import HEADER, MAGIC
from state import wire
from state.events import ChouteiEstablished, Nounyuu, ShuunouReceived

SHARE = 0.05
UNKNOWN_ID = 60_001
BROKER_MOST, HUGE = 8 << 20, 7 << 20


# -- 4 -----------------------------------------------------------------------------------------------


def doubled(world: World) -> None:
    """4: 5 % of what was sent is sent again at once; as much again when all is done; and all groups from
    the start. So in the year, and when the office acts."""
    town = world.begin(seconds=world.seconds * YEAR)
    sending = world.sending
    world.during(YEAR / 2)
    again = _sample(world, town.items[: sending.at])
    sending.add(again)
    world.advance(FIRST)
    world.during(YEAR / 2)
    world.rest()
    known = {item.key for item in town.items if _is_first(item)}
    late = _sample(world, town.items)
    counted = sum(1 for item in late if item.key in known and isinstance(_event(item), BOOKED))
    ignored = _ignored(world, late)
    world.act(lambda acts: _twice(acts, _sample(world, town.allowed_acts())))
    world.during(ACTS)
    world.rest()
    acts = _sample(world, town.allowed_acts())
    ignored_acts = _ignored(world, acts)
    world.figures |= {
        "sent again": len(again) + len(late) + len(sending.items) - len(town.items) - len(town.acts.items),
        "after rest, of known 期別": counted,
        "after rest, acts": len(acts),
        "ignored": ignored + ignored_acts,
    }
    world.claim("as many ignored as sent again after rest", ignored == counted, f"{ignored} of {counted}")
    said = f"{ignored_acts} of {len(acts)}"
    world.claim("as many acts ignored as sent again after rest", ignored_acts == len(acts), said)
    rows = sum(count_facts(world.bootstrap).values())
    world.crew.stop(*(m.name for m in world.workers))
    move_groups(world, to_end=False)
    world.crew.start()
    world.crew.wait_ready()
    settle(world.bootstrap, world.application)
    more = sum(count_facts(world.bootstrap).values()) - rows
    world.claim("groups set back to the beginning change nothing", more == 0, f"{more} facts more")


def _sample(world: World, items: list[Item]) -> list[Item]:
    return world.random.sample(items, max(1, int(len(items) * SHARE)))


def _twice(acts: list[Item], again: list[Item]) -> list[Item]:
    """These acts are told again at once."""
    left = Counter(again)
    return [each for act in acts for each in [act] * (1 + left.pop(act, 0))]


def _ignored(world: World, items: list[Item]) -> int:
    """Sends these again when all is at rest; how many repetitions the ledger reports of them."""
    before = count_facts(world.bootstrap, frozenset(HARMLESS))
    world.sending.add(items)
    world.sending.finish()
    settle(world.bootstrap, world.application)
    return sum((count_facts(world.bootstrap, frozenset(HARMLESS)) - before).values())


BOOKED = (ChouteiEstablished, *Nounyuu.__args__)


def _event(item: Item) -> object:
    return wire.decode(item.value or b"")


def _is_first(item: Item) -> bool:
    return type(_event(item)) is ChouteiEstablished


# -- 5 -----------------------------------------------------------------------------------------------


def shuffled_load(world: World) -> None:
    """5: every message of a year in any order, and the acts on it in every order that keeps each person's;
    the truth at the end is that of the right order."""
    town = world.begin(seconds=world.seconds * YEAR, arrange=lambda items: shuffled(items, world.site.seed))
    world.during(YEAR / 2)
    world.advance(FIRST)
    world.during(YEAR / 2)
    world.act(lambda items: mixed(items, world.site.seed))
    world.during(ACTS)
    world.figures["messages"] = len(town.all_items)


# -- 6 -----------------------------------------------------------------------------------------------


def poisoned(world: World) -> None:
    """6: every kind of message that cannot be used, among good ones; each is parked with its reason."""
    town = world.begin()
    world.during(0.3)
    watch = LetterWatch(world.bootstrap)
    bad = _poison(town.items)
    expected = Counter({reason: 0 for reason, _ in bad})
    for reason, item in bad:
        world.sending.add([item])
        expected[reason] += 1
        watch.sent()
        time.sleep(min(0.1, world.seconds / 2 / len(bad)))
    world.during(0.2)
    world.rest()
    watch.close()
    world.figures |= {
        "poison": len(bad), "parked": watch.seen, "slowest to be parked s": round(watch.slowest_s, 2),
        "by reason": dict(watch.reasons), "larger than the broker takes": _too_large(world, town.items),
    }  # fmt: skip
    world.claim("all of it is parked, by cause", watch.reasons == expected, f"{dict(expected)} injected")
    limit = world.site.blocked_s
    world.claim(f"nothing blocked for {limit:g} s", watch.slowest_s < limit, round(watch.slowest_s, 2))


def _poison(items: list[Item]) -> list[tuple[str, Item]]:
    """Each with the reason under which it must be parked."""
    choutei = next(item for item in items if _is_first(item))
    received = next(item for item in items if isinstance(_event(item), ShuunouReceived))
    bill, paid = wire.decode(choutei.value or b""), wire.decode(received.value or b"")
    raw = received.value or b""
    bodies: list[tuple[str, Item, bytes | None]] = [
        ("R-201", received, b"\x01" + raw[1:]),
        ("R-201", received, raw[:3]),
        ("R-201", received, b""),
        ("R-201", received, None),
        ("R-201", received, HEADER.pack(MAGIC, UNKNOWN_ID) + raw[HEADER.size :]),
        ("R-201", received, raw[: len(raw) // 2]),
        ("R-201", received, raw[: HEADER.size] + bytes(HUGE)),
        ("R-201", received, raw[: HEADER.size] + b"\xff" * 200),
        ("R-202", received, choutei.value),
        ("R-206", choutei, wire.encode(bill._replace(kibetsu_choutei_gaku=-1))),
        ("R-206", choutei, wire.encode(bill._replace(kibetsu_choutei_gaku=1 << 62))),
        ("R-207", choutei, wire.encode(bill._replace(zeimoku_code="99"))),
        ("R-206", received, wire.encode(paid._replace(shuunou_kingaku=-5_000))),
        ("R-209", received, wire.encode(paid._replace(jichitai_code="011002"))),
        ("R-210", received._replace(key="髙﨑\0".encode()), raw),
    ]
    return [(reason, item._replace(value=value)) for reason, item, value in bodies for _ in range(3)]


def _too_large(world: World, items: list[Item]) -> str:
    """10 MB: more than a topic of sources takes; whoever sends it is told, and the hub never sees it."""
    from confluent_kafka import Producer

    told: list[str] = []
    producer = Producer(
        {"bootstrap.servers": world.bootstrap, "message.max.bytes": 16 << 20, "log_level": 2}
    )
    producer.produce(
        "ido.shuunou-convenience.v1", bytes(10_000_000), items[0].key,
        on_delivery=lambda error, _: told.append(error.name() if error else "taken"),
    )  # fmt: skip
    producer.flush(30)
    world.claim("10 MB are refused by the broker", told == ["MSG_SIZE_TOO_LARGE"], told)
    return told[0] if told else "no answer"


class LetterWatch:
    """拒否の見張り: letters since it was made, and how long the slowest took."""

    def __init__(self, bootstrap: str) -> None:
        self.seen = 0
        self.slowest_s = 0.0
        self.reasons: Counter[str] = Counter()
        self._sent: list[float] = []
        self._consumer = Consumer(reading(bootstrap))
        places = [TopicPartition(LETTERS, p) for p in range(PARTITIONS)]
        for place in places:
            place.offset = self._consumer.get_watermark_offsets(place, timeout=30)[1]
        self._consumer.assign(places)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def sent(self) -> None:
        """一件送った。"""
        self._sent.append(time.monotonic())

    def _run(self) -> None:
        while not self._stop.is_set():
            for message in self._consumer.consume(100, 0.05):
                if message.error() is None:
                    self._take(message.value() or b"")

    def _take(self, value: bytes) -> None:
        letter = wire.decode(value)
        # in the order of sending, which is that of arrival but for three partitions: an upper bound
        if self.seen < len(self._sent):
            self.slowest_s = max(self.slowest_s, time.monotonic() - self._sent[self.seen])
        self.seen += 1
        self.reasons[letter.reason] += 1

    def close(self) -> None:
        """閉じる。"""
        time.sleep(0.5)
        self._stop.set()
        self._thread.join(5)
        self._consumer.close()


# -- 7 -----------------------------------------------------------------------------------------------


def mismatched(world: World) -> None:
    """7: messages of a newer writer, and schemas that the gate must refuse before anybody can write with
    them."""
    town = world.begin()
    world.during(0.4)
    watch = LetterWatch(world.bootstrap)
    newer = [_newer(item) for item in world.random.sample(town.items[: max(world.sending.at, 20)], 20)]
    world.sending.add(newer)
    for _ in newer:
        watch.sent()
    world.during(0.4)
    for member in world.workers:
        world.crew.kill(member.name)  # an old reader must also start on them
    world.crew.wait_ready()
    world.rest()
    watch.close()
    world.figures |= {"of an unknown schema": len(newer), "parked": dict(watch.reasons)}
    world.claim(
        "each is parked as undecodable", watch.reasons == Counter({"R-201": len(newer)}), watch.reasons
    )
    world.claim("nobody stopped", world.crew.codes["worker 70"] == 0, dict(world.crew.codes))
    for what, found in _refused_schemas():
        world.claim(f"the gate refuses {what}", bool(found), found)
    world.not_injected.append(
        "registry down: while it runs the hub asks none; ids are a file of the package"
    )


def _newer(item: Item) -> Item:
    """As a writer of a later version would send it: under an id that this reader has never seen."""
    value = item.value or b""
    return item._replace(value=HEADER.pack(MAGIC, UNKNOWN_ID) + value[HEADER.size :] + b"\x02x")


def _refused_schemas() -> Iterable[tuple[str, list[str]]]:
    material = gate.load_material()
    name = "event/shuunou_received.v1"
    for what in ("a field of another type", "a field that is gone"):
        changed = copy.deepcopy(dict(material.avsc))
        fields = changed[name]["fields"]
        if what == "a field of another type":
            next(field for field in fields if field["name"] == "shuunou_kingaku")["type"] = "string"
        else:
            fields[:] = [field for field in fields if field["name"] != "receipt_no"]
        planted = gate.check(material._replace(avsc=changed), lambda dotted: True, ())
        known = {(f.code, f.file, f.what) for f in gate.check(material, lambda dotted: True, ())}
        yield what, sorted({f.code for f in planted if (f.code, f.file, f.what) not in known})
