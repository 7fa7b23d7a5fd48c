"""A day of a producer, her delegate, the carrier's staff and people at the door: what each of their acts leaves in the trail.

Above each act stands who does it and the rows it must write, no more and no fewer: what, for whom, about what. When, in
which request and from where is the same rule for all of them: at the moment of the act, in the request that answered it, or
in none where a worker acts.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp

from accounts.models import (
    AuthenticatorDevice,
    DelegateGrant,
    DelegateInvitation,
    RegistrationRequest,
    TypingProfile,
    User,
    UserSession,
)
from accounts.services import state_registrations, typing_patterns
from accounts.services.state_registrations import Applicant, StateBlock
from clients.models import Prospect
from clients.services import prospects
from ecomm.models import DocumentSubmission, EQuestion, IssueReport
from enrollment.models import OpenEnrollmentPeriod, Proposal, Quote
from enrollment.proposals import rendering
from enrollment.selectors import quotes
from enrollment.services import submission
from portal.common import audit_chain, outbox
from portal.common.content.models import NewsItem
from portal.common.dates import as_text
from portal.common.models import AuditEvent, OutboundMessage
from portal.common.notifications.models import Notification
from reporting.models import ReportRun, SavedReport
from reporting.services import saved_reports
from tests.support import pages, registering
from tests.support.applications import ready_application
from tests.support.catalog import DENTAL, SILVER_HMO, THE_CATALOG
from tests.support.documents import document_type, upload
from tests.support.factories import (
    PASSWORD,
    DelegateGrantFactory,
    NewsItemFactory,
    ProducerFactory,
    ResourceFactory,
    UserFactory,
)
from tests.support.key_events import SENTENCE, SENTENCE_CODE, WHILE, day_of, enrol, posted
from tests.support.quotes import NOW
from tests.support.reports import save_report
from tests.support.sep import load_sep_tables
from tests.support.signing_in import give_password, half_signed_in, newest_code
from tests.support.typists import Typist

BETWEEN = timedelta(seconds=7)  # two acts: the whole day is shorter than a session may be idle
KEY = "key-of-one-form-only"
RIGHTS = ["VIEW", "SERVICE", "ENROLL", "COMMISSIONS"]
ACCOUNT, MY = "/accounts/", "/accounts/my-information/"
QUESTIONS, QUESTION_QUEUE = "/messages/questions/", "/admin/ecomm/equestion/"
DOCUMENT_QUEUE = "/admin/ecomm/documentsubmission/"


# --- what is expected ---

NOBODY = ""
RITA, DANA, STAFF = "rsolberg7", "dkeller22", "carrieradmin"


@dataclass(frozen=True)
class Row:
    """What one audit row must say. ``object_id`` is filled in with the day's own rows once the act is done."""

    action: str
    for_whom: str  # username of the producer on whose book it was done; empty where it is about no book
    object_type: str
    object_id: str = ""


@dataclass(frozen=True)
class Act:
    by: str
    do: Callable[["Day"], HttpResponse | None]
    rows: tuple[Row, ...]


@dataclass
class Day:
    """The people's browsers, and what came to be during the day."""

    world: Any
    clock: Any
    monkeypatch: pytest.MonkeyPatch
    rita: Client = field(default_factory=Client)
    dana: Client = field(default_factory=Client)
    staff: Client = field(default_factory=Client)
    nora: Client = field(default_factory=Client)
    newcomer: Client = field(default_factory=Client)
    made: SimpleNamespace = field(default_factory=SimpleNamespace)


DAY: list[Act] = []


def says(by: str, *rows: Row) -> Callable[[Callable[[Day], HttpResponse | None]], Callable[[Day], HttpResponse | None]]:
    """Put the act on the list of the day."""

    def listed(do: Callable[[Day], HttpResponse | None]) -> Callable[[Day], HttpResponse | None]:
        DAY.append(Act(by, do, rows))
        return do

    return listed


# --- the producer: clients, the desk, reports ---


@says(RITA, Row("one_time_code.sent", NOBODY, "user", "{world.producer.pk}"))
def rita_asks_for_a_code(day):
    give_password(day.rita, day.world.producer)
    return day.rita.post(f"{ACCOUNT}verify/", {"method": "email"})


