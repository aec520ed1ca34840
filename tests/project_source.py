"""源: the project's own Python files, parsed, for the tests that read the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "state", "connectors", "streams")
"""The layers: each may import those before it."""
OUTSIDE = {".venv", ".git", ".hub", ".hypothesis", "build", "dist", "__pycache__"}


class Source:
    """One module of the project."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text, self.tree = name, text, ast.parse(text)

    @property
    def package(self) -> str:
        return self.name.split("/")[0]

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module that is imported, anywhere in the text, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # a relative import is a path of its own making: it shows up as one that nobody may import
                yield ("." * node.level) + (node.module or ""), node.lineno

    def strings(self) -> Iterator[str]:
        """Every string that is not a docstring."""
        told = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield node.value

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call, by the last part of what is called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                yield name, node


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the project, tests and benchmarks among them."""
    found = (path for path in ROOT.rglob("*.py") if not OUTSIDE.intersection(path.relative_to(ROOT).parts))
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in sorted(found)
    )


def shipped() -> Iterator[Source]:
    """The modules of the wheel."""
    return (source for source in sources() if source.package in PACKAGES)
