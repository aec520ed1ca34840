"""Golden texts: one field per line, read by people.

SHUUNOU_GOLDEN=write makes them anew; then read the difference.
"""

import os
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
WRITE = os.environ.get("SHUUNOU_GOLDEN") == "write"


def lines_of(title: str, fields: Mapping[str, str]) -> list[str]:
    """A title, one line for each field, an empty line."""
    return [f"[{title}]", *(f"{name} = {value}".rstrip() for name, value in fields.items()), ""]


def same_as_golden(name: str, lines: list[str]) -> bool:
    """Whether `tests/golden/<name>.txt` says the same."""
    path, text = FOLDER / f"{name}.txt", "\n".join(lines)
    if WRITE:
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
