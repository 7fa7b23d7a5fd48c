"""One-time codes: made, sent, and checked once (LOG_06, LOG_07, LOG_09, LOG_14; ASVS 6.5, 6.6).

A code is stored as an HMAC under SECRET_KEY. The key is not in the database, so a copy of the database does not
allow the 31^8 possible codes to be tried offline, which a plain hash of so short a text would. The secret of the
attempt goes into the HMAC too: a code is worthless in any other sign-in than the one it was sent for.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import OneTimeCode, User
from accounts.rules.contact_masks import mask_email, mask_phone
from portal.common import audit
from portal.common.messaging.send import send_email, send_sms, sms_available
from portal.common.models import OutboundMessage

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without 0 O, 1 I L, which look alike on paper and on screens
LENGTH = 8
COUNTED_WINDOW = timedelta(hours=1)

EMAIL = OutboundMessage.Channel.EMAIL
SMS = OutboundMessage.Channel.SMS
MESSAGE_KINDS = {
    OneTimeCode.Purpose.LOGIN: ("login_code", "Your {portal} verification code"),
    OneTimeCode.Purpose.PASSWORD_RESET: ("password_reset_code", "Your {portal} code to reset your password"),
}


class CannotSendCode(Exception):
    """No code goes out; the text says why, fit to show."""


class MethodNotAvailable(CannotSendCode):
    """The person has no such address or number on record, or the portal sends no text messages."""


class TooManyCodes(CannotSendCode):
    """The hourly limit of codes is used up; ``again_at`` is when the next one can be sent."""

    def __init__(self, again_at: datetime, wait_minutes: int) -> None:
        self.again_at = again_at
        minutes = "1 minute" if wait_minutes == 1 else f"{wait_minutes} minutes"
        super().__init__(
            "You have asked for too many codes within an hour. "
            f"Use the newest one you received, or ask for another in {minutes}."
        )


class Verdict(Enum):
    """What became of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    USED_UP = "used up"  # too many wrong tries: only a new code helps
    EXPIRED = "expired"
    ALREADY_USED = "already used"
    NOT_SENT = "not sent"  # no code was sent for this attempt
    # Of an authenticator app and its recovery codes only; what was typed has not been looked at:
    NO_TRIES = "no tries"  # the sign-in, or the person within an hour, has no tries left
    WAIT = "wait"  # too soon after the wrong ones before
    CLOSED = "closed"  # too many wrong ones: another way is needed
    # Of a typing pattern only:
    UNREADABLE = "unreadable"  # nothing that could be judged: a slip, or a keyboard that tells no keys


@dataclass(frozen=True)
class Check:
    verdict: Verdict
    tries_left: int = 0
    method: str = ""


@dataclass(frozen=True)
class Destination:
    """A way to receive a code, with the address as it may be shown."""

    method: str
    masked: str


def destinations(user: User) -> list[Destination]:
    """Where a code can be sent to: email always, a text message only with a mobile on record (LOG_05, LOG_06)."""
    ways = []
    if user.security_email:
        ways.append(Destination(EMAIL.value, mask_email(user.security_email)))
    if user.security_mobile and sms_available():
        ways.append(Destination(SMS.value, mask_phone(user.security_mobile)))
    return ways


def normalise(typed: str) -> str:
    """The code as it was made: people paste it with spaces, dashes and in lower case."""
    return "".join(typed.split()).replace("-", "").upper()


def bound_to(attempt_secret: str) -> str:
    """What the database keeps of an attempt's secret."""
    return salted_hmac("accounts.one_time_code.attempt", attempt_secret, algorithm="sha256").hexdigest()


def _hashed(code: str, *, purpose: str, attempt_secret: str) -> str:
    text = f"{purpose}:{attempt_secret}:{code}"
    return salted_hmac("accounts.one_time_code.code", text, algorithm="sha256").hexdigest()


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def lock(user: User) -> User:
    """Make everybody else who sends or checks codes of this person wait until the caller's transaction ends.

    Returns the person as the database has them; somebody who is not there (a decoy of a recovery) as given.
    """
    rows = User.objects.select_related("producer").select_for_update(of=("self",), no_key=True)
    return rows.filter(pk=user.pk).first() or user


