"""Answers are read once while a page of an application is drawn, and anew everywhere else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.selectors.application_plans import people_of, plan_rows
from enrollment.selectors.read_once import answers_read_once, read_once
from enrollment.wizard.steps import STEPS
from tests.support import wizard
from tests.support.applications import ready_application

pytestmark = pytest.mark.feature("WIZ_07")


def test_within_the_block_a_second_look_asks_nothing_and_after_it_everything_is_read_anew(world):
    row = ready_application(world.number, world.producer)
    with answers_read_once():
        people, plans = people_of(row), plan_rows(row)
        row.applicants.filter(position=1).delete()
        with CaptureQueriesContext(connection) as asked:
            assert (people_of(row), plan_rows(row)) == (people, plans)
        assert not asked.captured_queries
        people.clear()  # a list of one's own
        assert len(people_of(row)) == 3
    assert [one.position for one in people_of(row)] == [0, 2]


def test_without_the_block_nothing_is_remembered():
    numbers = iter((1, 2))
    assert [read_once("a", lambda: next(numbers)) for _turn in range(2)] == [1, 2]


@pytest.mark.parametrize("step", [step.slug for step in STEPS])
@pytest.mark.sampled(3)
def test_no_step_asks_for_the_same_answers_over_and_over(step, world, sign_in):
    row = ready_application(world.number, world.producer)
    browser = sign_in(world.producer)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(wizard.url_of(row, step)).status_code == 200
    household = 'FROM "enrollment_applicant" WHERE "enrollment_applicant"."application_id"'
    whole = [q["sql"] for q in asked.captured_queries if household in q["sql"] and 'position" ASC' in q["sql"]]
    assert len(asked) <= 45
    assert sum("relation" not in sql.split("WHERE")[1] for sql in whole) <= 2
