"""Registering state by state: the queue, what activation and refusal do, and what stops them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Producer, ProducerNumber, RegistrationRequest, StateRegistration, TermsAcceptance, User
from accounts.services import state_registrations
from accounts.services.state_registrations import (
    AlreadyDecided,
    Applicant,
    CannotActivate,
    StateBlock,
    StateNotOpen,
)
from portal.common.models import AuditEvent, OutboundMessage
from tests.support.concurrency import at_once
from tests.support.factories import ProducerFactory, ProducerNumberFactory, UserFactory
from tests.support.registering import BLOCK, NUMBER, publish_terms, rita

NOW = timezone.now()
Status = StateRegistration.Status
APPLICANT = Applicant(
    first_name="Jessica", last_name="Camp", username="jessicacamp", password_hash=make_password("Harbor#Kite58")
)


def block(us_state: str = "IL", **changes: str) -> StateBlock:
    return StateBlock(us_state=us_state, **{**BLOCK, "phone": "3125550142", "address_state": us_state, **changes})


def submit(*blocks: StateBlock, applicant: Applicant = APPLICANT) -> RegistrationRequest:
    return state_registrations.submit_request(
        applicant=applicant,
        states=blocks or [block()],
        terms=publish_terms(f"1.{RegistrationRequest.objects.count()}"),
        accepted_at=NOW - timedelta(minutes=5),
        ip_address="203.0.113.7",
        at=NOW,
    )


@pytest.fixture
def admin(db) -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def producer(db) -> Producer:
    return rita()


# Asking


@pytest.mark.feature("REGL_07")
def test_a_request_waits_without_a_login():
    request = submit(block("IL"), block("TX", producer_number="000845210"))
    assert request.status == RegistrationRequest.Status.PENDING
    assert not User.objects.filter(username="jessicacamp").exists()
    rows = list(request.states.order_by("us_state"))
    assert [(row.us_state, row.producer_number, row.status) for row in rows] == [
        ("IL", NUMBER, Status.PENDING),
        ("TX", "000845210", Status.PENDING),
    ]
    assert rows[0].promised_on == state_registrations.promised_on(NOW)
    assert AuditEvent.objects.get(action="registration.requested").details == {"states": ["IL", "TX"]}


def test_a_request_without_a_state_is_refused():
    with pytest.raises(ValidationError, match="at least one state"):
        state_registrations.submit_request(
            applicant=APPLICANT, states=[], terms=publish_terms(), accepted_at=NOW, ip_address=None, at=NOW
        )


def test_the_same_request_sent_twice_is_one():
    assert submit().pk == submit().pk
    assert RegistrationRequest.objects.count() == StateRegistration.objects.count() == 1


@pytest.mark.parametrize("taken_by", ["login", "request"])
def test_a_username_that_is_taken_or_waited_for_is_refused(taken_by):
    if taken_by == "login":
        UserFactory(username="JessicaCamp")
    else:
        submit(applicant=replace(APPLICANT, username="JessicaCamp", password_hash="other"))
    with pytest.raises(ValidationError) as refused:
        submit()
    assert refused.value.message_dict == {"username": ["This username is taken. Choose another one."]}


def test_a_username_taken_between_the_look_and_the_write_is_refused(monkeypatch):
    submit(applicant=replace(APPLICANT, username="JessicaCamp", password_hash="other"))
    monkeypatch.setattr("accounts.services.registration.username_is_taken", lambda _username: False)
    with pytest.raises(ValidationError, match="This username is taken"):
        submit()
    assert RegistrationRequest.objects.count() == 1


def test_a_second_write_that_fails_keeps_nothing(monkeypatch):
    monkeypatch.setattr("accounts.services.state_registrations.audit.record", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        state_registrations.submit_request(
            applicant=APPLICANT,
            states=[block()],
            terms=_terms_without_audit(),
            accepted_at=NOW,
            ip_address=None,
            at=NOW,
        )
    assert not RegistrationRequest.objects.exists()


def _terms_without_audit():
    from accounts.models import TermsVersion

    return TermsVersion.objects.create(version="9", body="x", published_at=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_requests_for_one_name_at_once_are_one():
    terms = publish_terms()

    def ask(password_hash: str):
        return state_registrations.submit_request(
            applicant=replace(APPLICANT, password_hash=password_hash),
            states=[block()],
            terms=terms,
            accepted_at=NOW,
            ip_address=None,
            at=NOW,
        )

    same = at_once(lambda: ask("one"), lambda: ask("one"))
    assert same[0] == same[1]
    RegistrationRequest.objects.all().delete()
    other = at_once(lambda: ask("one"), lambda: ask("two"))
    assert sorted(type(result).__name__ for result in other) == ["RegistrationRequest", "ValidationError"]
    assert RegistrationRequest.objects.count() == 1


# Activating a request


@pytest.mark.feature("REGL_07")
def test_activation_makes_the_login_with_its_password_terms_and_numbers(producer, admin):
    request = submit(
        block("IL", company_name="Camp Insurance", city="Naperville"), block("TX", producer_number="000845210")
    )
    user = state_registrations.activate_request(request=request, by=admin, at=NOW)
    assert user.check_password("Harbor#Kite58")
    assert (user.producer, user.role, user.email_confirmed_at) == (producer, User.Role.PRODUCER, NOW)
    assert user.password_history.count() == 1
    accepted = TermsAcceptance.objects.get(user=user)
    assert (accepted.terms, accepted.ip_address) == (request.terms, "203.0.113.7")
    numbers = {number.number: number for number in producer.numbers.all()}
    assert (numbers[NUMBER].company_name, numbers[NUMBER].city) == ("Camp Insurance", "Naperville")
    assert (numbers["000845210"].us_state, numbers["000845210"].status) == ("TX", ProducerNumber.Status.ACTIVE)
    request.refresh_from_db()
    assert request.status == RegistrationRequest.Status.ACTIVE
    states = request.states.all()
    assert {(s.status, s.decided_by, s.decided_at, s.producer) for s in states} == {
        (Status.ACTIVE, admin, NOW, producer)
    }


@pytest.mark.feature("REGL_07")
@pytest.mark.feature("REGL_10")
def test_the_activation_email_goes_to_the_applicant_and_to_the_record(producer, admin, settings):
    settings.SUPPORT_PHONES_BY_STATE = {"IL": "1-800-555-0191"}
    settings.SUPPORT_PHONE = "1-800-555-0190"
    request = submit(block("IL"), block("TX", producer_number="000845210", email="texas@harbor.example"))
    state_registrations.activate_request(request=request, by=admin, at=NOW)
    sent = list(OutboundMessage.objects.filter(kind="registration_activated").order_by("id"))
    assert [message.to for message in sent] == [
        "office@harbor.example",
        "texas@harbor.example",
        "rita.solberg@record.example",
    ]
    for body in (" ".join(sent[0].body_text.split()), " ".join(sent[0].body_html.split())):
        for part in (
            "Registration Activation",
            "your registration request has been activated for Illinois, Texas",
            "Illinois: 1-800-555-0191",
            "Texas: 1-800-555-0190",
            "Any replies to this email will not be received",
            "Thank you,",
            settings.CARRIER_NAME,
        ):
            assert part in body, part


def stopped(request: RegistrationRequest, admin: User) -> str:
    with pytest.raises(CannotActivate) as refused:
        state_registrations.activate_request(request=request, by=admin, at=NOW)
    request.refresh_from_db()
    assert request.status == RegistrationRequest.Status.PENDING
    assert not User.objects.filter(username="jessicacamp").exists()
    assert not OutboundMessage.objects.exists()
    return str(refused.value)


def test_a_number_on_no_record_stops_the_activation(admin):
    assert "is on a producer record. Import the producer first" in stopped(submit(), admin)


def test_numbers_of_different_producers_stop_the_activation(producer, admin):
    ProducerNumberFactory(number="000845210", us_state="TX")
    request = submit(block("IL"), block("TX", producer_number="000845210"))
    assert "belong to different producers" in stopped(request, admin)


def test_a_number_of_another_state_stops_the_activation(producer, admin):
    ProducerNumberFactory(producer=producer, number="000845210", us_state="MT")
    request = submit(block("IL"), block("TX", producer_number="000845210"))
    assert "for another producer or state (MT)" in stopped(request, admin)


def test_an_inactive_number_stops_the_activation(producer, admin):
    producer.numbers.update(status=ProducerNumber.Status.INACTIVE)
    assert "on record as inactive" in stopped(submit(), admin)


def test_a_producer_who_is_not_active_stops_the_activation(producer, admin):
    Producer.objects.update(status=Producer.Status.TERMINATED)
    assert "is not active" in stopped(submit(), admin)


def test_a_producer_with_a_login_stops_the_activation(producer, admin):
    UserFactory(producer=producer, username="rsolberg7")
    assert "registered already, as rsolberg7" in stopped(submit(), admin)


def test_a_username_taken_meanwhile_stops_the_activation(producer, admin):
    request = submit()
    other = UserFactory(username="Kestrel77")
    RegistrationRequest.objects.update(username="kestrel77")
    with pytest.raises(CannotActivate, match="another login has this username"):
        state_registrations.activate_request(request=request, by=admin, at=NOW)
    request.refresh_from_db()
    assert request.status == RegistrationRequest.Status.PENDING
    assert User.objects.filter(producer=producer).count() == 0
    assert other.pk


def test_what_is_decided_is_not_decided_again(producer, admin):
    request = submit()
    state_registrations.activate(request, by=admin, at=NOW)
    for again in (
        lambda: state_registrations.activate(request, by=admin, at=NOW),
        lambda: state_registrations.refuse(request, reason="x", by=admin, at=NOW),
        lambda: state_registrations.activate(request.states.get(), by=admin, at=NOW),
        lambda: state_registrations.refuse(request.states.get(), reason="x", by=admin, at=NOW),
    ):
        with pytest.raises(AlreadyDecided):
            again()


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_activate_at_once_make_one_login():
    rita()
    admin = UserFactory(username="carrieradmin", carrier_admin=True)
    request = submit()

    def act():
        state_registrations.activate_request(request=request, by=admin, at=NOW)

    results = at_once(act, act)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyDecided", "NoneType"]
    assert User.objects.filter(username="jessicacamp").count() == 1


# Refusing


def test_a_refused_request_tells_the_applicant_why_and_keeps_no_hash(producer, admin):
    request = submit()
    state_registrations.refuse(request, reason="The number is not yours.", by=admin, at=NOW)
    request.refresh_from_db()
    state = request.states.get()
    assert (request.status, request.password) == (RegistrationRequest.Status.REFUSED, "")
    assert (state.status, state.refusal_reason, state.decided_by) == (Status.REFUSED, "The number is not yours.", admin)
    sent = OutboundMessage.objects.get(kind="registration_refused")
    assert sent.to == "office@harbor.example"
    assert "The number is not yours." in sent.body_text
    assert "The number is not yours." in sent.body_html
    assert not User.objects.filter(username="jessicacamp").exists()
    assert submit().pk != request.pk  # the name is free again


# Another state


def test_states_with_a_number_or_a_registration_are_not_open(producer):
    ProducerNumberFactory(producer=producer, us_state="MT")
    ProducerNumberFactory(producer=producer, us_state="OK", status=ProducerNumber.Status.INACTIVE)
    assert state_registrations.open_states(producer) == ["NM", "OK", "TX"]


@pytest.mark.feature("PRF_08")
def test_a_further_state_waits_and_then_brings_its_number(producer, admin):
    user = UserFactory(producer=producer)
    (row,) = state_registrations.submit_states(
        producer=producer, states=[block("TX", producer_number="000845210")], by=user, at=NOW
    )
    assert (row.status, row.promised_on) == (Status.PENDING, state_registrations.promised_on(NOW))
    assert state_registrations.open_states(producer) == ["MT", "NM", "OK"]
    assert not producer.numbers.filter(us_state="TX").exists()
    state_registrations.activate(row, by=admin, at=NOW)
    number = producer.numbers.get(us_state="TX")
    assert (number.number, number.status, number.phone) == ("000845210", ProducerNumber.Status.ACTIVE, "3125550142")
    assert [message.to for message in OutboundMessage.objects.order_by("id")] == [
        "office@harbor.example",
        "rita.solberg@record.example",
    ]
    event = AuditEvent.objects.get(action="registration.state_activated")
    assert (event.for_producer, event.details) == (producer.npn, {"state": "TX"})


def test_the_states_of_a_registration_are_decided_with_it_only(producer, admin):
    (state,) = submit().states.all()
    for decide in (
        lambda: state_registrations.activate_state(state=state, by=admin, at=NOW),
        lambda: state_registrations.refuse_state(state=state, reason="x", by=admin, at=NOW),
    ):
        with pytest.raises(CannotActivate, match="belongs to a registration"):
            decide()
    state.refresh_from_db()
    assert state.status == Status.PENDING


def test_a_state_registered_meanwhile_stops_the_activation(producer, admin):
    request = submit(block("IL"), block("TX", producer_number="000845210"))
    state_registrations.submit_states(
        producer=producer, states=[block("TX", producer_number="000845211")], by=admin, at=NOW
    )
    assert "registered for TX already (number 000845211)" in stopped(request, admin)


def test_a_request_from_before_terms_were_kept_can_be_activated(producer, admin):
    request = submit()
    RegistrationRequest.objects.update(terms=None, terms_accepted_at=None)
    state_registrations.activate_request(request=request, by=admin, at=NOW)
    assert not TermsAcceptance.objects.exists()


@pytest.mark.feature("PRF_08")
def test_a_state_is_asked_for_once_and_again_after_a_refusal(producer, admin):
    user = UserFactory(producer=producer)

    def ask():
        return state_registrations.submit_states(
            producer=producer, states=[block("TX", producer_number="000845210")], by=user, at=NOW
        )

    (row,) = ask()
    with pytest.raises(StateNotOpen, match="registered for Texas already, or wait for it"):
        ask()
    state_registrations.refuse(row, reason="No contract in Texas.", by=admin, at=NOW)
    assert OutboundMessage.objects.get(kind="registration_refused").to == "office@harbor.example"
    assert len(ask()) == 1


def test_a_number_of_somebody_else_is_never_taken_over(producer, admin):
    ProducerNumberFactory(number="000845210", us_state="TX", producer=ProducerFactory())
    (row,) = state_registrations.submit_states(
        producer=producer,
        states=[block("TX", producer_number="000845210")],
        by=UserFactory(producer=producer),
        at=NOW,
    )
    with pytest.raises(CannotActivate, match="another producer or state"):
        state_registrations.activate(row, by=admin, at=NOW)
    row.refresh_from_db()
    assert row.status == Status.PENDING


@pytest.mark.django_db(transaction=True)
def test_a_state_asked_for_twice_at_once_waits_once():
    producer = rita()
    user = UserFactory(producer=producer)

    def ask():
        return state_registrations.submit_states(producer=producer, states=[block("TX")], by=user, at=NOW)

    results = at_once(ask, ask)
    assert sorted(type(result).__name__ for result in results) == ["StateNotOpen", "list"]
    assert StateRegistration.objects.count() == 1
