"""Authenticator apps (TOTP, RFC 6238) and the recovery codes for the day the app is lost (ASVS 6.5).

The algorithm is django-otp's; its device tables keep secrets readable, so ours keeps them encrypted. A code is good in
its own time step and in the next one, once. Six digits are few, so wrong ones are counted for the person, whatever the
sign-in: each after the second makes the next wait longer, and too many close the app until the person has verified
another way (docs/adr/0009).
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django_otp.oath import TOTP

from accounts.models import AuthenticatorDevice, LoginAttempt, RecoveryCode, User
from accounts.services import one_time_codes
from accounts.services.one_time_codes import ALPHABET, Check, Verdict, bound_to, normalise
from portal.common import audit, throttle
from portal.common.dates import moment_as_text
from portal.common.messaging.send import send_email
from portal.common.throttle import Limit, TooOften

TOTP_METHOD = "totp"
RECOVERY_METHOD = "recovery"
METHODS = (TOTP_METHOD, RECOVERY_METHOD)

STEP_SECONDS = 30
DIGITS = 6
WINDOW = 2  # the step of now, by the app's clock, and the one before: people type slowly (RFC 6238, 5.2)
RESYNC_STEPS = 10  # how far off an app's clock may be, both ways, before it has to be set
FOLLOWS_WITHIN = 3  # steps between two codes that together show how far off it is
SECRET_BYTES = 20  # RFC 4226 asks for 160 bits
RECOVERY_CODES = 10
RECOVERY_CODE_LENGTH = 10
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
FREE_WRONG_CODES = 2
FIRST_WAIT = timedelta(seconds=30)


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


@dataclass(frozen=True)
class Standing:
    """How a person's app stands after the wrong codes of the last 30 days, whatever sign-in they were typed in.

    ``wait_until`` is when the next code is looked at; ``closed_until`` is set when only time opens a closed app.
    """

    closed: bool = False
    closed_until: datetime | None = None
    wait_until: datetime | None = None
    wrong_today: int = 0
    wrong_this_month: int = 0

    @property
    def why_closed(self) -> str:
        """Why the app cannot be used and what opens it, fit to show; empty when it is open."""
        if not self.closed:
            return ""
        closed = "There were too many wrong codes of your authenticator app, so it is closed"
        if self.closed_until:
            return f"{closed} until {moment_as_text(self.closed_until)}. Use another way to verify until then."
        return f"{closed}. It opens again when you log in with a code by email or text message."


def device_of(user: User) -> AuthenticatorDevice | None:
    """The app that can be used to sign in, or ``None``."""
    return AuthenticatorDevice.objects.filter(user=user, confirmed_at__isnull=False).first()


def methods_of(user: User, *, at: datetime) -> list[str]:
    """Which of ``METHODS`` this person can use at the second step; a closed app is none of them."""
    device = device_of(user)
    if device is None:
        return []
    unused = RecoveryCode.objects.filter(user=user, used_at__isnull=True).exists()
    by_app = [] if standing_of(device, at=at).closed else [TOTP_METHOD]
    return [*by_app, RECOVERY_METHOD] if unused else by_app


def standing(user: User, *, at: datetime) -> Standing:
    """How this person's app stands; as if nothing had been typed for somebody without one."""
    device = device_of(user)
    return standing_of(device, at=at) if device else Standing()


