"""eApp Start Date: whose electronic application began in these days (REP_13)."""

from reporting.reports.base import Report


class EappStart(Report):
    code = "eapp_start"
    label = "eApp Start Date"
    day = "application_started_on"
    application_day = "created_at"
