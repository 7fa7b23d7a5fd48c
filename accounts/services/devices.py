"""Browsers excused from the second step for thirty days, and how they lose that (DEV_01..04).

A remembered device replaces the second step only, never the password. The browser keeps a random token; the database
keeps its hash. A token is worth something for one person, in the kind of browser it was given to.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from accounts.models import TrustedDevice, User
from portal.common import audit
from portal.common.messaging.send import send_email

TOKENS_READ = 5  # a browser that several people share keeps a token for each
BROWSER_LENGTH = 200


def _hash(token: str) -> str:
    return salted_hmac("accounts.devices.token", token, algorithm="sha256").hexdigest()


def _kind(browser: str) -> str:
    """What stays the same when a browser is updated: its name without version numbers."""
    return re.sub(r"[0-9][0-9._]*", "", browser)[:120]


def _printable(browser: str) -> str:
    return "".join(character for character in browser if character.isprintable())[:BROWSER_LENGTH]


@transaction.atomic
def remember(*, user: User, browser: str, at: datetime) -> str:
    """Excuse this browser from the second step until ``at`` + 30 days; return the token for its cookie.

    The owner is told by email, in the same transaction.
    """
    token = secrets.token_urlsafe(32)
    days = settings.REMEMBERED_DEVICE_DAYS
    TrustedDevice.objects.create(
        user=user,
        token_hash=_hash(token),
        browser=_printable(browser),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    audit.record("device.remembered", by=user, object_type="user", object_id=str(user.pk))
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="device_remembered",
            subject=f"A device is remembered for your {settings.PORTAL_NAME} account",
            context={"remembered_at": at, "browser": describe(browser), "days": days},
        )
    return token


def recognise(*, user: User, tokens: Sequence[str], browser: str, at: datetime) -> bool:
    """Is this a browser in which this person is excused at ``at``? Good before ``expires_at``. Notes the use.

    Call in a transaction: the row is locked until it ends, so that a device revoked meanwhile opens nothing.
    """
    device = _sighted(TrustedDevice.objects.select_for_update(), user, tokens, browser, at)
    if device is None:
        return False
    device.last_used_at = at
    device.save(update_fields=["last_used_at"])
    return True


def is_known(*, user: User, tokens: Sequence[str], browser: str, at: datetime) -> bool:
    """The same question without noting a use, for a page that only asks."""
    return _sighted(TrustedDevice.objects.all(), user, tokens, browser, at) is not None


def _sighted(
    rows: QuerySet[TrustedDevice], user: User, tokens: Sequence[str], browser: str, at: datetime
) -> TrustedDevice | None:
    hashes = [_hash(token) for token in tokens[:TOKENS_READ]]
    devices = rows.filter(user=user, token_hash__in=hashes, revoked_at__isnull=True, expires_at__gt=at)
    return next((device for device in devices if _kind(device.browser) == _kind(_printable(browser))), None)


def active(user: User, *, at: datetime) -> list[TrustedDevice]:
    """Devices that are excused at ``at``, the newest first."""
    return list(TrustedDevice.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=at))


@transaction.atomic
def revoke(*, user: User, device_id: int, at: datetime) -> bool:
    """Ask one of this person's own devices again; return whether there was such a one. Twice is once."""
    own = TrustedDevice.objects.filter(user=user, pk=device_id)
    if own.filter(revoked_at__isnull=True).update(revoked_at=at):
        audit.record("device.revoked", by=user, object_type="user", object_id=str(user.pk))
        return True
    return own.exists()


@transaction.atomic
def revoke_all(*, user: User, at: datetime) -> int:
    """Ask every browser of this person for the second step again; return how many were excused."""
    return TrustedDevice.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=at)


@transaction.atomic
def revoke_each(*, user: User, at: datetime) -> int:
    """The same as ``revoke_all`` at the person's own wish, and written down as such."""
    revoked = revoke_all(user=user, at=at)
    if revoked:
        audit.record(
            "device.all_revoked", by=user, object_type="user", object_id=str(user.pk), details={"devices": revoked}
        )
    return revoked


BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe(browser: str) -> str:
    """What a browser called itself, as people say it: "Chrome on Windows"."""
    name = next((label for mark, label in BROWSERS if mark in browser), "A browser")
    system = next((label for mark, label in SYSTEMS if mark in browser), "")
    return f"{name} on {system}" if system else name
