"""入口: what the installed `shuunou`, and `python -m streams`, call. Loads what the command needs.

`shuunou schema …` must work while a schema has no id yet, for it is what gives ids; every other command
loads the codec, which needs them all. What works in the background is light, the rest is not.
"""

from __future__ import annotations

import sys

BACKGROUND = ("worker", "connectors")


def main(words: list[str] | None = None) -> None:
    """始める: the command that the words name."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["schema"]:
        from streams.cli_schema import app

        app(args=words[1:], prog_name="shuunou schema")
    elif words and words[0] in BACKGROUND:
        from streams.cli_work import app

        app(args=words, prog_name="shuunou")
    else:
        from streams.cli import app

        app(args=words, prog_name="shuunou")
