"""Applications as lists and as one page, always of the books the person may enroll for."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse

from accounts.models import User
from clients.models import MemberChange, Policy
from clients.selectors.detail import phone_text
from enrollment.models import Applicant, Application, ApplicationPlan, Quote, QuotePerson, Submission
from enrollment.rules.application_days import is_expired, paper_kept_until
from enrollment.selectors import payments
from enrollment.selectors.submission_checks import Reason, reason_from_json
from portal.common.access import Perm
from portal.common.dates import US_STATES, as_text, moment_as_text, today_in

Status = Application.Status
# What was answered stays closed: opening it costs, and no list or page shows it.
WITH_SUBMISSIONS = Prefetch("submissions", queryset=Submission.objects.defer("answers"))


def visible(user: User) -> Any:
    """Every application of the person's books, withdrawn ones too."""
    return Application.objects.for_user(user, perm=Perm.ENROLL)


def with_status(user: User, status: str) -> Any:
    """What the list of one tab shows: neither withdrawn applications nor drafts and failed ones that can no longer be used."""
    rows = visible(user).filter(status=status, withdrawn_at=None)
    return rows if status == Status.COMPLETED else rows.filter(expires_on__gte=today_in())


def applicant_name(application: Application) -> str:
    """The primary applicant's name; the applicants must have been fetched."""
    return next((name_of(one) for one in application.applicants.all() if one.position == 0), "")


def name_of(person: Applicant | QuotePerson) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def monthly_premium(application: Application) -> Decimal | None:
    """What the plans cost together in dollars a month; they must have been fetched. ``None`` while none is chosen."""
    plans = application.plans.all()
    return sum((one.monthly_premium for one in plans), Decimal("0.00")) if plans else None


def _premium_text(application: Application) -> str:
    total = monthly_premium(application)
    return "" if total is None else f"${total:,.2f}"


def product_name(application: Application) -> str:
    """The plans, medical first, joined by a comma (LST_02)."""
    return ", ".join(one.plan.name for one in application.plans.all())


def draft_for(user: User, record_number: str) -> Application | None:
    """The application as its steps need it, or ``None`` when it is not in the person's books."""
    rows = visible(user).filter(record_number=record_number)
    found: Application | None = rows.select_related("producer_number__producer", "county", "quote").first()
    return found


@dataclass(frozen=True)
class PersonLine:
    name: str
    relation: str
    date_of_birth: str
    sex: str
    tobacco: str


@dataclass(frozen=True)
class PlanLine:
    name: str
    line: str
    kind: str
    plan_id: str
    premium_text: str


@dataclass(frozen=True)
class ReasonLine:
    """Why a submission failed, in words, with the address of the question to put right."""

    label: str
    sentence: str
    url: str


@dataclass(frozen=True, kw_only=True)
class SubmissionLine:
    """One submission as the page shows it. ``note`` says how far it is on its way while it waits; ``remarks`` what became of a
    plan that another submission had got through as well."""

    submission: Submission
    number: int
    status_text: str
    pill: str
    is_waiting: bool
    date_submitted: str
    when: str
    by: str
    settled: str
    note: str
    reasons: list[ReasonLine]
    remarks: list[str]


@dataclass(frozen=True)
class ApplicationDetail:
    """Everything the application's page shows; facts are (label, text) in the guide's order."""

    application: Application
    status_text: str
    status_pill: str
    general: list[tuple[str, str]]
    producer: list[tuple[str, str]]
    people: list[PersonLine]
    plans: list[PlanLine]
    quote: Quote | None
    note: str
    can_withdraw: bool
    can_restore: bool
    state: dict[str, str]
    submitted: SubmissionLine | None
    submissions: list[SubmissionLine]
    can_resubmit: bool
    can_go_on: bool
    payment: payments.PaymentPanel | None


SUBMISSION_PILLS = {
    Submission.Outcome.WAITING: ("Submitted", "info"),
    Submission.Outcome.ACCEPTED: ("Accepted", "success"),
    Submission.Outcome.FAILED: ("Failed", "danger"),
}
PILLS = {Status.INCOMPLETE: "warning", Status.COMPLETED: "success", Status.FAILED: "danger"}


def application_for(user: User, record_number: str) -> Application | None:
    """The application with everything its page shows, or ``None`` when it is not in the person's books."""
    rows = visible(user).filter(record_number=record_number)
    found: Application | None = (
        rows.select_related("producer_number__producer", "county", "quote", "created_by")
        .prefetch_related(
            "applicants",
            "plans__plan",
            WITH_SUBMISSIONS,
            "submissions__submitted_policies__change",
            "submissions__submitted_by",
            "payments__mandates",
        )
        .first()
    )
    return found


