"""Answers of the demo's drafts about PCPs, coverage and signatures, and a child in Texas for whom a guardian signs."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import ProducerNumber, User
from enrollment.models import Applicant, Application, ApplicationLifeEvent, County, Plan, Signature
from enrollment.rules import sep
from enrollment.selectors import application_plans
from enrollment.selectors.effective_dates import decide_for
from enrollment.services import applications
from portal.common.dates import today_in
from portal.demo_data.texts import text_shown

# The drafts that were left on Other Coverage and on Signatures (portal/demo_data/drafts.py).
WITH_PCP = ("demo-draft-coverage", "demo-draft-signatures")
WITH_COVERAGE = "demo-draft-signatures"
GROUP_NUMBER = "124"
HOUSTON_ZIP, HARRIS, TEXAS_PLAN = "77002", "48201", "TX0100005"


def add_coverage_answers(*, by: User, now: datetime) -> int:
    """Add them as ``by`` would have answered, and return how many drafts have some."""
    count = 0
    for row in Application.objects.filter(created_by=by, form_key__in=[f"{by.pk}:{key}" for key in WITH_PCP]):
        row.applicants.update(pcp_number=GROUP_NUMBER)
        row.applicants.filter(relation="child").update(pcp_number="")
        if row.form_key.endswith(WITH_COVERAGE):
            _answer(row, by=by, at=row.updated_at)
        count += 1
    return count + _child_alone(by=by, at=now - timedelta(days=1))


def _answer(row: Application, *, by: User, at: datetime) -> None:
    """One policy that is replaced, one that goes on, the proxy, and Pay Later: nothing but Submit Application is left."""
    primary = row.applicants.get(position=0)
    day = row.effective_date or today_in(row.us_state, now=at)
    row.replaces_coverage = row.has_other_coverage = row.proxy_agreed = True
    row.payment_choice = Application.PaymentChoice.LATER
    row.save(update_fields=["replaces_coverage", "has_other_coverage", "proxy_agreed", "payment_choice"])
    row.replacements.create(
        applicant=primary,
        insurer="Lakeshore Mutual",
        policy_number="LM-5504417",
        termination_date=day - timedelta(days=1),
    )
    other = row.applicants.filter(position=1).first() or primary
    row.other_coverages.create(
        applicant=other,
        name_on_policy=f"{other.first_name} {other.last_name}".strip(),
        member_number="88140027",
        group_id="Unknown",
    )
    text = text_shown("PROXY", row.us_state, today_in(row.us_state, now=at))
    row.signatures.create(role=Signature.Role.PROXY, text=text, attested_at=at, attested_by=by)


def _child_alone(*, by: User, at: datetime) -> int:
    """A child of fifteen in Houston on a consumer choice plan; everything but attestation and payment is answered."""
    numbers = ProducerNumber.objects.filter(producer=by.producer, us_state="TX", status="ACTIVE").order_by("number")
    number, county = numbers.first(), County.objects.filter(fips=HARRIS).first()
    today = today_in("TX", now=at)
    if number is None or county is None:
        return 0
    row = applications.start_new(number=number, by=by, at=at, form_key="demo-draft-child")
    ApplicationLifeEvent.objects.create(application=row, code="LOSS_MEC", event_date=today - timedelta(days=6))
    decision = decide_for(row, today=today)
    row.effective_date, row.decision = decision.effective_date, sep.as_record(decision)
    row.form_type, row.authorization = Application.FormType.MEDICAL_DENTAL, Application.Authorization.PAPER
    row.address_1, row.city, row.zip, row.county = "2210 Cypress Bend Rd", "Houston", HOUSTON_ZIP, county
    row.phone, row.phone_type, row.mailing_differs = "7135550163", Application.PhoneType.MOBILE, False
    row.pediatric_dental_elsewhere, row.last_step = True, "signatures"
    row.saved_by, row.version, row.updated_at = by, 1, at
    row.save()
    born = date(today.year - 15, 4, 9)
    Applicant.objects.filter(application=row, position=0).update(
        first_name="Mina", last_name="Castellano", date_of_birth=born, sex="F", tobacco_use=False
    )
    year = row.effective_date.year if row.effective_date else 0
    for plan in Plan.objects.filter(plan_id__endswith=TEXAS_PLAN, plan_year=year, withdrawn_at=None):
        row.plans.create(plan=plan, line=plan.line, monthly_premium=Decimal("0.00"))
    for one in application_plans.chosen_plans(row):
        if one.premium is not None:
            one.row.monthly_premium = one.premium.total
            one.row.save(update_fields=["monthly_premium"])
    row.signatures.create(
        role=Signature.Role.GUARDIAN,
        first_name="Elena",
        last_name="Castellano",
        relationship="Mother",
        attested_at=at,
        attested_by=by,
    )
    return 1
