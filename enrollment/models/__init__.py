"""Places, plans and their rates, quotes and applications."""

from enrollment.models.applications import (
    Applicant,
    Application,
    ApplicationLifeEvent,
    ApplicationPlan,
    CoverageReplacement,
    OtherCoverage,
    Signature,
    Submission,
    SubmittedPolicy,
)
from enrollment.models.catalog import CatalogImport, Plan, PlanFamilyRate, PlanRate, ServiceArea
from enrollment.models.evidence import EvidenceItem, EvidenceKind, EvidencePaper
from enrollment.models.geography import County, RatingArea, ZipCounty
from enrollment.models.life_events import LifeEventKind
from enrollment.models.open_enrollment import OpenEnrollmentPeriod
from enrollment.models.payments import AutopayMandate, Payment, PaymentEvent
from enrollment.models.proposals import Proposal, ProposalDelivery
from enrollment.models.quotes import Quote, QuotePerson, QuotePlan
from enrollment.models.texts import ApplicationText

__all__ = [
    "Applicant",
    "ApplicationLifeEvent",
    "ApplicationText",
    "CoverageReplacement",
    "OtherCoverage",
    "Signature",
    "Submission",
    "SubmittedPolicy",
    "Application",
    "ApplicationPlan",
    "AutopayMandate",
    "CatalogImport",
    "County",
    "EvidenceItem",
    "EvidenceKind",
    "EvidencePaper",
    "LifeEventKind",
    "OpenEnrollmentPeriod",
    "Payment",
    "PaymentEvent",
    "Plan",
    "PlanFamilyRate",
    "PlanRate",
    "Proposal",
    "ProposalDelivery",
    "Quote",
    "QuotePerson",
    "QuotePlan",
    "RatingArea",
    "ServiceArea",
    "ZipCounty",
]
