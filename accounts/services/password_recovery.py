"""A new password for somebody who forgot the old one, in four steps: find, method, code, new password (FPW_01..09).

What exists between the steps is a ``Recovery``, kept with the session of an anonymous browser. A username that may not
be used here (unknown, closed, not confirmed, no mailbox on record) gets a ``Recovery`` too, a decoy: it walks the same
pages with made-up masks, is counted by the same limits, and no code ever fits. So nobody learns which usernames exist
(ASVS 6.3.8); what a decoy would write is written and rolled back, so that the time it takes does not tell either.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import OneTimeCode, User
from accounts.rules.contact_masks import decoy_masks, mask_email_and_domain
from accounts.services import lockout, one_time_codes, passwords, sign_in
from accounts.services.one_time_codes import EMAIL, SMS, Check, Destination, TooManyCodes, Verdict
from portal.common import audit, throttle
from portal.common.messaging.send import sms_available
from portal.common.throttle import Limit, TooOften

logger = structlog.get_logger(__name__)

RESET = OneTimeCode.Purpose.PASSWORD_RESET
OPEN_FOR = timedelta(minutes=30)
PROVEN_FOR = timedelta(minutes=15)
HOUR = timedelta(hours=1)
NEW_PASSWORD_TRIES = 30  # each costs eleven password hashes, so a browser may not ask without end


class RecoveryIsOver(Exception):
    """Too late, or the password has been changed meanwhile: only a new start helps."""


@dataclass(frozen=True)
class Recovery:
    """One attempt of one browser. ``user_id`` is ``None`` for a decoy."""

    username: str
    user_id: int | None
    secret: str
    password_stamp: str
    started_at: datetime
    method: str = ""
    sent_at: datetime | None = None
    proven_at: datetime | None = None


def find(*, username: str, ip_address: str | None, at: datetime) -> Recovery:
    """Start a recovery for this username, whether or not it exists (FPW_01, FPW_02). Raises ``TooOften``."""
    _count_try("find", ip_address, at)
    per_username = Limit("forgot-password-find-username", settings.RECOVERY_TRIES_PER_USERNAME_PER_HOUR, HOUR)
    throttle.count(per_username, username.lower(), at=at)
    user = User.objects.select_related("producer").filter(username__iexact=username).first()
    reachable = user is not None and sign_in.may_sign_in(user) and bool(_ways_of(user))
    return Recovery(
        username=username,
        user_id=user.pk if user is not None and reachable else None,
        secret=secrets.token_urlsafe(32),
        password_stamp=user.get_session_auth_hash() if user is not None and reachable else "",
        started_at=at,
    )


def _count_try(step: str, ip_address: str | None, at: datetime) -> None:
    limit = Limit(f"forgot-password-{step}-address", settings.RECOVERY_TRIES_PER_ADDRESS_PER_HOUR, HOUR)
    throttle.count(limit, ip_address or "", at=at)


def person_of(recovery: Recovery, *, at: datetime) -> User | None:
    """Whose password it is; ``None`` for a decoy. Raises ``RecoveryIsOver``.

    An attempt is open for 30 minutes, and for 15 minutes more once its code was given; it ends with a change of the
    password or the closing of the login.
    """
    ends_at = recovery.started_at + OPEN_FOR if recovery.proven_at is None else recovery.proven_at + PROVEN_FOR
    if at >= ends_at:
        raise RecoveryIsOver
    # Asked for a decoy as well, which takes as long.
    user = User.objects.select_related("producer").filter(pk=recovery.user_id or 0).first()
    if recovery.user_id is None:
        return None
    if user is None or not _still_good(recovery, user):
        raise RecoveryIsOver
    return user


def _still_good(recovery: Recovery, user: User) -> bool:
    return sign_in.may_sign_in(user) and constant_time_compare(recovery.password_stamp, user.get_session_auth_hash())


def ways(recovery: Recovery, user: User | None) -> list[Destination]:
    """Where the code can go, masked for somebody who has proven nothing yet; made up for a decoy (FPW_02)."""
    if user is not None:
        return _ways_of(user)
    # The same masks whenever somebody asks for this name; they change with SECRET_KEY only.
    chance = salted_hmac("accounts.password_recovery.decoy", recovery.username.lower(), algorithm="sha256").digest()
    masks = decoy_masks(chance)
    made_up = [Destination(EMAIL.value, masks.email)]
    if masks.phone and sms_available():
        made_up.append(Destination(SMS.value, masks.phone))
    return made_up


def _ways_of(user: User) -> list[Destination]:
    masks = {EMAIL.value: mask_email_and_domain(user.security_email)}
    return [
        replace(way, masked=masks.get(way.method, way.masked))
        for way in one_time_codes.destinations(user)
        if way.method in (EMAIL.value, SMS.value)
    ]


def send_code(*, recovery: Recovery, user: User | None, method: str, ip_address: str | None, at: datetime) -> Recovery:
    """Send a code by one of the ``ways``; the one sent before no longer works (FPW_03, FPW_06). Raises ``TooOften``."""
    _count_try("send", ip_address, at)
    # Half of what a person can be sent within any hour, because these windows are fixed ones and two of them can
    # meet in an hour: so this limit, which decoys have too, is always the one that is met first.
    per_username = Limit("forgot-password-send-username", max(1, settings.ONE_TIME_CODE_SENDS_PER_HOUR // 2), HOUR)
    throttle.count(per_username, recovery.username.lower(), at=at)
    with transaction.atomic():
        try:
            one_time_codes.send(
                user=user or _nobody(), purpose=RESET, method=method, attempt_secret=recovery.secret, at=at
            )
        except TooManyCodes:
            logger.warning("no recovery code sent, hourly limit of codes")
        if user is None:
            transaction.set_rollback(True)
    return replace(recovery, method=method, sent_at=at)


def _nobody() -> User:
    """Stands for a person whom no row has; what is written for them is taken back before the database looks at keys."""
    return User(pk=0, username="nobody", role=User.Role.DELEGATE, email="nobody@example.invalid", mobile="0" * 10)


def count_code(*, ip_address: str | None, at: datetime) -> None:
    """Count a code typed somewhere at this address. Raises ``TooOften``; not for inside a transaction."""
    _count_try("code", ip_address, at)


def check_code(*, recovery: Recovery, user: User | None, typed: str, at: datetime) -> tuple[Recovery, Check]:
    """Compare what was typed with the code of this attempt. With ``Verdict.RIGHT`` the recovery returned is proven.

    A code is good for ten minutes and five tries; so is a decoy's, which nothing fits.
    """
    if recovery.sent_at is None:
        return recovery, Check(Verdict.NOT_SENT)
    # Before the tries, so that an old code gives one answer, however often it was tried.
    if at >= recovery.sent_at + timedelta(minutes=settings.ONE_TIME_CODE_MINUTES):
        return recovery, Check(Verdict.EXPIRED, method=recovery.method)
    result = one_time_codes.check(
        user=user or _nobody(), purpose=RESET, attempt_secret=recovery.secret, typed=typed, at=at
    )
    if user is None:
        return recovery, _refuse(recovery)
    if result.verdict is Verdict.RIGHT:
        audit.record(
            "password_recovery.proven",
            by=user,
            object_type="user",
            object_id=str(user.pk),
            details={"method": result.method},
        )
        return replace(recovery, proven_at=at), result
    return recovery, result


def _refuse(decoy: Recovery) -> Check:
    """Count down as a real code does, exactly under concurrency too."""
    sent_at = decoy.sent_at or decoy.started_at
    limit = Limit("forgot-password-decoy-code", settings.ONE_TIME_CODE_TRIES, timedelta(days=1))
    try:
        # Counted at the moment of sending, so that the window is the same one as long as the code is.
        tried = throttle.count(limit, f"{decoy.secret}:{sent_at.isoformat()}", at=sent_at)
    except TooOften:
        return Check(Verdict.USED_UP, method=decoy.method)
    left = settings.ONE_TIME_CODE_TRIES - tried
    return Check(Verdict.WRONG if left else Verdict.USED_UP, tries_left=left, method=decoy.method)


def finish(*, recovery: Recovery, new_password: str, at: datetime) -> None:
    """Give the owner the new password and open the login if it was locked (FPW_07, FPW_08, LCK_03).

    Every session, remembered device and other recovery of this person ends with it. The same password twice (a form
    sent twice) is one change. Raises ``RecoveryIsOver``, ``TooOften`` or Django's ``ValidationError``.
    """
    if recovery.proven_at is None or recovery.user_id is None:
        raise RecoveryIsOver
    throttle.count(Limit("forgot-password-new", NEW_PASSWORD_TRIES, HOUR), recovery.secret, at=at)
    with transaction.atomic():
        owner = User.objects.filter(pk=recovery.user_id).first()
        if owner is None:
            raise RecoveryIsOver
        owner = one_time_codes.lock(owner)
        if _was_finished_with(recovery, owner, new_password):
            return
        if at >= recovery.proven_at + PROVEN_FOR or not _still_good(recovery, owner):
            raise RecoveryIsOver
        passwords.set_password(user=owner, new_password=new_password, by=owner, at=at)
        lockout.unlock(username=owner.username, at=at, reason="forgot password", by=owner)
        audit.record(
            "password_recovery.completed",
            by=owner,
            object_type="user",
            object_id=str(owner.pk),
            details={"method": recovery.method},
        )


def _was_finished_with(recovery: Recovery, owner: User, new_password: str) -> bool:
    changed = not constant_time_compare(recovery.password_stamp, owner.get_session_auth_hash())
    return changed and owner.check_password(new_password)
