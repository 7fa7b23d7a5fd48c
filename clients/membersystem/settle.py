"""Taking steps of a change: the state, its outcome, the audit row and who is told, all in one transaction."""

import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from clients.membersystem import notices, numbers, outcomes
from clients.membersystem.gateways.base import Answer
from clients.membersystem.states import NotPossible, Step, after
from clients.models import MemberChange
from portal.common import audit

logger = structlog.get_logger(__name__)

WITH_IT = ("account", "member", "policy__producer_number__producer", "created_by")


@transaction.atomic
def take_answer(
    change_pk: int,
    answer: Answer,
    *,
    now: datetime,
    only_if: Mapping[str, Any] | None = None,
    known: MemberChange | None = None,
    **columns: Any,
) -> bool:
    """Store the member system's answer to one change and do what it means; ``columns`` are written along.

    Returns False when the change is not in a state to be answered, as when the same answer came before, or does not
    meet ``only_if``, such as our lease. Whatever an outcome raises is raised, and nothing is kept: the answer is then
    taken again. ``known`` is the same change with its related rows at hand, which are then not read again.
    """
    if (change := _locked(change_pk, only_if, known)) is None:
        return False
    step = Step.ACCEPT if answer.accepted else Step.REJECT
    try:
        status = after(change.status, step)
    except NotPossible:
        if change.status != (MemberChange.Status.ACKED if answer.accepted else MemberChange.Status.REJECTED):
            logger.warning("answer does not fit the change", change=change_pk, status=change.status, answer=step.value)
        return False
    columns = {"acked_at": now, "sent_at": change.sent_at or now, "last_error": answer.reason[:500], **columns}
    write(change, status, **columns)
    if answer.accepted:
        if answer.assigned:
            numbers.store(change, answer.assigned)
            change = with_related().get(pk=change_pk)
        outcomes.outcomes_of(change.kind).accepted(change, now)
    else:
        fail(change, now=now)
        notices.tell_of_failure(change, at=now)
    record("accepted" if answer.accepted else "rejected", change)
    return True


@transaction.atomic
def give_up(change_pk: int, reason: str, *, now: datetime, only_if: Mapping[str, Any] | None = None) -> bool:
    """End the trying, unless the row does not meet ``only_if`` any more."""
    if (change := _locked(change_pk, only_if)) is None:
        return False
    write(change, after(change.status, Step.GIVE_UP), given_up_at=now, last_error=reason[:500])
    fail(change, now=now)
    notices.tell_of_failure(change, at=now)
    record("given_up", change)
    return True


def fail(change: MemberChange, *, now: datetime) -> None:
    """What was promised will not happen by itself: the change's kind says so where it shows.

    An outcome that cannot do its part does not keep the change from being marked: it would fail for ever.
    """
    try:
        with transaction.atomic():
            outcomes.outcomes_of(change.kind).failed(change, now)
    except Exception as exc:  # noqa: BLE001 - whatever the kind's own code raises
        logger.error("failed change not made visible", change=change.pk, kind=change.kind, error=kind_and_place(exc))


def with_related() -> "QuerySet[MemberChange]":
    """Changes with the rows they are about. The SSN stays where it is: nearly nothing needs it, and opening it costs."""
    return MemberChange.objects.select_related(*WITH_IT).defer("member__ssn")


def _locked(
    change_pk: int, only_if: Mapping[str, Any] | None, known: MemberChange | None = None
) -> MemberChange | None:
    """The change with what belongs to it, its row locked, if it meets the conditions."""
    rows = MemberChange.objects.all() if known else with_related()
    # By its key alone: a planner without fresh figures would take another condition for a way to find it.
    row = rows.select_for_update(of=("self",)).filter(pk=change_pk).order_by().first()
    if row is None or any(getattr(row, name) != value for name, value in (only_if or {}).items()):
        return None
    if known is not None:
        for name in ("account", "member", "policy", "created_by"):
            setattr(row, name, getattr(known, name))
    return row


def kind_and_place(exc: Exception) -> str:
    """What the log may say of a fault: its type and where it was raised. Its text may quote a name."""
    frames = traceback.extract_tb(exc.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(exc).__name__}{where}"


def write(change: MemberChange, status: MemberChange.Status, **columns: Any) -> None:
    """Put the change into a state; any lease ends with it."""
    columns = {"lease_until": None, "lease_owner": None, "status": status, **columns}
    for name, value in columns.items():
        setattr(change, name, value)
    change.save(update_fields=list(columns))


def record(what: str, change: MemberChange, *, by: User | None = None, **details: Any) -> None:
    """One audit row; by the member system when nobody is named."""
    audit.record(
        f"member_change.{what}",
        by=by,
        for_producer=change.policy.producer_number.producer.npn,
        object_type="memberchange",
        object_id=str(change.pk),
        details={"kind": change.kind, **details},
    )
