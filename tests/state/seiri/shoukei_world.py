"""納税承継の場面: a person on whose 期別 the office has acted, and the heirs, on the three stages in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from state import wire
from state.seiri.person import Person
from state.seiri.values import KibetsuSeiri, Seiribo
from streams import ledger, seiri
from tests import given
from tests.streams.memory_hub import Hub

HEIR, OTHER_HEIR, STRANGER = "0000000008", "0000000009", "0000000005"
SHARE, OTHER_SHARE = (given.shuunou_key(kibetsu, tsuuchisho=9) for kibetsu in (1, 2))
OWED = 30_000


def act(kind: str, on: date, **over: Any) -> Any:
    """An act of the office, on the deceased's 期別 unless another is named."""
    return given.tetsuzuki(kind, on, **over)


class Family:
    """The hub, and what it holds of the deceased and the heirs."""

    def __init__(self) -> None:
        self.hub = Hub()

    def tell(self, *events: Any) -> Family:
        self.hub.tell(*events)
        return self

    def act_of(self, on: date, *yen: int) -> Any:
        heirs = ((SHARE, HEIR), (OTHER_SHARE, OTHER_HEIR))
        lines = [
            given.bubun(key, one, atena=atena) for (key, atena), one in zip(heirs, yen, strict=False)
        ]
        return act("NouzeiShoukeiMade", on, bangou="承1", uchiwake=tuple(lines))

    def occupy(self, key: str) -> None:
        """Somebody else's bill under the 収納キー of the share."""
        self.tell(given.choutei(gaku=500, key=key, atena_bangou=STRANGER))

    def kinds(self) -> list[str]:
        return [fact.kind for fact in self.hub.seiri_facts]

    def shares(self) -> list[tuple[Any, KibetsuSeiri]]:
        accounts = self.hub.accounts()
        found = ((SHARE, HEIR), (OTHER_SHARE, OTHER_HEIR))
        return [(accounts[key], self.hub.seiri(key, atena)) for key, atena in found]

    def persons(self) -> set[str]:
        return {account.atena_bangou for account in self.hub.accounts().values()}

    def person(self) -> Person:
        """The deceased as the agent reads him."""
        key = given.KEY
        account, own = self.hub.accounts()[key], self.hub.seiri()
        return Person(
            given.PERSON, {key: account}, {key: own}, self.hub.seiribo() or Seiribo(given.PERSON), None, None
        )

    def rows(self) -> dict[bytes, bytes]:
        """All rows of the ledger and of matching; without positions, which go on with every message."""
        stages = (self.hub.ledger, self.hub.matching)
        return {k: v for one in stages for k, v in one.store.rows.items() if not k.startswith(b"\x00")}

    def repeat_shares(self) -> None:
        """Every share that the ledger ever made comes to matching again, and every return to the ledger."""
        shares = self.hub.ledger.sent(seiri.SHOUKEI_OUT)
        messages = [(share.shuunou_key.encode(), wire.encode(share)) for share in shares]
        returns = self.returns()
        out = self.hub.matching.run(seiri.SHOUKEI_OUT, *messages)
        assert not [o for o in out if o.topic == ledger.LEDGER_INPUT], "judged once"
        if returns:
            self.hub.ledger.run(ledger.LEDGER_INPUT, *returns)

    def returns(self) -> list[tuple[bytes, bytes]]:
        sent = self.hub.matching.sent(ledger.LEDGER_INPUT)
        back = [event for event in sent if type(event).__name__ == "ShoukeiReturned"]
        return [(event.atena_bangou.encode(), wire.encode(event)) for event in back]


def inherit(of: Family, on: date, *yen: int) -> bool:
    """The heirs take over so many yen; False when the law does not allow it."""
    before = len(of.kinds())
    of.tell(of.act_of(on, *yen))
    return "NouzeiShoukeiMade" in of.kinds()[before:]


def _lines(yen: int = OWED) -> dict[str, Any]:
    return {"key": None, "kingaku": yen, "uchiwake": (given.bubun(given.KEY, yen),)}


CHAINS: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (("TokusokuIssued", {}), ("SashiosaeMade", _lines()),
     ("ShobunhiIncurred", {"kingaku": 700, "taishou_bangou": "1"})),
    (("TokusokuIssued", {}), ("TokusokuReturned", {}),
     ("TokusokuAddressInvestigated", {"jouken": {"is_hanmei": "false"}}), ("TokusokuPosted", {})),
    (("SashiosaeMade", _lines()), ("ShobunReleased", {"key": None, "taishou_bangou": "1", "code": "1"})),
    (("KoufuYoukyuuMade", _lines()),),
    (("YuuyoApplied", {"code": "choushuu_yuuyo", "kingaku": 20_000, "jouken": {"jiyuu": "15-1-1"}}),
     ("YuuyoGranted", {"code": "choushuu_yuuyo"})),
    (("YuuyoGranted", {"code": "kanka_shokken", "jouken": {"jiyuu": "15_5-1-2", "has_seii": "true"}}),
     ("YuuyoCancelled", {"code": "kanka_shokken", "jouken": {"jiyuu": "2"}})),
    (("ShikkouTeishiDecided", {"code": "1"}), ("ShikkouTeishiCancelled", {})),
    (("JikouNoted", {"code": "noufu_seiyaku"}),),
    (("EntaikinWaived", {"code": "genmen"}),),
    (("SaikokuIssued", {"code": "bunsho"}),),
)  # fmt: skip
"""What the office does in order; which of it the law allows depends on the days and on what came before."""


@st.composite
def family(draw: st.DrawFn) -> Family:
    """A 期別 with a history: acts, receipts and a denied one, in the order of their days."""
    chosen = draw(st.permutations(range(len(CHAINS))))[: draw(st.integers(1, 5))]
    steps = [step for place in chosen for step in CHAINS[place]]
    parts = draw(st.lists(st.integers(1, 9_000), max_size=3))
    length = len(steps) + len(parts)
    days = sorted(draw(st.lists(st.integers(0, 115), min_size=length, max_size=length)))
    paying = set(draw(st.permutations(range(length)))[: len(parts)])
    of = Family().tell(given.choutei(gaku=OWED), *_early(draw))
    for number, offset in enumerate(days):
        on = date.fromordinal(date(2026, 7, 1).toordinal() + offset)
        if number in paying:
            of.tell(*_paid(draw, number, parts.pop(), on))
            continue
        kind, over = steps.pop(0)
        if kind in ("YuuyoGranted", "EntaikinWaived"):
            made = date.fromordinal(on.toordinal() + draw(st.integers(10, 300)))
            over = {**over, "kara": on, "made": made}
        of.tell(act(kind, on, **{"bangou": "1", **over}))
    return of


def _early(draw: st.DrawFn) -> list[Any]:
    """Before the 納期限: perhaps a payment, perhaps 繰上徴収."""
    early: list[Any] = []
    if draw(st.booleans()):
        early.append(given.received("cvs:early", draw(st.integers(1, 4_000))))
    if draw(st.booleans()):
        early.append(act("KuriageChoushuuMade", date(2026, 6, 21), made=date(2026, 6, 26)))
    return early


def _paid(draw: st.DrawFn, number: int, yen: int, on: date) -> list[Any]:
    told: list[Any] = [given.received(f"cvs:{number}", yen, on=on, torikomibi=on)]
    if draw(st.integers(0, 3)) == 0:
        told.append(given.reversal(f"cvs:{number}", yen, on=on, torikomibi=on))
    return told

