"""Registering state by state, with the carrier's activation: the older style and "Register for Another State".

A request of the older style waits without a login: nobody can sign in before the carrier has compared it with the
producer's contract (REGL_01..07). A producer with a login asks for one more state in the same queue (PRF_08).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import holidays
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Producer, ProducerNumber, RegistrationRequest, StateRegistration, TermsVersion, User
from accounts.rules import business_days
from accounts.services import passwords, registration
from accounts.services import terms as terms_of_use
from portal.common import audit
from portal.common.content.selectors.contacts import SupportLine, lines_by_state
from portal.common.dates import US_STATES, today_in
from portal.common.messaging.send import send_email

Status = StateRegistration.Status
# The days on which the carrier's desk is closed: federal holidays, on the weekdays on which they are observed.
FEDERAL_HOLIDAYS = holidays.country_holidays("US")


class CannotActivate(Exception):
    """The request cannot become a login or a number as it is; the text says why, for the carrier's staff."""


class AlreadyDecided(CannotActivate):
    """Somebody activated or refused it before."""


class StateNotOpen(Exception):
    """The producer is registered in this state, or waits for it; fit to show."""


@dataclass(frozen=True, kw_only=True)
class StateBlock:
    """What is asked for each state (REGL_03)."""

    us_state: str
    producer_number: str
    company_name: str
    address_1: str
    address_2: str
    city: str
    address_state: str
    zip: str
    phone: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Applicant:
    """Who wants to register in the older style (REGL_01); ``password_hash`` as it will stand in the user row."""

    first_name: str
    last_name: str
    username: str
    password_hash: str


def promised_on(received_at: datetime) -> date:
    """Business day by which the activation email is promised, inclusive, for what came in at this moment (REGL_06)."""
    return business_days.promised_on(today_in(now=received_at), FEDERAL_HOLIDAYS)


# Asking


@transaction.atomic
def submit_request(
    *,
    applicant: Applicant,
    states: Sequence[StateBlock],
    terms: TermsVersion,
    accepted_at: datetime,
    ip_address: str | None,
    at: datetime,
) -> RegistrationRequest:
    """Put a registration of the older style into the carrier's queue.

    Raises ``ValidationError`` on ``username`` when somebody else has taken it. The very same request sent twice is
    one request.
    """
    if not states:
        raise ValidationError("Choose at least one state.")
    if registration.username_is_taken(applicant.username):
        # Perhaps by this very request, a moment ago.
        return _same_request_sent_before(applicant)
    request = RegistrationRequest(
        first_name=applicant.first_name,
        last_name=applicant.last_name,
        username=applicant.username,
        password=applicant.password_hash,
        submitted_at=at,
        terms=terms,
        terms_accepted_at=accepted_at,
        terms_ip_address=ip_address,
    )
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        return _same_request_sent_before(applicant)
    StateRegistration.objects.bulk_create(_row(block, at, request=request) for block in states)
    audit.record(
        "registration.requested",
        by=None,
        object_type="registrationrequest",
        object_id=str(request.pk),
        details={"states": [block.us_state for block in states]},
    )
    return request


def _same_request_sent_before(applicant: Applicant) -> RegistrationRequest:
    """The row that a second click met. Raises ``ValidationError`` when it is somebody else's."""
    winner = RegistrationRequest.objects.filter(
        username__iexact=applicant.username, status=RegistrationRequest.Status.PENDING
    ).first()
    # Hashes are salted: only the same submission has the same one.
    if winner is None or winner.password != applicant.password_hash:
        raise ValidationError({"username": [registration.USERNAME_TAKEN]})
    return winner


def _row(
    block: StateBlock, at: datetime, *, producer: Producer | None = None, request: RegistrationRequest | None = None
) -> StateRegistration:
    return StateRegistration(
        **asdict(block), producer=producer, request=request, submitted_at=at, promised_on=promised_on(at)
    )


def open_states(producer: Producer) -> list[str]:
    """States in which the producer can still register: no number there, and nothing waiting (PRF_08)."""
    taken = set(
        ProducerNumber.objects.filter(producer=producer, status=ProducerNumber.Status.ACTIVE).values_list(
            "us_state", flat=True
        )
    )
    taken |= set(producer.state_registrations.exclude(status=Status.REFUSED).values_list("us_state", flat=True))
    return [us_state for us_state in US_STATES if us_state not in taken]


