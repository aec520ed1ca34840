"""目録: every connector of the list exists, says so itself, and writes only topics that are its own."""

from importlib import import_module

import pytest

import schemas
from connectors import CATALOGUE

TOPICS = {topic["name"]: topic for topic in schemas.load_toml("topics")["topic"]}


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_names_a_module_its_spec_and_its_class(name: str) -> None:
    module = import_module(CATALOGUE[name].module)
    assert isinstance(getattr(module, CATALOGUE[name].cls), type)
    spec = module.SPEC
    assert spec.name == name
    assert spec.direction == name.partition("_")[0]
    for topic in spec.topics:
        writer, readers = TOPICS[topic]["producer"], TOPICS[topic]["consumers"]
        assert name == writer if spec.direction == "source" else name in readers


def test_every_topic_that_a_source_produces_has_its_source() -> None:
    producers = {topic["producer"] for topic in TOPICS.values()}
    assert {name for name in producers if name.startswith("source_")} <= set(CATALOGUE)
