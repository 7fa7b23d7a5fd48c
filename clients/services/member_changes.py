"""Changes on their way to the member system: written with the change itself, delivered later (CON_03, ADR 0014)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from clients.membersystem import settle
from clients.membersystem.answers import ANSWER_WITHIN
from clients.membersystem.states import NotPossible, Step, after
from clients.membersystem.sweep import HOUSEHOLD_WIDE
from clients.models import Account, Member, MemberChange, Policy

Status, Kind = MemberChange.Status, MemberChange.Kind


class CannotSettle(Exception):
    """The change cannot be sent again, or closed; the text says why and is fit to show."""


@transaction.atomic
def queue(
    *,
    kind: MemberChange.Kind,
    policy: Policy,
    member: Member,
    payload: dict[str, Any],
    reference: str,
    by: User,
    now: datetime,
) -> MemberChange:
    """Owe the member system one change of ``member``, in the caller's transaction.

    ``member`` is the one the change is about; for a whole policy its primary insured. ``reference`` names the act (the
    key of the form that was sent, the id of the row that was made): the same kind, member and reference again return
    the row that exists. It is not sent before ``settings.SYNC_DELAY`` is over. ``payload`` never holds an SSN; its form
    is said in ``clients.membersystem.payloads``.
    """
    # Ids are given out before they are committed. Taking turns in a household makes the order of its changes the order
    # of their ids, by which they are sent.
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=policy.account_id)
    change, _created = MemberChange.objects.get_or_create(
        idempotency_key=f"{kind}:{member.member_id}:{reference}",
        defaults={
            "kind": kind,
            "account_id": policy.account_id,
            "member": member,
            "policy": policy,
            "payload": payload,
            "not_before": now + settings.SYNC_DELAY,
            "created_by": by,
            "created_at": now,
        },
    )
    return change


@transaction.atomic
def retry(*, change: MemberChange, by: User, now: datetime) -> MemberChange:
    """Put a change that was rejected, given up or never answered back in the queue, under the same key and reference.

    Raises ``CannotSettle`` when it is in another state by now, and when a newer change of the same thing went out
    since: the older one would overwrite it.
    """
    row = _to_settle(change, Step.RETRY, now)
    if _overtaken(row):
        raise CannotSettle(
            f"Change {row.pk} cannot be sent again: a newer {row.get_kind_display().lower()} went out since, which it "
            "would undo. Close it with a note."
        )
    before = row.status
    settle.write(
        row,
        after(row.status, Step.RETRY),
        attempts=0,
        first_tried_at=None,
        not_before=now,
        last_error="",
        sent_at=None,
        acked_at=None,
        given_up_at=None,
        isa13="",
        gs06="",
        st02="",
    )
    settle.record("retried", row, by=by, was=before)
    return row


@transaction.atomic
def close(*, change: MemberChange, note: str, by: User, now: datetime) -> MemberChange:
    """Settle a change that was rejected, given up or never answered without sending it. ``note`` says why.

    Raises ``CannotSettle`` when it is in another state by now, and ``ValueError`` without a note.
    """
    if not note.strip():
        raise ValueError("A change is closed with a note.")
    row = _to_settle(change, Step.CLOSE, now)
    before = row.status
    settle.write(row, after(row.status, Step.CLOSE), closed_at=now, closed_by=by, closing_note=note.strip()[:500])
    if before == Status.SENT:
        settle.fail(row, now=now)
    settle.record("closed", row, by=by, was=before)
    return row


@transaction.atomic
def withdraw(*, change: MemberChange, note: str, now: datetime) -> bool:
    """Take back a change that was never handed over, because there is nothing left to tell; ``note`` says why.

    ``False`` for one that may have reached the member system, or is being handed over at this moment: its answer decides.
    """
    rows = MemberChange.objects.select_for_update(of=("self",), skip_locked=True)
    row = rows.filter(pk=change.pk, status=Status.PENDING, lease_until=None, bgn02="").first()
    if row is None:
        return False
    settle.write(row, after(row.status, Step.UNDO), closed_at=now, closing_note=note[:500])
    settle.record("withdrawn", row)
    return True


def _to_settle(change: MemberChange, step: Step, now: datetime) -> MemberChange:
    """The row, locked, if staff may take this step now."""
    row = settle.with_related().select_for_update(of=("self",)).get(pk=change.pk)
    try:
        after(row.status, step)
    except NotPossible:
        raise CannotSettle(f"Change {row.pk} is {row.get_status_display().lower()}; nothing was done.") from None
    if row.status == Status.SENT and (row.sent_at is None or row.sent_at > now - ANSWER_WITHIN):
        raise CannotSettle(f"Change {row.pk} was sent less than a day ago and may still be answered.")
    return row


def _overtaken(row: MemberChange) -> bool:
    """Whether a newer change of the same thing was handed over, or may have been."""
    if row.kind == Kind.ID_CARD:
        return False  # one order of cards does not undo another
    newer = MemberChange.objects.filter(account_id=row.account_id, pk__gt=row.pk).filter(
        Q(status__in=[Status.SENT, Status.ACKED]) | (Q(status=Status.PENDING) & ~Q(bgn02=""))
    )
    if row.kind in HOUSEHOLD_WIDE or row.member_id is None:
        return newer.filter(kind__in=HOUSEHOLD_WIDE, policy_id=row.policy_id).exists()
    return newer.filter(kind=row.kind, member_id=row.member_id).exists()
