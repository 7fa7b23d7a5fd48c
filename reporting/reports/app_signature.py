"""App Signature Date: whose application was signed in these days (REP_13)."""

from reporting.reports.base import Report


class AppSignature(Report):
    code = "app_signature"
    label = "App Signature Date"
    day = "application_signed_on"
    application_day = "submitted_at"  # an electronic application is signed as it is submitted
