"""まち: a synthetic city, the same for the same seed, that delivers a year of real formats with their trouble.

`make_city` says which city, `write_city` writes its files, `City.expected` says what a perfect hub must
end with. Persons are made one after the other and forgotten, so that a city of 200,000 needs no more
memory than one of 2,000. Everything is invented; which numbers are, and how to recognise them, says
`connectors/city/confidential.py`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import NamedTuple

from connectors.city.acts import Acts
from connectors.city.bills import bills_of
from connectors.city.files import CityFiles, Delivered, totals
from connectors.city.model import Bill, Change, Line, Story
from connectors.city.people import DIED, People, atena_lines
from connectors.city.schedule import nendo_of, zeimoku_of
from connectors.city.scripts import Owed
from connectors.city.stories import AFTER_DEATH, IN_TIME, Stories
from connectors.city.truth import Expected, Repeats, Truth, standings
from state.checks import is_dantai_code

DEFAULT_JICHITAI_CODE = "132110"
DEFAULT_TODAY = date(2026, 6, 1)
MANIFEST = "city.json"
PERSONS_MAX = 4_000_000  # 通知書番号 has seven places to base nine
_PROGRESS_EVERY = 100
_NO_TROUBLE = frozenset({"", IN_TIME})

Progress = Callable[[int, int], None]


class Manifest(NamedTuple):
    """目録: what was written, how much trouble is in it, what must come of it; nothing about any person."""

    persons: int
    seed: int
    jichitai_code: str
    nendo: int
    totals: Mapping[str, int]
    troubles: Mapping[str, int]
    expected: Expected
    files: tuple[Delivered, ...]

    def to_json(self) -> str:
        """目録を JSON にする。"""
        stated = self._asdict()
        stated["expected"] = self.expected._asdict()
        stated["files"] = [file._asdict() for file in self.files]
        return json.dumps(stated, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True)
class City:
    """まち: immutable; every function begins again from the seed."""

    persons: int
    seed: int
    jichitai_code: str
    nendo: int
    has_acts: bool = True
    """Whether its office acts on the bills. Acts answer to how the year ended: whoever shuffles a city
    leaves them out."""

    def stories(self) -> Iterator[Story]:
        """物語を順に: one per person, always the same ones."""
        rng = Random(self.seed)
        people, stories = People(rng, self.jichitai_code, self.nendo), Stories(rng, self.jichitai_code)
        acts = Acts(self.seed, self.jichitai_code, acts_on(self.nendo))
        taxes = zeimoku_of(self.nendo)
        for serial in range(self.persons):
            person, special, happens_on = people.make(serial)
            lines, troubles = list(atena_lines(person, special, happens_on)), [special]
            died_on = happens_on if special == DIED else None
            cards: list[tuple[Bill, str]] = []
            for bill in bills_of(rng, person, self.nendo, taxes):
                told, card = stories.tell(person, bill, died_on)
                lines += told
                cards.append((bill, card))
            troubles += [card for _, card in cards]
            if self.has_acts:
                stand = standings(lines)
                owed = [Owed(bill, stand[bill.shuunou_key], card == AFTER_DEATH) for bill, card in cards]
                done, scripts = acts.tell(person, owed)
                lines += done
                troubles += scripts
            yield Story(person, tuple(lines), tuple(name for name in troubles if name not in _NO_TROUBLE))

    def changes(self) -> Iterator[Change]:
        """受け入れられるべき異動: each once, person by person, in the order in which it is delivered for each bill."""
        for story in self.stories():
            for line in story.lines:
                if line.change is not None:
                    yield line.change

    def journal(self) -> list[Change]:
        """受け入れられるべき異動の一覧: for auditors and tests; it is in no delivered file."""
        return list(self.changes())

    def expected(self) -> Expected:
        """正解: what a perfect hub ends with."""
        truth = Truth()
        for story in self.stories():
            truth.add(story.lines)
        return truth.expected()

    def confidential_numbers(self) -> Iterator[str]:
        """秘匿番号: every 個人番号 (the wrong ones too) and 口座番号; see connectors/city/confidential.py."""
        for story in self.stories():
            if story.person.account is not None:
                yield story.person.account.kouza_bangou
            yield from _kojin_bangou(story.lines)


def _kojin_bangou(lines: tuple[Line, ...]) -> list[str]:
    """Each one once, in the order of the lines."""
    return list(
        dict.fromkeys(line.fields["kojin_bangou"] for line in lines if "kojin_bangou" in line.fields)
    )


def acts_on(nendo: int) -> date:
    """手続の渡される日: after all other files of the 年度, whose last ones come at the end of the next May."""
    return date(nendo + 1, 6, 10)


def make_city(
    persons: int,
    seed: int,
    jichitai_code: str = DEFAULT_JICHITAI_CODE,
    today: date = DEFAULT_TODAY,
    *,
    has_acts: bool = True,
) -> City:
    """まちを決める: `today` says which 年度; its files run from April to the end of the next May.

    Raises ValueError for a count out of range, a wrong 自治体コード, a 年度 whose 納期 are not in the master.
    """
    if not 1 <= persons <= PERSONS_MAX:
        raise ValueError(f"persons: expected 1 to {PERSONS_MAX:,}, found {persons:,}")
    if not is_dantai_code(jichitai_code):
        raise ValueError(
            f"自治体コード: expected six digits with a right check digit, found {jichitai_code}"
        )
    zeimoku_of(nendo_of(today))
    return City(persons, seed, jichitai_code, nendo_of(today), has_acts)


def write_city(city: City, folder: Path, progress: Progress | None = None) -> Manifest:
    """まちのファイルを書く: into a folder that is new or empty, with `city.json` beside them.

    `progress` is told how many persons of how many are done. Raises FileExistsError otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder}: expected an empty folder; choose another or remove what is in it")
    files, truth, troubles = CityFiles(folder), Truth(), Counter[str]()
    for done, story in enumerate(city.stories(), 1):
        for line in story.lines:
            files.write(line)
        truth.add(story.lines)
        troubles.update(story.troubles)
        if progress is not None and (done % _PROGRESS_EVERY == 0 or done == city.persons):
            progress(done, city.persons)
    manifest = _manifest(city, truth, troubles, files.finish(truth.repeats()))
    folder.joinpath(MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _manifest(city: City, truth: Truth, troubles: Counter[str], files: list[Delivered]) -> Manifest:
    counted = Counter(troubles)
    counted.update(
        {name: int(route is not None) for name, route in zip(Repeats._fields, truth.repeats(), strict=True)}
    )
    return Manifest(
        city.persons,
        city.seed,
        city.jichitai_code,
        city.nendo,
        totals(files),
        dict(sorted(counted.items())),
        truth.expected(),
        tuple(files),
    )
