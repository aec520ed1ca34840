"""材料の書き方: what is known of a row, in one line of Japanese, for the tables of items.

`調定 10000 / 収納 10500 / 附随 entaikin 500 / 回数 sashiosae_counter 2 2026-08-01` and so on, words apart by spaces.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from state.delinquency.case import DelinquencyCase
from state.law.bunnou_check import Bunnou, Kai
from state.law.entaikin_value import Waiver
from state.law.jikou_count import Jiyuu
from state.law.juutou import Juutou
from state.law.kagonou import Kagonou, Tetsuzuki
from state.law.kesson import FunouKesson
from state.law.tokusokujou import Tokusokujou
from state.law.uchiwake import Uchiwake
from state.receipt.account import KAKUHOU, Receipt
from state.receipt.seisan import Seisan
from state.record.known import Known
from state.seiri.values import BunnouKiroku, Kaisuu, KibetsuSeiri, Seiribo, Shobun
from tests import given

FIRST = date(2026, 8, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def known(notation: str, held: str = "") -> Known:
    """The materials of one row; `held` is what the former system left, as `項目=値` apart by spaces."""
    made = Known(account=given.an_account(), seiri=None)
    if held:
        pairs = dict(pair.split("=", 1) for pair in held.split())
        made = made._replace(kiroku=given.kiroku(held=pairs))
    for clause in filter(None, (part.strip() for part in notation.split("/"))):
        word, *rest = clause.split()
        made = _WORDS[word](made, *rest)
    return made


def _account(made: Known, **over: Any) -> Known:
    assert made.account is not None
    return made._replace(account=made.account._replace(**over))


def _seiri(made: Known, **over: Any) -> Known:
    seiri = made.seiri or KibetsuSeiri(given.KEY, given.PERSON)
    return made._replace(seiri=seiri._replace(**over))


def _book(made: Known, **over: Any) -> Known:
    return made._replace(book=(made.book or Seiribo(given.PERSON))._replace(**over))


def _choutei(made: Known, yen: str) -> Known:
    return made._replace(account=given.an_account(int(yen)))


def _shuunou(made: Known, yen: str, on: str = "2026-06-20") -> Known:
    assert made.account is not None
    paid = day(on)
    one = Receipt(f"cvs:{on}", KAKUHOU, int(yen), paid, paid, paid, paid, "convenience")
    receipts = (*made.account.receipts, one)
    return _account(made, receipts=receipts, shuunou_gaku=made.account.shuunou_gaku + int(yen))


def _seisan(made: Known, part: str, kamoku: str, yen: str) -> Known:
    assert made.account is not None
    seisan = made.account.seisan or Seisan()
    changed = getattr(seisan, part)._replace(**{kamoku: int(yen)})
    return _account(made, seisan=seisan._replace(**{part: changed}))


def _kaisuu(made: Known, name: str, times: str, on: str) -> Known:
    before = made.seiri.kaisuu if made.seiri else ()
    return _seiri(made, kaisuu=(*before, Kaisuu(name, int(times), day(on))))


def _tokusoku(made: Known, joutai: str, on: str, kouji: str = "") -> Known:
    began = day(kouji) if kouji else None
    notice = Tokusokujou(
        given.KEY, "01", joutai, day(on), day(on), 0, None, 0, None, began, None, began or day(on)
    )
    return _seiri(made, tokusoku=notice)


def _jikou(made: Known, code: str, on: str, until: str = "", annulled: str = "") -> Known:
    before = made.seiri.jikou if made.seiri else ()
    ended = day(until) if until else None
    return _seiri(made, jikou=(*before, Jiyuu(code, str(len(before)), day(on), ended, annulled == "取消")))


def _kagonou(made: Known, joutai: str, kanpu: str = "0", paid: str = "0", parts: str = "0") -> Known:
    steps = [Tetsuzuki(str(n), "KanpuPaid", FIRST, 1) for n in range(int(paid))]
    to = tuple(Juutou("honzei", given.shuunou_key(n + 2), "honzei", 1, FIRST) for n in range(int(parts)))
    one = Kagonou(
        "K1", given.KEY, "01", "J1", FIRST, Uchiwake(5_000), joutai, to, Uchiwake(int(kanpu)), 0, 0,
        None, None, None, None, (Tetsuzuki("0", "KagonouArose", FIRST, 5_000), *steps),
    )  # fmt: skip
    return _seiri(made, kagonou=one)


def _kesson(made: Known, joutai: str) -> Known:
    return _seiri(made, kesson=FunouKesson(given.KEY, joutai, "jikou", FIRST, FIRST, 1, None))


def _shobun(made: Known, bangou: str, kind: str, on: str, kaijo: str = "", annulled: str = "") -> Known:
    released = day(kaijo) if kaijo else None
    one = Shobun(
        bangou, kind, "yokin", 50_000, day(on), (given.KEY,), "T1", released, "kannou" if released else None,
        annulled == "取消", 0, 0, None, {},
    )  # fmt: skip
    before = made.book.shobun if made.book else ()
    return _book(made, shobun=(*before, one))._replace(shobun=one)


def _haitou(made: Known, yen: str, hi: str) -> Known:
    assert made.shobun is not None
    return made._replace(
        shobun=made.shobun._replace(haitou_gaku=int(yen), shobunhi=int(hi), haitou_on=FIRST)
    )


def _bunnou(made: Known, bangou: str, joutai: str, on: str, *kai: str) -> Known:
    """Each 回 is 期日:円:納付."""
    parts = [each.split(":") for each in kai]
    plan = tuple(Kai(n, day(at), int(yen), int(paid)) for n, (at, yen, paid) in enumerate(parts, 1))
    total = sum(one.kingaku for one in plan)
    cancelled = FIRST if joutai == "torikeshi" else None
    made_on = day(on)
    value = Bunnou(bangou, "seiyaku", joutai, total, made_on, plan, 0, cancelled, made_on)
    one = BunnouKiroku(value, (given.KEY,), "T2", {})
    before = made.book.bunnou if made.book else ()
    return _book(made, bunnou=(*before, one))._replace(bunnou=one)


def _enchou(made: Known) -> Known:
    assert made.bunnou is not None
    return made._replace(bunnou=made.bunnou._replace(bunnou=made.bunnou.bunnou._replace(enchou_kaisuu=1)))


def _case(made: Known, joutai: str, yen: str) -> Known:
    return made._replace(case=DelinquencyCase(given.PERSON, joutai, FIRST, None, int(yen), 1, 1))


_WORDS: dict[str, Callable[..., Known]] = {
    "調定": _choutei,
    "収納": _shuunou,
    "附随": lambda made, kamoku, yen: _seisan(made, "fuzui", kamoku, yen),
    "精算": _seisan,
    "回数": _kaisuu,
    "督促": _tokusoku,
    "時効": _jikou,
    "過誤納": _kagonou,
    "欠損": _kesson,
    "処分": _shobun,
    "配当": _haitou,
    "分納": _bunnou,
    "延長": _enchou,
    "事案": _case,
    "基準日": lambda made, on: made._replace(kijunbi=day(on)),
    "延滞金確定": lambda made, on: _seiri(made, entaikin_on=day(on)),
    "繰上": lambda made, before, on: _seiri(made, kuriagemae_noukigen=day(before), kuriage_on=day(on)),
    "担当": lambda made, code, on: _book(made, tantousha_code=code, tantou_on=day(on)),
    "ランク": lambda made, code, on: _book(made, rank=code, rank_hizuke=day(on)),
    "催告": lambda made, times: _book(made, saikoku_kaisuu=int(times)),
    "減免": lambda made: _seiri(made, menjo=(Waiver("genmen", FIRST, FIRST),)),
    "宛名": lambda made, kubun=None: made._replace(atena=given.atena(idou_kubun=kubun, setai_bangou="S1")),
}
