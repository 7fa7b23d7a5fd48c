"""Celery's side of stored files. Works for nobody in particular: it touches no row of anybody's."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.common.files import upkeep


@shared_task(name="files.upkeep", ignore_result=True)
def files_upkeep(**_kwargs: Any) -> None:
    upkeep.tidy()
    upkeep.retry_scans()
    upkeep.forget_infected(at=timezone.now())
