"""May this application be submitted on this day, from when is it covered and what does it cost: asked anew each time.

Nothing that a draft has kept is believed: the date is decided for the day of submission (domain rule: drafts live longer
than the windows of special enrollment), the premiums come from the catalog, and each plan must still be sold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.models import ProducerNumber
from enrollment.models import Applicant, Application, ApplicationPlan, Submission, SubmittedPolicy
from enrollment.rules import sep
from enrollment.rules.rating import CannotPrice, PersonToRate, Premium, Relation, age_on
from enrollment.rules.rating import Refusal as PriceRefusal
from enrollment.rules.sep_options import sep_is_asked
from enrollment.rules.sep_types import Decision
from enrollment.rules.sep_types import Refusal as SepRefusal
from enrollment.selectors import pricing
from enrollment.selectors.effective_dates import request_of
from enrollment.selectors.life_events import sep_tables
from enrollment.selectors.pricing import HouseholdToRate
from enrollment.wizard.sections import Missing
from portal.common.dates import US_STATES, as_text, today_in

CHANNEL, MARKET = "off", "OFF"
Reason = Missing  # a refusal leads to a question just as something missing does


@dataclass(frozen=True, kw_only=True)
class PricedLine:
    """A plan applied for with its price on the day of submission."""

    row: ApplicationPlan
    premium: Premium


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What came of an examination. ``effective_date`` is the first day of coverage, inclusive, ``None`` when there is none.

    ``reasons`` say why the application cannot be submitted; ``moved`` and ``repriced`` what has changed since it was last
    shown, each a sentence or empty: then somebody has to confirm ``effective_date`` and ``total``.
    """

    today: date
    decision: Decision
    effective_date: date | None
    people: Sequence[Applicant]
    lines: tuple[PricedLine, ...]
    reasons: tuple[Reason, ...]
    moved: str = ""
    repriced: str = ""

    @property
    def total(self) -> Decimal:
        """What the plans cost together in a month."""
        return sum((line.premium.total for line in self.lines), Decimal("0.00"))

    @property
    def to_confirm(self) -> list[str]:
        return [one for one in (self.moved, self.repriced) if one]


def check(application: Application, *, at: datetime) -> Checked:
    """Examine the answers as they stand. ``county`` and ``producer_number`` are read if they are not there yet."""
    today = today_in(application.us_state, now=at)
    people = list(application.applicants.order_by("position"))
    plans = list(application.plans.select_related("plan__service_area"))
    decision, moved = decide(application, today=today)
    reasons = [*_about_producer(application), *_about_days(application, decision)]
    first = decision.effective_date
    reasons += _not_enough(application, people, plans)
    lines: list[PricedLine] = []
    if first is not None and not reasons:
        reasons += _about_people(people, plans, first)
        for plan in plans:
            try:
                lines.append(PricedLine(row=plan, premium=premium_of(application, people, plan, first)))
            except CannotPrice as why:
                reasons.append(_plan_refused(plan, why))
        reasons += _about_accepted(application, plans)
    checked = Checked(
        today=today,
        decision=decision,
        effective_date=first,
        people=people,
        lines=tuple(lines),
        reasons=tuple(reasons),
        moved=moved,
    )
    return replace(checked, repriced=_repriced(plans, checked)) if not reasons else checked


def decide(application: Application, *, today: date) -> tuple[Decision, str]:
    """The first day of coverage on ``today``, and what to say when it is another than the application shows.

    A date that was chosen and is not offered any more falls back to the earliest that is.
    """
    request = request_of(application, today=today)
    tables = sep_tables(application.us_state, CHANNEL, today)
    decision = sep.decide(request, tables)
    if decision.error == SepRefusal.ELECTION and request.election is not None:
        decision = sep.decide(replace(request, election=None), tables)
    if decision.effective_date is None and application.effective_date and not _days_count(application, tables.options):
        # Stand-alone dental where the carrier asks for no window: the date applied for.
        decision = replace(decision, effective_date=application.effective_date, error=None)
    return decision, sep.date_moved(application.effective_date, decision)


def _days_count(application: Application, options: Any) -> bool:
    dental_only = application.form_type == Application.FormType.DENTAL
    return sep_is_asked(dental_only=dental_only, options=options)


def premium_of(
    application: Application, people: Sequence[Applicant], plan: ApplicationPlan, effective_date: date
) -> Premium:
    """What the plan costs this household from that day on, out of today's catalog. Raises ``CannotPrice``."""
    if application.county_id is None:
        raise CannotPrice(PriceRefusal.COUNTY_CHOICE_REQUIRED, "The county of the home address is not known.")
    household = HouseholdToRate(
        county_fips=application.county_id,
        effective_date=effective_date,
        people=[
            PersonToRate(
                relation=Relation(one.relation), date_of_birth=one.date_of_birth, tobacco=bool(one.tobacco_use)
            )
            for one in people
            if one.date_of_birth is not None
        ],
        hardship_exemption=application.quote is not None and application.quote.hardship_exemption,
    )
    return pricing.price_plan(plan.plan, household, market=MARKET)


