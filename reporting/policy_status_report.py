"""The Policy Status report: who is in grace, termed or active (REP_05, REP_06, REP_18)."""

from typing import Any

from accounts.models import User
from clients.models import Policy
from clients.models.policies import PolicyQuerySet
from clients.rules.policy_status import ReportStatus, statuses_shown_as
from clients.tables import PolicyTable

ALL = "ALL"
CHOICES = [(ALL, "All"), ("GRACE", "Grace Period"), ("TERMED", "Termed"), ("ACTIVE", "Active")]


def select(user: User, *, policy_status: str) -> PolicyQuerySet:
    """Policies of the user's books with the report's word for their status; ``ALL`` leaves none out.

    Every status belongs to exactly one word, so grace + termed + active = all.
    """
    policies = Policy.objects.for_user(user)
    if policy_status == ALL:
        return policies
    return policies.filter(status__in=[status.value for status in statuses_shown_as(ReportStatus(policy_status))])


class ReportTable(PolicyTable):
    """The report's rows: who is paid least far ahead comes first."""

    id = "report"
    caption = "Report"
    list_name = "report"
    default_sort = ("paid_to_date",)
    empty_title = "No policy fits this report"
    empty_text = "Choose another policy status and submit again."


def title(criteria: dict[str, Any]) -> str:
    """The report's name as shown above its rows: "Policy Status: Grace Period"."""
    return f"Policy Status: {dict(CHOICES)[criteria['policy_status']]}"
