"""Applications with life events, and papers sent with them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from ecomm.models import DocumentSubmission
from enrollment.models import Application, ApplicationLifeEvent, EvidenceItem, Submission
from enrollment.services import evidence
from tests.support.documents import checked
from tests.support.factories import ApplicationFactory
from tests.support.world import World


def application_with(world: World, *events: str, prior_coverage: str = "", **facts: Any) -> Application:
    """A draft of the producer of record for these life events, all of ten days ago."""
    application = ApplicationFactory(producer_number=world.number, created_by=world.producer, **facts)
    for code in events:
        add_event(application, code, prior_coverage=prior_coverage)
    return application


def add_event(application: Application, code: str, *, days_ago: int = 10, prior_coverage: str = "") -> None:
    ApplicationLifeEvent.objects.create(
        application=application,
        code=code,
        event_date=timezone.localdate() - timedelta(days=days_ago),
        prior_coverage=prior_coverage,
    )


def submitted(application: Application, *, at: datetime | None = None, by: User) -> Application:
    """The application completed by a submission, with everything asked for."""
    at = at or timezone.now()
    number = application.submissions.count() + 1
    Submission.objects.create(
        application=application,
        number=number,
        form_key=f"submission-{application.pk}-{number}",
        submitted_at=at,
        submitted_by=by,
        effective_date=date(2027, 1, 1),
        monthly_premium=Decimal("300.00"),
        answers="{}",
        answers_sha256="0" * 64,
    )
    application.status = Application.Status.COMPLETED
    application.save()
    evidence.ask(application=application, submitted_at=at)
    return application


def send(
    application: Application,
    slot: str,
    *,
    by: User,
    name: str = "paper.png",
    at: datetime | None = None,
    form_key: str = "",
) -> list[DocumentSubmission]:
    """``slot`` is event and code with a colon between them."""
    event_code, code = slot.split(":")
    return evidence.send(
        application=application,
        event_code=event_code,
        code=code,
        files=[checked(name)],
        by=by,
        at=at or timezone.now(),
        form_key=form_key or f"key-of-a-form-{DocumentSubmission.objects.count():04}",
    )


def item_of(application: Application, slot: str) -> EvidenceItem:
    event_code, code = slot.split(":")
    return EvidenceItem.objects.get(application=application, event_code=event_code, code=code)
