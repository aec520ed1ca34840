"""記録 CSV: records that the existing 滞納管理 system keeps, held as given (`schemas/layout/kiroku_csv.toml`).

Nothing is interpreted: each line names its record, and every official item beside it goes into `held`.
The form has no business date, so the day on which the file was received stands for it.
"""

from __future__ import annotations

from functools import cache

from connectors.base import Arrived, FileFacts, Spec
from connectors.csv_lines import CsvReader, Row, event_of, load_csv_layout
from connectors.ids import event_id
from connectors.reading import ASK_SENDER, EXACTLY_ONCE, arrived, received_on
from connectors.secrets import Cipher
from schemas import records
from state.events import KirokuHeld
from state.reasons import Refusal, refusal

TOPIC = "ido.kiroku.v1"

SPEC = Spec(
    name="source_kiroku_csv",
    ja="記録保持",
    direction="source",
    system="既存の滞納管理システム",
    channel="庁内連携システム",
    formats=("記録 CSV",),
    topics=(TOPIC,),
    guarantees=EXACTLY_ONCE,
)


class KirokuReader(CsvReader):
    """記録 CSV の読み手。"""

    def __init__(self, cipher: Cipher) -> None:
        super().__init__(SPEC, load_csv_layout("kiroku_csv"), cipher, _arrive)


@cache
def _items() -> dict[str, frozenset[str]]:
    """The official files by name, and the items that each has."""
    return {
        records.items(record)[0].subfile: frozenset(item.name for item in records.items(record))
        for record in records.records()
    }


def _arrive(row: Row, facts: FileFacts) -> Arrived | Refusal:
    values = row.values
    record, atena, key = values["record"], values["atena_bangou"], values["record_key"]
    items = _items().get(record)
    if items is None:
        expected = f"別添1のファイル({'、'.join(_items())})"
        return refusal("R-211", "記録名", expected, "ないファイル", ASK_SENDER)
    foreign = [name for name in row.held if name not in items]
    if foreign:
        expected = f"{record}にある項目だけ"
        return refusal("R-105", "記録の項目", expected, f"ほかの項目({'、'.join(foreign)})", ASK_SENDER)
    if values["jichitai_code"] is None:
        values["jichitai_code"] = facts.jichitai_code
    ident = event_id("KirokuHeld", record, atena, key, str(values["rireki_bangou"]))
    event = event_of(KirokuHeld, SPEC, row, facts, ident, received_on(facts))
    return arrived(row.line, TOPIC, atena, event, facts)
