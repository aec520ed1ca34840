"""分納の手続: a plan for some 期別 of a person, its extension and cancellation.

Of the lines of a plan those with a day are its 回, those with a 収納キー what it is for: the part of that 期別.
Both add up to its yen. It acknowledges the debt of each 期別 (時効, 民法152条); a 期別 has one plan at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from state.law import bunnou, yuuyo
from state.law.bunnou_check import Bunnou
from state.law.jikou_count import Jiyuu
from state.law.rules import Outcome
from state.reasons import Refusal, refusal
from state.seiri import jikou_of
from state.seiri.bunnou_uketori import look_on, marked, replaced
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step
from state.seiri.told import extinct, told
from state.seiri.values import BunnouKiroku, KibetsuBubun

_PRACTICE = "地方税法 第15条第3項、市の取扱い"


def planned(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """分納を始める: refuses with R-521, R-530, R-543 to R-546, R-549, R-566 or R-511."""
    yen = {line.shuunou_key: line.kingaku for line in event.uchiwake if line.shuunou_key is not None}
    outcome = _wrong_lines(event, yen) or bunnou.plan(
        event.bangou, event.code or "", event.kingaku or 0, _keikaku(event), event.on
    )
    if isinstance(outcome, Refusal):
        return outcome
    refused = next((found for found in _barred(person, event, yen) if found is not None), None)
    if refused is not None:
        return refused
    days = look_on(outcome.value)
    if isinstance(days, Refusal):
        return days
    parts = tuple(KibetsuBubun(key, part, person.accounts[key].shuunou_gaku) for key, part in yen.items())
    kiroku = BunnouKiroku(outcome.value, tuple(yen), event.tantousha_code, event.held, parts)
    return _acknowledged(person, event, kiroku, outcome, days)


def enchou(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """延長する: what is still owed of the plan is planned anew; its 期別 stay."""
    if any(line.shuunou_key is not None for line in event.uchiwake):
        return _wrong("分納の延長", event, "期日の行だけ", "収納キーの行がある")
    kiroku = _found(person, event)
    if isinstance(kiroku, Refusal):
        return kiroku
    outcome = bunnou.extend(kiroku.bunnou, _keikaku(event), event.on)
    if isinstance(outcome, Refusal):
        return outcome
    days = look_on(outcome.value)
    if isinstance(days, Refusal):
        return days
    after = kiroku._replace(bunnou=outcome.value)
    happened = told(outcome, None, outcome.value.nokori_gaku)
    return step(*happened, book=replaced(person.book, after), look_on=days)


def torikeshi(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """取り消す: its 期別 are free again; what was received stays received."""
    kiroku = _found(person, event)
    if isinstance(kiroku, Refusal):
        return kiroku
    outcome = bunnou.cancel(kiroku.bunnou, event.on)
    if isinstance(outcome, Refusal):
        return outcome
    after = kiroku._replace(bunnou=outcome.value)
    return step(
        *told(outcome, None, outcome.value.nokori_gaku),
        seiri=tuple(marked(person, after, is_open=False)),
        book=replaced(person.book, after),
    )


def _acknowledged(
    person: Person,
    event: TetsuzukiTaken,
    kiroku: BunnouKiroku,
    outcome: Outcome[Bunnou],
    days: tuple[date, ...],
) -> SeiriStep | Refusal:
    """The plan with its 期別: 承認(納付誓約) on each. Refuses with R-521 where the 時効 is complete."""
    happened: tuple[SeiriHappened, ...] = told(outcome, None, outcome.value.kingaku)
    rows = []
    for seiri in marked(person, kiroku, is_open=True):
        account = person.accounts[seiri.shuunou_key]
        jiyuu = Jiyuu("noufu_seiyaku", f"bunnou/{event.bangou}", event.on)
        noted = jikou_of.with_jiyuu(account, seiri, jiyuu)
        if isinstance(noted, Refusal):
            return noted
        after, more = noted
        rows.append(after)
        happened += more
    book = person.book._replace(bunnou=(*person.book.bunnou, kiroku))
    return step(*happened, seiri=tuple(rows), book=book, look_on=days)


def _keikaku(event: TetsuzukiTaken) -> tuple[tuple[date, int], ...]:
    return tuple((line.on, line.kingaku) for line in event.uchiwake if line.on is not None)


def _wrong_lines(event: TetsuzukiTaken, yen: dict[str, int]) -> Refusal | None:
    """R-549 unless each line is a 回 or a 期別, each 期別 once, and the parts add up to the yen of the plan."""
    found = ""
    if any((line.on is None) == (line.shuunou_key is None) for line in event.uchiwake):
        found = "期日と収納キーの両方がある、または両方ない行がある"
    elif len(yen) != sum(line.shuunou_key is not None for line in event.uchiwake):
        found = "同じ収納キーが二度ある"
    elif event.shuunou_key is not None and tuple(yen) != (event.shuunou_key,):
        found = "内訳の期別と別の収納キーがある"
    elif sum(yen.values()) != event.kingaku:
        found = f"期別の額の計 {sum(yen.values())} 円"
    if not found:
        return None
    expected = f"期日の行と、計 {event.kingaku} 円になる期別の行"
    return _wrong("分納の内訳", event, expected, found)


def _barred(person: Person, event: TetsuzukiTaken, yen: dict[str, int]) -> Iterator[Refusal | None]:
    for key, kingaku in yen.items():
        account, seiri = person.accounts[key], person.seiri_of(key)
        yield extinct(event, seiri)
        if seiri.bunnou:
            expected, todo = f"分納中でない期別({_PRACTICE})", "先の分納を延長するか取り消す"
            yield refusal("R-543", f"分納の開始({event.on})", expected, "分納中", todo)
        if not 0 < kingaku <= account.minou_gaku:
            expected = f"期別ごとに1円から未納額 {account.minou_gaku} 円まで"
            yield _wrong("分納の期別の額", event, expected, f"{kingaku} 円")
        effects = [yuuyo.effects(one) for one in seiri.yuuyo if one.joutai == yuuyo.GRANTED]
        if event.code != "seiyaku" and all(one is None or one.jikou_code != event.code for one in effects):
            expected, todo = "猶予中の期別(地方税法 第15条第3項)", "猶予の許可を先に送る"
            yield refusal("R-566", f"分納の開始({event.on})", expected, "この種別の猶予がない", todo)


def _found(person: Person, event: TetsuzukiTaken) -> BunnouKiroku | Refusal:
    for kiroku in person.book.bunnou:
        if kiroku.bunnou.bunnou_bangou == event.taishou_bangou:
            return kiroku
    expected = f"整理簿にある分納の番号({_PRACTICE})"
    return refusal("R-561", f"分納の手続({event.on})", expected, "ない番号", "対象の番号を確かめる")


def _wrong(what: str, event: TetsuzukiTaken, expected: str, found: str) -> Refusal:
    return refusal("R-549", f"{what}({event.on})", f"{expected}({_PRACTICE})", found, "内訳を直す")


HANDLERS = {
    "BunnouPlanned": planned,
    "BunnouExtended": enchou,
    "BunnouCancelled": torikeshi,
}
