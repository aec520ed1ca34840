"""Numbers of the synthetic city that must not be found: which they are, and the search for them."""

import hashlib
import json
from itertools import islice

import pytest

from connectors.city import found_in_clear
from connectors.city.confidential import kojin_bangou, kouza_bangou
from connectors.ids import event_id
from state import checks
from tests.connectors.city_files import CSV_FILES, PERSONS, SEED, Written, rows


def test_confidential_numbers_are_those_of_the_files(written: Written) -> None:
    numbers = set(written.city.confidential_numbers())
    atena = list(rows(written.folder, CSV_FILES["atena"]))
    assert numbers == {row[name] for row in atena for name in ("個人番号", "口座番号")} - {""}
    wrong = [row for row in atena if not checks.is_kojin_bangou(row["個人番号"])]
    assert len(wrong) == written.manifest.troubles["kojin_bangou_wrong"]


def test_the_search_finds_them_where_they_stand(written: Written) -> None:
    numbers = frozenset(number.encode() for number in written.city.confidential_numbers())
    for path in written.folder.glob("atena_*.csv"):
        data = path.read_bytes()
        cells = [row[name] for row in rows(path.parent, path.name) for name in ("個人番号", "口座番号")]
        assert found_in_clear(data, numbers) == sum(cell != "" for cell in cells)
    for file in written.manifest.files:
        if file.name.startswith("kouza_furikae"):
            assert found_in_clear((written.folder / file.name).read_bytes(), numbers) >= file.lines


@pytest.mark.parametrize(
    "around",
    [
        b"%s",
        b'{"kouza": "%s"}',
        b"\x0e%s\x02",
        b"a,%s\r\n",
        b"(%s)",
        b"0991-101-%s",
        b"/%s/",
        b"00001%s\xb1",
        b" 1%s\xb1",
    ],
    ids=repr,
)
def test_the_search_finds_an_account_in(around: bytes) -> None:
    number = kouza_bangou(12).encode()
    assert found_in_clear(b"x " + around % number + b" y", frozenset([number])) == 1
    assert found_in_clear(b"x " + around % number + b" y", frozenset([kouza_bangou(13).encode()])) == 0


def test_the_search_finds_a_kojin_bangou_anywhere() -> None:
    number = kojin_bangou(12).encode()
    for around in (b"%s", b"0%s0", b"abc%sdef", b"0000%s"):
        assert found_in_clear(around % number, frozenset([number])) == 1


def test_nothing_else_in_the_city_looks_like_one(written: Written) -> None:
    """Everything but the two columns, and what the hub derives from it, as it may stand on disk."""
    numbers = frozenset(number.encode() for number in written.city.confidential_numbers())
    for story in islice(written.city.stories(), 400):
        words = {
            value
            for line in story.lines
            for name, value in line.fields.items()
            if name not in ("kojin_bangou", "kouza_bangou")
        }
        words |= {word.replace("-", "") for word in words}
        words |= {hashlib.sha256(word.encode()).hexdigest() for word in words}
        words |= {event_id("test", word) for word in words}
        for between in (" ", '","', "\x14", "|"):
            assert found_in_clear(between.join(sorted(words)).encode(), numbers) == 0
    assert found_in_clear((written.folder / "city.json").read_bytes(), numbers) == 0


def test_the_manifest_holds_totals_and_no_person(written: Written) -> None:
    text = (written.folder / "city.json").read_text(encoding="utf-8")
    stated = json.loads(text)
    assert (stated["persons"], stated["seed"], stated["nendo"]) == (PERSONS, SEED, 2026)
    assert stated["expected"]["choutei_gaku"] == written.manifest.expected.choutei_gaku
    person = next(written.city.stories()).person
    for word in (person.atena_bangou, person.row["henshuuzumi_shimei_kanji"], person.row["setai_bangou"]):
        assert word not in text
