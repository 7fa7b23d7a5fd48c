"""Households at the carrier, the people in them, what covers them, and what is asked of the member system."""

from clients.models.accounts import Account, ContactPoint, Member
from clients.models.changes import MemberChange
from clients.models.id_cards import CardIssuer, IdCardOrder, IdCardRequest, IdCardRule, PlanCardFacts
from clients.models.imports import MemberImport
from clients.models.member_system import SimulatedMemberSystem, SimulatedReceipt
from clients.models.policies import Coverage, Policy
from clients.models.prospects import Prospect
from clients.models.providers import MedicalGroup, PcpAssignment, PcpReason, Provider, WithdrawnPcpAssignment
from clients.models.surnames import SurnameForm
from clients.models.x12 import X12File, X12TransactionSet

__all__ = [
    "Account",
    "CardIssuer",
    "ContactPoint",
    "Coverage",
    "IdCardOrder",
    "IdCardRequest",
    "IdCardRule",
    "MedicalGroup",
    "Member",
    "MemberChange",
    "MemberImport",
    "PcpAssignment",
    "PcpReason",
    "PlanCardFacts",
    "Policy",
    "Prospect",
    "Provider",
    "SimulatedMemberSystem",
    "SimulatedReceipt",
    "SurnameForm",
    "WithdrawnPcpAssignment",
    "X12File",
    "X12TransactionSet",
]
