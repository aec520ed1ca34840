"""引継ぎ: what goes with an heir's share of a 期別, so that the debt runs on as if it had never changed hands.

`shares_of` divides it where the deceased's rows are, `follow` takes it up where the heir's are. Always taken
on: 時効事由, 繰上徴収, 減免, what was met before, 処分 in force; by setting (`schemas/law/shoukei.toml`) 督促, 猶予 and
執行停止. 分納, 停止フラグ, counts and warnings stay behind. 地方税法9条, 国税徴収法139条1項.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from state.events import ChouteiEstablished
from state.facts import Applied
from state.law import shikkou_teishi, tokusokujou, yuuyo
from state.law.anbun import anbun, wakeru
from state.law.jikou_count import Jiyuu
from state.law.joubun import by
from state.law.kikan import DAY
from state.law.movement import CHOUTEI
from state.law.rules import rule
from state.law.shikkou_teishi import ShikkouTeishi
from state.law.tokusokujou import Tokusokujou
from state.law.uchiwake import Uchiwake
from state.law.yuuyo import Yuuyo
from state.receipt.account import ReceiptAccount
from state.receipt.seisan import plus
from state.seiri import jikou_of
from state.seiri.entaikin_bill import entaikin_zumi, noufu_rireki
from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, Shoukei, seisan_of, step
from state.seiri.shoukei_moto import ShoukeiMoto
from state.seiri.told import moved
from state.seiri.values import KibetsuSeiri, Seiribo, Shobun, ShoukeiNoufu, ShoukeiRireki

TABLE, TAKEN_OVER = "shoukei", "NouzeiShoukeiTakenOver"
NO_RIREKI = ShoukeiRireki(None, (), 0)
Noufu = tuple[ShoukeiNoufu, ...]
_STOPS = ("choushuu_yuuyo", "kanka_yuuyo")


def shares_of(person: Person, event: TetsuzukiTaken) -> tuple[Shoukei, ...]:
    """各人の承継分: by the lines of the act, which add up to what is owed."""
    key = event.shuunou_key or ""
    account, seiri = person.accounts[key], person.seiri_of(key)
    yen = [line.kingaku for line in event.uchiwake]
    minou = account.wariate.minou
    parts = [Uchiwake(*part) for part in anbun(minou, yen)]
    met = [(each.on, wakeru(each.kingaku, yen)) for each in noufu_rireki(account, person.seiri)]
    fixed = wakeru(max(entaikin_zumi(account, seiri) - minou.entaikin, 0), yen)
    common = _common(person, account, seiri, event)
    granted = [wakeru(one.kingaku, yen) for one in common.yuuyo]  # of what was owed when granted
    found = []
    for at, (line, part) in enumerate(zip(event.uchiwake, parts, strict=True)):
        saki = line.shuunou_key or ""
        moto = common._replace(
            fuzui=part._replace(honzei=0),
            tokusoku=_tokusoku_of(common.tokusoku, saki, part),
            yuuyo=tuple(
                one._replace(shuunou_key=saki, kingaku=each[at])
                for one, each in zip(common.yuuyo, granted, strict=True)
            ),
            shikkou_teishi=_teishi_of(common.shikkou_teishi, saki),
            noufu=tuple(ShoukeiNoufu(on, each[at]) for on, each in met if each[at]),
            entaikin=fixed[at],
            shobun=tuple(_shobun_of(one, saki) for one in common.shobun),
        )
        found.append(Shoukei(saki, line.atena_bangou or "", part.honzei, account, moto))
    return tuple(found)


def gone(rireki: ShoukeiRireki | None, noufu: Noufu, entaikin: int) -> ShoukeiRireki | None:
    """渡した履歴: what of the past is with an heir counts here no more."""
    return back(rireki, tuple(each._replace(kingaku=-each.kingaku) for each in noufu), -entaikin)


def back(rireki: ShoukeiRireki | None, noufu: Noufu, entaikin: int) -> ShoukeiRireki | None:
    """戻った履歴: counts here again; one line a day, None where nothing is left to say."""
    before = rireki or NO_RIREKI
    sums = {each.on: each.kingaku for each in before.noufu}
    for each in noufu:
        sums[each.on] = sums.get(each.on, 0) + each.kingaku
    lines = tuple(ShoukeiNoufu(on, yen) for on, yen in sorted(sums.items()) if yen)
    after = ShoukeiRireki(before.moto, lines, before.entaikin + entaikin)
    return None if after == NO_RIREKI else after


def follow(person: Person, account: ReceiptAccount, event: object) -> SeiriStep:
    """承継分を引き受ける: with the 調定 of the share, and once: told again it changes nothing."""
    if not isinstance(event, ChouteiEstablished) or event.shoukei is None:
        return step()
    moto, before = event.shoukei, person.seiri_of(account.shuunou_key)
    if before.shoukei_rireki is not None:
        return step()
    book, numbers = _joined(person.book, moto)
    seiri = _taken(before, moto, numbers)
    seisan = seisan_of(account)
    after = account._replace(seisan=seisan._replace(fuzui=plus(seisan.fuzui, moto.fuzui)))
    happened = SeiriHappened(
        TAKEN_OVER,
        account.shuunou_key,
        event.kibetsu_choutei_gaku + moto.fuzui.goukei,
        tuple(_bases(moto, numbers, event.occurred_on)),
        moved(account, event.occurred_on, CHOUTEI, moto.fuzui),
    )
    return step(happened, accounts=(after,), seiri=(seiri,), book=book, look_on=tuple(_days(seiri)))


def _common(
    person: Person, account: ReceiptAccount, seiri: KibetsuSeiri, event: TetsuzukiTaken
) -> ShoukeiMoto:
    """What every heir takes on alike."""
    law = rule(TABLE, event.on)
    notice = _tokusoku(seiri, law)
    return ShoukeiMoto(
        account.shuunou_key,
        person.atena_bangou,
        event.bangou,
        Uchiwake(),
        _jikou(account, seiri, event.on),
        notice,
        _yuuyo(seiri, event.on),
        seiri.menjo,
        _teishi(seiri, event.on),
        seiri.kuriagemae_noukigen,
        seiri.kuriage_on,
        seiri.entaikin_on,
        account.tokusoku_due_on if notice is not None else None,
        (),
        0,
        tuple(one for one in person.book.shobun if one.bangou in seiri.shobun),
    )


def _jikou(account: ReceiptAccount, seiri: KibetsuSeiri, on: date) -> tuple[Jiyuu, ...]:
    """Every 事由, the acknowledgements by receipts too; a 猶予 that is not taken on stops the time no longer."""
    known = jikou_of.jikou_of(account, seiri).jiyuu
    if rule(TABLE, on)["hikitsugu_yuuyo"]:
        return known
    until = on - DAY
    return tuple(
        one._replace(until=min(one.until or until, until)) if one.code in _STOPS else one
        for one in known
        if one.code not in _STOPS or one.on <= until
    )


def _tokusoku(seiri: KibetsuSeiri, law: Mapping[str, Any]) -> Tokusokujou | None:
    notice = seiri.tokusoku
    if notice is None or notice.joutai == tokusokujou.WITHDRAWN or not law["hikitsugu_tokusoku"]:
        return None
    return notice


def _yuuyo(seiri: KibetsuSeiri, on: date) -> tuple[Yuuyo, ...]:
    """猶予: as they stand, or ended the day before the act; what was waived until then stays waived."""
    if rule(TABLE, on)["hikitsugu_yuuyo"]:
        return seiri.yuuyo
    return tuple(
        one._replace(joutai=yuuyo.ENDED, kikan_made=min(one.kikan_made or on, on - DAY))
        for one in seiri.yuuyo
        if one.kikan_kara is not None and one.kikan_kara < on
    )


def _teishi(seiri: KibetsuSeiri, on: date) -> ShikkouTeishi | None:
    now = seiri.shikkou_teishi
    if now is None or now.joutai != shikkou_teishi.STOPPED or rule(TABLE, on)["hikitsugu_shikkou_teishi"]:
        return now
    return now._replace(joutai=shikkou_teishi.CANCELLED, torikeshi_on=on)


def _tokusoku_of(notice: Tokusokujou | None, saki: str, part: Uchiwake) -> Tokusokujou | None:
    """The notice for one heir; its fee is what of it the heir owes."""
    if notice is None:
        return None
    return notice._replace(shuunou_key=saki, tesuuryou=min(notice.tesuuryou, part.tokusoku_tesuuryou))


def _shobun_of(one: Shobun, saki: str) -> Shobun:
    """The 処分 against one heir; what it has brought and cost is in the deceased's 整理簿."""
    return one._replace(keys=(saki,), kaijo_riyuu=None, haitou_gaku=0, shobunhi=0, haitou_on=None)


