"""Reminders of papers that are due: when, to whom, each once, and nothing of the client's health in them."""

from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from enrollment.models import Application, EvidenceItem
from enrollment.rules.evidence import LATE, reminder_due
from enrollment.services import evidence, evidence_reminders
from enrollment.tasks import tell_of_papers_due
from portal.common.dates import today_in
from portal.common.notifications.models import Notification
from tests.support.evidence import application_with, item_of, submitted
from tests.support.wizard import load_tables

DUE = date(2026, 6, 30)
BIRTH = "BIRTH:birth_certificate"


@pytest.mark.no_db
@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 6, 15), None),
        (date(2026, 6, 16), 14),
        (date(2026, 6, 26), 14),
        (date(2026, 6, 27), 3),
        (date(2026, 6, 30), 3),
        (date(2026, 7, 1), LATE),
        (date(2026, 7, 7), LATE),
        (date(2026, 7, 8), None),
    ],
)
def test_the_reminder_that_fits_the_day(today, left):
    assert reminder_due(due=DUE, today=today) == left


@pytest.fixture
def asked(world) -> Application:
    """Submitted by the delegate, and everything asked for is due in fourteen days."""
    load_tables()
    application = application_with(world, "BIRTH", "DOMESTIC_ABUSE", record_number="A-0638", us_state="IL")
    submitted(application, by=world.delegate_with_enroll)
    due_in(14)
    return application


def due_in(days: int) -> None:
    EvidenceItem.objects.update(due_on=today_in("IL") + timedelta(days=days))


def told() -> list[Notification]:
    return list(Notification.objects.filter(kind=evidence_reminders.NOTICE).order_by("id"))


@pytest.mark.feature("HOM_08")
def test_those_who_work_on_it_are_told_once_at_each_mark(world, asked):
    for days, title in ((14, "are due on"), (3, "are due on"), (-1, "are late")):
        due_in(days)
        before = len(told())
        for _ in range(2):
            assert evidence_reminders.tell(now=timezone.now()) == 1
        new = told()[before:]
        assert {one.recipient for one in new} == {world.producer, world.delegate_with_enroll}
        assert len(new) == 2
        assert all(title in one.title for one in new)
    assert {one.url for one in told()} == {"/enroll/applications/A-0638/evidence/"}


def test_nothing_of_life_events_people_or_papers_is_told(asked):
    tell_of_papers_due()
    words = " ".join(one.title + one.text for one in told()).lower()
    assert words
    for word in ("birth", "abuse", "certificate", "attest", "event", "leeward"):
        assert word not in words


def test_one_notice_for_several_papers_of_one_day_and_one_for_each_day(asked):
    evidence_reminders.tell(now=timezone.now())
    assert len(told()) == 2
    item = item_of(asked, BIRTH)
    EvidenceItem.objects.filter(pk=item.pk).update(due_on=today_in("IL") + timedelta(days=2))
    assert evidence_reminders.tell(now=timezone.now()) == 2


@pytest.mark.parametrize("what", ["met", "waived", "draft", "far", "long ago", "dropped"])
def test_where_nothing_is_to_be_sent_nobody_is_told(world, asked, what):
    now = timezone.now()
    items = EvidenceItem.objects.filter(application=asked)
    if what == "met":
        items.update(state="SENT")
    elif what == "waived":
        for item in items:
            evidence.waive(item=item, reason="Seen.", by=world.admin, at=now)
    elif what == "draft":
        Application.objects.update(status="INCOMPLETE")
    elif what == "dropped":
        items.update(dropped=True)
    else:
        due_in(15 if what == "far" else -8)
    assert evidence_reminders.tell(now=now) == 0
    assert not told()


def test_the_due_day_ends_with_the_day_of_the_applicants_state(asked):
    Application.objects.update(us_state="MT")
    due_in(-1)
    midnight = timezone.localtime().replace(hour=0, minute=20)  # in Montana it is still the evening before
    evidence_reminders.tell(now=midnight)
    assert {"late" in one.title for one in told()} == {False}


def test_who_may_no_longer_work_on_it_is_not_told(world, asked):
    Application.objects.update(created_by=world.former_delegate, saved_by=world.outsider)
    asked.submissions.update(submitted_by=world.former_delegate)
    evidence_reminders.tell(now=timezone.now())
    assert {one.recipient for one in told()} == {world.producer}


@pytest.mark.no_db
def test_beat_reminds_several_times_a_day():
    entry = settings.CELERY_BEAT_SCHEDULE["tell-of-papers-due"]
    assert (entry["task"], entry["schedule"] <= 6 * 60 * 60) == (tell_of_papers_due.name, True)
