"""Files for the tests of the sources, written through the layouts; every person in them is invented."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import schemas
from connectors.base import Arrived, FileFacts, FileReader, Refused
from connectors.fixed_width import load_layout
from connectors.ids import file_digest
from connectors.secrets import Cipher, KeyFile
from state.checks import gs1_check_digit, kojin_bangou_check_digit

JICHITAI = "132110"
RECEIVED_AT = int(datetime(2026, 7, 3, 0, 30, tzinfo=UTC).timestamp() * 1000)  # 9:30 in Japan
KEY_ZEIMU, KEY_HOKEN = "202601000000000101", "202604000000000208"


def sample_cipher() -> Cipher:
    return Cipher(KeyFile("testkey0", bytes(range(32))))


def kojin_bangou(index: int) -> str:
    """An invented 個人番号: all zeros but a serial number, with the right check digit."""
    digits = f"{index:011d}"
    return f"{digits}{kojin_bangou_check_digit(digits)}"


def facts_of(raw: bytes, name: str = "test", received_at: int = RECEIVED_AT) -> FileFacts:
    return FileFacts(name, file_digest(raw), received_at, JICHITAI)


def read(reader: FileReader, raw: bytes, received_at: int = RECEIVED_AT) -> list[Arrived | Refused]:
    """What a reader makes of a file that it accepts."""
    facts = facts_of(raw, received_at=received_at)
    assert reader.check(raw, facts) is None
    return list(reader.lines(raw, facts))


def held_for(reader: FileReader, raw: bytes) -> str:
    """The reason for which a reader refuses a whole file."""
    refused = reader.check(raw, facts_of(raw))
    assert refused is not None
    return refused.refusal.reason.code


def reasons(items: Sequence[Arrived | Refused]) -> list[str | None]:
    return [item.refusal.reason.code if isinstance(item, Refused) else None for item in items]


def event(item: Arrived | Refused) -> Any:
    assert isinstance(item, Arrived), item.refusal
    return item.event


def sent_to(item: Arrived | Refused) -> tuple[str, str]:
    """The topic and the key of an event."""
    assert isinstance(item, Arrived), item.refusal
    return item.topic, item.key


# 全銀

DEBIT = {
    "hikiotoshi_ginkou_bangou": "0001",
    "hikiotoshi_ginkou_mei": "ｺｳｾﾞｲ",
    "hikiotoshi_shiten_bangou": "101",
    "hikiotoshi_shiten_mei": "ﾎﾝﾃﾝ",
    "tegata_koukanjo_bangou": "",
    "yokin_shumoku": "1",
    "kouza_bangou": "9000001",
    "yokinsha_mei": "ﾉｳｾﾞｲ ﾀﾛｳ",
    "hikiotoshi_kingaku": "10000",
    "shinki_code": "0",
    "kokyaku_bangou": KEY_ZEIMU,
    "furikae_kekka_code": "0",
}


def debit(**changed: str) -> bytes:
    return load_layout("kouza_furikae").write("data", {**DEBIT, **changed})


def bank_header(mmdd: str = "0630") -> bytes:
    return load_layout("kouza_furikae").write(
        "header",
        {
            "itakusha_code": "1234567890",
            "itakusha_mei": "ｼﾕｳﾉｳｶ",
            "hikiotoshibi": mmdd,
            "torihiki_ginkou_bangou": "0001",
            "torihiki_ginkou_mei": "ｺｳｾﾞｲ",
            "torihiki_shiten_bangou": "",
            "torihiki_shiten_mei": "",
            "itakusha_yokin_shumoku": "",
            "itakusha_kouza_bangou": "",
        },
    )


def bank_trailer(records: Sequence[bytes], **changed: str) -> bytes:
    layout = load_layout("kouza_furikae")
    sums = {"furikaezumi": [0, 0], "funou": [0, 0]}
    for record in records:
        which = "furikaezumi" if layout.take(record, "furikae_kekka_code") == "0" else "funou"
        sums[which][0] += 1
        sums[which][1] += int(str(layout.take(record, "hikiotoshi_kingaku")))
    sums["goukei"] = [sum(pair) for pair in zip(*sums.values(), strict=True)]
    fields = {f"{name}_kensuu": str(count) for name, (count, _) in sums.items()}
    fields |= {f"{name}_kingaku": str(yen) for name, (_, yen) in sums.items()}
    return layout.write("trailer", {**fields, **changed})


def bank_file(records: Sequence[bytes], mmdd: str = "0630", **trailer: str) -> bytes:
    end = load_layout("kouza_furikae").write("end", {})
    return b"\r\n".join([bank_header(mmdd), *records, bank_trailer(records, **trailer), end, b""])


# コンビニ収納


def barcode(key: str = KEY_ZEIMU, kingaku: int = 5000, limit: str = "260831", prefix: str = "001") -> str:
    digits = f"91123456{prefix}{key}0{limit}0{kingaku:06d}"
    return f"{digits}{gs1_check_digit(digits)}"


def paid(shubetsu: str = "01", **changed: str) -> bytes:
    fields = {
        "data_shubetsu": shubetsu,
        "tenpo_shuunoubi": "20260629",
        "shuunou_jikoku": "2359",
        "barcode_shubetsu": "1",
        "barcode": barcode(),
        "tenpo_code": "1234567",
        "kyakusou": "11",
        "data_shutokubi": "20260630",
        "furikomi_yoteibi": "20260710",
        "keiri_shoribi": "20260701",
        "cvs_code": "000001",
    }
    return load_layout("convenience").write("detail", {**fields, **changed})


def convenience_file(records: Sequence[bytes]) -> bytes:
    return b"\r\n".join([load_layout("convenience").write("header", {}), *records, b""])


# CSV

ATENA = {
    "自治体コード": JICHITAI,
    "宛名番号": "0000000001",
    "履歴番号": "1",
    "個人番号": kojin_bangou(1),
    "編集済氏名漢字": "納税 太郎",
    "生年月日": "1980-02-29",
    "異動区分": "99",
    "異動年月日": "2026-04-01",
    "口座番号": "9000001",
}
CHOUTEI = {
    "区分": "1",
    "自治体コード": JICHITAI,
    "収納キー": KEY_ZEIMU,
    "履歴番号": "1",
    "宛名番号": "0000000001",
    "賦課年度": "2026",
    "税目コード": "01",
    "対象年度": "2026",
    "通知書番号": "0000000001",
    "期別コード": "01",
    "調定年度": "2026",
    "会計年度": "2026",
    "期別調定額": "10000",
    "納期限": "2026-06-30",
    "調定年月日": "2026-06-01",
}
KIROKU = {
    "自治体コード": JICHITAI,
    "記録名": "交渉経過ファイル",
    "宛名番号": "0000000001",
    "記録鍵": "1",
    "履歴番号": "1",
}


def csv_file(layout: str, rows: Sequence[Mapping[str, str]], extra: Sequence[str] = ()) -> bytes:
    """A file of the layout's columns, and of extra ones; a value that a row lacks is empty."""
    names = [column["ja"] for column in schemas.load_toml(f"layout/{layout}")["columns"]] + list(extra)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def replaced(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new)
