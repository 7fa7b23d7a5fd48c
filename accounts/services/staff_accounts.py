"""Logins of the carrier's staff: made, given a role, closed and opened by carrier administrators only (docs/adr/0031).

A role given or taken acts with the next request of its owner, because each request asks the row anew.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import User
from portal.common import audit, staff_roles
from portal.common.messaging.send import send_email

UNTIL_FIRST_LOGIN = ("email", "mobile")


class NotForYou(Exception):
    """Whoever asks is no carrier administrator (any more), or asks about the own login; fit to show."""


class UsernameTaken(Exception):
    """There is a login of this name, whatever its case; fit to show."""


@dataclass(frozen=True, kw_only=True)
class StaffDetails:
    """Everything an administrator says about a login. ``standing`` is one of ``staff_roles.STANDINGS``."""

    first_name: str
    last_name: str
    email: str
    mobile: str
    standing: str
    is_active: bool = True

    def __post_init__(self) -> None:
        if self.standing not in dict(staff_roles.STANDINGS):
            raise ValueError(f"{self.standing} is no role of carrier staff.")


@transaction.atomic
def create(*, username: str, details: StaffDetails, by: User, at: datetime) -> User:
    """Make a login without a password: its owner chooses one with Forgot Password, by a code to the email address.

    The administrator vouches for the address. Raises ``NotForYou``, and ``UsernameTaken`` when somebody was quicker.
    """
    _lock_administrators(by)
    user = User(
        username=username,
        role=User.Role.CARRIER_ADMIN,
        is_staff=True,
        email_confirmed_at=at,
        password=make_password(None),
    )
    _apply(user, details)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as exc:
        raise UsernameTaken(
            "Somebody else has this username. If you pressed Save twice, the account was made."
        ) from exc
    _record("staff.account_made", user, by, role=details.standing)
    send_email(
        to=user.email,
        kind="staff_account_made",
        subject=f"Your {settings.PORTAL_NAME} staff account",
        context={"username": user.username, "staff_role": user.standing_label, "url": _url("accounts:forgot-password")},
    )
    return user


@transaction.atomic
def change(*, user: User, details: StaffDetails, by: User, at: datetime) -> tuple[str, ...]:
    """Take over what an administrator has changed; return the names of the fields, none when nothing was.

    Where codes go (email address, mobile) is the owner's from the first login on: what is said about it then is passed
    over. Nobody changes the own login here, so that there is always an administrator left. Raises ``NotForYou``.
    """
    _lock_administrators(by)
    locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk, role=User.Role.CARRIER_ADMIN)
    if locked.pk == by.pk:
        raise NotForYou("Another carrier administrator changes your account: nobody changes the own role.")
    before = _details_of(locked)
    wanted = asdict(details)
    if locked.last_login is not None:
        wanted |= {name: before[name] for name in UNTIL_FIRST_LOGIN}
    changed = tuple(name for name, value in wanted.items() if value != before[name])
    if not changed:
        return ()
    _apply(locked, StaffDetails(**wanted))
    locked.save()
    if "standing" in changed:
        _record("staff.role_changed", locked, by, before=before["standing"], after=details.standing)
        _tell_owner(locked, at)
    if others := [name for name in changed if name != "standing"]:
        _record("staff.account_changed", locked, by, fields=sorted(others), is_active=locked.is_active)
    return changed


def _lock_administrators(by: User) -> None:
    """Two administrators who take each other's role at once: the second finds the own one gone."""
    administrators = User.objects.select_for_update(of=("self",)).filter(
        role=User.Role.CARRIER_ADMIN, is_superuser=True, is_staff=True, is_active=True
    )
    if by.pk not in list(administrators.order_by("pk").values_list("pk", flat=True)):
        raise NotForYou("Only carrier administrators make and change staff accounts.")


def _details_of(user: User) -> dict[str, Any]:
    names = ("first_name", "last_name", "email", "mobile", "standing", "is_active")
    return {name: getattr(user, name) for name in names}


def _apply(user: User, details: StaffDetails) -> None:
    user.first_name, user.last_name = details.first_name, details.last_name
    user.email, user.mobile = details.email, details.mobile
    user.is_active = details.is_active
    user.is_superuser = details.standing == staff_roles.ADMINISTRATOR
    user.staff_role = "" if user.is_superuser else details.standing


def _record(action: str, user: User, by: User, **details: Any) -> None:
    audit.record(action, by=by, object_type="user", object_id=str(user.pk), details=details)


def _tell_owner(user: User, at: datetime) -> None:
    if user.email:
        send_email(
            to=user.email,
            kind="staff_role_changed",
            subject=f"Your role in {settings.PORTAL_NAME} was changed",
            context={"changed_at": at, "staff_role": user.standing_label},
        )


def _url(name: str) -> str:
    return f"{settings.PORTAL_URL.rstrip('/')}{reverse(name)}"
