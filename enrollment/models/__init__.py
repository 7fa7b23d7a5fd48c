"""Places, plans and their rates, quotes and applications."""

from enrollment.models.applications import Applicant, Application, ApplicationPlan
from enrollment.models.catalog import CatalogImport, Plan, PlanFamilyRate, PlanRate, ServiceArea
from enrollment.models.geography import County, RatingArea, ZipCounty
from enrollment.models.life_events import LifeEventKind
from enrollment.models.open_enrollment import OpenEnrollmentPeriod
from enrollment.models.proposals import Proposal, ProposalDelivery
from enrollment.models.quotes import Quote, QuotePerson, QuotePlan

__all__ = [
    "Applicant",
    "Application",
    "ApplicationPlan",
    "CatalogImport",
    "County",
    "LifeEventKind",
    "OpenEnrollmentPeriod",
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
