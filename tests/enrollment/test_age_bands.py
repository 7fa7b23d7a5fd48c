"""From the ages a table of rates lists to the ages it covers."""

import pytest

from enrollment.rules.age_bands import BadBands, covered_ages
from enrollment.rules.rating import OLDEST

pytestmark = pytest.mark.no_db


def listed(text: str) -> list[tuple[int, int, bool]]:
    """ "0-14 15 64+" """
    found = []
    for part in text.split():
        if part.endswith("+"):
            found.append((int(part[:-1]), OLDEST, False))
        elif "-" in part:
            first, last = part.split("-")
            found.append((int(first), int(last), False))
        else:
            found.append((int(part), int(part), True))
    return found


def bands(text: str, *, from_birth: bool = True, to_the_oldest: bool = True) -> list[tuple[int, int]]:
    return covered_ages(listed(text), from_birth=from_birth, to_the_oldest=to_the_oldest)


def test_a_table_by_the_year_is_taken_as_it_stands_in_any_order():
    assert bands("0-14 15 16 17+") == [(0, 14), (15, 15), (16, 16), (17, OLDEST)]
    assert bands("16 17+ 0-14 15") == [(16, 16), (17, OLDEST), (0, 14), (15, 15)]


def test_in_a_shortened_table_an_age_counts_until_the_next_one_listed():
    assert bands("0-20 21 27 30 40") == [(0, 20), (21, 26), (27, 29), (30, 39), (40, OLDEST)]
    assert bands("0-20 21 27 30+") == [(0, 20), (21, 26), (27, 29), (30, OLDEST)]


def test_children_only_may_end_below_21_and_adults_only_may_begin_there():
    assert bands("0-14 15 16 17 18", to_the_oldest=False)[-1] == (18, 18)
    assert bands("21 22 23+", from_birth=False)[0] == (21, 21)


@pytest.mark.parametrize(
    ("text", "sentence", "places"),
    [
        ("0-14 15 17 18 19+", "there is no rate for age 16", (2,)),
        ("0-14 18 19 20+", "there is no rate for ages 15 to 17", (1,)),
        ("0-14 15 15 16+", "age 15 is listed twice", (2,)),
        ("0-20 15 16 21+", "age 15 is listed twice|ages from 15 are listed twice", (1,)),
        ("1-14 15 16+", "there is no rate below age 1", (0,)),
        ("0-14 15 16 17", "there is no rate above age 17", (3,)),
        ("0-20 22+", "there is no rate for age 21", (1,)),
    ],
)
def test_ages_left_out_or_named_twice_are_told_with_their_line(text, sentence, places):
    with pytest.raises(BadBands, match=f"^({sentence})$") as bad:
        bands(text)
    assert bad.value.places == places


def test_a_yearly_table_with_a_hole_is_no_shortened_one():
    with pytest.raises(BadBands, match="no rate for age 33"):
        bands(" ".join(["0-20", *(str(age) for age in range(21, 64) if age != 33), "64+"]))
