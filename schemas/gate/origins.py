"""来歴の検査 (S-5xx): every item says where its value comes from, and that place exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from schemas.gate.base import RECORD, Finding, Material, newest
from schemas.records import Provenance, provenance_of, type_word

FILE = "schemas/provenance.toml"
Fields = Mapping[str, Mapping[str, Any]]


def check_provenance(m: Material, can_import: Callable[[str], bool]) -> Iterator[Finding]:
    """来歴の検査 (S-501 to S-505): `can_import` says whether a dotted name in `state` is a function."""
    present = newest(m, RECORD)
    stated = m.provenance["record"]
    for record in sorted(set(stated) - set(present)):
        yield Finding("S-502", FILE, f"record {record}", f"one of {sorted(present)}", record, "remove it")
    every_item = {f["name"] for name in present.values() for f in m.avsc[name]["fields"]}
    for record, name in present.items():
        fields = {field["name"]: field for field in m.avsc[name]["fields"]}
        lines = stated.get(record, {})
        for item in sorted(fields.keys() - lines.keys()):
            yield Finding(
                "S-501",
                FILE,
                f"{record}/{item} ({fields[item]['ja']})",
                "where its value comes from",
                "nothing",
                "add a line: event, held or derived",
            )
        for item in sorted(lines.keys() - fields.keys()):
            yield Finding(
                "S-502", FILE, f"{record}/{item}", "an item of the record", "none", "remove the line"
            )
        for item in sorted(lines.keys() & fields.keys()):
            try:
                origin = provenance_of(lines[item])
            except KeyError as error:
                yield _wrong(f"{record}/{item}", "a kind and its sources", f"no {error.args[0]}")
                continue
            yield from _one(m, record, fields[item], origin, every_item, can_import)


def _wrong(what: str, expected: str, found: str) -> Finding:
    return Finding("S-503", FILE, what, expected, found, "correct the line")


def _one(
    m: Material,
    record: str,
    item: Mapping[str, Any],
    origin: Provenance,
    every_item: set[str],
    can_import: Callable[[str], bool],
) -> Iterator[Finding]:
    what = f"{record}/{item['name']}"
    events = newest(m, "")
    sources = m.provenance["source"]
    names = [event for source in origin.sources for event in sources.get(source, {}).get("events", ())]
    missing = [source for source in origin.sources if source not in sources]
    missing += [event for event in names if event not in events]
    if missing or not names:
        yield _wrong(
            what, "sources of this file with events of schemas/avro/event", f"{missing or 'no source'}"
        )
        return
    given = [(event, {f["name"]: f for f in m.avsc[events[event]]["fields"]}) for event in names]
    match origin.kind:
        case "event":
            yield from _from_event(what, item, origin, given)
        case "held":
            yield from _held(what, item, origin, given, every_item)
        case "derived":
            yield from _derived(what, origin, can_import)
        case other:
            yield _wrong(what, "kind event, held or derived", other)
    if origin.otherwise is not None:
        yield from _otherwise(m, what, origin, origin.otherwise)


def _otherwise(m: Material, what: str, origin: Provenance, name: str) -> Iterator[Finding]:
    """Who speaks while the others are silent: another source, whose events have a `held` map."""
    events = m.provenance["source"].get(name, {}).get("events", ())
    known = newest(m, "")
    fields = [m.avsc[known[event]]["fields"] for event in events if event in known]
    maps = [any((f["name"], type_word(f["type"])) == ("held", "map") for f in each) for each in fields]
    if name in origin.sources or not maps or not all(maps):
        yield _wrong(what, "otherwise: another source, whose events have a `held` map", name)


def _from_event(
    what: str, item: Mapping[str, Any], origin: Provenance, given: Sequence[tuple[str, Fields]]
) -> Iterator[Finding]:
    if not origin.fields:
        yield _wrong(what, "a field of the events", "none")
    for event, fields in given:
        for word in origin.fields:
            if word not in fields:
                yield _wrong(what, f"a field of {event}", f"{word}, which it does not have")
            elif type_word(fields[word]["type"]) != type_word(item["type"]):
                yield Finding(
                    "S-505",
                    FILE,
                    what,
                    f"{type_word(item['type'])}, as the item",
                    f"{event}.{word} is {type_word(fields[word]['type'])}",
                    "give item and event one type",
                )


def _held(
    what: str,
    item: Mapping[str, Any],
    origin: Provenance,
    given: Sequence[tuple[str, Fields]],
    every_item: set[str],
) -> Iterator[Finding]:
    key = origin.key or item["name"]
    if key not in every_item:
        yield _wrong(what, "a key that is an official item", key)
    for event, fields in given:
        if "held" not in fields or type_word(fields["held"]["type"]) != "map":
            yield _wrong(what, "events with a `held` map", event)
        elif origin.key is None and key in fields:
            yield _wrong(what, f"the field {key} of {event}, or an explicit key", "its `held` map")


def _derived(what: str, origin: Provenance, can_import: Callable[[str], bool]) -> Iterator[Finding]:
    function = origin.function or "no function"
    if not function.startswith("state.") or not can_import(function):
        yield Finding(
            "S-504",
            FILE,
            what,
            "a function in state",
            function,
            "write the function, or hold the item as given",
        )
