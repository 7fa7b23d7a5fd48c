"""Signing in, step by step: the password, then a one-time code (LOG_02, LOG_09).

After the right password nobody is signed in. What exists is a ``PendingSignIn``, which names the person, carries the
secret that codes are bound to, and is worth nothing after fifteen minutes or once the password has changed.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.utils.crypto import constant_time_compare

from accounts.models import LoginAttempt, OneTimeCode, User
from accounts.services import authenticator, devices, lockout, one_time_codes, typing_patterns
from accounts.services.lockout import Standing
from accounts.services.one_time_codes import Check, Verdict
from accounts.services.typing_patterns import Answer, Submission
from portal.common import audit, throttle
from portal.common.throttle import Limit, TooOften

PENDING_FOR = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DEVICE_METHOD = "device"
BROWSER_LENGTH = 200
USERNAME_LENGTH = 150

Outcome = LoginAttempt.Outcome
OUTCOMES = {
    Verdict.RIGHT: Outcome.SIGNED_IN,
    Verdict.WRONG: Outcome.CODE_WRONG,
    Verdict.USED_UP: Outcome.CODE_WRONG,
    Verdict.EXPIRED: Outcome.REFUSED,
    Verdict.ALREADY_USED: Outcome.REFUSED,
    Verdict.NOT_SENT: Outcome.REFUSED,
    Verdict.NO_TRIES: Outcome.REFUSED,
    Verdict.WAIT: Outcome.REFUSED,
    Verdict.CLOSED: Outcome.REFUSED,
    Verdict.UNREADABLE: Outcome.REFUSED,
}


@dataclass(frozen=True)
class Visitor:
    """Where a try came from. Both are told by the other side: for the record, never for a decision on rights."""

    ip_address: str | None
    browser: str


@dataclass(frozen=True)
class PendingSignIn:
    """The right password has been given; the second step is open until ``started_at`` + fifteen minutes."""

    user_id: int
    secret: str
    started_at: datetime
    password_stamp: str
    next_url: str = ""
    way: str = ""  # chosen at the second step, where nothing is sent: "totp", "recovery" or "typing"

    @property
    def ends_at(self) -> datetime:
        """From this moment on it is worth nothing."""
        return self.started_at + PENDING_FOR


def may_sign_in(user: User) -> bool:
    """Open, and the email address on record was proven (REG: nobody signs in before)."""
    return user.is_open and user.email_confirmed_at is not None


@transaction.atomic
def check_password(*, username: str, password: str, visitor: Visitor, at: datetime) -> User | None:
    """Return the person whose username and password these are, and record the try.

    ``None`` for an unknown name, a wrong password, a locked name and a person who may not sign in alike: the answer must
    not tell which it was, nor may the time it takes (one hash is computed in each case).
    """
    user = authenticate(None, username=username, password=password)
    named = User.objects.select_related("producer").filter(username__iexact=username).first()
    right = user is not None and may_sign_in(user)
    # The hash comes first: a locked name costs what an open one does, and is locked row by row only afterwards.
    goes_on = lockout.count(key=lockout.key_of(username, named), right=right, at=at)
    if user is not None and goes_on:
        _record_attempt(user, username, Outcome.PASSWORD_RIGHT, visitor, at)
        return user
    refused = right or (named is not None and not may_sign_in(named))
    _record_attempt(named, username, Outcome.REFUSED if refused else Outcome.PASSWORD_WRONG, visitor, at)
    return None


def standing(username: str, *, at: datetime) -> Standing:
    """How the name stands after a try that was not accepted, for the text that says so (LCK_05)."""
    named = User.objects.filter(username__iexact=username).first()
    return lockout.standing(key=lockout.key_of(username, named), at=at)


def count_try(*, ip_address: str | None, at: datetime) -> None:
    """Count a try at the password step from this address. Raises ``TooOften``; not for inside a transaction.

    The limit is generous, because an office shares one address. While the whole portal sees more wrong passwords than
    it ever would by mistake, an address has fewer tries; a person who comes from another one still gets in.
    """
    limit = Limit("login-address", settings.LOGIN_TRIES_PER_ADDRESS_PER_HOUR, HOUR)
    if throttle.used(_site_limit(), "", at=at) >= settings.LOGIN_WRONG_PER_SITE_PER_HOUR:
        limit = replace(limit, times=settings.LOGIN_TRIES_PER_ADDRESS_UNDER_ATTACK)
    throttle.count(limit, ip_address or "", at=at)


def count_refusal(*, at: datetime) -> None:
    """Count a try that was not accepted, whoever's it was. Not for inside a transaction: the row is everybody's."""
    with suppress(TooOften):
        throttle.count(_site_limit(), "", at=at)


def _site_limit() -> Limit:
    return Limit("login-wrong-site", settings.LOGIN_WRONG_PER_SITE_PER_HOUR, HOUR)


def count_code(*, ip_address: str | None, at: datetime) -> None:
    """Count a code typed at the second step from this address. Raises ``TooOften``; not for inside a transaction."""
    throttle.count(Limit("verify-address", settings.VERIFY_TRIES_PER_ADDRESS_PER_HOUR, HOUR), ip_address or "", at=at)


def start(*, user: User, next_url: str, at: datetime) -> PendingSignIn:
    """Open the second step for a person whose password was right."""
    return PendingSignIn(
        user_id=user.pk,
        secret=secrets.token_urlsafe(32),
        started_at=at,
        password_stamp=user.get_session_auth_hash(),
        next_url=next_url,
    )


def person_of(pending: PendingSignIn, *, at: datetime) -> User | None:
    """Whose second step it is, or ``None`` once it is over: fifteen minutes, a changed password, a closed account."""
    if at >= pending.ends_at:
        return None
    user = User.objects.select_related("producer").filter(pk=pending.user_id).first()
    return user if user is not None and _still_good(pending, user) else None


def _still_good(pending: PendingSignIn, user: User) -> bool:
    return may_sign_in(user) and constant_time_compare(pending.password_stamp, user.get_session_auth_hash())


@transaction.atomic
def finish(*, pending: PendingSignIn, user: User, typed: str, visitor: Visitor, at: datetime) -> Check:
    """Check the typed code and record the try. Only ``Verdict.RIGHT`` lets the caller sign the person in.

    Of two requests with the same right code one gets ``RIGHT``, the other ``ALREADY_USED``.
    """
    result = one_time_codes.check(
        user=user, purpose=OneTimeCode.Purpose.LOGIN, attempt_secret=pending.secret, typed=typed, at=at
    )
    if result.verdict is Verdict.RIGHT:
        authenticator.reopen(user=user, at=at)
        typing_patterns.settle(user=user, attempt_secret=pending.secret, at=at)
    return _finished(result, user, visitor, at)


@transaction.atomic
def finish_with_authenticator(
    *,
    user: User,
    method: str,
    typed: str,
    tries_left: int | None,
    visitor: Visitor,
    at: datetime,
    attempt_secret: str = "",
) -> Check:
    """The same with the code of an authenticator app or a recovery code.

    ``tries_left`` is what ``authenticator.count_try`` said, which is asked first and outside of the transaction. A recovery
    code, which somebody without a phone uses, settles nothing about a typing pattern.
    """
    result = authenticator.check(user=user, method=method, typed=typed, tries_left=tries_left, at=at)
    if result.verdict is Verdict.RIGHT and method == authenticator.TOTP_METHOD:
        typing_patterns.settle(user=user, attempt_secret=attempt_secret, at=at)
    return _finished(result, user, visitor, at)


@transaction.atomic
def finish_with_typing(
    *, pending: PendingSignIn, user: User, submission: Submission, known_device: bool, visitor: Visitor, at: datetime
) -> Answer:
    """The same by how the person types (LOG_11, LOG_12). The try is counted and recorded in one transaction."""
    answer = typing_patterns.verify(
        user=user, attempt_secret=pending.secret, submission=submission, known_device=known_device, at=at
    )
    _finished(Check(answer.verdict, answer.tries_left, typing_patterns.METHOD), user, visitor, at)
    return answer


@transaction.atomic
def finish_with_device(
    *, pending: PendingSignIn, user: User, tokens: Sequence[str], visitor: Visitor, at: datetime
) -> bool:
    """Let a remembered device stand for the second step (DEV_01); return whether it does. The password has been right."""
    if person_of(pending, at=at) is None:
        return False
    if not devices.recognise(user=user, tokens=tokens, browser=visitor.browser, at=at):
        return False
    _finished(Check(Verdict.RIGHT, method=DEVICE_METHOD), user, visitor, at)
    return True


def _finished(result: Check, user: User, visitor: Visitor, at: datetime) -> Check:
    _record_attempt(user, user.username, OUTCOMES[result.verdict], visitor, at, method=result.method)
    if result.verdict is Verdict.RIGHT:
        audit.record(
            "sign_in.completed",
            by=user,
            object_type="user",
            object_id=str(user.pk),
            details={"method": result.method},
        )
    return result


def _record_attempt(
    user: User | None, username: str, outcome: LoginAttempt.Outcome, visitor: Visitor, at: datetime, method: str = ""
) -> None:
    # Wrong passwords go here and not into the audit trail: anybody can write them, and that table keeps rows for years.
    LoginAttempt.objects.create(
        username=_printable(username.lower())[:USERNAME_LENGTH],
        user=user,
        outcome=outcome,
        method=method,
        at=at,
        ip_address=visitor.ip_address,
        browser=_printable(visitor.browser)[:BROWSER_LENGTH],
    )


def _printable(text: str) -> str:
    """Without line breaks and other control characters, so that nobody can forge a line in a listing."""
    return "".join(character for character in text if character.isprintable())
