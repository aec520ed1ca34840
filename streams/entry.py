"""入口: what the installed `shuunou` calls.

`shuunou schema …` must work while a schema has no id yet, for it is what gives ids; every other command
loads the codec, which needs them all.
"""

from __future__ import annotations

import sys


def main() -> None:
    """始める: the command that the words name."""
    if sys.argv[1:2] == ["schema"]:
        from streams.cli_schema import app

        app(args=sys.argv[2:], prog_name="shuunou schema")
    else:
        from streams.cli import main as whole

        whole()
