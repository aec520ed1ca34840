"""語: docstrings, reasons, topics, handlers: rules read off the source, each shown to find a violation."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

import schemas
from state.reasons import REASONS
from tests.project_source import Source, shipped, sources

_JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
_REASON = re.compile(r"R-[0-9]{3}")
_TOPIC = re.compile(r"(?:ido|matching|ledger|iten|audit|deadletter|state)(?:\.[a-z-]+)*\.v[0-9]+")


def bare_excepts(source: Source) -> Iterator[str]:
    """`except:`, and handlers that only go on without a comment that says why."""
    lines = source.text.splitlines()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler):
            goes_on = len(node.body) == 1 and isinstance(node.body[0], ast.Continue | ast.Pass)
            said = "#" in "".join(lines[node.lineno - 1 : node.end_lineno])
            if node.type is None or (goes_on and not said):
                yield f"{source.name}:{node.lineno}"


def undocumented(source: Source) -> Iterator[str]:
    """Modules, and public classes and functions, whose docstring does not begin with the Japanese term."""
    if source.text.strip() and not _begins_japanese(source.tree):
        yield source.name
    for node in source.tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_") and not _begins_japanese(node):
            yield f"{source.name}:{node.lineno}: {node.name}"


def _begins_japanese(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    lines = (ast.get_docstring(node) or "").splitlines()
    return bool(lines and _JAPANESE.search(lines[0]))


def test_no_exception_is_swallowed() -> None:
    assert [found for source in sources() for found in bare_excepts(source)] == []


def test_everything_public_begins_with_its_japanese_term() -> None:
    assert [found for source in shipped() for found in undocumented(source)] == []


def test_topics_in_code_are_those_of_the_list() -> None:
    known = {topic["name"] for topic in schemas.load_toml("topics")["topic"]}
    written = {text for source in shipped() for text in source.strings() if _TOPIC.fullmatch(text)}
    assert written and written - known == set()


def test_reasons_in_code_are_those_of_the_list() -> None:
    used = {code for source in shipped() for text in source.strings() for code in _REASON.findall(text)}
    assert used - set(REASONS) == set()
    retired = {code for code, reason in REASONS.items() if reason.retired}
    elsewhere = {
        code
        for source in shipped()
        if source.name != "state/reasons.py"
        for text in source.strings()
        for code in _REASON.findall(text)
    }
    assert elsewhere & retired == set()


def test_every_reason_that_is_not_retired_is_given_somewhere() -> None:
    given = {text for source in shipped() if source.name != "state/reasons.py" for text in source.strings()}
    assert {code for code, reason in REASONS.items() if not reason.retired} - given == set()


def test_reasons_are_numbered_by_their_stage() -> None:
    stages = {
        "1": "connector",
        "2": "ingest",
        "3": "matching",
        "4": "receipt",
        "5": "delinquency",
        "6": "transfer",
    }
    assert {code: reason.stage for code, reason in REASONS.items()} == {
        code: stages[code[2]] for code in REASONS
    }


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (bare_excepts, "try:\n    x = 1\nexcept:\n    x = 2"),
        (bare_excepts, "for x in y:\n    try:\n        z()\n    except ValueError:\n        continue"),
        (undocumented, '"""English only."""'),
        (undocumented, "x = 1"),
        (undocumented, '"""構造: x."""\n\ndef f():\n    """Only English."""'),
        (undocumented, '"""構造: x."""\n\nclass C:\n    """English.\n\n    日本語\n    """'),
    ],
)
def test_such_would_be_found(find: Callable[[Source], Iterator[str]], text: str) -> None:
    assert len(list(find(Source("state/x.py", text)))) == 1
