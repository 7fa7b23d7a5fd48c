import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.rules.names import digits, name_key

pytestmark = pytest.mark.no_db

KEY_LETTERS = set(string.ascii_uppercase + string.digits)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Washington", "WASHINGTON"),
        ("O'Brien-Muñoz", "OBRIENMUNOZ"),
        ("o’brien muñoz", "OBRIENMUNOZ"),
        ("De la Cruz", "DELACRUZ"),
        ("St. John", "STJOHN"),
        ("Núñez", "NUNEZ"),
        ("Nu\u0301n\u0303ez", "NUNEZ"),
        ("Weiß", "WEISS"),
        ("ﬁnch", "FINCH"),
        ("Smith 3rd", "SMITH3RD"),
        ("  ", ""),
        ("", ""),
        ("Иванов", ""),
        ("a\x00b", "AB"),
    ],
)
def test_names_are_compared_without_accents_case_and_punctuation(name, key):
    assert name_key(name) == key


@given(st.text())
def test_a_key_holds_capitals_and_digits_only_and_is_its_own_key(text):
    key = name_key(text)
    assert set(key) <= KEY_LETTERS
    assert name_key(key) == key


@given(st.text(string.ascii_letters + string.digits + " '-."))
def test_case_blanks_and_punctuation_never_matter(text):
    assert name_key(text) == name_key(text.lower()) == name_key(text.replace(" ", "").replace("-", ""))


@given(st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x17F, categories=["L"])))
def test_both_ways_of_writing_an_accent_give_one_key(text):
    assert name_key(unicodedata.normalize("NFC", text)) == name_key(unicodedata.normalize("NFD", text))


@given(st.text(), st.text())
def test_a_part_of_a_name_is_a_part_of_its_key(part, rest):
    """So a filter that looks for the key of what was typed finds the name that holds it."""
    assert name_key(part) in name_key(f"{part} {rest}")


@pytest.mark.parametrize(
    ("text", "found"),
    [("(312) 555-0142", "3125550142"), ("730 075-112", "730075112"), ("٥٦٧٨", ""), ("５６", ""), ("²", ""), ("", "")],
)
def test_only_ascii_digits_are_digits(text, found):
    assert digits(text) == found