def detail_of(user: User, application: Application) -> ApplicationDetail:
    """The page of one application. The quote is named only while the person may open it."""
    plans = list(application.plans.all())
    today = today_in(application.us_state)
    is_open = application.status != Status.COMPLETED
    expired = is_open and is_expired(expires_on=application.expires_on, today=today)
    withdrawn = application.withdrawn_at is not None
    text, pill = application.get_status_display(), PILLS[Status(application.status)]
    if withdrawn:
        text, pill = "Withdrawn", "secondary"
    elif expired:
        text, pill = "Expired", "secondary"
    lines = submission_lines(application)
    latest = lines[0] if lines else None
    if latest is not None and application.status == Status.COMPLETED:
        text, pill = latest.status_text, latest.pill
    number = application.producer_number
    return ApplicationDetail(
        application=application,
        status_text=text,
        status_pill=pill,
        general=_submitted_facts(application, text, latest)
        if latest
        else [
            ("Applicant Name", applicant_name(application)),
            ("Effective Date", as_text(application.effective_date)),
            ("Medical Plan", _plan_name(plans, Policy.Line.MEDICAL)),
            ("Dental Plan", _plan_name(plans, Policy.Line.DENTAL)),
            ("Monthly Premium", _premium_text(application)),
            ("Home", _place(application)),
        ],
        producer=[
            ("Producer Name", number.producer.name),
            ("Producer Number", number.number),
            ("Company", number.company_name),
            ("Phone", phone_text(number.phone)),
            ("Email", number.email),
        ],
        people=[_person(one) for one in application.applicants.all()],
        plans=[_plan_line(one) for one in plans],
        quote=_quote(user, application),
        note=_note(application, today=today, expired=expired),
        can_withdraw=application.status == Status.INCOMPLETE and not withdrawn,
        can_restore=withdrawn,
        state=state_line(application, client_url=_client_url(user, application)),
        submitted=latest,
        submissions=lines,
        can_resubmit=application.status == Status.FAILED and not expired,
        can_go_on=application.status in (Status.INCOMPLETE, Status.FAILED)
        and not withdrawn
        and not is_expired(expires_on=application.expires_on, today=today),
        payment=payments.panel_of(application),
    )


def _submitted_facts(application: Application, status: str, latest: SubmissionLine) -> list[tuple[str, str]]:
    """The fields of Application Details in the guide's order (LST_02), and what else people ask for on the phone."""
    number = application.producer_number
    return [
        ("Status", status),
        ("State", application.us_state),
        ("Producer Name", number.producer.name),
        ("Producer Number", number.number),
        ("Date Submitted", latest.date_submitted),
        ("Record Number", application.record_number),
        ("Monthly Premium", _premium_text(application)),
        ("Applicant Name", applicant_name(application)),
        ("Product Name", product_name(application)),
        ("Client App ID", application.client_app_id),
        ("Payment Status", payments.status_of(application)),
        ("Effective Date", as_text(application.effective_date)),
        ("E-App Number", application.eapp_number),
        ("Pending Application ID", application.pending_application_id),
        ("Home", _place(application)),
        *_paper_record(application),
    ]


def _paper_record(application: Application) -> list[tuple[str, str]]:
    """Until when the producer keeps the paper the client has signed (AUT_04)."""
    if application.authorization != Application.Authorization.PAPER or application.submitted_at is None:
        return []
    submitted_on = today_in(application.us_state, now=application.submitted_at)
    return [("Keep the paper application until", as_text(paper_kept_until(submitted_on=submitted_on)))]


def submission_lines(application: Application) -> list[SubmissionLine]:
    """Every time the application was submitted, the newest first; the submissions must have been fetched."""
    rows = sorted(application.submissions.all(), key=lambda one: -one.number)
    return [_submission_line(application, one) for one in rows]


def _submission_line(application: Application, one: Submission) -> SubmissionLine:
    text, pill = SUBMISSION_PILLS[Submission.Outcome(one.outcome)]
    changes = [policy.change for policy in one.submitted_policies.all()]
    return SubmissionLine(
        submission=one,
        number=one.number,
        status_text=text,
        pill=pill,
        is_waiting=one.outcome == Submission.Outcome.WAITING,
        date_submitted=as_text(today_in(application.us_state, now=one.submitted_at)),
        when=moment_as_text(one.submitted_at),
        by=one.submitted_by.get_full_name() or one.submitted_by.get_username(),
        settled=moment_as_text(one.settled_at) if one.settled_at else "",
        note=_waiting_note(changes) if one.outcome == Submission.Outcome.WAITING else "",
        reasons=[
            ReasonLine(label=reason.label, sentence=reason.sentence, url=reason_url(application, reason))
            for reason in map(reason_from_json, one.reasons)
        ],
        remarks=[
            f"{Policy.Line(policy.line).label}: {policy.note}" for policy in one.submitted_policies.all() if policy.note
        ],
    )


