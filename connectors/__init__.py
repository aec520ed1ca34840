"""コネクタ: the rim of the hub: one module for each system and direction, and this list of them all, by hand."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """目録の一行: the module of a connector, which states its SPEC, and the class that does the work."""

    module: str
    cls: str


CATALOGUE: dict[str, Entry] = {
    # sources
    "source_atena_csv": Entry("connectors.source_atena_csv", "AtenaReader"),
    "source_choutei_csv": Entry("connectors.source_choutei_csv", "ChouteiReader"),
    "source_kouza_furikae": Entry("connectors.source_kouza_furikae", "KouzaFurikaeReader"),
    "source_convenience": Entry("connectors.source_convenience", "ConvenienceReader"),
    "source_kiroku_csv": Entry("connectors.source_kiroku_csv", "KirokuReader"),
    "source_tetsuzuki_csv": Entry("connectors.source_tetsuzuki_csv", "TetsuzukiReader"),
    # sinks
    "sink_projection": Entry("connectors.sink_projection", "Projection"),
    "sink_iten_file": Entry("connectors.sink_iten_file", "ItenFile"),
}
"""目録: names, not imports, so that listing the connectors opens none of them."""