@transaction.atomic
def submit_states(
    *, producer: Producer, states: Sequence[StateBlock], by: User, at: datetime
) -> list[StateRegistration]:
    """Ask for one more state, or several, for a producer with a login (PRF_08). Raises ``StateNotOpen``."""
    producer = Producer.objects.select_for_update().get(pk=producer.pk)
    still_open = open_states(producer)
    for block in states:
        if block.us_state not in still_open:
            raise StateNotOpen(f"You are registered for {US_STATES[block.us_state]} already, or wait for it.")
    rows = StateRegistration.objects.bulk_create(_row(block, at, producer=producer) for block in states)
    audit.record(
        "registration.states_requested",
        by=by,
        for_producer=producer.npn,
        object_type="producer",
        object_id=producer.npn,
        details={"states": [block.us_state for block in states]},
    )
    return rows


# Deciding

Waiting = RegistrationRequest | StateRegistration


def activate(waiting: Waiting, *, by: User, at: datetime) -> None:
    """Activate what waits in the carrier's queue. Raises ``CannotActivate``."""
    if isinstance(waiting, RegistrationRequest):
        activate_request(request=waiting, by=by, at=at)
    else:
        activate_state(state=waiting, by=by, at=at)


def refuse(waiting: Waiting, *, reason: str, by: User, at: datetime) -> None:
    """Turn down what waits in the carrier's queue. Raises ``CannotActivate``."""
    if isinstance(waiting, RegistrationRequest):
        refuse_request(request=waiting, reason=reason, by=by, at=at)
    else:
        refuse_state(state=waiting, reason=reason, by=by, at=at)


@transaction.atomic
def activate_request(*, request: RegistrationRequest, by: User, at: datetime) -> User:
    """Make the login of a waiting registration, register its states, and owe the activation email (REGL_07).

    The carrier has compared the applicant with the contract, so the login is usable at once; codes go to the contacts
    on the producer record. Raises ``CannotActivate`` and ``AlreadyDecided``.
    """
    request = RegistrationRequest.objects.select_for_update().get(pk=request.pk)
    if request.status != RegistrationRequest.Status.PENDING:
        raise AlreadyDecided(f"{request.username} has been decided already.")
    states = list(request.states.select_for_update().filter(status=Status.PENDING).order_by("us_state"))
    producer = _producer_of(states)
    if existing := registration.login_of(producer):
        raise CannotActivate(
            f"{request.username}: the producer with NPN {producer.npn} is registered already, as {existing.username}."
        )
    user = User(
        username=request.username,
        password=request.password,
        role=User.Role.PRODUCER,
        producer=producer,
        first_name=request.first_name,
        last_name=request.last_name,
        email=producer.record_email,
        date_joined=at,
        email_confirmed_at=at,
    )
    # Another request may have taken the name in the meantime; this one no longer reserves it.
    request.status = RegistrationRequest.Status.ACTIVE
    request.save(update_fields=["status"])
    try:
        registration.save_with_free_username(user)
    except ValidationError:
        raise CannotActivate(f"{request.username}: another login has this username now.") from None
    passwords.remember(user, at=at)
    if request.terms and request.terms_accepted_at:
        terms_of_use.accept(
            user=user, terms=request.terms, at=request.terms_accepted_at, ip_address=request.terms_ip_address
        )
    for state in states:
        state.producer = producer
        _register(state, producer=producer, by=by, at=at)
    _tell_activated([*(state.email for state in states), producer.record_email], states)
    audit.record(
        "registration.activated",
        by=by,
        for_producer=producer.npn,
        object_type="registrationrequest",
        object_id=str(request.pk),
        details={"states": [state.us_state for state in states]},
    )
    return user


@transaction.atomic
def activate_state(*, state: StateRegistration, by: User, at: datetime) -> None:
    """Register the producer's further state and owe the activation email. Raises ``CannotActivate``."""
    state = StateRegistration.objects.select_for_update().get(pk=state.pk)
    if state.status != Status.PENDING:
        raise AlreadyDecided(f"{state} has been decided already.")
    if state.producer is None:
        raise CannotActivate(f"{state} belongs to a registration: activate that.")
    producer = state.producer
    _register(state, producer=producer, by=by, at=at)
    _tell_activated([state.email, producer.record_email], [state])
    audit.record(
        "registration.state_activated",
        by=by,
        for_producer=producer.npn,
        object_type="stateregistration",
        object_id=str(state.pk),
        details={"state": state.us_state},
    )


@transaction.atomic
def refuse_request(*, request: RegistrationRequest, reason: str, by: User, at: datetime) -> None:
    """Turn a registration down and tell the applicant why. Raises ``AlreadyDecided``."""
    request = RegistrationRequest.objects.select_for_update().get(pk=request.pk)
    if request.status != RegistrationRequest.Status.PENDING:
        raise AlreadyDecided(f"{request.username} has been decided already.")
    request.status = RegistrationRequest.Status.REFUSED
    # A refused request needs no hash any more.
    request.password = ""
    request.save(update_fields=["status", "password"])
    states = list(request.states.select_for_update().filter(status=Status.PENDING).order_by("us_state"))
    for state in states:
        _decide(state, Status.REFUSED, by=by, at=at, reason=reason)
    _tell_refused((state.email for state in states), states, reason)
    audit.record("registration.refused", by=by, object_type="registrationrequest", object_id=str(request.pk))


