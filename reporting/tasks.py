"""What beat does for reports. On behalf of those who scheduled them, with their rights of that moment."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from reporting.services import runs, saved_reports


@shared_task(name="reporting.run_scheduled", ignore_result=True)
def run_scheduled(**_kwargs: Any) -> None:
    """Owe the custom reports that are due today."""
    saved_reports.owe_scheduled(now=timezone.now())


@shared_task(name="reporting.forget_files", ignore_result=True)
def forget_files(**_kwargs: Any) -> None:
    """Delete files of reports that are old enough."""
    runs.forget_old_files(now=timezone.now())
