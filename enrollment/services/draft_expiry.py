"""Applications that are about to expire: who works on them is told a month, a week and a day before, and afterwards (LST_07).

Nothing is deleted: what has expired leaves the list by its date and takes no more answers. On nobody's behalf.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application
from enrollment.rules.application_days import EXPIRY_NOTICES, TOLD_AFTERWARDS_DAYS, notice_due
from portal.common.access import Perm
from portal.common.dates import as_text, today_in
from portal.common.notifications.notify import notify_all

NOTICE = "application.expires"
EXPIRED = -1


def tell(*, now: datetime) -> int:
    """Tell every notice that is due, each once, and return for how many applications one was due."""
    today = today_in(now=now)
    most = max(one.days for one in EXPIRY_NOTICES)
    # A day more at both ends: the states' days differ from the carrier's.
    rows = Application.objects.filter(
        status__in=(Application.Status.INCOMPLETE, Application.Status.FAILED),
        withdrawn_at=None,
        expires_on__range=(today - timedelta(days=TOLD_AFTERWARDS_DAYS + 1), today + timedelta(days=most + 1)),
    )
    due = 0
    for row in rows.select_related("created_by", "saved_by").order_by("pk").iterator(chunk_size=500):
        days = notice_due(expires_on=row.expires_on, today=today_in(row.us_state, now=now))
        if days is not None:
            _tell(row, days, now)
            due += 1
    return due


@transaction.atomic
def _tell(row: Application, days: int, now: datetime) -> None:
    last_day = as_text(row.expires_on)
    if days == EXPIRED:
        title = f"Application {row.record_number} has expired"
        text = f"Its last day was {last_day}. Start a new application to go on."
    else:
        title = f"Application {row.record_number} expires on {last_day}"
        text = "Open it to go on. Every change keeps it for another 90 days."
    notify_all(
        recipients=_people(row),
        kind=NOTICE,
        title=title,
        text=text,
        url=reverse("enrollment:application", args=[row.record_number]),
        fact=f"application {row.record_number} expires {row.expires_on} {days}",
        at=now,
    )


def _people(row: Application) -> list[User]:
    """Who began it and who saved it last, while they may still open it."""
    people = {person.pk: person for person in (row.created_by, row.saved_by) if person is not None}
    return [
        person
        for person in people.values()
        if Application.objects.for_user(person, perm=Perm.ENROLL).filter(pk=row.pk).exists()
    ]