@says(RITA, Row("sign_in.completed", NOBODY, "user", "{world.producer.pk}"))
def rita_signs_in(day):
    return day.rita.post(f"{ACCOUNT}verify/", {"code": newest_code(day.world.producer)})


@says(RITA, Row("client.searched", NOBODY, "policy"))
def rita_searches_a_client(day):
    response = day.rita.post("/clients/", {"by": "account", "value": day.world.account_number})
    day.made.search_url = response.url
    return response


@says(RITA, Row("client.list_exported", NOBODY, "policy"))
def rita_takes_the_list_out(day):
    return day.rita.get(f"{day.made.search_url}&format=csv")


@says(RITA, Row("client.viewed", RITA, "account", "{world.account_number}"))
def rita_opens_a_client(day):
    return day.rita.get(f"/clients/{day.world.account_number}/")


@says(RITA, Row("client.past_due_viewed", RITA, "account", "{world.account_number}"))
def rita_opens_what_is_past_due(day):
    return day.rita.get(f"/enroll/payments/client/{day.world.account_number}/")


@says(RITA, Row("desk.opened", RITA, "account", "{world.account_number}"))
def rita_opens_a_row_of_the_desk(day):
    return day.rita.get(f"/reports/desk/policy/{day.world.policy.pk}/")


@says(RITA, Row("desk.logged", RITA, "account", "{world.account_number}"))
def rita_writes_down_a_call(day):
    return day.rita.post(f"/reports/desk/policy/{day.world.policy.pk}/", {"outcome": "WILL_PAY", "form_key": "k" * 24})


@says(RITA, Row("desk.printed", NOBODY, "desk"))
def rita_prints_the_call_sheet(day):
    return day.rita.get("/reports/desk/sheet/")


@says(RITA, Row("report.run", NOBODY, "report"))
def rita_runs_a_report(day):
    response = day.rita.post("/reports/new/", {"policy_status": "GRACE"})
    day.made.report_url = response.url
    return response


@says(RITA, Row("report.requested", NOBODY, "report run", "{made.run.pk}"))
def rita_asks_for_its_file(day):
    response = day.rita.post(
        day.made.report_url.replace("/new/", "/new/file/"), {"form_key": "f" * 20, "file_format": "csv"}
    )
    day.made.run = ReportRun.objects.latest("id")
    return response


@says(RITA, Row("report.made", NOBODY, "report run", "{made.run.pk}"))
def a_worker_makes_it(day):
    outbox.sweep()


@says(RITA, Row("report.downloaded", NOBODY, "report run", "{made.run.pk}"))
def rita_downloads_it(day):
    return day.rita.get(reverse("reporting:run-file", args=[day.made.run.key]))


@says(RITA, Row("report.saved", NOBODY, "custom report", "{made.saved.pk}"))
def rita_saves_it_as_a_custom_report(day):
    address = day.made.report_url.replace("/reports/new/", "/reports/saved/new/")
    response = day.rita.post(address, {"name": "Grace", "form_key": KEY})
    day.made.saved = SavedReport.objects.get(name="Grace")
    return response


@says(RITA, Row("report.deleted", NOBODY, "custom report", "{made.saved.pk}"))
def rita_deletes_it(day):
    return day.rita.post(f"/reports/saved/{day.made.saved.pk}/delete/")


@says(RITA, Row("report.restored", NOBODY, "custom report", "{made.saved.pk}"))
def rita_brings_it_back(day):
    return day.rita.post(f"/reports/saved/{day.made.saved.pk}/restore/")


# --- the producer: prospects, quotes, proposals, applications ---


@says(RITA, Row("prospect.added", RITA, "prospect", "{made.prospect.pk}"))
def rita_adds_a_prospect(day):
    ann = {"first_name": "Ann", "last_name": "Leeward", "us_state": "IL", "zip": "60563", "form_key": KEY}
    response = day.rita.post("/clients/prospects/new/", ann)
    day.made.prospect = Prospect.objects.get()
    return response


@says(RITA, Row("prospect.viewed", RITA, "prospect", "{made.prospect.pk}"))
def rita_opens_the_prospect(day):
    return day.rita.get(f"/clients/prospects/{day.made.prospect.pk}/")


