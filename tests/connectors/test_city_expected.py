"""What a perfect hub must make of the synthetic city: events, refusals and sums that hold."""

import hashlib
from collections import Counter
from typing import Any, NamedTuple

import pytest

from connectors.base import FileFacts, FileReader, Refused
from connectors.city import make_city
from connectors.city.model import SENT_BACK, Line, ShuunouChange, TetsuzukiChange
from connectors.city.truth import Truth
from connectors.ids import event_id
from connectors.secrets import Cipher, KeyFile
from connectors.source_atena_csv import AtenaReader
from connectors.source_choutei_csv import ChouteiReader
from connectors.source_convenience import ConvenienceReader
from connectors.source_kiroku_csv import KirokuReader
from connectors.source_kouza_furikae import KouzaFurikaeReader
from connectors.source_tetsuzuki_csv import TetsuzukiReader
from state.events import ChouteiEstablished
from state.seiri.kinds import kinds
from tests.connectors.city_files import Written
from tests.streams.memory_hub import Hub


def readers() -> list[FileReader]:
    cipher = Cipher(KeyFile("testkey0", bytes(range(32))))
    choutei = [ChouteiReader(department, cipher) for department in ("zeimu", "hoken")]
    acts = [TetsuzukiReader(files, cipher) for files in ("tetsuzuki", "chousa_kaitou")]
    own = [KouzaFurikaeReader(), ConvenienceReader()]
    return [AtenaReader(cipher), *choutei, KirokuReader(cipher), *acts, *own]


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
    known = {"R-101", "R-104", "R-107", "R-205", "R-206", "R-207", "R-208"}
    assert set(expected.refused) - set(expected.refused_acts) - set(expected.refused_shares) == known
    assert set(expected.refused_acts) == {"R-421", "R-428", "R-513", "R-519", "R-532", "R-544", "R-551"}


def test_the_readers_take_what_the_journal_says(written: Written, taken: Read) -> None:
    assert taken.repeated == written.manifest.expected.repeated_changes > 0
    journal = written.city.journal()
    allowed = {_event_id(change) for change in journal}
    assert allowed <= set(taken.events)
    # the readers cannot know which acts the law will refuse
    refused = sum(written.manifest.expected.refused_acts.values())
    assert len(allowed) == len(journal) == len(taken.events) - refused
    for change in journal:
        event = taken.events[_event_id(change)]
        if change.kind == "choutei":
            assert (event.atena_bangou, event.kibetsu_choutei_gaku) == (change.atena_bangou, change.gaku)
        elif isinstance(change, TetsuzukiChange):
            assert (event.atena_bangou, event.kind, event.bangou) == change[1:4]
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
    if isinstance(change, TetsuzukiChange):
        return event_id("TetsuzukiTaken", change.atena_bangou, change.act, change.bangou)
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
    beside = _moved_by_acts(written, gaku, received)
    assert expected.accounts == len(gaku)
    assert expected.choutei_gaku == sum(gaku.values())
    assert expected.shuunou_gaku == received.total()
    owed = {key: gaku[key] + beside[key] - received[key] for key in gaku}
    assert expected.minou_gaku == sum(max(yen, 0) for yen in owed.values())
    assert expected.kagonou_gaku == sum(max(-yen, 0) for yen in owed.values())
    assert sum(owed.values()) == expected.minou_gaku - expected.kagonou_gaku
    assert (expected.unmatched_gaku, expected.unmatched_receipts) == (astray.total(), len(astray))
    assert expected.effects["juutou_out"] == expected.effects["juutou_in"] > 0
    assert expected.effects["shoukei"] == expected.effects["shoukei_in"] > 0
    sums = [sum(column) for column in zip(*expected.by_kibetsu.values(), strict=True)]
    assert sums == [expected.accounts, expected.choutei_gaku, expected.shuunou_gaku]


def _moved_by_acts(written: Written, gaku: dict[str, int], received: Counter[str]) -> Counter[str]:
    """What acts add to what is owed of each bill; 配当 joins the receipts, the share of an heir is a bill."""
    beside = Counter[str]()
    signs = {"entaikin": 1, "shobunhi": 1, "kanpu": 1, "juutou_out": 1}
    for change in written.city.journal():
        for key, name, yen in change.effects if isinstance(change, TetsuzukiChange) else ():
            if name == "haitou":
                received[key] += yen
            elif name == "shoukei_in":
                gaku[key] = yen
            elif name != SENT_BACK:
                beside[key] += signs.get(name, -1) * yen
    return beside


def test_the_city_s_office_acts_in_every_way_it_can(written: Written) -> None:
    """All kinds, the 時効 of 還付 too early (it takes five years); each moves yen in a city of 2,000."""
    expected = written.manifest.expected
    assert set(kinds()) - set(expected.acts) == {"KanpuExpired"} and expected.refused_acts["R-428"] > 0
    wanted = {"haitou", "kanpu", "juutou_out", "juutou_in", "kesson", "shoukei", "shoukei_in", "entaikin"}
    assert {name for name, yen in expected.effects.items() if yen > 0} == wanted | {"shobunhi"}
    assert expected.refused_shares["R-303"] > 0


def test_no_share_of_one_person_is_given_the_same_key_twice() -> None:
    """What becomes of the second would depend on how far the first has come: no bookkeeping could say it."""
    given_keys = Counter(
        (fields["atena_bangou"], part.split("/")[0])
        for story in make_city(2_000, 1).stories()
        for fields in (line.fields for line in story.lines)
        if fields.get("kind") == "NouzeiShoukeiMade"
        for part in fields["uchiwake"].split(";")
    )
    assert given_keys and max(given_keys.values()) == 1


def test_inheritances_end_on_the_stages_as_the_city_says(written: Written, taken: Read) -> None:
    """With the mistakes of the office: a share that cannot be taken up is owed by the deceased again."""
    truth, hub = Truth(), Hub()
    stories = [story for story in written.city.stories() if _is_inherited(story.lines)]
    told = [[taken.events[_event_id(line.change)] for line in s.lines if line.change] for s in stories]
    keys = {line.shuunou_key for events in told for act in events for line in getattr(act, "uchiwake", ())}
    own = {getattr(event, "shuunou_key", None) for events in told for event in events}
    hub.tell(*(
        event for event in taken.events.values()
        if type(event) is ChouteiEstablished and event.shuunou_key in keys - own
    ))  # fmt: skip
    others = set(hub.accounts())
    for story, events in zip(stories, told, strict=True):
        truth.add(story.lines)
        hub.tell(*events)
    expected, ends = truth.expected(), hub.accounts()
    owed = [account.minou_gaku for key, account in ends.items() if key not in others]
    assert (sum(owed), sum(yen > 0 for yen in owed)) == (expected.minou_gaku, expected.minou_accounts)
    assert Counter(letter.reason for letter in hub.letters) == expected.refused_shares
    assert expected.refused_shares["R-303"] == len(others) > 3


def _is_inherited(lines: tuple[Line, ...]) -> bool:
    changes = (line.change for line in lines)
    return any(isinstance(one, TetsuzukiChange) and one.act == "NouzeiShoukeiMade" for one in changes)
