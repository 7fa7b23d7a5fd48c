"""Coverage Effective Date: whose coverage begins, or began, in these days (REP_13)."""

from reporting.reports.base import Report


class CoverageEffective(Report):
    code = "coverage_effective"
    label = "Coverage Effective Date"
    day = "effective_date"
    application_day = "effective_date"
