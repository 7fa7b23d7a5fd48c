"""The registry of what people can be told."""

from dataclasses import replace

import pytest

from portal.common.notifications import kinds
from tests.common.notifications.conftest import AT_ONCE, DIGEST, FOR_DELEGATES, MANDATORY, PORTAL_ONLY


@pytest.mark.no_db
def test_registering_the_same_kind_again_changes_nothing():
    kinds.register(AT_ONCE)
    assert kinds.get("test.at_once") is AT_ONCE


@pytest.mark.no_db
def test_another_kind_of_the_same_name_is_refused():
    with pytest.raises(ValueError, match="Two kinds"):
        kinds.register(replace(AT_ONCE, label="Something else"))


@pytest.mark.no_db
def test_a_kind_without_a_choice_of_email_sends_none():
    with pytest.raises(ValueError, match="no email can be chosen"):
        kinds.register(replace(AT_ONCE, code="test.new", email_note="An email is always sent."))


@pytest.mark.no_db
def test_a_kind_that_nobody_registered_is_refused():
    with pytest.raises(ValueError, match="test.unknown"):
        kinds.get("test.unknown")


@pytest.mark.no_db
def test_a_kind_that_is_gone_is_shown_by_its_code():
    assert kinds.label_of("test.at_once") == "Answered"
    assert kinds.label_of("test.unknown") == "test.unknown"


def test_people_see_the_kinds_of_their_role_and_rights(world):
    assert kinds.groups_for(world.producer) == [("Others", [PORTAL_ONLY, MANDATORY]), ("Tests", [AT_ONCE, DIGEST])]
    assert kinds.groups_for(world.delegate)[0] == ("Others", [PORTAL_ONLY, MANDATORY, FOR_DELEGATES])
    assert [group for group, _ in kinds.groups_for(world.admin)] == ["Others", "Staff", "Tests"]
