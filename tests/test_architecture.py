"""構造: layers, purity, sizes, Faust: rules read off the source. Each is shown to find a planted violation."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project_source import PACKAGES, ROOT, Source, shipped, sources

ALLOWED = {package: set(PACKAGES[:place]) for place, package in enumerate(PACKAGES)}
NOT_SHIPPED = {"tests", "bench", "docker", "console"}
MODULE_LINES, LINE_CHARS, FUNCTION_LINES = 400, 110, 70

IMPURE_MODULES = {
    "asyncio", "concurrent", "ctypes", "fcntl", "ftplib", "getpass", "glob", "http", "importlib",
    "io", "locale", "logging", "mmap", "multiprocessing", "os", "pathlib", "platform", "random", "sched",
    "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
    "threading", "time", "urllib", "warnings", "webbrowser",
}  # fmt: skip
IMPURE_CALLS = {"now", "today", "utcnow", "fromtimestamp", "uuid1", "uuid4", "getenv", "urandom"}
IMPURE_BUILTINS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}

FORBIDDEN_CALLS = {"take", "GlobalTable", "hopping", "tumbling", "group_by"}
FORBIDDEN_MODULES = {"pickle", "faust.web", "faust.windows"}
FORBIDDEN_WORDS = ("exactly_once", "confluent://")

ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
READS_ENVIRONMENT = {
    "streams/settings.py",
    "streams/engine/failpoints.py",
    "streams/__init__.py",
    "streams/local/java.py",
}


# -- imports ---------------------------------------------------------------------------------------


def wrong_imports(source: Source) -> Iterator[str]:
    """Imports against the arrows streams → connectors → state → schemas."""
    allowed = ALLOWED[source.package] | {source.package}
    for module, line in source.imports():
        first = module.split(".")[0]
        if module.startswith("."):
            yield f"{source.name}:{line}: {source.package} imports {module} (relative)"
        elif (first in ALLOWED and first not in allowed) or first in NOT_SHIPPED:
            yield f"{source.name}:{line}: {source.package} -> {first}"


def impurities(source: Source) -> Iterator[str]:
    """What `state` may not use: other libraries, I/O, clocks, randomness."""
    for module, line in source.imports():
        first = module.split(".")[0]
        known = first in sys.stdlib_module_names and first not in IMPURE_MODULES
        if not known and first not in {"schemas", "state"}:
            yield f"{source.name}:{line}: imports {module}"
    for name, call in source.calls():
        is_plain = isinstance(call.func, ast.Name)
        if name in IMPURE_CALLS or (is_plain and name in IMPURE_BUILTINS):
            yield f"{source.name}:{call.lineno}: calls {name}()"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global | ast.Nonlocal | ast.AsyncFunctionDef):
            yield f"{source.name}:{node.lineno}: {type(node).__name__}"


def test_layers_import_only_downwards() -> None:
    assert [found for source in shipped() for found in wrong_imports(source)] == []


def test_state_is_pure() -> None:
    assert [f for source in shipped() if source.package == "state" for f in impurities(source)] == []


def test_schemas_need_only_fastavro() -> None:
    libraries = {
        module.split(".")[0]
        for source in shipped()
        # the build of the C codec runs when the hub is installed, never while it works
        if source.package == "schemas" and source.name != "schemas/native_build.py"
        for module, _ in source.imports()
    }
    assert libraries - set(sys.stdlib_module_names) <= {"fastavro", "schemas"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("schemas/x.py", "from state.events import AtenaChanged"),
        ("state/x.py", "import connectors.ids"),
        ("state/x.py", "def late():\n    from streams import topics"),
        ("connectors/x.py", "import streams"),
        ("streams/x.py", "from tests import given"),
        ("streams/x.py", "import bench.flow"),
        ("state/x.py", "from . import events"),
        ("state/x.py", "from ..connectors import ids"),
    ],
)
def test_a_wrong_import_would_be_found(name: str, text: str) -> None:
    assert len(list(wrong_imports(Source(name, text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import faust",
        "import os",
        "from time import monotonic",
        "import random",
        "def f():\n    import subprocess",
        "from datetime import date\nx = date.today()",
        "import datetime\nx = datetime.datetime.now()",
        "import uuid\nx = uuid.uuid4()",
        "x = open('a')",
        "print(1)",
        "def f():\n    global x\n    x = 1",
    ],
)
def test_an_impurity_would_be_found(text: str) -> None:
    assert len(list(impurities(Source("state/x.py", text)))) == 1


def test_what_is_right_is_not_found() -> None:
    good = (
        "import hashlib\nfrom datetime import date\nimport schemas\nfrom state import events\nx = date.max"
    )
    source = Source("state/x.py", good)
    assert not [*wrong_imports(source), *impurities(source)]


# -- size ------------------------------------------------------------------------------------------


def too_large(source: Source) -> Iterator[str]:
    """Modules, lines and functions beyond the limits."""
    lines = source.text.splitlines()
    if len(lines) >= MODULE_LINES:
        yield f"{source.name}: {len(lines)} lines"
    for number, line in enumerate(lines, 1):
        if len(line) >= LINE_CHARS:
            yield f"{source.name}:{number}: {len(line)} characters"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{source.name}:{node.lineno}: {node.name} has {length} lines"


def test_everything_is_short() -> None:
    assert [found for source in sources() for found in too_large(source)] == []


def test_what_is_too_large_would_be_found() -> None:
    long_function = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
    assert len(list(too_large(Source("state/x.py", long_function)))) == 1
    assert len(list(too_large(Source("state/x.py", "x = 1\n" * MODULE_LINES)))) == 1
    assert len(list(too_large(Source("state/x.py", f"x = '{'収' * LINE_CHARS}'")))) == 1
    assert not list(too_large(Source("state/x.py", f"x = '{'収' * (LINE_CHARS - 7)}'")))


# -- Faust and the environment ---------------------------------------------------------------------


def forbidden_faust(source: Source) -> Iterator[str]:
    """Features of Faust that lose or double money, or open a port (shared hazards F1 to F12)."""
    for module, line in source.imports():
        if any(module == word or module.startswith(word + ".") for word in FORBIDDEN_MODULES):
            yield f"{source.name}:{line}: imports {module}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.keyword) and node.arg == "web_enabled" and _is_not_false(node.value):
            yield f"{source.name}:{node.value.lineno}: web_enabled is not False"
    for name, call in source.calls():
        if name in FORBIDDEN_CALLS:
            yield f"{source.name}:{call.lineno}: {name}()"
    for text in source.strings():
        for word in FORBIDDEN_WORDS:
            if word in text:
                yield f"{source.name}: {word}"


def _is_not_false(value: ast.expr) -> bool:
    return not (isinstance(value, ast.Constant) and value.value is False)


def environment(source: Source) -> Iterator[str]:
    """Places that read the environment; to hand it on to a child (`{**os.environ}`) is not reading."""
    handed_on = {
        id(value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Dict)
        for name, value in zip(node.keys, node.values, strict=True)
        if name is None
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and id(node) not in handed_on:
            yield f"{source.name}:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & ENVIRONMENT:
            yield f"{source.name}:{node.lineno}"


def test_no_forbidden_feature_of_faust_is_used() -> None:
    found = [f for source in shipped() if source.package == "streams" for f in forbidden_faust(source)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "async def f(stream):\n    async for x in stream.take(10, within=1):\n        pass",
        "app = App('x', processing_guarantee='exactly_once')",
        "t = app.GlobalTable('x')",
        "t = app.Table('x').hopping(10, 5)",
        "t = app.Table('x').tumbling(10)",
        "s = stream.group_by(key)",
        "app = App('x', broker='confluent://localhost')",
        "import pickle",
        "from faust.web import View",
        "app = App('x', web_enabled=True)",
    ],
)
def test_a_forbidden_feature_would_be_found(text: str) -> None:
    assert len(list(forbidden_faust(Source("streams/x.py", text)))) == 1


def test_faust_opens_no_port() -> None:
    """Its default is to open one: the one app that is made must say otherwise."""
    said = [
        keyword
        for source in shipped()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "web_enabled"
    ]
    assert said and not any(_is_not_false(keyword.value) for keyword in said)


def test_the_environment_is_read_in_few_places() -> None:
    found = [f for s in shipped() if s.name not in READS_ENVIRONMENT for f in environment(s)]
    assert found == []


def test_reading_the_environment_would_be_found() -> None:
    for text in (
        "import os\nx = os.environ['A']",
        "import os\nx = os.getenv('A')",
        "from os import environ",
    ):
        assert len(list(environment(Source("connectors/x.py", text)))) == 1
    assert not list(environment(Source("connectors/x.py", "import os\nx = {**os.environ, 'LC_ALL': 'C'}")))


# -- packages --------------------------------------------------------------------------------------


def test_docker_is_no_package() -> None:
    """With an `__init__.py` it would shadow the SDK that testcontainers imports."""
    assert not list((ROOT / "docker").rglob("__init__.py"))


def test_the_wheel_is_of_exactly_four_packages(tmp_path: Path) -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert sorted(stated["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == sorted(ALLOWED)
    build = f"import hatchling.build as b; b.build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ALLOWED)
    assert "schemas/avro/ids.tsv" in names and "schemas/topics.toml" in names
