"""行: the lines of 調定 CSV, 全銀 and コンビニ収納, as field values; the layouts say how they are written.

Natural keys stand here as the words that receipt numbers are made of, so that the journal needs no code of
the hub.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

import schemas
from connectors.city.bills import shuunou_key
from connectors.city.model import (
    BANK,
    CHOUTEI,
    FUNOU,
    KAKUHOU,
    STORE,
    Bill,
    ChouteiChange,
    Line,
    Person,
    Route,
    ShuunouChange,
)
from connectors.city.schedule import BANK_DELAY, month_end
from connectors.fixed_width import load_layout
from state.checks import gs1_check_digit

NEW, CORRECTED, CANCELLED = "1", "2", "3"
UNKNOWN_ZEIMOKU = "99"
ITAKUSHA_CODE, ITAKUSHA_MEI = "1321100001", "ﾐﾎﾝｼ ｼﾕｳﾉｳｶ"
KIGYOU_CODE = "321100"
FURIKAEZUMI = "0"
_JIYUU = {NEW: "", CORRECTED: "01", CANCELLED: "02"}
_SHOPS, _CVS = 40, ("000011", "000012", "000013")
_FIRST_MINUTE, _MINUTES = 6 * 60, 17 * 60
_HANDOVER = timedelta(days=5)
_INVALID_DAY = "0231"


class Noufu(NamedTuple):
    """納付: one visit to a store."""

    shuunou_key: str
    gaku: int
    paid_on: date
    jikoku: str
    tenpo_code: str
    cvs_code: str
    shiharai_kigen: date
    saihakkou_kubun: str


def ymd(day: date) -> str:
    """年月日8桁。"""
    return day.isoformat().replace("-", "")


def choutei(
    jichitai_code: str,
    bill: Bill,
    *,
    kubun: str = NEW,
    gaku: int | None = None,
    delivered_on: date | None = None,
) -> Line:
    """調定の行: the bill as it stands after the event; a 更正 or 取消 takes the second 履歴番号."""
    on = delivered_on or bill.choutei_on
    gaku = bill.gaku if gaku is None else gaku
    rireki = 1 if kubun == NEW else 2
    nendo = str(bill.fuka_nendo)
    fields = {
        "choutei_kubun": kubun,
        "jichitai_code": jichitai_code,
        "shuunou_key": bill.shuunou_key,
        "rireki_bangou": str(rireki),
        "atena_bangou": bill.atena_bangou,
        "fuka_nendo": nendo,
        "zeimoku_code": bill.zeimoku_code,
        "taishou_nendo": nendo,
        "tsuuchisho_bangou": bill.tsuuchisho_bangou,
        "kibetsu_code": bill.kibetsu_code,
        "choutei_nendo": nendo,
        "kaikei_nendo": nendo,
        "kibetsu_choutei_gaku": str(gaku),
        "noukigen": bill.noukigen.isoformat(),
        "houtei_noukigen": bill.noukigen.isoformat(),
        "choutei_nengappi": (bill.choutei_on if kubun == NEW else on).isoformat(),
        "jiyuu_code": _JIYUU[kubun],
        "hyoujiyou_zeimoku_code": bill.zeimoku_code,
    }
    change = ChouteiChange("choutei", bill.shuunou_key, rireki, bill.atena_bangou, gaku, bill.noukigen)
    return Line(Route(on, CHOUTEI, bill.producer, on), fields, change)


def spoiled_choutei(jichitai_code: str, bill: Bill, refused: str, spoil: dict[str, str]) -> Line:
    """受け入れられない調定の行: otherwise sound, a 更正 of the bill that would change it if it were accepted."""
    line = choutei(jichitai_code, bill, kubun=CORRECTED, delivered_on=bill.choutei_on)
    fields = {**line.fields, **spoil}
    fields["shuunou_key"] = shuunou_key(fields)
    return Line(line.route, fields, None, refused)


def debit(
    person: Person, bill: Bill, result: str, *, key: str | None = None, refused: str | None = None
) -> Line:
    """口座振替の行: debited on the 納期限. With `refused`, connectors/city/files.py spoils its name."""
    account = person.account
    if account is None:
        raise ValueError("a debit needs an account")
    key = key or bill.shuunou_key
    # a line that is refused asks for another amount, so that it is nobody's repetition
    gaku = bill.gaku + (1 if refused else 0)
    fields = {
        "hikiotoshi_ginkou_bangou": account.bank.bangou,
        "hikiotoshi_ginkou_mei": account.bank.mei,
        "hikiotoshi_shiten_bangou": account.shiten_code,
        "hikiotoshi_shiten_mei": account.shiten_mei,
        "tegata_koukanjo_bangou": "0000",
        "yokin_shumoku": account.shumoku,
        "kouza_bangou": account.kouza_bangou,
        "yokinsha_mei": account.meigi_kana,
        "hikiotoshi_kingaku": str(gaku),
        "shinki_code": "0",
        "kokyaku_bangou": key,
        "furikae_kekka_code": result,
    }
    route = Route(bill.noukigen + BANK_DELAY, BANK, account.bank.bangou, bill.noukigen)
    if refused:
        return Line(route, fields, None, refused)
    natural = (
        ITAKUSHA_CODE,
        ymd(bill.noukigen),
        account.bank.bangou,
        account.shiten_code,
        key,
        str(gaku),
        "1",
    )
    kind = KAKUHOU if result == FURIKAEZUMI else FUNOU
    return Line(route, fields, ShuunouChange(kind, key, ("kfr", *natural), gaku, bill.noukigen, result))


def store_noufu(rng: Random, bill: Bill, gaku: int, paid_on: date, saihakkou_kubun: str) -> Noufu:
    """店舗での納付: at some store and time of the day; a reissued slip is good until the month ends."""
    hour, minute = divmod(_FIRST_MINUTE + rng.randrange(_MINUTES), 60)
    kigen = bill.noukigen if saihakkou_kubun == "0" else month_end(paid_on)
    shop = rng.randrange(_SHOPS)
    return Noufu(
        bill.shuunou_key,
        gaku,
        paid_on,
        f"{hour:02d}{minute:02d}",
        f"{1_000_001 + shop}",
        _CVS[shop % len(_CVS)],
        kigen,
        saihakkou_kubun,
    )


def barcode(noufu: Noufu) -> str:
    """納付書のバーコード: 44 digits with their check digit."""
    free = schemas.load_toml("layout/shuunou_key")["convenience"]
    fields = {
        "kigyou_code": KIGYOU_CODE,
        "jiyuu_shiyouran": free["prefix"] + noufu.shuunou_key,
        "saihakkou_kubun": noufu.saihakkou_kubun,
        "shiharai_kigen": ymd(noufu.shiharai_kigen)[2:],
        "inshi_flag": "0",
        "kingaku": str(noufu.gaku),
        "check_digit": "0",
    }
    digits = load_layout("gs1_128").write("barcode", fields).decode("ascii")[:-1]
    return f"{digits}{gs1_check_digit(digits)}"


def store(noufu: Noufu, stage: str, delivered_on: date, refused: str | None = None) -> Line:
    """コンビニ収納の行: one stage of one noufu. `refused` R-205 spoils the check digit, R-208 the day."""
    code, paid_on = barcode(noufu), ymd(noufu.paid_on)
    natural = ("cvs", code, paid_on, noufu.jikoku, noufu.tenpo_code)
    if refused == "R-205":
        code = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
    elif refused == "R-208":
        paid_on = paid_on[:4] + _INVALID_DAY
    handed_on = ymd(delivered_on + _HANDOVER) if stage == KAKUHOU else ""
    stages = schemas.load_toml("layout/convenience")["data_shubetsu"]
    fields = {
        "data_shubetsu": next(number for number, name in stages.items() if name == stage),
        "tenpo_shuunoubi": paid_on,
        "shuunou_jikoku": noufu.jikoku,
        "barcode_shubetsu": "1",
        "barcode": code,
        "tenpo_code": noufu.tenpo_code,
        "kyakusou": "01",
        "data_shutokubi": ymd(delivered_on),
        "furikomi_yoteibi": handed_on,
        "keiri_shoribi": handed_on,
        "cvs_code": noufu.cvs_code,
    }
    route = Route(delivered_on, STORE, stage, delivered_on)
    if refused:
        return Line(route, fields, None, refused)
    change = ShuunouChange(stage, noufu.shuunou_key, natural, noufu.gaku, noufu.paid_on, "")
    return Line(route, fields, change)
