"""Proof that is still to be sent: who works on the application is told two weeks and three days before it is due, and when it is late.

Each notice once for an application and a due day. Nothing is said of life events or papers. On nobody's behalf.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application, EvidenceItem
from enrollment.rules.evidence import LATE, REMINDERS, TOLD_AFTERWARDS_DAYS, reminder_due
from portal.common.access import Perm
from portal.common.dates import as_text, today_in
from portal.common.notifications.notify import notify_all

NOTICE = "evidence.due"


def tell(*, now: datetime) -> int:
    """Tell every reminder that is due, each once, and return how many were due, counted by application and due day."""
    today = today_in(now=now)
    # A day more at both ends: the states' days differ from the carrier's.
    first, last = today - timedelta(days=TOLD_AFTERWARDS_DAYS + 1), today + timedelta(days=max(REMINDERS) + 1)
    rows = EvidenceItem.objects.open().filter(due_on__range=(first, last))
    open_days = rows.order_by("application_id", "due_on").values_list("application_id", "due_on").distinct()
    due = 0
    for application, days in _by_application(open_days):
        civil_day = today_in(application.us_state, now=now)
        for due_on in days:
            left = reminder_due(due=due_on, today=civil_day)
            if left is not None:
                _tell(application, due_on, left, now)
                due += 1
    return due


def _by_application(open_days: Iterable[tuple[int, date | None]]) -> list[tuple[Application, list[date]]]:
    days: dict[int, list[date]] = {}
    for pk, due_on in open_days:
        if due_on is not None:
            days.setdefault(pk, []).append(due_on)
    rows = Application.objects.filter(pk__in=days).select_related("created_by", "saved_by").order_by("pk")
    return [(row, days[row.pk]) for row in rows]


@transaction.atomic
def _tell(application: Application, due_on: date, left: int, now: datetime) -> None:
    last_day = as_text(due_on)
    if left == LATE:
        title = f"Papers of application {application.record_number} are late"
        text = f"They were due on {last_day} and can still be sent. The application's page says what is asked for."
    else:
        title = f"Papers of application {application.record_number} are due on {last_day}"
        text = "Something is still to be sent. The application's page says what is asked for."
    notify_all(
        recipients=_people(application),
        kind=NOTICE,
        title=title,
        text=text,
        url=reverse("enrollment:application-evidence", args=[application.record_number]),
        fact=f"application {application.pk} papers due {due_on} {left}",
        at=now,
    )


def _people(application: Application) -> list[User]:
    """Who began it, saved it last and submitted it last, while they may still work on it, and the producer of record."""
    last = application.submissions.order_by("-number").select_related("submitted_by").first()
    worked = (application.created_by, application.saved_by, last.submitted_by if last else None)
    people = {person.pk: person for person in worked if person is not None}
    may_still = [
        person
        for person in people.values()
        if person.is_active
        and Application.objects.for_user(person, perm=Perm.ENROLL).filter(pk=application.pk).exists()
    ]
    producer = application.producer_number.producer_id
    of_record = User.objects.filter(role=User.Role.PRODUCER, producer_id=producer, is_active=True)
    return [*may_still, *of_record.exclude(pk__in=[person.pk for person in may_still])]
