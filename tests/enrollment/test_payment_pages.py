"""The hand-over to the Payment Portal, the way back, callbacks, and Payment Status on pages and lists."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone

from enrollment.models import Application, AutopayMandate, Payment, PaymentEvent
from enrollment.payments.gateways.base import GatewayUnavailable
from enrollment.services import payment_news, payments
from enrollment.services import submission as submitting
from portal.common.access import DelegateScope
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support import payments as fake
from tests.support.applications import ready_application
from tests.support.factories import DelegateGrantFactory, UserFactory

PAGE = "/enroll/applications/A-0701/"
PAY, STATE = f"{PAGE}pay/", f"{PAGE}payment-state/"
CALLBACK = "/enroll/payments/callback/fake/"
KEY = "submit-key-0123456789"


@pytest.fixture(autouse=True)
def service():
    return fake.reset()


@pytest.fixture(autouse=True)
def complete(monkeypatch):
    monkeypatch.setattr(submitting, "missing_of", lambda wizard: [])


@pytest.fixture
def ready(world) -> Application:
    return ready_application(world.number, world.producer, payment_choice="NOW")


@pytest.fixture
def submitted(world, ready) -> Application:
    submitting.submit(application=ready, by=world.producer, at=timezone.now(), form_key=KEY)
    return Application.objects.get(pk=ready.pk)


@pytest.fixture
def paying(world, submitted) -> Payment:
    return payments.begin_first(application=submitted, by=world.producer, at=timezone.now())


def call(body: bytes, headers: dict[str, str], *, url: str = CALLBACK):
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(url, body, content_type="application/json", **named)


def facts_of(response) -> str:
    return " ".join(pages.read(response).text.split())


# --- to the Payment Portal ---


@pytest.mark.feature("SIG_05")
def test_pay_now_leads_to_the_payment_only_after_a_submit_that_succeeded(world, ready, sign_in):
    client = sign_in(world.producer)
    ready.life_events.update(event_date="2020-01-01")
    sent = {"form_key": KEY}
    assert client.post(f"{PAGE}submit/", sent).url == f"{PAGE}failed/"
    told = client.post(f"{PAGE}submit/", {"form_key": KEY}, headers={"Accept": "application/json"}).json()
    assert told == {"next": f"{PAGE}failed/", "pay": ""}
    assert not Payment.objects.exists()
    assert client.get(PAY).url == PAGE
    ready.life_events.update(event_date=timezone.localdate() - timedelta(days=10))
    again = {"form_key": "another-form-0123456789"}
    told = client.post(f"{PAGE}submit/", again, headers={"Accept": "application/json"}).json()
    assert told == {"next": PAGE, "pay": PAY}
    assert client.post(f"{PAGE}submit/", again).url == PAY
    assert not Payment.objects.exists()


@pytest.mark.feature("SIG_05")
def test_pay_later_leads_to_application_details(world, ready, sign_in):
    Application.objects.update(payment_choice="LATER")
    assert sign_in(world.producer).post(f"{PAGE}submit/", {"form_key": KEY}).url == PAGE
    assert "Billed by mail" in facts_of(sign_in(world.producer).get(PAGE))


@pytest.mark.feature("PAY_01")
def test_the_page_shows_balance_amount_day_and_the_last_day_and_opens_a_new_tab(world, submitted, sign_in):
    response = sign_in(world.producer).get(PAY)
    text = facts_of(response)
    due = submitted.effective_date + timedelta(days=30)
    assert "Current Balance $901.66 Payment Amount $901.66 Payment Date" in text
    assert f"Last Day for the First Payment {due:%m/%d/%Y}" in text
    assert "will not process until the application has completed processing" in text
    assert "Amount displayed may be less" not in text
    form = pages.read(response).one("form", id="pay-form")
    assert (form.attrs["target"], form.attrs["rel"], form.attrs["method"]) == ("_blank", "noopener", "post")
    Application.objects.update(effective_date=timezone.localdate() - timedelta(days=20))
    retro = facts_of(sign_in(world.producer).get(PAY))
    assert "Amount displayed may be less than required for policy issuance if retroactive effective date." in retro
    assert not Payment.objects.exists()


def test_pressed_five_times_it_leads_to_one_session_on_the_other_origin(world, submitted, sign_in, service):
    client = sign_in(world.producer)
    for _ in range(5):
        response = client.post(PAY)
        assert (response.status_code, response["Refresh"]) == (200, "0; url=https://pay.example.com/s/S-1")
    assert 'href="https://pay.example.com/s/S-1"' in response.content.decode()
    assert (len(service.sessions), Payment.objects.count()) == (1, 1)


def test_a_service_that_is_away_is_said_with_a_way_to_try_again(world, submitted, sign_in, service):
    service.fail("create_session", GatewayUnavailable())
    client = sign_in(world.producer)
    response = client.post(PAY)
    assert response.status_code == 503
    assert "Refresh" not in response
    assert "Nothing was taken" in response.content.decode()
    assert "Try Again" in response.content.decode()
    service.fails.clear()
    assert client.post(PAY).status_code == 200


def test_without_a_payment_service_pay_now_is_off_and_says_why(world, submitted, sign_in, settings):
    settings.PAYMENT_GATEWAY = ""
    client = sign_in(world.producer)
    assert client.post(PAY).url == PAGE
    text = facts_of(client.get(PAGE))
    assert "Payments cannot be made online at the moment" in text
    assert 'href="' + PAY not in client.get(PAGE).content.decode()


@pytest.mark.feature("SIG_04")
def test_pay_now_cannot_be_chosen_where_there_is_no_payment_service(world, ready, sign_in, settings):
    Application.objects.update(payment_choice="")
    settings.PAYMENT_GATEWAY = ""
    client, url = sign_in(world.producer), f"{PAGE}signatures/"
    page = client.get(url).content.decode()
    assert "Pay Now is not available: payments cannot be made online at the moment." in page
    (radio,) = re.findall(r"<input[^>]*value=\"NOW\"[^>]*>", page)
    assert "disabled" in radio
    client.post(url, {"sections": "payment", "payment-payment_choice": "NOW", "act": "exit"})
    assert Application.objects.get().payment_choice == ""


# --- back ---


@pytest.mark.feature("PAY_09")
def test_back_from_the_payment_portal_the_page_shows_the_payment_status(world, paying, sign_in, service):
    service.tell(paying.external_id, "scheduled")
    client = sign_in(world.producer)
    back = service.sessions[paying.external_id].return_url
    assert back.endswith(payments.return_path(paying))
    assert client.get(payments.return_path(paying)).url == PAGE
    text = facts_of(client.get(PAGE))
    assert "Payment Status Held until the application is accepted" in text
    assert "Visa ending in 4242" in text
    service.tell(paying.external_id, "settled")
    # Opened once more it is refused: nothing is asked, and it is written down.
    asked = len(service.calls)
    assert client.get(payments.return_path(paying), follow=True).redirect_chain[0][0] == PAGE
    assert len(service.calls) == asked
    assert Payment.objects.get().state == "HELD"
    assert AuditEvent.objects.filter(action="payment.return_refused").exists()


@pytest.mark.feature("PAY_09")
def test_a_successful_payment_is_said_on_the_page_and_in_the_list(world, paying, sign_in, service):
    payment_news.take(
        [service.tell(paying.external_id, "settled")],
        gateway_name="fake",
        source=PaymentEvent.Source.CALLBACK,
        at=timezone.now(),
    )
    client = sign_in(world.producer)
    text = facts_of(client.get(PAGE))
    assert "Payment Status Successful" in text
    assert "The payment was successful." in text
    assert "Last Day for the First Payment" not in text
    listed = facts_of(client.get("/enroll/applications/?tab=completed"))
    assert "Payment Status" in listed
    assert "Successful" in listed
    assert client.get(PAY).url == PAGE


@pytest.mark.feature("PAY_09")
@pytest.mark.parametrize("spoil", ["x", "", "other"])
@pytest.mark.sampled(1)
def test_a_link_back_that_is_not_ours_is_nothing(world, paying, sign_in, spoil):
    path = payments.return_path(paying)
    if spoil == "other":
        Payment.objects.update(return_nonce="another-one")
    else:
        path = path[:-6] + spoil + "/"
    assert sign_in(world.producer).get(path).status_code == 404
    assert Payment.objects.get().returned_at is None


def test_a_link_back_is_nothing_to_people_of_other_books(world, paying, sign_in):
    path = payments.return_path(paying)
    assert sign_in(world.outsider).get(path).status_code == 404
    assert sign_in(world.delegate).get(path).status_code == 403
    assert Payment.objects.get().returned_at is None
    assert sign_in(world.delegate_with_enroll).get(path).status_code == 302


def test_back_while_the_service_is_away_the_page_says_so(world, paying, sign_in, service):
    service.fail("ask", GatewayUnavailable())
    response = sign_in(world.producer).get(payments.return_path(paying), follow=True)
    assert "has not told us yet" in response.content.decode()


@pytest.mark.feature("PAY_07")
def test_leaving_the_payment_portal_before_submitting_is_not_paid(world, paying, sign_in):
    text = facts_of(sign_in(world.producer).get(PAGE))
    assert "Payment Status Not completed" in text
    assert "Continue to the Payment Portal" in text
    assert "nothing is paid yet" in facts_of(sign_in(world.producer).get(STATE))


# --- callbacks ---


def test_a_callback_counts_once_however_often_it_comes(world, paying, service):
    told = service.tell(paying.external_id, "submitted")
    answers = [call(*fake.signed([told])).json() for _ in range(3)]
    assert answers == [{"taken": 1}, {"taken": 0}, {"taken": 0}]
    assert Payment.objects.get().state == "SUBMITTED"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"secret": b"not-ours"}, "forged"),
        ({"at": datetime.now(UTC) - timedelta(hours=1)}, "stale"),
        ({"at": datetime.now(UTC) + timedelta(hours=1)}, "stale"),
    ],
)
def test_a_forged_or_replayed_callback_changes_nothing_and_is_written_down(world, paying, service, how, why):
    response = call(*fake.signed([service.tell(paying.external_id, "settled")], **how))
    assert (response.status_code, response.json()) == (400, {"error": why})
    assert (Payment.objects.get().state, PaymentEvent.objects.count()) == ("STARTED", 0)
    assert AuditEvent.objects.get(action="payment.callback_refused").details == {"gateway": "fake", "why": why}


def test_callbacks_of_others_and_by_other_ways_are_nothing(world, paying, service):
    signed = fake.signed([service.tell(paying.external_id, "settled")])
    assert call(*signed, url="/enroll/payments/callback/other/").status_code == 404
    assert call(b"", {}).status_code == 400
    assert call(b"x" * 300_000, {}).status_code == 413
    assert Client().get(CALLBACK).status_code == 405
    assert Payment.objects.get().state == "STARTED"


# --- autopay ---


@pytest.mark.feature("PAY_04")
def test_autopay_is_shown_and_ended_by_those_who_enroll(world, paying, sign_in, service):
    told = service.tell(paying.external_id, "scheduled", mandate=fake.mandate())
    payment_news.take([told], gateway_name="fake", source=PaymentEvent.Source.CALLBACK, at=timezone.now())
    mandate = AutopayMandate.objects.get()
    url = f"/enroll/payments/autopay/{mandate.pk}/end/"
    assert sign_in(world.outsider).post(url).status_code == 404
    client = sign_in(world.producer)
    assert "Autopay is on, from the bank account ending in 6789" in facts_of(client.get(PAGE))
    assert client.post(url).url == PAGE
    assert client.post(url).url == PAGE
    assert "was ended on" in facts_of(client.get(PAGE))
    assert AuditEvent.objects.filter(action="autopay.revoked").count() == 1


# --- past due ---


def test_past_due_is_paid_from_the_clients_page(world, sign_in, service, settings):
    url = f"/enroll/payments/client/{world.account_number}/"
    client = sign_in(world.producer)
    assert "Make a Payment" in client.get(f"/clients/{world.account_number}/").content.decode()
    assert client.get(f"/clients/{world.account_number}/go/", {"action": "pay"}).status_code in (302, 405)
    assert "Current Balance $312.55" in facts_of(client.get(url))
    response = client.post(url, {"policy": world.policy.pk})
    assert response["Refresh"] == "0; url=https://pay.example.com/s/S-1"
    payment = Payment.objects.get()
    assert (payment.policy, payment.application, payment.hold) == (world.policy, None, False)
    service.tell("S-1", "submitted")
    assert client.get(payments.return_path(payment)).url == url
    assert "is on its way" in facts_of(client.get(url))
    assert client.post(url, {"policy": world.policy.pk}).status_code == 409
    assert client.post(url, {"policy": world.outsider_policy.pk}).status_code == 404
    settings.PAYMENTS_FOR_POLICIES = False
    assert client.get(url).url == f"/clients/{world.account_number}/"


def test_past_due_asks_for_the_right_to_service_the_client(world, sign_in):
    url = f"/enroll/payments/client/{world.account_number}/"
    assert sign_in(world.delegate).get(url).status_code == 403
    assert sign_in(world.delegate_with_service).get(url).status_code == 200
    assert sign_in(world.outsider).get(url).status_code == 404
    # The right on another producer's book is none on this one.
    DelegateGrantFactory(
        producer=world.outsider.producer,
        delegate=world.delegate,
        scopes=[DelegateScope.VIEW.value, DelegateScope.SERVICE.value],
    )
    assert sign_in(world.delegate).get(url).status_code == 404


# --- administration ---


def test_staff_look_payments_up_and_ask_the_service_about_them(world, paying, sign_in, service):
    service.tell(paying.external_id, "settled")
    client = sign_in(world.admin)
    listed = "/admin/enrollment/payment/"
    assert paying.number in client.get(listed, {"q": paying.number}).content.decode()
    page = client.get(f"{listed}{paying.pk}/change/").content.decode()
    assert paying.key not in page
    assert paying.return_nonce not in page
    sent = {"action": "ask_the_service", "_selected_action": [paying.pk]}
    assert "1 new" in client.post(listed, sent, follow=True).content.decode()
    assert Payment.objects.get().state == "SETTLED"
    assert AuditEvent.objects.filter(action="payment.reconciled", actor_username="carrieradmin").exists()
    told = pages.read(client.get(f"{listed}{paying.pk}/change/")).one(class_="payment-events").text
    assert "What was told" in told
    assert "settled" in told


def test_who_only_reads_does_not_ask_the_service(world, paying, sign_in, service):
    service.tell(paying.external_id, "settled")
    sent = {"action": "ask_the_service", "_selected_action": [paying.pk]}
    for role, state in (("AUDITOR", "STARTED"), ("ENROLLMENT_OPERATIONS", "SETTLED")):
        sign_in(UserFactory(clerk=True, staff_role=role)).post("/admin/enrollment/payment/", sent)
        assert Payment.objects.get().state == state


# --- no number of a card ---

FIELD = re.compile(r"<(?:input|select|textarea)\b[^>]*>|autocomplete=[\"'][^\"']*", re.I)
CARD = re.compile(
    r"cc-(?:number|csc|exp|name)|card[-_]?num|cardnumber|\bcvv\b|\bcvc\b|security[-_]?code|routing|iban", re.I
)


@pytest.mark.no_db
@pytest.mark.feature("PAY_02")
def test_no_field_of_the_portal_is_for_a_card_or_bank_number():
    folder = Path(configured.BASE_DIR)
    own = [
        one for one in (folder / "templates").rglob("*.html") if "payment_service" not in one.relative_to(folder).parts
    ]
    assert len(own) > 100
    found = [(one.name, field) for one in own for field in FIELD.findall(one.read_text()) if CARD.search(field)]
    assert found == []
    forms = [
        one
        for app in ("accounts", "clients", "ecomm", "enrollment", "reporting", "portal")
        for one in (folder / app).rglob("*.py")
        if "payment_service" not in one.parts
    ]
    named = [
        (one.name, hit)
        for one in forms
        for hit in re.findall(r"cc-number|card_number|cardnumber|\bcvv\b", one.read_text())
    ]
    assert named == []
