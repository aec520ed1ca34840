"""手続 CSV: acts of the office and answers to its inquiries (`schemas/layout/tetsuzuki_csv.toml`).

The form of the cells that hold several values is strict: what does not fit it to the last character is
refused, since a line of an act that was guessed would move money. Whether the law allows the act is judged
where it is applied; here only whether it says what its kind must say (`state.seiri.kinds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import schemas
from connectors.base import Arrived, FileFacts, Spec
from connectors.csv_lines import BadCell, CsvLayout, CsvReader, Row, event_of, load_csv_layout, value_of
from connectors.ids import event_id
from connectors.reading import ASK_SENDER, EXACTLY_ONCE, arrived
from connectors.secrets import Cipher
from state.reasons import Refusal, refusal
from state.seiri.event import Bubun, TetsuzukiTaken
from state.seiri.kinds import UCHIWAKE_MAX, kinds

SYSTEMS = {"tetsuzuki": "収納課", "chousa_kaitou": "財産調査・実態調査の照会先"}

SPEC = Spec(
    name="source_tetsuzuki_csv",
    ja="手続",
    direction="source",
    system="収納課、財産調査・実態調査の照会先",
    channel="滞納整理システム",
    formats=("手続 CSV",),
    topics=tuple(schemas.load_toml("layout/tetsuzuki_csv")["files_of"].values()),
    guarantees=EXACTLY_ONCE,
)


class _Form(NamedTuple):
    """様式: how the cells of several values are written, as the layout states it."""

    line_end: str
    part_end: str
    parts: tuple[str, ...]
    condition_end: str
    assignment: str
    kamoku: Mapping[str, str]


@cache
def _form() -> _Form:
    stated = schemas.load_toml("layout/tetsuzuki_csv")
    lines, conditions, names = stated["uchiwake"], stated["jouken"], stated["kamoku"]
    kamoku = {**names, **{each: each for each in names.values()}}
    return _Form(
        lines["separator"],
        lines["part_separator"],
        tuple(lines["parts"]),
        conditions["separator"],
        conditions["assignment"],
        kamoku,
    )


@cache
def _kind_names() -> Mapping[str, str]:
    """A kind by its name and by its Japanese one."""
    return {label: kind.name for kind in kinds().values() for label in (kind.name, kind.ja)}


class TetsuzukiReader(CsvReader):
    """手続 CSV の読み手: of the files of one name, `tetsuzuki` or `chousa_kaitou`."""

    def __init__(self, files: str, cipher: Cipher) -> None:
        self._topic: str = schemas.load_toml("layout/tetsuzuki_csv")["files_of"][files]
        spec = SPEC._replace(name=f"{SPEC.name}.{files}", system=SYSTEMS[files], topics=(self._topic,))
        super().__init__(
            spec, _of_files(load_csv_layout("tetsuzuki_csv"), files), cipher, self._arrive_tetsuzuki
        )

    def _arrive_tetsuzuki(self, row: Row, facts: FileFacts) -> Arrived | Refusal:
        values = row.values
        name = _kind_names().get(values["kind"])
        if name is None:
            return refusal("R-211", "手続の種類", "schemas/tetsuzuki.toml にある種類", "ない種類", ASK_SENDER)
        kind = kinds()[name]
        if kind.topic != self._topic:
            expected = f"{self.spec.system}の手続"
            return refusal("R-202", "手続の種類", expected, f"{kind.topic} の手続", "ファイルの名前を確かめる")
        try:
            uchiwake, jouken = read_uchiwake(values["uchiwake"]), read_jouken(values["jouken"])
        except BadCell as bad:
            what = f"{kind.ja}の内訳・条件"
            return refusal(bad.code, what, bad.expected, bad.found, ASK_SENDER)
        values.update(kind=name, uchiwake=uchiwake, jouken=jouken)
        atena = values["atena_bangou"]
        ident = event_id("TetsuzukiTaken", atena, name, values["bangou"])
        event = event_of(TetsuzukiTaken, self.spec, row, facts, ident, values["on"])
        return arrived(row.line, self._topic, atena, event, facts)


def _of_files(layout: CsvLayout, files: str) -> CsvLayout:
    return layout._replace(files=tuple(name for name in layout.files if name.startswith(f"{files}_")))


def read_uchiwake(text: str | None) -> tuple[Bubun, ...]:
    """内訳を読む: raises BadCell, which says in which line, and never what stood there."""
    if text is None:
        return ()
    form = _form()
    lines = text.split(form.line_end)
    if len(lines) > UCHIWAKE_MAX:
        raise BadCell("R-204", f"{UCHIWAKE_MAX}行まで", f"{len(lines)}行")
    return tuple(_line(number, line, form) for number, line in enumerate(lines, 1))


def _line(number: int, text: str, form: _Form) -> Bubun:
    parts = text.split(form.part_end)
    if len(parts) != len(form.parts):
        raise BadCell("R-204", form.part_end.join(form.parts), f"{number}行目が{len(parts)}個")
    said: dict[str, Any] = {name: part or None for name, part in zip(form.parts, parts, strict=True)}
    if said["kingaku"] is None:
        raise BadCell("R-203", "すべての行に金額", f"{number}行目が空")
    kamoku, atena = said["kamoku"], said["atena_bangou"]
    if kamoku is not None and kamoku not in form.kamoku:
        raise BadCell("R-211", "、".join(sorted(set(form.kamoku))), f"{number}行目にない科目")
    if atena is not None and not (atena.isascii() and atena.isdigit()):
        raise BadCell("R-204", "数字の宛名番号", f"{number}行目が数字でない")
    said["kamoku"] = form.kamoku.get(kamoku)
    try:
        said["kingaku"] = value_of("yen", said["kingaku"])
        said["on"] = None if said["on"] is None else value_of("date", said["on"])
    except BadCell as bad:
        raise BadCell(bad.code, bad.expected, f"{number}行目が{bad.found}") from None
    return Bubun(**said)


def read_jouken(text: str | None) -> dict[str, str]:
    """条件を読む: raises BadCell; whether the kind knows the names is judged with the kind."""
    form, found = _form(), dict[str, str]()
    for number, each in enumerate(text.split(form.condition_end) if text is not None else (), 1):
        name, *said = each.split(form.assignment)
        if not name or len(said) != 1 or not said[0]:
            raise BadCell("R-204", f"名{form.assignment}値", f"{number}個目がそれ以外の形")
        if name in found:
            raise BadCell("R-204", "一つの名に一つの値", f"{number}個目の名が二度目")
        found[name] = said[0]
    return found
