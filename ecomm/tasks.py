"""What beat does for messages to the carrier. On nobody's behalf."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from ecomm.services import questions


@shared_task(name="ecomm.forget_question_drafts", ignore_result=True)
def forget_question_drafts(**_kwargs: Any) -> None:
    """Drop what was typed into forms that nobody came back to."""
    questions.forget_drafts(at=timezone.now())