@says(RITA, Row("quote.started", RITA, "quote", "{made.quote.pk}"))
def rita_starts_a_quote(day):
    response = day.rita.post(
        "/enroll/quotes/new/",
        {
            "person-0-first_name": "Nadia",
            "person-0-last_name": "Brandt",
            "person-0-date_of_birth": "4/12/1988",
            "person-0-sex": "F",
            "person-0-tobacco": "no",
            "zip": "60601",
            "market": "BOTH",
            "period": "OEP:2027-01-01",
            "people": "1",
            "form_key": KEY,
        },
    )
    day.made.quote = Quote.objects.get()
    return response


def of_the_quote(day, name: str = "") -> str:
    return f"/enroll/quotes/{day.made.quote.pk}/{name}"


def key_of(day, plan_id: str) -> str:
    offered = quotes.priced(Quote.objects.get(pk=day.made.quote.pk)).area.offered
    return next(quotes.key_of(one.plan.pk, "OFF") for one in offered if one.plan.plan_id == plan_id)


@says(RITA, Row("quote.plans_selected", RITA, "quote", "{made.quote.pk}"))
def rita_selects_two_plans(day):
    keys = [key_of(day, plan_id) for plan_id in (SILVER_HMO, DENTAL)]
    return day.rita.post(of_the_quote(day), {"shown": keys, "plan": keys})


@says(RITA, Row("quote.plans_chosen", RITA, "quote", "{made.quote.pk}"))
def rita_chooses_which_to_enroll_in(day):
    return day.rita.post(of_the_quote(day, "review/"), {"plan": [key_of(day, SILVER_HMO)]})


@says(RITA, Row("quote.viewed", RITA, "quote", "{made.quote.pk}"))
def rita_reviews_the_quote(day):
    return day.rita.get(of_the_quote(day, "review/"))


@says(RITA, Row("quote.saved", RITA, "quote", "{made.quote.pk}"))
def rita_saves_the_quote(day):
    return day.rita.post(of_the_quote(day, "save/"), {"name": "Brandt"})


@says(RITA, Row("quote.copied", RITA, "quote", "{made.copy.pk}"))
def rita_copies_the_quote(day):
    response = day.rita.post(of_the_quote(day, "copy/"), {"form_key": f"{KEY}-copy"})
    day.made.copy = Quote.objects.exclude(pk=day.made.quote.pk).get()
    return response


@says(RITA, Row("proposal.created", RITA, "quote", "{made.quote.pk}"))
def rita_sends_a_proposal(day):
    chosen = [str(row.pk) for row in day.made.quote.plans.all()]
    sent = {"plans": chosen, "note": "", "recipients": "nadia@people.example", "agreed": "on", "do": "send"}
    response = day.rita.post(of_the_quote(day, "proposal/"), {**sent, "form_key": KEY})
    day.made.proposal = Proposal.objects.get()
    return response


@says(RITA)
def a_worker_cannot_make_it(day):
    """Nobody's act: the producer is told."""

    def cannot(_content):
        raise rendering.CannotRender(rendering.UNAVAILABLE)

    day.monkeypatch.setattr(rendering, "render", cannot)
    outbox.sweep()


@says(RITA, Row("proposal.retried", RITA, "quote", "{made.quote.pk}"))
def rita_has_the_proposal_made_once_more(day):
    return day.rita.post(of_the_quote(day, f"proposal/{day.made.proposal.pk}/retry/"))


@says(RITA, Row("application.refused", RITA, "application", "A-0701"))
def rita_submits_what_the_rules_refuse(day):
    day.made.application.life_events.update(event_date=date(2020, 1, 1))
    return day.rita.post("/enroll/applications/A-0701/submit/", {"form_key": f"{KEY}-submit"})


# --- the producer: her own login ---


@says(RITA, Row("identity.refused", NOBODY, "user", "{world.producer.pk}"))
def rita_mistypes_her_password(day):
    return day.rita.post(f"{MY}confirm/", {"password": "wrong"})


@says(RITA, Row("identity.confirmed", NOBODY, "user", "{world.producer.pk}"))
def rita_confirms_who_she_is(day):
    return day.rita.post(f"{MY}confirm/", {"password": PASSWORD})


