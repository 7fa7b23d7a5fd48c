"""Telling a forgotten username to the mailbox on record, and to nobody else (FUN_01..07).

An address that belongs to nobody takes the same way as one that does, up to the message itself, which is rolled back:
the answer, its time and the number of counted tries tell nothing (ASVS 6.3.8).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import DelegateGrant, User
from accounts.services import lockout
from portal.common import audit, throttle
from portal.common.content.selectors.contacts import lines_by_state, lines_of_groups
from portal.common.dates import today_in
from portal.common.messaging.send import send_email
from portal.common.throttle import Limit

HOUR = timedelta(hours=1)
UNLOCK_LINK_FOR = timedelta(minutes=30)
UNLOCK_SALT = "accounts.username_recovery.unlock"


class UnlockLinkIsDead(Exception):
    """The link is too old, was used, or what it opens is open; the text is fit to show."""

    def __init__(self) -> None:
        super().__init__(
            "This link no longer works: it has expired, or your account is no longer locked. Log in, or use Forgot "
            "Username again."
        )


def send_usernames(
    *,
    email: str,
    producer_number: str = "",
    ip_address: str | None,
    login_url: str,
    unlock_url: Callable[[str], str],
    at: datetime,
) -> None:
    """Owe one email naming every active login whose mailbox on record is ``email``, whatever its case (FUN_03).

    With FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER (the older rule, FUN_06) only logins the nine digits belong to count:
    the producer's own number or, for a delegate, a number of a producer worked for. ``unlock_url`` makes an address of
    a token; the email holds it when a login is locked (LCK_03). Raises ``TooOften``, whether or not there is a login.
    """
    per_address = Limit("forgot-username-address", settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR, HOUR)
    per_mailbox = Limit("forgot-username-mailbox", settings.RECOVERY_EMAILS_PER_MAILBOX_PER_HOUR, HOUR)
    throttle.count(per_address, ip_address or "", at=at)
    throttle.count(per_mailbox, email.lower(), at=at)
    with transaction.atomic():
        logins = list(_logins_of(email, producer_number, at))
        _owe_email(logins or [User(username="nobody", email=email)], login_url, unlock_url, at)
        if not logins:
            transaction.set_rollback(True)


def _logins_of(email: str, producer_number: str, at: datetime) -> QuerySet[User]:
    of_record = Q(producer__record_email__iexact=email) | Q(producer__isnull=True, email__iexact=email)
    logins = User.objects.open().filter(of_record)
    if settings.FORGOT_USERNAME_REQUIRES_PRODUCER_NUMBER:
        helpers = DelegateGrant.objects.in_force(today_in(now=at)).filter(producer__numbers__number=producer_number)
        logins = logins.filter(
            Q(producer__numbers__number=producer_number) | Q(pk__in=helpers.values("delegate_id"))
        ).distinct()
    return logins.order_by("username")


def _owe_email(logins: list[User], login_url: str, unlock_url: Callable[[str], str], at: datetime) -> None:
    token = _unlock_token(logins, at)
    send_email(
        to=logins[0].security_email,
        kind="username_reminder",
        subject=f"Your {settings.PORTAL_NAME} username",
        context={
            "usernames": [login.username for login in logins],
            "requested_at": at,
            "login_url": login_url,
            "unlock_url": unlock_url(token) if token else "",
            "unlock_minutes": UNLOCK_LINK_FOR.seconds // 60,
            "support_lines": lines_by_state(at=at),
            "support_groups": lines_of_groups(at=at),
        },
    )
    for login in logins:
        audit.record("username.sent", by=None, object_type="user", object_id=str(login.pk or ""))


def _unlock_token(logins: Iterable[User], at: datetime) -> str:
    """What unlocks the locked ones among ``logins``; empty when none is.

    The lock itself is named, so the token is worth nothing once that lock is over: it works once and for one lock.
    """
    locks = [(login.pk, _locked_until(login, at)) for login in logins]
    locked = [[pk, until.isoformat()] for pk, until in locks if until is not None]
    until = (at + UNLOCK_LINK_FOR).isoformat()
    return signing.dumps({"locks": locked, "until": until}, salt=UNLOCK_SALT) if locked else ""


def _locked_until(login: User, at: datetime) -> datetime | None:
    return lockout.standing(key=lockout.key_of(login.username, login), at=at).locked_until


def locked_logins(token: str, *, at: datetime) -> list[User]:
    """The logins this link would unlock now. Raises ``UnlockLinkIsDead``."""
    try:
        told = signing.loads(token, salt=UNLOCK_SALT)
    except signing.BadSignature as exc:
        raise UnlockLinkIsDead from exc
    locks = {pk: datetime.fromisoformat(until) for pk, until in told["locks"]}
    logins = [
        login
        for login in User.objects.open().filter(pk__in=locks).order_by("username")
        if _locked_until(login, at) == locks[login.pk]
    ]
    if at >= datetime.fromisoformat(told["until"]) or not logins:
        raise UnlockLinkIsDead
    return logins


@transaction.atomic
def unlock_by_link(token: str, *, at: datetime) -> list[User]:
    """Unlock the logins of a link from the mailbox on record (LCK_03) and return them. Raises ``UnlockLinkIsDead``.

    Of two requests with the same link one unlocks, the other finds it dead.
    """
    unlocked = [
        login
        for login in locked_logins(token, at=at)
        if lockout.unlock(username=login.username, at=at, reason="forgot username", by=login)
    ]
    if not unlocked:
        raise UnlockLinkIsDead
    return unlocked
