"""Asking a person who is signed in for the password again before something that guards the door (ASVS 7.5.1)."""

from datetime import datetime, timedelta

from accounts.models import User
from portal.common import audit, throttle
from portal.common.throttle import Limit

PER_USER = Limit("confirm-identity-user", 10, timedelta(hours=1))


class WrongPassword(Exception):
    """This is not the person's password; fit to show."""

    def __init__(self) -> None:
        super().__init__("The password is not right.")


def confirm(*, user: User, password: str, at: datetime) -> None:
    """Raises ``WrongPassword`` or ``TooOften``; not for inside a transaction."""
    # Whoever sits down at an open browser may not try passwords without end.
    throttle.count(PER_USER, str(user.pk), at=at)
    if not user.check_password(password):
        audit.record("identity.refused", by=user, object_type="user", object_id=str(user.pk))
        raise WrongPassword
    audit.record("identity.confirmed", by=user, object_type="user", object_id=str(user.pk))
