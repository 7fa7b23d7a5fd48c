"""Applications as lists and as one page, always of the books the person may enroll for."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import User
from clients.models import Policy
from clients.selectors.detail import phone_text
from enrollment.models import Applicant, Application, ApplicationPlan, Quote, QuotePerson
from enrollment.rules.application_days import is_expired
from portal.common.access import Perm
from portal.common.dates import US_STATES, as_text, moment_as_text, today_in

Status = Application.Status


def visible(user: User) -> Any:
    """Every application of the person's books, withdrawn ones too."""
    return Application.objects.for_user(user, perm=Perm.ENROLL)


def with_status(user: User, status: str) -> Any:
    """What the list of one tab shows: neither withdrawn applications nor drafts that can no longer be used."""
    rows = visible(user).filter(status=status, withdrawn_at=None)
    return rows.filter(expires_on__gte=today_in()) if status == Status.INCOMPLETE else rows


def applicant_name(application: Application) -> str:
    """The primary applicant's name; the applicants must have been fetched."""
    return next((name_of(one) for one in application.applicants.all() if one.position == 0), "")


def name_of(person: Applicant | QuotePerson) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def monthly_premium(application: Application) -> Decimal:
    """What the plans cost together; they must have been fetched."""
    return sum((one.monthly_premium for one in application.plans.all()), Decimal("0.00"))


def product_name(application: Application) -> str:
    """The plans, medical first, joined by a comma (LST_02)."""
    return ", ".join(one.plan.name for one in application.plans.all())


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
class ApplicationDetail:
    """Everything the application's page shows; facts are (label, text) in the guide's order."""

    application: Application
    status_text: str
    status_pill: str
    general: list[tuple[str, str]]
    producer: list[tuple[str, str]]
    people: list[PersonLine]
    plans: list[PlanLine]
    total: Decimal
    quote: Quote | None
    note: str
    can_withdraw: bool
    can_restore: bool


PILLS = {Status.INCOMPLETE: "warning", Status.COMPLETED: "success", Status.FAILED: "danger"}


def application_for(user: User, record_number: str) -> Application | None:
    """The application with everything its page shows, or ``None`` when it is not in the person's books."""
    rows = visible(user).filter(record_number=record_number)
    found: Application | None = (
        rows.select_related("producer_number__producer", "county", "quote", "created_by")
        .prefetch_related("applicants", "plans__plan")
        .first()
    )
    return found


def detail_of(user: User, application: Application) -> ApplicationDetail:
    """The page of one application. The quote is named only while the person may open it."""
    plans = list(application.plans.all())
    today = today_in(application.us_state)
    expired = application.status == Status.INCOMPLETE and is_expired(expires_on=application.expires_on, today=today)
    withdrawn = application.withdrawn_at is not None
    text, pill = application.get_status_display(), PILLS[Status(application.status)]
    if withdrawn:
        text, pill = "Withdrawn", "secondary"
    elif expired:
        text, pill = "Expired", "secondary"
    number = application.producer_number
    total = monthly_premium(application)
    return ApplicationDetail(
        application=application,
        status_text=text,
        status_pill=pill,
        general=[
            ("Applicant Name", applicant_name(application)),
            ("Effective Date", as_text(application.effective_date)),
            ("Medical Plan", _plan_name(plans, Policy.Line.MEDICAL)),
            ("Dental Plan", _plan_name(plans, Policy.Line.DENTAL)),
            ("Monthly Premium", f"${total:,.2f}"),
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
        total=total,
        quote=_quote(user, application),
        note=_note(application, today=today, expired=expired),
        can_withdraw=application.status == Status.INCOMPLETE and not withdrawn,
        can_restore=withdrawn,
    )


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


def _note(application: Application, *, today: date, expired: bool) -> str:
    if application.withdrawn_at is not None:
        return f"This application was withdrawn on {moment_as_text(application.withdrawn_at)}. It can be brought back."
    if expired:
        return f"This application expired on {as_text(application.expires_on)}. Start a new one from a quote."
    if application.status == Status.INCOMPLETE:
        return f"Nothing has been sent to the carrier. The application is kept until {as_text(application.expires_on)}."
    return ""
