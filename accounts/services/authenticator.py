"""Authenticator apps (TOTP, RFC 6238) and the recovery codes for the day the app is lost (ASVS 6.5).

The algorithm is django-otp's; its device tables keep secrets readable, so ours keeps them encrypted. A time step is
accepted once, one step early or late is forgiven, and the guesses are limited for an attempt and for a person.
"""

import base64
import secrets
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp.oath import TOTP

from accounts.models import AuthenticatorDevice, RecoveryCode, User
from accounts.services import one_time_codes
from accounts.services.one_time_codes import ALPHABET, Check, Verdict, bound_to, normalise
from portal.common import audit, throttle
from portal.common.messaging.send import send_email
from portal.common.throttle import Limit, TooOften

TOTP_METHOD = "totp"
RECOVERY_METHOD = "recovery"
METHODS = (TOTP_METHOD, RECOVERY_METHOD)

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
SECRET_BYTES = 20  # RFC 4226 asks for 160 bits
RECOVERY_CODES = 10
RECOVERY_CODE_LENGTH = 10
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class AlreadySetUp(Exception):
    """The person has an authenticator app; it is removed before another one is set up."""


class NotStarted(Exception):
    """There is no set-up to finish: it was finished already, or taken back."""


class WrongCode(Exception):
    """The first code of the app is not right; fit to show."""

    def __init__(self) -> None:
        super().__init__(
            "This code is not right. Enter the code the app shows now, and check that your phone sets its clock by itself."
        )


def device_of(user: User) -> AuthenticatorDevice | None:
    """The app that can be used to sign in, or ``None``."""
    return AuthenticatorDevice.objects.filter(user=user, confirmed_at__isnull=False).first()


def methods_of(user: User) -> list[str]:
    """Which of ``METHODS`` this person can use at the second step."""
    if device_of(user) is None:
        return []
    unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True).exists()
    return list(METHODS) if unused else [TOTP_METHOD]


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


# Setting up and removing


@transaction.atomic
def start(*, user: User, at: datetime) -> AuthenticatorDevice:
    """Make a secret for a new app; it counts for nothing until ``confirm``. Raises ``AlreadySetUp``."""
    one_time_codes.lock(user)
    if device_of(user) is not None:
        raise AlreadySetUp
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    device, _ = AuthenticatorDevice.objects.update_or_create(
        user=user, defaults={"secret": secret, "created_at": at, "last_step": -1, "drift": 0}
    )
    return device


def pending_of(user: User) -> AuthenticatorDevice | None:
    """The set-up that was started and not finished."""
    return AuthenticatorDevice.objects.filter(user=user, confirmed_at__isnull=True).first()


def address_of(device: AuthenticatorDevice, user: User) -> str:
    """What the QR code says: otpauth://totp/Issuer:username?secret=..."""
    label = quote(f"{settings.PORTAL_NAME}:{user.username}")
    return f"otpauth://totp/{label}?{urlencode({'secret': device.secret, 'issuer': settings.PORTAL_NAME}, quote_via=quote)}"


def confirm(*, user: User, typed: str, at: datetime) -> list[str]:
    """Finish the set-up with the app's first code; return the recovery codes, which nobody can show again.

    Raises ``NotStarted``, ``WrongCode`` or ``TooOften``; not for inside a transaction.
    """
    throttle.count(_per_person("authenticator-confirm"), str(user.pk), at=at)
    with transaction.atomic():
        user = one_time_codes.lock(user)
        device = pending_of(user)
        if device is None:
            raise NotStarted
        if not _accept(device, typed, at):
            raise WrongCode
        device.confirmed_at = at
        device.save(update_fields=["last_step", "drift", "confirmed_at"])
        codes = _new_codes(user, at)
        audit.record("authenticator.set_up", by=user, object_type="user", object_id=str(user.pk))
        _tell(user, "set up", at)
    return codes


@transaction.atomic
def remove(*, user: User, at: datetime) -> bool:
    """Forget the app and its recovery codes; return whether there was one."""
    user = one_time_codes.lock(user)
    was_set_up = device_of(user) is not None
    forget(user)
    if was_set_up:
        audit.record("authenticator.removed", by=user, object_type="user", object_id=str(user.pk))
        _tell(user, "removed", at)
    return was_set_up


