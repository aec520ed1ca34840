"""調定 CSV: assessments, corrections and cancellations of each 期別 (`schemas/layout/choutei_csv.toml`).

Two departments deliver the same form, each on a topic of its own. Which one a file is from, its name
says; a 税目 that is not that department's (`schemas/code/zeimoku.csv`) is refused, so that nobody assesses
another's tax.
"""

from __future__ import annotations

from functools import cache

import schemas
from connectors.base import Arrived, FileFacts, Spec
from connectors.csv_lines import CsvLayout, CsvReader, Row, event_of, load_csv_layout
from connectors.ids import event_id
from connectors.reading import ASK_SENDER, EXACTLY_ONCE, arrived
from connectors.secrets import Cipher
from state.events import ChouteiCancelled, ChouteiCorrected, ChouteiEstablished
from state.reasons import Refusal, refusal

SYSTEMS = {"zeimu": "税務課", "hoken": "保険年金課"}
_EVENTS: dict[str, type[ChouteiEstablished]] = {
    cls.__name__: cls for cls in (ChouteiEstablished, ChouteiCorrected, ChouteiCancelled)
}

SPEC = Spec(
    name="source_choutei_csv",
    ja="調定",
    direction="source",
    system="税務課、保険年金課",
    channel="庁内連携システム",
    formats=("調定 CSV",),
    topics=tuple(schemas.load_toml("layout/choutei_csv")["topics"].values()),
    guarantees=EXACTLY_ONCE,
)


@cache
def _topic_of_zeimoku() -> dict[str, str]:
    return {row["code"]: row["producer_topic"] for row in schemas.load_csv("code/zeimoku")}


class ChouteiReader(CsvReader):
    """調定 CSV の読み手: of one department, `zeimu` or `hoken`."""

    def __init__(self, department: str, cipher: Cipher) -> None:
        stated = schemas.load_toml("layout/choutei_csv")
        self._topic: str = stated["topics"][department]
        self._kinds = {code: _EVENTS[name] for code, name in stated["choutei_kubun"].items()}
        parts = schemas.load_toml("layout/shuunou_key")["parts"]
        self._parts = [(part["name"], part["length"]) for part in parts]
        spec = SPEC._replace(
            name=f"{SPEC.name}.{department}", system=SYSTEMS[department], topics=(self._topic,)
        )
        layout = _of_department(load_csv_layout("choutei_csv"), department)
        super().__init__(spec, layout, cipher, self._arrive_choutei)

    def _arrive_choutei(self, row: Row, facts: FileFacts) -> Arrived | Refusal:
        values = row.values
        cls = self._kinds.get(values["choutei_kubun"])
        if cls is None:
            accepted = "、".join(sorted(self._kinds))
            return refusal("R-106", "区分", f"{accepted} のいずれか", "それ以外の値", ASK_SENDER)
        zeimoku, key = values["zeimoku_code"], values["shuunou_key"]
        if _topic_of_zeimoku().get(zeimoku, self._topic) != self._topic:
            expected = f"{self.spec.system}の税目"
            return refusal(
                "R-202", "税目コード", expected, "別の課の税目", "ファイルの名前と送り元の課を確かめる"
            )
        if key != "".join([str(values[name]).rjust(length, "0") for name, length in self._parts]):
            return refusal(
                "R-210", "収納キー", "賦課年度・税目・通知書番号・期別をつないだもの", "それ以外", ASK_SENDER
            )
        ident = event_id(cls.__name__, key, str(values["rireki_bangou"]))
        event = event_of(cls, self.spec, row, facts, ident, values["choutei_nengappi"])
        return arrived(row.line, self._topic, key, event, facts)


def _of_department(layout: CsvLayout, department: str) -> CsvLayout:
    return layout._replace(files=tuple(name for name in layout.files if f"_{department}_" in name))
