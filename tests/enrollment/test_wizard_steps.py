"""Every step of the application, whoever wrote it: hostile values, and what is answered in part (WIZ_08)."""

import pytest

from enrollment.wizard.steps import STEPS
from tests.support import wizard
from tests.support.factories import ApplicationFactory

LISTS = [(step.slug, cards.name) for step in STEPS for cards in step.lists]


@pytest.fixture
def client(world, sign_in):
    return sign_in(world.producer)


@pytest.fixture
def draft(world):
    wizard.load_tables()
    return ApplicationFactory(record_number="A-0638", producer_number=world.number, created_by=world.producer)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_no_value_breaks_a_step(step, client, draft):
    assert wizard.walk_hostile(client, wizard.url_of(draft, step.slug), act="refresh") == []


@pytest.mark.parametrize(("step", "cards"), LISTS)
def test_no_value_breaks_a_card(step, cards, client, draft):
    assert wizard.walk_hostile(client, wizard.url_of(draft, step, cards, "new"), act="save") == []


@pytest.mark.feature("WIZ_08")
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_what_is_answered_in_part_is_there_again(step, client, draft):
    assert wizard.answer_partly(client, draft, step) == []
