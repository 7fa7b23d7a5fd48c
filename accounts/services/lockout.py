"""Locking a login after wrong passwords in a row, for a while (LCK_01..05).

The count is one row for each name, raised under a row lock, so that it is exact however many try at once and survives a
restart of anything but the database. Names that do not exist are counted, locked and answered like those that do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.models import LoginGuard, TrustedDevice, User
from portal.common import audit, clocks, outbox
from portal.common.messaging.send import send_email

TOPIC = "accounts.login.locked"
KEY_LENGTH = 150


@dataclass(frozen=True)
class Standing:
    """How a name stands: wrong passwords in a row, and from when it opens again (``None``: it is open)."""

    failures: int
    locked_until: datetime | None


def key_of(username: str, user: User | None) -> str:
    """Under which name tries are counted: the account's own, if there is one.

    The database compares names by their upper case, where more letters than two meet (dotless i and I, long s and S);
    counting by what was typed would give each way of writing a name tries of its own.
    """
    return (user.username if user else username).lower()[:KEY_LENGTH]


def _guard_for_update(key: str) -> LoginGuard | None:
    return LoginGuard.objects.select_for_update().filter(username_key=key).first()


def standing(*, key: str, at: datetime) -> Standing:
    """How this name stands at ``at``."""
    guard = LoginGuard.objects.filter(username_key=key).first()
    if guard is None or _has_run_out(guard, at):
        return Standing(0, None)
    return Standing(guard.failures, guard.locked_until)


def _has_run_out(guard: LoginGuard, at: datetime) -> bool:
    """Only when the clock all processes share says so as well: one process that is ahead opens nothing early (F13)."""
    return guard.locked_until is not None and guard.locked_until <= at and guard.locked_until <= clocks.earlier_of(at)


def count(*, key: str, right: bool, at: datetime) -> bool:
    """Count one try whose password was right or wrong; return whether it may go on.

    A try while the name is locked does not go on, whatever its password, neither counts nor starts the time anew. A
    right one sets the count back (LCK_04). Call in a transaction: the name's row stays locked until it ends.
    """
    guard = _guard_for_update(key)
    if guard is None and right:
        return True
    if guard is None:
        LoginGuard.objects.bulk_create([LoginGuard(username_key=key)], ignore_conflicts=True)
        guard = LoginGuard.objects.select_for_update().get(username_key=key)
    if guard.locked_until is not None and not _has_run_out(guard, at):
        return False
    wrong_before = 0 if _has_run_out(guard, at) else guard.failures
    guard.failures = 0 if right else wrong_before + 1
    guard.last_failure_at = guard.last_failure_at if right else at
    locks = guard.failures >= settings.LOCKOUT_LIMIT
    guard.locked_until = clocks.later_of(at) + timedelta(minutes=settings.LOCKOUT_MINUTES) if locks else None
    guard.save(update_fields=["failures", "last_failure_at", "locked_until"])
    if locks:
        _when_locked(guard, at)
    return right


def _when_locked(guard: LoginGuard, at: datetime) -> None:
    """Browsers lose their trust (DEV_04) and the owner is told. The same statements run for names that do not exist."""
    key = guard.username_key
    TrustedDevice.objects.filter(user__username__iexact=key, revoked_at__isnull=True).update(revoked_at=at)
    audit.record("sign_in.locked", by=None, object_type="loginguard", object_id=str(guard.pk))
    outbox.add(
        TOPIC,
        dedupe_key=f"login-locked:{guard.pk}:{at.isoformat()}",
        payload={"guard_pk": guard.pk, "locked_at": at.isoformat()},
    )


@outbox.handler(TOPIC)
def tell_owner(payload: dict[str, Any]) -> None:
    """Write to the address on record of whoever has this name, if anybody has."""
    guard = LoginGuard.objects.filter(pk=payload["guard_pk"]).first()
    user = User.objects.open().filter(username__iexact=guard.username_key).first() if guard else None
    if user is None or not user.security_email:
        return
    send_email(
        to=user.security_email,
        kind="login_locked",
        subject=f"Your {settings.PORTAL_NAME} account was locked",
        context={
            "locked_at": datetime.fromisoformat(payload["locked_at"]),
            "limit": settings.LOCKOUT_LIMIT,
            "minutes": settings.LOCKOUT_MINUTES,
        },
    )


@transaction.atomic
def purge(*, before: datetime) -> int:
    """Forget the counts of names whose last wrong password was typed before ``before``; return how many.

    Names that exist and names that do not alike: else a count that begins anew would tell which they are.
    """
    old = LoginGuard.objects.filter(last_failure_at__lt=before)
    open_again = old.filter(Q(locked_until__isnull=True) | Q(locked_until__lt=before))
    deleted, _ = open_again.delete()
    return deleted


@transaction.atomic
def unlock(*, username: str, at: datetime, reason: str, by: User | None = None) -> bool:
    """Forget the wrong passwords counted on this name; return whether it was locked (LCK_03).

    ``reason`` goes into the audit trail when it was: "forgot password", or an administrator's ticket.
    """
    guard = _guard_for_update(username.lower()[:KEY_LENGTH])
    if guard is None:
        return False
    was_locked = guard.locked_until is not None and not _has_run_out(guard, at)
    guard.failures = 0
    guard.locked_until = None
    guard.save(update_fields=["failures", "locked_until"])
    if was_locked:
        audit.record(
            "sign_in.unlocked",
            by=by,
            object_type="loginguard",
            object_id=str(guard.pk),
            details={"reason": reason},
        )
    return was_locked
