"""Half-width kana: one byte is one character, both ways, and nothing is ever replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import kana

JIS_X_0201 = bytes(range(0x20, 0x7F)) + bytes(range(0xA1, 0xE0))
OTHERS = bytes(set(range(256)) - set(JIS_X_0201))
zengin_text = st.text(sorted(kana.ZENGIN))


@given(st.lists(st.sampled_from(JIS_X_0201)).map(bytes))
def test_every_readable_text_comes_back(data: bytes) -> None:
    text = kana.decode(data)
    assert len(text) == len(data)
    assert kana.encode(text) == data


@given(zengin_text)
def test_allowed_text_is_its_own_full_form(text: str) -> None:
    assert kana.decode(kana.encode_zengin(text)) == text
    assert kana.to_zengin_kana(text) == text


def test_kana_stand_where_jis_x_0201_has_them() -> None:
    assert kana.decode(b"\xb1\xb2\xdd\xde\xdf\xa6\xb0 A-1") == "ｱｲﾝﾞﾟｦｰ A-1"
    assert kana.encode("｡｢｣､･") == b"\xa1\xa2\xa3\xa4\xa5"


@pytest.mark.parametrize("byte", OTHERS)
def test_another_byte_is_refused(byte: int) -> None:
    with pytest.raises(kana.KanaError) as raised:
        kana.decode(b"\xb1\xb2" + bytes([byte]))
    assert raised.value.place == 3


@pytest.mark.parametrize("char", "あア漢ａ１　￥\u3099é\n\U00020bb7")
def test_another_character_is_refused(char: str) -> None:
    with pytest.raises(kana.KanaError) as raised:
        kana.encode(f"ｱ{char}")
    assert raised.value.place == 2
    assert char not in str(raised.value)


@pytest.mark.parametrize("char", "ｰｧｯａa･｡｢,\\~")
def test_readable_is_not_yet_allowed(char: str) -> None:
    with pytest.raises(kana.KanaError, match="place 1"):
        kana.encode_zengin(char)


@pytest.mark.parametrize(
    ("full", "half"),
    [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ショウヘイ", "ｼﾖｳﾍｲ"),
        ("ガッコウ", "ｶﾞﾂｺｳ"),
        ("パーク", "ﾊﾟ-ｸ"),
        ("ヴィクトル", "ｳﾞｲｸﾄﾙ"),
        ("かなのひと", "ｶﾅﾉﾋﾄ"),
        ("ヶ丘ァ"[0] + "ヮ", "ｹﾜ"),
        ("（カ）ミホン", "(ｶ)ﾐﾎﾝ"),
        ("ＡＢｃ１２３", "ABC123"),
        ("ヲ．／", "ｦ./"),
        ("ｶﾞ", "ｶﾞ"),
        ("", ""),
    ],
)
def test_full_width_becomes_allowed(full: str, half: str) -> None:
    assert kana.to_zengin_kana(full) == half
    kana.encode_zengin(half)


@pytest.mark.parametrize(
    ("text", "place"), [("ヤマ・ダ", 3), ("山田", 1), ("アヰ", 2), ("ア\U00020bb7", 2), ("ア、", 2)]
)
def test_what_has_no_allowed_form_is_refused(text: str, place: int) -> None:
    with pytest.raises(kana.KanaError) as raised:
        kana.to_zengin_kana(text)
    assert raised.value.place == place


@given(st.text())
def test_whatever_comes_out_is_allowed(text: str) -> None:
    try:
        half = kana.to_zengin_kana(text)
    except kana.KanaError as error:
        assert 1 <= error.place <= len(text)
    else:
        assert set(half) <= kana.ZENGIN
