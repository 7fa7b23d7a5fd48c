"""Celery's side of the outbox. Messages carry row ids only; the rights of the user were checked when the row was written."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.common import audit_chain, outbox, retention


@shared_task(name="portal.common.deliver_outbox_message", ignore_result=True)
def deliver_outbox_message(*, message_pk: int, **_kwargs: Any) -> None:
    outbox.deliver(message_pk=message_pk)


@shared_task(name="portal.common.sweep_outbox", ignore_result=True)
def sweep_outbox(**_kwargs: Any) -> None:
    outbox.sweep()


@shared_task(name="portal.common.seal_audit", ignore_result=True)
def seal_audit(*, everywhere: bool = False, **_kwargs: Any) -> None:
    audit_chain.seal(everywhere=everywhere)


@shared_task(name="portal.common.forget_done", ignore_result=True)
def forget_done(**_kwargs: Any) -> None:
    retention.forget_done(at=timezone.now())
