"""命令行(再送): a member of staff has what was refused judged again, after what stood in its way was mended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple

import structlog
import typer

from connectors import read_side
from connectors.reading import JST
from connectors.secrets import Cipher, load_key_file
from connectors.tables import engine_for
from schemas.codec import DecodeError
from state.wire import decode
from streams.cli_seiri import kind_ja
from streams.cli_shared import (
    WRONG_USE,
    AsJson,
    answering_bootstrap,
    console,
    fail,
    print_json,
    readable_errors,
)
from streams.logs import configure_logging
from streams.resend import Original, Resender, Resent, open_original, why_not
from streams.settings import Settings, settings
from streams.topics import topics

STAFF_MOST, REASON_MOST = 64, 200
WOULD_BE_SENT, SENT = "would_be_sent", "sent"
TAKEN_IN, REFUSED_AGAIN, WAITING = "taken_in", "refused_again", "waiting"
"""What `outcome` says: the first two of this call, the others of an earlier resend; then nothing is done."""

log = structlog.get_logger("shuunou.resend")


class Shown(NamedTuple):
    """再送の一件: what `--json` prints, whatever comes of it; `sent_to` is where what was sent stands."""

    letter_id: str
    topic: str
    partition: int
    offset: int
    reason: str
    what: str
    outcome: str
    sent_to: Resent | None

    def plain(self) -> dict[str, Any]:
        """JSON の形: the place with the id that the letter will have if the record is refused again."""
        to = self.sent_to
        place = None if to is None else {**to._asdict(), "letter_id": to.letter_id}
        return {**self._asdict(), "sent_to": place}


def resend(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, or its beginning.")],
    staff: Annotated[str, typer.Option(help="担当者コード of who decides.")],
    reason: Annotated[str, typer.Option(help="Why; no personal data. Kept with the message for ever.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """再送: send a refused message again, to where it stood. Shows what it would do; --yes does it.

    Exit code 1 when it was sent again before: then nothing is done, and what became of it is said.
    """
    configure_logging()
    for name, text, most in (("--staff", staff, STAFF_MOST), ("--reason", reason, REASON_MOST)):
        if not 0 < len(text.strip()) <= most or not text.isprintable():
            fail(f"{name}: expected 1 to {most} printable characters, found {len(text)}", WRONG_USE)
    conf = settings()
    with readable_errors():
        found, original = _opened(conf, letter_id)
        sender = Resender(answering_bootstrap(conf), dict(conf.security), f"{conf.application}-resend")
        before = sender.find(original)
        outcome, said = _outcome(conf, sender, before) if before is not None else (WOULD_BE_SENT, "")
    shown = Shown(
        original.letter_id, original.topic, original.partition, original.offset,
        found["reason"], _what(original), outcome, before,
    )  # fmt: skip
    if not as_json and before is None:
        _print(found, original, staff, reason)
    if before is None and yes:
        with readable_errors():
            sent = sender.send(original, staff, reason)
        log.info("resent", letter=original.letter_id, place=_place(*sent), tantousha_code=staff)
        shown = shown._replace(outcome=SENT, sent_to=sent)
    if as_json:
        print_json(shown.plain())
    if before is not None:
        fail(f"letter {original.letter_id[:8]}: it was sent again already; {said}")
    if not as_json:
        _say(shown)


def _print(found: dict[str, Any], original: Original, staff: str, reason: str) -> None:
    """What would be sent, without what it says of anyone: everything that is decided here."""
    key = "鍵なし" if original.key is None else "鍵は元のまま"
    console.print(
        f"{found['reason']} {found['what']}: 期待 {found['expected']}、実際 {found['found']}", soft_wrap=True
    )
    console.print(f"元の位置 {_place(original.topic, original.partition, original.offset)}", soft_wrap=True)
    console.print(
        f"送るもの {_what(original)}({len(original.value):,}バイト、{key}) → {original.topic}/{original.partition}",
        soft_wrap=True,
    )
    console.print(f"担当者 {staff}、理由 {reason}", markup=False, soft_wrap=True)


def _say(shown: Shown) -> None:
    if shown.sent_to is None:
        console.print("nothing was done; repeat with --yes", style="dim")
        return
    again = shown.sent_to.letter_id
    console.print(
        f"sent to {_place(*shown.sent_to)}; if it is refused again, it will be letter {again}",
        soft_wrap=True,
    )


def _opened(conf: Settings, beginning: str) -> tuple[dict[str, Any], Original]:
    """The letter, and the message that it holds, which can be sent again."""
    found = _letter(conf, beginning)
    instead = why_not(found["topic"])
    if instead is not None:
        fail(f"letter {found['letter_id'][:8]}: it cannot be sent again: {instead}", WRONG_USE)
    original = open_original(found, Cipher(load_key_file(conf.key_path)))
    if not original.value:
        fail(f"letter {original.letter_id[:8]}: the message was empty: nothing to send", WRONG_USE)
    return found, original


def _place(topic: str, partition: int, offset: int) -> str:
    return f"{topic}/{partition}/{offset}"


def _letter(conf: Settings, beginning: str) -> dict[str, Any]:
    found = read_side.sealed_letters(engine_for(conf.database), beginning)
    if len(found) != 1:
        number = "more" if found else "none"
        fail(f"letter {beginning}: expected one, found {number}; `shuunou deadletter list` shows them")
    return found[0]


def _what(original: Original) -> str:
    """What the message is, without what it says of anyone."""
    try:
        event = decode(original.value)
    except DecodeError:
        return f"読めないメッセージ({len(original.value)}バイト)"
    return kind_ja(getattr(event, "kind", type(event).__name__))


def _outcome(conf: Settings, sender: Resender, at: Resent) -> tuple[str, str]:
    """What became of the earlier resend, as a word and in words."""
    again = read_side.letter(engine_for(conf.database), at.letter_id)
    if again is not None:
        when = datetime.fromtimestamp(again.recorded_at / 1000, JST).date()
        said = f"it was refused again ({again.reason}, {when}): decide on letter {again.letter_id}"
        return REFUSED_AGAIN, said
    readers = next(topic.consumers for topic in topics() if topic.name == at.topic)
    if all(sender.is_worked_off(f"{conf.application}-{stage}", at) for stage in readers):
        return TAKEN_IN, "it was taken in; `shuunou show` shows what came of it"
    return WAITING, f"it waits to be worked off at {_place(*at)}"
