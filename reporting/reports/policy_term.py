"""Policy Term Date: whose last day of coverage lies in these days, to help them get reinstated (REP_10).

The day is the carrier's, or the one worked out where it told none. A policy that is still in force and will end counts too.
"""

from reporting.reports.base import Report


class PolicyTerm(Report):
    code = "policy_term"
    label = "Policy Term Date"
    day = "term_date"