@transaction.atomic
def refuse_state(*, state: StateRegistration, reason: str, by: User, at: datetime) -> None:
    """Turn a further state down and tell the producer why; asking again is possible. Raises ``CannotActivate``."""
    state = StateRegistration.objects.select_for_update().get(pk=state.pk)
    if state.status != Status.PENDING:
        raise AlreadyDecided(f"{state} has been decided already.")
    if state.producer is None:
        raise CannotActivate(f"{state} belongs to a registration: refuse that.")
    _decide(state, Status.REFUSED, by=by, at=at, reason=reason)
    _tell_refused([state.email], [state], reason)
    audit.record(
        "registration.state_refused",
        by=by,
        for_producer=state.producer.npn,
        object_type="stateregistration",
        object_id=str(state.pk),
        details={"state": state.us_state},
    )


def _producer_of(states: Sequence[StateRegistration]) -> Producer:
    """The one producer record the stated numbers lead to, locked. Raises ``CannotActivate``."""
    stated = [state.producer_number for state in states]
    found = {number.producer_id for number in ProducerNumber.objects.filter(number__in=stated).only("producer_id")}
    if not found:
        raise CannotActivate(
            f"None of the numbers {', '.join(stated)} is on a producer record. Import the producer first "
            "(manage.py import_producers), then activate."
        )
    if len(found) > 1:
        raise CannotActivate(f"The numbers {', '.join(stated)} belong to different producers.")
    producer = Producer.objects.select_for_update().get(pk=found.pop())
    if producer.status != Producer.Status.ACTIVE:
        raise CannotActivate(f"The producer with NPN {producer.npn} is not active.")
    return producer


def _register(state: StateRegistration, *, producer: Producer, by: User, at: datetime) -> None:
    """Put the number with its business address under the producer, and close the registration."""
    number = ProducerNumber.objects.filter(number=state.producer_number).first()
    if number is not None and (number.producer_id, number.us_state) != (producer.pk, state.us_state):
        raise CannotActivate(
            f"The number {number} is on record for another producer or state ({number.us_state}): compare the contract."
        )
    if number is not None and number.status != ProducerNumber.Status.ACTIVE:
        raise CannotActivate(f"The number {number} is on record as inactive: compare the contract.")
    if (
        open_twin := producer.state_registrations.filter(us_state=state.us_state)
        .exclude(status=Status.REFUSED)
        .exclude(pk=state.pk)
        .first()
    ):
        raise CannotActivate(
            f"The producer is registered for {state.us_state} already (number {open_twin.producer_number})."
        )
    business = {
        "company_name": state.company_name,
        "address_1": state.address_1,
        "address_2": state.address_2,
        "city": state.city,
        "address_state": state.address_state,
        "zip": state.zip,
        "phone": state.phone,
        "email": state.email,
    }
    ProducerNumber.objects.update_or_create(
        number=state.producer_number,
        defaults=business,
        create_defaults={**business, "producer": producer, "us_state": state.us_state},
    )
    _decide(state, Status.ACTIVE, by=by, at=at)


def _decide(
    state: StateRegistration, status: StateRegistration.Status, *, by: User, at: datetime, reason: str = ""
) -> None:
    state.status = status
    state.decided_at = at
    state.decided_by = by
    state.refusal_reason = reason
    state.save(update_fields=["producer", "status", "decided_at", "decided_by", "refusal_reason"])


def _lines(states: Sequence[StateRegistration]) -> list[SupportLine]:
    """Producer services of the states concerned."""
    concerned = {state.us_state for state in states}
    return [line for line in lines_by_state() if line.us_state in concerned]


def _tell_activated(addresses: Iterable[str], states: Sequence[StateRegistration]) -> None:
    for address in dict.fromkeys(filter(None, addresses)):
        send_email(
            to=address,
            kind="registration_activated",
            subject=f"{settings.PORTAL_NAME}: Registration Activation",
            context={"states": [US_STATES[state.us_state] for state in states], "support_lines": _lines(states)},
        )


def _tell_refused(addresses: Iterable[str], states: Sequence[StateRegistration], reason: str) -> None:
    for address in dict.fromkeys(filter(None, addresses)):
        send_email(
            to=address,
            kind="registration_refused",
            subject=f"{settings.PORTAL_NAME}: Registration not activated",
            context={
                "states": [US_STATES[state.us_state] for state in states],
                "support_lines": _lines(states),
                "reason": reason,
            },
        )
