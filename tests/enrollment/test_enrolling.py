"""Enroll in Selected Plans: applications off the exchange, the hand-over to the exchange, and who may do which."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Application, PlanRate, QuotePlan
from enrollment.proposals.content import money
from enrollment.selectors import proposals as proposals_selector
from enrollment.selectors import quotes
from enrollment.services import applications as service
from portal.common.models import AuditEvent
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import PlanFactory, QuoteFactory, QuotePlanFactory

FORM_KEY = "form-key-0123456789"
FAMILY = [("spouse", date(1988, 5, 2)), ("child", date(2018, 6, 1))]


@pytest.fixture
def quote(world):
    """A family of three with a medical plan at $700.00 and a dental one at $70.00, both off the exchange."""
    made = QuoteFactory(producer_number=world.number, created_by=world.producer, people=FAMILY)
    QuotePlanFactory(quote=made, plan=PlanFactory(name="Gold PPO 1"), position=0, monthly_premium=Decimal("700.00"))
    QuotePlanFactory(
        quote=made, plan=PlanFactory(dental=True, name="Dental 2"), position=1, monthly_premium=Decimal("70.00")
    )
    return made


def url(quote, name="quote-enroll"):
    return reverse(f"enrollment:{name}", args=[quote.pk])


def press(client, quote, **posted):
    return client.post(url(quote), {"form_key": FORM_KEY, **posted})


def start(quote, by, *, form_key=FORM_KEY, **more):
    priced = quotes.priced(quote)
    return service.start(
        quote=quote, people=priced.people, plans=priced.selected, by=by, at=timezone.now(), form_key=form_key, **more
    )


def move_to_exchange(quote):
    quote.plans.update(market=QuotePlan.Market.ON)


# --- an application off the exchange ---


def test_the_application_takes_household_plans_and_prices_from_the_quote(quote, world, sign_in):
    response = press(sign_in(world.producer), quote)
    application = Application.objects.get()
    assert response.url == f"/enroll/applications/{application.record_number}/general/"
    assert application.record_number.startswith("A-")
    assert (application.status, application.effective_date, application.county) == (
        "INCOMPLETE",
        quote.effective_date,
        quote.county,
    )
    assert application.expires_on == timezone.localdate() + timedelta(days=90)
    people = quote.people.values_list("position", "relation", "first_name", "date_of_birth", "sex", "tobacco")
    assert list(
        application.applicants.values_list("position", "relation", "first_name", "date_of_birth", "sex", "tobacco_use")
    ) == list(people)
    event = AuditEvent.objects.get(action="application.started")
    assert (event.object_id, event.for_producer) == (application.record_number, world.producer.producer.npn)


def test_quote_application_and_proposal_have_the_same_prices_to_the_cent(quote, world):
    PlanRate.objects.filter(plan__line="MEDICAL", first_age=21).update(rate=Decimal("311.37"))
    quote.plans.filter(plan__line="MEDICAL").update(monthly_premium=Decimal("722.74"))
    application = start(quote, world.producer)
    priced = quotes.priced(quote)
    content = proposals_selector.content_of(quote, priced.people, priced.selected, note="", today=timezone.localdate())
    applied = dict(application.plans.values_list("plan__name", "monthly_premium"))
    assert applied == dict(quote.plans.values_list("plan__name", "monthly_premium"))
    assert applied == {plan.name: Decimal(plan.total) for plan in content.plans}
    assert applied["Gold PPO 1"] == Decimal("722.74")
    assert [line.cells for line in content.medical[0].lines[:4]] == [
        [money("722.74")],
        ["$311.37"],
        ["$311.37"],
        ["$100.00"],
    ]


@pytest.mark.feature("QUO_06")
def test_five_posts_of_one_form_are_one_application(quote, world, sign_in):
    client = sign_in(world.producer)
    assert len({press(client, quote).url for _ in range(5)}) == 1
    assert Application.objects.count() == 1


@pytest.mark.feature("QUO_06")
@pytest.mark.django_db(transaction=True)
def test_of_two_forms_at_the_same_moment_the_second_is_asked(quote, world):
    results = at_once(
        *[lambda: start(quote, world.producer)] * 2, lambda: start(quote, world.producer, form_key="other-form-key-01")
    )
    kinds = sorted(type(one).__name__ for one in results)
    assert Application.objects.count() == 1
    assert kinds in (
        ["AlreadyStarted", "Application", "Application"],
        ["AlreadyStarted", "AlreadyStarted", "Application"],
    )


def test_record_numbers_are_never_given_twice(quote, world):
    first = start(quote, world.producer)
    first.delete()
    second = start(quote, world.producer, form_key="other-form-key-01")
    assert int(second.record_number[2:]) > int(first.record_number[2:])


def test_a_failing_second_write_keeps_nothing(quote, world, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(service.ApplicationPlan.objects, "bulk_create", broken)
    with pytest.raises(RuntimeError):
        start(quote, world.producer)
    assert not Application.objects.exists()
    assert not AuditEvent.objects.filter(action="application.started").exists()


@pytest.mark.feature("QUO_06")
def test_an_application_begun_before_is_offered_to_be_resumed_or_another_created(quote, world, sign_in):
    draft = start(quote, world.producer)
    client = sign_in(world.producer)
    review = pages.read(client.get(url(quote, "quote-review")))
    dialog = review.one("dialog", id="resume-application")
    assert review.one("button", data_dialog="resume-application").text == "Enroll in Selected Plans"
    # Without scripts the button sends its form, and the pop-up is a page.
    page = pages.read(press(client, quote, form_key="other-form-key-01"))
    for part in (dialog, page):
        assert draft.record_number in part.text
        link = next(one for one in part.all("a") if one.text == "Go To Incomplete Application")
        assert client.get(link.attrs["href"], follow=True).status_code == 200
    assert Application.objects.count() == 1
    response = press(client, quote, form_key="other-form-key-01", start="new")
    assert Application.objects.count() == 2
    assert response.url != f"/enroll/applications/{draft.record_number}/general/"


@pytest.mark.feature("QUO_06")
@pytest.mark.parametrize(
    "changes",
    [
        {"withdrawn_at": timezone.now(), "withdrawn_by_id": "producer"},
        {"expires_on": timezone.localdate() - timedelta(days=2)},
        {"status": "COMPLETED"},
        {"status": "FAILED"},
    ],
    ids=["withdrawn", "expired", "completed", "failed"],
)
def test_what_cannot_be_resumed_is_not_offered(quote, world, sign_in, changes):
    start(quote, world.producer)
    if "withdrawn_by_id" in changes:
        changes = {**changes, "withdrawn_by_id": world.producer.pk}
    Application.objects.update(**changes)
    press(sign_in(world.producer), quote, form_key="other-form-key-01")
    assert Application.objects.count() == 2


def test_a_price_that_changed_since_it_was_shown_is_not_applied_for_unseen(quote, world, sign_in):
    client = sign_in(world.producer)
    shown = pages.read(client.get(url(quote, "quote-review"))).one("input", name="shown").attrs["value"]
    assert shown == "770.00"
    PlanRate.objects.filter(plan__line="MEDICAL", first_age=21).update(rate=Decimal("301.00"))
    response = client.post(url(quote), {"form_key": FORM_KEY, "shown": shown}, follow=True)
    assert "from $770.00 to $772.00" in pages.messages(response)[0]
    assert not Application.objects.exists()
    shown = pages.read(response).one("input", name="shown").attrs["value"]
    client.post(url(quote), {"form_key": FORM_KEY, "shown": shown})
    application = Application.objects.get()
    assert sum(one.monthly_premium for one in application.plans.all()) == Decimal("772.00")
    assert quote.plans.get(plan__line="MEDICAL").monthly_premium == Decimal("702.00")


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (0, "Select one medical plan, one dental plan, or one of each."),
        (3, "Select only one medical plan. 2 are selected."),
    ],
)
def test_the_rule_of_the_button_holds_on_the_server_too(quote, world, sign_in, chosen, words):
    QuotePlanFactory(quote=quote, plan=PlanFactory(name="Silver 3"), position=2)
    quote.plans.exclude(pk__in=quote.plans.values("pk")[:chosen]).update(chosen=False)
    response = sign_in(world.producer).post(url(quote), {"form_key": FORM_KEY}, follow=True)
    assert words in pages.messages(response)[0]
    assert not Application.objects.exists()


def test_plans_of_both_markets_together_are_refused(quote, world, sign_in):
    quote.plans.filter(plan__line="DENTAL").update(market="ON")
    response = sign_in(world.producer).post(url(quote), {"form_key": FORM_KEY}, follow=True)
    assert "They are two enrollments" in pages.messages(response)[0]
    assert "They are two enrollments" in pages.read(response).one(id="why-not-enroll").text


def test_an_expired_quote_starts_nothing(world, sign_in):
    quote = QuoteFactory(producer_number=world.number, created_by=world.producer, expired=True)
    QuotePlanFactory(quote=quote)
    response = sign_in(world.producer).post(url(quote), {"form_key": FORM_KEY}, follow=True)
    assert "This quote expired on" in pages.messages(response)[0]
    assert not Application.objects.exists()


def test_looking_at_the_address_leads_to_review_and_starts_nothing(quote, world, sign_in):
    assert sign_in(world.producer).get(url(quote)).url == url(quote, "quote-review")
    assert not Application.objects.exists()


def test_foreign_and_deleted_quotes_are_not_there(quote, world, sign_in):
    assert press(sign_in(world.outsider), quote).status_code == 404
    assert press(sign_in(world.admin), quote).status_code == 403
    assert press(sign_in(world.delegate), quote).status_code == 403
    quote.deleted_at, quote.deleted_by = timezone.now(), world.producer
    quote.save()
    assert press(sign_in(world.producer), quote).status_code == 404


def test_a_delegate_starts_applications_off_the_exchange(quote, world, sign_in):
    press(sign_in(world.delegate_with_enroll), quote)
    assert Application.objects.get().created_by == world.delegate_with_enroll


# --- onto the exchange ---


@pytest.mark.feature("ONX_01")
@pytest.mark.feature("ONX_03")
def test_without_scripts_the_list_of_quotes_has_the_way_to_the_exchange(quote, world, sign_in, settings):
    move_to_exchange(quote)
    client = sign_in(world.producer)
    response = press(client, quote)
    assert response.url == "/enroll/quotes/"
    link = pages.read(client.get(response.url)).one("a", href=settings.ON_EXCHANGE_URLS["IL"])
    assert (link.attrs["target"], link.attrs["rel"]) == ("_blank", "noopener noreferrer")
    assert not Application.objects.exists()
    event = AuditEvent.objects.get(action="quote.handed_over")
    assert event.details == {"us_state": "IL", "plans": 2}


@pytest.mark.feature("ONX_01")
@pytest.mark.feature("ONX_02")
def test_the_new_tab_goes_on_to_the_address_of_the_settings_and_tells_nobody_where_from(
    quote, world, sign_in, settings
):
    settings.ON_EXCHANGE_URLS = {"IL": "https://sign-in.example.com/?a=1&b=2"}
    move_to_exchange(quote)
    response = press(sign_in(world.producer), quote, tab="new")
    assert response["Refresh"] == "0;url=https://sign-in.example.com/?a=1&b=2"
    assert response["Referrer-Policy"] == "no-referrer"
    link = pages.read(response).one("a", href="https://sign-in.example.com/?a=1&b=2")
    assert link.attrs["rel"] == "noopener noreferrer"


@pytest.mark.feature("HOM_11")
@pytest.mark.feature("ONX_04")
def test_delegates_find_the_button_disabled_with_the_reason_and_are_refused(quote, world, sign_in):
    move_to_exchange(quote)
    client = sign_in(world.delegate_with_enroll)
    review = pages.read(client.get(url(quote, "quote-review")))
    button = next(one for one in review.all("button") if one.text == "Enroll in Selected Plans")
    assert "disabled" in button.attrs
    assert quotes.ON_EXCHANGE_NOT_YOURS in review.one(id="why-not-enroll").text
    response = press(client, quote)
    assert response.status_code == 403
    assert quotes.ON_EXCHANGE_NOT_YOURS in response.content.decode()
    assert press(client, quote, tab="new").status_code == 403
    assert not AuditEvent.objects.filter(action="quote.handed_over").exists()


def test_a_state_without_an_address_says_so(quote, world, sign_in, settings):
    settings.ON_EXCHANGE_URLS = {}
    move_to_exchange(quote)
    client = sign_in(world.producer)
    words = "On-exchange enrollment for Illinois is not set up in this portal."
    assert words in pages.read(client.get(url(quote, "quote-review"))).one(id="why-not-enroll").text
    assert words in pages.messages(client.post(url(quote), {"form_key": FORM_KEY}, follow=True))[0]
