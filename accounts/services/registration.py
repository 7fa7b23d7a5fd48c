"""Registering with the producer record: match, login, proof of the mailbox (REG_01..19).

Only producers whom the carrier has contracted have a record, so the three things asked for are compared with it and
nothing else is believed: the confirmation goes to the record's address, never to one that was typed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from accounts.models import EmailConfirmation, Producer, ProducerNumber, RegistrationRequest, TermsVersion, User
from accounts.rules import usernames
from accounts.services import passwords
from accounts.services import terms as terms_of_use
from portal.common import audit, throttle
from portal.common.messaging.send import send_email
from portal.common.throttle import Limit

NO_MATCH = (
    "We could not match what you entered to a producer record. Check the producer number, the National Producer Number "
    "and the ZIP code."
)
USERNAME_TAKEN = "This username is taken. Choose another one."
COUNTED_WINDOW = timedelta(hours=1)
LinkTo = Callable[[str], str]  # makes the address in the email from the secret in it


class NoMatch(Exception):
    """The three facts belong to no active producer record; which one is wrong is not told (REG_09)."""

    def __init__(self) -> None:
        super().__init__(NO_MATCH)


class AlreadyRegistered(Exception):
    """The producer has a login; ``user`` is whose it is (REG_10)."""

    def __init__(self, user: User) -> None:
        self.user = user
        super().__init__("This producer is registered already.")


class TooManyLinks(Exception):
    """The hourly limit of confirmation emails is used up."""

    def __init__(self, wait_minutes: int) -> None:
        wait = "1 minute" if wait_minutes == 1 else f"{wait_minutes} minutes"
        super().__init__(
            "You have asked for too many emails within an hour. Use the link in the newest one you received, or ask for "
            f"another in {wait}."
        )


class LinkState(Enum):
    """What a confirmation link is worth."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    REPLACED = "replaced"  # a newer one was sent
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Link:
    """A confirmation link that somebody opened; ``user`` is ``None`` for a link we never sent."""

    state: LinkState
    user: User | None = None
    confirmation: EmailConfirmation | None = None


def count_try(*, number: str, ip_address: str | None, at: datetime) -> None:
    """Count one try to match a producer number, whether or not it exists (REG_09).

    By address and by number, so that neither one number nor the list of numbers can be tried through. Raises
    ``TooOften``.
    """
    per_address = Limit("registration-address", settings.REGISTRATION_TRIES_PER_ADDRESS_PER_HOUR, COUNTED_WINDOW)
    per_number = Limit("registration-number", settings.REGISTRATION_TRIES_PER_NUMBER_PER_HOUR, COUNTED_WINDOW)
    throttle.count(per_address, ip_address or "", at=at)
    if number:
        throttle.count(per_number, number, at=at)


def matching_producer(*, number: str, npn: str, zip_code: str) -> Producer:
    """The active producer record with this active number, NPN and ZIP (REG_06..09, REG_11).

    The ZIP is that of the older portal account or of the business address of the number. Raises ``NoMatch``.
    """
    found = ProducerNumber.objects.select_related("producer").filter(number=number).first()
    if found is None or found.status != ProducerNumber.Status.ACTIVE:
        raise NoMatch
    producer = found.producer
    contracted = producer.status == Producer.Status.ACTIVE and bool(producer.record_email)
    zips = {zip_code for zip_code in (producer.record_zip, found.zip) if zip_code}
    if not contracted or producer.npn.lstrip("0") != npn.lstrip("0") or zip_code not in zips:
        raise NoMatch
    return producer


def login_of(producer: Producer) -> User | None:
    """The login made for this producer, confirmed or not."""
    return User.objects.select_related("producer").filter(producer=producer).first()


def is_repeat(user: User, username: str, password: str) -> bool:
    """Is this the very login somebody is making, sent a second time? Only while it waits for its confirmation."""
    same_name = user.username.lower() == username.lower()
    return user.email_confirmed_at is None and same_name and user.check_password(password)


def username_is_taken(username: str) -> bool:
    """Is there a login of this name, or a registration that waits for one? Case does not count (conflict C23)."""
    waiting = RegistrationRequest.objects.filter(
        username__iexact=username, status=RegistrationRequest.Status.PENDING
    ).exists()
    return waiting or User.objects.filter(username__iexact=username).exists()