def _client_url(user: User, application: Application) -> str:
    """The page of the client an accepted application has made, or belongs to; empty for those who may not open it."""
    if not application.eapp_number:
        return ""
    mine = Policy.objects.for_user(user).filter(eapp_number=application.eapp_number, account__number__isnull=False)
    account_number = mine.values_list("account__number", flat=True).first()
    return reverse("clients:detail", args=[account_number]) if account_number else ""


def last_submission(application: Application) -> Submission | None:
    """The newest one, with the answers."""
    rows = Submission.objects.filter(application=application).select_related("submitted_by")
    return rows.order_by("-number").first()


def failed_help_phone() -> str:
    """Whom to call about failed applications (LST_09)."""
    return str(settings.FAILED_APPLICATIONS_PHONE or settings.SUPPORT_PHONE)


def state_line(application: Application, *, client_url: str = "") -> dict[str, str]:
    """How far the newest submission is, as ``components/state_line.html`` takes it; the submissions must have been fetched.

    ``client_url`` is the client's page, where somebody may open it; a line that is asked again leads to the application's.
    """
    lines = submission_lines(application)
    line = dict.fromkeys(("poll_url", "action_url", "action_label"), "") | {
        "line_id": "submission-state",
        "state": "info",
        "text": "Nothing was submitted yet.",
    }
    if not lines:
        return line
    newest = lines[0]
    page = reverse("enrollment:application", args=[application.record_number])
    if newest.is_waiting:
        poll = reverse("enrollment:application-state", args=[application.record_number])
        return line | {"state": "pending", "text": f"With the member system. {newest.note}", "poll_url": poll}
    if newest.submission.outcome == Submission.Outcome.ACCEPTED:
        text = f"Accepted by the member system on {newest.settled}."
        label = "Open the client's page" if client_url else "Show the page as it is now"
        return line | {"state": "done", "text": text, "action_url": client_url or page, "action_label": label}
    failed = reverse("enrollment:application-failed", args=[application.record_number])
    text = f"Failed on {newest.settled}."
    return line | {"state": "problem", "text": text, "action_url": failed, "action_label": "See why"}


def reason_url(application: Application, reason: Reason) -> str:
    """The question a reason is about; of a whole step without a section, the step."""
    if reason.section:
        return reason.url(application)
    return reverse("enrollment:application-step", args=[application.record_number, reason.step])


def _waiting_note(changes: list[MemberChange]) -> str:
    """How far the enrollments are on their way to the member system."""
    ahead = [one for one in changes if one.status == MemberChange.Status.PENDING]
    tried = [one for one in ahead if one.attempts]
    if tried:
        again = moment_as_text(min(one.not_before for one in tried))
        return f"The member system does not answer at the moment. It is tried again by itself, next at {again}."
    if ahead:
        return f"It is sent to the member system at {moment_as_text(min(one.not_before for one in ahead))}."
    return "The member system has it and has not answered yet."


def _plan_name(plans: list[ApplicationPlan], line: str) -> str:
    return next((one.plan.name for one in plans if one.line == line), "None")


def _place(application: Application) -> str:
    county = f"{application.county.name} County, " if application.county else ""
    return f"{county}{US_STATES[application.us_state]} {application.zip}".strip()


def _person(one: Applicant) -> PersonLine:
    return PersonLine(
        name=name_of(one) or "Name not entered yet",
        relation=one.get_relation_display(),
        date_of_birth=as_text(one.date_of_birth),
        sex=one.get_sex_display(),
        tobacco="Yes" if one.tobacco_use else "No",
    )


def _plan_line(one: ApplicationPlan) -> PlanLine:
    kind = f"{one.plan.get_metal_level_display()} {one.plan.network_type}".strip()
    return PlanLine(one.plan.name, one.get_line_display(), kind, one.plan.plan_id, f"${one.monthly_premium:,.2f}")


def _quote(user: User, application: Application) -> Quote | None:
    quote = application.quote
    if quote is None or quote.deleted_at is not None:
        return None
    return quote if Quote.objects.for_user(user, perm=Perm.ENROLL).filter(pk=quote.pk).exists() else None


def status_of(application: Application) -> str:
    """The status as lists say it; the submissions must have been fetched."""
    newest = max(application.submissions.all(), key=lambda one: one.number, default=None)
    if newest is not None and application.status == Status.COMPLETED:
        return SUBMISSION_PILLS[Submission.Outcome(newest.outcome)][0]
    return application.get_status_display()


def _note(application: Application, *, today: date, expired: bool) -> str:
    if application.withdrawn_at is not None:
        return f"This application was withdrawn on {moment_as_text(application.withdrawn_at)}. It can be brought back."
    if expired:
        return f"This application expired on {as_text(application.expires_on)}. Start a new one."
    if application.status == Status.INCOMPLETE:
        return f"Nothing has been sent to the carrier. The application is kept until {as_text(application.expires_on)}."
    if application.status == Status.FAILED:
        return f"It can be corrected and submitted again until {as_text(application.expires_on)}."
    return ""
