"""What dates of birth and tobacco use can be, and who can be a dependent (APP_03, FAM_06..11). Pure: no clock, no database.

Problems stop an answer from being kept; warnings are shown beside it and stop nothing. Each is one sentence, fit to show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clients.rules.dated import add_months, row_in_force
from enrollment.rules.rating import RATING_RULES, age_on

# Beside the primary applicant; the spouse is one of them (FAM_10: enrollment guide page 19).
MOST_DEPENDENTS = 19
# Older than anybody has been: a year typed wrong.
OLDEST = 120
YOUNGEST_SPOUSE = 14
# The question is about the past six months: 45 CFR 147.102(a)(1)(iv).
TOBACCO_MONTHS = 6
# Children are covered until they are 26 where a plan says nothing else: 45 CFR 147.120.
DEPENDENT_THROUGH = 25

FUTURE_BIRTH = "The date of birth is in the future."
LONG_AGO = f"The date of birth is more than {OLDEST} years ago. Check the year."
YOUNG_SPOUSE = f"The spouse would be under {YOUNGEST_SPOUSE} on the first day of coverage. Check the date of birth."
OLDER_THAN_PARENT = "The dependent is older than the primary applicant. Check the dates of birth."
FUTURE_USE = "The date of last use is in the future."
USE_BEFORE_BIRTH = "The date of last use lies before the date of birth."
LONG_SINCE = (
    "The date of last use is more than six months ago. The question is about the past six months: answer No if tobacco has "
    "not been used since."
)
NO_MORE = f"Up to {MOST_DEPENDENTS} dependents, including spouse, can be added."


@dataclass(frozen=True, kw_only=True)
class AgeLimit:
    """The last age, inclusive, at which a plan covers children, and the plan's name; empty for the general rule."""

    through: int = DEPENDENT_THROUGH
    plan: str = ""


def birth_problem(born: date, *, today: date) -> str:
    """Why nobody applying on ``today`` can have been born on that day; empty when somebody can."""
    if born > today:
        return FUTURE_BIRTH
    # A year and a day beyond what can be counted in years of the calendar, too.
    return LONG_AGO if age_on(born, today) > OLDEST else ""


def spouse_warning(born: date, *, effective_date: date) -> str:
    return YOUNG_SPOUSE if age_on(born, effective_date) < YOUNGEST_SPOUSE else ""


def dependent_warning(born: date, *, primary_born: date | None) -> str:
    return OLDER_THAN_PARENT if primary_born is not None and born <= primary_born else ""


def dependent_problem(born: date, *, effective_date: date, limit: AgeLimit) -> str:
    """Why a child is too old on the first day of coverage; empty when it is not.

    A plan covers children through its oldest age of a dependent (45 CFR 147.120: until 26). Those covered longer, because
    of a disability or, in Illinois, as unmarried veterans (215 ILCS 5/356z.12), need the carrier's decision first.
    """
    age = age_on(born, effective_date)
    if age <= limit.through:
        return ""
    who = f"{limit.plan} covers" if limit.plan else "Plans cover"
    return (
        f"The dependent is {age} on {effective_date:%m/%d/%Y}. {who} dependents through age {limit.through}. Remove the "
        "dependent; for one who stays covered because of a disability or as an unmarried veteran, contact our Pre-Sales "
        "Support team."
    )


def strictest(limits: Sequence[AgeLimit]) -> AgeLimit:
    """The limit that holds when several plans are applied for together."""
    return min(limits, key=lambda one: one.through, default=AgeLimit())


def asks_tobacco(born: date | None, *, effective_date: date) -> bool:
    """Is a dependent old enough for the question? Nobody under 21 is charged for tobacco (45 CFR 147.102(a)(1)(iv))."""
    return born is not None and age_on(born, effective_date) >= row_in_force(RATING_RULES, effective_date).tobacco_age


def last_use_problem(used: date, *, today: date, born: date | None) -> str:
    """Why tobacco cannot have been used last on that day; empty when it can."""
    if used > today:
        return FUTURE_USE
    return USE_BEFORE_BIRTH if born is not None and used < born else ""


def last_use_warning(used: date, *, today: date) -> str:
    """Says that the last use lies outside of the past six months; the same day six months ago is still within."""
    return LONG_SINCE if used < add_months(today, -TOBACCO_MONTHS) else ""
