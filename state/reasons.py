"""理由コード: the closed list of why an input was refused or held. Never renumbered, never deleted.

The first digit is the stage: 1 connectors (受け口), 2 ingest (受入), 3 matching (突合), 4 receipt (収納),
5 delinquency (滞納), 6 transfer (移転). A refusal is a value; it carries no personal data.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """理由: its code, the stage that gives it, and what it says to staff; retired ones stay."""

    code: str
    stage: str
    ja: str
    retired: bool = False


class Refusal(NamedTuple):
    """受入拒否: why something was not accepted, in words for staff. No field may hold personal data."""

    reason: Reason
    what: str
    expected: str
    found: str
    todo: str


_ALL = (
    Reason("R-101", "connector", "ファイルの文字が読めない"),
    Reason("R-102", "connector", "レコードの長さが違う"),
    Reason("R-103", "connector", "レコードの並びが違う(ヘッダ・データ・トレーラ・エンド)"),
    Reason("R-104", "connector", "トレーラの件数・金額が明細の計と合わない"),
    Reason("R-105", "connector", "CSV の列が様式と違う"),
    Reason("R-106", "connector", "種別・データ区分が様式にない"),
    Reason("R-107", "connector", "受け取り済みのファイルの再送"),
    Reason("R-108", "connector", "ファイルの名前からどの様式か分からない"),
    Reason("R-201", "ingest", "メッセージが復号できない"),
    Reason("R-202", "ingest", "このトピックに来てはならない種類の異動"),
    Reason("R-203", "ingest", "必須の項目がない"),
    Reason("R-204", "ingest", "項目の形が違う"),
    Reason("R-205", "ingest", "検査数字が合わない"),
    Reason("R-206", "ingest", "金額が負または上限を超える"),
    Reason("R-207", "ingest", "税目コードが一覧にない"),
    Reason("R-208", "ingest", "日付が暦にないか範囲を外れる"),
    Reason("R-209", "ingest", "自治体コードがこの市のものでない"),
    Reason("R-210", "ingest", "メッセージの鍵と中身が合わない"),
    Reason("R-211", "ingest", "コードが一覧にない"),
    Reason("R-301", "matching", "調定の宛名番号が突合索引と違う"),
    Reason("R-302", "matching", "指定された納付が保留されていない"),
    Reason("R-303", "matching", "納税承継の収納キーが既に使われている"),
    Reason("R-401", "receipt", "同じ履歴番号で中身の違う調定"),
    Reason("R-402", "receipt", "領収の数が上限を超える"),
    Reason("R-403", "receipt", "同じ領収で中身の違う納付"),
    Reason("R-404", "receipt", "台帳に調定がない"),
    Reason("R-405", "receipt", "同じ履歴番号で中身の違う宛名・記録"),
    Reason("R-406", "receipt", "調定の履歴の数が上限を超える"),
    Reason("R-411", "receipt", "その年の割合がまだ定められていない"),
    Reason("R-412", "receipt", "割合の表より前の期間にかかる"),
    Reason("R-413", "receipt", "延滞金の計算の基礎が定めに合わない"),
    Reason("R-414", "receipt", "その税目に延滞金の定めがない"),
    Reason("R-415", "receipt", "減免・猶予の期間が定めに合わない"),
    Reason("R-416", "receipt", "本税が完納していない延滞金の確定"),
    Reason("R-417", "receipt", "延滞金の額が計算と違う"),
    Reason("R-418", "receipt", "過誤納額に当たる納付がない"),
    Reason("R-421", "receipt", "過誤納がない"),
    Reason("R-422", "receipt", "過誤納額を超える充当・還付"),
    Reason("R-423", "receipt", "過誤納額の全額の行き先が決まっていない"),
    Reason("R-424", "receipt", "過誤納金の今の状態では行えない手続"),
    Reason("R-425", "receipt", "手続の日付の順が逆"),
    Reason("R-426", "receipt", "支払額が決定額と違う"),
    Reason("R-427", "receipt", "還付を請求する権利の時効が完成している"),
    Reason("R-428", "receipt", "還付を請求する権利の時効がまだ完成していない"),
    Reason("R-429", "receipt", "充当先の徴収金の内容が誤っている"),
    Reason("R-430", "receipt", "還付加算金の起算に要る日がない"),
    Reason("R-432", "receipt", "会計年度を決めるのに要る日がない"),
    Reason("R-433", "receipt", "督促手数料・延滞金・滞納処分費の会計年度が本税と違う"),
    Reason("R-434", "receipt", "出納を閉鎖した年度への記帳"),
    Reason("R-435", "receipt", "繰越の日より前の滞納繰越"),
    Reason("R-436", "receipt", "収納の動きの内容が誤っている"),
    Reason("R-440", "receipt", "速報だけの納付がある納税証明"),
    Reason("R-441", "receipt", "保留中の納付がある納税証明"),
    Reason("R-442", "receipt", "行き先の決まらない過誤納がある納税証明"),
    Reason("R-443", "receipt", "納税証明の対象となる期別がない"),
    Reason("R-501", "delinquency", "基準日が戻る"),
    Reason("R-502", "delinquency", "手続の期別がこの人の台帳にない"),
    Reason("R-503", "delinquency", "一人の手続の数が上限を超える"),
    Reason("R-504", "delinquency", "同じ番号で中身の違う手続"),
    Reason("R-511", "delinquency", "休日の表にない年"),
    Reason("R-512", "delinquency", "督促状を発する期別でない"),
    Reason("R-513", "delinquency", "督促の対象から外れている"),
    Reason("R-514", "delinquency", "督促状の今の状態ではできない"),
    Reason("R-515", "delinquency", "期限内の発送日がない"),
    Reason("R-516", "delinquency", "催告の種別が一覧にない"),
    Reason("R-517", "delinquency", "催告が止められている"),
    Reason("R-518", "delinquency", "停止フラグの今の状態ではできない"),
    Reason("R-519", "delinquency", "滞納処分の要件がない"),
    Reason("R-521", "delinquency", "時効が完成した後の事由"),
    Reason("R-522", "delinquency", "時効の事由の数が上限を超える"),
    Reason("R-523", "delinquency", "時効の事由の日が合わない"),
    Reason("R-524", "delinquency", "時効の事由が一覧にない"),
    Reason("R-525", "delinquency", "猶予・執行停止により止められている滞納処分"),
    Reason("R-526", "delinquency", "執行停止の事由が一覧にない"),
    Reason("R-527", "delinquency", "執行停止の今の状態ではできない"),
    Reason("R-528", "delinquency", "即時消滅の要件がない"),
    Reason("R-529", "delinquency", "執行停止の日が合わない"),
    Reason("R-531", "delinquency", "時効が完成していない不納欠損"),
    Reason("R-532", "delinquency", "執行停止が3年継続していない不納欠損"),
    Reason("R-533", "delinquency", "即時消滅していない不納欠損"),
    Reason("R-534", "delinquency", "二重の不納欠損"),
    Reason("R-535", "delinquency", "取り消す不納欠損がない"),
    Reason("R-536", "delinquency", "不納欠損の額が合わない"),
    Reason("R-538", "delinquency", "猶予の期間が上限を超える"),
    Reason("R-539", "delinquency", "猶予の事由・要件がない"),
    Reason("R-540", "delinquency", "猶予の担保がない"),
    Reason("R-541", "delinquency", "猶予の申請の期間を過ぎた"),
    Reason("R-542", "delinquency", "猶予の今の状態ではできない"),
    Reason("R-544", "delinquency", "分納の額の計が合わない"),
    Reason("R-545", "delinquency", "分納の回数・期間が上限を超える"),
    Reason("R-546", "delinquency", "分納の計画の形が違う"),
    Reason("R-547", "delinquency", "分納の今の状態ではできない"),
    Reason("R-548", "delinquency", "分納の受領の額・日が合わない"),
    Reason("R-550", "delinquency", "処分の番号が重なる"),
    Reason("R-551", "delinquency", "処分の今の状態ではできない"),
    Reason("R-552", "delinquency", "配当の額が合わない"),
    Reason("R-553", "delinquency", "繰上徴収の納期限が合わない"),
    Reason("R-554", "delinquency", "滞納整理組合への移管の今の状態ではできない"),
    Reason("R-555", "delinquency", "照会のない回答、または調査の日が合わない"),
    Reason("R-530", "delinquency", "納税義務の消滅した期別の手続"),
    Reason("R-537", "delinquency", "納税承継の額の計が未納と合わない"),
    Reason("R-543", "delinquency", "分納中の期別の二重の分納"),
    Reason("R-549", "delinquency", "分納の期別と額が合わない"),
    Reason("R-560", "delinquency", "納税承継の内訳の形が違う"),
    Reason("R-561", "delinquency", "対象の番号の分納がない"),
    Reason("R-562", "delinquency", "不納欠損の方法が一覧にない"),
    Reason("R-563", "delinquency", "ほかの手続が登録する時効の事由"),
    Reason("R-564", "delinquency", "未納のない期別の手続"),
    Reason("R-565", "delinquency", "定めの表より前の日の手続"),
    Reason("R-566", "delinquency", "猶予のない期別の猶予に伴う分納"),
)

REASONS = {reason.code: reason for reason in _ALL}


def refusal(code: str, what: str, expected: str, found: str, todo: str) -> Refusal:
    """拒否を作る: raises KeyError for a code that is not in the list."""
    return Refusal(REASONS[code], what, expected, found, todo)
