"""人: the synthetic residents and their lines in the 宛名 files.

Names and addresses are combined from short lists, the town does not exist. One name in twenty-five has a
character that CP932 cannot write: beyond U+FFFF, with a variation selector (IVS), or from the private use
planes in which the additional characters of 行政事務標準文字 live (domain.md 8.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random

from connectors.city.confidential import kojin_bangou, kouza_bangou, without_zero, wrong_kojin_bangou
from connectors.city.deck import Deck
from connectors.city.model import (
    ATENA,
    KIROKU,
    Account,
    AtenaChange,
    Bank,
    KirokuChange,
    Line,
    Person,
    Route,
)
from connectors.city.schedule import ATENA_DAY, monthly_day_after
from connectors.kana import to_zengin_kana

MOVED, DIED, CORRECTED, OLDER_LATE = "moved", "died", "atena_corrected", "atena_older_late"
WRONG_KOJIN, GAIJI, HAS_KIROKU = "kojin_bangou_wrong", "gaiji", "kiroku"

PERSON_CARDS = {
    "": 168, MOVED: 4, DIED: 2, CORRECTED: 8, OLDER_LATE: 3, WRONG_KOJIN: 1, GAIJI: 8, HAS_KIROKU: 6,
}  # fmt: skip
ACCOUNT_CARDS = {"yes": 2, "no": 3}

BANKS = (
    Bank("0991", "ｶｸｳｷﾞﾝｺｳ"),
    Bank("0992", "ﾐﾎﾝｷﾞﾝｺｳ"),
    Bank("0993", "ﾀﾒｼｼﾝｷﾝ"),
    Bank("0994", "ﾚｲｼﾞﾉｳｷﾖｳ"),
)
SHITEN = (("101", "ﾎﾝﾃﾝ"), ("102", "ｴｷﾏｴ"), ("103", "ｷﾀｸﾞﾁ"), ("117", "ﾐﾅﾐ"))
_SEI = (
    "佐藤サトウ 鈴木スズキ 高橋タカハシ 田中タナカ 伊藤イトウ 渡辺ワタナベ 山本ヤマモト 中村ナカムラ 小林コバヤシ 加藤カトウ "
    "山田ヤマダ 松本マツモト 井上イノウエ 木村キムラ 清水シミズ 山崎ヤマザキ 池田イケダ 橋本ハシモト 森モリ 服部ハットリ"
)
_GAIJI_SEI = (
    ("\U00020bb7田", "ヨシダ"),  # 𠮷, beyond U+FFFF
    ("葛\U000e0100城", "カツラギ"),  # with a variation selector
    ("渡邉\U000e0101", "ワタナベ"),
    ("\U000f0001村", "キムラ"),  # a private use character
)
_MEI = (
    "太郎タロウ 次郎ジロウ 一郎イチロウ 健ケン 翔ショウ 修一シュウイチ 良平リョウヘイ 勇ユウ 進ススム 博之ヒロユキ",
    "花子ハナコ 陽子ヨウコ 京子キョウコ 優子ユウコ 美咲ミサキ 由美ユミ 恵メグミ 直美ナオミ 千代チヨ 洋子ヒロコ",
)
_MACHI = (("見本町", "001"), ("試町", "002"), ("架空台", "003"), ("例ヶ丘", "004"))
_FIRST_BIRTH, _LAST_BIRTH = date(1935, 1, 1), date(2006, 12, 31)
_MASTER_DAY = (4, 1)
KIROKU_FILE = "個人情報ファイル"


def _pairs(listed: str) -> tuple[tuple[str, str], ...]:
    """漢字 and カナ of each name: the kana is the run of katakana at the end."""
    found = []
    for name in listed.split():
        kana = name.lstrip("".join(char for char in name if not "ァ" <= char <= "ヶ"))
        found.append((name.removesuffix(kana), kana))
    return tuple(found)


_SEI_PAIRS, _MEI_PAIRS = _pairs(_SEI), tuple(_pairs(names) for names in _MEI)


class People:
    """住民: makes the persons of one city in order; all chance comes from the one generator it is given."""

    def __init__(self, rng: Random, jichitai_code: str, nendo: int) -> None:
        self._rng, self._jichitai_code, self._nendo = rng, jichitai_code, nendo
        self._cards, self._accounts = Deck(rng, PERSON_CARDS), Deck(rng, ACCOUNT_CARDS)

    def make(self, serial: int) -> tuple[Person, str, date]:
        """一人を作る: the person, what is special about them ("" for nothing), and when it happens."""
        special, is_female = self._cards.draw(), self._rng.random() < 0.5
        sei, sei_kana = self._rng.choice(_GAIJI_SEI if special == GAIJI else _SEI_PAIRS)
        mei, mei_kana = self._rng.choice(_MEI_PAIRS[is_female])
        kana, kanji = f"{sei_kana}　{mei_kana}", f"{sei}　{mei}"
        account = self._account(serial, kana) if self._accounts.draw() == "yes" else None
        kojin = kojin_bangou(serial)
        row = self._row(serial, kojin, kana, kanji, is_female)
        row |= _account_row(self._nendo, account, kana, kanji)
        happens_on = date(self._nendo, 5, 1) + timedelta(days=self._rng.randrange(240))
        return Person(serial, row["atena_bangou"], kojin, account, row), special, happens_on

    def _account(self, serial: int, kana: str) -> Account:
        code, name = self._rng.choice(SHITEN)
        shumoku = "1" if self._rng.random() < 0.95 else "2"
        bank = self._rng.choice(BANKS)
        return Account(bank, code, name, shumoku, kouza_bangou(serial), to_zengin_kana(kana))

    def _row(self, serial: int, kojin: str, kana: str, kanji: str, is_female: bool) -> dict[str, str]:
        rng = self._rng
        machi, machi_code = rng.choice(_MACHI)
        birth = _FIRST_BIRTH + timedelta(days=rng.randrange((_LAST_BIRTH - _FIRST_BIRTH).days))
        katagaki = f"第{rng.randrange(1, 9)}見本荘 {rng.randrange(1, 5)}0{rng.randrange(1, 9)}号室"
        return {
            "jichitai_code": self._jichitai_code,
            "atena_bangou": without_zero(serial, 10),
            "rireki_bangou": "1",
            "kojin_bangou": kojin,
            "henshuuzumi_shimei_kana": kana,
            "henshuuzumi_shimei_kanji": kanji,
            "atena_yuubin_bangou": f"187{machi_code}{rng.randrange(1, 10)}",
            "atena_juusho_code": f"{self._jichitai_code[:5]}{machi_code}001",
            "atena_juusho": f"{machi}{rng.randrange(1, 6)}丁目",
            "atena_chiban": f"{rng.randrange(1, 40)}番{rng.randrange(1, 30)}号",
            "atena_katagaki_kanji": katagaki if rng.random() < 0.3 else "",
            "seinengappi": birth.isoformat(),
            "seibetsu_kubun": "2" if is_female else "1",
            "henshuu_denwa_bangou": f"042-000-{rng.randrange(10_000):04d}",
            "setai_bangou": without_zero(serial // 2, 10),
            "tsuzukigara": "本人" if serial % 2 == 0 else "配偶者",
            "kojin_shubetsu": "1",
            "idou_kubun": "99",
            "idou_nengappi": date(self._nendo, *_MASTER_DAY).isoformat(),
            "chiku_code": machi_code,
        }


def _account_row(nendo: int, account: Account | None, kana: str, kanji: str) -> dict[str, str]:
    if account is None:
        return {}
    return {
        "moushikomi_nengappi": date(nendo - 1, 9, 10).isoformat(),
        "kaishi_nengappi": date(nendo - 1, 11, 1).isoformat(),
        "furikae_kubun": "1",
        "ginkou_code": account.bank.bangou,
        "shiten_code": account.shiten_code,
        "kouza_bangou": account.kouza_bangou,
        "yokin_shubetsu_kubun": account.shumoku,
        "meiginin_kana": kana,
        "meiginin_kanji": kanji,
    }


def atena_lines(person: Person, special: str, happens_on: date) -> Iterator[Line]:
    """宛名の行: the first state of a person, then what changes, in the order of delivery."""
    first_on = date.fromisoformat(person.row["idou_nengappi"])
    yield _atena(person.row, 1, first_on)
    following = monthly_day_after(happens_on, ATENA_DAY)
    changed = dict(person.row) | {"idou_nengappi": happens_on.isoformat()}
    if special == MOVED:
        away = {"idou_kubun": "03", "zenjuusho": changed["atena_juusho"], "atena_juusho": "他市見本区"}
        yield _atena(changed | away, 2, following)
    elif special == DIED:
        yield _atena(changed | {"idou_kubun": "04"}, 2, following)
    elif special in (CORRECTED, OLDER_LATE):
        moved = changed | {"idou_kubun": "05", "atena_chiban": "99番99号"}
        if special == OLDER_LATE:
            yield _atena(moved, 3, following)
            following = monthly_day_after(following, ATENA_DAY)
        yield _atena(moved | {"atena_chiban": "88番88号"}, 2, following)
    elif special == WRONG_KOJIN:
        wrong = {"kojin_bangou": wrong_kojin_bangou(person.kojin_bangou)}
        yield _atena(changed | wrong, 2, following, refused="R-205")
    elif special == HAS_KIROKU:
        yield _kiroku(person, following)


def _atena(row: Mapping[str, str], rireki: int, on: date, refused: str | None = None) -> Line:
    fields = {**row, "rireki_bangou": str(rireki)}
    change = AtenaChange("atena", row["atena_bangou"], rireki)
    return Line(Route(on, ATENA, "", on), fields, None if refused else change, refused)


def _kiroku(person: Person, on: date) -> Line:
    fields = {
        "jichitai_code": person.row["jichitai_code"],
        "record": KIROKU_FILE,
        "atena_bangou": person.atena_bangou,
        "record_key": "1",
        "rireki_bangou": "1",
        "tantousha_code": f"T{person.serial % 8 + 1:02d}",
        "rank": "ABC"[person.serial % 3],
        "rank_hizuke": on.isoformat(),
    }
    change = KirokuChange("kiroku", person.atena_bangou, 1, KIROKU_FILE, "1")
    return Line(Route(on, KIROKU, "", on), fields, change)
