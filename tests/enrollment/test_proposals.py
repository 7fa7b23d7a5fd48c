"""Proposals: what they say, how they are made, sent, sent again and forgotten."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pypdf
import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Proposal, ProposalDelivery
from enrollment.proposals import rendering
from enrollment.proposals.content import from_json, money
from enrollment.selectors import proposals as selector
from enrollment.selectors import quotes
from enrollment.services import proposals as service
from portal.common import outbox
from portal.common.files.models import StoredFile
from portal.common.messaging.delivery import deliver_message
from portal.common.models import AuditEvent, MailboxEntry, OutboundMessage
from portal.common.notifications.models import Notification
from portal.common.throttle import TooOften
from tests.support import pages
from tests.support.concurrency import at_once
from tests.support.factories import PlanFactory, ProspectFactory, QuoteFactory, QuotePlanFactory

NEXT_YEAR = timezone.localdate().year + 1
FAMILY = [("spouse", date(1988, 5, 2)), ("child", date(NEXT_YEAR - 11, 6, 1)), ("child", date(NEXT_YEAR - 9, 6, 1))]
NOTE = "Dear Ann,\n\nhere is what we talked about. Call me <any> time & I will explain."


@pytest.fixture
def quote(world):
    """A family of four with three medical plans and a dental one; they cost $800.00 and $80.00 each."""
    made = QuoteFactory(producer_number=world.number, created_by=world.producer, people=FAMILY)
    for place, (name, market) in enumerate((("Gold PPO 1", "OFF"), ("Silver PPO 2", "ON"), ("Bronze HMO 3", "OFF"))):
        QuotePlanFactory(
            quote=made, plan=PlanFactory(name=name), market=market, position=place, monthly_premium=Decimal("800.00")
        )
    QuotePlanFactory(
        quote=made, plan=PlanFactory(dental=True, name="Dental 4"), position=3, monthly_premium=Decimal("80.00")
    )
    return made


@pytest.fixture
def quick(monkeypatch):
    """The PDF is not what these tests are about."""
    monkeypatch.setattr(rendering, "render", lambda content: b"%PDF-1.7 " + content.applicant.encode())


def content_of(quote, *, note=NOTE):
    priced = quotes.priced(quote)
    return selector.content_of(quote, priced.people, priced.selected, note=note, today=date(2026, 11, 21))


def create(quote, by, *, recipients=("ann@people.example",), form_key="form-key-0123456789", note=NOTE):
    return service.create(
        quote=quote,
        content=content_of(quote, note=note),
        recipients=recipients,
        by=by,
        at=timezone.now(),
        form_key=form_key,
    )


def url(quote, name="quote-proposal", *more):
    return reverse(f"enrollment:{name}", args=[quote.pk, *more])


def form(quote, **changes):
    values = {
        "plans": [str(row.pk) for row in quote.plans.all()],
        "note": NOTE,
        "recipients": "ann@people.example",
        "agreed": "on",
        "form_key": "form-key-0123456789",
        "do": "send",
    }
    return {**values, **changes}


# --- what it says ---


@pytest.mark.feature("QUO_08")
def test_the_pdf_says_plans_premiums_ages_producer_and_disclaimers_and_is_tagged(quote, settings):
    settings.CARRIER_NAME = "Prairie Summit"
    content = content_of(quote)
    document = pypdf.PdfReader(BytesIO(rendering.render(content)))
    text = " ".join(" ".join(page.extract_text() for page in document.pages).split())
    for words in (
        "Prairie Summit",
        f"Ann Leeward, {NEXT_YEAR - 1987}",
        "Spouse",
        "Dependent 2",
        "Gold PPO 1",
        "Silver PPO 2",
        "Dental 4",
        "$800.00",
        "$300.00",
        "$100.00",
        "$80.00",
        "$8,500 each, $17,000 family",
        "On Exchange",
        "DuPage County, IL",
        f"01/01/{NEXT_YEAR}",
        "11/21/2026",
        "Licensed in",
        "Illinois",
        quote.producer_number.number,
        "not an offer of coverage",
        "without any premium tax credit",
        "explain",
    ):
        assert words in text, words
    assert (
        document.trailer["/Root"]["/MarkInfo"]["/Marked"] is True or document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    )
    assert document.trailer["/Root"]["/Lang"] == "en-US"
    assert document.metadata.title == "Insurance proposal"


@pytest.mark.feature("QUO_08")
@pytest.mark.parametrize(
    ("plans", "together"),
    [
        (("medical OFF 1458.81", "dental OFF 14.87"), "$1,473.68"),
        (("medical ON 886.79", "dental ON 14.87"), "$901.66"),
        (("medical ON 886.79", "dental OFF 14.87"), ""),
        (("medical OFF 886.79",), ""),
        (("medical OFF 886.79", "medical OFF 900.00"), ""),
        (("medical OFF 886.79", "medical OFF 900.00", "dental OFF 14.87"), ""),
    ],
)
def test_one_medical_and_one_dental_plan_of_one_place_are_added_up(quote, plans, together):
    content = content_of(quote)
    proposed = []
    for plan in plans:
        line, market, total = plan.split()
        proposed.append(replace(content.plans[0], is_dental=line == "dental", market=market, total=total))
    content = replace(content, plans=proposed)
    assert content.together == together
    assert (f"Both plans together: <strong>{together}" in rendering.html_of(content)) is bool(together)


@pytest.mark.feature("QUO_08")
def test_no_birth_date_stands_in_a_proposal(quote):
    everything = content_of(quote).as_json() + rendering.html_of(content_of(quote))
    for person in quote.people.all():
        born = person.date_of_birth
        assert not re.search(rf"{born:%Y}-{born:%m}-{born:%d}|{born:%m}/{born:%d}/{born:%Y}", everything)
    assert "<any>" not in rendering.html_of(content_of(quote))


def test_content_is_kept_as_it_was(quote):
    content = content_of(quote)
    assert from_json(content.as_json()) == content


def test_plans_stand_side_by_side_four_at_most_in_even_groups(quote):
    for number in range(5, 7):
        QuotePlanFactory(quote=quote, plan=PlanFactory(name=f"Silver {number}"), position=number)
    tables = content_of(quote).medical
    assert [len(table.plans) for table in tables] == [3, 2]
    assert [table.caption for table in tables] == ["Medical plans, part 1 of 2", "Medical plans, part 2 of 2"]
    total = tables[0].lines[0]
    assert (total.label, total.cells[0]) == ("Total monthly premium", "$800.00")
    assert [line.label for line in tables[0].lines[1:5]] == [
        f"Ann Leeward, {NEXT_YEAR - 1987}",
        f"Spouse, {NEXT_YEAR - 1989}",
        "Dependent 1, 10",
        "Dependent 2, 8",
    ]


@pytest.mark.no_db
@pytest.mark.parametrize(("amount", "text"), [("1458.81", "$1,458.81"), ("0.00", "$0.00"), ("12", "$12.00")])
def test_money_is_written_as_it_was_quoted(amount, text):
    assert money(amount) == text


# --- making and sending ---


@pytest.mark.feature("QUO_08")
def test_a_proposal_is_made_and_goes_out_with_the_pdf_to_each_address(quote, world, quick):
    proposal = create(quote, world.producer, recipients=["ann@people.example", "bob@people.example"])
    assert proposal.state == "REQUESTED"
    assert {line.state_text for line in selector.proposals_of(world.producer, quote)[0].deliveries} == {
        "Waits for the PDF"
    }
    outbox.sweep()
    proposal.refresh_from_db()
    assert proposal.state == "READY"
    outbox.sweep()
    entries = MailboxEntry.objects.filter(subject=service.SUBJECT)
    assert set(entries.values_list("to", flat=True)) == {"ann@people.example", "bob@people.example"}
    for body in entries.values_list("body", flat=True):
        for words in ("Gold PPO 1 (Off Exchange): $800.00", "not an offer of coverage", "Call me <any> time & I will"):
            assert words in body
        assert "Leeward" not in body
    (line,) = selector.proposals_of(world.producer, quote)
    assert {one.state_text for one in line.deliveries} == {"Sent"}
    assert not line.is_waiting


@pytest.mark.feature("QUO_08")
def test_the_email_carries_the_pdf_and_names_nobody_outside_of_it(quote, world, quick, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    create(quote, world.producer)
    outbox.sweep()
    (sent,) = mail.outbox
    assert sent.subject == "Your insurance proposal"
    assert [(name, kind) for name, _content, kind in sent.attachments] == [
        ("insurance-proposal.pdf", "application/pdf")
    ]
    assert "Leeward" not in sent.subject + sent.body + str(sent.extra_headers)
    for event in AuditEvent.objects.filter(action__startswith="proposal."):
        assert "ann" not in f"{event.object_id} {event.details}".lower()


@pytest.mark.feature("QUO_08")
def test_one_form_is_one_proposal_however_often_it_arrives(quote, world, quick, settings):
    settings.PROPOSAL_EMAILS_PER_HOUR = 1
    made = {create(quote, world.producer).pk for _ in range(5)}
    assert len(made) == 1
    assert ProposalDelivery.objects.count() == 1
    assert AuditEvent.objects.filter(action="proposal.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_at_the_same_moment_are_one(quote, world, quick):
    results = at_once(*[lambda: create(quote, world.producer)] * 5)
    assert {type(one) for one in results} == {Proposal}
    assert Proposal.objects.count() == 1
    assert ProposalDelivery.objects.count() == 1


def test_a_failing_email_keeps_neither_file_nor_state(quote, world, quick, monkeypatch):
    proposal = create(quote, world.producer)

    def broken(**_kwargs):
        raise RuntimeError("no template")

    monkeypatch.setattr(service, "send_email", broken)
    with pytest.raises(RuntimeError):
        service.render_proposal({"proposal_id": proposal.pk})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.file) == ("REQUESTED", None)
    assert not StoredFile.objects.exists()


def test_making_it_twice_is_making_it_once(quote, world, quick):
    proposal = create(quote, world.producer)
    service.render_proposal({"proposal_id": proposal.pk})
    service.render_proposal({"proposal_id": proposal.pk})
    assert StoredFile.objects.count() == 1
    assert OutboundMessage.objects.filter(kind="proposal").count() == 1


def test_two_workers_at_it_make_one_file_and_one_email(quote, world, monkeypatch):
    proposal = create(quote, world.producer)
    others = [1]

    def overtaken(_content):
        if others:
            others.clear()
            service.render_proposal({"proposal_id": proposal.pk})
        return b"%PDF-1.7"

    monkeypatch.setattr(rendering, "render", overtaken)
    service.render_proposal({"proposal_id": proposal.pk})
    assert StoredFile.objects.count() == 1
    assert OutboundMessage.objects.filter(kind="proposal").count() == 1


@pytest.mark.feature("QUO_08")
def test_a_failure_is_seen_told_and_can_be_tried_again(quote, world, quick, monkeypatch, sign_in):
    works = rendering.render

    def cannot(_content):
        raise rendering.CannotRender(rendering.UNAVAILABLE)

    monkeypatch.setattr(rendering, "render", cannot)
    proposal = create(quote, world.producer)
    outbox.sweep()
    client = sign_in(world.producer)
    page = pages.read(client.get(url(quote))).one("section", id="proposals")
    assert rendering.UNAVAILABLE in page.text
    assert "Not sent: there is no PDF" in page.text
    assert "data-hx-get" not in page.attrs
    notice = Notification.objects.get(recipient=world.producer)
    assert notice.title == f"The proposal of quote {quote.pk} could not be made"
    monkeypatch.setattr(rendering, "render", works)
    assert client.post(url(quote, "proposal-retry", proposal.pk)).status_code == 302
    outbox.sweep()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.failure, proposal.attempt) == ("READY", "", 1)
    assert OutboundMessage.objects.filter(kind="proposal").count() == 1
    with pytest.raises(service.NothingToRetry):
        service.retry(proposal=proposal, by=world.producer)


def test_what_fails_for_another_reason_is_given_up_after_the_last_try(quote, world, monkeypatch, settings):
    settings.OUTBOX_MAX_ATTEMPTS = 1

    def broken(_content):
        raise MemoryError

    monkeypatch.setattr(rendering, "render", broken)
    proposal = create(quote, world.producer)
    outbox.sweep()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.failure) == ("FAILED", service.GIVEN_UP)


@pytest.mark.feature("QUO_08")
def test_a_proposal_is_sent_again_once_a_form(quote, world, quick, sign_in):
    proposal = create(quote, world.producer)
    with pytest.raises(service.CannotSend):
        service.resend(
            proposal=proposal, recipients=["x@y.example"], by=world.producer, at=timezone.now(), form_key="k" * 16
        )
    outbox.sweep()
    client = sign_in(world.producer)
    for _ in range(3):
        posted = {"recipients": "ann@people.example", "form_key": "another-form-key-1"}
        assert client.post(url(quote, "proposal-resend", proposal.pk), posted).status_code == 302
    assert ProposalDelivery.objects.count() == 2
    assert AuditEvent.objects.filter(action="proposal.sent_again").count() == 1
    client.get(url(quote))
    response = client.post(url(quote, "proposal-resend", proposal.pk), {"recipients": "no address"}, follow=True)
    assert pages.messages(response)[0] == "no address is not a valid email address."


@pytest.mark.feature("QUO_08")
def test_too_many_emails_are_refused_and_nothing_is_kept(quote, world, quick, settings):
    settings.PROPOSAL_EMAILS_PER_MAILBOX_PER_DAY = 2
    for number in range(2):
        create(quote, world.producer, form_key=f"form-key-number-{number}")
    with pytest.raises(TooOften):
        create(quote, world.producer, recipients=["ANN@people.example"], form_key="form-key-number-3")
    settings.PROPOSAL_EMAILS_PER_HOUR = 2
    with pytest.raises(TooOften):
        create(quote, world.producer, recipients=["new@people.example"], form_key="form-key-number-4")
    assert Proposal.objects.count() == 2


def test_old_files_are_forgotten_with_what_they_said(quote, world, quick, settings, sign_in):
    proposal = create(quote, world.producer)
    outbox.sweep()
    later = timezone.now() + timedelta(days=settings.PROPOSAL_FILES_KEEP_DAYS, hours=1)
    assert service.forget_old_files(now=timezone.now()) == 0
    assert service.forget_old_files(now=later) == 1
    assert service.forget_old_files(now=later) == 0
    proposal.refresh_from_db()
    assert (proposal.content, proposal.file.may_be_opened) == ("", False)
    page = pages.read(sign_in(world.producer).get(url(quote))).one("section", id="proposals")
    assert "No longer kept" in page.text
    assert not page.all("a")


# --- the page ---


@pytest.mark.feature("QUO_08")
def test_the_page_offers_the_plans_with_a_price_and_the_address_on_record(quote, world, sign_in):
    quote.prospect = ProspectFactory(created_by=world.producer, email="lead@people.example")
    quote.save()
    gone = QuotePlanFactory(quote=quote, plan=PlanFactory(name="Old Plan", rates=[]), position=9)
    page = pages.read(sign_in(world.producer).get(url(quote)))
    ticked = [box.attrs["value"] for box in page.all("input", name="plans") if "checked" in box.attrs]
    assert ticked == [str(row.pk) for row in quote.plans.exclude(pk=gone.pk)]
    assert page.one("input", name="recipients").attrs["value"] == "lead@people.example"
    assert "Old Plan" in page.one("div", class_="alert-info").text
    assert "No proposal has been made of this quote yet." in page.text


@pytest.mark.feature("QUO_08")
def test_the_preview_shows_the_document_and_sends_nothing(quote, world, sign_in):
    response = sign_in(world.producer).post(url(quote), form(quote, do="preview", recipients="", agreed=""))
    sheet = pages.read(response).one(class_="proposal-sheet")
    assert "For Ann Leeward" in sheet.text
    assert "$800.00" in sheet.text
    assert "not an offer of coverage" in sheet.text
    assert pages.read(response).one("textarea", name="note").text.startswith("Dear Ann,")
    assert not Proposal.objects.exists()


@pytest.mark.feature("QUO_08")
@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"plans": []}, "plans", "Select at least one plan."),
        ({"plans": ["0"]}, "plans", "One of the plans is no longer part of the quote."),
        ({"note": "x" * 1001}, "note", "The note has 1001 characters; 1,000 are possible."),
        ({"recipients": ""}, "recipients", "Enter the email address to send the proposal to."),
        ({"recipients": "ann@people.example, bob"}, "recipients", "bob is not a valid email address."),
        ({"recipients": ",".join(f"a{n}@b.example" for n in range(6))}, "recipients", "Send to at most 5 addresses"),
        ({"recipients": "a@b.example\nBcc: x@y.example"}, "recipients", "is not a valid email address."),
        ({"agreed": ""}, "agreed", "Confirm that the client asked for the proposal by email."),
    ],
)
@pytest.mark.sampled(4)
def test_bad_input_is_said_beside_its_field_and_kept(quote, world, sign_in, changes, field, words):
    response = sign_in(world.producer).post(url(quote), form(quote, **changes))
    assert response.status_code == 200
    assert words in response.context["form"].errors[field][0]
    assert pages.read(response).one("textarea", name="note").text
    assert not Proposal.objects.exists()


@pytest.mark.feature("QUO_08")
def test_sending_leads_back_to_the_list_and_a_pdf_alone_goes_to_nobody(quote, world, quick, sign_in):
    client = sign_in(world.producer)
    assert client.post(url(quote), form(quote)).url == f"{url(quote)}#proposals"
    client.post(url(quote), form(quote, do="pdf", agreed="", form_key="another-form-key-1"))
    assert [one.deliveries.count() for one in Proposal.objects.order_by("id")] == [1, 0]
    page = pages.read(client.get(url(quote))).one("section", id="proposals")
    assert page.attrs["data-hx-get"] == url(quote, "proposals-state")
    outbox.sweep()
    outbox.sweep()
    part = pages.read(client.get(url(quote, "proposals-state"))).one("section", id="proposals")
    assert "data-hx-get" not in part.attrs
    response = client.get(part.all("a", download="")[0].attrs["href"])
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert "insurance-proposal.pdf" in response["Content-Disposition"]
    assert AuditEvent.objects.filter(action="proposal.downloaded").count() == 1


def test_an_expired_quote_is_not_proposed_any_more(quote, world, quick, sign_in):
    create(quote, world.producer)
    quote.expires_on = timezone.localdate() - timedelta(days=2)
    quote.save()
    response = sign_in(world.producer).post(url(quote), form(quote, form_key="another-form-key-1"))
    page = pages.read(response)
    assert "This quote expired on" in page.one("section", aria_labelledby="new-proposal").text
    assert not page.all("form", id="proposal-form")
    assert Proposal.objects.count() == 1


def test_the_limit_is_said_beside_the_addresses(quote, world, quick, sign_in, settings):
    settings.PROPOSAL_EMAILS_PER_HOUR = 0
    response = sign_in(world.producer).post(url(quote), form(quote))
    assert "too often" in response.context["form"].errors["recipients"][0]


def test_a_proposal_of_another_quote_is_not_there(quote, world, quick, sign_in):
    other = QuoteFactory(producer_number=world.number, created_by=world.producer)
    proposal = create(quote, world.producer)
    outbox.sweep()
    assert sign_in(world.producer).get(url(other, "proposal-file", proposal.pk)).status_code == 404
    assert sign_in(world.outsider).get(url(quote, "proposal-file", proposal.pk)).status_code == 404
    assert sign_in(world.delegate_with_enroll).get(url(quote, "proposal-file", proposal.pk)).status_code == 200


def test_an_email_that_could_not_be_sent_is_seen(quote, world, quick, sign_in):
    create(quote, world.producer)
    service.render_proposal({"proposal_id": Proposal.objects.get().pk})
    OutboundMessage.objects.update(state="FAILED")
    page = pages.read(sign_in(world.producer).get(url(quote))).one("section", id="proposals")
    assert "Could not be sent" in page.text
    assert "Send Again" in page.text


def test_the_handler_leaves_alone_what_is_no_longer_asked_for():
    service.render_proposal({"proposal_id": 0})
    deliver_message({"message_pk": 0})
