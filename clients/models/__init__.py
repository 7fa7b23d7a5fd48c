"""Households at the carrier, the people in them, what covers them, and what is asked of the member system."""

from clients.models.accounts import Account, ContactPoint, Member
from clients.models.changes import IdCardRequest, MemberChange
from clients.models.policies import Coverage, Policy
from clients.models.prospects import Prospect
from clients.models.providers import MedicalGroup, PcpAssignment, Provider

__all__ = [
    "Account",
    "ContactPoint",
    "Coverage",
    "IdCardRequest",
    "MedicalGroup",
    "Member",
    "MemberChange",
    "PcpAssignment",
    "Policy",
    "Prospect",
    "Provider",
]
