"""宛名 CSV: changes of 宛名 as the resident system delivers them (`schemas/layout/atena_csv.toml`)."""

from __future__ import annotations

from connectors.base import Arrived, FileFacts, Spec
from connectors.csv_lines import CsvReader, Row, event_of, load_csv_layout
from connectors.ids import event_id
from connectors.reading import EXACTLY_ONCE, arrived
from connectors.secrets import Cipher
from state.events import AtenaChanged
from state.reasons import Refusal

TOPIC = "ido.atena.v1"

SPEC = Spec(
    name="source_atena_csv",
    ja="宛名異動",
    direction="source",
    system="市民課",
    channel="庁内連携システム",
    formats=("宛名異動 CSV",),
    topics=(TOPIC,),
    guarantees=EXACTLY_ONCE,
)


class AtenaReader(CsvReader):
    """宛名 CSV の読み手: 個人番号 and 口座番号 are sealed for the person of the line before the event exists."""

    def __init__(self, cipher: Cipher) -> None:
        super().__init__(SPEC, load_csv_layout("atena_csv"), cipher, _arrive)


def _arrive(row: Row, facts: FileFacts) -> Arrived | Refusal:
    atena, rireki = row.values["atena_bangou"], row.values["rireki_bangou"]
    ident = event_id("AtenaChanged", atena, str(rireki))
    event = event_of(AtenaChanged, SPEC, row, facts, ident, row.values["idou_nengappi"])
    return arrived(row.line, TOPIC, atena, event, facts)
