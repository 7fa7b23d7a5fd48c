"""The carrier's queue of registrations in the administration."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import RegistrationRequest, StateRegistration, User
from accounts.services import state_registrations
from accounts.services.state_registrations import Applicant, StateBlock
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.staff_roles import StaffRole
from tests.support.factories import ProducerNumberFactory, UserFactory
from tests.support.registering import BLOCK, NUMBER, publish_terms, rita, text_of

REQUESTS = "/admin/accounts/registrationrequest/"
STATES = "/admin/accounts/stateregistration/"


@pytest.fixture
def staff(db) -> User:
    return UserFactory(username="carrieradmin", carrier_admin=True)


@pytest.fixture
def browser(staff, sign_in) -> Client:
    return sign_in(staff)


def block(us_state: str, number: str) -> StateBlock:
    return StateBlock(us_state=us_state, **{**BLOCK, "phone": "3125550142", "producer_number": number})


def ask(username: str, *blocks: StateBlock) -> RegistrationRequest:
    return state_registrations.submit_request(
        applicant=Applicant(
            first_name="Jessica", last_name="Camp", username=username, password_hash=f"hash-{username}"
        ),
        states=blocks,
        terms=publish_terms(username),
        accepted_at=timezone.now(),
        ip_address=None,
        at=timezone.now(),
    )


@pytest.fixture
def waiting(db) -> list[RegistrationRequest]:
    """Two that can be activated, and one whose number is on no record."""
    rita()
    ProducerNumberFactory(number="000410001")
    return [
        ask("jessicacamp", block("IL", NUMBER), block("TX", "000845210")),
        ask("omaroutwell", block("IL", "000410001")),
        ask("nobody1234", block("IL", "999999999")),
    ]


def press(client: Client, url: str, action: str, rows, **data: str):
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows], **data}, follow=True)


@pytest.mark.feature("REGL_07")
def test_many_are_activated_at_once_and_what_cannot_be_stays(browser, staff, waiting):
    page = text_of(press(browser, REQUESTS, "activate", waiting))
    assert "2 registrations activated; the emails are on their way." in page
    assert "Not activated. None of the numbers 999999999 is on a producer record." in page
    assert set(User.objects.filter(role=User.Role.PRODUCER).values_list("username", flat=True)) == {
        "jessicacamp",
        "omaroutwell",
    }
    waiting[2].refresh_from_db()
    assert waiting[2].status == RegistrationRequest.Status.PENDING
    events = AuditEvent.objects.filter(action="registration.activated")
    assert {event.actor_id for event in events} == {staff.pk}
    assert events.count() == 2


def test_a_registration_is_decided_once_however_many_of_its_states_are_ticked(browser, waiting):
    page = text_of(press(browser, STATES, "activate", waiting[0].states.all()))
    assert "1 registration activated" in page
    assert "Not activated" not in page
    assert set(waiting[0].states.values_list("status", flat=True)) == {"ACTIVE"}


@pytest.mark.feature("PRF_08")
def test_a_further_state_is_activated_from_the_list_of_states(browser):
    producer = rita()
    (row,) = state_registrations.submit_states(
        producer=producer,
        states=[block("TX", "000845210")],
        by=UserFactory(producer=producer),
        at=timezone.now(),
    )
    response = press(browser, STATES, "activate", [row])
    assert "1 registration activated" in text_of(response)
    assert producer.numbers.get(us_state="TX").number == "000845210"


def test_refusing_asks_for_the_reason_first(browser, waiting):
    page = text_of(press(browser, REQUESTS, "refuse", waiting[:2]))
    assert "These registrations will be refused" in page
    assert "jessicacamp" in page
    assert not RegistrationRequest.objects.filter(status="REFUSED").exists()
    empty = text_of(press(browser, REQUESTS, "refuse", waiting[:2], reason=" "))
    assert "Say why: the applicant is told." in empty
    page = text_of(press(browser, REQUESTS, "refuse", waiting[:2], reason="No contract."))
    assert "2 registrations refused; the emails are on their way." in page
    assert set(StateRegistration.objects.filter(status="REFUSED").values_list("refusal_reason", flat=True)) == {
        "No contract."
    }
    assert OutboundMessage.objects.filter(kind="registration_refused").count() == 2
    again = text_of(press(browser, REQUESTS, "refuse", waiting[:1], reason="No contract."))
    assert "Not refused. jessicacamp has been decided already." in again


def test_only_what_waits_is_listed_to_be_refused(browser, waiting):
    decided, still = waiting[0], waiting[1]
    press(browser, REQUESTS, "activate", [decided])
    page = press(browser, REQUESTS, "refuse", [decided, still])
    assert f'name="_selected_action" value="{still.pk}"' in page.content.decode()
    assert f'name="_selected_action" value="{decided.pk}"' not in page.content.decode()
    nothing = press(browser, REQUESTS, "refuse", [decided])
    assert "None of the selected registrations waits for a decision." in text_of(nothing)
    assert nothing.resolver_match.url_name == "accounts_registrationrequest_changelist"
    assert not RegistrationRequest.objects.filter(status=RegistrationRequest.Status.REFUSED).exists()


def test_the_page_of_a_request_shows_what_is_compared_and_no_hash(browser, waiting):
    page = text_of(browser.get(f"{REQUESTS}{waiting[0].pk}/change/"))
    assert f"IL {NUMBER}: Harbor Benefits, 123 Test St" in page
    assert "TX 000845210" in page
    assert "hash-jessicacamp" not in page


@pytest.mark.parametrize("action", ["activate", "refuse"])
def test_staff_without_the_right_to_change_do_not_decide(sign_in, waiting, action):
    client = sign_in(UserFactory(clerk=True, staff_role=StaffRole.AUDITOR))
    assert client.get(REQUESTS).status_code == 200
    press(client, REQUESTS, action, waiting, reason="No.")
    assert RegistrationRequest.objects.filter(status="PENDING").count() == 3