@says(RITA, Row("authenticator.set_up", NOBODY, "user", "{world.producer.pk}"))
def rita_sets_up_an_app(day):
    day.rita.post(f"{MY}authenticator/start/")
    secret = AuthenticatorDevice.objects.get().secret
    return day.rita.post(f"{MY}authenticator/", {"code": f"{totp(base64.b32decode(secret)):06d}"})


@says(RITA, Row("authenticator.codes_renewed", NOBODY, "user", "{world.producer.pk}"))
def rita_renews_her_recovery_codes(day):
    return day.rita.post(f"{MY}authenticator/recovery-codes/")


@says(RITA, Row("session.ended", NOBODY, "user", "{world.producer.pk}"))
def rita_ends_a_session_elsewhere(day):
    elsewhere = Client()
    elsewhere.force_login(day.world.producer)
    session = UserSession.objects.get(session_key=elsewhere.session.session_key)
    return day.rita.post(f"{MY}sessions/{session.pk}/end/")


# --- the producer: her delegates ---

NORA = {"first_name": "Nora", "last_name": "Quill", "email": "nora@people.example", "scopes": ["VIEW"], "last_day": ""}


def invited(day, **changes):
    first_day = as_text(timezone.localdate())
    response = day.rita.post(f"{ACCOUNT}delegates/invite/", {**NORA, "first_day": first_day, **changes})
    day.made.invitation = DelegateInvitation.objects.latest("id")
    return response


def of_the_invitation(day, name: str) -> str:
    return f"{ACCOUNT}delegates/invitations/{day.made.invitation.pk}/{name}/"


@says(RITA, Row("delegate.invited", RITA, "delegate_invitation", "{made.invitation.pk}"))
def rita_invites_nora(day):
    return invited(day)


@says(RITA, Row("delegate.invitation_resent", RITA, "delegate_invitation", "{made.invitation.pk}"))
def rita_sends_the_invitation_again(day):
    return day.rita.post(of_the_invitation(day, "resend"))


@says(
    "noraquill1",
    Row("delegate.login_created", NOBODY, "user", "{made.nora.pk}"),
    Row("delegate.invitation_accepted", RITA, "delegate_invitation", "{made.invitation.pk}"),
)
def nora_accepts_with_a_login_of_her_own(day):
    mail = OutboundMessage.objects.filter(kind="delegate_invitation").latest("id").body_text
    link = re.search(r"http://testserver(\S+/accept/\S+/)", mail)
    day.nora.get(link.group(1))
    names = {"first_name": "Nora", "last_name": "Quill"}
    response = day.nora.post(
        f"{ACCOUNT}delegates/accept/",
        {**names, "username": "noraquill1", "password": PASSWORD, "accept_terms": "on"},
    )
    day.made.nora = User.objects.get(username="noraquill1")
    day.made.grant = DelegateGrant.objects.get(delegate=day.made.nora)
    return response


@says(RITA, Row("delegate.changed", RITA, "delegate_grant", "{made.grant.pk}"))
def rita_gives_nora_another_right(day):
    rights = {"scopes": ["VIEW", "SERVICE"], "first_day": as_text(timezone.localdate()), "last_day": ""}
    return day.rita.post(f"{ACCOUNT}delegates/{day.made.grant.pk}/", rights)


@says(RITA, Row("delegate.revoked", RITA, "delegate_grant", "{made.grant.pk}"))
def rita_lets_nora_go(day):
    return day.rita.post(f"{ACCOUNT}delegates/{day.made.grant.pk}/revoke/")


@says(RITA, Row("delegate.invited", RITA, "delegate_invitation", "{made.invitation.pk}"))
def rita_invites_somebody_else(day):
    return invited(day, first_name="Owen", email="owen@people.example")


@says(RITA, Row("delegate.invitation_withdrawn", RITA, "delegate_invitation", "{made.invitation.pk}"))
def rita_withdraws_that(day):
    return day.rita.post(of_the_invitation(day, "withdraw"))


# --- her delegate, who works for another producer too and has chosen Rita ---


@says(DANA)
def dana_chooses_for_whom_to_work(day):
    return day.dana.post(f"{ACCOUNT}work-for/", {"producer": day.world.producer.producer.npn})


