"""What the demo producer has done lately about rows of the save-the-policy desk: outcomes, and two that are snoozed."""

from datetime import datetime, timedelta

from accounts.models import User
from portal.common.dates import today_in
from reporting import desk
from reporting.models import Outreach
from reporting.rules.desk import Why
from reporting.services import outreach
from reporting.services.outreach import Done

# (which of the list's rows of this reason, hours ago, outcome, note, days it is snoozed for)
DONE: tuple[tuple[Why, int, int, str, str, int], ...] = (
    (Why.GRACE_1, 0, 49, Outreach.Outcome.NO_ANSWER, "", 0),
    (Why.GRACE_1, 0, 26, Outreach.Outcome.WILL_PAY, "Pays on Friday, by card in the member account.", 0),
    (Why.GRACE_1, 2, 28, Outreach.Outcome.SAYS_PAID, "Paid at the bank; look again when it is booked.", 4),
    (Why.GRACE_2, 0, 30, Outreach.Outcome.LEFT_MESSAGE, "", 0),
    (Why.FIRST_PAYMENT, 0, 25, Outreach.Outcome.SENT_EMAIL, "Asked for the bill to be sent again.", 0),
    (Why.TERMED, 0, 27, Outreach.Outcome.DECLINED, "Is covered by an employer now.", 20),
)


def add_outreach(*, by: User, now: datetime) -> None:
    """Write it down through the service, in the book of the demo producer."""
    found = desk.desk_of(by, now=now)
    today = today_in(now=now)
    for place, (why, nth, hours, outcome, note, days) in enumerate(DONE):
        rows = found.rows(why, most=nth + 1)
        if nth >= len(rows):
            continue
        policy = desk.policy_for(by, rows[nth].row_id)
        last = rows[nth].last_safe_day
        until = today + timedelta(days=days) if days else None
        if policy is None or (until and last and until > last):
            continue
        outreach.log(
            about=policy,
            why=why,
            done=Done(outcome=outcome, note=note, snoozed_until=until),
            by=by,
            at=now - timedelta(hours=hours - 10),
            form_key=f"demo:{by.pk}:outreach:{place}",
        )
