"""検め: what is true of a hub at rest, from three sides: the auditor, the generator's journal, the city's
truth."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaException

from bench.faults.load import Item, Journal, mark
from bench.support import BenchError, records
from connectors import read_seiri
from connectors.auditor.audit import Hub, verify
from connectors.auditor.report import PASS, Report
from connectors.city import Expected
from connectors.tables import engine_for
from state import wire
from state.seiri.apply import REPEATED
from streams import topics
from streams.status import Lags
from streams.topics import STAGES

SETTLE_S, LOOK_S, VERIFY_WAIT_S = 240.0, 0.1, 60.0
SHOWN = 5
FACTS, LETTERS = ("ledger.fact.v1", "seiri.fact.v1"), "deadletter.v1"
ACT_TOPICS = ("ido.tetsuzuki.v1", "ido.chousa-kaitou.v1")
SAME = ("accounts", "choutei_gaku", "shuunou_gaku", "minou_gaku", "kagonou_gaku")
"""What the auditor's totals and the city's truth both state."""


class Checked(NamedTuple):
    """検めの結果: `wrong` holds every difference in words; nothing in it means that all is exact."""

    measures: Mapping[str, str]
    differing_yen: int
    differing_accounts: int
    wrong: tuple[str, ...]
    letters: Mapping[str, int]
    events: int
    acknowledged: int
    verify_s: float


def settle(bootstrap: str, application: str, limit: float = SETTLE_S) -> float:
    """静まるまで待つ: until no stage is behind, seen twice; the seconds it took. BenchError when it does not."""
    begun, quiet = time.monotonic(), 0
    lags = Lags(bootstrap, {}, application)
    try:
        while quiet < 2:
            shown = _behind(lags)
            quiet = quiet + 1 if shown == 0 else 0
            if time.monotonic() - begun > limit:
                raise BenchError(f"the stages: expected at rest within {limit:.0f} s, {shown} behind")
            time.sleep(LOOK_S)
    finally:
        lags.close()
    return time.monotonic() - begun


def _behind(lags: Lags) -> int:
    """None answers while a broker is away: as far behind as can be."""
    try:
        found = lags.of(STAGES)
    except KafkaException:
        return 1 << 40
    return sum(stage.lag if stage.has_position else stage.lag + 1 for stage in found)


def check(
    bootstrap: str,
    application: str,
    database_url: str | None,
    journal: Journal,
    expected: Expected,
    acts: Sequence[Item],
    by_files: Sequence[Item] | None,
) -> Checked:
    """検める: `acts` are those of the town, `by_files` what the intake had to make of its files, if any."""
    begun = time.monotonic()
    report = verify(Hub(bootstrap, application, database_url, wait_s=VERIFY_WAIT_S))
    letters = next(dict(m.figures) for m in report.measures if m.id == "C5")
    wrong = [
        *_of_audit(report),
        *_of_truth(report, expected),
        *_of_acts(bootstrap, acts, expected),
        *_of_effects(database_url, expected),
        *_of_journal(bootstrap, journal, by_files or ()),
    ]
    if by_files is not None:
        wrong += _of_refusals(letters, expected)
    return Checked(
        {measure.id: measure.status for measure in report.measures},
        report.total.sa_gaku,
        report.total.sa_kensuu,
        tuple(wrong),
        letters,
        report.events,
        sum(journal.acknowledged.values()),
        round(time.monotonic() - begun, 2),
    )


def _of_audit(report: Report) -> list[str]:
    wrong = []
    for measure in report.measures:
        if measure.status == PASS:
            continue
        wrong += [f"{measure.id} {note}" for note in measure.notes]
        wrong += [f"{measure.id} {measure.status}"] if not measure.findings else []
        for finding in measure.findings:
            keys = "; ".join(f"{d.key}: {d.expected}, {d.found}" for d in finding.differences[:SHOWN])
            wrong.append(f"{measure.id} {finding.what}: {finding.kensuu}, {finding.yen} yen ({keys})")
    return wrong


def _of_truth(report: Report, expected: Expected) -> list[str]:
    """Against the generator's own bookkeeping, which shares no code with hub or auditor."""
    held = next(dict(m.figures) for m in report.measures if m.id == "C1")["held"]
    found: dict[str, Any] = report.total._asdict() | {"unmatched_events": held}
    wanted = expected._asdict()
    return [
        f"the city: {name} expected {wanted[name]}, found {found[name]}"
        for name in (*SAME, "unmatched_events")
        if wanted[name] != found[name]
    ]


