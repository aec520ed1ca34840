"""場面: the pure core driven by events, and the short notation in which the office's tables write them.

A sequence is written as `調定1 10000 → 速報甲 4000 → 基準日 2026-07-01`. A word, then a number or letter that
tells one such thing from another (履歴番号, receipt), then yen; `2期:` in front when it is not the first 期別;
`納期限=`, `領収=` and `異動=` give a day other than the usual one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from state import ledger
from state.delinquency.apply import is_overdue
from state.delinquency.case import DelinquencyCase
from state.events import ChouteiEstablished, KijunbiAdvanced
from state.facts import LedgerFact
from state.reasons import Refusal
from state.receipt.account import KAKUHOU, SOKUHOU, ReceiptAccount
from tests import given

_EVENT = re.compile(r"(?:(\d+)期:)?(調定|更正|取消|速報取消|速報|確報|振替不能|基準日)(\S*)((?: \S+)*)")
_DAYS = {"納期限": "noukigen", "領収": "on", "異動": "on"}


class World:
    """One person's accounts and case, and everything that was said about them."""

    def __init__(self) -> None:
        self.accounts: dict[str, ReceiptAccount] = {}
        self.case: DelinquencyCase | None = None
        self.kijunbi: date | None = None
        self.agenda: set[tuple[date, str]] = set()
        self.facts: list[LedgerFact] = []
        self.refusals: list[Refusal] = []
        self.last: list[LedgerFact | Refusal] = []

    def tell(self, *events: Any) -> World:
        """Apply events one after another; `last` is what the last of them led to."""
        for event in events:
            self.last = []
            if isinstance(event, KijunbiAdvanced):
                self._reach(event)
            else:
                self._book(event)
        return self

    def _book(self, event: Any) -> None:
        change = ledger.apply(self.accounts.get(event.shuunou_key), self.case, self.kijunbi, event)
        if isinstance(change, Refusal):
            self.refusals.append(change)
            self.last.append(change)
        else:
            self._take(event.shuunou_key, change)

    def _reach(self, event: KijunbiAdvanced) -> None:
        """Every account is looked at: those that are not on the agenda must not be missed by it."""
        self.kijunbi = event.kijunbi
        due = [key for day, key in sorted(self.agenda) if day <= event.kijunbi]
        self.agenda = {entry for entry in self.agenda if entry[0] > event.kijunbi}
        for key in dict.fromkeys([*due, *sorted(self.accounts)]):
            change = ledger.reach(self.accounts[key], self.case, event)
            assert key in due or not change.facts, f"{key}: has something to do but was not on the agenda"
            self._take(key, change)

    def _take(self, key: str, change: ledger.Change) -> None:
        self.accounts[key], self.case = change.account, change.case
        if change.look_on is not None:
            self.agenda.add((change.look_on, key))
        self.facts += change.facts
        self.last += change.facts

    def overdue(self) -> list[ReceiptAccount]:
        """The accounts that count as 滞納 on the 基準日, by the definition itself."""
        return [account for account in self.accounts.values() if is_overdue(account, self.kijunbi)]


def held_until_assessed(events: Iterable[Any]) -> list[Any]:
    """The order in which matching lets events through: payments wait for the first assessment of their 期別
    and then follow it in the order of their ids."""
    through: list[Any] = []
    known: set[str] = set()
    waiting: dict[str, list[Any]] = {}
    for event in events:
        key = getattr(event, "shuunou_key", None)
        if isinstance(event, ChouteiEstablished) and key not in known:
            known.add(event.shuunou_key)
            waited = waiting.pop(event.shuunou_key, [])
            through += [event, *sorted(waited, key=lambda held: str(held.event_id))]
        elif key is None or key in known:
            through.append(event)
        else:
            waiting.setdefault(key, []).append(event)
    return through


def read(notation: str) -> list[Any]:
    """The events of one sequence in the notation of the tables."""
    return [_event(part.strip()) for part in notation.split("→")]


def _event(text: str) -> Any:
    found = _EVENT.fullmatch(text)
    if found is None:
        raise ValueError(f"not in the notation: {text}")
    kibetsu, word, name, rest = int(found[1] or 1), found[2], found[3], found[4].split()
    if word == "基準日":
        return given.kijunbi(date.fromisoformat(rest[0]))
    over: dict[str, Any] = {"key": given.shuunou_key(kibetsu)}
    for part in rest:
        label, is_day, day = part.partition("=")
        if is_day:
            over[_DAYS[label]] = date.fromisoformat(day)
        else:
            over["gaku"] = int(part)
    return _MAKERS[word](name, **over)


def _assessed(make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda name, **over: make(int(name), **over)


_MAKERS: dict[str, Callable[..., Any]] = {
    "調定": _assessed(given.choutei),
    "更正": _assessed(given.corrected),
    "取消": _assessed(given.cancelled),
    "速報": lambda name, **over: given.received(f"cvs:{name}", dankai=SOKUHOU, **over),
    "確報": lambda name, **over: given.received(f"cvs:{name}", dankai=KAKUHOU, **over),
    "速報取消": lambda name, **over: given.reversal(f"cvs:{name}", **over),
    "振替不能": lambda name, **over: given.debit_failed(f"kfr:{name}", **over),
}


def said(last: Iterable[LedgerFact | Refusal]) -> str:
    """What an event led to, as the tables write it: kinds with their yen, or the code of the refusal."""
    return " ".join(
        item.reason.code if isinstance(item, Refusal) else f"{item.kind}{item.kingaku:+d}".replace("+0", "")
        for item in last
    )


def table(path: Path) -> list[dict[str, str]]:
    """The rows of one of the office's tables."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
