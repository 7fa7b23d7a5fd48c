"""Applications that are about to expire: who works on them is told a month, a week and a day before, and afterwards (LST_07).

What has expired leaves the list by its date and takes no more answers; DRAFTS_KEEP_DAYS later it is deleted, unless it was
ever submitted. On nobody's behalf.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from enrollment.models import Application
from enrollment.rules.application_days import EXPIRY_NOTICES, TOLD_AFTERWARDS_DAYS, notice_due
from portal.common import audit
from portal.common.access import Perm
from portal.common.dates import as_text, today_in
from portal.common.notifications.notify import notify_all

NOTICE = "application.expires"
EXPIRED = -1
CHUNK = 500


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


def forget(*, now: datetime) -> int:
    """Delete drafts, with everything typed into them, that expired DRAFTS_KEEP_DAYS ago; return how many.

    What was submitted, or has a payment or a paper, is a record and stays.
    """
    before = today_in(now=now) - timedelta(days=settings.DRAFTS_KEEP_DAYS)
    drafts = Application.objects.filter(
        status=Application.Status.INCOMPLETE,
        submitted_at=None,
        expires_on__lt=before,
        submissions=None,
        payments=None,
        evidence_items=None,
    )
    count = 0
    for application_id in list(drafts.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            draft = drafts.filter(pk=Application.objects.select_for_update().filter(pk=application_id)[:1]).first()
            if draft is None:
                continue
            audit.record(
                "application.forgotten",
                by=None,
                for_producer=draft.producer_number.producer.npn,
                object_type="application",
                object_id=draft.record_number,
            )
            draft.delete()
            count += 1
    return count
