"""記録の畳み込み: what is published of the seven records, when, and that order and repetition do not matter."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

import schemas
from schemas import records
from schemas.codec import NewerRelease
from state import wire
from state.record import build
from state.record.known import Known
from state.seiri.values import BunnouKiroku, Seiribo
from streams import ledger, seiri, topics
from streams import records as streams_records
from streams.engine.unit import Output
from streams.ingest import DEADLETTER
from streams.records import KIJUNBI_IN, topic_of
from tests import given
from tests.state.record.materials import known as materials
from tests.streams.memory_hub import message
from tests.streams.memory_records import Recorded, feed, latest, stage

ON = date(2026, 7, 20)
SEALED = f"{schemas.SEALED}00000000:synthetic"
PERSON = given.atena(setai_bangou="S1", kojin_bangou=SEALED, kouza_bangou=SEALED)


def kiroku(record: str, key: str, rireki: int = 1, **held: str) -> Any:
    """A record of the former system, under the name of its file as the connector gives it."""
    made = given.kiroku(rireki)
    return made._replace(record=build.subfile(record), record_key=key, held=held)


STORY: tuple[Any, ...] = (
    given.choutei(),
    PERSON,
    given.choutei(key=given.shuunou_key(2), gaku=7_000),
    kiroku("tainou_kojin", "1", tantousha_code="T0", denwa_bangou_1="000"),
    kiroku("shuutainou", given.KEY, sashiosae_counter="4", kessai_joutai="9"),
    kiroku("tainou_shobun", "旧1", kianbi="2020-02-03", shobun_kingaku="900"),
    kiroku("tainou_kazoku", "2", setai_bangou="S1", kanji_shimei="試験 親族"),
    given.received("cvs:a", 4_000),
    given.tetsuzuki("NoutsuuSent", date(2026, 6, 2)),
    given.kijunbi(date(2026, 7, 1)),
    given.tetsuzuki("NoutsuuReturned", ON),
    given.tetsuzuki("NoutsuuReturned", ON, bangou="2"),
    given.tetsuzuki("TantouAssigned", ON, key=None, tantousha_code="T1"),
    given.tetsuzuki("RankSet", ON, key=None, code="A"),
    given.tetsuzuki(
        "KoushouRecorded", ON, key=None, code="denwa", held={"koudou_kiroku_naiyou": "約束", "busho": "収納課"}
    ),
    given.corrected(2, 8_000),
    given.reversal("cvs:a", 4_000),
    given.debit_failed(),
    given.atena(2, setai_bangou="S2", idou_kubun="04", kojin_bangou=SEALED),
    given.kijunbi(date(2027, 6, 1)),
    given.received("cvs:b", 1_000, on=date(2027, 6, 2)),
)  # fmt: skip


def test_the_story_ends_in_the_records_of_the_person() -> None:
    told = Recorded().tell(*STORY)
    assert told.hub.letters == [] and told.records.sent(DEADLETTER) == []
    bill = told.record("shuutainou", given.KEY)
    assert (bill.kibetsu_choutei_gaku, bill.kibetsu_shuunou_gaku, bill.kousei_kaisuu) == (8_000, 1_000, 1)
    assert (bill.noutsuu_henrei_settei_counter, bill.noutsuu_henrei_settei_nengappi) == (2, ON)
    assert (bill.noutsuu_hassou_nengappi, bill.koufuri_funou_kaisuu) == (date(2026, 6, 2), 1)
    assert (bill.sashiosae_counter, bill.kessai_joutai) == (4, "9"), "as the former system left it"
    assert (bill.kurikoshi_choutei_gaku, bill.kurikoshi_nengappi) == (8_000, date(2027, 6, 1))
    assert bill.kojin_bangou == SEALED and bill.henshuuzumi_shimei_kanji == "試験 0000000001"
    kojin = told.record("tainou_kojin", given.PERSON)
    assert (kojin.tantousha_code, kojin.rank, kojin.denwa_bangou_1) == ("T1", "A", "000")
    assert (kojin.tainou_kingaku, kojin.kojin_flag, kojin.setai_bangou) == (14_000, "1", "S2")
    own = told.record("tainou_kazoku", given.PERSON)
    relative = told.record("tainou_kazoku", f"{given.PERSON}/2")
    assert (own.setai_bangou, own.tainousha_flag) == ("S2", "1")
    assert (relative.setai_bangou, relative.kanji_shimei, relative.tainousha_flag) == ("S1", "試験 親族", None)
    kazei = told.record("tainou_kazei_shuunou", given.shuunou_key(2))
    assert (kazei.zeigaku, kazei.minou_honzei, kazei.minou_kingaku) == (7_000, 7_000, 7_000)
    assert kazei.kannou_flag == "0"
    koushou = told.record("tainou_koushou_keika", f"{given.PERSON}/tetsuzuki/1")
    assert (koushou.kiroku_hizuke, koushou.koudou_kiroku_naiyou, koushou.busho) == (ON, "約束", "収納課")
    shobun = told.record("tainou_shobun", f"{given.PERSON}/旧1")
    assert (shobun.kianbi, shobun.shobun_kingaku) == (date(2020, 2, 3), 900)


def test_a_record_goes_out_only_when_its_content_changed() -> None:
    told = Recorded().tell(*STORY)
    before = len(told.records.outputs)
    told.tell(*STORY[:-2])
    assert told.records.outputs[before:] == [], "told again, nothing changed"
    assert told.sent("shuutainou") > len([k for k in latest(told.records) if k[0] == topic_of("shuutainou")])
    told.tell(given.tetsuzuki("NoutsuuReturned", date(2026, 7, 21), bangou="3"))
    assert [output.topic for output in told.records.outputs[before:]] == ["record.shuutainou.v1"]


def test_several_changes_of_one_batch_are_one_record() -> None:
    told = Recorded().tell(given.choutei())
    sent = told.sent("shuutainou")
    facts = [given.received("cvs:a", 1_000), given.received("cvs:b", 2_000)]
    begin = len(told.hub.ledger.outputs)
    told.hub.tell(*facts)
    feed(told.records, told.hub.ledger.outputs[begin:])
    assert told.sent("shuutainou") == sent + 1
    assert told.record("shuutainou", given.KEY).kibetsu_shuunou_gaku == 3_000


def test_who_was_never_in_arrears_is_not_in_滞納管理() -> None:
    told = Recorded().tell(PERSON, given.choutei(), given.tetsuzuki("NoutsuuSent", date(2026, 6, 2)))
    assert {topic for topic, _ in latest(told.records)} == {
        "record.shuutainou.v1", "record.tainou-kazoku.v1"
    }  # fmt: skip
    told.tell(given.kijunbi(date(2026, 7, 1)))
    assert {topic for topic, _ in latest(told.records)} == {
        "record.shuutainou.v1", "record.tainou-kazoku.v1", "record.tainou-kojin.v1",
        "record.tainou-kazei-shuunou.v1",
    }  # fmt: skip
    told.tell(given.confirmed("cvs:a", 10_000, on=date(2026, 7, 2)))
    assert told.record("tainou_kojin", given.PERSON).tainou_kingaku == 0, "and stays there, owing nothing"


def test_a_family_without_household_is_deleted_from_the_topic() -> None:
    told = Recorded().tell(PERSON)
    assert told.record("tainou_kazoku", given.PERSON).setai_bangou == "S1"
    told.tell(given.atena(2))
    assert told.record("tainou_kazoku", given.PERSON) is None
    assert told.records.outputs[-1].value is None


Pair = tuple[bytes | None, bytes | None]


def _sources(sent: Sequence[Output], days: Sequence[date]) -> dict[str, list[Pair]]:
    """What the stage reads, by topic, each in its order."""
    found: dict[str, list[Pair]] = {topic: [] for topic in topics.read_by("records")}
    for output in sent:
        if output.topic in found:
            found[output.topic].append((output.key, output.value))
    found[KIJUNBI_IN] = [message(given.kijunbi(day)) for day in days]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_records_built_live_are_those_of_a_replay_in_whatever_interleaving(seed: int) -> None:
    live = Recorded(cached=seed % 2 == 0).tell(*STORY)
    waiting = _sources(live.hub.ledger.outputs, [date(2026, 7, 1), date(2027, 6, 1)])
    replayed, dice = stage(cached=seed % 3 == 0), random.Random(seed)
    while any(waiting.values()):
        topic = dice.choice([name for name, left in waiting.items() if left])
        taken = dice.randint(1, len(waiting[topic]))
        replayed.run(topic, *waiting[topic][:taken])
        del waiting[topic][:taken]
    assert latest(replayed) == latest(live.records)


def test_records_are_those_that_the_ledgers_own_rows_give() -> None:
    told = Recorded().tell(*STORY)
    hub = told.hub
    atena = wire.decode(hub.rows(hub.ledger, ledger.ATENA.tag)[given.PERSON.encode()])
    held = {
        (one.record, one.record_key): one
        for one in map(wire.decode, hub.rows(hub.ledger, ledger.KIROKU.tag).values())
    }
    for key, account in hub.accounts().items():
        for record in ("shuutainou", "tainou_kazei_shuunou"):
            made = build.build(
                record,
                Known(
                    account, hub.seiri(key), hub.seiribo(), hub.case(), atena,
                    held.get((build.subfile(record), key)), kijunbi=date(2027, 6, 1),
                ),
            )  # fmt: skip
            assert told.record(record, key) == made


def _fact(hub: Any, **over: Any) -> tuple[bytes, bytes]:
    fact = hub.seiri_facts[-1]._replace(**over)
    return fact.atena_bangou.encode(), wire.encode(fact)


def test_dispositions_and_plans_of_a_person_become_records() -> None:
    """As the book of the fact holds them, whichever act put them there."""
    told = Recorded().tell(given.choutei(), PERSON, given.tetsuzuki("NoutsuuSent", ON))
    shobun = materials("処分 S1 SashiosaeMade 2026-09-01").shobun
    plan = materials("分納 B1 rikou 2026-08-01 2026-08-31:3000:0").bunnou
    assert shobun is not None and plan is not None
    book = Seiribo(
        given.PERSON, tetsuzuki_kaisuu=3, shobun=(shobun._replace(held={"hourei": "国税徴収法62条"}),),
        bunnou=(BunnouKiroku(plan.bunnou, plan.keys, plan.tantousha_code, {"bunnou_riyuu": "失業"}),),
    )  # fmt: skip
    told.records.run(seiri.SEIRI_FACT, _fact(told.hub, fact_id="f2", book=book))
    made = told.record("tainou_shobun", f"{given.PERSON}/S1")
    assert (made.hourei, made.shobun_kingaku, made.shobun_tantousha) == ("国税徴収法62条", 50_000, "T1")
    made = told.record("tainou_bunnou", f"{given.PERSON}/B1")
    assert (made.bunnou_riyuu, made.noufu_seiyaku_gaku, made.bunnou_tantousha) == ("失業", 3_000, "T2")
    bill = told.record("shuutainou", given.KEY)
    assert (bill.nouzei_keikaku_joutai_code, bill.nouzei_keikaku_taishou_gaku) == ("rikou", 3_000)
    assert told.record("tainou_kazei_shuunou", given.KEY).shobun_1 == "S1"
    told.tell(kiroku("tainou_shobun", "S1", saimushamei="架空銀行", shobun_kingaku="1"))
    made = told.record("tainou_shobun", f"{given.PERSON}/S1")
    assert (made.saimushamei, made.shobun_kingaku) == ("架空銀行", 50_000), "beside what the act says"


def test_what_cannot_be_read_is_empty_and_told_once_in_a_letter() -> None:
    held = kiroku("shuutainou", given.KEY, kurikoshi_nengappi="あした", renban="5")
    told = Recorded().tell(given.choutei(), held)
    bill = told.record("shuutainou", given.KEY)
    assert (bill.kurikoshi_nengappi, bill.renban) == (None, "5")
    (letter,) = told.records.sent(DEADLETTER)
    assert (letter.reason, letter.event_id, letter.topic) == ("R-204", None, None), "the record stands"
    assert "kurikoshi_nengappi" in letter.found and "あした" not in repr(letter)
    told.tell(given.received())
    assert len(told.records.sent(DEADLETTER)) == 1


def test_numbers_of_persons_are_never_in_clear() -> None:
    clear = kiroku("tainou_kojin", "1", kojin_bangou="123456789018")
    told = Recorded().tell(clear)
    assert told.record("tainou_kojin", given.PERSON).kojin_bangou is None
    assert len(told.records.sent(DEADLETTER)) == 1
    assert all(b"123456789018" not in (o.value or b"") for o in told.records.outputs)


def test_a_day_that_the_ledger_refuses_changes_nothing_here() -> None:
    told = Recorded().tell(given.choutei(), given.kijunbi(date(2027, 6, 1)))
    before = len(told.records.outputs)
    told.tell(given.kijunbi(date(2026, 6, 1)))
    strange = given.kijunbi(date(2028, 6, 1))._replace(jichitai_code="999999")
    told.records.run(KIJUNBI_IN, message(strange), (None, b"no message"), (None, None))
    assert len(told.records.outputs) == before
    assert [letter.reason for letter in told.hub.letters] == ["R-501"]
    assert told.record("shuutainou", given.KEY).kurikoshi_nengappi == date(2027, 6, 1)


def test_what_is_no_message_is_parked_once_among_all_stages() -> None:
    told = Recorded()
    garbage = (b"key", b"no message")
    for topic in topics.read_by("records"):
        told.records.run(topic, garbage, (b"key", None), message(given.choutei()))
    assert latest(told.records) == {}
    others = set(topics.read_by("ledger")) | set(topics.read_by("transfer"))
    mine = sorted(set(topics.read_by("records")) - others)
    parked = sorted((letter.topic or "", letter.reason) for letter in told.records.sent(DEADLETTER))
    assert mine == ["ledger.atena.v1", "ledger.kiroku.v1", "seiri.fact.v1"]
    assert parked == [(topic, reason) for topic in mine for reason in ("R-201", "R-201", "R-202")]


def test_what_a_newer_release_wrote_stops_the_records() -> None:
    told = Recorded()
    newer = (b"key", given.of_a_newer_release(wire.encode(given.choutei())))
    for topic in topics.read_by("records"):
        if topic == KIJUNBI_IN:
            told.records.run(topic, newer)  # from outside; the ledger has written the letter
        else:
            with pytest.raises(NewerRelease):
                told.records.run(topic, newer)
    assert not told.records.outputs


def test_each_of_the_seven_has_its_compacted_topic_that_no_stage_reads() -> None:
    by_name = {topic.name: topic for topic in topics.topics()}
    for record in records.records():
        topic = by_name[topic_of(record)]
        assert topic.is_compacted and topic.consumers == () and topic.producer == "records"
        assert topic.schemas == (f"record/{record}",)
    assert set(topics.read_by("records")) == {
        ledger.FACT, seiri.SEIRI_FACT, ledger.ATENA_OUT, ledger.KIROKU_OUT, KIJUNBI_IN,
    }  # fmt: skip


def test_all_of_a_person_stays_in_the_persons_partition() -> None:
    told = Recorded().tell(*STORY)
    assert {output.partition for output in told.records.outputs} == {2}


def test_a_closing_in_parts_comes_to_what_it_comes_to_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> Recorded:
        bills = [given.choutei(key=given.shuunou_key(number)) for number in range(1, 6)]
        return Recorded().tell(*bills, given.kijunbi(date(2026, 7, 1)), given.kijunbi(date(2027, 6, 1)))

    whole = told()
    monkeypatch.setattr(streams_records, "AT_ONCE", 2)
    parts = told()
    carried = [row for row in latest(whole.records).values() if getattr(row, "kurikoshi_nengappi", None)]
    assert len(carried) == 5
    assert latest(parts.records) == latest(whole.records)
    assert parts.records.store.rows == whole.records.store.rows
    assert parts.records.commits == whole.records.commits + 2
