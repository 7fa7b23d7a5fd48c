"""What producer support does for somebody who called: open a locked login, reset the second factors, each on a ticket."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import TypingProfile, User
from accounts.services import authenticator, devices, lockout, one_time_codes, typing_patterns
from portal.common import audit
from portal.common.messaging.send import send_email


@transaction.atomic
def unlock(*, user: User, ticket: str, reason: str, by: User, at: datetime) -> bool:
    """Open a login before its time; return whether it was locked. The owner is told."""
    if not lockout.unlock(username=user.username, at=at, reason=f"ticket {ticket}: {reason}", by=by):
        return False
    _tell(user, "was unlocked", at)
    return True


@transaction.atomic
def reset_second_factors(*, user: User, ticket: str, reason: str, by: User, at: datetime) -> None:
    """Forget devices, authenticator app, recovery codes and typing pattern; codes by message are left (LOG_13).

    Nothing of it lets anybody in: the next sign-in takes the password and a code sent to the record's address.
    """
    user = one_time_codes.lock(user)
    forgotten = {
        "devices": devices.revoke_all(user=user, at=at),
        "authenticator": authenticator.device_of(user) is not None,
        "recovery_codes": authenticator.codes_left(user),
        "typing_pattern": TypingProfile.objects.filter(user=user).exists(),
    }
    authenticator.forget(user)
    if forgotten["typing_pattern"]:
        typing_patterns.start_over(user)
    audit.record(
        "second_factors.reset",
        by=by,
        object_type="user",
        object_id=str(user.pk),
        details={"ticket": ticket, "reason": reason, **forgotten},
    )
    _tell(user, "had its ways to verify reset (remembered devices, authenticator app, typing pattern)", at)


@transaction.atomic
def reset_typing_pattern(*, user: User, ticket: str, reason: str, by: User, at: datetime) -> bool:
    """Forget the typing pattern, so that the next login asks for a new one; return whether that changed anything (LOG_13).

    Remembered devices are asked again, else that login would bypass the page. A new pattern counts only after a code sent to
    the record's address, so that whoever talked support into this gains nothing. Opens it for somebody who had withdrawn, too.
    """
    user = one_time_codes.lock(user)
    kept = TypingProfile.objects.filter(user=user).exists()
    if not typing_patterns.start_over(user):
        return False
    audit.record(
        "typing_pattern.reset",
        by=by,
        object_type="user",
        object_id=str(user.pk),
        details={
            "ticket": ticket,
            "reason": reason,
            "typing_pattern": kept,
            "devices": devices.revoke_all(user=user, at=at),
        },
    )
    _tell(user, "had its typing pattern reset", at)
    return True


def _tell(user: User, what: str, at: datetime) -> None:
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="support_reset",
            subject=f"Producer support changed your {settings.PORTAL_NAME} account",
            context={"changed_at": at, "what": what},
        )
