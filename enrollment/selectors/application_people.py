"""Who is on an application, how old on the first day of coverage, and what the plans applied for say about age (FAM)."""

from datetime import date
from typing import Any

from enrollment.models import Applicant, Application, QuotePerson
from enrollment.rules.household import AgeLimit, strictest
from enrollment.selectors.application_plans import kept_plans, people_of

Relation = QuotePerson.Relation


def primary_of(application: Application) -> Applicant:
    """The primary applicant; one that is not saved yet where the draft has none."""
    found = next((one for one in people_of(application) if one.position == 0), None)
    return found or Applicant(application=application, position=0, relation=Relation.SELF)


def with_relation(application: Application, relation: str) -> Any:
    """The spouse, or the dependents in the order in which they were added."""
    return application.applicants.filter(relation=relation).order_by("position")


def next_position(application: Application) -> int:
    last = application.applicants.order_by("-position").values_list("position", flat=True).first()
    return 1 if last is None else last + 1


def first_day(application: Application, *, today: date) -> date:
    """The first day of coverage, inclusive; while it is not known, today."""
    return application.effective_date or today


def dependent_limit(application: Application) -> AgeLimit:
    """Through which age, inclusive, the plans applied for cover children; the general rule without plans."""
    rows = kept_plans(application)
    return strictest([AgeLimit(through=one.plan.dependent_max_age, plan=one.plan.name) for one in rows])
