"""Current Paid to Date: policies in force whose paid-to date, the first day not yet paid for, lies in these days (REP_11)."""

from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from reporting.criteria import Criteria
from reporting.narrowing import IN_FORCE
from reporting.reports.base import Report


class PaidTo(Report):
    code = "paid_to"
    label = "Current Paid to Date"
    day = "paid_to_date"

    def select(self, user: User, asked: Criteria, *, today: date) -> QuerySet[Any]:
        return super().select(user, asked, today=today).filter(status__in=IN_FORCE)
