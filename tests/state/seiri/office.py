"""役所: one person's ledger and what the office does about it, in the pure core; the notation of its tables.

A story is written as `調定1 10000 → 基準日 2026-07-21 → 督促 1 2026-07-20`. What `tests.state.scenario` knows
is written as there; an act is its word, its number, its day, then `名=値`. `2期:` stands in front of an act on
another 期別, `期=1・2` or `内訳=1:3000・2:2000` name several. `徴収猶予`, `換価猶予` and `執行停止` put in force what
other acts grant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from state import ledger
from state.events import KijunbiAdvanced
from state.facts import LedgerFact
from state.law import shikkou_teishi, yuuyo
from state.law.jikou import Standing, standing
from state.reasons import Refusal
from state.receipt.account import TORIKESHI, ReceiptAccount
from state.receipt.seisan import Seisan
from state.seiri import apply as seiri
from state.seiri.book import book
from state.seiri.event import TetsuzukiTaken
from state.seiri.fact import SeiriFact
from state.seiri.jikou_of import jikou_of
from state.seiri.kinds import check
from state.seiri.person import Person, SeiriStep
from state.seiri.values import KibetsuSeiri, Seiribo
from tests import given
from tests.state import scenario

ACTS = {
    "督促": "TokusokuIssued",
    "返戻": "TokusokuReturned",
    "判明": "TokusokuAddressInvestigated",
    "不明": "TokusokuAddressInvestigated",
    "再発送": "TokusokuReissued",
    "公示": "TokusokuPosted",
    "督促取消": "TokusokuWithdrawn",
    "停止設定": "TeishiSet",
    "停止解除": "TeishiLifted",
    "催告": "SaikokuIssued",
    "差押": "SashiosaeMade",
    "参加差押": "SankaSashiosaeMade",
    "交付要求": "KoufuYoukyuuMade",
    "その他処分": "SonotaShobunMade",
    "解除": "ShobunReleased",
    "処分取消": "ShobunReleased",
    "配当": "HaitouReceived",
    "処分費": "ShobunhiIncurred",
    "繰上徴収": "KuriageChoushuuMade",
    "移管": "KumiaiTransferred",
    "返還": "KumiaiReturned",
    "照会": "ChousaInquired",
    "回答": "ChousaAnswered",
}
OF_PERSON = {"催告", "解除", "処分取消", "移管", "返還", "照会", "回答", "差押", "参加差押", "交付要求"}
OF_PERSON |= {"その他処分", "配当"}
JOUKEN = {"判明": {"is_hanmei": "true"}, "不明": {"is_hanmei": "false"}, "処分取消": {"is_torikeshi": "true"}}
_NAMES = {"円": "kingaku", "コード": "code", "処分": "taishou_bangou", "照会": "taishou_bangou", "期限": "made"}
_ACT = re.compile(r"(?:(\d+)期:)?(\S+) (\S+) (\d{4}-\d\d-\d\d)((?: \S+)*)")
_GRANT = re.compile(r"(徴収猶予|換価猶予|執行停止) (\d{4}-\d\d-\d\d)")


class Office:
    """The rows of one person, and everything that was said about them."""

    def __init__(self) -> None:
        self.person = Person(given.PERSON, {}, {}, Seiribo(given.PERSON), None, None)
        self.known: dict[tuple[str, str], bytes] = {}
        self.schedule: set[date] = set()
        self.facts: list[SeiriFact] = []
        self.of_ledger: list[LedgerFact] = []
        self.last: list[SeiriFact | Refusal] = []

    def tell(self, *events: Any) -> Office:
        """Apply events one after another; `last` is what the last of them led to."""
        for event in events:
            self.last = []
            if isinstance(event, TetsuzukiTaken):
                self._act(event)
            elif isinstance(event, KijunbiAdvanced):
                self._reach(event)
            elif isinstance(event, KibetsuSeiri):
                self.person = self.person._replace(
                    seiri={**self.person.seiri, event.shuunou_key: event}
                )
                self._mark(event.shuunou_key)
            else:
                self._book(event)
        return self

    def _mark(self, key: str) -> None:
        account = self.person.accounts[key]
        marked = account._replace(seisan=account.seisan or Seisan())
        self.person = self.person._replace(accounts={**self.person.accounts, key: marked})

    def _act(self, event: TetsuzukiTaken) -> None:
        place = (event.kind, event.bangou)
        wrong = check(event)
        done = wrong or seiri.apply(self.person, event, self.known.get(place))
        if isinstance(done, Refusal):
            self.last.append(done)
            return
        self.known[place] = seiri.digest(event)
        self._take(event, event.event_id, done)

    def _take(self, event: Any, prefix: str, done: SeiriStep) -> None:
        booked = book(self.person, event, prefix, done)
        accounts = dict(self.person.accounts)
        for change in booked.changes:
            accounts[change.account.shuunou_key] = change.account
            self.of_ledger += change.facts
        case = booked.changes[-1].case if booked.changes else self.person.case
        self.person = self.person._replace(
            accounts=accounts,
            seiri={**self.person.seiri, **booked.seiri},
            book=done.book or self.person.book,
            case=case,
        )
        self.schedule |= set(done.look_on)
        self.facts += booked.facts
        self.last += booked.facts

    def _book(self, event: Any) -> None:
        key = event.shuunou_key
        account = self.person.accounts.get(key)
        change = ledger.apply(account, self.person.case, self.person.kijunbi, event)
        if isinstance(change, Refusal):
            self.last.append(change)
            return
        self.of_ledger += change.facts
        self.person = self.person._replace(
            accounts={**self.person.accounts, key: change.account}, case=change.case
        )
        if change.account is not account and change.account.seisan is not None:
            done = seiri.follow(self.person, change.account, event)
            self._take(event, f"{event.event_id}/{key}", done)

    def _reach(self, event: KijunbiAdvanced) -> None:
        self.person = self.person._replace(kijunbi=event.kijunbi)
        for key, account in sorted(self.person.accounts.items()):
            change = ledger.reach(account, self.person.case, event)
            self.of_ledger += change.facts
            self.person = self.person._replace(
                accounts={**self.person.accounts, key: change.account}, case=change.case
            )
        is_due = any(day <= event.kijunbi for day in self.schedule)
        self.schedule = {day for day in self.schedule if day > event.kijunbi}
        done = seiri.reach(self.person, event.kijunbi)
        assert is_due or not done.happened, "has something to do but was not on the schedule"
        self._take(event, f"{event.event_id}/{given.PERSON}", done)

    def standing(self, key: str, on: date) -> Standing:
        """The 時効 of one 期別 on a day."""
        return standing(jikou_of(self.person.accounts[key], self.person.seiri_of(key)), on)


def act(
    word: str, bangou: str, on: date, *, key: str | None = None, lines: Any = (), **over: Any
) -> TetsuzukiTaken:
    """手続: by its word in the tables."""
    of_one = None if word in OF_PERSON else key or given.KEY
    uchiwake = tuple(given.bubun(each, yen) for each, yen in lines)
    jouken = {**JOUKEN.get(word, {}), **over.pop("jouken", {})}
    return given.tetsuzuki(
        ACTS[word], on, bangou=bangou, key=of_one, uchiwake=uchiwake, jouken=jouken, **over
    )


def read(notation: str) -> list[Callable[[Office], Any]]:
    """What happens, in order; what other acts grant is put upon the 整理 as it stands then."""
    return [_step(part.strip()) for part in notation.split("→")]


def tell(office: Office, notation: str) -> Office:
    """A whole story."""
    for each in read(notation):
        office.tell(each(office))
    return office


def _step(text: str) -> Callable[[Office], Any]:
    granted = _GRANT.fullmatch(text)
    if granted is not None:
        return lambda office: _granted(office, granted[1], date.fromisoformat(granted[2]))
    found = _ACT.fullmatch(text)
    if found is None or found[2] not in ACTS:
        (event,) = scenario.read(text)
        return lambda office: event
    taken = _act(found)
    return lambda office: taken


def _act(found: re.Match[str]) -> TetsuzukiTaken:
    over: dict[str, Any] = {}
    for part in found[5].split():
        name, _, value = part.partition("=")
        if name == "期":
            over["lines"] = [(given.shuunou_key(int(each)), 0) for each in value.split("・")]
        elif name == "内訳":
            pairs = [each.split(":") for each in value.split("・")]
            over["lines"] = [(given.shuunou_key(int(kibetsu)), int(yen)) for kibetsu, yen in pairs]
        elif name == "種類":
            over["jouken"] = {"shubetsu": value}
        else:
            over[_NAMES[name]] = _value(_NAMES[name], value)
    key = given.shuunou_key(int(found[1] or 1))
    return act(found[2], found[3], date.fromisoformat(found[4]), key=key, **over)


def _value(name: str, text: str) -> Any:
    return int(text) if name == "kingaku" else date.fromisoformat(text) if name == "made" else text


def _granted(office: Office, word: str, on: date) -> KibetsuSeiri:
    """What `state.law` gives for an act of another family, from a day on, on the first 期別."""
    before = office.person.seiri_of(given.KEY)
    if word == "執行停止":
        stopped = shikkou_teishi.start(None, given.KEY, "1", on, False)
        assert not isinstance(stopped, Refusal)
        return before._replace(shikkou_teishi=stopped.value)
    kind, jiyuu = ("choushuu_yuuyo", "15-1-3") if word == "徴収猶予" else ("kanka_shinsei", "15_6-1")
    one = yuuyo.Yuuyo(
        given.KEY, kind, yuuyo.GRANTED, jiyuu, 10_000, on, on, on + timedelta(days=180), False, 0, None, None
    )
    assert yuuyo.effects(one) is not None
    return before._replace(yuuyo=(one,))


def balance(office: Office) -> int:
    """What is owed less what is too much, over all 期別 (円)."""
    return sum(account.minou_gaku - account.kagonou_gaku for account in office.person.accounts.values())


def taken_in(account: ReceiptAccount) -> int:
    """What was received and not denied, by its receipts (円)."""
    return sum(receipt.kingaku for receipt in account.receipts if receipt.dankai != TORIKESHI)


def receipts(office: Office, before: Person) -> int:
    """By how much receipts themselves moved the accounts: a 配当 is one (円)."""
    return sum(
        taken_in(account) - (taken_in(before.accounts[key]) if key in before.accounts else 0)
        for key, account in office.person.accounts.items()
    )


def said(last: list[SeiriFact | Refusal]) -> str:
    """What an act led to, as the tables write it: kinds (期別) with their yen, or the code of the refusal."""
    return " ".join(
        item.reason.code
        if isinstance(item, Refusal)
        else item.kind
        + (f"({int(item.shuunou_key[-2:])})" if item.shuunou_key else "")
        + (f"{item.kingaku:+d}" if item.kingaku else "")
        for item in last
    )
