from reporting.models.commissions import CommissionLine, CommissionStatement
from reporting.models.outreach import Outreach
from reporting.models.runs import ReportRun
from reporting.models.saved_reports import SavedReport

__all__ = ["CommissionLine", "CommissionStatement", "Outreach", "ReportRun", "SavedReport"]
