"""一括り: what several files say, committed in one transaction; only then is each of them put away.

A transaction costs the broker and those who wait for it some hundredths of a second, however little it
holds, and a day's files of a city are mostly small. Nothing of a bundle counts before its commit: after a
crash, or when it is given up, every file of it is still in the folder where it was taken.
"""

from __future__ import annotations

from collections.abc import Callable

from connectors.journal import Journal, Message


class Bundle:
    """一括り: over one journal, at most about so many messages or bytes at a time. Not for several threads."""

    def __init__(self, journal: Journal, most_messages: int, most_bytes: int) -> None:
        self._journal, self._most_messages, self._most_bytes = journal, most_messages, most_bytes
        self.give_up()

    def give_up(self) -> None:
        """捨てる: forget what was not committed."""
        self._messages: list[Message] = []
        self._positions: dict[str, bytes] = {}
        self._afterwards: list[Callable[[], None]] = []
        self._bytes = self._kept = self._reached = 0

    @property
    def is_full(self) -> bool:
        """いっぱいか: commit before anything is added."""
        return len(self._messages) >= self._most_messages or self._bytes >= self._most_bytes

    @property
    def is_heavy(self) -> bool:
        """重いか: the files that wait for the commit keep so much memory that no other should join them."""
        return self._kept >= self._most_bytes

    def add(self, message: Message) -> None:
        """一通を加える。"""
        self._messages.append(message)
        self._bytes += len(message.value)

    def reach(self, key: str, position: bytes, *afterwards: Callable[[], None], keeps: int = 0) -> None:
        """位置に達する: what was added until now is complete with it.

        What is done after the commit is done in the order in which it was asked for; `keeps` is how many
        bytes of memory wait for it.
        """
        self._positions[key] = position
        self._afterwards += afterwards
        self._kept += keeps
        self._reached = len(self._messages)

    def position(self, key: str) -> bytes | None:
        """位置: as this bundle leaves it, else as it was committed; None for a source never seen."""
        return self._positions.get(key) or self._journal.positions.get(key)

    def commit(self) -> None:
        """記帳する: all that was reached; what was added beyond is given up, as after a failure all of it is.

        Raises as `Journal.commit`.
        """
        if not self._positions:
            return self.give_up()
        messages, positions, afterwards = (
            self._messages[: self._reached],
            self._positions,
            self._afterwards,
        )
        self.give_up()
        self._journal.commit(messages, positions)
        for do in afterwards:
            do()
