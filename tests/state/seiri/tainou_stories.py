"""滞納整理の物語: what the office does on three 期別 of one invented person, for property tests.

On each 期別 it does something in order; in between comes anything else, often what the law refuses.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests import given

BILLS = (1, 2, 3)
BEGIN = date(2026, 6, 1)
OWED, PART = 30_000, 12_000
SHUBETSU = {"choushuu_yuuyo": "15-1-1", "kanka_shokken": "15_5-1-2", "kanka_shinsei": "15_6-1"}

keys = st.sampled_from([given.shuunou_key(kibetsu) for kibetsu in BILLS])
yen = st.one_of(st.sampled_from((1, 5_000, 10_000, 30_000)), st.integers(1, 40_000))


@st.composite
def acts(draw: st.DrawFn, number: int, on: date) -> Any:
    """One act of any kind of these families, under a number of its own."""
    kind = draw(st.sampled_from(sorted(_MAKERS)))
    key, over = draw(keys), draw(_MAKERS[kind](on))
    if kind.startswith("Bunnou"):
        key = None
    return given.tetsuzuki(kind, on, bangou=str(number), key=key, **over)


@st.composite
def _applied(draw: st.DrawFn, on: date) -> dict[str, Any]:
    code = draw(st.sampled_from(sorted(SHUBETSU)))
    return {"code": code, "kingaku": draw(yen), "jouken": {"jiyuu": SHUBETSU[code]}}


@st.composite
def _granted(draw: st.DrawFn, on: date) -> dict[str, Any]:
    code = draw(st.sampled_from(sorted(SHUBETSU)))
    made = on + timedelta(days=draw(st.integers(0, 380)))
    jouken = {"jiyuu": SHUBETSU[code], "has_seii": "true"}
    return {"code": code, "kara": on, "made": made, "jouken": jouken, "kingaku": draw(yen)}


@st.composite
def _extended(draw: st.DrawFn, on: date) -> dict[str, Any]:
    made = on + timedelta(days=draw(st.integers(0, 400)))
    return {"code": draw(st.sampled_from(sorted(SHUBETSU))), "made": made, "jouken": {"has_seii": "true"}}


@st.composite
def _planned(draw: st.DrawFn, on: date) -> dict[str, Any]:
    parts = {key: draw(yen) for key in draw(st.sets(keys, min_size=1))}
    total = sum(parts.values()) + draw(st.sampled_from((0, 0, 0, 1)))
    days = [on + timedelta(days=45 * n) for n in range(1, draw(st.integers(2, 5)))]
    each = total // len(days)
    yens = [each] * (len(days) - 1) + [total - each * (len(days) - 1)]
    lines = [given.bubun(key, part) for key, part in parts.items()]
    lines += [given.bubun(None, part, on=day) for day, part in zip(days, yens, strict=True)]
    code = draw(st.sampled_from(("seiyaku", "seiyaku", "seiyaku", "choushuu_yuuyo")))
    return {"code": code, "kingaku": total, "uchiwake": tuple(lines)}


@st.composite
def _replanned(draw: st.DrawFn, on: date) -> dict[str, Any]:
    line = given.bubun(None, draw(yen), on=on + timedelta(days=30))
    return {"taishou_bangou": str(draw(st.integers(0, 12))), "uchiwake": (line,)}


@st.composite
def _inherited(draw: st.DrawFn, on: date) -> dict[str, Any]:
    shares = draw(st.lists(yen, min_size=1, max_size=2))
    return {
        "uchiwake": tuple(
            given.bubun(given.shuunou_key(n, tsuuchisho=2), part, atena=f"{n + 1:010d}")
            for n, part in enumerate(shares, 1)
        )
    }


def _of(**choices: Any) -> Any:
    return lambda on: st.fixed_dictionaries(choices)


_MAKERS: dict[str, Any] = {
    "YuuyoApplied": _applied,
    "YuuyoGranted": _granted,
    "YuuyoDenied": _of(code=st.sampled_from(sorted(SHUBETSU))),
    "YuuyoExtended": _extended,
    "YuuyoCancelled": _of(
        code=st.sampled_from(sorted(SHUBETSU)), jouken=st.sampled_from(({"jiyuu": "2"}, {"jiyuu": "9"}))
    ),
    "ShikkouTeishiDecided": _of(code=st.sampled_from("1234")),
    "ShikkouTeishiCancelled": _of(),
    "SokujiShoumetsuDecided": _of(jouken=st.sampled_from(({"is_akiraka": "true"}, {"is_akiraka": "false"}))),
    "FunouKessonBooked": _of(code=st.sampled_from(("jikou", "sannen", "sokuji")), kingaku=yen),
    "FunouKessonReversed": _of(),
    "BunnouPlanned": _planned,
    "BunnouExtended": _replanned,
    "BunnouCancelled": _of(taishou_bangou=st.integers(0, 12).map(str)),
    "NouzeiShoukeiMade": _inherited,
    "JikouNoted": lambda on: st.fixed_dictionaries(
        {"code": st.sampled_from(("noufu_kokuchi", "noufu_seiyaku", "sashiosae")), "made": st.just(on)}
    ),
}
KINDS = frozenset(_MAKERS)


def chains(kibetsu: int) -> tuple[tuple[Any, ...], ...]:
    """What the office does in order on one 期別 that owes OWED: each makes an event of a day, or waits."""
    key, plan = given.shuunou_key(kibetsu), str(100 + kibetsu)

    def act(kind: str, **over: Any) -> Any:
        return lambda number, on: given.tetsuzuki(kind, on, bangou=str(number), key=key, **over)

    def granted(code: str, days: int = 300) -> Any:
        jouken = {"jiyuu": SHUBETSU[code], "has_seii": "true"}
        return lambda number, on: given.tetsuzuki(
            "YuuyoGranted", on, bangou=str(number), key=key, code=code, kara=on,
            made=on + timedelta(days=days), jouken=jouken,
        )  # fmt: skip

    def planned(number: int, on: date) -> Any:
        days = (on + timedelta(days=30), on + timedelta(days=60), on + timedelta(days=90))
        lines = (given.bubun(key, OWED), *(given.bubun(None, OWED // 3, on=day) for day in days))
        return given.tetsuzuki(
            "BunnouPlanned", on, bangou=plan, key=None, code="seiyaku", kingaku=OWED, uchiwake=lines
        )

    def replanned(number: int, on: date) -> Any:
        line = given.bubun(None, OWED - PART, on=on + timedelta(days=40))
        return given.tetsuzuki(
            "BunnouExtended", on, bangou=str(number), key=None, taishou_bangou=plan, uchiwake=(line,)
        )

    def ended(number: int, on: date) -> Any:
        return given.tetsuzuki("BunnouCancelled", on, bangou=str(number), key=None, taishou_bangou=plan)

    def paid(yen_: int) -> Any:
        return lambda number, on: given.received(f"cvs:{key}/{yen_}", yen_, key=key, on=on)

    def denied(yen_: int) -> Any:
        return lambda number, on: given.reversal(f"cvs:{key}/{yen_}", yen_, key=key, on=on)

    def shared(number: int, on: date) -> Any:
        shares = (given.bubun(given.shuunou_key(kibetsu, tsuuchisho=2), OWED, atena="0000000009"),)
        return given.tetsuzuki("NouzeiShoukeiMade", on, bangou=str(number), key=key, uchiwake=shares)

    asked = act("YuuyoApplied", code="choushuu_yuuyo", kingaku=PART, jouken={"jiyuu": "15-1-1"})
    cancel = act("YuuyoCancelled", code="choushuu_yuuyo", jouken={"jiyuu": "2"})
    longer = act("YuuyoExtended", code="kanka_shokken", made=date(2027, 6, 30), jouken={"has_seii": "true"})
    stop, note = act("ShikkouTeishiDecided", code="1"), act("JikouNoted", code="noufu_seiyaku")
    lost = act("SokujiShoumetsuDecided", jouken={"is_akiraka": "true"})
    back = act("FunouKessonReversed")

    def booked(way: str, yen_: int) -> Any:
        return act("FunouKessonBooked", code=way, kingaku=yen_)

    return (
        (asked, granted("choushuu_yuuyo"), note, cancel),
        (asked, act("YuuyoDenied", code="choushuu_yuuyo"), asked, granted("choushuu_yuuyo", 30), 40),
        (granted("kanka_shokken", 100), longer, 400),
        (stop, act("ShikkouTeishiCancelled"), stop, 1_100, booked("sannen", PART), back),
        (stop, lost, booked("sokuji", OWED), back),
        (planned, paid(PART), denied(PART), paid(OWED), denied(OWED), 100, ended),
        (planned, paid(PART), 100, replanned, paid(OWED - PART)),
        (note, 1_100, paid(PART), 1_500, 400, booked("jikou", OWED - PART), denied(PART), back),
        (note, 1_500, 200, 180, booked("jikou", PART), paid(PART)),
        (planned, shared, 100),
    )


@st.composite
def stories(draw: st.DrawFn) -> list[Any]:
    """調定, then what the office does on each 期別 in order, mixed, with whatever else may come in between."""
    told: list[Any] = [
        given.choutei(1, draw(st.sampled_from((OWED, OWED, OWED, PART))), key=given.shuunou_key(kibetsu))
        for kibetsu in BILLS
    ]
    queues = [list(draw(st.sampled_from(chains(kibetsu)))) for kibetsu in BILLS]
    day, number = BEGIN, 0
    while any(queues) and number < 30:
        number += 1
        day += timedelta(days=draw(st.sampled_from((0, 1, 5, 20))))
        queue = draw(st.sampled_from([each for each in queues if each]))
        if draw(st.sampled_from((True, True, True, False))):
            made = queue.pop(0)
            day += timedelta(days=made) if isinstance(made, int) else timedelta()
            told.append(given.kijunbi(day) if isinstance(made, int) else made(number, day))
        else:
            told.append(draw(_other(number, day, [one for one in told if hasattr(one, "receipt_no")])))
    return told


@st.composite
def _other(draw: st.DrawFn, number: int, day: date, receipts: list[Any]) -> Any:
    """Any act, receipt, denial, correction or day: what does not fit must be refused and change nothing."""
    what = draw(st.sampled_from(("act", "act", "receipt", "denial", "day", "correction")))
    if what == "act":
        back = timedelta(days=draw(st.sampled_from((0, 0, 3, 300))))
        return draw(acts(number, max(day - back, BEGIN)))
    if what == "correction":
        return given.corrected(
            number + 2, draw(st.one_of(st.just(0), st.just(OWED), yen)), key=draw(keys), on=day
        )
    if what == "receipt":
        return given.received(f"cvs:{number}", draw(yen), key=draw(keys), on=day)
    if what == "denial" and receipts:
        return _denied(draw(st.sampled_from(receipts)))
    return given.kijunbi(day)


def _denied(receipt: Any) -> Any:
    return given.reversal(
        receipt.receipt_no, receipt.shuunou_kingaku, key=receipt.shuunou_key, on=receipt.ryoushuu_nengappi
    )
