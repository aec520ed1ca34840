"""受入の事例: what is let in and what is refused, row by row, with its reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from state.ingest import CHECKS, KEY_FIELDS, YEN_MAX, check, shuunou_key_length
from state.reasons import REASONS
from state.wire import CODEC
from tests import given
from tests.state.scenario import table

CASES = table(Path(__file__).parent / "ingest.csv")
GOOD: dict[str, Any] = {
    "choutei": given.choutei(),
    "corrected": given.corrected(),
    "cancelled": given.cancelled(),
    "received": given.received(),
    "confirmed": given.confirmed(),
    "reversal": given.reversal(),
    "debit_failed": given.debit_failed(),
    "atena": given.atena(),
    "kiroku": given.kiroku(),
    "assigned": given.assigned("some-event", given.shuunou_key(2)),
    "kijunbi": given.kijunbi(date(2026, 7, 1)),
}


def _with(event: Any, field: str, text: str) -> Any:
    known = getattr(event, field)
    value = int(text) if type(known) is int else date.fromisoformat(text) if type(known) is date else text
    return event._replace(**{field: value})


def _key(event: Any) -> bytes | None:
    field = KEY_FIELDS[type(event)]
    return None if field is None else getattr(event, field).encode()


@pytest.mark.parametrize("case", CASES, ids=[case["名前"] for case in CASES])
def test_事例(case: dict[str, str]) -> None:
    event = GOOD[case["異動"]]
    if case["項目"]:
        event = _with(event, case["項目"], case["値"])
    refused = check(event, _key(event), given.JICHITAI)
    assert (refused.reason.code if refused else "") == case["理由"]


@pytest.mark.parametrize("kind", [name for name in GOOD if name != "kijunbi"])
def test_a_message_under_another_key_is_refused(kind: str) -> None:
    for key in (None, b"", b"another"):
        refused = check(GOOD[kind], key, given.JICHITAI)
        assert refused is not None and refused.reason.code == "R-210", key


def test_a_day_has_no_key_of_its_own() -> None:
    assert check(GOOD["kijunbi"], None, given.JICHITAI) is None
    assert check(GOOD["kijunbi"], b"3", given.JICHITAI) is None


def test_every_event_is_checked() -> None:
    events = CODEC.types_of(f"event/{name}" for name in (
        "atena_changed", "choutei_established", "choutei_corrected", "choutei_cancelled", "shuunou_received",
        "shuunou_reversed", "kouza_furikae_failed", "shuunou_assigned", "shoukei_returned", "kiroku_held",
        "kijunbi_advanced", "tetsuzuki_taken",
    ))  # fmt: skip
    assert set(CHECKS) == set(KEY_FIELDS) == events


def test_the_length_of_the_key_is_the_layout_s() -> None:
    assert shuunou_key_length() == len(given.KEY) == 18


def test_refusals_say_what_to_do_and_show_nothing_of_a_person() -> None:
    person = "9876543210"
    bad = given.choutei(atena_bangou=person, kibetsu_choutei_gaku=YEN_MAX + 1)
    refused = check(bad, given.KEY.encode(), given.JICHITAI)
    assert refused is not None and refused.reason is REASONS["R-206"]
    assert all(refused[1:]), "what, expected, found and what to do are all said"
    assert person not in repr(refused) and str(YEN_MAX + 1) not in repr(refused)
