"""On which days a grant counts: the rule, the query and the door agree, by the carrier's calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import scoping
from accounts.models import DelegateGrant
from accounts.rules import grant_days
from accounts.rules.grant_days import GrantState, days_problems, grant_state
from portal.common.access import Perm
from portal.common.dates import today_in
from tests.support.factories import DelegateGrantFactory

DAY = date(2026, 2, 28)
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@st.composite
def spans(draw):
    first = draw(days)
    return first, draw(st.none() | st.dates(first, date(2029, 12, 31)))


@pytest.mark.no_db
@pytest.mark.feature("HOM_14")
@pytest.mark.parametrize(
    ("first", "last", "revoked", "expected"),
    [
        (DAY, None, False, GrantState.ACTIVE),
        (DAY, DAY, False, GrantState.ACTIVE),
        (DAY + timedelta(1), None, False, GrantState.FUTURE),
        (DAY - timedelta(9), DAY - timedelta(1), False, GrantState.ENDED),
        (DAY - timedelta(9), DAY, False, GrantState.ACTIVE),
        (DAY, None, True, GrantState.REVOKED),
        (DAY + timedelta(1), None, True, GrantState.REVOKED),
        (DAY - timedelta(9), DAY - timedelta(1), True, GrantState.REVOKED),
    ],
)
def test_both_days_are_included(first, last, revoked, expected):
    assert grant_state(first_day=first, last_day=last, revoked=revoked, on=DAY) is expected


@pytest.mark.no_db
@given(span=spans(), on=days)
def test_a_grant_is_active_on_exactly_the_days_between(span, on):
    first, last = span
    active = grant_state(first_day=first, last_day=last, revoked=False, on=on) is GrantState.ACTIVE
    assert active == (first <= on and (last is None or on <= last))


@pytest.fixture
def grant():
    return DelegateGrantFactory()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(span=spans(), on=days)
def test_the_query_and_the_door_say_what_the_rule_says(grant, span, on):
    first, last = span
    DelegateGrant.objects.filter(pk=grant.pk).update(first_day=first, last_day=last)
    active = grant_state(first_day=first, last_day=last, revoked=False, on=on) is GrantState.ACTIVE
    assert DelegateGrant.objects.in_force(on).filter(pk=grant.pk).exists() == active
    assert (Perm.CLIENT_VIEW in scoping.held_perms(grant.delegate, on=on)) == active
    assert scoping.producer_ids(grant.delegate, on=on) == ([grant.producer_id] if active else [])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=days,
    zone=st.sampled_from(["America/Chicago", "America/Denver", "Pacific/Honolulu"]),
    seconds=st.sampled_from([-1, 0, 1]),
    edge=st.sampled_from(["opens", "closes"]),
)
def test_the_edge_is_midnight_in_the_carriers_own_zone(grant, settings, day, zone, seconds, edge):
    """Whatever the zone and the season, a second before midnight is still the day before."""
    settings.TIME_ZONE = zone
    grant.first_day, grant.last_day = (day, None) if edge == "opens" else (day - timedelta(9), day - timedelta(1))
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    state = grant.state(today_in(now=midnight + timedelta(seconds=seconds)))
    before, after = {
        "opens": (GrantState.FUTURE, GrantState.ACTIVE),
        "closes": (GrantState.ACTIVE, GrantState.ENDED),
    }[edge]
    assert state is (before if seconds < 0 else after)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("first", "last", "before", "expected"),
    [
        (0, None, {}, {}),
        (0, 0, {}, {}),
        (-1, None, {}, {"first_day": grant_days.FIRST_DAY_PASSED}),
        (-1, None, {"first_before": DAY - timedelta(1)}, {}),
        (-2, None, {"first_before": DAY - timedelta(1)}, {"first_day": grant_days.FIRST_DAY_PASSED}),
        (3, 2, {}, {"last_day": grant_days.LAST_BEFORE_FIRST}),
        (-9, -1, {"first_before": DAY - timedelta(9)}, {"last_day": grant_days.LAST_DAY_PASSED}),
        (-9, -1, {"first_before": DAY - timedelta(9), "last_before": DAY - timedelta(1)}, {}),
        (-9, 0, {"first_before": DAY - timedelta(9)}, {}),
    ],
)
def test_days_that_have_passed_can_be_kept_and_not_chosen(first, last, before, expected):
    chosen = {"first_day": DAY + timedelta(first), "last_day": None if last is None else DAY + timedelta(last)}
    assert days_problems(**chosen, on=DAY, **before) == expected