def _of_acts(bootstrap: str, acts: Sequence[Item], expected: Expected) -> list[str]:
    """Acts that were applied, by kind, and that were refused, by reason, as the city says that they must be.

    An act is applied when a fact is of its event, under whatever name: one that comes after a later one of
    its kind is told as superseded, a 不納欠損 by the way in which it was written off.
    """
    known = {act.event_id: act.kind for act in (wire.decode(item.value or b"") for item in acts)}
    facts = (wire.decode(message.value() or b"") for message in records(bootstrap, FACTS[1:]))
    done = {fact.event_id for fact in facts if fact.kind != REPEATED}
    applied = Counter(kind for event_id, kind in known.items() if event_id in done)
    wrong = [
        f"the city: {kind} expected {expected.acts.get(kind, 0)}, found {applied[kind]}"
        for kind in sorted({*expected.acts, *applied})
        if expected.acts.get(kind, 0) != applied[kind]
    ]
    letters = (wire.decode(message.value() or b"") for message in records(bootstrap, [LETTERS]))
    refused = dict(Counter(letter.reason for letter in letters if letter.topic in ACT_TOPICS))
    if refused != expected.refused_acts:
        wrong.append(f"the city: acts refused {dict(expected.refused_acts)} expected, found {refused}")
    return wrong


def _of_effects(database_url: str | None, expected: Expected) -> list[str]:
    """The yen that acts moved, as the projection shows them."""
    if database_url is None:
        return []
    sums, wanted = read_seiri.seisan_sums(engine_for(database_url)), Counter(expected.effects)
    fuzui = wanted["entaikin"] + wanted["shobunhi"]
    both = {
        "還付": (wanted["kanpu"], sums.kanpu), "充当": (wanted["juutou_in"], sums.juutou),
        "不納欠損": (wanted["kesson"], sums.kesson), "附随調定": (fuzui, sums.fuzui_choutei),
    }  # fmt: skip
    return [
        f"the city: {name} expected {one}, found {two}" for name, (one, two) in both.items() if one != two
    ]


def _of_refusals(letters: Mapping[str, int], expected: Expected) -> list[str]:
    """Lines and files that the intake must refuse, by reason; the city says how many."""
    found: Counter[str] = Counter()
    for name, count in letters.items():
        found[name.split(" ")[-1]] += count
    wanted = Counter(expected.refused)
    return [] if found == wanted else [f"the city: refused {dict(wanted)} expected, found {dict(found)}"]


def _of_journal(bootstrap: str, journal: Journal, by_files: Sequence[Item]) -> list[str]:
    """Every message that was acknowledged is on its topic, and nothing is there that was never sent; of
    files,
    each change once."""
    files = Counter(mark(item.topic, item.value) for item in by_files)
    found = on_topics(bootstrap)
    lost, strange = journal.acknowledged + files - found, found - journal.sent - files
    wrong = [f"the journal: {name} x{count}" for name, count in sorted(journal.failed.items())]
    wrong += [f"the journal: {sum(lost.values())} acknowledged messages are on no topic"] if lost else []
    wrong += [f"the journal: {sum(strange.values())} messages that nobody sent"] if strange else []
    return wrong


def on_topics(bootstrap: str) -> Counter[bytes]:
    """トピックにあるもの: marks of all committed messages on the topics of sources."""
    names = [t.name for t in topics.topics() if t.name.startswith("ido.")]
    return Counter(mark(str(message.topic()), message.value()) for message in records(bootstrap, names))


def count_facts(bootstrap: str, kinds: frozenset[str] | None = None) -> Counter[str]:
    """事実を数える: committed facts by kind, from both topics, each as often as it is there."""
    facts = (wire.decode(message.value() or b"") for message in records(bootstrap, FACTS))
    return Counter(fact.kind for fact in facts if kinds is None or fact.kind in kinds)
