"""From the last step of an application with every answer to the client in the book; nothing of it is stood in for."""

import re
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import UserSession
from clients.membersystem.gateways.base import Transaction
from clients.membersystem.gateways.x12_834 import X12Gateway
from clients.membersystem.sweep import sweep
from clients.models import MemberChange, Policy
from enrollment.application_record import documents
from enrollment.models import Application
from enrollment.rules import sep
from enrollment.selectors import quotes
from enrollment.selectors.effective_dates import decide_for
from enrollment.services import applications, submission
from enrollment.wizard.completeness import missing_of
from enrollment.wizard.sections import WizardContext
from portal.demo_data import submissions
from tests.support import catalog as small
from tests.support import pages
from tests.support.applications import MEDICAL_TOTAL, ready_application
from tests.support.quotes import CHILD, NADIA, NOW, SPOUSE, quote_of
from tests.support.wizard import addresses, load_tables
from tests.support.x12 import segments_of

PAGE = "/enroll/applications/A-0701/"


@pytest.fixture
def ready(world) -> Application:
    return ready_application(world.number, world.producer)


def press_submit(client):
    form = pages.read(client.get(f"{PAGE}signatures/")).one("form", id="wizard-form")
    sent = {
        field.attrs["name"]: field.attrs.get("value", "")
        for field in form.all("input")
        if field.attrs.get("type") not in ("radio", "checkbox") and "name" in field.attrs
    }
    sections = [field.attrs["value"] for field in form.all("input", name="sections")]
    return client.post(
        f"{PAGE}signatures/", {**sent, "sections": sections, "payment-payment_choice": "LATER", "act": "submit"}
    )


@pytest.mark.feature("LST_01")
def test_the_last_button_of_a_complete_application_makes_a_client(world, ready, sign_in):
    assert missing_of(WizardContext(ready, world.producer, timezone.now())) == []
    client = sign_in(world.producer)
    response = press_submit(client)
    assert response.url == PAGE, response.content[:400]
    for _plan in range(2):
        sweep(now=timezone.now())
    eapp_number = Application.objects.get().eapp_number
    assert pages.read(client.get(PAGE)).all(class_="pill")[0].text == "Accepted"
    medical = Policy.objects.for_user(world.producer).get(eapp_number=eapp_number, line="MEDICAL")
    assert medical.monthly_premium == MEDICAL_TOTAL
    found = client.get(f"/clients/{medical.account.number}/")
    assert "Ann Q Leeward" in pages.read(found).text
    link = pages.read(client.get(PAGE)).one(id="submission-state").one("a")
    assert link.attrs["href"] == f"/clients/{medical.account.number}/"


def test_an_answer_that_was_taken_away_stops_it_and_is_named(world, ready, sign_in):
    Application.objects.update(phone="")
    response = press_submit(sign_in(world.producer))
    page = pages.read(sign_in(world.producer).get(response.url))
    assert "phone" in page.one("section", aria_labelledby="missing").text.lower()
    assert Application.objects.get().status == "INCOMPLETE"


@pytest.mark.long
def test_the_demo_has_submitted_applications_at_every_point_of_their_way(world, catalog):
    load_tables()
    assert submissions.add_submissions(by=world.producer, now=timezone.now()) == 4
    outcomes = [
        [one.outcome for one in application.submissions.order_by("number")]
        for application in Application.objects.filter(submitted_at__isnull=False).prefetch_related("submissions")
    ]
    assert sorted(outcomes) == [["ACCEPTED"], ["FAILED"], ["FAILED", "ACCEPTED"], ["WAITING"]]
    mine = Policy.objects.for_user(world.producer)
    accepted = Application.objects.filter(submissions__outcome="ACCEPTED").values("eapp_number")
    assert mine.filter(eapp_number__in=accepted).count() == 4
    waiting = Application.objects.get(submissions__outcome="WAITING")
    assert not mine.filter(eapp_number=waiting.eapp_number).exists()


