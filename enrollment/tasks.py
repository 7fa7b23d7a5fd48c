"""What beat does for quotes and applications. On nobody's behalf."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from enrollment.services import draft_expiry, evidence_reminders, payment_reconciling, proposals


@shared_task(name="enrollment.forget_proposal_files", ignore_result=True)
def forget_proposal_files(**_kwargs: Any) -> None:
    """Delete files of proposals that are old enough."""
    proposals.forget_old_files(now=timezone.now())


@shared_task(name="enrollment.tell_of_expiring_applications", ignore_result=True)
def tell_of_expiring_applications(**_kwargs: Any) -> None:
    """Tell those who work on an application that it is about to expire, or has."""
    draft_expiry.tell(now=timezone.now())


@shared_task(name="enrollment.tell_of_papers_due", ignore_result=True)
def tell_of_papers_due(**_kwargs: Any) -> None:
    """Tell those who work on an application that papers are due, or late."""
    evidence_reminders.tell(now=timezone.now())


@shared_task(name="enrollment.reconcile_payments", ignore_result=True)
def reconcile_payments(**_kwargs: Any) -> None:
    """Ask payment services what became of the payments that may have changed."""
    payment_reconciling.reconcile(now=timezone.now())


@shared_task(name="enrollment.forget_drafts", ignore_result=True)
def forget_drafts(**_kwargs: Any) -> None:
    """Delete applications that were never submitted and expired long ago."""
    draft_expiry.forget(now=timezone.now())