@says(DANA, Row("client.searched", RITA, "policy"))
def dana_searches_a_client(day):
    return day.dana.post("/clients/", {"by": "account", "value": day.world.account_number})


@says(DANA, Row("client.viewed", RITA, "account", "{world.account_number}"))
def dana_opens_a_client(day):
    return day.dana.get(f"/clients/{day.world.account_number}/")


@says(DANA, Row("client.contact_opened", RITA, "account", "{world.account_number}"))
def dana_opens_contact_information(day):
    return day.dana.get(f"/clients/{day.world.account_number}/contact/")


@says(DANA, Row("client.past_due_viewed", RITA, "account", "{world.account_number}"))
def dana_opens_what_is_past_due(day):
    return day.dana.get(f"/enroll/payments/client/{day.world.account_number}/")


@says(DANA, Row("desk.opened", RITA, "account", "{world.account_number}"))
def dana_opens_a_row_of_the_desk(day):
    return day.dana.get(f"/reports/desk/policy/{day.world.policy.pk}/")


@says(DANA, Row("report.run", RITA, "report"))
def dana_runs_a_report(day):
    response = day.dana.post("/reports/new/", {"policy_status": "GRACE"})
    day.made.report_url = response.url
    return response


@says(DANA, Row("report.requested", RITA, "report run", "{made.run.pk}"))
def dana_asks_for_its_file(day):
    response = day.dana.post(
        day.made.report_url.replace("/new/", "/new/file/"), {"form_key": "g" * 20, "file_format": "csv"}
    )
    day.made.run = ReportRun.objects.latest("id")
    return response


@says(DANA, Row("report.made", RITA, "report run", "{made.run.pk}"))
def a_worker_makes_it_for_her(day):
    outbox.sweep()


@says(DANA, Row("report.downloaded", RITA, "report run", "{made.run.pk}"))
def dana_downloads_it(day):
    return day.dana.get(reverse("reporting:run-file", args=[day.made.run.key]))


@says("servicehelp", Row("report.requested", RITA, "report run", "{made.run.pk}"))
def the_schedule_asks_for_a_report_of_her_colleague(day):
    SavedReport.objects.filter(pk=day.made.scheduled.pk).update(next_run_on=timezone.localdate())
    assert saved_reports.owe_scheduled(now=timezone.now()) == 1
    day.made.run = ReportRun.objects.latest("id")


@says("servicehelp", Row("report.made", RITA, "report run", "{made.run.pk}"))
def a_worker_makes_that_too(day):
    outbox.sweep()


@says(DANA, Row("commissions.exported", RITA, "commission statement"))
def dana_takes_the_commissions_out(day):
    return day.dana.get("/reports/commissions/?format=csv")


@says(DANA, Row("prospect.changed", RITA, "prospect", "{made.prospect.pk}"))
def dana_puts_a_prospect_right(day):
    prospect = Prospect.objects.get()
    known = {name: getattr(prospect, name) for name in prospects.FIELDS}
    sent = {**known, "city": "Elgin", "seen": prospects.stamp(prospect), "form_key": f"{KEY}-again"}
    return day.dana.post(f"/clients/prospects/{prospect.pk}/", sent)


@says(DANA, Row("quote.renamed", RITA, "quote", "{made.quote.pk}"))
def dana_renames_the_quote(day):
    return day.dana.post(of_the_quote(day, "save/"), {"name": "Brandt, Nadia"})


@says(DANA, Row("document.submitted", RITA, "documentsubmission", "{made.document}"))
def dana_sends_a_document(day):
    sent = {"document_type": "other-documents", "form_key": KEY, "documents": [upload()]}
    response = day.dana.post("/messages/documents/new/", sent)
    day.made.document = DocumentSubmission.objects.get()
    return response


@says(DANA, Row("question.asked", RITA, "equestion", "{made.question}"))
def dana_asks_a_question(day):
    asked = {"kind": "GENERAL", "subject": "Schedule", "question": "When is it sent out?", "form_key": "0" * 32}
    response = day.dana.post(f"{QUESTIONS}new/", asked)
    day.made.question = EQuestion.objects.get()
    return response


