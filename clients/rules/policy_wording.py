"""The sentences a policy's status is told with: why, since when, until when.

Amounts are never named: the portal does not keep the carrier's ledger. Dates are MM/DD/YYYY as on the screens.
"""

from datetime import date

DATA_FLAGS = {
    "APTC_OFF_EXCHANGE": (
        "The policy is off exchange but marked as receiving a tax credit; the grace period without tax credit was used."
    ),
    "NET_PREMIUM_UNKNOWN": "The monthly premium is missing; a premium was taken to be owed.",
    "NET_PREMIUM_NEGATIVE": "The monthly premium is below zero; nothing was taken to be owed.",
    "FIRST_PAYMENT_UNKNOWN": "It is not known whether the first payment was received; the paid-to date was used instead.",
    "FIRST_PAYMENT_CONTRADICTS_PAID_TO": "The first payment is marked as missing though premiums are paid past the first day; it was taken as missing.",
    "BINDER_DUE_ASSUMED": "The last day for the first payment is missing; it was counted from the effective date.",
    "PAID_TO_UNKNOWN": "The paid-to date is missing.",
    "GRACE_START_CONTRADICTS_PAID_TO": (
        "The start of the grace period does not fit the paid-to date; the paid-to date was used."
    ),
    "NOTICE_NOT_COUNTED": (
        "The cancellation notice on file was mailed long before this premium was due, or is dated in the future; "
        "it was not counted."
    ),
    "STATE_UNKNOWN": "No grace rules are kept for the policy's state; the common 31 days apply.",
}

_CLAIMS = {
    "pay": "Claims are paid meanwhile.",
    "pend": "Claims may be held until all premiums owed are paid.",
    "contract": "The contract says how claims are handled meanwhile.",
}


def day_text(day: date) -> str:
    """MM/DD/YYYY, with leading zeros."""
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


def time_left(days: int) -> str:
    """How long there is to pay: ``today is the last day``, ``1 day left``, ``9 days left``."""
    if days == 0:
        return "today is the last day"
    return "1 day left" if days == 1 else f"{days} days left"


def cancelled_by_carrier(effective: date) -> str:
    return f"Cancelled by the carrier: the policy would have begun on {day_text(effective)} and was never in force."


def cancelled_unpaid(effective: date, *, due: date) -> str:
    return (
        f"Cancelled: the first payment was due by {day_text(due)} and was not received, "
        f"so coverage from {day_text(effective)} was never in force."
    )


def first_payment_due(effective: date, *, due: date, days_left: int) -> str:
    return (
        f"The first payment has not been received. It must be received by {day_text(due)} ({time_left(days_left)}); "
        f"coverage from {day_text(effective)} is not in force before, and there is no grace period for it."
    )


def termed_by_carrier(term: date) -> str:
    return f"Termed: the last day of coverage was {day_text(term)}, as the carrier reports."


def termed_unpaid(*, due: date, grace_end: date, last_covered: date) -> str:
    return (
        f"Termed for non-payment: the premium due {day_text(due)} was not received by {day_text(grace_end)}, "
        f"the last day of the grace period. The last day of coverage was {day_text(last_covered)}."
    )


def future(effective: date, *, premium_owed: bool) -> str:
    why = "The first payment was received" if premium_owed else "There is no premium to pay"
    return f"Coverage starts on {day_text(effective)}. {why}."


def active(*, premium_owed: bool, paid_to: date | None, today: date, term_date: date | None) -> str:
    if not premium_owed:
        why = "there is no premium to pay, so nothing can be overdue."
    elif paid_to is None:
        why = "how far premiums are paid is not known."
    elif paid_to == today:
        why = "the next premium is due today."
    else:
        why = f"premiums are paid and the next one is due on {day_text(paid_to)}."
    ends = f" Coverage ends on {day_text(term_date)}." if term_date else ""
    return f"Active: {why}{ends}"


def grace(
    *,
    start: date,
    due: date,
    month: int,
    months: int,
    grace_end: date | None,
    days_left: int | None,
    term_if_unpaid: date | None,
    claims: str,
    term_date: date | None,
) -> str:
    which = f", month {month} of {months}," if months > 1 else ""
    sentences = [f"Grace period{which} since {day_text(start)}: the premium due {day_text(due)} has not been received."]
    if grace_end is None or days_left is None:
        sentences.append("Coverage cannot be ended, and no last day to pay is known, before a notice has been mailed.")
    else:
        sentences.append(f"All premiums owed must be received by {day_text(grace_end)} ({time_left(days_left)}).")
    if term_if_unpaid is not None and term_if_unpaid != term_date:
        sentences.append(f"If they are not, the last day of coverage is {day_text(term_if_unpaid)}.")
    if term_date is not None:
        sentences.append(f"The policy ends on {day_text(term_date)} in any case.")
    sentences.append(_CLAIMS[claims])
    return " ".join(sentences)
