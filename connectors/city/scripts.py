"""手続の筋書き: one function for each script, from a bill as it stands to the acts on it, in their order.

Days are counted from the 納期限 of the bill. What an act moves is stated beside it (`Effect`), counted by
simple means of its own; what must be refused says for which reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from connectors.city.act_lines import Act, Part
from connectors.city.model import Bill, Effect
from connectors.city.truth import Standing
from state.law.kikan import end_of
from state.law.tokurei_ritsu import PERCENT, ritsu_table

_DAY = timedelta(days=1)
_UNIT, _LEAST_BASE, _HUNDRED, _LEAST = 1_000, 2_000, 100, 1_000
_SHOBUNHI = 2_500
_CHANCE = 7
"""A digit of the 通知書番号 that takes the values 1 to 9 in turn."""

_NO_KASANKIN = 900
"""還付 whose 還付加算金 might reach this many yen is decided and told, but not paid: it is not counted here."""


class Owed(NamedTuple):
    """期別の様子: one bill and how it stands when all files but the acts have been read."""

    bill: Bill
    standing: Standing
    is_after_death: bool


class Told(NamedTuple):
    """手続一つ: the act, the yen it moves, why it must be refused if it must, and its number if it has one."""

    act: Act
    effects: tuple[Effect, ...] = ()
    refused: str | None = None
    number: str = ""


class Scene(NamedTuple):
    """場面: a bill, what is owed of it, and who of the office deals with it."""

    bill: Bill
    owed: int
    staff: str
    has_juutou: bool = False
    """Whether 充当 met part of it after its 納期限: 延滞金 is then owed of that part too, from and to other days."""

    def on(self, days: int) -> date:
        """納期限から何日目か。"""
        return self.bill.noukigen + timedelta(days=days)

    @property
    def key(self) -> str:
        return self.bill.shuunou_key

    @property
    def parts(self) -> tuple[Part, ...]:
        return (Part(self.key, self.owed),)

    def number(self, what: str) -> str:
        """手続の番号: one that other acts name."""
        return f"{what}-{self.key}"


def _tokusoku(s: Scene) -> list[Told]:
    return [Told(Act("TokusokuIssued", s.on(15), s.key))]


def _seized(s: Scene) -> list[Told]:
    act = Act(
        "SashiosaeMade", s.on(45), kingaku=s.owed, code="yokin", staff=s.staff, parts=s.parts,
        held={"saimushamei": "見本銀行"},
    )  # fmt: skip
    return [*_tokusoku(s), Told(act, number=s.number("sa"))]


def _released(s: Scene, what: str, riyuu: str) -> Told:
    return Told(Act("ShobunReleased", s.on(70), code=riyuu, taishou=s.number(what), staff=s.staff))


def _sashiosae_haitou(s: Scene) -> list[Told]:
    """So late that there is 延滞金, which is fixed once the 配当 has met the 本税; not where it cannot be counted
    by hand."""
    on = min(s.on(150), date(s.bill.noukigen.year, 12, 20))
    haitou = Act("HaitouReceived", on, kingaku=s.owed, taishou=s.number("sa"), parts=s.parts)
    yen = entaikin_of(s.bill.noukigen, on, s.owed)
    added = (Effect(s.key, "entaikin", yen),) if yen else ()
    fixed = [] if s.has_juutou else [Told(Act("EntaikinAssessed", on, s.key), added)]
    return [
        *_seized(s),
        Told(haitou, (Effect(s.key, "haitou", s.owed),)),
        Told(Act("ShobunReleased", on + _DAY, code="kannou", taishou=s.number("sa"), staff=s.staff)),
        *fixed,
    ]


def _shobunhi(s: Scene) -> list[Told]:
    hi = Act("ShobunhiIncurred", s.on(50), s.key, _SHOBUNHI, taishou=s.number("sa"))
    return [*_seized(s), Told(hi, (Effect(s.key, "shobunhi", _SHOBUNHI),))]


def _sashiosae_kaijo(s: Scene) -> list[Told]:
    again = Told(
        Act("ShobunReleased", s.on(71), code="nini", taishou=s.number("sa")), refused="R-551", number="again"
    )
    return [*_seized(s), _released(s, "sa", "nini"), again._replace(number=s.number("again"))]


def _sashiosae_early(s: Scene) -> list[Told]:
    act = Act("SashiosaeMade", s.on(20), kingaku=s.owed, code="yokin", parts=s.parts)
    return [*_tokusoku(s), Told(act, refused="R-519")]


def _shobun(kind: str) -> Callable[[Scene], list[Told]]:
    def script(s: Scene) -> list[Told]:
        act = Act(kind, s.on(45), kingaku=s.owed, code="fudousan", staff=s.staff, parts=s.parts)
        return [*_tokusoku(s), Told(act, number=s.number("sh"))]

    return script


def _kuriage(s: Scene) -> list[Told]:
    return [Told(Act("KuriageChoushuuMade", s.on(-20), s.key, made=s.on(-10)))]


def _kumiai(s: Scene) -> list[Told]:
    return [
        *_tokusoku(s),
        Told(Act("KumiaiTransferred", s.on(50), parts=s.parts)),
        Told(Act("KumiaiReturned", s.on(80))),
    ]


def _teishi(s: Scene) -> list[Told]:
    return [
        Told(Act("TeishiSet", s.on(2), s.key, code="tokusoku_teishi")),
        Told(Act("TokusokuIssued", s.on(15), s.key), refused="R-513"),
        Told(Act("TeishiLifted", s.on(16), s.key, code="tokusoku_teishi")),
        Told(Act("TokusokuIssued", s.on(18), s.key)),
    ]


def _saikoku(s: Scene) -> list[Told]:
    keika = {"koudou_kiroku_bunrui": "電話", "koudou_kiroku_naiyou": "納付の相談", "busho": "収納課"}
    return [
        *_tokusoku(s),
        Told(Act("SaikokuIssued", s.on(40), code="bunsho")),
        Told(Act("KoushouRecorded", s.on(42), code="denwa", staff=s.staff, held=keika)),
        Told(Act("TantouAssigned", s.on(43), staff=s.staff)),
        Told(Act("RankSet", s.on(43), code="B")),
    ]


def _plan(s: Scene, yen: Sequence[int]) -> Act:
    kai = [Part(kingaku=each, on=s.on(40 + 30 * at)) for at, each in enumerate(yen)]
    parts = (*s.parts, *kai)
    return Act("BunnouPlanned", s.on(30), kingaku=s.owed, code="seiyaku", staff=s.staff, parts=parts)


def _thirds(yen: int) -> tuple[int, int, int]:
    third = yen // 3
    return third, third, yen - 2 * third


def _bunnou(s: Scene) -> list[Told]:
    return [*_tokusoku(s), Told(_plan(s, _thirds(s.owed)), number=s.number("bu"))]


def _bunnou_extended(s: Scene) -> list[Told]:
    kai = tuple(Part(kingaku=each, on=s.on(70 + 30 * at)) for at, each in enumerate(_thirds(s.owed)))
    return [
        *_bunnou(s),
        Told(Act("BunnouExtended", s.on(35), taishou=s.number("bu"), parts=kai)),
        Told(Act("BunnouCancelled", s.on(60), taishou=s.number("bu"))),
    ]


def _bunnou_wrong(s: Scene) -> list[Told]:
    return [*_tokusoku(s), Told(_plan(s, (*_thirds(s.owed)[:2], 1)), refused="R-544")]


def _applied(s: Scene) -> Told:
    return Told(Act("YuuyoApplied", s.on(3), s.key, s.owed, "choushuu_yuuyo", jouken={"jiyuu": "15-1-2"}))


def _yuuyo(s: Scene) -> list[Told]:
    """Of all that is owed, so nothing is left to be 督促された; not where 充当 has met a part since: on the day
    of the 督促状 that part was still owed, and not put off."""
    if s.has_juutou:
        return _tokusoku(s)
    return [
        _applied(s),
        Told(Act("YuuyoGranted", s.on(8), s.key, code="choushuu_yuuyo", kara=s.on(9), made=s.on(80))),
        Told(Act("TokusokuIssued", s.on(15), s.key), refused="R-513"),
        Told(Act("YuuyoExtended", s.on(70), s.key, code="choushuu_yuuyo", made=s.on(100))),
        Told(Act("YuuyoCancelled", s.on(75), s.key, code="choushuu_yuuyo", jouken={"jiyuu": "4"})),
    ]


def _yuuyo_denied(s: Scene) -> list[Told]:
    return [_applied(s), Told(Act("YuuyoDenied", s.on(8), s.key, code="choushuu_yuuyo")), *_tokusoku(s)]


def _kanka(s: Scene) -> list[Told]:
    jouken = {"jiyuu": "15_5-1-1", "has_seii": "true"}
    granted = Act(
        "YuuyoGranted", s.on(40), s.key, s.owed, "kanka_shokken", kara=s.on(41), made=s.on(90), jouken=jouken
    )
    return [*_tokusoku(s), Told(granted)]


def _sokuji_kesson(s: Scene) -> list[Told]:
    kesson = Act("FunouKessonBooked", s.on(60), s.key, s.owed, "sokuji")
    return [
        *_tokusoku(s),
        Told(Act("ShikkouTeishiDecided", s.on(50), s.key, code="1")),
        Told(Act("SokujiShoumetsuDecided", s.on(55), s.key, jouken={"is_akiraka": "true"})),
        Told(kesson, (Effect(s.key, "kesson", s.owed),)),
    ]


def _kesson_reversed(s: Scene) -> list[Told]:
    back = (Effect(s.key, "kesson", -s.owed),)
    return [*_sokuji_kesson(s), Told(Act("FunouKessonReversed", s.on(75), s.key), back)]


def _withdrawn(s: Scene) -> list[Told]:
    return [
        Told(Act("NoutsuuSent", s.on(-29), s.key)),
        Told(Act("NoutsuuReturned", s.on(-20), s.key)),
        Told(Act("NoutsuuPosted", s.on(-15), s.key)),
        *_tokusoku(s),
        Told(Act("TokusokuWithdrawn", s.on(20), s.key)),
    ]


def _menjo(s: Scene) -> list[Told]:
    half = {"bunshi": "1", "bunbo": "2"}
    waived = Act("EntaikinWaived", s.on(40), s.key, code="genmen", kara=s.on(1), made=s.on(40), jouken=half)
    return [*_tokusoku(s), Told(waived)]


def _kesson_wrong(s: Scene) -> list[Told]:
    return [
        *_tokusoku(s),
        Told(Act("ShikkouTeishiDecided", s.on(50), s.key, code="2")),
        Told(Act("FunouKessonBooked", s.on(60), s.key, s.owed, "sannen"), refused="R-532"),
        Told(Act("ShikkouTeishiCancelled", s.on(65), s.key)),
    ]


def _henrei(*, is_hanmei: bool) -> Callable[[Scene], list[Told]]:
    def script(s: Scene) -> list[Told]:
        found = {"is_hanmei": "true" if is_hanmei else "false"}
        after = "TokusokuReissued" if is_hanmei else "TokusokuPosted"
        return [
            *_tokusoku(s),
            Told(Act("TokusokuReturned", s.on(22), s.key)),
            Told(Act("TokusokuAddressInvestigated", s.on(30), s.key, jouken=found)),
            Told(Act(after, s.on(35), s.key)),
        ]

    return script


def _jikou(s: Scene) -> list[Told]:
    return [*_tokusoku(s), Told(Act("JikouNoted", s.on(40), s.key, code="noufu_seiyaku"))]


def _chousa(s: Scene) -> list[Told]:
    asked = Act("ChousaInquired", s.on(30), code="kinyuu", made=s.on(50), jouken={"shubetsu": "zaisan"})
    answered = Act("ChousaAnswered", s.on(44), code="ari", taishou=s.number("ch"))
    return [*_tokusoku(s), Told(asked, number=s.number("ch")), Told(answered, number=s.number("ka"))]


def _kanpu_wrong(s: Scene) -> list[Told]:
    return [*_tokusoku(s), Told(Act("KagonouDecided", s.on(40), s.key, code="sonota"), refused="R-421")]


SCRIPTS: dict[str, Callable[[Scene], list[Told]]] = {
    "tokusoku": _tokusoku,
    "saikoku": _saikoku,
    "sashiosae_haitou": _sashiosae_haitou,
    "sashiosae_kaijo": _sashiosae_kaijo,
    "sashiosae_early": _sashiosae_early,
    "shobunhi": _shobunhi,
    "withdrawn": _withdrawn,
    "menjo": _menjo,
    "kesson_reversed": _kesson_reversed,
    "bunnou_extended": _bunnou_extended,
    "yuuyo_denied": _yuuyo_denied,
    "koufu_youkyuu": _shobun("KoufuYoukyuuMade"),
    "sanka_sashiosae": _shobun("SankaSashiosaeMade"),
    "sonota_shobun": _shobun("SonotaShobunMade"),
    "kuriage": _kuriage,
    "kumiai": _kumiai,
    "teishi": _teishi,
    "bunnou": _bunnou,
    "bunnou_wrong": _bunnou_wrong,
    "yuuyo": _yuuyo,
    "kanka": _kanka,
    "sokuji_kesson": _sokuji_kesson,
    "kesson_wrong": _kesson_wrong,
    "henrei_kouji": _henrei(is_hanmei=False),
    "henrei_saihassou": _henrei(is_hanmei=True),
    "jikou": _jikou,
    "chousa": _chousa,
    "kanpu_wrong": _kanpu_wrong,
}


# -- what was paid too much, late, or is left by the dead ----------------------------------------------


def kanpu(owed: Owed, bills: Sequence[Owed], dues: dict[str, int]) -> list[Told]:
    """還付・充当: the overpayment meets the person's other dues, oldest first; the rest is paid back."""
    bill, standing = owed.bill, owed.standing
    on = standing.kagonou_on + timedelta(days=45)
    if on.year > bill.noukigen.year:
        return []
    left, effects = -standing.zandaka, list[Effect]()
    for other in sorted(bills, key=lambda each: (each.bill.noukigen, each.bill.shuunou_key)):
        key = other.bill.shuunou_key
        moved = min(left, dues[key]) if other.bill.noukigen <= on else 0
        if moved > 0:
            dues[key] -= moved
            left -= moved
            effects += [Effect(bill.shuunou_key, "juutou_out", moved), Effect(key, "juutou_in", moved)]
    if left:
        effects.append(Effect(bill.shuunou_key, "kanpu", left))
    dues[bill.shuunou_key] = 0
    code = "kettei" if standing.is_corrected else "sonota"
    decided = Told(Act("KagonouDecided", on, bill.shuunou_key, code=code), tuple(effects))
    notified = Told(Act("KanpuJuutouNotified", on + 3 * _DAY, bill.shuunou_key))
    told = [*_decided_before(owed, code, on), decided, notified, *(_expired_early(owed, on) if left else ())]
    days = (on - standing.first_on).days
    kasankin = -standing.zandaka * ritsu_table()[on.year].kanpu_kasan * days // (100 * PERCENT * 365)
    if left and kasankin < _NO_KASANKIN:
        told.append(Told(Act("KanpuClaimed", on + 20 * _DAY, bill.shuunou_key)))
        told.append(Told(Act("KanpuPaid", on + 30 * _DAY, bill.shuunou_key, left)))
    return told


