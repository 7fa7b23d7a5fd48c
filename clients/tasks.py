"""What beat does for clients. On nobody's behalf."""

from typing import Any

import structlog
from celery import shared_task
from django.utils import timezone

from clients.membersystem import answers
from clients.membersystem.sweep import sweep
from clients.services import statuses

logger = structlog.get_logger(__name__)
# Well within the time a task may take; what is left is done by the next run.
LONGEST_RUN_SECONDS = 8 * 60


@shared_task(name="clients.refresh_statuses", ignore_result=True)
def refresh_statuses(**_kwargs: Any) -> None:
    """Work out the policies whose status the new day may have changed, soon after midnight in each state."""
    try:
        statuses.refresh_due(now=timezone.now(), max_seconds=LONGEST_RUN_SECONDS)
    except statuses.AlreadyRunning:
        logger.info("policy statuses are being worked out by another run")


@shared_task(name="clients.sweep_member_changes", ignore_result=True)
def sweep_member_changes(**_kwargs: Any) -> None:
    """Take in what the member system has answered, which frees the changes behind it, and deliver what is due."""
    answers.collect(now=timezone.now())
    sweep()


@shared_task(name="clients.watch_member_changes", ignore_result=True)
def watch_member_changes(**_kwargs: Any) -> None:
    """Tell the carrier's staff of changes that are overdue or were never answered."""
    answers.alert(now=timezone.now())