@says(DANA, Row("resource.downloaded", RITA, "resource", "{made.resource.pk}"))
def dana_downloads_a_form(day):
    day.made.resource = ResourceFactory(with_file=True)
    return day.dana.get(reverse("content:resource-download", args=[day.made.resource.pk]))


@says(DANA, Row("issue.reported", RITA, "issuereport", "{made.issue.number}"))
def dana_reports_an_issue(day):
    shown = pages.read(day.dana.get("/messages/report-an-issue/"))
    form = next(form for form in shown.all("form") if "Send Report" in form.text)
    fields = {one.attrs["name"]: one.attrs.get("value", "") for one in form.all("input") if one.attrs["type"] != "file"}
    told = {"description": "It went wrong.", "steps": "Pressed.", "product": "ACA_MEDICAL", "us_state": "IL"}
    response = day.dana.post("/messages/report-an-issue/", {**fields, **told})
    day.made.issue = IssueReport.objects.get()
    return response


# --- the carrier's staff ---


@says(STAFF, Row("question.opened", RITA, "equestion", "{made.question}"))
def staff_opens_the_question(day):
    return day.staff.get(f"{QUESTION_QUEUE}{day.made.question.pk}/change/")


@says(STAFF, Row("question.assigned", RITA, "equestion", "{made.question}"))
def staff_takes_it_on(day):
    return day.staff.post(f"{QUESTION_QUEUE}{day.made.question.pk}/assign/", {"me": "1"})


@says(STAFF, Row("question.answered", RITA, "equestion", "{made.question}"))
def staff_answers_it(day):
    seen = day.made.question.messages.order_by("-id").first().pk
    answer = {"answer": "On Monday.", "form_key": "1" * 32, "seen_message_id": seen}
    return day.staff.post(f"{QUESTION_QUEUE}{day.made.question.pk}/change/", answer)


@says(STAFF, Row("document.opened", RITA, "documentsubmission", "{made.document}"))
def staff_opens_the_document(day):
    return day.staff.get(f"{DOCUMENT_QUEUE}{day.made.document.pk}/open/")


@says(STAFF, Row("document.accepted", RITA, "documentsubmission", "{made.document}"))
def staff_accepts_it(day):
    return pressed(day, DOCUMENT_QUEUE, "accept", day.made.document)


def pressed(day, url: str, action: str, row: Any, **more: str):
    return day.staff.post(url, {"action": action, "_selected_action": [row.pk], **more})


@says(STAFF, Row("issue.in_progress", NOBODY, "issuereport", "{made.issue.number}"))
def staff_looks_into_the_issue(day):
    return pressed(day, "/admin/ecomm/issuereport/", "take_up", day.made.issue)


@says(STAFF, Row("registration.refused", NOBODY, "registrationrequest", "{made.request.pk}"))
def staff_refuses_a_registration(day):
    day.made.request = RegistrationRequest.objects.get()
    queue = "/admin/accounts/registrationrequest/"
    return pressed(day, queue, "refuse", day.made.request, reason="No contract.")


@says(STAFF, Row("open_enrollment.drafted", NOBODY, "openenrollmentperiod", "IL 2027"))
def staff_drafts_a_calendar(day):
    row = OpenEnrollmentPeriod.objects.published().filter(us_state="IL", plan_year=2027).first()
    return pressed(day, "/admin/enrollment/openenrollmentperiod/", "draft_a_change", row)


@says(STAFF, Row("news.published", NOBODY, "newsitem", "{made.news.pk}"))
def staff_publishes_news(day):
    day.made.news = NewsItemFactory(draft=True)
    return pressed(day, reverse(f"admin:{NewsItem._meta.app_label}_newsitem_changelist"), "publish", day.made.news)


@says(STAFF, Row("staff.account_made", NOBODY, "user", "{made.clerk.pk}"))
def staff_makes_a_login_for_a_colleague(day):
    nia = {"username": "newclerk7", "first_name": "Nia", "last_name": "Carver", "email": "nia@carrier.example"}
    response = day.staff.post(
        "/admin/accounts/staffaccount/add/", {**nia, "mobile": "", "standing": "SERVICE_DESK", "is_active": "on"}
    )
    day.made.clerk = User.objects.get(username="newclerk7")
    return response