def _decided_before(owed: Owed, code: str, on: date) -> list[Told]:
    """Of one overpayment in nine a first decision is taken back: in the end it has moved nothing."""
    key = owed.bill.shuunou_key
    if owed.bill.tsuuchisho_bangou[_CHANCE] != "5":
        return []
    return [
        Told(Act("KagonouDecided", on - 2 * _DAY, key, code=code)),
        Told(Act("KagonouDecisionWithdrawn", on - _DAY, key)),
    ]


def _expired_early(owed: Owed, on: date) -> list[Told]:
    """Of one in nine somebody records the 時効 of the claim, years before it is complete."""
    told = Told(Act("KanpuExpired", on + 10 * _DAY, owed.bill.shuunou_key), refused="R-428")
    return [told] if owed.bill.tsuuchisho_bangou[_CHANCE] == "3" else []


def entaikin(owed: Owed) -> list[Told]:
    """延滞金の調定: of a bill whose rest came in one late payment."""
    bill, standing = owed.bill, owed.standing
    yen = entaikin_of(bill.noukigen, standing.late_on, standing.late_gaku)
    effects = (Effect(bill.shuunou_key, "entaikin", yen),) if yen else ()
    return [Told(Act("EntaikinAssessed", standing.late_on, bill.shuunou_key), effects)]


def entaikin_of(noukigen: date, paid_on: date, gaku: int) -> int:
    """延滞金 by hand: of one payment within the year of its 納期限 (円)."""
    base = gaku // _UNIT * _UNIT if gaku >= _LEAST_BASE else 0
    month_ends = end_of(noukigen + _DAY, 1)
    ritsu = ritsu_table()[noukigen.year]
    within = (min(paid_on, month_ends) - noukigen).days
    beyond = max((paid_on - month_ends).days, 0)
    divisor = 100 * PERCENT * 365
    total = base * within * ritsu.ichigetsu_inai // divisor + base * beyond * ritsu.ichigetsu_ato // divisor
    return total // _HUNDRED * _HUNDRED if total >= _LEAST else 0
