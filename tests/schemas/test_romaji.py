"""読みから識別子へ: the rule, and that it gives the name of every item of 別添1."""

import pytest

from schemas.records import betten1, items, records
from schemas.romaji import LOANS, ReadingError, loans_in_label, loans_in_reading, name_of, romaji

ITEMS = [item for record in records() for item in items(record)]


@pytest.mark.parametrize("record", records())
def test_every_name_is_its_reading(record):
    assert {i.ja: i.name for i in items(record)} == {i.ja: name_of(i.yomi) for i in items(record)}


def test_all_324_items_are_held_against_their_readings():
    assert len(ITEMS) == 324
    assert {(i.subfile, i.item_no, i.ja, i.yomi) for i in ITEMS} == {
        (row.subfile, row.item_no, row.ja, row.yomi) for row in betten1()
    }


@pytest.mark.parametrize("record", records())
def test_no_two_readings_share_a_name_within_a_file(record):
    names = [item.name for item in items(record)]
    assert len(set(names)) == len(names) == len({item.yomi for item in items(record)})


@pytest.mark.parametrize("record", records())
def test_a_reading_names_the_loan_words_and_numbers_of_its_label(record):
    stated = {item.ja: loans_in_reading(item.yomi) for item in items(record)}
    assert stated == {ja: loans_in_label(ja) for ja in stated}


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("しゅうのう", "shuunou"),
        ("ちょうてい", "choutei"),
        ("かんぷ", "kanpu"),  # ん is n before p too
        ("げんいん", "genin"),
        ("けっそん", "kesson"),
        ("はっこう", "hakkou"),
        ("にっちょく", "nicchoku"),  # an example of the council's draft
        ("つづきがら", "tsuzukigara"),
        ("ちぢみ", "chijimi"),
        ("じゅうしょ", "juusho"),
        ("ひょうじよう", "hyoujiyou"),
        ("code", "code"),
        ("2", "2"),
    ],
)
def test_romaji(word, written):
    assert romaji(word) == written


@pytest.mark.parametrize(
    "word", ["期別", "コード", "payment", "key2", "けっ", "っあ", "っん", "ー", "ゃ", "A1"]
)
def test_what_is_no_reading_is_refused(word):
    with pytest.raises(ReadingError):
        romaji(word)


@pytest.mark.parametrize("yomi", ["", "  "])
def test_empty_reading_is_refused(yomi):
    with pytest.raises(ReadingError):
        name_of(yomi)


def test_labels_give_their_loan_words():
    assert loans_in_label("更新ユーザID") == ["user", "id"]
    assert loans_in_label("個人番号(マイナンバー)") == []
    assert loans_in_label("期別明細KEY") == [LOANS["キー"]]
    with pytest.raises(ReadingError, match="メール"):
        loans_in_label("メールアドレス")
