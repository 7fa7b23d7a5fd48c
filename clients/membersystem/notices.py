"""Telling people of changes that did not get through. Account numbers and kinds of changes, no names."""

from datetime import datetime

import structlog
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.models import User
from clients.membersystem import outcomes
from clients.models import MemberChange
from portal.common.notifications.notify import notify_all

logger = structlog.get_logger(__name__)

FAILED = "member_change.failed"
ATTENTION = "member_change.attention"
_QUEUE = "admin:clients_memberchange_changelist"


def tell_of_failure(change: MemberChange, *, at: datetime) -> None:
    """Tell whoever made the change and the producer of record, once for each way it failed, and the carrier's staff.

    Whatever goes wrong with the telling, the change is marked all the same.
    """
    try:
        with transaction.atomic():
            _tell_of_failure(change, at)
    except Exception as exc:  # noqa: BLE001 - a fault in telling must not keep the change as it was
        logger.error("nobody told of a failed change", change=change.pk, error=type(exc).__name__)


def _tell_of_failure(change: MemberChange, at: datetime) -> None:
    account = change.account.number or ""
    what, where = change.get_kind_display(), f" of account {account}" if account else ""
    rejected = change.status == MemberChange.Status.REJECTED
    told_elsewhere = outcomes.outcomes_of(change.kind).tells_people(change)
    how = "was not accepted by the member system" if rejected else "could not be delivered to the member system"
    notify_all(
        recipients=[] if told_elsewhere else _concerned(change),
        kind=FAILED,
        title=f"{what}{where} {how}",
        text="What the carrier had before still applies. The carrier's staff are looking into it; you may also make the "
        "change again.",
        url=reverse("clients:detail", args=[account]) if account else "",
        fact=f"member change {change.pk} {change.status}",
        at=at,
    )
    if not rejected:
        tell_staff("given_up", "Changes for the member system were given up", view="failed", at=at)


def tell_unanswered(count: int, *, at: datetime) -> None:
    """Tell the carrier's staff, once a day, that answers are missing."""
    what = "1 change was" if count == 1 else f"{count} changes were"
    tell_staff("unanswered", f"{what} sent a day ago and not answered", view="unanswered", at=at)


def tell_overdue(count: int, *, at: datetime) -> None:
    """Tell the carrier's staff, once a day, that changes wait longer than producers are told."""
    what = "1 change waits" if count == 1 else f"{count} changes wait"
    tell_staff("overdue", f"{what} for the member system longer than promised", view="", at=at)


def tell_staff(fact: str, title: str, *, view: str, at: datetime) -> None:
    """Tell everybody of the carrier's staff who settles changes the same thing once a day."""
    notify_all(
        recipients=User.objects.staff_who_may("clients.change_memberchange"),
        kind=ATTENTION,
        title=title,
        text="They stand under Member changes in the administration.",
        url=reverse(_QUEUE) + (f"?{urlencode({'view': view})}" if view else ""),
        fact=f"member changes {fact} {timezone.localdate(at)}",
        at=at,
    )


def _concerned(change: MemberChange) -> list[User]:
    producer = change.policy.producer_number.producer_id
    of_record = User.objects.filter(role=User.Role.PRODUCER, producer_id=producer, is_active=True)
    by = change.created_by
    may_still_see = MemberChange.objects.for_user(by).filter(pk=change.pk).exists()
    return [*([by] if may_still_see else []), *of_record]