@pytest.mark.feature("LST_03")
def test_a_family_pays_the_same_to_the_cent_from_the_quote_to_the_834(world, catalog, settings, tmp_path):
    load_tables()
    for name in ("OUTBOUND", "INBOUND", "ARCHIVE", "QUARANTINE"):
        setattr(settings, f"X12_{name}_DIR", tmp_path / name.lower())
    plans = [(small.SILVER_HMO, "OFF"), (small.DENTAL, "OFF")]
    quote = quote_of(world.producer, world.number, NADIA, SPOUSE, CHILD, plans=plans)
    priced = quotes.priced(quote)
    quoted = {one.row.plan.line: one.row.monthly_premium for one in priced.selected}
    assert set(quoted) == {"MEDICAL", "DENTAL"}
    application = applications.start(
        quote=quote,
        people=priced.people,
        plans=priced.selected,
        by=world.producer,
        at=NOW,
        form_key="of-the-quote-0123",
    )
    complete(application)
    applied = dict(application.plans.values_list("line", "monthly_premium"))
    made = submission.submit(application=application, by=world.producer, at=NOW, form_key="submitted-form-0123")
    assert (made.outcome, made.monthly_premium) == ("WAITING", sum(quoted.values()))
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(documents.application_pdf(made))).pages)
    printed = {Decimal(one.replace(",", "")) for one in re.findall(r"\$([\d,]+\.\d\d)", text)}
    told = {}
    for change in MemberChange.objects.filter(kind="ENROLL").select_related("policy"):
        one = Transaction(change=change, reference=f"ENROLL-{change.pk}", resend=False, made_at=NOW)
        assert not X12Gateway().send([one])[0].invalid
    for path in (tmp_path / "outbound").iterdir():
        segments = segments_of(path.read_text("ascii"))
        line = next(one[3] for one in segments if one[0] == "HD")
        told["DENTAL" if line == "DEN" else "MEDICAL"] = [Decimal(one[2]) for one in segments if one[0] == "AMT"]
    assert quoted == applied == {line: amounts[0] for line, amounts in told.items()}
    assert {*quoted.values(), made.monthly_premium} <= printed
    assert all(set(amounts) == {quoted[line]} for line, amounts in told.items()), (
        "one amount a policy, on the subscriber"
    )


def complete(application: Application) -> None:
    """Answer what the quote has not, and say from when."""
    today = NOW.date()
    application.special_enrollment = False
    decision = decide_for(application, today=today)
    values = {
        "decision": sep.as_record(decision),
        "effective_date": decision.effective_date,
        "authorization": "PAPER",
        "address_1": "12 Lake St",
        "city": "Chicago",
        "mailing_differs": False,
        "phone": "6305550142",
        "phone_type": "MOBILE",
        "payment_choice": "LATER",
    }
    for name, value in values.items():
        setattr(application, name, value)
    application.save()
    for person in application.applicants.all():
        person.first_name, person.last_name, person.sex = person.first_name or "Mia", "Brandt", person.sex or "F"
        person.tobacco_use = bool(person.tobacco_use)
        person.tobacco_last_used = today if person.tobacco_use else None
        person.save()


@pytest.mark.feature("LST_08")
@pytest.mark.long
def test_every_gap_leads_to_a_place_that_is_on_its_page(world, sign_in):
    """Of an application that lacks everything and one of a child in Texas with half of the answers."""
    load_tables()
    blank = applications.start_new(
        number=world.number, by=world.producer, at=timezone.now(), form_key="blank-form-0123"
    )
    asks = ready_application(world.number, world.producer, by_representative=True, hra_employer="Lantern")
    asks.applicants.exclude(position=0).update(sex="", tobacco_use=None)
    asks.replaces_coverage = asks.has_other_coverage = True
    asks.save()
    client = sign_in(world.producer)
    lost = []
    for row in (blank, asks):
        missing = missing_of(WizardContext(row, world.producer, timezone.now()))
        assert len(missing) > 5
        links = [urlsplit(one.url(row)) for one in missing if one.card is None]
        for path in {link.path for link in links}:
            page = pages.read(client.get(path, {"check": "1"}))
            lost += [one.fragment for one in links if one.path == path and not page.all(id=one.fragment)]
    assert lost == []


@pytest.mark.parametrize("ended", ["logged out", "idle"])
@pytest.mark.sampled(1)
def test_a_page_sent_by_somebody_signed_out_is_opened_again_after_the_login(world, ready, sign_in, ended):
    """What was kept before is there; what arrives without a session is not taken."""
    urls = [*(url for _step, url in addresses(ready)), f"{PAGE}submit/"]
    for url in urls:
        client = Client() if ended == "logged out" else sign_in(world.producer)
        UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=16))
        sent = {"act": "exit", "sections": "contact", "contact-phone": "3125550199"}
        login = urlsplit(client.post(url, sent, headers={"referer": f"http://testserver{url}"}).url)
        assert (login.path, parse_qs(login.query)["next"]) == ("/accounts/login/", [url])
    assert Application.objects.get().phone == "6305550142"
    # Answered with a page, or with the way to the step for a list that takes no more.
    client = sign_in(world.producer)
    assert {client.get(url).status_code for url in urls} <= {200, 302, 404}
