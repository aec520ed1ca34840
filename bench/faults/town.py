"""まちの荷: a synthetic city's changes in the legs in which `shuunou run` lets them come.

First the year; when it is worked off and its last day has come, what the office does about the bills;
then the answers to its inquiries. Acts answer to how the year ended, and those of one person to each other:
no act comes before its leg begins. Within a leg rows may change the order, that of a person's acts excepted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.faults.load import Item
from bench.load import arrivals
from connectors.city import City, Expected, make_city, write_city
from connectors.city.model import TetsuzukiChange
from connectors.secrets import Cipher
from state import wire
from streams.cityfiles import ACTS, Days, days_of, is_of, is_of_the_year
from streams.connecting import readers

MESSAGES_PER_PERSON = 20
PERSONS_LEAST = 30


class Leg(NamedTuple):
    """一区間: changes that may come together, as messages in the order of delivery and as files by day."""

    items: list[Item]
    files: list[Path]


class Town(NamedTuple):
    """まち: the year, the acts on it, the answers to them; the days that come, and the truth at the end."""

    city: City
    expected: Expected
    year: Leg
    acts: Leg
    answers: Leg
    days: Days

    @property
    def items(self) -> list[Item]:
        """年度の荷。"""
        return self.year.items

    @property
    def files(self) -> list[Path]:
        """年度のファイル。"""
        return self.year.files

    @property
    def all_items(self) -> list[Item]:
        """すべての荷。"""
        return [*self.year.items, *self.acts.items, *self.answers.items]

    def allowed_acts(self) -> list[Item]:
        """認められる手続: those that the city says are accepted; told twice they change nothing.

        What is refused may be allowed later, when another act has changed what stood in its way.
        """
        changes = (change for change in self.city.changes() if isinstance(change, TetsuzukiChange))
        allowed = {(change.atena_bangou, change.act, change.bangou) for change in changes}
        acts = ((item, wire.decode(item.value or b"")) for item in self.acts.items)
        return [item for item, act in acts if (act.atena_bangou, act.kind, act.bangou) in allowed]


def make_town(messages: int, seed: int, folder: Path, cipher: Cipher) -> Town:
    """まちを作る: with about so many messages in its year, at least."""
    city = make_city(max(PERSONS_LEAST, messages // MESSAGES_PER_PERSON + 1), seed)
    manifest = write_city(city, folder)
    ordered = sorted(manifest.files, key=lambda file: (file.delivered_on, file.name))
    wanted = (is_of_the_year, *map(is_of, ACTS))
    files = [[folder / file.name for file in ordered if chosen(file.name)] for chosen in wanted]
    legs = (Leg(_items(paths, city, cipher), paths) for paths in files)
    return Town(city, manifest.expected, *legs, days=days_of(city.nendo))


def _items(files: Sequence[Path], city: City, cipher: Cipher) -> list[Item]:
    """What the readers make of the files that the intake would let through."""
    lines = arrivals(files, city.jichitai_code, readers(cipher))
    return [Item(line.topic, line.key.encode(), wire.encode(line.event)) for line in lines]


def mixed(items: Sequence[Item], seed: int) -> list[Item]:
    """人の順だけを守って混ぜる: every order in which the acts of each person stay in theirs."""
    waiting: dict[bytes, list[Item]] = {}
    for item in items:
        waiting.setdefault(item.key, []).append(item)
    turns = [item.key for item in items]
    random.Random(seed).shuffle(turns)
    following = {key: iter(own) for key, own in waiting.items()}
    return [next(following[key]) for key in turns]
