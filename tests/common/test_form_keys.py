"""A form is sent once, however often it arrives."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from portal.common import form_keys
from tests.support.concurrency import at_once

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def arrives(key: str = "1:a-form-of-somebody", *, scope: str = "prospect", at: datetime = NOON) -> bool:
    with transaction.atomic():
        return form_keys.first_time(scope, key, at=at)


def test_only_the_first_arrival_counts():
    assert [arrives(), arrives(), arrives()] == [True, False, False]


def test_other_forms_and_other_kinds_of_forms_count_by_themselves():
    assert arrives()
    assert arrives("2:a-form-of-somebody")
    assert arrives(scope="something else")


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(hours=11), timedelta(hours=13), timedelta(days=1)])
def test_a_form_is_remembered_for_a_day_whenever_the_day_began(later):
    assert arrives()
    assert not arrives(at=NOON + later)


def test_what_was_rolled_back_has_not_arrived():
    with transaction.atomic():
        assert form_keys.first_time("prospect", "1:key", at=NOON)
        transaction.set_rollback(True)
    assert arrives("1:key")


@pytest.mark.django_db(transaction=True)
def test_of_five_at_the_same_moment_one_is_first():
    assert sorted(at_once(*[arrives] * 5)) == [False, False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_at_the_moment_a_window_begins_one_is_first_too():
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    before, after = midnight - timedelta(microseconds=1), midnight
    assert sorted(at_once(*[lambda: arrives(at=before), lambda: arrives(at=after)] * 2)) == [False, False, False, True]


@pytest.mark.no_db
def test_a_key_that_is_none_becomes_a_new_one():
    key = form_keys.new_key()
    assert form_keys.readable(key) == key
    assert form_keys.readable("<script>") != "<script>"
    assert form_keys.SHAPE.fullmatch(form_keys.readable(""))
