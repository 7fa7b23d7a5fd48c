"""Looking at loaded demo data."""

from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from clients.models import Policy
from clients.rules.dated import add_months
from clients.rules.policy_status import PolicyStatus, policy_status
from clients.services.statuses import facts_of

DISAGREEING_ACCOUNT = "100200360"  # the carrier tells another status than the dates give


def user(username: str) -> User:
    return User.objects.get(username=username)


def visible_to(username: str) -> QuerySet[Policy]:
    """The policies this person finds."""
    return Policy.objects.for_user(user(username))


def assert_rows_stand_as_the_rules_say(today: date) -> None:
    checked = 0
    for policy in Policy.objects.select_related("account").iterator():
        decision = policy_status(facts_of(policy), today=today)
        assert decision.status.value == policy.derived_status, policy.pk
        assert policy.status == policy.derived_status or policy.account.number == DISAGREEING_ACCOUNT, policy.pk
        assert decision.data_flags == (), policy.pk
        if decision.status is PolicyStatus.GRACE:
            assert policy.grace_started_on == decision.grace_start, policy.pk
        assert policy.status_holds_until >= today, policy.pk
        if decision.status in {PolicyStatus.TERMED, PolicyStatus.CANCELLED}:
            assert policy.term_date is not None, policy.pk
        checked += 1
    assert checked


def assert_past_due_fits_the_months_owed(today: date) -> None:
    owing = Policy.objects.filter(past_due__gt=0)
    assert owing.filter(status="GRACE").exists()
    assert not owing.exclude(derived_status__in=["GRACE", "TERMED"]).exists()
    assert not Policy.objects.filter(status="GRACE", past_due=0).exists()
    for policy in owing.filter(status="GRACE"):
        assert policy.paid_to_date is not None
        months = policy.past_due / policy.net_premium
        assert months == int(months), policy.pk
        # A premium is late from the day after it was due.
        last_missed, next_due = (add_months(policy.paid_to_date, int(months) - back) for back in (1, 0))
        assert last_missed < today <= next_due, policy.pk
