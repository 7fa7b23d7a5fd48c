"""Payments: begun once, taken for what the service tells, held until the application is accepted, billed otherwise."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from clients.membersystem import settle
from clients.membersystem.gateways.base import Answer
from clients.models import MemberChange, Policy
from enrollment.models import Application, AutopayMandate, Payment, PaymentEvent, Submission
from enrollment.payments.gateways.base import GatewayRefused, GatewayUnavailable, MandateState, Told
from enrollment.rules.payment_states import Step
from enrollment.selectors import payments as selector
from enrollment.services import (
    application_payments,
    autopay,
    payment_bills,
    payment_calls,
    payment_news,
    payment_receipts,
    payment_reconciling,
    payment_rows,
    payments,
)
from enrollment.services import submission as submitting
from enrollment.services.payments import CannotPay, NotNow
from portal.common import outbox
from portal.common.models import AuditEvent, OutboundMessage, OutboxMessage
from portal.common.notifications.models import Notification
from tests.support import payments as fake
from tests.support.applications import DENTAL_TOTAL, MEDICAL_TOTAL, ready_application
from tests.support.concurrency import at_once

TOTAL = MEDICAL_TOTAL + DENTAL_TOTAL
State, Source = Payment.State, PaymentEvent.Source


@pytest.fixture
def service(settings):
    settings.PAYMENT_GATEWAY = fake.PATH
    return fake.reset()


@pytest.fixture(autouse=True)
def complete(monkeypatch):
    monkeypatch.setattr(submitting, "missing_of", lambda wizard: [])


@pytest.fixture
def application(world, service) -> Application:
    row = ready_application(world.number, world.producer, payment_choice="NOW")
    submitting.submit(application=row, by=world.producer, at=timezone.now(), form_key="submit-key-0123456789")
    return Application.objects.get(pk=row.pk)


def begin(application, world, **more) -> Payment:
    return payments.begin_first(application=application, by=world.producer, at=more.get("at") or timezone.now())


def tell(*told: Told, source=Source.CALLBACK) -> int:
    return payment_news.take(told, gateway_name="fake", source=source, at=timezone.now())


def settle_enrollments(*, accepted: bool = True) -> None:
    for change in MemberChange.objects.filter(kind="ENROLL", status="PENDING").order_by("id"):
        settle.take_answer(
            change.pk, Answer(accepted=accepted, reference="X-1", reason="" if accepted else "no"), now=timezone.now()
        )


def fresh(payment: Payment) -> Payment:
    return Payment.objects.get(pk=payment.pk)


def emails() -> list[str]:
    return list(OutboundMessage.objects.filter(kind="payment_receipt").order_by("id").values_list("subject", flat=True))


def billing() -> list[tuple[str, str]]:
    rows = MemberChange.objects.filter(kind="BILLING").order_by("id")
    return [(one.payload["what"], one.payload["amount"]) for one in rows]


# --- begun ---


@pytest.mark.feature("PAY_01")
def test_a_payment_names_amount_days_and_reference_and_nothing_of_health(world, application, service):
    payment = begin(application, world)
    (request,) = service.sessions.values()
    assert (request.reference, request.amount, request.key) == (payment.number, TOTAL, payment.key)
    assert (request.payer_name, request.payer_email) == ("Ann Leeward", "Ann@Example.com")
    assert (request.hold, request.offers_autopay, request.amount_may_grow) == (True, True, False)
    assert request.due_on == application.effective_date + timedelta(days=30)
    assert request.label == f"Application {application.record_number}"
    assert request.autopay_text_version == "2026-11"
    assert "business days" in request.autopay_text
    assert "Silver POS" not in repr(request)
    assert payment.url.startswith("https://pay.example.com/")


@pytest.mark.feature("SIG_05")
def test_pressing_pay_again_leads_to_the_same_session(world, application, service):
    assert {begin(application, world).pk for _ in range(5)} == {Payment.objects.get().pk}
    assert len(service.sessions) == 1
    assert AuditEvent.objects.filter(action="payment.started").count() == 1


@pytest.mark.feature("PAY_05")
@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_fifty_presses_at_the_same_moment_are_one_charge(world, application, service):
    made = at_once(*[lambda: begin(application, world)] * 50)
    assert {getattr(one, "pk", one) for one in made} == {Payment.objects.get().pk}
    assert len(service.sessions) == 1
    payment = Payment.objects.get()
    told = service.tell(payment.external_id, "scheduled")
    at_once(*[lambda: tell(told)] * 20)
    settle_enrollments()
    at_once(*[lambda: payment_calls.release_payment({"payment_id": payment.pk})] * 50)
    assert list(service.charges.values()) == [TOTAL]
    assert fresh(payment).state == State.SUBMITTED
    assert PaymentEvent.objects.filter(payment=payment).count() == 2
    assert emails() == [
        f"We have your payment details ({payment.number})",
        f"Your payment was submitted ({payment.number})",
    ]


def test_nothing_is_begun_before_it_was_submitted_or_where_payments_are_off(world, service, settings):
    draft = ready_application(world.number, world.producer, record_number="A-0702")
    with pytest.raises(CannotPay, match="after the application has been submitted"):
        begin(draft, world)
    settings.PAYMENT_GATEWAY = ""
    with pytest.raises(CannotPay, match="cannot be made online"):
        begin(draft, world)
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("exc", "words"), [(GatewayUnavailable(), "does not answer"), (GatewayRefused(), "tell support")]
)
def test_a_service_that_does_not_answer_leaves_a_payment_that_can_be_begun_again(
    world, application, service, exc, words
):
    service.fail("create_session", exc, when="after")
    with pytest.raises(NotNow, match=words):
        begin(application, world)
    assert selector.status_of(application) == "Not completed"
    service.fails.clear()
    payment = begin(application, world)
    assert (payment.external_id, len(service.sessions)) == ("S-1", 1)


def test_a_session_whose_time_is_over_is_closed_before_another_is_opened(world, application, service):
    first = begin(application, world)
    second = begin(application, world, at=timezone.now() + timedelta(hours=2))
    assert (fresh(first).state, fresh(first).is_current) == (State.EXPIRED, False)
    assert first.external_id in service.cancelled
    assert (second.state, second.external_id) == (State.STARTED, "S-2")


def test_a_session_that_was_submitted_meanwhile_is_not_opened_anew(world, application, service):
    first = begin(application, world)
    service.tell(first.external_id, "scheduled")
    with pytest.raises(CannotPay, match="on its way"):
        begin(application, world, at=timezone.now() + timedelta(hours=2))
    assert fresh(first).state == State.HELD


def test_while_the_service_is_away_no_second_session_is_opened(world, application, service):
    begin(application, world)
    service.fail("ask", GatewayUnavailable())
    with pytest.raises(NotNow):
        begin(application, world, at=timezone.now() + timedelta(hours=2))
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("state", ["failed", "cancelled", "expired", "returned"])
@pytest.mark.sampled(2)
def test_what_ended_without_money_can_be_paid_again(world, application, service, state):
    first = begin(application, world)
    tell(service.tell(first.external_id, state))
    second = begin(application, world)
    assert second.pk != first.pk
    assert not fresh(first).is_current
    assert selector.counted(list(application.payments.all())).pk == second.pk


def test_the_database_keeps_one_current_payment_and_every_event(world, application):
    payment = begin(application, world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.create(
            **{
                one.attname: getattr(payment, one.attname)
                for one in Payment._meta.fields
                if one.name not in ("id", "key", "number", "external_id")
            },
            key="other",
            number="P-1",
        )
    payment_news.by_portal(payment.pk, Step.EXPIRE, timezone.now())
    event = PaymentEvent.objects.get()
    for act in (event.delete, lambda: PaymentEvent.objects.update(told="settled")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# --- held until the application is accepted ---


@pytest.mark.feature("PAY_05")
def test_a_payment_is_held_until_the_application_is_accepted_and_taken_then(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled"))
    assert selector.status_of(application) == "Held until the application is accepted"
    outbox.sweep()
    assert service.charges == {}
    settle_enrollments()
    assert fresh(payment).state == State.SCHEDULED
    outbox.sweep()
    assert list(service.charges.values()) == [TOTAL]
    assert fresh(payment).state == State.SUBMITTED
    assert billing() == []
    tell(service.tell(payment.external_id, "settled"))
    assert fresh(payment).state == State.SETTLED
    assert billing() == [("settled", str(MEDICAL_TOTAL)), ("settled", str(DENTAL_TOTAL))]


@pytest.mark.feature("PAY_05")
def test_submitted_to_after_the_acceptance_it_is_taken_at_once(world, application, service):
    payment = begin(application, world)
    settle_enrollments()
    tell(service.tell(payment.external_id, "scheduled"))
    outbox.sweep()
    assert fresh(payment).state == State.SUBMITTED
    assert list(service.charges.values()) == [TOTAL]


@pytest.mark.feature("PAY_05")
def test_a_failed_application_takes_nothing_and_an_expired_one_cancels(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled"))
    settle_enrollments(accepted=False)
    outbox.sweep()
    assert (fresh(payment).state, service.charges) == (State.HELD, {})
    later = timezone.now() + timedelta(days=120)
    payment_reconciling.reconcile(now=later)
    outbox.sweep(now=later)
    assert fresh(payment).state == State.CANCELLED
    assert payment.external_id in service.cancelled


def test_another_premium_at_the_acceptance_cancels_what_was_held(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled"))
    application.plans.filter(line="DENTAL").update(monthly_premium=Decimal("20.00"))
    settle_enrollments()
    outbox.sweep()
    assert (fresh(payment).state, service.charges) == (State.CANCELLED, {})
    assert fresh(payment).reason == application_payments.ANOTHER_AMOUNT
    assert [what for what, _ in billing()] == ["bill", "bill"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_around_the_charge_leaves_one_charge(world, application, service, when):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled"))
    settle_enrollments()
    owed = OutboxMessage.objects.get(topic=payment_rows.RELEASE)
    service.fail("release", fake.WorkerKilled(), when=when)
    with pytest.raises(fake.WorkerKilled):
        outbox.deliver(message_pk=owed.pk)
    assert fresh(payment).state == State.SCHEDULED
    service.fails.clear()
    outbox.sweep(now=timezone.now() + timedelta(minutes=5))
    assert list(service.charges.values()) == [TOTAL]
    assert fresh(payment).state == State.SUBMITTED
    assert [call for call, _ in service.calls].count("release") == 2


def test_a_service_that_is_away_is_asked_again_and_never_charges_twice(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled"))
    settle_enrollments()
    service.fail("release", GatewayUnavailable(), when="after")
    now = timezone.now()
    for hour in range(12):
        outbox.sweep(now=now + timedelta(hours=hour))
    assert fresh(payment).attention == payment_calls.NOT_RELEASED
    service.fails.clear()
    payment_reconciling.reconcile(now=now + timedelta(days=1))
    outbox.sweep(now=now + timedelta(days=1))
    assert (fresh(payment).state, list(service.charges.values())) == (State.SUBMITTED, [TOTAL])


# --- told ---


@pytest.mark.feature("PAY_07")
def test_only_the_services_word_counts(world, application, service):
    payment = begin(application, world)
    assert selector.status_of(application) == "Not completed"
    assert payments.came_back(payment=payment, by=world.producer, at=timezone.now())
    assert fresh(payment).state == State.STARTED


@pytest.mark.feature("PAY_08")
def test_cancelled_in_the_payment_portal_the_application_stays_and_is_billed(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "cancelled"))
    application.refresh_from_db()
    assert (application.status, selector.status_of(application)) == ("COMPLETED", "Cancelled")
    assert billing() == []
    settle_enrollments()
    assert billing() == [("bill", str(MEDICAL_TOTAL)), ("bill", str(DENTAL_TOTAL))]
    assert emails() == []


@pytest.mark.feature("SIG_05")
def test_pay_later_is_a_bill_notice_for_each_policy_once(world, service):
    row = ready_application(world.number, world.producer)
    submitting.submit(application=row, by=world.producer, at=timezone.now(), form_key="submit-key-0123456789")
    assert billing() == []
    settle_enrollments()
    row.refresh_from_db()
    payment_bills.bill_if_owed(application=row, at=timezone.now())
    assert billing() == [("bill", str(MEDICAL_TOTAL)), ("bill", str(DENTAL_TOTAL))]
    payload = MemberChange.objects.filter(kind="BILLING").first().payload
    assert payload["due_on"] == (row.effective_date + timedelta(days=30)).isoformat()


def test_money_reaches_the_policy_by_the_member_system_and_a_return_takes_it_back(world, application, service):
    payment = begin(application, world)
    settle_enrollments()
    tell(service.tell(payment.external_id, "settled"))
    now = timezone.now()

    def answer() -> Policy:
        for change in MemberChange.objects.filter(kind="BILLING", status="PENDING").order_by("id"):
            settle.take_answer(change.pk, Answer(accepted=True, reference="X"), now=now)
        return Policy.objects.get(submissions__submission__application=application, line="MEDICAL")

    policy = answer()
    assert policy.binder_paid
    assert policy.paid_to_date > policy.effective_date
    assert policy.status != Policy.Status.INITIAL_PAYMENT_DUE
    tell(service.tell(payment.external_id, "returned", reason="Returned by the bank: insufficient funds."))
    policy = answer()
    assert (policy.binder_paid, policy.paid_to_date, policy.status) == (False, None, "INITIAL_PAYMENT_DUE")
    assert fresh(payment).reason.startswith("Returned by the bank")
    assert emails()[-1].startswith("Your payment was returned")


ORDERS = [Random(seed).sample(range(4), 4) for seed in range(3)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("lost", [(), (0, 2), (3,), (0, 1, 2, 3)])
@pytest.mark.sampled(4)
def test_order_duplicates_and_losses_end_the_same_after_reconciling(world, application, service, order, lost):
    payment = begin(application, world)
    news = [service.tell(payment.external_id, one) for one in ("scheduled", "submitted", "settled", "returned")]
    for place in order:
        if place not in lost:
            tell(news[place])
            tell(news[place])
    settle_enrollments()
    payment_reconciling.reconcile(now=timezone.now() + timedelta(days=2))
    row = fresh(payment)
    assert (row.state, row.method_last4, row.confirmation) == (State.RETURNED, "4242", "C-1001")
    assert len(emails()) == len(set(emails()))


def test_a_callback_that_overtakes_the_sessions_answer_finds_its_payment(world, application, service):
    service.fail("create_session", GatewayUnavailable(), when="after")
    with pytest.raises(NotNow):
        begin(application, world)
    assert tell(service.tell("S-1", "scheduled")) == 1
    assert Payment.objects.get().external_id == "S-1"
    assert tell(Told(**{**service.tell("S-1", "settled").__dict__, "external_id": "S-9", "reference": "P-9"})) == 0


def test_a_session_of_which_only_its_number_is_known_gets_its_address(world, application, service):
    service.fail("create_session", GatewayUnavailable(), when="after")
    with pytest.raises(NotNow):
        begin(application, world)
    Payment.objects.update(external_id="S-1")
    service.fails.clear()
    payment = begin(application, world)
    assert (payment.url, len(service.sessions)) == ("https://pay.example.com/s/S-1", 1)


def test_an_other_sum_or_a_second_payment_is_somebodys_to_look_into(world, application, service):
    first = begin(application, world)
    tell(service.tell(first.external_id, "failed"))
    second = begin(application, world)
    tell(service.tell(second.external_id, "settled", amount=Decimal("1.00")))
    assert fresh(second).attention == payment_news.OTHER_SUM
    tell(service.tell(first.external_id, "settled"))
    assert fresh(first).attention == payment_news.PAID_TWICE


def test_money_of_an_old_session_cancels_the_new_one(world, application, service):
    first = begin(application, world)
    tell(service.tell(first.external_id, "failed"))
    second = begin(application, world)
    tell(service.tell(first.external_id, "settled"))
    outbox.sweep()
    assert fresh(second).state == State.CANCELLED
    assert selector.status_of(Application.objects.get(pk=application.pk)) == "Successful"


@pytest.mark.feature("PAY_06")
def test_receipts_say_amount_and_confirmation_and_no_name_of_client_or_plan(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "submitted"))
    tell(service.tell(payment.external_id, "settled"))
    subjects = emails()
    assert subjects == [
        f"Your payment was submitted ({payment.number})",
        f"Your payment was successful ({payment.number})",
    ]
    mail = OutboundMessage.objects.filter(kind="payment_receipt").last()
    assert mail.to == "Ann@Example.com"
    for text in (mail.body_text, mail.body_html):
        assert [one for one in ("$901.66", "C-1001", "ending in 4242") if one not in text] == []
        assert [one for one in ("Leeward", "Silver", "Dental") if one in text] == []
    note = Notification.objects.get(kind=payment_receipts.SETTLED_NOTICE, recipient=world.producer)
    assert "Leeward" not in note.title + note.text


def test_a_failing_second_write_keeps_nothing_of_an_event(world, application, service, monkeypatch):
    payment = begin(application, world)

    def fail(*_args, **_kwargs):
        raise RuntimeError("no more")

    monkeypatch.setattr(payment_receipts, "send_email", fail)
    told = service.tell(payment.external_id, "settled")
    with pytest.raises(RuntimeError):
        tell(told)
    assert (fresh(payment).state, PaymentEvent.objects.count()) == (State.STARTED, 0)
    monkeypatch.undo()
    assert tell(told) == 1


# --- asked ---


def test_payments_are_asked_about_in_their_own_time_and_a_silent_service_once(world, application, service):
    payment = begin(application, world)
    now = timezone.now()
    assert payment_reconciling.reconcile(now=now).asked == 0
    service.fail("ask", GatewayUnavailable())
    assert payment_reconciling.reconcile(now=now + timedelta(minutes=11)).unanswered == 1
    service.fails.clear()
    service.tell(payment.external_id, "settled")
    assert payment_reconciling.reconcile(now=now + timedelta(minutes=12)).new == 1
    assert payment_reconciling.reconcile(now=now + timedelta(minutes=13)).asked == 0
    assert payment_reconciling.reconcile(now=now + timedelta(days=30)).asked == 1
    assert payment_reconciling.reconcile(now=now + timedelta(days=71)).asked == 0


def test_a_session_the_service_never_had_expires(world, application, service):
    payment = begin(application, world)
    service.sessions.clear()
    payment_reconciling.reconcile(now=timezone.now() + timedelta(minutes=11))
    assert fresh(payment).state == State.EXPIRED
    service.fail("create_session", GatewayUnavailable())
    with pytest.raises(NotNow):
        begin(application, world)
    payment_reconciling.reconcile(now=timezone.now() + timedelta(days=2))
    assert Payment.objects.order_by("-id").first().state == State.EXPIRED


# --- autopay ---


@pytest.mark.feature("PAY_04")
def test_autopay_keeps_its_text_and_ends_for_good(world, application, service):
    payment = begin(application, world)
    tell(service.tell(payment.external_id, "scheduled", mandate=fake.mandate()))
    mandate = AutopayMandate.objects.get()
    assert (mandate.state, mandate.bank_last4, mandate.text_version) == ("ACTIVE", "6789", "2026-11")
    for _ in range(2):
        autopay.revoke_autopay(mandate=mandate, by=world.producer, at=timezone.now())
    service.fail("revoke_mandate", GatewayUnavailable())
    outbox.sweep()
    assert AutopayMandate.objects.get().state == "REVOKING"
    service.fails.clear()
    outbox.sweep(now=timezone.now() + timedelta(hours=1))
    assert (AutopayMandate.objects.get().state, service.revoked) == ("REVOKED", ["M-1"])
    tell(service.tell(payment.external_id, "settled", mandate=fake.mandate()))
    assert AutopayMandate.objects.get().state == "REVOKED"


@pytest.mark.feature("PAY_04")
def test_autopay_ended_at_the_service_is_ended_here(world, application, service):
    payment = begin(application, world)
    ended = fake.mandate(state=MandateState.REVOKED)
    tell(service.tell(payment.external_id, "submitted", mandate=ended))
    tell(service.tell(payment.external_id, "submitted", mandate=fake.mandate()))
    assert AutopayMandate.objects.get().state == "REVOKED"


# --- past due on a policy ---


def test_past_due_is_paid_once_until_the_member_system_tells_anew(world, service, settings):
    def again(at=None):
        return payments.begin_past_due(
            policy=Policy.objects.get(pk=world.policy.pk), by=world.producer, at=at or timezone.now()
        )

    payment = again()
    assert (payment.amount, payment.hold, payment.purpose) == (Decimal("312.55"), False, "PAST_DUE")
    assert again().pk == payment.pk
    tell(service.tell(payment.external_id, "submitted"))
    with pytest.raises(CannotPay, match="on its way"):
        again()
    tell(service.tell(payment.external_id, "settled"))
    with pytest.raises(CannotPay, match="has come in"):
        again()
    world.policy.account.as_of = timezone.now() + timedelta(hours=1)
    world.policy.account.save()
    assert again().pk != payment.pk
    settings.PAYMENTS_FOR_POLICIES = False
    with pytest.raises(CannotPay):
        again()
    assert not Submission.objects.exists()
