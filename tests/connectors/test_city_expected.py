"""What a perfect hub must make of the synthetic city: events, refusals and sums that hold."""

import hashlib
from collections import Counter
from typing import Any, NamedTuple

import pytest

from connectors.base import FileFacts, FileReader, Refused
from connectors.city.model import ShuunouChange
from connectors.ids import event_id
from connectors.secrets import Cipher, KeyFile
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_convenience import ConvenienceReader
from connectors.source_kiroku_csv import KirokuReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from tests.connectors.city_files import Written


def readers() -> list[FileReader]:
    cipher = Cipher(KeyFile("testkey0", bytes(range(32))))
    choutei = [ChouteiReader(department, cipher) for department in ("zeimu", "hoken")]
    return [AtenaReader(cipher), *choutei, KirokuReader(cipher), KouzaFurikaeReader(), ConvenienceReader()]


class Read(NamedTuple):
    events: dict[str, Any]
    repeated: int
    refused_lines: Counter[str]
    refused_files: Counter[str]


@pytest.fixture(scope="module")
def taken(written: Written) -> Read:
    """What the sources' readers make of the files, each file once by its digest."""
    result, seen, known = Read({}, 0, Counter(), Counter()), set[str](), readers()
    repeated = 0
    for file in written.manifest.files:
        if file.digest in seen:
            result.refused_files["R-107"] += 1
            continue
        seen.add(file.digest)
        path = written.folder / file.name
        (reader,) = [reader for reader in known if reader.matches(file.name)]
        received_at = int(path.stat().st_mtime * 1000)
        facts = FileFacts(file.name, file.digest, received_at, written.city.jichitai_code)
        held = reader.check(path.read_bytes(), facts)
        if held is not None:
            result.refused_files[held.refusal.reason.code] += 1
            continue
        for item in reader.lines(path.read_bytes(), facts):
            if isinstance(item, Refused):
                result.refused_lines[item.refusal.reason.code] += 1
            else:
                repeated += item.event.event_id in result.events
                result.events[item.event.event_id] = item.event
    return result._replace(repeated=repeated)


def test_the_readers_refuse_what_must_be_refused(written: Written, taken: Read) -> None:
    expected = written.manifest.expected
    assert taken.refused_lines == expected.refused_lines
    assert taken.refused_files == expected.refused_files
    assert set(expected.refused) == {"R-101", "R-104", "R-107", "R-205", "R-206", "R-207", "R-208"}


def test_the_readers_take_what_the_journal_says(written: Written, taken: Read) -> None:
    assert taken.repeated == written.manifest.expected.repeated_changes > 0
    journal = written.city.journal()
    assert set(taken.events) == {_event_id(change) for change in journal}
    assert len(taken.events) == len(journal)
    for change in journal:
        event = taken.events[_event_id(change)]
        if change.kind == "choutei":
            assert (event.atena_bangou, event.kibetsu_choutei_gaku) == (change.atena_bangou, change.gaku)
        elif isinstance(change, ShuunouChange):
            kingaku = event.furikae_gaku if change.kind == "funou" else event.shuunou_kingaku
            assert (event.shuunou_key, kingaku, event.occurred_on) == (
                change.shuunou_key,
                change.kingaku,
                change.on,
            )


def _event_id(change: Any) -> str:
    """The id that the contract gives to a change, from its natural key alone."""
    if isinstance(change, ShuunouChange):
        prefix, *words = change.natural_key
        number = f"{prefix}:{hashlib.sha256('|'.join(words).encode()).hexdigest()[:24]}"
        kinds = {"torikeshi": ("ShuunouReversed", number), "funou": ("KouzaFurikaeFailed", number)}
        return event_id(*kinds.get(change.kind, ("ShuunouReceived", number, change.kind)))
    if change.kind == "choutei":
        kind = "ChouteiEstablished" if change.rireki_bangou == 1 else "ChouteiCorrected"
        kind = "ChouteiCancelled" if change.gaku == 0 else kind
        return event_id(kind, change.shuunou_key, str(change.rireki_bangou))
    if change.kind == "atena":
        return event_id("AtenaChanged", change.atena_bangou, str(change.rireki_bangou))
    return event_id(
        "KirokuHeld", change.record, change.atena_bangou, change.record_key, str(change.rireki_bangou)
    )


def test_expected_yen_are_those_of_the_journal(written: Written) -> None:
    """Counted again in the plainest way: all of it in memory, three dictionaries."""
    expected, choutei, receipts = written.manifest.expected, dict[str, Any](), dict[Any, Any]()
    order = ("sokuhou", "torikeshi", "kakuhou")
    for change in written.city.journal():
        if change.kind == "choutei" and choutei.get(change.shuunou_key, (0,))[0] < change.rireki_bangou:
            choutei[change.shuunou_key] = (change.rireki_bangou, change.gaku)
        elif change.kind in order:
            key = (change.shuunou_key, change.natural_key)
            receipts[key] = max(receipts.get(key, (-1, 0)), (order.index(change.kind), change.kingaku))
    received, astray = Counter[str](), Counter[str]()
    for (key, _), (stage, kingaku) in receipts.items():
        (received if key in choutei else astray)[key] += 0 if order[stage] == "torikeshi" else kingaku
    gaku = {key: stated for key, (_, stated) in choutei.items()}
    assert expected.accounts == len(gaku)
    assert expected.choutei_gaku == sum(gaku.values())
    assert expected.shuunou_gaku == received.total()
    assert expected.minou_gaku == sum(max(gaku[key] - received[key], 0) for key in gaku)
    assert expected.kagonou_gaku == sum(max(received[key] - gaku[key], 0) for key in gaku)
    assert expected.choutei_gaku - expected.shuunou_gaku == expected.minou_gaku - expected.kagonou_gaku
    assert (expected.unmatched_gaku, expected.unmatched_receipts) == (astray.total(), len(astray))
    sums = [sum(column) for column in zip(*expected.by_kibetsu.values(), strict=True)]
    assert sums == [expected.accounts, expected.choutei_gaku, expected.shuunou_gaku]
