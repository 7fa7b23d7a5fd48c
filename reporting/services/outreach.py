"""Writing down what was done about a row of the save-the-policy desk."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from clients.models import Policy
from enrollment.models import Application
from portal.common import audit
from reporting.models import Outreach
from reporting.rules.desk import Why


@dataclass(frozen=True, kw_only=True)
class Done:
    """``snoozed_until`` is the day on which the row is back on the list; ``None`` leaves it there."""

    outcome: str
    note: str = ""
    snoozed_until: date | None = None


@transaction.atomic
def log(
    *, about: Policy | Application, why: Why | None, done: Done, by: User, at: datetime, form_key: str
) -> tuple[Outreach, bool]:
    """Write it down, once for each form: the row, and whether it is new. Rows are never changed afterwards.

    ``about`` is a row of the books of ``by``; ``why`` is ``None`` when it did not stand on the list. The audit trail gets
    codes only, no note.
    """
    policy = about if isinstance(about, Policy) else None
    application = about if isinstance(about, Application) else None
    row, is_new = Outreach.objects.get_or_create(
        form_key=form_key,
        defaults={
            "policy": policy,
            "application": application,
            "producer_number_id": about.producer_number_id,
            "why": why.value if why else "",
            "outcome": done.outcome,
            "note": done.note or None,
            "snoozed_until": done.snoozed_until,
            "by": by,
            "at": at,
        },
    )
    if is_new:
        audit.record(
            "desk.logged",
            by=by,
            for_producer=about.producer_number.producer.npn,
            object_type="account" if policy else "application",
            object_id=policy.account.audit_id if policy else about.record_number,  # type: ignore[union-attr]
            details={"why": row.why, "outcome": row.outcome, "snoozed": row.snoozed_until is not None},
        )
    return row, is_new
