"""What the desk says of payments and autopay, and whom it leads to a payment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Policy
from enrollment.models import Application, PaymentEvent, Submission, SubmittedPolicy
from enrollment.services import payment_news, payments
from enrollment.services import submission as submitting
from portal.common.dates import as_text
from reporting import desk_payments
from reporting.desk_payments import news_of
from tests.support import pages
from tests.support import payments as fake
from tests.support.applications import ready_application
from tests.support.factories import PolicyFactory

DESK = "/reports/desk/"


@pytest.fixture
def service(settings):
    settings.PAYMENT_GATEWAY = fake.PATH
    return fake.reset()


def news(user, policy: Policy):
    row = Policy.objects.select_related("account", "producer_number").get(pk=policy.pk)
    return news_of(user, [row])[policy.pk]


def tell(service, payment, *states: str, **more) -> None:
    told = [service.tell(payment.external_id, state, **more) for state in states]
    payment_news.take(told, gateway_name="fake", source=PaymentEvent.Source.CALLBACK, at=timezone.now())


# --- past due ---


def past_due_url(world) -> str:
    return f"/enroll/payments/client/{world.account_number}/"


def test_what_is_past_due_leads_to_make_a_payment_where_that_is_allowed(world, service, settings):
    url = past_due_url(world)
    seen = {who: news(getattr(world, who), world.policy).url for who in ("producer", "principal", "delegate", "admin")}
    assert seen == {"producer": url, "principal": url, "delegate": "", "admin": url}
    settings.PAYMENTS_FOR_POLICIES = False
    assert news(world.producer, world.policy).url == ""
    settings.PAYMENTS_FOR_POLICIES, settings.PAYMENT_GATEWAY = True, ""
    assert news(world.producer, world.policy).url == ""


def test_nothing_past_due_leads_nowhere(world, service):
    Policy.objects.filter(pk=world.policy.pk).update(past_due=0)
    assert news(world.producer, world.policy) == desk_payments.PaymentNews(autopay="Off")


def test_a_payment_on_its_way_is_told_and_not_made_again(world, service, sign_in):
    client = sign_in(world.producer)
    payment = payments.begin_past_due(policy=world.policy, by=world.producer, at=timezone.now())
    assert news(world.producer, world.policy).state == "Payment of $312.55: Not completed"
    assert news(world.producer, world.policy).url == past_due_url(world)
    tell(service, payment, "submitted")
    assert news(world.producer, world.policy).state == "Payment of $312.55: Submitted"
    assert news(world.producer, world.policy).url == ""
    row = pages.read(client.get(DESK)).one("table").one("tbody").one("tr")
    assert "Payment of $312.55: Submitted" in row.text
    assert past_due_url(world) not in [link.attrs["href"] for link in row.all("a")]
    tell(service, payment, "failed")
    assert news(world.producer, world.policy).state == "Payment of $312.55: Failed"
    row = pages.read(client.get(DESK)).one("table").one("tbody").one("tr")
    assert past_due_url(world) in [link.attrs["href"] for link in row.all("a")]
    assert "Make a Payment" in [
        link.text for link in pages.read(client.get(f"{DESK}policy/{world.policy.pk}/")).all("a")
    ]
    payments.begin_past_due(policy=world.policy, by=world.producer, at=timezone.now())
    assert news(world.producer, world.policy).state == "Payment of $312.55: Not completed"


# --- autopay ---


def test_autopay_is_on_by_the_carriers_word_or_by_an_agreement_made_here(world, service):
    assert news(world.producer, world.policy).autopay == "Off"
    Policy.objects.filter(pk=world.policy.pk).update(on_autopay=True)
    assert news(world.producer, world.policy).autopay == "On"
    Policy.objects.filter(pk=world.policy.pk).update(on_autopay=False)
    payment = payments.begin_past_due(policy=world.policy, by=world.producer, at=timezone.now())
    tell(service, payment, "submitted", mandate=fake.mandate())
    assert news(world.producer, world.policy).autopay == "On"
    payment.mandates.update(state="REVOKING")
    assert news(world.producer, world.policy).autopay == "Being ended"
    payment.mandates.update(state="REVOKED")
    assert news(world.producer, world.policy).autopay == "Off"


# --- the first payment ---


@pytest.fixture
def unpaid(world, service, monkeypatch) -> Policy:
    """A policy that an application of this portal has become, and whose first payment has not come."""
    monkeypatch.setattr(submitting, "missing_of", lambda wizard: [])
    application = ready_application(world.number, world.producer, payment_choice="NOW")
    submitting.submit(application=application, by=world.producer, at=timezone.now(), form_key="submit-key-0123456789")
    policy = SubmittedPolicy.objects.filter(line="MEDICAL").get().policy
    values = {"status": "INITIAL_PAYMENT_DUE", "awaits_acceptance": False, "past_due": Decimal(0)}
    Policy.objects.filter(pk=policy.pk).update(**values)
    return policy


def test_an_unpaid_first_payment_tells_its_state_and_last_day_and_leads_to_it(world, unpaid, service):
    application = Application.objects.get()
    last = as_text(application.effective_date + timedelta(days=30))
    pay = f"/enroll/applications/{application.record_number}/pay/"
    assert (news(world.producer, unpaid).state, news(world.producer, unpaid).url) == (
        f"Payment: Not started, last day {last}",
        pay,
    )
    assert news(world.delegate_with_enroll, unpaid).url == pay
    assert news(world.delegate, unpaid).url == ""
    payment = payments.begin_first(application=application, by=world.producer, at=timezone.now())
    tell(service, payment, "scheduled", mandate=fake.mandate())
    assert news(world.producer, unpaid) == desk_payments.PaymentNews(
        autopay="On", state=f"Payment of {payment.amount_text}: Held until the application is accepted"
    )
    Policy.objects.filter(pk=unpaid.pk).update(status="TERMED")
    assert news(world.producer, unpaid) == desk_payments.PaymentNews(autopay="On")


def test_of_several_submissions_the_newest_application_speaks(world, unpaid, service):
    other = ready_application(world.number, world.producer, record_number="A-0999", payment_choice="LATER")
    first = SubmittedPolicy.objects.get(policy=unpaid)
    values = {"number": 1, "submitted_at": timezone.now(), "submitted_by": world.producer, "monthly_premium": 1}
    newest = Submission.objects.create(
        application=other, form_key="another", effective_date=unpaid.effective_date, **values
    )
    SubmittedPolicy.objects.create(submission=newest, line="MEDICAL", policy=unpaid, change=first.change)
    assert news(world.producer, unpaid).state.startswith("Payment: Billed by mail")


def test_the_queries_do_not_grow_with_the_policies(world, unpaid, service):
    payments.begin_past_due(policy=world.policy, by=world.producer, at=timezone.now())
    rows = Policy.objects.select_related("account", "producer_number")
    world.producer.perms_held  # noqa: B018 - read once a request
    counts = []
    for more in (0, 5):
        for _ in range(more):
            PolicyFactory(producer_number=world.number, in_grace=True)
        found = list(rows)
        with CaptureQueriesContext(connection) as captured:
            news_of(world.producer, found)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6