# --- after the carrier's answer ---


@says(DANA, Row("question.opened", RITA, "equestion", "{made.question}"))
def dana_reads_the_answer(day):
    return day.dana.get(f"{QUESTIONS}{day.made.question}/")


@says(DANA, Row("question.followed_up", RITA, "equestion", "{made.question}"))
def dana_asks_once_more(day):
    return day.dana.post(f"{QUESTIONS}{day.made.question}/", {"question": "And for dental?", "form_key": "2" * 32})


@says(RITA, Row("notification.all_read", NOBODY, "user", "{world.producer.pk}"))
def rita_marks_all_notifications_read(day):
    newest = Notification.objects.filter(recipient=day.world.producer).latest("id")
    return day.rita.post("/messages/notifications/read-all/", {"up_to": str(newest.pk)})


@says(RITA, Row("sign_in.ended", NOBODY, "user", "{world.producer.pk}"))
def rita_logs_out(day):
    return day.rita.post(f"{ACCOUNT}logout/")


# --- at the door: nobody is signed in ---


@says("newcomer7", Row("registration.login_created", "newcomer7", "user", "{made.newcomer.pk}"))
def a_newcomer_makes_a_login(day):
    registering.accept_terms(day.newcomer)
    registering.give_facts(day.newcomer)
    response = registering.create_login(day.newcomer, username="newcomer7")
    day.made.newcomer = User.objects.get(username="newcomer7")
    return response


@says("newcomer7", Row("registration.link_resent", NOBODY, "user", "{made.newcomer.pk}"))
def the_newcomer_asks_for_the_link_again(day):
    return day.newcomer.post(f"{ACCOUNT}register/verify-email/")


@says(NOBODY, Row("username.sent", NOBODY, "user", "{world.sibling.pk}"))
def somebody_has_forgotten_a_username(day):
    return Client().post(f"{ACCOUNT}forgot-username/", {"email": day.world.sibling.producer.record_email})


@says(NOBODY, Row("typing_pattern.closed", NOBODY, "user", "{made.typist.pk}"))
def a_stranger_types_once_too_often(day):
    TypingProfile.objects.update(failures=configured.TYPING_PATTERN_FAILURES - 1)
    browser = half_signed_in(day.made.typist)
    browser.post(f"{ACCOUNT}verify/", {"method": "typing"})
    page = browser.get(f"{ACCOUNT}typing-pattern/").text
    nonce = re.search(r'name="nonce" value="([^"]+)"', page).group(1)
    day.clock.shift(WHILE)
    return browser.post(f"{ACCOUNT}typing-pattern/", posted(nonce, day_of(Typist(23, SENTENCE))))


# --- the day ---


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def day(clock, world, sign_in, monkeypatch, settings, tmp_path) -> Day:
    """Before the portal opens: the catalog, what waits for the carrier, and who works for whom."""
    settings.UPLOADS_ROOT, settings.UPLOADS_SCANNER, settings.REPORT_ROWS_AT_ONCE = tmp_path, "", 0
    monkeypatch.setattr(submission, "missing_of", lambda wizard: [])
    monkeypatch.setattr(typing_patterns, "sentence_for", lambda _number: SENTENCE_CODE)
    load_sep_tables()
    THE_CATALOG.again()
    document_type()
    DelegateGrant.objects.filter(producer=world.producer.producer, delegate=world.delegate).update(scopes=RIGHTS)
    DelegateGrantFactory(producer=world.outsider.producer, delegate=world.delegate, scopes=RIGHTS)
    day = Day(world=world, clock=clock, monkeypatch=monkeypatch)
    day.dana, day.staff = sign_in(world.delegate), sign_in(world.admin)
    day.made.application = ready_application(world.number, world.producer)
    day.made.request = waiting_registration()
    day.made.scheduled = save_report(world.delegate_with_service, schedule="DAILY")
    registering.rita()
    record = ProducerFactory(record_email="tess@record.example")
    day.made.typist = UserFactory(producer=record, typing_choice=User.TypingChoice.ASK)
    enrol(day.made.typist, Typist(3, SENTENCE), at=timezone.now() - timedelta(days=10))
    return day