@transaction.atomic
def send(*, user: User, purpose: OneTimeCode.Purpose, method: str, attempt_secret: str, at: datetime) -> OneTimeCode:
    """Make a code, owe its message, and end the code sent before for the same attempt.

    The code can be used before ``at`` + ONE_TIME_CODE_MINUTES. Raises ``MethodNotAvailable`` or ``TooManyCodes``
    (ONE_TIME_CODE_SENDS_PER_HOUR for a person and a purpose, whatever the attempt).
    """
    user = lock(user)
    if method not in [way.method for way in destinations(user)]:
        raise MethodNotAvailable("This way to receive a code is not available for your account.")
    _refuse_beyond_hourly_limit(user, purpose, at)
    bound = bound_to(attempt_secret)
    OneTimeCode.objects.filter(
        user=user, purpose=purpose, bound_to=bound, used_at__isnull=True, superseded_at__isnull=True
    ).update(superseded_at=at)
    code = _new_code()
    sent = OneTimeCode.objects.create(
        user=user,
        purpose=purpose,
        method=method,
        code_hash=_hashed(code, purpose=purpose, attempt_secret=attempt_secret),
        bound_to=bound,
        message=_owe_message(user, purpose, method, code, at),
        created_at=at,
        expires_at=at + timedelta(minutes=settings.ONE_TIME_CODE_MINUTES),
    )
    audit.record(
        "one_time_code.sent",
        by=user,
        object_type="user",
        object_id=str(user.pk),
        details={"purpose": purpose, "method": method},
    )
    return sent


def _refuse_beyond_hourly_limit(user: User, purpose: OneTimeCode.Purpose, at: datetime) -> None:
    # Each purpose has its own count: codes asked for by a stranger on a recovery page do not keep the owner from
    # signing in, and codes for signing in do not show on a recovery page that the username exists.
    recent = OneTimeCode.objects.filter(user=user, purpose=purpose, created_at__gt=at - COUNTED_WINDOW)
    recent = recent.order_by("-created_at", "-id")
    limit = settings.ONE_TIME_CODE_SENDS_PER_HOUR
    oldest_counted = recent[limit - 1 : limit].first()
    if oldest_counted:
        again_at = oldest_counted.created_at + COUNTED_WINDOW
        raise TooManyCodes(again_at, wait_minutes=int((again_at - at).total_seconds() // 60) + 1)


def _owe_message(
    user: User, purpose: OneTimeCode.Purpose, method: str, code: str, requested_at: datetime
) -> OutboundMessage:
    kind, subject = MESSAGE_KINDS[purpose]
    minutes = settings.ONE_TIME_CODE_MINUTES
    if method == EMAIL:
        return send_email(
            to=user.security_email,
            kind=kind,
            subject=subject.format(portal=settings.PORTAL_NAME),
            context={"minutes": minutes, "requested_at": requested_at},
            code=code,
        )
    text = f"{settings.PORTAL_NAME}: your code is {code}. It works for {minutes} minutes. Never tell it to anybody."
    return send_sms(to=user.security_mobile, kind=kind, text=text, code=code)


@transaction.atomic
def check(*, user: User, purpose: OneTimeCode.Purpose, attempt_secret: str, typed: str, at: datetime) -> Check:
    """Compare what was typed with the newest code of this attempt, and count the try.

    A right code is used up at once. The code is good before its ``expires_at`` and for ONE_TIME_CODE_TRIES tries.
    """
    user = lock(user)
    code = OneTimeCode.objects.filter(user=user, purpose=purpose, bound_to=bound_to(attempt_secret)).first()
    if code is None:
        return Check(Verdict.NOT_SENT)
    if code.used_at is not None:
        return Check(Verdict.ALREADY_USED, method=code.method)
    if code.tries >= settings.ONE_TIME_CODE_TRIES:
        return Check(Verdict.USED_UP, method=code.method)
    if at >= code.expires_at:
        return Check(Verdict.EXPIRED, method=code.method)
    code.tries += 1
    if constant_time_compare(code.code_hash, _hashed(normalise(typed), purpose=purpose, attempt_secret=attempt_secret)):
        code.used_at = at
        code.save(update_fields=["tries", "used_at"])
        return Check(Verdict.RIGHT, method=code.method)
    code.save(update_fields=["tries"])
    left = settings.ONE_TIME_CODE_TRIES - code.tries
    return Check(Verdict.WRONG if left else Verdict.USED_UP, tries_left=left, method=code.method)


def newest(*, user: User, purpose: OneTimeCode.Purpose, attempt_secret: str) -> OneTimeCode | None:
    """The last code sent for this attempt, with its message, whatever became of it."""
    codes = OneTimeCode.objects.filter(user=user, purpose=purpose, bound_to=bound_to(attempt_secret))
    return codes.select_related("message").first()
