"""Surnames one letter away from what was typed."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clients.rules.similar_names import forms, nearest, one_letter_apart

pytestmark = pytest.mark.no_db

names = st.text(alphabet=string.ascii_uppercase, min_size=1, max_size=12)
LETTERS = string.ascii_uppercase


@pytest.mark.feature("SRC_17")
@pytest.mark.parametrize(
    ("typed", "name", "apart"),
    [
        ("SMIHT", "SMITH", True),
        ("SMTH", "SMITH", True),
        ("SMIITH", "SMITH", True),
        ("SMYTH", "SMITH", True),
        ("MSITH", "SMITH", True),
        ("SMITH", "SMITH", False),
        ("SMYTHE", "SMITH", False),
        ("HTIMS", "SMITH", False),
        ("SMTIHE", "SMITH", False),
        ("ABCD", "BADC", False),
        ("", "A", True),
        ("", "", False),
    ],
)
def test_one_letter_wrong_is_one_letter_apart(typed, name, apart):
    assert one_letter_apart(typed, name) is apart
    assert one_letter_apart(name, typed) is apart


def variants(name: str) -> set[str]:
    """Every text one letter away, made the long way."""
    cuts = [(name[:place], name[place:]) for place in range(len(name) + 1)]
    made = {left + right[1:] for left, right in cuts if right}
    made |= {left + letter + right for left, right in cuts for letter in LETTERS}
    made |= {left + letter + right[1:] for left, right in cuts if right for letter in LETTERS}
    made |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    return made - {name}


@given(names, names)
def test_it_agrees_with_making_every_variant(left, right):
    assert one_letter_apart(left, right) == (right in variants(left))


@given(names, st.data())
def test_a_name_typed_wrong_is_found_by_its_forms(name, data):
    typed = data.draw(st.sampled_from(sorted(variants(name))))
    assume(typed)
    assert forms(typed) & forms(name)


def test_names_that_begin_alike_come_first_and_then_the_commoner():
    counted = [("SMYTH", 3), ("SMITH", 900), ("AMIH", 5), ("OMIHT", 5000), ("JONES", 7)]
    assert nearest("SMIHT", counted) == ["SMITH", "OMIHT"]
    assert nearest("SMTH", counted) == ["SMITH", "SMYTH"]
