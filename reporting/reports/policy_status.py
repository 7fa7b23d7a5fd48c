"""Policy Status: who is in grace, termed or active; valid alone, without a date (REP_05, REP_06, REP_18, conflict C33).

Every status belongs to exactly one of the three words, so grace + termed + active = all.
"""

from reporting.criteria import APPLICATION_STATUSES, POLICY_STATUSES, Criteria
from reporting.reports.base import Report


class StatusReport(Report):
    """No report type was chosen: a policy status or an application status is asked for alone."""

    code = ""
    label = "Policy Status"

    def title(self, asked: Criteria) -> str:
        """ "Policy Status: Grace Period", or "Application Status: Incomplete"."""
        if asked.asks_for_applications:
            return f"Application Status: {APPLICATION_STATUSES[asked.application_status]}"
        return f"{self.label}: {POLICY_STATUSES.get(asked.policy_status, 'All')}"
