"""What beat does for quotes and applications. On nobody's behalf."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from enrollment.services import proposals


@shared_task(name="enrollment.forget_proposal_files", ignore_result=True)
def forget_proposal_files(**_kwargs: Any) -> None:
    """Delete files of proposals that are old enough."""
    proposals.forget_old_files(now=timezone.now())
