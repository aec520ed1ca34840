"""経過の記録: acts that the law does not judge: 納通の発送・返戻・公示, 交渉経過, 担当割, ランク.

They leave a day, a count or a name; the counters themselves are moved where every act is counted.
"""

from __future__ import annotations

from state.seiri.event import TetsuzukiTaken
from state.seiri.person import Person, SeiriHappened, SeiriStep, step


def noted(person: Person, event: TetsuzukiTaken) -> SeiriStep:
    """記録する: nothing but its count and its day."""
    return step(SeiriHappened(event.kind, event.shuunou_key))


def koushou(person: Person, event: TetsuzukiTaken) -> SeiriStep:
    """交渉経過: what was said and done; the text itself goes to the record of 交渉経過 as given."""
    book = person.book
    latest = max(event.on, book.koushou_on or event.on)
    after = book._replace(koushou_kaisuu=book.koushou_kaisuu + 1, koushou_on=latest)
    return step(SeiriHappened(event.kind), book=after)


def tantou(person: Person, event: TetsuzukiTaken) -> SeiriStep:
    """担当割: the newest assignment prevails, whatever the order of arrival."""
    book = person.book
    if event.on < (book.tantou_on or event.on):
        return step(SeiriHappened("TantouSuperseded"))
    after = book._replace(tantousha_code=event.tantousha_code, tantou_on=event.on)
    return step(SeiriHappened(event.kind), book=after)


def rank(person: Person, event: TetsuzukiTaken) -> SeiriStep:
    """ランク: the newest prevails, whatever the order of arrival."""
    book = person.book
    if event.on < (book.rank_hizuke or event.on):
        return step(SeiriHappened("RankSuperseded"))
    return step(SeiriHappened(event.kind), book=book._replace(rank=event.code, rank_hizuke=event.on))


HANDLERS = {
    "NoutsuuSent": noted,
    "NoutsuuReturned": noted,
    "NoutsuuPosted": noted,
    "KoushouRecorded": koushou,
    "TantouAssigned": tantou,
    "RankSet": rank,
}
