"""The sentences about special enrollment: refusals, rules and notes, fit to show. Dates are MM/DD/YYYY. Pure."""

from datetime import date

from clients.rules.policy_wording import day_text
from enrollment.rules.open_enrollment import NOT_CONFIRMED
from enrollment.rules.sep_types import IfApplied, Refusal, Rule, Window

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_REFUSED = {
    Refusal.STATE_NOT_SUPPORTED: "Applications are taken in Illinois, Montana, New Mexico, Oklahoma and Texas only.",
    Refusal.UNKNOWN_EVENT: "This life event is not in the list. If the circumstance is not listed, contact Pre-Sales Support.",
    Refusal.MISSING_EVENT_DATE: "Enter the date of the life event.",
    Refusal.NOT_AVAILABLE_OFF: "This life event does not open special enrollment off exchange.",
    Refusal.NOT_AVAILABLE_ON: "This life event does not open special enrollment on the exchange of this state.",
    Refusal.ALREADY_USED: "This life event can be used once in a calendar year, and it was used this year.",
    Refusal.PRIOR_COVERAGE: (
        "This life event needs at least one day of coverage in the 60 days before it, unless the applicant is exempt."
    ),
    Refusal.MANUAL_REVIEW: "The effective date is set case by case after a review of the documents. Contact Pre-Sales Support.",
    Refusal.ELECTION: "This effective date is not offered for the life event. Choose one of the dates offered.",
    Refusal.NOT_IN_OPEN_ENROLLMENT: (
        "Open enrollment is not on. An application needs a life event: answer Yes to the SEP question."
    ),
}


def refused(error: Refusal, *, window: Window | None = None, event_date: date | None = None) -> str:
    """Why there is no date, and what to do."""
    if error == Refusal.FUTURE_EVENT and event_date:
        return f"Apply on or after the date of the life event, {day_text(event_date)}; this one cannot be used ahead."
    if error == Refusal.OUTSIDE_WINDOW and window:
        return f"The time to apply for this life event is {_days(window)}. The application date lies outside."
    return _REFUSED[error]


def ruled(rule: Rule, *, effective_date: date, applied: date, event_date: date) -> str:
    """How the date came about."""
    first, event, day = day_text(effective_date), day_text(event_date), day_text(applied)
    if rule == Rule.EVENT_DATE:
        return f"Coverage begins on the day of the life event, {first}."
    if rule == Rule.AFTER_APPLICATION:
        return f"Coverage begins on the first of the month after the application of {day}: {first}."
    if rule == Rule.HRA_START:
        if applied >= event_date:
            return f"Applied on or after the day the HRA can start: coverage begins on the first of the next month, {first}."
        if effective_date == event_date:
            return (
                f"Applied before the HRA can start, which is the first of a month: coverage begins that day, {first}."
            )
        return f"Applied before the HRA can start on {event}: coverage begins on the first of the month after, {first}."
    if effective_date <= event_date:
        return f"Applied before the month in which coverage ends: coverage begins on the first of that month, {first}."
    if applied <= event_date:
        return f"Applied on or before the life event of {event}: coverage begins on the first of the month after it, {first}."
    return f"Applied after the life event of {event}: coverage begins on the first of the month after the application, {first}."


def elected(election: str, effective_date: date) -> str:
    """A date that may be chosen instead of the rule's."""
    what = {
        "first_of_month_after_application": "the first of the month after the application",
        "first_of_month_after_event": "the first of the month after the life event",
        "date_of_event": "the day of the life event",
        "earliest_available": "the earliest date the life event could have given",
    }[election]
    return f"Coverage begins on {day_text(effective_date)}, {what}."


def window_text(window: Window) -> str:
    """When to apply."""
    return f"Apply {_days(window)}."


def _days(window: Window) -> str:
    told = f"from {day_text(window.opens)} through {day_text(window.closes)}"
    if window.late is not None:
        told += f", or after late notice from {day_text(window.late.opens)} through {day_text(window.late.closes)}"
    return f"{told}, first and last day included"


def months_owed(first: date, applied: date, months: int) -> str:
    """What a start in the past costs at once."""
    if months == 1:
        return f"Coverage begins on or before the application: the premium of {_month(first)} is owed at once."
    return (
        "Coverage begins before the application: premiums of "
        f"{months} months, {_month(first)} through {_month(applied)}, are owed at once. "
        "A payment of one month will be less than needed."
    )


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def earlier_year(plan_year: int, applied: date) -> str:
    return f"Coverage begins in {plan_year}: a plan of {plan_year} is needed, and then a renewal for {applied.year}."


def not_on_sale(plan_year: int, first: date) -> str:
    return (
        f"Plans of {plan_year} are on sale from {day_text(first)}. Keep the application as a draft until then; "
        "the effective date is worked out again when it is submitted."
    )


def later(now: IfApplied, after: IfApplied) -> str:
    """What waiting changes."""
    return (
        f"Applied through {day_text(now.last_day)} coverage begins {day_text(now.effective_date)}; "
        f"from {day_text(after.first_day)} on it begins {day_text(after.effective_date)}."
    )


def last_chance(closes: date) -> str:
    return f"The last day to apply for this life event is {day_text(closes)}."


def late_notice(knew_on: date) -> str:
    return (
        f"The time to apply was counted from {day_text(knew_on)}, the day the person learned of the life event. "
        "Keep proof of when notice was given."
    )


PRIOR_COVERAGE_OPEN = (
    "Whether somebody had coverage in the 60 days before the life event was not answered; the date holds if so."
)


def open_enrollment_gives(first: date, *, confirmed: bool) -> str:
    told = f"Open enrollment is on: with the answer No coverage would begin {day_text(first)}, and no life event is needed."
    return told if confirmed else f"{told} {NOT_CONFIRMED}"


def ignored(label: str, sentence: str) -> str:
    return f"{label} was not counted. {sentence}"


def moved(before: date, now: date | None, why: str) -> str:
    """Said at submission when the date shown on the draft no longer holds."""
    if now is None:
        return f"The effective date was {day_text(before)} and no longer holds. {why}"
    return f"The effective date has moved from {day_text(before)} to {day_text(now)}. {why}"


def open_enrollment_ruled(apply_through: date, first: date) -> str:
    return f"Open enrollment: applied by {day_text(apply_through)}, coverage begins {day_text(first)}."