# --- reasons ---


def _about_producer(application: Application) -> Iterator[Reason]:
    number = application.producer_number
    if number.us_state != application.us_state:
        yield Reason(
            step="applicant",
            section="home",
            field="us_state",
            sentence=f"The home address is in {US_STATES[application.us_state]}, the writing number in "
            f"{US_STATES.get(number.us_state, number.us_state)}. The two must match.",
        )
    if number.status != ProducerNumber.Status.ACTIVE:
        yield Reason(
            step="general",
            section="producer",
            sentence=f"Producer number {number.number} is not active, so nothing can be sold.",
        )


def _about_days(application: Application, decision: Decision) -> Iterator[Reason]:
    if decision.effective_date is None:
        yield Reason(step="general", section="effective", label="Effective Date", sentence=decision.sentence)


def _not_enough(
    application: Application, people: Sequence[Applicant], plans: Sequence[ApplicationPlan]
) -> Iterator[Reason]:
    """What nobody can be enrolled without, whatever the pages of the application ask for."""
    if not plans:
        yield Reason(step="plans", section="plan", sentence="Select a medical or a dental plan.")
    if not people or people[0].relation != Relation.SELF:
        yield Reason(step="applicant", section="", sentence="There is no primary applicant.")
    if not (application.address_1 and application.city and application.zip and application.county_id):
        yield Reason(step="applicant", section="home", sentence="The home address is not complete.")
    for one in people:
        lacking = [
            label
            for label, there in (
                ("first name", one.first_name),
                ("last name", one.last_name),
                ("date of birth", one.date_of_birth),
                ("sex", one.sex),
            )
            if not there
        ]
        if lacking:
            step = "applicant" if one.position == 0 else "household"
            who = one.get_relation_display()
            yield Reason(step=step, section="", sentence=f"{who}: {', '.join(lacking)} must be entered.")


def _about_people(people: Sequence[Applicant], plans: Sequence[ApplicationPlan], first: date) -> Iterator[Reason]:
    for one in people:
        if one.date_of_birth is None:
            continue
        step = "applicant" if one.position == 0 else "household"
        name = f"{one.first_name} {one.last_name}".strip()
        if one.date_of_birth > first:
            yield Reason(
                step=step,
                section="",
                sentence=f"{name} is born after coverage begins on {as_text(first)}.",
            )
        oldest = min((plan.plan.dependent_max_age for plan in plans), default=999)
        if one.relation == Relation.CHILD and age_on(one.date_of_birth, first) > oldest:
            yield Reason(
                step=step,
                section="",
                sentence=f"{name} is older than {oldest} when coverage begins and cannot be covered as a dependent.",
            )


def _plan_refused(plan: ApplicationPlan, why: CannotPrice) -> Reason:
    return Reason(step="plans", section="plan", label=plan.plan.name, sentence=f"{plan.plan.name}: {why}")


def _about_accepted(application: Application, plans: Sequence[ApplicationPlan]) -> Iterator[Reason]:
    """A plan that the member system took, when it refused the other, stays as it is."""
    accepted = {one.line: one.policy for one in accepted_policies(application)}
    by_line = {plan.line: plan.plan for plan in plans}
    for line, policy in accepted.items():
        plan = by_line.get(line)
        if plan is None or plan.plan_id != policy.plan_id:
            yield Reason(
                step="plans",
                section="plan",
                sentence=f"{policy.product_name} has been accepted by the member system and cannot be changed here.",
            )


def accepted_policies(application: Application) -> list[SubmittedPolicy]:
    """What the member system has taken of the application, with the policies."""
    rows = SubmittedPolicy.objects.filter(submission__application=application, outcome=Submission.Outcome.ACCEPTED)
    return list(rows.select_related("policy").order_by("id"))


def _repriced(plans: Sequence[ApplicationPlan], checked: Checked) -> str:
    before = sum((plan.monthly_premium for plan in plans), Decimal("0.00"))
    if before == checked.total and all(line.row.monthly_premium == line.premium.total for line in checked.lines):
        return ""
    return f"The monthly premium has changed since it was shown, from ${before:,.2f} to ${checked.total:,.2f}."


def reason_as_json(reason: Reason) -> dict[str, Any]:
    """A reason as it is kept with the submission."""
    return asdict(reason)


def reason_from_json(kept: dict[str, Any]) -> Reason:
    known = {name: kept[name] for name in Reason.__dataclass_fields__ if name in kept}
    return Reason(**{"section": "", "sentence": "", **known})
