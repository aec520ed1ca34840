"""過誤納金の手続: one step taken, (value, event) -> (value, happened), or why the law does not allow it.

発生 → 充当・還付の決定 → 通知 → 請求 → 支払; 時効 or 取消 end it otherwise. A step told twice under one number changes
nothing; a second one under another number is refused. Sources: 地方税法 第17条・第17条の2・第17条の4・第18条の3.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from state.facts import Applied
from state.law.joubun import Entry, by, cite
from state.law.kagonou import (
    HASSEI,
    JIKOU,
    JOUTAI_JA,
    JUUTOU_ZUMI,
    KETTEI,
    SEIKYUU,
    SHIHARAI,
    TETSUZUKI_MAX,
    TORIKESHI,
    TSUUCHI,
    Kagonou,
    KagonouArose,
    KagonouChanged,
    KagonouDecided,
    KagonouDecisionWithdrawn,
    KagonouEvent,
    KagonouNotified,
    KanpuClaimed,
    KanpuExpired,
    KanpuPaid,
    Tetsuzuki,
    Tsuuchisho,
)
from state.law.kikan import DAY, end_of
from state.law.rules import Outcome, rule
from state.law.uchiwake import KAMOKU, Uchiwake, uchiwake_of
from state.reasons import Refusal, refusal

Step = Outcome[Kagonou] | Refusal

ALLOWED: dict[type[Any], tuple[str, tuple[str, ...], str]] = {
    KagonouChanged: ("過誤納の増減", (HASSEI,), "kanpu"),
    KagonouDecided: ("充当・還付の決定", (HASSEI,), "juutou"),
    KagonouDecisionWithdrawn: ("決定の取消", (KETTEI, TSUUCHI, SEIKYUU), "juutou"),
    KagonouNotified: ("還付充当通知書の発送", (KETTEI,), "tsuuchi"),
    KanpuClaimed: ("還付の請求", (TSUUCHI,), "kanpu"),
    KanpuPaid: ("還付の支払", (SEIKYUU,), "kanpu"),
    KanpuExpired: ("還付請求権の時効", (HASSEI, KETTEI, TSUUCHI), "jikou"),
}
"""許される手続: its name, the states in which it may be taken, and the provision it rests on."""


def apply(value: Kagonou | None, event: KagonouEvent) -> Step:
    """手続を適用する: `value` is None before the 発生. Refuses with R-421 to R-428 and cites the provision."""
    entry = rule("kanpu", event.on)
    if value is None:
        return _arise(entry, event) if isinstance(event, KagonouArose) else _nothing(entry, event)
    if isinstance(event, KagonouArose):
        return _again(value, event) or _refused(entry, value, "過誤納の発生", "一度だけ", "kanpu")
    name, states, role = ALLOWED[type(event)]
    repeated = _again(value, event)
    if repeated is not None:
        return repeated
    allowed = (
        (*states, TSUUCHI) if isinstance(event, KanpuPaid) and not entry["seikyuu_hitsuyou"] else states
    )
    if value.joutai not in allowed:
        return _refused(entry, value, name, "・".join(JOUTAI_JA[state] for state in allowed), role)
    if event.on < value.tetsuzuki[-1].on:
        expected = f"{value.tetsuzuki[-1].on}以後({cite(entry, role)})"
        return refusal("R-425", f"{name}の日", expected, f"{event.on}", "手続の日を確かめる")
    return _STEPS[type(event)](entry, value, event)


def jikou_on(value: Kagonou) -> tuple[date, Applied]:
    """時効完成日: the last day on which the 還付 can be claimed, and by which provision."""
    entry = rule("kanpu", value.hassei_on)
    settings = entry["jikou"]
    since = value.hassei_on
    if settings["koushin_by_tsuuchi"] and value.tsuuchi_on is not None:
        since = value.tsuuchi_on
    last = end_of(since + DAY, 12 * settings["years"])
    return last, by(entry, "jikou", {"kisan_on": since, "years": settings["years"]}, {"jikou_on": last})


def notice(value: Kagonou) -> Tsuuchisho | None:
    """還付充当通知書: what it states; None while none has been sent."""
    if value.tsuuchi_on is None:
        return None
    is_claimable = value.shiharai_gaku > 0
    days = timedelta(rule("kanpu", value.tsuuchi_on)["kasankin"]["josan_days"])
    return Tsuuchisho(
        value.kagonou_no,
        value.shuunou_key,
        value.tsuuchi_on,
        value.kagonou.goukei,
        value.juutou,
        value.kanpu.goukei,
        value.juutou_kasankin,
        value.kanpu_kasankin,
        value.shiharai_gaku,
        value.tsuuchi_on + days + DAY if is_claimable else None,
        jikou_on(value)[0] if is_claimable else None,
    )


def _step_of(event: KagonouEvent) -> Tetsuzuki:
    """What is remembered of a step: enough to know it again."""
    if isinstance(event, KagonouDecided):
        yen = event.plan.kagonoukin.uchiwake.goukei + event.juutou_kasankin + event.kanpu_kasankin
    elif isinstance(event, KagonouArose | KagonouChanged):
        yen = event.kagonou.goukei
    else:
        yen = event.kingaku if isinstance(event, KanpuPaid) else 0
    return Tetsuzuki(event.event_no, type(event).__name__, event.on, yen)


def _again(value: Kagonou, event: KagonouEvent) -> Step | None:
    """The same step under the same number changes nothing; another one under it is a contradiction."""
    step = _step_of(event)
    known = next((old for old in value.tetsuzuki if old.event_no == step.event_no), None)
    if known == step:
        return Outcome(value, ("RepetitionIgnored",), ())
    if known is not None or len(value.tetsuzuki) >= TETSUZUKI_MAX:
        expected = f"同じ番号なら同じ手続、{TETSUZUKI_MAX}件まで(地方税法 第17条)"
        return refusal("R-424", "手続の番号", expected, "異なる手続か上限", "手続の番号を確かめる")
    return None


def _taken(
    value: Kagonou, event: KagonouEvent, kind: str, applied: tuple[Applied, ...], **over: Any
) -> Step:
    steps = (*value.tetsuzuki, _step_of(event))
    return Outcome(value._replace(tetsuzuki=steps, **over), (kind,), applied)


def _refused(entry: Entry, value: Kagonou, name: str, allowed: str, role: str) -> Refusal:
    expected = f"{allowed}の状態({cite(entry, role)})"
    return refusal("R-424", name, expected, f"{JOUTAI_JA[value.joutai]}の状態", "過誤納金の経過を確かめる")


def _nothing(entry: Entry, event: KagonouEvent) -> Refusal:
    name, _, role = ALLOWED[type(event)]
    expected = f"過誤納の発生の後({cite(entry, role)})"
    return refusal("R-421", name, expected, "過誤納がない", "過誤納の有無を確かめる")


def _arise(entry: Entry, event: KagonouArose) -> Step:
    if event.kagonou.goukei <= 0 or event.kagonou.has_negative:
        expected = f"1円以上({cite(entry, 'kanpu')})"
        return refusal("R-421", "過誤納額", expected, f"{event.kagonou.goukei}円", "過誤納額を確かめる")
    made = Kagonou(
        kagonou_no=event.kagonou_no,
        shuunou_key=event.shuunou_key,
        zeimoku_code=event.zeimoku_code,
        jiyuu_code=event.jiyuu_code,
        hassei_on=event.on,
        kagonou=event.kagonou,
        joutai=HASSEI,
        juutou=(),
        kanpu=Uchiwake(),
        juutou_kasankin=0,
        kanpu_kasankin=0,
        kettei_on=None,
        tsuuchi_on=None,
        seikyuu_on=None,
        shiharai_on=None,
        tetsuzuki=(),
    )
    yen = event.kagonou.goukei
    basis = by(entry, "kanpu", {"shuunou_key": event.shuunou_key}, {"kagonou_gaku": yen})
    return _taken(made, event, "KagonouArose", (basis,))


def _change(entry: Entry, value: Kagonou, event: KagonouChanged) -> Step:
    if event.kagonou.has_negative:
        expected = f"0円以上({cite(entry, 'kanpu')})"
        return refusal("R-421", "過誤納額", expected, "負の額", "過誤納額を確かめる")
    before, after = value.kagonou.goukei, event.kagonou.goukei
    basis = by(entry, "kanpu", {"before": before}, {"kagonou_gaku": after})
    if after == 0:
        return _taken(value, event, "KagonouVoided", (basis,), kagonou=event.kagonou, joutai=TORIKESHI)
    return _taken(value, event, "KagonouChanged", (basis,), kagonou=event.kagonou)


def _decide(entry: Entry, value: Kagonou, event: KagonouDecided) -> Step:
    wrong = _wrong_plan(entry, value, event)
    if wrong is not None:
        return wrong
    plan = event.plan
    decided = {"juutou_gaku": plan.juutou_gaku, "kanpu_gaku": plan.kanpu.goukei}
    basis = by(entry, "juutou", {"kagonou_gaku": value.kagonou.goukei}, decided)
    return _taken(
        value,
        event,
        "KagonouDecided",
        (basis, *plan.applied),
        joutai=KETTEI,
        juutou=plan.juutou,
        kanpu=plan.kanpu,
        juutou_kasankin=event.juutou_kasankin,
        kanpu_kasankin=event.kanpu_kasankin,
        kettei_on=event.on,
    )


def _wrong_plan(entry: Entry, value: Kagonou, event: KagonouDecided) -> Refusal | None:
    """The plan must be of this 過誤納金, and dispose of all of it and of no more, 科目 by 科目."""
    last, _ = jikou_on(value)
    if event.on > last:
        return _expired(entry, last, event.on)
    plan, kasankin = event.plan, (event.juutou_kasankin, event.kanpu_kasankin)
    given = uchiwake_of(
        [(part.from_kamoku, part.kingaku) for part in plan.juutou]
        + list(zip(KAMOKU, plan.kanpu, strict=True))
    )
    if plan.kagonoukin.shuunou_key != value.shuunou_key or plan.on > event.on:
        expected = f"この過誤納金の計画({cite(entry, 'juutou')})"
        return refusal("R-424", "充当・還付の計画", expected, "別の期別または後の日の計画", "計画を立て直す")
    if any(part.kingaku <= 0 for part in plan.juutou) or plan.kanpu.has_negative or min(kasankin) < 0:
        expected = f"充当は1円以上、還付・還付加算金は0円以上({cite(entry, 'juutou')})"
        return refusal("R-429", "充当・還付の計画", expected, "それに満たない額", "計画を立て直す")
    if any(gone > have for gone, have in zip(given, value.kagonou, strict=True)):
        expected = f"科目ごとに過誤納額{value.kagonou.goukei}円まで({cite(entry, 'kanpu')})"
        found = f"充当と還付の計{given.goukei}円"
        return refusal("R-422", "充当・還付の額", expected, found, "計画を立て直す")
    if given != value.kagonou:
        expected = f"過誤納額{value.kagonou.goukei}円の全額({cite(entry, 'kanpu')})"
        found = f"充当と還付の計{given.goukei}円"
        return refusal("R-423", "充当・還付の額", expected, found, "残りの行き先を決める")
    return None


def _withdraw(entry: Entry, value: Kagonou, event: KagonouDecisionWithdrawn) -> Step:
    was = {"juutou_gaku": value.juutou_gaku, "kanpu_gaku": value.kanpu.goukei}
    basis = by(entry, "juutou", was, {"juutou_gaku": 0, "kanpu_gaku": 0})
    return _taken(
        value,
        event,
        "KagonouDecisionWithdrawn",
        (basis,),
        joutai=HASSEI,
        juutou=(),
        kanpu=Uchiwake(),
        juutou_kasankin=0,
        kanpu_kasankin=0,
        kettei_on=None,
        tsuuchi_on=None,
        seikyuu_on=None,
    )


def _notify(entry: Entry, value: Kagonou, event: KagonouNotified) -> Step:
    told = {"juutou_gaku": value.juutou_gaku, "shiharai_gaku": value.shiharai_gaku}
    basis = by(entry, "tsuuchi", told, {"tsuuchi_on": event.on})
    # With nothing to be paid back, the notice is the last step.
    joutai = TSUUCHI if value.shiharai_gaku else JUUTOU_ZUMI
    return _taken(value, event, "KanpuJuutouNotified", (basis,), joutai=joutai, tsuuchi_on=event.on)


def _claim(entry: Entry, value: Kagonou, event: KanpuClaimed) -> Step:
    last, in_time = jikou_on(value)
    if event.on > last:
        return _expired(entry, last, event.on)
    return _taken(value, event, "KanpuClaimed", (in_time,), joutai=SEIKYUU, seikyuu_on=event.on)


def _pay(entry: Entry, value: Kagonou, event: KanpuPaid) -> Step:
    if value.joutai == TSUUCHI and event.on > (last := jikou_on(value)[0]):
        return _expired(entry, last, event.on)
    if event.kingaku != value.shiharai_gaku:
        expected = f"決定した{value.shiharai_gaku}円({cite(entry, 'kanpu')})"
        return refusal("R-426", "支払額", expected, f"{event.kingaku}円", "支出の決裁を確かめる")
    basis = by(entry, "kanpu", {"kanpu_gaku": value.kanpu.goukei}, {"shiharai_gaku": event.kingaku})
    return _taken(value, event, "KanpuPaid", (basis,), joutai=SHIHARAI, shiharai_on=event.on)


def _expire(entry: Entry, value: Kagonou, event: KanpuExpired) -> Step:
    last, basis = jikou_on(value)
    if event.on <= last:
        expected = f"{last}の翌日以後({cite(entry, 'jikou')})"
        return refusal("R-428", "時効の日", expected, f"{event.on}", "時効の完成を待つ")
    return _taken(value, event, "KanpuExpired", (basis,), joutai=JIKOU)


def _expired(entry: Entry, last: date, on: date) -> Refusal:
    expected = f"{last}まで({cite(entry, 'jikou')})"
    return refusal("R-427", "還付を請求できる日", expected, f"{on}", "時効を記録する")


_STEPS: dict[type[Any], Callable[[Entry, Kagonou, Any], Step]] = {
    KagonouChanged: _change,
    KagonouDecided: _decide,
    KagonouDecisionWithdrawn: _withdraw,
    KagonouNotified: _notify,
    KanpuClaimed: _claim,
    KanpuPaid: _pay,
    KanpuExpired: _expire,
}
