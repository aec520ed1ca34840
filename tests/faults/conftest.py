"""A broker, a nursery and a folder of their own, which these tests may break as they like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.faults.playing import site
from bench.faults.world import Site
from tests.conftest import JARS

SEED, MINUTES, WORKERS = 11, 0.07, 2
BLOCKED_S = 5.0
"""Of the row of poison; other tests may be at work on the same cores."""


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("faults") / "site", JARS, SEED, MINUTES, WORKERS) as opened:
        yield opened._replace(blocked_s=BLOCKED_S)
