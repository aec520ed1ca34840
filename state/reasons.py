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
    Reason("R-401", "receipt", "同じ履歴番号で中身の違う調定"),
    Reason("R-402", "receipt", "領収の数が上限を超える"),
    Reason("R-403", "receipt", "同じ領収で中身の違う納付"),
    Reason("R-404", "receipt", "台帳に調定がない"),
    Reason("R-405", "receipt", "同じ履歴番号で中身の違う宛名・記録"),
    Reason("R-406", "receipt", "調定の履歴の数が上限を超える"),
    Reason("R-501", "delinquency", "基準日が戻る"),
)

REASONS = {reason.code: reason for reason in _ALL}


def refusal(code: str, what: str, expected: str, found: str, todo: str) -> Refusal:
    """拒否を作る: raises KeyError for a code that is not in the list."""
    return Refusal(REASONS[code], what, expected, found, todo)
