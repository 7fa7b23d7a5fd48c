"""Every step of the application, whoever wrote it: hostile values, and what is answered in part (WIZ_08)."""

from datetime import date

import pytest

from enrollment.models import Application
from enrollment.wizard.steps import STEPS
from tests.support import wizard
from tests.support.factories import ApplicationFactory, PlanFactory
from tests.support.sections import wizard_of

ROUNDS = pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(wizard.MIXED_VALUES, id="mixed"),
        pytest.param(wizard.EVERY_VALUE, id="every value in every field", marks=pytest.mark.drill),
    ],
)
LISTS = [(step.slug, cards.name) for step in STEPS for cards in step.lists]


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def draft(world):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.fixture
def asked_everything(draft):
    """The application of a child in Texas of which every section and every list is part."""
    plan = PlanFactory(us_state="TX", network_type="HMO", consumer_choice=True)
    draft.plans.update(plan=plan)
    draft.applicants.update(date_of_birth=date(2014, 3, 1))
    yes = dict.fromkeys(("replaces_coverage", "has_other_coverage", "by_representative", "mailing_differs"), True)
    Application.objects.filter(pk=draft.pk).update(us_state="TX", form_type="MEDICAL_DENTAL", **yes)
    draft.refresh_from_db()
    return draft


def test_the_application_of_the_hostile_values_is_asked_everything(asked_everything, world):
    context = wizard_of(asked_everything, world.producer)
    assert [part.name for step in STEPS for part in step.parts if not part.shown(context)] == []


@pytest.mark.no_db
def test_the_mixed_values_are_all_the_hostile_ones():
    assert {value for values in wizard.MIXED_VALUES for value in values} == set(wizard.HOSTILE)


@ROUNDS
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_no_value_breaks_a_step(step, rounds, client, asked_everything):
    passing = frozenset(f"{section.name}-{name}" for section in step.sections for name in section.passing)
    address = wizard.url_of(asked_everything, step.slug)
    assert wizard.walk_hostile(client, address, act="refresh", rounds=rounds, passing=passing) == []


@ROUNDS
@pytest.mark.parametrize(("step", "cards"), LISTS)
def test_no_value_breaks_a_card(step, cards, rounds, client, asked_everything):
    address = wizard.url_of(asked_everything, step, cards, "new")
    assert wizard.walk_hostile(client, address, act="save", rounds=rounds) == []


@pytest.mark.feature("WIZ_08")
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_what_is_answered_in_part_is_there_again(step, client, draft):
    assert wizard.answer_partly(client, draft, step) == []
