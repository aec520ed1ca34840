"""What the tests of the connectors share: one synthetic city, written once and only read."""

import time

import pytest

from connectors.city import make_city, write_city
from tests.connectors.city_files import PERSONS, SEED, Written


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("city")
    city, begun = make_city(PERSONS, SEED), time.process_time()
    manifest = write_city(city, folder)
    return Written(city, folder, manifest, time.process_time() - begun)
