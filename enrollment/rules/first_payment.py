"""The last day for the first payment of an application off the exchange, and for how long payments are asked about."""

from datetime import date, timedelta

from clients.rules.grace_tables import Channel, binder_deadline

# A payer has 60 days to report a debit as an error (12 CFR 1005.11(b)(1)); some days more until the service has heard of it.
RETURNS_FOR = timedelta(days=70)


def due_on(*, effective_date: date, submitted_on: date) -> date:
    """The last day, inclusive. Coverage that begins on or before the day of submission has its days counted from that day
    (45 CFR 155.400(e)(1)(iii), applied off the exchange as carrier practice)."""
    received = submitted_on if effective_date <= submitted_on else None
    return binder_deadline(Channel.OFF_EXCHANGE, effective_date=effective_date, received_on=received)


def may_need_more(*, effective_date: date, today: date) -> bool:
    """Whether one month's premium may be less than is needed: coverage began earlier than this month (PAY_01)."""
    return effective_date < today
