"""Notices before an application expires (LST_07), and how long a paper application is kept (AUT_04)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from enrollment.models import Application
from enrollment.rules.application_days import notice_due, paper_kept_until
from enrollment.services import draft_expiry
from portal.common.dates import today_in
from portal.common.notifications.models import Notification
from tests.support.factories import ApplicationFactory

LAST = date(2026, 6, 30)


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 5, 30), None),
        (date(2026, 5, 31), 30),
        (date(2026, 6, 22), 30),
        (date(2026, 6, 23), 7),
        (date(2026, 6, 28), 7),
        (date(2026, 6, 29), 1),
        (date(2026, 6, 30), 1),
        (date(2026, 7, 1), -1),
        (date(2026, 7, 7), -1),
        (date(2026, 7, 8), None),
    ],
)
def test_the_notice_that_fits_the_day(today, days):
    assert notice_due(expires_on=LAST, today=today) == days


@pytest.mark.no_db
@pytest.mark.feature("AUT_04")
@pytest.mark.parametrize(
    ("submitted", "until"),
    [(date(2026, 11, 21), date(2028, 11, 21)), (date(2028, 2, 29), date(2030, 3, 1))],
)
def test_the_paper_application_is_kept_two_years_from_the_day_of_submission(submitted, until):
    assert paper_kept_until(submitted_on=submitted) == until


@pytest.mark.feature("LST_07")
def test_those_who_work_on_it_are_told_once_at_each_mark(world):
    now = timezone.now()
    row = ApplicationFactory(
        record_number="A-0638",
        producer_number=world.number,
        created_by=world.delegate_with_enroll,
        expires_on=today_in("IL") + timedelta(days=7),
    )
    Application.objects.update(saved_by=world.producer)
    ApplicationFactory(
        producer_number=world.number, created_by=world.former_delegate, expires_on=today_in("IL") + timedelta(days=7)
    )
    for status in ("COMPLETED",):
        ApplicationFactory(
            producer_number=world.number, created_by=world.producer, status=status, expires_on=today_in("IL")
        )
    for _ in range(2):
        draft_expiry.tell(now=now)
    told = Notification.objects.filter(kind=draft_expiry.NOTICE)
    assert {one.recipient for one in told} == {world.delegate_with_enroll, world.producer}
    assert told.count() == 2
    assert told[0].url == "/enroll/applications/A-0638/"
    assert "Leeward" not in told[0].title + told[0].text
    draft_expiry.tell(now=now + timedelta(days=8))
    assert told.filter(title="Application A-0638 has expired").count() == 2
    Application.objects.filter(pk=row.pk).update(withdrawn_at=now, withdrawn_by=world.producer)
    assert draft_expiry.tell(now=now + timedelta(days=6)) == 1
