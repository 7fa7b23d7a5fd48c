"""The reports, by their codes, in the order of the guide's form (REP_02)."""

from reporting.reports.app_signature import AppSignature
from reporting.reports.approaching_26 import Approaching26
from reporting.reports.approaching_65 import Approaching65
from reporting.reports.base import Report, rows_in_scope, rows_of
from reporting.reports.coverage_effective import CoverageEffective
from reporting.reports.eapp_start import EappStart
from reporting.reports.initial_payment import InitialPayment
from reporting.reports.paid_to import PaidTo
from reporting.reports.policy_status import StatusReport
from reporting.reports.policy_term import PolicyTerm

__all__ = ["BY_CODE", "REPORTS", "STATUS_ALONE", "Report", "get", "rows_in_scope", "rows_of"]

REPORTS: tuple[Report, ...] = (
    EappStart(),
    AppSignature(),
    CoverageEffective(),
    PolicyTerm(),
    PaidTo(),
    InitialPayment(),
    Approaching65(),
    Approaching26(),
)
STATUS_ALONE = StatusReport()
BY_CODE = {report.code: report for report in (STATUS_ALONE, *REPORTS)}


def get(code: str) -> Report:
    """The report with this code; the empty code is the report on a status alone. Raises ``KeyError``."""
    return BY_CODE[code]
