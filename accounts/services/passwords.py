"""Setting passwords: the rules, the ten that may not come back, the notice, and the devices that lose their trust."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.models import PasswordHistory, User
from accounts.password_validation import REMEMBERED
from accounts.services import devices, open_sessions
from portal.common import audit
from portal.common.messaging.send import send_email


@transaction.atomic
def set_password(*, user: User, new_password: str, by: User, at: datetime) -> None:
    """Give the person a new password; every other session and every trusted device ends with it (PWD_01..10).

    The notice email is owed in the same transaction. Raises Django's ``ValidationError`` with one message for each
    rule the password breaks, the ten passwords before it included. Sessions end twice over: their rows go, and Django's
    session hash is made from the password.
    """
    locked = User.objects.select_related("producer").select_for_update(of=("self",)).get(pk=user.pk)
    validate_password(new_password, locked)
    old_hash, new_hash = locked.password, make_password(new_password)
    if locked.has_usable_password() and not locked.password_history.filter(password=old_hash).exists():
        # Set before the history was kept, or by a command line: it counts as used all the same.
        PasswordHistory.objects.create(user=locked, password=old_hash, set_at=min(locked.date_joined, at))
    user.password = new_hash
    user.save(update_fields=["password"])
    remember(user, at=at)
    devices.revoke_all(user=user, at=at)
    open_sessions.end_all(user=user, by=by)
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="password_changed",
            subject=f"Your {settings.PORTAL_NAME} password was changed",
            context={"changed_at": at},
        )
    audit.record("password.changed", by=by, object_type="user", object_id=str(user.pk))


def remember(user: User, *, at: datetime) -> None:
    """Keep the hash of the password just set, and no more than the newest ten (PWD_10)."""
    PasswordHistory.objects.create(user=user, password=user.password, set_at=at)
    too_old = user.password_history.order_by("-set_at", "-id").values_list("pk", flat=True)[REMEMBERED:]
    PasswordHistory.objects.filter(pk__in=list(too_old)).delete()