def waiting_registration() -> RegistrationRequest:
    block = StateBlock(us_state="TX", **{**registering.BLOCK, "producer_number": "000845210", "phone": "3125550142"})
    return state_registrations.submit_request(
        applicant=Applicant(first_name="Jessica", last_name="Camp", username="jessicacamp", password_hash="x"),
        states=[block],
        terms=registering.publish_terms(),
        accepted_at=timezone.now(),
        ip_address=None,
        at=timezone.now(),
    )


def facts_of(event: AuditEvent) -> dict[str, object]:
    return {
        "what": event.action,
        "by": (event.actor_username, event.actor_id),
        "for whom": event.for_producer,
        "about": (event.object_type, event.object_id),
        "when": event.at,
        "in which request": event.request_id,
        "from where": event.ip_address,
    }


def expected_of(act: Act, day: Day, response: HttpResponse | None) -> list[dict[str, object]]:
    people = {person.username: person for person in User.objects.select_related("producer")}
    people[NOBODY] = SimpleNamespace(pk=None)
    return [
        {
            "what": row.action,
            "by": (act.by, people[act.by].pk),
            "for whom": people[row.for_whom].producer.npn if row.for_whom else "",
            "about": (row.object_type, row.object_id.format(world=day.world, made=day.made)),
            "when": timezone.now(),
            "in which request": response["X-Request-ID"] if response is not None else "",
            "from where": "127.0.0.1" if response is not None else None,
        }
        for row in act.rows
    ]


def live(day: Day) -> list[AuditEvent]:
    """Do every act in its turn; the rows of the whole day, each as it must be."""
    before = AuditEvent.objects.order_by("id").values_list("id", flat=True).last() or 0
    first, wrong = before, {}
    for act in DAY:
        day.clock.shift(BETWEEN)
        response = act.do(day)
        written = list(AuditEvent.objects.filter(pk__gt=before).order_by("pk"))
        found, expected = [facts_of(event) for event in written], expected_of(act, day, response)
        if found != expected:
            wrong[act.do.__name__] = {"found": found, "expected": expected}
        before = max([before, *(event.pk for event in written)])
    assert wrong == {}
    return list(AuditEvent.objects.filter(pk__gt=first).order_by("pk"))


def overruled(sql: str, *values: object) -> None:
    """What somebody can do who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def verified() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    return out.getvalue()


def one_byte_of(text: str) -> str:
    """The text with the lowest bit of its last byte turned."""
    return text[:-1] + chr(ord(text[-1]) ^ 1)


# Who, for whom, what, about what, in which request.
TEXTS = ("actor_username", "for_producer", "action", "object_type", "object_id", "request_id")


@pytest.mark.feature("HOM_14")
def test_every_act_of_a_day_is_in_the_trail_which_nobody_can_change_unseen(day):
    """Figure G8: 40 acts and more, each with who, for whom, what, about what and when; a change is refused, or found."""
    lived = live(day)
    assert len({event.action for event in lived}) >= 60
    assert {event.actor_username for event in lived} >= {RITA, DANA, STAFF}

    for sql in ("UPDATE common_auditevent SET actor_username = ''", "DELETE FROM common_auditevent"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)

    audit_chain.seal()
    sealed = audit_chain.verify()
    assert (sealed.sealed, sealed.waiting) == (AuditEvent.objects.count(), 0)
    assert verified().startswith(f"The chain holds: {sealed.sealed} events, last hash {sealed.head}.")

    event = next(event for event in lived if event.action == "report.downloaded" and event.for_producer)
    for column in TEXTS:
        change = f"UPDATE common_auditevent SET {column} = %s WHERE id = %s"  # noqa: S608 - our own names
        was = getattr(event, column)
        overruled(change, one_byte_of(was), event.pk)
        with pytest.raises(CommandError, match=f"does not hold.*the event {event.pk} or a link before it was changed"):
            verified()
        overruled(change, was, event.pk)
        assert audit_chain.verify() == sealed
    overruled("UPDATE common_auditevent SET at = at + interval '1 microsecond' WHERE id = %s", event.pk)
    with pytest.raises(CommandError, match=f"the event {event.pk}"):
        verified()
