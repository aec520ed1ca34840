"""延滞金の調定と減免: what the office fixes, worked out by the hub, never taken from the act."""

from __future__ import annotations

from state.law import entaikin
from state.law.entaikin_rules import entaikin_law
from state.law.entaikin_value import Entaikin, Waiver
from state.law.kaikei import fuzui_nendo, kubun_on
from state.law.movement import CHOUTEI, KOUSEI
from state.law.rules import applied
from state.law.uchiwake import Uchiwake
from state.reasons import Refusal, refusal
from state.receipt.account import ReceiptAccount
from state.receipt.entaikin import owed_after
from state.receipt.seisan import plus
from state.seiri.entaikin_bill import OF_OTHER_ACTS, bill_of_kibetsu, entaikin_zumi
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, movement, seisan_of, step


def assess(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """延滞金の調定: of a 本税 that is met, up to the day of the act; what was fixed before is set right by the
    difference. Refuses with R-416, R-417 and what the calculation refuses.
    """
    account = person.accounts[event.shuunou_key or ""]
    bill = bill_of_kibetsu(account, person.seiri, event.on)
    if owed_after(bill) or not (account.is_kannou or account.is_cancelled):
        found = f"{event.on} に {max(owed_after(bill), account.wariate.minou.honzei)}円の未納か消滅"
        expected = "本税が納付・充当で完納していること(地方税法 第326条第1項ほか、税額に対する延滞金)"
        return refusal("R-416", "延滞金の調定", expected, found, "本税の完納の後に調定する")
    made = entaikin.calculate(bill, event.on)
    if isinstance(made, Refusal):
        return made
    if event.kingaku is not None and event.kingaku != made.kakutei:
        expected = f"計算した{made.kakutei}円(地方税法 第20条の4の2第5項)"
        todo = "`shuunou explain entaikin` で計算を確かめる"
        return refusal("R-417", "延滞金の額", expected, f"{event.kingaku}円", todo)
    return _fixed(person, event, account, made)


def _fixed(
    person: Person, event: TetsuzukiTaken, account: ReceiptAccount, made: Entaikin
) -> SeiriStep | Refusal:
    """The difference from what was fixed before joins what is owed, in the books of the 本税."""
    seiri, seisan = person.seiri_of(account.shuunou_key), seisan_of(account)
    change = made.kakutei - entaikin_zumi(account, seiri)
    nendo, _ = kubun_on(account.choutei_nendo, event.on)
    basis = fuzui_nendo("entaikin", nendo, nendo, event.on)
    if isinstance(basis, Refusal):
        return basis
    kind = CHOUTEI if seiri.entaikin_on is None else KOUSEI
    moved = (movement(account, event.on, nendo, kind, "entaikin", change),) if change else ()
    fuzui = plus(seisan.fuzui, Uchiwake(entaikin=change))
    bases = made.applied if basis is None else (*made.applied, basis)
    return step(
        SeiriHappened("EntaikinAssessed", account.shuunou_key, made.kakutei, bases, moved),
        accounts=(account._replace(seisan=seisan._replace(fuzui=fuzui)),),
        seiri=(seiri._replace(entaikin_on=event.on),),
    )


def waive(person: Person, event: TetsuzukiTaken) -> SeiriStep | Refusal:
    """延滞金の減免: days and share; what was fixed already changes with its next 調定. Refuses with R-415."""
    account = person.accounts[event.shuunou_key or ""]
    waiver = _waiver(event)
    if waiver is None or waiver.kind in OF_OTHER_ACTS:
        return refusal(
            "R-415",
            "減免の種類と割合",
            "猶予・執行停止によらない種類と、分子・分母の数(延滞金の減免の各条)",
            "ほかの手続による種類か、数でない割合",
            "減免の決定を確かめる",
        )
    seiri = person.seiri_of(account.shuunou_key)
    after = seiri._replace(menjo=(*seiri.menjo, waiver))
    bill = bill_of_kibetsu(account, {**person.seiri, account.shuunou_key: after}, event.on)
    made = entaikin.calculate(bill, event.on)
    if isinstance(made, Refusal):
        return made
    known = entaikin_law()
    rule, zeimoku = made.rule, known.zeimoku_on(account.zeimoku_code, made.kisanbi)
    provision = known.waivers[waiver.kind].provision or (zeimoku.genmen if zeimoku else "")
    inputs = {"kind": waiver.kind, "from_on": waiver.from_on, "to_on": waiver.to_on}
    share = {"share": f"{waiver.bunshi}/{waiver.bunbo}"}
    basis = applied(provision, {"valid_from": rule.valid_from}, inputs, share)
    return step(SeiriHappened("EntaikinWaived", account.shuunou_key, 0, (basis,)), seiri=(after,))


def _waiver(event: TetsuzukiTaken) -> Waiver | None:
    """The waiver that the act states; None when its share is no pair of numbers."""
    bunshi, bunbo = event.jouken.get("bunshi", "1"), event.jouken.get("bunbo", "1")
    if not (_is_number(bunshi) and _is_number(bunbo)) or event.kara is None or event.made is None:
        return None
    return Waiver(event.code or "", event.kara, event.made, int(bunshi), int(bunbo))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


HANDLERS = {"EntaikinAssessed": assess, "EntaikinWaived": waive}