def standing_of(device: AuthenticatorDevice, *, at: datetime) -> Standing:
    """The same for a device at hand."""
    month_limit = settings.AUTHENTICATOR_WRONG_PER_MONTH
    typed = LoginAttempt.objects.filter(
        user_id=device.user_id,
        method=TOTP_METHOD,
        outcome=LoginAttempt.Outcome.CODE_WRONG,
        at__gt=max(at - MONTH, device.created_at),  # no upper end: one that waited for the row may have come earlier
    )
    month = list(typed.order_by("-at").values_list("at", flat=True)[:month_limit])
    today = [moment for moment in month if moment > at - DAY and moment > (device.reopened_at or device.created_at)]
    full = len(month) >= month_limit
    over = len(today) - FREE_WRONG_CODES
    wait_until = today[0] + FIRST_WAIT * 2 ** (over - 1) if over > 0 else None
    return Standing(
        closed=full or device.closed_at is not None,
        closed_until=month[-1] + MONTH if full else None,
        wait_until=wait_until if wait_until and wait_until > at else None,
        wrong_today=len(today),
        wrong_this_month=len(month),
    )


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
        user=user,
        defaults={
            "secret": secret,
            "created_at": at,
            "last_step": -1,
            "drift": 0,
            "stray_step": None,
            "stray_drift": None,
            "closed_at": None,
            "reopened_at": None,
        },
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
        if not _accept_first(device, typed, at):
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

    A right code is used up: a time step is accepted once, a recovery code too. What is typed while the app is closed, or
    has to wait, is not looked at and not counted as wrong. The caller records a wrong one in the same transaction
    (``LoginAttempt``), which is what the next call counts.
    """
    user = one_time_codes.lock(user)
    device = AuthenticatorDevice.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
    if device is None:
        return Check(Verdict.NOT_SENT, method=method)
    if method == TOTP_METHOD:
        return _check_app(user, device, typed, tries_left, at)
    if tries_left is None:
        return Check(Verdict.NO_TRIES, method=method)
    if _use_recovery_code(user, typed, at):
        return Check(Verdict.RIGHT, method=method)
    return Check(Verdict.WRONG if tries_left else Verdict.USED_UP, tries_left=tries_left, method=method)


def _check_app(user: User, device: AuthenticatorDevice, typed: str, tries_left: int | None, at: datetime) -> Check:
    stands = standing_of(device, at=at)
    if stands.closed:
        return Check(Verdict.CLOSED, method=TOTP_METHOD)
    if tries_left is None:
        return Check(Verdict.NO_TRIES, method=TOTP_METHOD)
    if stands.wait_until:
        return Check(Verdict.WAIT, method=TOTP_METHOD)
    right = _accept(device, typed, at)
    closes = not right and (
        stands.wrong_today + 1 >= settings.AUTHENTICATOR_WRONG_PER_DAY
        or stands.wrong_this_month + 1 >= settings.AUTHENTICATOR_WRONG_PER_MONTH
    )
    if closes:
        _close(user, device, at)
    device.save(update_fields=["last_step", "drift", "stray_step", "stray_drift", "closed_at"])
    if right:
        return Check(Verdict.RIGHT, method=TOTP_METHOD)
    if closes or not tries_left:
        return Check(Verdict.USED_UP, method=TOTP_METHOD)
    return Check(Verdict.WRONG, tries_left=tries_left, method=TOTP_METHOD)


def _close(user: User, device: AuthenticatorDevice, at: datetime) -> None:
    """Take no more codes of this app, and say so to the owner: whoever typed them knows the password."""
    device.closed_at = at
    audit.record("authenticator.closed", by=None, object_type="user", object_id=str(user.pk))
    if user.security_email:
        send_email(
            to=user.security_email,
            kind="authenticator_closed",
            subject=f"The authenticator app of your {settings.PORTAL_NAME} account was closed",
            context={"closed_at": at},
        )


@transaction.atomic
def reopen(*, user: User, at: datetime) -> bool:
    """The person has verified with a code by message: the app counts from nothing today. Returns whether it was closed.

    The wrong codes of the last 30 days are not forgotten, so that nobody guesses for ever.
    """
    devices = AuthenticatorDevice.objects.filter(user=user, closed_at__isnull=False)
    if not devices.update(closed_at=None, reopened_at=at):
        return False
    audit.record("authenticator.reopened", by=user, object_type="user", object_id=str(user.pk))
    return True


def _step_of(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def _sighted(device: AuthenticatorDevice, typed: str, at: datetime) -> int | None:
    """Of which step newer than every one accepted this is the code, the nearest by the app's clock first."""
    digits = normalise(typed)
    if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS):
        return None
    clock = TOTP(base64.b32decode(device.secret), step=STEP_SECONDS, digits=DIGITS)
    clock.time = at.timestamp()
    found = []
    for drift in range(-RESYNC_STEPS, RESYNC_STEPS + 1):  # all of them, whichever fits: the time tells nothing
        clock.drift = drift
        if clock.token() == int(digits) and clock.t() > device.last_step:
            found.append(clock.t())
    expected = _step_of(at) + device.drift
    return min(found, key=lambda step: abs(step - expected), default=None)


def _accept(device: AuthenticatorDevice, typed: str, at: datetime) -> bool:
    """Is this the code of now or of the step before, by the app's clock, and newer than every one accepted?

    An app whose clock is further off is believed after two codes in a row, one shortly after the other, and how far off
    it is is learnt (RFC 6238, 6): a guess would have to be right twice.
    """
    step = _sighted(device, typed, at)
    stray_step, stray_drift = device.stray_step, device.stray_drift
    device.stray_step = device.stray_drift = None
    if step is None:
        return False
    drift = step - _step_of(at)
    follows = (
        stray_step is not None
        and stray_drift is not None
        and 1 <= step - stray_step <= FOLLOWS_WITHIN
        and abs(drift - stray_drift) <= 1
    )
    if follows and stray_drift is not None:
        device.drift = max(drift, stray_drift)  # the later one may have been typed slowly
    elif not device.drift - WINDOW < drift <= device.drift:
        device.stray_step, device.stray_drift = step, drift
        return False
    device.last_step = step
    return True


def _accept_first(device: AuthenticatorDevice, typed: str, at: datetime) -> bool:
    """The first code of a new app, typed by its owner beside the secret: it says how far off the app's clock is."""
    step = _sighted(device, typed, at)
    if step is None:
        return False
    drift = step - _step_of(at)
    device.last_step = step
    device.drift = 0 if drift == -1 else drift  # one step late is slow typing
    return True


def _use_recovery_code(user: User, typed: str, at: datetime) -> bool:
    wanted = _hashed(user, normalise(typed))
    for code in RecoveryCode.objects.filter(user=user, used_at__isnull=True):
        if constant_time_compare(code.code_hash, wanted):
            code.used_at = at
            code.save(update_fields=["used_at"])
            return True
    return False
