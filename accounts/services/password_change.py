"""Changing the own password while signed in (PRF_06, PRF_07)."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.services import one_time_codes, passwords
from portal.common import throttle
from portal.common.throttle import Limit

PER_USER = Limit("change-password-user", 10, timedelta(hours=1))


class WrongCurrentPassword(Exception):
    """What was given as the current password is not it; fit to show."""

    def __init__(self) -> None:
        super().__init__("The current password is not right.")


def change(*, user: User, current_password: str, new_password: str, at: datetime) -> None:
    """Replace the password of the person who knows the current one. ``user`` is as the request found it.

    Ends every session and trusted device (the caller ends its own) and owes the notice email. The same form sent twice
    is one change. Raises ``WrongCurrentPassword``, Django's ``ValidationError`` or ``TooOften``.
    """
    # Whoever sits down at an open browser may not try passwords without end.
    throttle.count(PER_USER, str(user.pk), at=at)
    with transaction.atomic():
        locked = one_time_codes.lock(user)
        sent_twice = locked.password != user.password and locked.check_password(new_password)
        if sent_twice:
            return
        if not locked.check_password(current_password):
            raise WrongCurrentPassword
        passwords.set_password(user=locked, new_password=new_password, by=locked, at=at)