def check_credentials(user: User, password: str) -> None:
    """Raise ``ValidationError`` with what is wrong with a new username and its password, by field name."""
    errors: dict[str, list[str]] = {}
    if problem := usernames.problem_with(user.username):
        errors["username"] = [problem]
    elif username_is_taken(user.username):
        errors["username"] = [USERNAME_TAKEN]
    try:
        validate_password(password, user)
    except ValidationError as exc:
        errors["password"] = exc.messages
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def create_login(
    *,
    producer: Producer,
    username: str,
    password: str,
    terms: TermsVersion,
    accepted_at: datetime,
    ip_address: str | None,
    link_to: LinkTo,
    at: datetime,
) -> User:
    """Make the producer's login, not yet confirmed, and owe the confirmation email (REG_14, REG_15).

    Raises ``AlreadyRegistered``, ``NoMatch`` when the record is no longer active, and ``ValidationError`` with the
    messages of the fields ``username`` and ``password``. Of two at once for one producer, one gets the login.
    """
    producer = Producer.objects.select_for_update().get(pk=producer.pk)
    if existing := login_of(producer):
        raise AlreadyRegistered(existing)
    if producer.status != Producer.Status.ACTIVE:
        raise NoMatch
    user = User(
        username=username,
        role=User.Role.PRODUCER,
        producer=producer,
        first_name=producer.first_name,
        last_name=producer.last_name,
        email=producer.record_email,
        date_joined=at,
    )
    check_credentials(user, password)
    user.password = make_password(password)
    save_with_free_username(user)
    passwords.remember(user, at=at)
    terms_of_use.accept(user=user, terms=terms, at=accepted_at, ip_address=ip_address)
    _send_link(user, link_to=link_to, at=at)
    audit.record(
        "registration.login_created", by=user, for_producer=producer.npn, object_type="user", object_id=str(user.pk)
    )
    return user


def save_with_free_username(user: User) -> None:
    """Insert the row. Raises ``ValidationError`` when somebody took the username a moment ago."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as exc:
        if "username" not in str(exc):
            raise
        raise ValidationError({"username": [USERNAME_TAKEN]}) from None


@transaction.atomic
def resend_link(*, user: User, link_to: LinkTo, at: datetime) -> None:
    """Send a fresh link; the earlier one stops working (REG_17).

    Does nothing for somebody who has confirmed. Raises ``TooManyLinks`` from the sixth resend within an hour on.
    """
    user = User.objects.select_related("producer").select_for_update(of=("self",)).get(pk=user.pk)
    if user.email_confirmed_at is not None:
        return
    _refuse_beyond_hourly_limit(user, at)
    _send_link(user, link_to=link_to, at=at)
    audit.record("registration.link_resent", by=user, object_type="user", object_id=str(user.pk))


def _refuse_beyond_hourly_limit(user: User, at: datetime) -> None:
    sent = list(user.email_confirmations.order_by("id").values_list("created_at", flat=True))
    resent = [moment for moment in sent[1:] if moment > at - COUNTED_WINDOW]
    if len(resent) >= settings.REGISTRATION_RESENDS_PER_HOUR:
        again_at = resent[-settings.REGISTRATION_RESENDS_PER_HOUR] + COUNTED_WINDOW
        raise TooManyLinks(wait_minutes=int((again_at - at).total_seconds() // 60) + 1)


def _send_link(user: User, *, link_to: LinkTo, at: datetime) -> None:
    open_links = user.email_confirmations.filter(used_at__isnull=True, superseded_at__isnull=True)
    open_links.update(superseded_at=at)
    token = secrets.token_urlsafe(32)
    days = settings.REGISTRATION_LINK_DAYS
    EmailConfirmation.objects.create(
        user=user, token_hash=_hashed(token), created_at=at, expires_at=at + timedelta(days=days)
    )
    send_email(
        to=user.security_email,
        kind="registration_confirm",
        subject=f"{settings.PORTAL_NAME}: Your Account Information",
        context={"link": link_to(token), "days": days},
    )


def _hashed(token: str) -> str:
    return salted_hmac("accounts.email_confirmation", token, algorithm="sha256").hexdigest()


def link_behind(token: str, *, at: datetime) -> Link:
    """What the link is worth at ``at``: good for 7 days and once, whichever ends first (REG_16). Changes nothing."""
    confirmation = EmailConfirmation.objects.select_related("user__producer").filter(token_hash=_hashed(token)).first()
    if confirmation is None:
        return Link(LinkState.UNKNOWN)
    return Link(_state_of(confirmation, at), confirmation.user, confirmation)


def _state_of(confirmation: EmailConfirmation, at: datetime) -> LinkState:
    if confirmation.used_at is not None:
        return LinkState.USED
    if confirmation.superseded_at is not None:
        return LinkState.REPLACED
    return LinkState.GOOD if at < confirmation.expires_at else LinkState.EXPIRED


@transaction.atomic
def confirm(token: str, *, at: datetime) -> Link:
    """Use the link up: the login can be used from now on. ``GOOD`` comes back once only, whatever happens at once."""
    link = link_behind(token, at=at)
    if link.confirmation is None or link.user is None:
        return link
    user = User.objects.select_related("producer").select_for_update(of=("self",)).get(pk=link.user.pk)
    confirmation = EmailConfirmation.objects.select_for_update().get(pk=link.confirmation.pk)
    state = _state_of(confirmation, at)
    if state is LinkState.GOOD:
        confirmation.used_at = at
        confirmation.save(update_fields=["used_at"])
        user.email_confirmed_at = at
        user.save(update_fields=["email_confirmed_at"])
        audit.record("registration.confirmed", by=user, object_type="user", object_id=str(user.pk))
    return Link(state, user, confirmation)
