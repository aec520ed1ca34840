"""畳み込み: the three stages without a broker: what they refuse, and that they agree with the core."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from connectors.secrets import Cipher, create_key_file, load_key_file
from schemas.codec import NewerRelease
from state import wire
from state.facts import Letter
from state.reasons import REASONS
from streams import matching, topics
from streams.ingest import DEADLETTER
from tests import given
from tests.given import STABLE
from tests.state import scenario
from tests.state.stories import stories
from tests.streams.memory_hub import CHOUTEI, CONVENIENCE, GINKOU, Hub, message, topic_of

FLOW = settings(STABLE, max_examples=30)


@pytest.fixture
def cipher(tmp_path: Path) -> Cipher:
    """A cipher with a key file of its own."""
    return Cipher(load_key_file(create_key_file(tmp_path / "test.key")))


@pytest.fixture
def hub(cipher: Cipher) -> Hub:
    """An empty hub."""
    return Hub(cipher)


# -- dead letters ----------------------------------------------------------------------------------


def _opened(letter: Letter, cipher: Cipher) -> tuple[bytes | None, bytes]:
    context = f"letter/{letter.letter_id}"
    key = None if letter.original_key is None else cipher.open(letter.original_key, context)
    return key, cipher.open(letter.original, context)


def test_a_letter_says_why_where_and_keeps_the_original_sealed(hub: Hub, cipher: Cipher) -> None:
    bad = given.choutei(zeimoku_code="99")
    hub.tell(given.choutei(key=given.shuunou_key(2)), bad)
    (letter,) = hub.letters
    reason = REASONS["R-207"]
    assert (letter.reason, letter.stage) == (reason.code, reason.stage)
    assert (letter.topic, letter.partition, letter.offset) == (CHOUTEI, 0, 1)
    assert (letter.source, letter.origin, letter.event_id) == (bad.source, bad.source_seq, bad.event_id)
    assert all((letter.what, letter.expected, letter.found, letter.todo)) and letter.recorded_at > 0
    assert _opened(letter, cipher) == message(bad)
    assert wire.encode(bad)[5:] not in letter.original


def test_what_does_not_decode_is_kept_with_its_place(hub: Hub, cipher: Cipher) -> None:
    hub.matching.run(CONVENIENCE, (b"some-key", b"\x00\x00\x00\x00\x01garbage"))
    (letter,) = hub.letters
    assert (letter.reason, letter.event_id, letter.source) == ("R-201", None, "")
    assert letter.origin == f"{CONVENIENCE}/0/0"
    assert _opened(letter, cipher) == (b"some-key", b"\x00\x00\x00\x00\x01garbage")
    assert b"garbage" not in wire.encode(letter)


def test_letters_have_ids_of_their_place(hub: Hub) -> None:
    hub.matching.run(CONVENIENCE, (None, b"x"), (None, b"x"))
    hub.matching.run(GINKOU, (None, b"x"))
    ids = [letter.letter_id for letter in hub.letters]
    assert len(set(ids)) == 3
    assert [o.key for o in hub.matching.outputs] == [ident.encode() for ident in ids]


def _poison() -> Iterator[tuple[bytes | None, bytes | None]]:
    good = wire.encode(given.choutei())
    yield None, None
    yield given.KEY.encode(), None
    yield None, b""
    yield b"\xff\xfe", b"\x00"
    yield None, b"{}"
    yield None, b"\x00\x00\x01\x86\x9f" + good[5:]
    yield given.KEY.encode(), good[:-7]
    yield given.KEY.encode(), good + b"\x00"
    yield None, b"\x00" * 4096
    yield None, bytes(range(256))


SOURCES = [(stage, topic) for stage in ("matching", "ledger", "transfer") for topic in topics.read_by(stage)]


@pytest.mark.parametrize(("stage", "topic"), SOURCES, ids=[topic for _, topic in SOURCES])
def test_poison_becomes_letters_and_the_good_goes_on(stage: str, topic: str, hub: Hub) -> None:
    partition = getattr(hub, stage)
    poison = list(_poison())
    sent = partition.run(topic, *poison)
    assert [output.topic for output in sent] == [DEADLETTER] * len(poison)
    assert {letter.reason for letter in hub.letters} == {"R-201"}
    assert not partition.store.rows


@pytest.mark.parametrize(("stage", "topic"), SOURCES, ids=[topic for _, topic in SOURCES])
def test_what_a_newer_release_wrote_is_no_bad_input(stage: str, topic: str, hub: Hub) -> None:
    """On a topic of the hub's own it stops who cannot read it: a letter would be a hole in the books. From
    outside it may be anything."""
    partition = getattr(hub, stage)
    newer = (given.KEY.encode(), given.of_a_newer_release(wire.encode(given.choutei())))
    if topic.startswith("ido."):
        partition.run(topic, newer)
        assert [letter.reason for letter in hub.letters] == ["R-201"]
    else:
        with pytest.raises(NewerRelease):
            partition.run(topic, newer)
        assert not hub.letters
    assert not partition.store.rows


@pytest.mark.parametrize(("stage", "topic"), SOURCES, ids=[topic for _, topic in SOURCES])
def test_a_stranger_on_a_topic_is_refused(stage: str, topic: str, hub: Hub) -> None:
    partition = getattr(hub, stage)
    strangers = [
        value
        for value in (
            given.choutei(),
            given.received(),
            given.atena(),
            given.kijunbi(date(2026, 7, 1)),
            given.an_account(),
        )
        if type(value) not in wire.CODEC.types_of(topics.allowed(topic))
    ]
    partition.run(topic, *((given.KEY.encode(), wire.encode(value)) for value in strangers))
    assert [letter.reason for letter in hub.letters] == ["R-202"] * len(strangers)
    assert not partition.store.rows


def test_good_input_after_bad_is_applied_in_the_same_batch(hub: Hub) -> None:
    good, bad = given.choutei(), given.choutei(key=given.shuunou_key(2), kibetsu_choutei_gaku=-1)
    hub.matching.run(CHOUTEI, (None, b"?"), message(bad), message(good), (b"k", None))
    assert [letter.reason for letter in hub.letters] == ["R-201", "R-206", "R-201"]
    assert hub.matching.sent(matching.LEDGER_INPUT) == [good]


EXTREME = [
    pytest.param({"noukigen": date(1950, 1, 1)}, id="督促の定めより古い納期限"),
    pytest.param({"noukigen": date(2099, 12, 31)}, id="最も先の納期限"),
    pytest.param({"kibetsu_choutei_gaku": 9_999_999_999}, id="最も大きい調定額"),
    pytest.param({"rireki_bangou": 2**31 - 1}, id="最も大きい履歴番号"),
    pytest.param({"recorded_at": -(2**63)}, id="最も小さい記録時刻"),
    pytest.param({"recorded_at": 2**63 - 1}, id="最も大きい記録時刻"),
    pytest.param({"occurred_on": date.min}, id="最も古い業務日付"),
    pytest.param({"occurred_on": date.max}, id="最も先の業務日付"),
    pytest.param({"houtei_noukigen": date.max, "houtei_noukigen_tou": date.min}, id="端の法定納期限"),
    pytest.param({"held": {"": "", "鍵" * 999: "値" * 9_999}}, id="長い保持項目"),
    pytest.param({"event_id": "", "source": "", "source_seq": ""}, id="空の封筒"),
    pytest.param({"tsuuchisho_bangou": "", "kibetsu_code": "\x00|}"}, id="区切りの文字"),
]


@pytest.mark.parametrize("over", EXTREME)
def test_extreme_values_are_refused_or_booked_and_never_stop_the_flow(
    over: dict[str, Any], hub: Hub
) -> None:
    hub.tell(
        given.kijunbi(date(2026, 8, 1)),
        given.choutei(**over),
        given.received(),
        given.kijunbi(date(2026, 9, 1)),
    )
    assert len(hub.accounts()) + len(hub.letters) >= 1


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(
            given.received(receipt="", ryoushuu_nengappi=date(1950, 1, 1), nikkeibi=date.max), id="収納"
        ),
        pytest.param(
            given.received(shuunou_kingaku=9_999_999_999, shuunou_kubun="|" * 999), id="大きな収納"
        ),
        pytest.param(given.reversal(torikomibi=date.min), id="取消"),
        pytest.param(given.debit_failed(gaku=0, furikae_kekka_code=""), id="振替不能"),
    ],
)
@pytest.mark.parametrize("bill_first", [True, False], ids=["調定が先", "納付が先"])
def test_extreme_payments_too(event: Any, bill_first: bool, hub: Hub) -> None:
    bill = given.choutei(noukigen=date(2099, 12, 31))
    hub.tell(*((bill, event) if bill_first else (event, bill)), given.kijunbi(date(2099, 12, 31)))
    assert hub.accounts() and not hub.letters


# -- the whole flow --------------------------------------------------------------------------------


@FLOW
@examples(stories(), st.booleans())
def test_the_flow_says_what_the_core_says(story: list[Any], cached: bool) -> None:
    """Three stages over bytes and rows, in any order of arrival, against the core in memory."""
    hub = Hub(cached=cached).tell(*story)
    world = scenario.World().tell(*scenario.held_until_assessed(story))
    assert hub.accounts() == world.accounts
    assert hub.case() == world.case
    assert hub.facts == world.facts
    assert not hub.letters


@FLOW
@examples(stories(), st.data())
def test_the_size_of_a_batch_does_not_matter(story: list[Any], data: st.DataObject) -> None:
    one, other = Hub().tell(*story), Hub()
    waiting: list[Any] = []
    for event in story:
        if waiting and (topic_of(event) != topic_of(waiting[0]) or data.draw(st.booleans())):
            other.batch(topic_of(waiting[0]), waiting)
            waiting = []
        waiting.append(event)
    if waiting:
        other.batch(topic_of(waiting[0]), waiting)
    for name in ("matching", "ledger", "transfer"):
        assert getattr(one, name).store.rows == getattr(other, name).store.rows, name
    assert one.facts == other.facts
