"""The everyday run takes the cases a test asks for, spread over its table; the long run takes the others."""

from types import SimpleNamespace

import pytest

from tests.support.sampling import leave_to_the_long_run, spread

pytestmark = pytest.mark.no_db


@pytest.mark.parametrize(
    ("wanted", "there", "taken"),
    [
        (1, 5, {0}),
        (2, 5, {0, 4}),
        (3, 5, {0, 2, 4}),
        (4, 10, {0, 3, 6, 9}),
        (5, 5, {0, 1, 2, 3, 4}),
        (9, 5, {0, 1, 2, 3, 4}),
    ],
)
def test_the_first_and_the_last_case_are_taken_and_others_between_them(wanted, there, taken):
    assert spread(wanted, there) == taken


def test_as_many_are_taken_as_were_asked_for():
    assert [len(spread(wanted, there)) for there in range(2, 60) for wanted in range(1, there)] == [
        wanted for there in range(2, 60) for wanted in range(1, there)
    ]


class Case:
    """As much of a collected test as is looked at."""

    parent, originalname = "test_file.py", "test_table"

    def __init__(self, place: int, *marks: pytest.MarkDecorator) -> None:
        self.callspec = SimpleNamespace(indices={"case": place})
        self.place, self.marks = place, {mark.name: mark.mark for mark in (pytest.mark.sampled(3), *marks)}

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.marks.get(name)

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks[mark.name] = mark.mark


def test_what_is_not_taken_is_left_to_the_long_run_in_whatever_order_it_was_collected():
    cases = [Case(place) for place in (8, 3, 0, 1, 2, 7, 4, 5, 6)]
    leave_to_the_long_run(cases)
    assert {case.place for case in cases if "long" not in case.marks} == {0, 4, 8}


def test_cases_of_the_drill_stay_there():
    cases = [Case(place, *([pytest.mark.drill] if place > 3 else [])) for place in range(9)]
    leave_to_the_long_run(cases)
    assert {case.place for case in cases if "long" in case.marks} == {1}
