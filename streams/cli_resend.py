"""命令行(再送): a member of staff has what was refused judged again, after what stood in its way was mended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import structlog
import typer

from connectors import read_side
from connectors.reading import JST
from connectors.secrets import Cipher, load_key_file
from connectors.tables import engine_for
from schemas.codec import DecodeError
from state.wire import decode
from streams.cli_seiri import kind_ja
from streams.cli_shared import WRONG_USE, console, fail, hub_bootstrap, readable_errors
from streams.resend import Original, Resender, Resent, open_original, why_not
from streams.settings import Settings, settings
from streams.topics import topics
from streams.worker import configure_logging

STAFF_MOST, REASON_MOST = 64, 200
log = structlog.get_logger("shuunou.resend")


def resend(
    letter_id: Annotated[str, typer.Argument(help="The letter's id, or its beginning.")],
    staff: Annotated[str, typer.Option(help="担当者コード of who decides.")],
    reason: Annotated[str, typer.Option(help="Why; no personal data. Kept with the message for ever.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")
    ] = False,
) -> None:
    """再送: send a refused message again, to where it stood. Shows what it would do; --yes does it."""
    configure_logging()
    for name, text, most in (("--staff", staff, STAFF_MOST), ("--reason", reason, REASON_MOST)):
        if not 0 < len(text.strip()) <= most or not text.isprintable():
            fail(f"{name}: expected 1 to {most} printable characters, found {len(text)}", WRONG_USE)
    conf = settings()
    with readable_errors():
        found = _letter(conf, letter_id)
        instead = why_not(found["topic"])
        if instead is not None:
            fail(f"letter {found['letter_id'][:8]}: it cannot be sent again: {instead}", WRONG_USE)
        original = open_original(found, Cipher(load_key_file(conf.key_path)))
        if not original.value:
            fail(f"letter {original.letter_id[:8]}: the message was empty: nothing to send", WRONG_USE)
        sender = Resender(hub_bootstrap(conf), dict(conf.security), f"{conf.application}-resend")
        before = sender.find(original)
        if before is not None:
            outcome = _outcome(conf, sender, before)
            fail(f"letter {original.letter_id[:8]}: it was sent again already; {outcome}")
    console.print(f"{found['reason']} {found['what']}: 期待 {found['expected']}、実際 {found['found']}")
    console.print(f"{_what(original)} → {original.topic}/{original.partition}")
    if not yes:
        console.print("nothing was done; repeat with --yes", style="dim")
        return
    with readable_errors():
        sent = sender.send(original, staff, reason)
    place = f"{sent.topic}/{sent.partition}/{sent.offset}"
    log.info("resent", letter=original.letter_id, place=place, tantousha_code=staff)
    console.print(f"sent to {place}; if it is refused again, it will be letter {sent.letter_id}")


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


def _outcome(conf: Settings, sender: Resender, at: Resent) -> str:
    """What became of the earlier resend."""
    again = read_side.letter(engine_for(conf.database), at.letter_id)
    if again is not None:
        when = datetime.fromtimestamp(again.recorded_at / 1000, JST).date()
        return f"it was refused again ({again.reason}, {when}): decide on letter {again.letter_id}"
    readers = next(topic.consumers for topic in topics() if topic.name == at.topic)
    if all(sender.is_worked_off(f"{conf.application}-{stage}", at) for stage in readers):
        return "it was taken in; `shuunou show` shows what came of it"
    return f"it waits to be worked off at {at.topic}/{at.partition}/{at.offset}"