def _teishi_of(teishi: ShikkouTeishi | None, saki: str) -> ShikkouTeishi | None:
    return None if teishi is None else teishi._replace(shuunou_key=saki)


def _taken(before: KibetsuSeiri, moto: ShoukeiMoto, numbers: Mapping[str, str]) -> KibetsuSeiri:
    codes = {one.kind for one in moto.shobun}
    return before._replace(
        tokusoku=moto.tokusoku,
        jikou=tuple(
            one._replace(bangou=numbers.get(one.bangou, one.bangou)) if one.code in codes else one
            for one in moto.jikou
        ),
        shikkou_teishi=moto.shikkou_teishi,
        yuuyo=moto.yuuyo,
        menjo=moto.menjo,
        entaikin_on=moto.entaikin_on,
        kuriagemae_noukigen=moto.kuriagemae_noukigen,
        kuriage_on=moto.kuriage_on,
        shobun=tuple(numbers[one.bangou] for one in moto.shobun),
        shoukei_rireki=ShoukeiRireki(moto.shuunou_key, moto.noufu, moto.entaikin),
    )


def _joined(book: Seiribo, moto: ShoukeiMoto) -> tuple[Seiribo | None, dict[str, str]]:
    """The 処分 in the heir's 整理簿, and by its number among the deceased's that under which it stands here.

    One that the heir has already, with another share, names this share too; a number that means another 処分
    to him gets the 収納キー it came from in front.
    """
    kept, numbers = list(book.shobun), dict[str, str]()
    for one in moto.shobun:
        same = next((at for at, known in enumerate(kept) if _is_same(known, one)), None)
        if same is not None:
            kept[same] = kept[same]._replace(keys=(*kept[same].keys, *one.keys))
            numbers[one.bangou] = one.bangou
            continue
        is_taken = any(known.bangou == one.bangou for known in kept)
        numbers[one.bangou] = f"{moto.shuunou_key}/{one.bangou}" if is_taken else one.bangou
        kept.append(one._replace(bangou=numbers[one.bangou]))
    return (book._replace(shobun=tuple(kept)) if moto.shobun else None), numbers


