"""Applications of the demo producer that are under way: one left on each step, one of them about to expire."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import ProducerNumber, User
from enrollment.models import Application, ApplicationLifeEvent, County, Quote
from enrollment.rules import application_days, sep
from enrollment.selectors import application_plans
from enrollment.selectors import quotes as selector
from enrollment.selectors.effective_dates import decide_for
from enrollment.selectors.quotes import PricedQuote, SelectedPlan
from enrollment.services import applications
from portal.common.dates import today_in
from portal.demo_data.texts import text_shown

# (first name, last name, birth, sex, step left on, days since).
ANEW = (
    ("Nadia", "Ferris", date(1991, 5, 17), "F", "general", 0),
    ("Colin", "Baptiste", date(1983, 10, 2), "M", "applicant", 2),
    ("Marisol", "Vega", date(1976, 1, 25), "F", "household", 64),
)
# Families of the same ages: last name, and first names of the primary applicant, the spouse and the children.
FROM_QUOTE = (
    ("plans", 1, "Aldana", ("Tomas", "Renata", "Lucia", "Mateo")),
    ("coverage", 5, "Kowalczyk", ("Piotr", "Hanna", "Zofia", "Jan")),
    ("signatures", 9, "Beaumont", ("Elias", "Clara", "June", "Otis")),
)
QUOTE = "Okafor"
# Life event by step: how many days before the application it happened.
EVENTS = {
    "general": (),
    "applicant": (("BIRTH", 12),),
    "household": (("LOSS_MEC", 20), ("PERMANENT_MOVE", 25)),
    "plans": (("LOSS_MEC", 8),),
    "coverage": (("MARRIAGE", 15),),
    "signatures": (("LOSS_MEC", 3),),
}


def add_drafts(*, by: User, now: datetime) -> int:
    """Add them as ``by`` would have left them, and return how many; those from a quote only where it is there."""
    number = (
        ProducerNumber.objects.filter(producer=by.producer, us_state="IL", status="ACTIVE").order_by("number").first()
    )
    count = 0
    if number is not None:
        for first, last, born, sex, step, days in ANEW:
            at = now - timedelta(days=days)
            row = applications.start_new(number=number, by=by, at=at, form_key=f"demo-draft-{step}")
            row.applicants.update(first_name=first, last_name=last, date_of_birth=born, sex=sex, tobacco_use=False)
            _fill(row, step=step, by=by, at=at)
            count += 1
    quotes = selector.visible(by).select_related("county", "producer_number__producer")
    quote = next((one for one in quotes if one.name.startswith(QUOTE)), None)
    # On days on which the quote's plans are not sold any more there is nothing to begin from.
    if quote is not None and _sold(selector.priced(quote)):
        for step, days, last_name, first_names in FROM_QUOTE:
            at = now - timedelta(days=days)
            row = _from(quote, step, by=by, at=at)
            for place, first_name in enumerate(first_names):
                row.applicants.filter(position=place).update(first_name=first_name, last_name=last_name)
            # As if the date had been looked at again: a month that began since would ask for another one.
            _fill(row, step=step, by=by, at=at, decided_on=today_in(row.us_state, now=now))
            count += 1
    return count


def _sold(priced: PricedQuote) -> list[SelectedPlan]:
    """One plan of each line that can be applied for."""
    sold = [one for one in priced.selected if one.premium and one.row.market == "OFF"]
    return list({one.row.plan.line: one for one in reversed(sold)}.values())


def _from(quote: Quote, step: str, *, by: User, at: datetime) -> Application:
    priced = selector.priced(quote)
    plans = _sold(priced)
    return applications.start(
        quote=quote,
        people=priced.people,
        plans=plans,
        by=by,
        at=at,
        form_key=f"demo-draft-{step}",
        anew=True,
        shown=sum((one.premium.total for one in plans if one.premium), Decimal(0)),
    )


def _fill(row: Application, *, step: str, by: User, at: datetime, decided_on: date | None = None) -> None:
    """The answers of the steps before the one it was left on."""
    day = today_in(row.us_state, now=at)
    for code, days in EVENTS[step]:
        coverage = "yes" if code in ("MARRIAGE", "PERMANENT_MOVE") else ""
        ApplicationLifeEvent.objects.create(
            application=row, code=code, event_date=day - timedelta(days=days), prior_coverage=coverage
        )
    if EVENTS[step]:
        decision = decide_for(row, today=decided_on or day)
        row.effective_date, row.decision = decision.effective_date, sep.as_record(decision)
    if step not in ("general", "applicant"):
        row.form_type = Application.FormType.MEDICAL_DENTAL
        row.authorization = Application.Authorization.IN_PERSON
        row.terms = text_shown("TERMS", row.us_state, day)
        row.terms_agreed_at, row.terms_agreed_by = (at, by) if row.terms else (None, None)
        row.address_1, row.city, row.zip = "418 Bluebell Ct", row.city or "Naperville", row.zip or "60563"
        row.county = row.county or County.objects.filter(pk="17043").first()
        row.phone, row.phone_type, row.mailing_differs = "6305550142", Application.PhoneType.MOBILE, False
    row.last_step, row.saved_by, row.version, row.updated_at = step, by, 1, at
    row.expires_on = application_days.expires_on(changed_on=day)
    row.save()
    choose_plans_of_the_year(row)


def choose_plans_of_the_year(row: Application) -> None:
    """Plans of the year in which the application's coverage begins, at the prices of that day, in place of the same of another.

    A quote is for the days on which plans are sold to everybody; a life event may begin coverage in the year before.
    """
    household = application_plans.household_of(row, application_plans.people_of(row))
    if household is None:
        return
    offered = {one.plan.plan_id: one for one in application_plans.area_of(household).offered}
    for chosen in row.plans.select_related("plan"):
        if found := offered.get(chosen.plan.plan_id):
            chosen.plan, chosen.monthly_premium = found.plan, found.premium.total
            chosen.save(update_fields=["plan", "monthly_premium"])