def forget(user: User) -> None:
    """Delete app and codes without a word; the caller writes it down and tells the owner."""
    AuthenticatorDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


@transaction.atomic
def renew_codes(*, user: User, at: datetime) -> list[str]:
    """Ten new recovery codes; those before are worth nothing. Raises ``NotStarted`` without an app."""
    user = one_time_codes.lock(user)
    if device_of(user) is None:
        raise NotStarted
    codes = _new_codes(user, at)
    audit.record("authenticator.codes_renewed", by=user, object_type="user", object_id=str(user.pk))
    return codes


def _new_codes(user: User, at: datetime) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=_hashed(user, code), created_at=at) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hashed(user: User, code: str) -> str:
    # Keyed, so that a copy of the database does not allow the codes to be tried offline; the person's id is in it.
    return salted_hmac("accounts.recovery_code", f"{user.pk}:{code}", algorithm="sha256").hexdigest()


def _tell(user: User, what: str, at: datetime) -> None:
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="authenticator_changed",
            subject=f"The authenticator app of your {settings.PORTAL_NAME} account was {what}",
            context={"changed_at": at, "what": what},
        )


# Signing in


def count_try(*, user: User, attempt_secret: str, started_at: datetime, at: datetime) -> int | None:
    """Count a try of either method; return how many are left after it, or ``None`` when there are no more.

    Five for a sign-in, and a number in an hour for a person: a stranger who knows the password could begin one sign-in
    after the other. Not for inside a transaction.
    """
    per_attempt = Limit("authenticator-attempt", settings.ONE_TIME_CODE_TRIES, DAY)
    try:
        # Counted at the moment the attempt began, so that its window is one and the same however late it is.
        tried = throttle.count(per_attempt, bound_to(attempt_secret), at=started_at)
        throttle.count(_per_person("authenticator-person"), str(user.pk), at=at)
    except TooOften:
        return None
    return settings.ONE_TIME_CODE_TRIES - tried


def _per_person(scope: str) -> Limit:
    return Limit(scope, settings.AUTHENTICATOR_TRIES_PER_HOUR, HOUR)


@transaction.atomic
def check(*, user: User, method: str, typed: str, tries_left: int | None, at: datetime) -> Check:
    """Compare what was typed with the app's code or the recovery codes; ``tries_left`` is what ``count_try`` said.

    A right code is used up: a time step is accepted once, a recovery code too.
    """
    user = one_time_codes.lock(user)
    if tries_left is None:
        return Check(Verdict.USED_UP, method=method)
    device = AuthenticatorDevice.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
    if device is None:
        return Check(Verdict.NOT_SENT, method=method)
    right = _accept(device, typed, at) if method == TOTP_METHOD else _use_recovery_code(user, typed, at)
    if not right:
        return Check(Verdict.WRONG if tries_left else Verdict.USED_UP, tries_left=tries_left, method=method)
    device.save(update_fields=["last_step", "drift"])
    return Check(Verdict.RIGHT, method=method)


def _accept(device: AuthenticatorDevice, typed: str, at: datetime) -> bool:
    """Is this the code of now, of the step before or of the one after, and newer than every one accepted?"""
    digits = normalise(typed)
    if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS):
        return False
    clock = TOTP(base64.b32decode(device.secret), step=STEP_SECONDS, digits=DIGITS)
    clock.time = at.timestamp()
    if not clock.verify(int(digits), tolerance=DRIFT_STEPS, min_t=device.last_step + 1):
        return False
    device.last_step, device.drift = clock.t(), clock.drift
    return True


def _use_recovery_code(user: User, typed: str, at: datetime) -> bool:
    wanted = _hashed(user, normalise(typed))
    for code in RecoveryCode.objects.filter(user=user, used_at__isnull=True):
        if constant_time_compare(code.code_hash, wanted):
            code.used_at = at
            code.save(update_fields=["used_at"])
            return True
    return False
