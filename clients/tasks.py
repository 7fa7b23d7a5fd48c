"""What beat does for clients. On nobody's behalf."""

from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_process_init
from django.utils import timezone

from clients.idcards import rendering
from clients.membersystem import answers
from clients.membersystem.sweep import sweep
from clients.membersystem.x12 import forgetting
from clients.services import id_card_files, statuses

logger = structlog.get_logger(__name__)
# Well within the time a task may take; what is left is done by the next run.
LONGEST_RUN_SECONDS = 8 * 60


@worker_process_init.connect(weak=False)
def load_what_renders_cards(**_kwargs: Any) -> None:
    """A worker loads fonts and styles when it starts: the first person to ask for a card would wait two seconds more."""
    try:
        rendering.warm_up()
    except rendering.CannotRender:
        logger.error("id cards cannot be rendered here, system packages are missing", packages=rendering.PACKAGES)


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


@shared_task(name="clients.forget_id_card_files", ignore_result=True)
def forget_id_card_files(**_kwargs: Any) -> None:
    """Delete files of temporary ID cards that are old enough."""
    id_card_files.forget_old_files(now=timezone.now())


@shared_task(name="clients.forget_x12_files", ignore_result=True)
def forget_x12_files(**_kwargs: Any) -> None:
    """Delete raw files of the 834 gateway that are old enough."""
    forgetting.forget(now=timezone.now())