def _is_same(known: Shobun, one: Shobun) -> bool:
    return (known.bangou, known.kind, known.on, known.kaijo_on) == (one.bangou, one.kind, one.on, None)


def _days(seiri: KibetsuSeiri) -> Iterator[date]:
    """The days on which what was taken over has something to say; those of the 時効 follow by themselves."""
    yield from (
        one.kikan_made + DAY for one in seiri.yuuyo if one.joutai == yuuyo.GRANTED and one.kikan_made
    )
    notice, teishi = seiri.tokusoku, seiri.shikkou_teishi
    if notice is not None and notice.joutai == tokusokujou.POSTED and notice.soutatsu_on is not None:
        yield notice.soutatsu_on
    if teishi is not None and teishi.joutai == shikkou_teishi.STOPPED:
        yield teishi.manryou_on + DAY


def _bases(moto: ShoukeiMoto, numbers: Mapping[str, str], on: date) -> Iterator[Applied]:
    law = rule(TABLE, on)
    inputs = {"moto": moto.shuunou_key, "bangou": moto.bangou}
    taken = {
        "jikou": len(moto.jikou),
        "tokusoku_on": moto.tokusoku.hakkou_on if moto.tokusoku is not None else None,
        "yuuyo": len(moto.yuuyo),
        "menjo": len(moto.menjo),
        "kuriage_on": moto.kuriage_on,
    }
    yield by(law, "shoukei", inputs, taken)
    if numbers:
        yield by(law, "shobun", inputs, {"shobun": ",".join(numbers.values())})
