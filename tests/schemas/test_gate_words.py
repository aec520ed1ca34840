"""様式の関門: faults planted in words, code lists and cited provisions."""

from importlib.resources import files

import pytest

from schemas import gate
from schemas.gate import words
from tests.schemas.planted import MATERIAL, codes


@pytest.mark.parametrize(
    "identifier", ["payment", "receive_payments", "PaymentReceived", "dueDate", "write_off_on", "MyNumber"]
)
def test_a_forbidden_synonym_is_found_alone_or_as_a_part(identifier):
    assert codes(MATERIAL, identifiers=[("a.py", identifier)]) == {"S-602"}


@pytest.mark.parametrize(
    "identifier",
    ["receipt", "offset", "shuunou_received", "due", "number", "repayment_free", "koushin_user_id"],
)
def test_other_words_are_free(identifier):
    assert codes(MATERIAL, identifiers=[("a.py", identifier)]) == set()


def test_python_identifiers_are_functions_and_classes_with_their_file():
    found = set(words.python_identifiers(files("schemas"), "schemas"))
    assert ("schemas/romaji.py", "romaji") in found
    assert ("schemas/gate/base.py", "Finding") in found
    assert ("schemas/romaji.py", "LOANS") not in found


def test_a_glossary_word_must_have_the_name_of_its_reading():
    wrong = {**MATERIAL.glossary[0], "name": "shuno"}
    assert codes(MATERIAL._replace(glossary=(wrong, *MATERIAL.glossary[1:]))) == {"S-601"}


ROW = {"code": "1", "ja": "明治", "valid_from": "", "valid_to": "", "source": "x"}


CODE_FAULTS = {
    "空の表": (),
    "出所の列がない": ({"code": "1", "ja": "明治"},),
    "出所が空": ({**ROW, "source": ""},),
    "一日に二つの意味": ({**ROW, "valid_to": "2000-01-01"}, {**ROW, "valid_from": "2000-01-01"}),
    "終わりのない前の意味": (ROW, {**ROW, "valid_from": "2000-01-01"}),
}


@pytest.mark.parametrize("rows", CODE_FAULTS.values(), ids=CODE_FAULTS)
def test_faults_of_code_lists(rows):
    assert codes(MATERIAL._replace(codes={**MATERIAL.codes, "gengou": rows})) == {"S-603"}


def test_a_code_may_change_its_meaning_from_a_day():
    rows = ({**ROW, "valid_to": "2000-01-01"}, {**ROW, "ja": "大正", "valid_from": "2000-01-02"})
    assert codes(MATERIAL._replace(codes={**MATERIAL.codes, "gengou": rows})) == set()


def test_cited_provisions_are_listed_and_successors_follow_without_a_gap():
    cited = {"rule": [{"provision": {"01": "chihouzeihou-9999-1"}}, {"provision": "no-such"}]}
    found = gate.check(MATERIAL._replace(law={"tokusoku": cited}), lambda dotted: True, ())
    assert [finding.what for finding in found] == ["provision chihouzeihou-9999-1", "provision no-such"]
    old = MATERIAL.provisions["bangouhou-beppyou1-16"]
    gap = {**MATERIAL.provisions, old.id: old._replace(valid_to=old.valid_to.replace(day=25))}
    assert codes(MATERIAL._replace(provisions=gap)) == {"S-604"}
    lost = {**MATERIAL.provisions, old.id: old._replace(succeeded_by="no-such")}
    assert codes(MATERIAL._replace(provisions=lost)) == {"S-604"}
